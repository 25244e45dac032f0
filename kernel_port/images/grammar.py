# SPDX-License-Identifier: GPL-2.0-only
"""The grammar of a machine description: every table and key, its values, its default and its meaning.

    name = "lone card"                     name of the machine (default: the file's name)
    about = "..."                          what it shows
    quirks = ""                            "qemu", "qemu-links": as QEMU simplifies hardware

    [[function]]                           one for each function
    address = "00:1c.0"
    kind = "root-port"                     see KINDS
    bus = [1, 1]                           ports and bridges: secondary and subordinate bus
    slot = {number = 1, surprise = true}   a capability, by name, with options; {} for all defaults

    [[function]]
    address = "01:00.0"
    kind = "endpoint"
    vendor = 0x10de
    device = 0x0a65
    bars = {0 = "16M", 1 = "256M 64-bit prefetchable", 5 = "128 io"}
    rom = "512K"
    express = {flr = true}
    pm = {no_soft_reset = true}

Instead of kind, IDs, bus and capabilities, `config` may give the bytes, as rows of an lspci dump; rows of zeros may be
left out. Behaviour (soft_reset_works, ready_ms, link_training_ms, slot_events, ...) has the names of
hw/description.py.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from typing import Any, NamedTuple

from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..pci_regs import (
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_ENDPOINT,
    PCI_EXP_TYPE_LEG_END,
    PCI_EXP_TYPE_PCI_BRIDGE,
    PCI_EXP_TYPE_PCIE_BRIDGE,
    PCI_EXP_TYPE_RC_EC,
    PCI_EXP_TYPE_RC_END,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXP_TYPE_UPSTREAM,
)


class Kind(NamedTuple):
    """A kind of function."""

    #: Port type of its PCI Express capability, None for conventional PCI.
    express: int | None
    #: Whether it has a type 1 header.
    bridge: bool
    #: Default class, subclass and programming interface.
    class_code: int
    about: str


KINDS: dict[str, Kind] = {
    "root-port": Kind(PCI_EXP_TYPE_ROOT_PORT, True, 0x060400, "PCI Express port of the root complex"),
    "upstream-port": Kind(PCI_EXP_TYPE_UPSTREAM, True, 0x060400, "the side of a switch that faces the root"),
    "downstream-port": Kind(PCI_EXP_TYPE_DOWNSTREAM, True, 0x060400, "a side of a switch that faces a device"),
    "endpoint": Kind(PCI_EXP_TYPE_ENDPOINT, False, 0x020000, "PCI Express device"),
    "legacy-endpoint": Kind(PCI_EXP_TYPE_LEG_END, False, 0x030000, "PCI Express device with I/O ports"),
    "integrated-endpoint": Kind(PCI_EXP_TYPE_RC_END, False, 0x040300, "device within the root complex, no link"),
    "event-collector": Kind(PCI_EXP_TYPE_RC_EC, False, 0x080700, "root complex event collector"),
    "express-to-pci-bridge": Kind(PCI_EXP_TYPE_PCI_BRIDGE, True, 0x060400, "Express above, conventional PCI below"),
    "pci-to-express-bridge": Kind(PCI_EXP_TYPE_PCIE_BRIDGE, True, 0x060400, "conventional PCI above, Express below"),
    "pci": Kind(None, False, 0x020000, "conventional PCI device"),
    "pci-bridge": Kind(None, True, 0x060400, "conventional PCI-to-PCI bridge"),
    "host-bridge": Kind(None, False, 0x060000, "the host's own function on bus 0"),
}

#: Checks a key's value; raises ValueError with what it should be.
Reader = Callable[[Any], Any]


class Key(NamedTuple):
    """One key of a table."""

    read: Reader
    default: Any
    about: str


def boolean(value: Any) -> bool:
    """Check for true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def text(value: Any) -> str:
    """Check for a string of printable characters, in any number of lines."""
    if not isinstance(value, str) or not value.replace("\n", "").isprintable():
        raise ValueError("a string")
    return value


