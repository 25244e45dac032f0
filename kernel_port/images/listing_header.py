# SPDX-License-Identifier: GPL-2.0-only
"""What lspci prints of a function's header, from its title to its windows, and which bits that states.

Base addresses and windows are printed as the kernel had assigned them. They are the registers' as long as the function
decodes them: after a reset they are still printed, marked [disabled], and the registers are 0. Those past 4 GiB may be
others on the bus, in computers whose host bridge translates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..hw.config_space import LARGEST_BAR, ROM, rounded_up
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_MEM_PREFETCH,
    PCI_BASE_ADDRESS_MEM_TYPE_64,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_COMMAND_IO,
    PCI_COMMAND_MEMORY,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_NORMAL,
    PCI_IO_RANGE_TYPE_32,
    PCI_PREF_RANGE_TYPE_64,
    PCI_ROM_ADDRESS_ENABLE,
)
from . import names
from .class_names import CARDBUS_BRIDGE, CLASS_NAMES
from .listing_fields import BRIDGE, BRIEF_FLAGS, CARDBUS, HEADER
from .listing_rows import Registers, mask_of

#: Lines of the header: what begins a line -> the rest of it. Lines without a label, such as "Memory at", are their own.
Entries = Mapping[str, str]

#: What a title begins with.
ADDRESS = re.compile(r"(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\s+", re.IGNORECASE)
_CODES = {name.lower(): code for code, name in CLASS_NAMES.items()}
#: "Bridge [0680]: ", "0680: ", "Class 0680: ", "Class [0680]: "
_CLASS = re.compile(r"(?:[^:]*\[|Class |)([0-9a-f]{4})\]?: ")
#: "[8086:10d3]", "8086:10d3", "Device 8086:10d3"
_IDS = re.compile(r"(?:^|\[|^Device )([0-9a-f]{4}):([0-9a-f]{4})(?:\]|\b)")
_UNNAMED = re.compile(r",?:? (?:Device|Unknown device) ([0-9a-f]{4})$")
_EXTRAS = re.compile(r" \((rev|prog-if) ([0-9a-f]{2})(?: \[[^\]]{0,99}\])?\)")

_REGION = re.compile(
    r"(?:\[virtual\] )?(?P<what>Memory|I/O ports) at (?P<at>[0-9a-f]+|<[\w-]+>)"
    r"(?: \((?P<width>[\w -]+?), (?P<non>non-)?prefetchable\))?"
)
_ROM = re.compile(r"(?:\[virtual\] )?Expansion ROM at (?P<at>[0-9a-f]+|<[\w-]+>)")
_SIZE = re.compile(r"\[size=([1-9]\d{0,9})([KMGT]?)\]")
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_WINDOW = re.compile(r"^([0-9a-f]{4,16})-([0-9a-f]{4,16})\b")

#: An ID that no vendor has, where the text does not say which: 0 and 0xffff would be no function at all.
SOME_ID = 0x0001


def read_title(title: str, registers: Registers, verbose: bool) -> int | None:
    """Read the line that begins a function; return its class.

    :param verbose: what is not in the title of lspci -v is 0"""
    text = ADDRESS.sub("", title.strip(), count=1)
    extras = dict(_EXTRAS.findall(text))
    for name, register in (("rev", "PCI_REVISION_ID"), ("prog-if", "PCI_CLASS_PROG")):
        if name in extras or verbose:
            registers.state(register, 0xFF, int(extras.get(name, "0"), 16))
    text = _EXTRAS.sub("", text).strip()
    code = None
    if match := _CLASS.match(text):
        code, text = int(match[1], 16), text[match.end() :]
    elif (name := text.partition(": ")[0].lower()) in _CODES:
        code, text = _CODES[name], text.partition(": ")[2]
    if code is not None:
        registers.state("PCI_CLASS_DEVICE", 0xFFFF, code)
    _read_ids(text, registers, "PCI_VENDOR_ID", "PCI_DEVICE_ID")
    return code


def _read_ids(text: str, registers: Registers, vendor_register: str, device_register: str) -> None:
    """Read vendor and device: their numbers, or those that pci.ids has for the vendor's and the device's name."""
    vendor = device = None
    if found := _IDS.findall(text):
        vendor, device = (int(digits, 16) for digits in found[-1])
    else:
        if unnamed := _UNNAMED.search(text):
            device = int(unnamed[1], 16)
        vendor, named = names.installed().ids(_UNNAMED.sub("", text))
        device = named if device is None else device
    if vendor is not None:
        registers.state(vendor_register, 0xFFFF, vendor)
    if device is not None:
        registers.state(device_register, 0xFFFF, device)


def read_subsystem(entries: Entries, registers: Registers) -> None:
    """Read the subsystem of a device: a bridge's is in a capability."""
    if "Subsystem" in entries:
        _read_ids(entries["Subsystem"], registers, "PCI_SUBSYSTEM_VENDOR_ID", "PCI_SUBSYSTEM_ID")


