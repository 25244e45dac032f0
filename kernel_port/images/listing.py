# SPDX-License-Identifier: GPL-2.0-only
"""What lspci -v, -vv and -vvv say of a function in words, as bytes and a mask of the bits that are stated.

    01:00.0 VGA compatible controller: ...             the title
    <tab>Control: I/O+ Mem+ BusMaster+ ...             the header: listing_header.py
    <tab>Capabilities: [60] Power Management version 3
    <tab><tab>Flags: PMEClk- DSI- D1- D2- ...          of that capability: listing_fields.py, listing_extended.py
    <tab>Kernel driver in use: nvidia                  the end

The order of the capabilities is their chain: each points to the next, the last to none, and there are no others. A text
with lines left out ("...", "<access denied>", a capability whose last line is missing) says less: what it does not say
is not stated, nor is what is not understood. Indentation does not matter, since mail and forums lose it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ..hw.config_space import PCI_CFG_SPACE_SIZE
from ..hw.description import FunctionDescription
from ..hw.registers import HEADER_LAYOUT, MULTIFUNCTION
from ..pci_regs import (
    PCI_EXT_CAP_ID_VC,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_NORMAL,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
)
from . import listing_header as header
from .class_names import BRIDGES, CARDBUS_BRIDGE, PCI_BRIDGE
from .listing_extended import EXTENDED_CAPABILITIES, VIRTUAL_CHANNEL
from .listing_fields import CAPABILITIES, Capability
from .listing_rows import Registers

#: Most lines read of a function, and characters of a line: lspci -vvv prints some 500 of the richest.
LINES_LIMIT, LINE_LIMIT = 1000, 500

_CAPABILITY = re.compile(r"Capabilities: \[([0-9a-f]{2,3})(?: v(\d{1,2}))?\] ?(.*)")
_DENIED = re.compile(r"Capabilities: <|<access denied")
_KERNEL = re.compile(r"(Kernel driver in use|Kernel modules): ?(.*)")
_DRIVER = re.compile(r"[\w.+-]+")
#: Something is left out: "...", "[...]", "<snip>", "[cut]".
_GAP = re.compile(r"[\[<(\s]*(?:\.{2,}|…|snip|cut|trunc|deleted|8<)", re.IGNORECASE)
#: What begins a line of the header: a label with a colon, or one of the lines without.
_LABEL = re.compile(r"([A-Z][^:,;]{0,40}|[\w-]+):(?:\s+(.*)|$)")
_UNLABELLED = re.compile(r"(?:\[virtual\] )?(?:Memory|I/O ports|Expansion ROM) at |!!! |BIST |16-bit legacy|<access")
#: A single word before a colon begins a line of a capability, known or not.
_WORD = re.compile(r"[\w./-]+:")
#: A line that long is not the end of a title which mail has wrapped.
_WIDTH = 80
_GROUP = re.compile(r"(\d{1,9})$")
_BRIEF_GROUP = re.compile(r", IOMMU group (\d{1,9})(?:,|$)")
_CHAIN = 0xFC
_EXTENDED_CHAIN = 0xFFC << 20


@dataclass(slots=True)
class _Block:
    """The lines of one capability."""

    offset: int
    version: str | None
    name: str
    lines: list[str] = field(default_factory=list)
    #: Something is left out behind it.
    gap: bool = False
    #: The row of the table that has its name, and what it began lines with.
    capability: Capability | None = None
    labels: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Listing:
    """What a listing says of one function."""

    #: Its registers: 64, 256 or 4096 bytes.
    config: bytes
    #: The bits of them that the listing states, as a mask.
    stated: bytes
    #: Sizes of BARs by number, and of the expansion ROM, in bytes.
    bars: dict[int, int] = field(default_factory=dict)
    rom: int = 0
    #: The driver in use, "" for none.
    driver: str = ""
    iommu_group: int | None = None
    #: It is of lspci -v or more: more than a title and names of drivers.
    verbose: bool = False
    #: Its title has class and name, as that of lspci does.
    titled: bool = False
    #: What is missing, as clauses about the function, and what to do.
    warnings: list[str] = field(default_factory=list)

    def apply(self, function: FunctionDescription) -> None:
        """Add to a function what the listing says of it; bits that the function's own source states are kept."""
        own = function.stated if function.stated is not None else b"\xff" * len(function.config)
        length = max(len(function.config), len(self.config))
        own = own[:length].ljust(length, b"\0")
        config, listed = function.config.ljust(length, b"\0"), self.config.ljust(length, b"\0")
        stated = bytes(ours | theirs for ours, theirs in zip(own, self.stated.ljust(length, b"\0"), strict=True))
        function.config = bytes(
            ours & mask | theirs & ~mask & 0xFF for ours, theirs, mask in zip(config, listed, own, strict=True)
        )
        function.stated = None if stated.count(0xFF) == length else stated
        function.size = max(function.size, length)
        function.bars |= self.bars
        function.rom = self.rom or function.rom
        function.driver = self.driver or function.driver
        if self.iommu_group is not None:
            function.iommu_group = self.iommu_group


