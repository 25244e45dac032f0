# SPDX-License-Identifier: GPL-2.0-only
"""The same reset twice, aligned access by access: by the port on the captured machine, and by the captured Linux."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from errno import ENOTTY
from typing import Any

from ..hw.address import Address
from ..hw.errors import MachineError
from ..kernel.system import Event
from ..machine import Machine, boot
from ..pci_regs import PCI_HEADER_TYPE, PCI_HEADER_TYPE_MASK, PCI_HEADER_TYPE_NORMAL
from . import decode
from .ladder import rungs
from .later import NEW, OLD, VALUE, reason
from .live import describe

#: What is written to a function's reset_method -> the rungs of __pci_dev_reset it allows.
METHODS = {
    "flr": ("pcie_flr",),
    "af_flr": ("pci_af_flr",),
    "pm": ("pci_pm_reset",),
    "bus": ("pci_dev_reset_slot_function", "pci_parent_bus_reset"),
}
#: A pause in a capture worth showing, microseconds.
PAUSE = 5_000


@dataclass(frozen=True, slots=True)
class Access:
    """One config cycle, or a pause between two."""

    op: str
    """"r", "w" or "pause"."""
    bdf: str = ""
    where: int = 0
    size: int = 0
    value: int = 0
    """Of a pause: its length in microseconds."""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What makes two accesses the same, whatever their values."""
        return self.op, self.bdf, self.where, self.size


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the comparison: what the one did, what the other did, and why they differ."""

    side: str
    """"same", "2013", "6.1", "value" (both, with another value) or "pause"."""
    old: Access | None
    new: Access | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One reset of a capture, in both kernels."""

    test: str
    call: str
    """What the port ran."""
    old_result: int
    new_result: str
    rows: tuple[Row, ...]

    def count(self, side: str) -> int:
        """How many rows are of one side."""
        return sum(row.side == side for row in self.rows)

    @property
    def unexplained(self) -> int:
        """How many rows differ without a known reason."""
        return sum(row.side in (OLD, NEW, VALUE) and not row.reason for row in self.rows)


def compare(capture: dict[str, Any], patches: int) -> Iterator[Comparison]:
    """Every reset of *capture*, beside the port's.

    :param patches: the point of the series the port runs at
    :raises MachineError: the capture's tests are not what FORMAT.md says"""
    captured = list(windows(capture["ops"]))
    tests, results = capture.get("tests", []), capture.get("return_codes", [])
    if not len(tests) == len(results) == len(captured):
        raise MachineError(f"{len(tests)} tests, {len(results)} results, {len(captured)} resets: not as many")
    for test, result, new in zip(tests, results, captured, strict=True):
        with boot(describe(capture), patches) as machine:
            call, old_result = perform(machine, test)
            rows = align(list(accesses(machine.events)), new, machine)
            yield Comparison(test, call, old_result, str(result), tuple(rows))


def windows(ops: list[list[Any]]) -> Iterator[list[Access]]:
    """The accesses of each test, between its marks."""
    window: list[Access] | None = None
    last = 0
    for op in ops:
        if op[0] == "mark":
            if op[1].startswith("end") and window is not None:
                yield window
                window = None
            elif op[1].startswith("begin"):
                window, last = [], op[2]
        elif window is not None:
            if op[5] - last >= PAUSE and window:
                window.append(Access("pause", value=op[5] - last))
            window.append(Access(*op[:5]))
            last = op[5]


def accesses(events: list[Event]) -> Iterator[Access]:
    """The config cycles and sleeps of the port's trace."""
    for event in events:
        if event.op in ("r", "w"):
            yield Access(event.op, *event.args)
        elif event.op in ("msleep", "mdelay"):
            yield Access("pause", value=1000 * event.args[0])


def perform(machine: Machine, test: str) -> tuple[str, int]:
    """Do in the port what the test did.

    :return: the call in words, and its result"""
    what, _, rest = test.partition(" ")
    if what == "hot":
        return vfio_hot_reset(machine, machine.function(rest.split()[0]))
    if rest not in METHODS:
        raise MachineError(f"test {test!r}: the series has no reset method {rest!r}; known are {', '.join(METHODS)}")
    for rung in set(rungs(machine)) - set(METHODS[rest]):
        vars(machine.kernel)[rung] = lambda dev, probe: -ENOTTY  # what reset_method does since v5.15
    return f"pci_reset_function({what}), only {' or '.join(METHODS[rest])}", machine.call(
        "pci_reset_function", machine.function(what)
    )


def vfio_hot_reset(machine: Machine, dev: Any) -> tuple[str, int]:
    """What VFIO does for VFIO_DEVICE_PCI_HOT_RESET once the user owns all that is affected: slot, else bus."""
    if dev.slot and machine.call("pci_slot_reset", dev.slot, 1) == 0:
        return f"pci_reset_slot({dev.slot.kobj_name})", machine.call("pci_reset_slot", dev.slot)
    return f"pci_reset_bus({dev.bus.number:02x})", machine.call("pci_reset_bus", dev.bus)


def align(old: list[Access], new: list[Access], machine: Machine) -> Iterator[Row]:
    """Pair the accesses that are the same; give the others a reason."""
    matcher = SequenceMatcher(None, [a.key for a in old], [a.key for a in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        place = "start" if i1 == 0 else "end" if i2 == len(old) else ""
        if tag == "equal":
            yield from (same(a, b, machine) for a, b in zip(old[i1:i2], new[j1:j2], strict=True))
            continue
        for a in old[i1:i2]:
            yield Row("pause", a, None) if a.op == "pause" else Row(OLD, a, None, why(OLD, a, machine, place))
        for b in new[j1:j2]:
            yield Row("pause", None, b) if b.op == "pause" else Row(NEW, None, b, why(NEW, b, machine, place))


def same(old: Access, new: Access, machine: Machine) -> Row:
    """The row of an access that both make."""
    if old.op == "pause":
        return Row("pause", old, new)
    if old.value == new.value:
        return Row("same", old, new)
    return Row(VALUE, old, new, why(VALUE, old, machine))


def why(side: str, access: Access, machine: Machine, place: str = "") -> str:
    """The known reason for an access that only one side makes, or makes otherwise."""
    address = Address.parse(access.bdf)
    if not machine.fabric.has(address):
        return ""
    config = machine.fabric.config(address)
    registers = tuple(part.name for part in decode.parts(config, access.where, access.size, access.value))
    bridge = config[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK != PCI_HEADER_TYPE_NORMAL
    return reason(side, access.op, access.size, registers, bridge, place)