def read_layout(entries: Entries, code: int | None, complete: bool) -> int | None:
    """Return which header the function has, None if the text does not say.

    :param code: its class
    :param complete: all lines of the header are there: those of a bridge would be among them"""
    for line in entries:
        if unknown := re.match(r"!!! Unknown header type ([0-9a-f]{2})", line):
            return int(unknown[1], 16)
    if "Bus" in entries:
        cardbus = code == CARDBUS_BRIDGE or "16bInt" in entries.get("BridgeCtl", "")
        return PCI_HEADER_TYPE_CARDBUS if cardbus else PCI_HEADER_TYPE_BRIDGE
    return PCI_HEADER_TYPE_NORMAL if complete else None


def read_entries(entries: Entries, layout: int | None, registers: Registers) -> None:
    """Read the lines whose rows are in listing_fields.py."""
    tables = [HEADER, {PCI_HEADER_TYPE_BRIDGE: BRIDGE, PCI_HEADER_TYPE_CARDBUS: CARDBUS}.get(layout or 0, {})]
    for table in tables:
        for label in table.keys() & entries.keys():
            for row in table[label]:
                for mask, value in row.read(entries[label]):
                    registers.state(row.place, mask, value)
    brief = entries.get("Flags", "")
    if "devsel" in brief:
        flags = {flag.strip() for flag in brief.split(",")}
        for flag, (register, name) in BRIEF_FLAGS.items():
            mask = mask_of(register, name)
            registers.state(register, mask, mask if flag in flags else 0)
    if "Latency" in entries:
        _read_latency(entries["Latency"], layout, registers)
    if layout == PCI_HEADER_TYPE_NORMAL and "Control" in entries and not entries.keys() & {"Interrupt", "Interrupts"}:
        registers.state("PCI_INTERRUPT_PIN", 0xFF, 0)  # of bridges, no version before 3.4 prints it