def line(value: Any) -> str:
    """Check for a string of printable characters in one line, which is safe to print."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("a string in one line")
    return value


def number(low: int, high: int) -> Reader:
    """Return a reader of an integer from *low* to *high*."""

    def read(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"an integer from {low} to {high if high < 256 else hex(high)}")
        return value

    return read


def choice(*names: str) -> Reader:
    """Return a reader of one of *names*."""

    def read(value: Any) -> str:
        if value not in names or not isinstance(value, str):
            raise ValueError("one of " + ", ".join(f'"{name}"' for name in names))
        return value

    return read


def pair(low: int, high: int) -> Reader:
    """Return a reader of an array of two integers."""
    one = number(low, high)

    def read(value: Any) -> tuple[int, int]:
        if not isinstance(value, list) or len(value) != 2:
            raise ValueError(f"two integers from {low} to {high}, such as [{low + 1}, {low + 1}]")
        return one(value[0]), one(value[1])

    return read


def milliseconds(value: Any) -> float:
    """Check for a time in ms; -1 means never."""
    if type(value) not in (int, float) or not (value == -1 or 0 <= value <= 1e9):
        raise ValueError("a time in milliseconds, or -1 for never")
    return value  # type: ignore[no-any-return]


def address(value: Any) -> Address:
    """Parse the address of a function."""
    try:
        return Address.parse(value)
    except (TypeError, ValueError):
        raise ValueError('an address such as "01:00.0" or "0000:01:00.0"') from None


def size(value: Any) -> int:
    """Parse a size in bytes, a power of two: 4096 or "4K"; 0 for none."""
    units = {"K": 10, "M": 20, "G": 30, "T": 40}
    if isinstance(value, str) and value.isascii() and len(value) < 20 and value.rstrip("KMGT").isdigit():
        digits = value.rstrip("KMGT")
        if len(value) - len(digits) <= 1:
            value = int(digits) << units.get(value[len(digits) :], 0)
    if type(value) is not int or value < 0 or value >> 63 or value & (value - 1):
        raise ValueError('a power of two of bytes, such as 4096, "128K" or "16M"')
    return value


class Bar(NamedTuple):
    """A BAR: its size, and what it decodes."""

    size: int
    io: bool
    wide: bool
    prefetchable: bool


def bar(value: Any) -> Bar:
    """Parse a size (0: read-only) and the words io, 64-bit, prefetchable: "16M", "256M 64-bit prefetchable"."""
    words = value.split() if isinstance(value, str) and len(value) < 64 else [value]
    flags = words[1:]
    try:
        length = size(words[0])
    except (ValueError, IndexError):
        length = -1
    if length < 0 or flags not in ([], ["io"], ["prefetchable"], ["64-bit"], ["64-bit", "prefetchable"]):
        raise ValueError('a size and kind, such as "16M", "256M 64-bit prefetchable" or "128 io"')
    return Bar(length, "io" in flags, "64-bit" in flags, "prefetchable" in flags)


def table(keys: Reader, values: Reader) -> Reader:
    """Return a reader of a table whose keys are integers."""

    def read(value: Any) -> dict[int, Any]:
        if not isinstance(value, dict):
            raise ValueError('a table such as {0 = "16M"}')
        found: dict[int, Any] = {}
        for key, entry in value.items():
            try:
                where = keys(int(key, 0) if len(key) < 20 else key)
            except ValueError as error:
                raise ValueError(f"a table whose keys are each {error}") from None
            found[where] = values(entry)
        return found

    return read


def events(value: Any) -> list[tuple[float, int]]:
    """Check for pairs of a time and Slot Status bits."""
    wrong = ValueError("an array of [milliseconds, Slot Status bits], such as [[250, 0x08]]")
    if not isinstance(value, list):
        raise wrong
    found = []
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            raise wrong
        found.append((milliseconds(entry[0]), number(0, 0xFFFF)(entry[1])))
    return found


def options(name: str) -> Reader:
    """Return a reader of the options of the capability *name*; true means {}."""

    def read(value: Any) -> Any:
        if value is True:
            value = {}
        if not isinstance(value, dict):
            raise ValueError(f"a table of options such as {{{next(iter(CAPABILITIES[name]), '')} = ...}}, or {{}}")
        return value

    return read


#: Options of each capability, by its name.
CAPABILITIES: dict[str, dict[str, Key]] = {
    "pm": {
        "state": Key(choice("D0", "D1", "D2", "D3hot"), "D0", "power state the function is in"),
        "no_soft_reset": Key(boolean, False, "waking from D3hot does not reset it"),
        "d1": Key(boolean, False, "supports D1"),
        "d2": Key(boolean, False, "supports D2"),
        "version": Key(number(1, 3), 3, "version of the capability"),
    },
    "msi": {
        "vectors": Key(choice("1", "2", "4", "8", "16", "32"), "1", "interrupts it can raise"),
        "enabled": Key(boolean, False, "in use"),
    },
    "pcix": {"max_read": Key(number(0, 3), 0, "longest read burst: 512 << this, in bytes")},
    "express": {
        "version": Key(number(1, 2), 2, "version of the capability"),
        "flr": Key(boolean, False, "function level reset"),
        "pending": Key(boolean, False, "transactions are pending"),
        "payload": Key(choice("128", "256", "512", "1024"), "256", "longest payload supported, in bytes"),
        "speed": Key(number(1, 4), 2, "link: 1, 2, 3, 4 for 2.5, 5, 8, 16 GT/s"),
        "width": Key(number(1, 32), 1, "link: lanes"),
        "link_active": Key(boolean, True, "downward ports: report whether the link is active"),
        "ari": Key(boolean, False, "downward ports: forward to functions above 7"),
    },
    "slot": {
        "number": Key(number(0, 0x1FFF), 1, "physical slot number"),
        "hotplug": Key(boolean, True, "hot-plug capable: the driver binds to it"),
        "surprise": Key(boolean, False, "a card may be removed without notice"),
        "occupied": Key(boolean, None, "a card is present (default: a function is below)"),
        "button": Key(boolean, False, "has an attention button"),
        "power_controller": Key(boolean, False, "can turn the slot off"),
        "latch": Key(boolean, False, "has a retention latch sensor"),
        "attention_indicator": Key(boolean, False, "has an attention indicator"),
        "power_indicator": Key(boolean, False, "has a power indicator"),
        "interlock": Key(boolean, False, "has an electromechanical interlock"),
        "no_command_completed": Key(boolean, False, "commands are not acknowledged"),
    },
    "af": {
        "flr": Key(boolean, True, "function level reset of conventional PCI"),
        "pending": Key(boolean, False, "transactions are pending"),
    },
    "ari": {"next": Key(number(0, 255), None, "next function (default: the next one described on the bus)")},
}

_KNOB_READERS: dict[Any, Reader] = {
    bool: boolean,
    str: line,
    int: number(0, 0xFFFF),
    int | None: number(0, 0xFFFFFFFF),
    float: milliseconds,
    typing.Literal["silent", "crs"]: choice("silent", "crs"),
    dict[int, int]: table(number(0, 4095), number(1, 4096)),
    list[tuple[float, int]]: events,
}
#: Names that options had before 0.2.0; they still work.
OLD_OPTIONS = {"attention_lamp": "attention_indicator", "power_lamp": "power_indicator"}

#: Fields of a description that say what the function is; all others are knobs, which say how it behaves.
_IDENTITY = ("address", "config", "size", "bars", "rom", "guessed", "stated")


def _knobs() -> dict[str, Key]:
    """Make a key for each field of FunctionDescription that says how a function behaves."""
    hints = typing.get_type_hints(FunctionDescription)
    return {
        field.name: Key(_KNOB_READERS[hints[field.name]], _default(field), "see hw/description.py")
        for field in dataclasses.fields(FunctionDescription)
        if field.name not in _IDENTITY
    }


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


KNOBS = types.MappingProxyType(_knobs())

MACHINE: dict[str, Key] = {
    "name": Key(text, "", "name of the machine"),
    "about": Key(text, "", "description"),
    "quirks": Key(choice("", "qemu", "qemu-links"), "", "hardware as specified, or as QEMU simplifies it"),
}

#: Keys that compose the bytes of a function, instead of `config`.
COMPOSED: dict[str, Key] = {
    "kind": Key(choice(*KINDS), "endpoint", "kind of function"),
    "vendor": Key(number(1, 0xFFFE), 0x1AF4, "vendor ID"),
    "device": Key(number(0, 0xFFFF), 0x0001, "device ID"),
    "subsystem": Key(pair(0, 0xFFFF), None, "subsystem vendor and device ID"),
    "class": Key(number(0, 0xFFFFFF), None, "class code of three bytes, such as 0x030000 (default: by kind)"),
    "revision": Key(number(0, 255), 0, "revision ID"),
    "command": Key(number(0, 0xFFFF), None, "Command register (default: decoding on, bus master)"),
    "interrupt": Key(number(0, 255), 0, "interrupt line; not 0: pin A"),
    "cache_line": Key(number(0, 255), 16, "cache line size in dwords"),
    "multifunction": Key(
        boolean, None, "multifunction bit of the header (default: set if the device has several functions)"
    ),
    "bus": Key(pair(0, 255), None, "bridges: secondary and subordinate bus"),
    **{name: Key(options(name), None, "capability") for name in CAPABILITIES},
}

FUNCTION: dict[str, Key] = {
    "address": Key(address, None, "where it is; required"),
    "config": Key(text, None, "rows of bytes, instead of kind, IDs, bus and capabilities"),
    "size": Key(number(256, 4096), None, "size of its configuration space: 256 or 4096 (default: by kind or rows)"),
    "bars": Key(table(number(0, 5), bar), {}, "size and kind of each BAR"),
    "rom": Key(size, 0, "size of the expansion ROM"),
    **COMPOSED,
    **KNOBS,
}