def read_listing(title: str, lines: Iterable[str]) -> Listing:
    """Read what lspci prints of one function, without -x.

    :param title: its first line, with or without the address
    :param lines: the lines below, with or without indentation"""
    text = _Text(title, lines)
    registers = Registers()
    entries = text.entries
    verbose = "Control" in entries or "Flags" in entries or any(line.startswith("!!!") for line in entries)
    code = header.read_title(text.title, registers, verbose)
    ended = bool(text.blocks or text.denied or text.kernel) or code not in {None, *BRIDGES}
    layout = header.read_layout(entries, code, verbose and ended and not text.header_gap)
    if layout is not None:
        registers.state("PCI_HEADER_TYPE", HEADER_LAYOUT, layout)
        if layout > PCI_HEADER_TYPE_CARDBUS:
            return _all_ones(text)
    header.read_entries(entries, layout, registers)
    bars = header.read_regions(entries, registers)
    rom = header.read_rom(entries, layout, registers)
    if layout == PCI_HEADER_TYPE_BRIDGE:
        header.read_windows(entries, registers)
    elif layout == PCI_HEADER_TYPE_NORMAL:
        header.read_subsystem(entries, registers)
    for block in text.blocks:
        _read_capability(block, registers)
    if verbose:
        _chain(text, layout, registers)
    _presume(code, registers)
    last = max((block.offset for block in text.blocks), default=0)
    length = 4096 if last >= PCI_CFG_SPACE_SIZE else PCI_CFG_SPACE_SIZE if last or not text.denied else 0
    length = length or PCI_STD_HEADER_SIZEOF
    return Listing(
        bytes(registers.config[:length]), bytes(registers.stated[:length]), bars, rom, text.driver, text.group, verbose,
        code is not None and ": " in text.title, list(_missing(text, registers)),
    )  # fmt: skip


def _missing(text: _Text, registers: Registers) -> Iterator[str]:
    """Yield what a listing should have and has not."""
    if text.denied:
        yield "its capabilities are not listed; whoever has the machine can send them: sudo lspci -nnvv"
    elif not _is_whole(text):
        yield "some of its lines are left out; whoever has the machine can send all of them: sudo lspci -nnvv"
    if registers.stated[:4] != b"\xff" * 4:
        yield "its vendor and device ID are not listed; whoever has the machine can send them: lspci -nnvv"