def _read_latency(text: str, layout: int | None, registers: Registers) -> None:
    """Read what the line does not print because it is 0, and the times, which are in quarters of a microsecond."""
    if "ache" not in text:
        registers.state("PCI_CACHE_LINE_SIZE", 0xFF, 0)
    if layout == PCI_HEADER_TYPE_NORMAL:
        for name, register in (("min", "PCI_MIN_GNT"), ("max", "PCI_MAX_LAT")):
            time = re.search(rf"\b(\d{{1,6}})ns {name}\b", text)
            registers.state(register, 0xFF, int(time[1]) // 250 if time else 0)


def read_regions(entries: Entries, registers: Registers) -> dict[int, int]:
    """Read the base addresses of lspci -vv, which has their numbers, and return the sizes of the BARs."""
    sizes = {}
    sure = True  # what follows a [virtual] one may be called that, too, or not [disabled]: lspci 3.0 to 3.7
    numbers = iter(range(ROM))
    for number in numbers:
        text = entries.get(f"Region {number}", "")
        if (region := _REGION.match(text)) is None:
            continue
        if size := _size(text):
            sizes[number] = size
        place = PCI_BASE_ADDRESS_0 + 4 * number
        address = _address(region["at"], text) if sure else None
        if "[virtual]" in text:  # the kernel has an address for it, the register none
            if sure:
                registers.state((place, 4), 0xFFFFFFF0, 0)
            sure = False
        elif region["what"] == "I/O ports":
            registers.state((place, 4), PCI_BASE_ADDRESS_SPACE_IO, PCI_BASE_ADDRESS_SPACE_IO)
            if address is not None and address < 1 << 32:
                registers.state((place, 4), 0xFFFFFFFC, address)
        elif region["width"] in {"32-bit", "64-bit"}:
            wide = region["width"] == "64-bit"
            kind = PCI_BASE_ADDRESS_MEM_TYPE_64 if wide else 0
            registers.state((place, 4), 0xF, kind | (0 if region["non"] else PCI_BASE_ADDRESS_MEM_PREFETCH))
            if address is not None and address < 1 << 32:
                registers.state((place, 4), 0xFFFFFFF0, address)
                if wide and number + 1 < ROM:
                    registers.state((place + 4, 4), 0xFFFFFFFF, 0)
        if region["width"] == "64-bit":
            next(numbers, None)  # its upper half: lspci -F shows it as another
    return sizes


def read_rom(entries: Entries, layout: int | None, registers: Registers) -> int:
    """Read the expansion ROM and return its size, 0 if that is unknown."""
    for line in entries:
        if (rom := _ROM.match(line)) is None:
            continue
        register = "PCI_ROM_ADDRESS1" if layout == PCI_HEADER_TYPE_BRIDGE else "PCI_ROM_ADDRESS"
        if "[virtual]" in line:
            registers.state(register, 0xFFFFF800, 0)
        elif layout is not None:
            disabled = "[disabled]" in line
            registers.state(register, PCI_ROM_ADDRESS_ENABLE, 0 if disabled else PCI_ROM_ADDRESS_ENABLE)
            address = _address(rom["at"], line)
            if address is not None and address < 1 << 32:
                registers.state(register, 0xFFFFF800, address)
        return _size(line)
    return 0


def _address(text: str, line: str) -> int | None:
    """Return the address that a register has, None if the text may have another."""
    if text.startswith("<"):
        return 0 if text == "<unassigned>" else None
    if "[disabled]" in line or "[enhanced]" in line or len(text) > 16:
        return None
    return int(text, 16)


def _size(text: str) -> int:
    match = _SIZE.search(text)
    size = rounded_up(int(match[1]) << _UNITS[match[2]]) if match else 0
    return size if size <= LARGEST_BAR else 0


def read_windows(entries: Entries, registers: Registers) -> None:
    """Read the windows of a bridge that decodes them, as its Command register says."""
    command = registers.config[4]
    if command & PCI_COMMAND_IO and (window := _window(entries, "I/O behind bridge")):
        base, limit, _digits, text = window
        registers.state("PCI_IO_BASE", 0xF0, base >> 8)
        registers.state("PCI_IO_LIMIT", 0xF0, limit >> 8)
        for tag, kind in (("[16-bit]", 0), ("[32-bit]", PCI_IO_RANGE_TYPE_32)):
            if tag in text:
                registers.state("PCI_IO_BASE", 0x0F, kind)
                registers.state("PCI_IO_LIMIT", 0x0F, kind)
        if "[32-bit]" in text:
            registers.state("PCI_IO_BASE_UPPER16", 0xFFFF, base >> 16)
            registers.state("PCI_IO_LIMIT_UPPER16", 0xFFFF, limit >> 16)
    if not command & PCI_COMMAND_MEMORY:
        return
    if window := _window(entries, "Memory behind bridge"):
        registers.state("PCI_MEMORY_BASE", 0xFFFF, window[0] >> 16)
        registers.state("PCI_MEMORY_LIMIT", 0xFFFF, window[1] >> 16 & 0xFFF0)
    if window := _window(entries, "Prefetchable memory behind bridge"):
        base, limit, digits, _text = window
        kind = PCI_PREF_RANGE_TYPE_64 if digits == 16 else 0
        registers.state("PCI_PREF_MEMORY_BASE", 0xFFFF, base >> 16 & 0xFFF0 | kind)
        registers.state("PCI_PREF_MEMORY_LIMIT", 0xFFFF, limit >> 16 & 0xFFF0 | kind)
        if kind:
            registers.state("PCI_PREF_BASE_UPPER32", 0xFFFFFFFF, 0)
            registers.state("PCI_PREF_LIMIT_UPPER32", 0xFFFFFFFF, 0)


def _window(entries: Entries, label: str) -> tuple[int, int, int, str] | None:
    """Return base, limit, the number of digits and the text of an open window; None if it is shut or makes no sense."""
    text = entries.get(label, "")
    match = _WINDOW.match(text)
    if match is None or "[disabled]" in text or len(match[1]) != len(match[2]):
        return None
    base, limit = int(match[1], 16), int(match[2], 16)
    return (base, limit, len(match[1]), text) if base <= limit < 1 << 32 else None