class _Text:
    """The lines of a listing, sorted into those of the header and those of each capability."""

    __slots__ = ("blocks", "denied", "driver", "entries", "header_gap", "kernel", "title")

    def __init__(self, title: str, lines: Iterable[str]) -> None:
        #: The title, which mail may have wrapped.
        self.title = title.strip()
        #: Lines of the header: what begins a line -> the rest; a line without a label -> "".
        self.entries: dict[str, str] = {}
        self.blocks: list[_Block] = []
        self.driver = ""
        #: Capabilities may not be read; a line of the header is left out; the lines about drivers are there.
        self.denied = self.header_gap = self.kernel = False
        label = ""
        for number, whole in enumerate(lines):
            line = " ".join(whole[:LINE_LIMIT].split())
            if number == LINES_LIMIT:
                line = "..."
            elif number > LINES_LIMIT:
                break
            if not line:
                continue
            if match := _CAPABILITY.match(line):
                self.blocks.append(_Block(int(match[1], 16), match[2], match[3].strip()))
            elif _DENIED.match(line):
                self.denied = True
            elif kernel := _KERNEL.match(line):
                self.kernel = True
                if kernel[1] == "Kernel driver in use" and (driver := _DRIVER.match(kernel[2])):
                    self.driver = driver[0]
            elif _GAP.match(line):
                self.header_gap |= not self.blocks
                if self.blocks:
                    self.blocks[-1].gap = True
            elif self.blocks and not self.blocks[-1].lines and ":" not in line:
                self.blocks[-1].name += f" {line}"
            elif self.blocks:
                self.blocks[-1].lines.append(line)
            else:
                label = self._take(line, label)

    def _take(self, line: str, label: str) -> str:
        """Add a line of the header, which may go on with the line before; return what began that."""
        if _UNLABELLED.match(line):
            self.entries[line] = ""
            return line
        if match := _LABEL.match(line):
            self.entries[match[1]] = match[2] or ""
            return match[1]
        if label:
            self.entries[label] += f" {line}"
        elif not self.entries and len(line) < _WIDTH and not header.ADDRESS.match(line):
            self.title += f" {line}"
        return label

    @property
    def group(self) -> int | None:
        """The IOMMU group."""
        match = _GROUP.match(self.entries.get("IOMMU group", "")) or _BRIEF_GROUP.search(self.entries.get("Flags", ""))
        return int(match[1]) if match else None


def _all_ones(text: _Text) -> Listing:
    """Return a listing of a function that reads all ones: only that makes a header type of 7f."""
    ones = b"\xff" * PCI_CFG_SPACE_SIZE
    return Listing(ones, ones, driver=text.driver, iommu_group=text.group, verbose=True)


def _read_capability(block: _Block, registers: Registers) -> None:
    """Read which capability it is, and its lines. One that a chain has within the header is none."""
    extended = block.offset >= PCI_CFG_SPACE_SIZE
    table = EXTENDED_CAPABILITIES if extended else CAPABILITIES
    block.capability = found = next((row for row in table if row.name.match(block.name)), None)
    identity = found.id if found else _number(block.name)
    if block.offset < PCI_STD_HEADER_SIZEOF:
        return
    if found is VIRTUAL_CHANNEL:  # 2 or 9, where there are channels of several functions
        registers.state("PCI_EXT_CAP_HEADER", 0xFFF4, 0, block.offset)
        registers.config[block.offset] |= PCI_EXT_CAP_ID_VC
    elif identity is not None:
        registers.state("PCI_EXT_CAP_HEADER" if extended else "PCI_CAP_LIST_ID", 0xFFFF if extended else 0xFF,
                        identity, block.offset)  # fmt: skip
    if extended and block.version is not None:
        registers.state("PCI_EXT_CAP_HEADER", 0xF0000, int(block.version) << 16, block.offset)
    if found is None:
        return
    for label, element, text in _labelled(block, found):
        block.labels.add(label)
        at = block.offset + element * found.stride
        for row in found.lines.get(label, ()):
            for mask, value in row.read(text):
                registers.state(row.place, mask, value, at)


def _number(name: str) -> int | None:
    """Return the ID of a capability that lspci has no name for."""
    match = re.match(r"(?:Extended )?Capability ID 0?x?([0-9a-f]{1,4})\b|#([0-9a-f]{2})\b", name)
    return int(match[1] or match[2], 16) if match else None


def _labelled(block: _Block, capability: Capability) -> Iterator[tuple[str, int, str]]:
    """Yield the lines of a capability as label, number of the element it is about, and text with all that goes on."""
    label, element, text = "", 0, block.name
    elements, scope = 0, ""
    for line in block.lines:
        word, colon, rest = line.partition(":")
        if capability.element and re.fullmatch(rf"{capability.element} ?\d+", word):
            yield label, element, text
            label, element, text = capability.element, elements, line
            elements, scope = elements + 1, f"{capability.element} "
        elif colon and scope + word in capability.lines:
            yield label, element, text
            label, text = scope + word, rest.strip()
        elif _WORD.match(line):  # nobody knows what it is, nor what the lines after it go on with
            yield label, element, text
            label, text = "?", ""
        else:
            text = f"{text} {line}"
    yield label, element, text


def _chain(text: _Text, layout: int | None, registers: Registers) -> None:
    """State what follows from which capabilities there are, and in which order."""
    plain = [block for block in text.blocks if block.offset < PCI_CFG_SPACE_SIZE]
    extended = [block for block in text.blocks if block.offset >= PCI_CFG_SPACE_SIZE]
    whole = not text.denied and _is_whole(text)
    pointer = "PCI_CB_CAPABILITY_LIST" if layout == PCI_HEADER_TYPE_CARDBUS else "PCI_CAPABILITY_LIST"
    if plain or text.denied:
        registers.state("PCI_STATUS", PCI_STATUS_CAP_LIST, PCI_STATUS_CAP_LIST)
    if plain and not text.header_gap:
        registers.state(pointer, _CHAIN, plain[0].offset)
    elif not text.blocks and whole and layout in {PCI_HEADER_TYPE_NORMAL, PCI_HEADER_TYPE_BRIDGE}:
        # Not of a CardBus bridge: lspci before 3.2 does not look for its capabilities.
        if "Status" not in text.entries:
            registers.state("PCI_STATUS", PCI_STATUS_CAP_LIST, 0)
        elif registers.config[PCI_STATUS] & PCI_STATUS_CAP_LIST:
            registers.state(pointer, _CHAIN, 0)
    ends = whole or bool(extended and plain)
    for block, following in pairwise(plain):
        if not block.gap:
            registers.state("PCI_CAP_LIST_NEXT", _CHAIN, following.offset, block.offset)
    if plain and ends and not plain[-1].gap:
        registers.state("PCI_CAP_LIST_NEXT", _CHAIN, 0, plain[-1].offset)
    for block, following in pairwise(extended):
        if not block.gap:
            registers.state("PCI_EXT_CAP_HEADER", _EXTENDED_CHAIN, following.offset << 20, block.offset)
    if extended and whole:
        registers.state("PCI_EXT_CAP_HEADER", _EXTENDED_CHAIN, 0, extended[-1].offset)


def _is_whole(text: _Text) -> bool:
    """Return whether nothing is left out at the end: the lines about drivers are there, or nothing looks cut."""
    if text.kernel or not text.blocks:
        return not text.header_gap and not (text.blocks and text.blocks[-1].gap)
    end = text.blocks[-1]
    details = any(block.lines for block in text.blocks)
    cut = details and end.capability and end.capability.last and end.capability.last not in end.labels
    return not end.gap and not cut


def _presume(code: int | None, registers: Registers) -> None:
    """Put something into what the text does not state, but the function surely has: an ID, and its class's header."""
    for place in (0, 2):
        if not any(registers.stated[place : place + 2]):
            registers.config[place] = header.SOME_ID
    if not registers.stated[PCI_HEADER_TYPE]:
        layouts = {PCI_BRIDGE: PCI_HEADER_TYPE_BRIDGE, CARDBUS_BRIDGE: PCI_HEADER_TYPE_CARDBUS}
        registers.config[PCI_HEADER_TYPE] = layouts.get(code or 0, PCI_HEADER_TYPE_NORMAL)


def take_siblings(functions: Iterable[FunctionDescription]) -> None:
    """Take the functions 0 of listings as multifunction devices' if the kernel found further ones beside them.

    No listing prints that bit, and without it the kernel looks no further; but it has other ways to virtual functions,
    so it is not stated."""
    functions = list(functions)
    devices = Counter(function.address[:3] for function in functions)
    for function in functions:
        if function.stated is not None and devices[function.address[:3]] > 1 and not function.address.function:
            config = bytearray(function.config)
            if not function.stated[PCI_HEADER_TYPE] & MULTIFUNCTION:
                config[PCI_HEADER_TYPE] |= MULTIFUNCTION
                function.config = bytes(config)
