# SPDX-License-Identifier: GPL-2.0-only
"""The text of lspci -x, -xxx and -xxxx, with or without -v text between, and of -v to -vvv alone: parse and write.

    00:01.0 PCI bridge: Intel Corporation ...     a function begins at column 0, with or without a domain
    <tab>Region 0: Memory at ... [size=128K]      -v text: gives sizes of BARs and ROM, driver, IOMMU group
    00: 86 80 08 34 ...                           rows of 16 bytes, in order, from 0
                                                  an empty line ends the function

`lspci -F` reads the same. A malformed, short or misplaced row is an error: the dump is damaged. Of a function without
rows, its -v text is read (listing.py); of one with 64 bytes, what that says of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TextIO

from ..hw.address import Address
from ..hw.config_space import LARGEST_BAR, ROM, BaseAddress, base_addresses, rounded_up, word
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..pci_regs import (
    PCI_CLASS_DEVICE,
    PCI_DEVICE_ID,
    PCI_REVISION_ID,
    PCI_STD_HEADER_SIZEOF,
    PCI_VENDOR_ID,
)
from .listing import LINES_LIMIT, read_listing, take_siblings

#: Longest line read; lspci's longest are vital product data, a few hundred characters.
LINE_LIMIT = 65536
#: Longest text read: more than lspci -xxxx prints of 65,536 functions.
TEXT_LIMIT = 1 << 30
#: Most lines of prose before the first function.
PROSE_LIMIT = 100_000
#: Bytes in a row.
ROW = 16
#: Bytes of configuration space that lspci shows: a header, a CardBus header, all of PCI, all of PCI Express.
_USUAL_LENGTHS = (64, 128, 256, 4096)

_DEVICE = re.compile(r"((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7])(?:\s|$)", re.IGNORECASE)
_HEX_ROW = re.compile(r"([0-9a-f]{2,8}):[ \t](.*)", re.IGNORECASE)
_RECORD = "record it again with: lspci -xxxx > FILE (as root)"

# lspci indents text about the function itself by one tab (pasted: by up to eight blanks), about a capability by two.
_INDENT = r"(?:\t| {1,8})(?=\S)"
_REGION = re.compile(
    _INDENT + r"(?:Region (?P<bar>[0-5]): )?(?P<what>Memory|I/O ports|Expansion ROM) at (?P<at>[0-9a-f]+|<\w+>)"
    r".*\[size=(?P<size>[1-9]\d{0,9})(?P<unit>[KMGT]?)\]"
)
_DRIVER = re.compile(_INDENT + r"Kernel driver in use: ([\w.+-]+)")
_IOMMU_GROUP = re.compile(_INDENT + r"IOMMU group: (\d{1,9})$")
_UNIT = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


class _Entry:
    """A function being read."""

    __slots__ = ("address", "config", "driver", "iommu_group", "line", "lines", "regions", "title")

    def __init__(self, address: Address, line: int, title: str) -> None:
        self.address = address
        self.line = line
        self.title = title
        #: The -v text.
        self.lines: list[str] = []
        self.config = bytearray()
        self.driver = ""
        self.iommu_group: int | None = None
        self.regions: list[re.Match[str]] = []


def parse(lines: TextIO, name: str) -> list[FunctionDescription]:
    """Read the functions of an lspci dump, in the order found.

    :param lines: the text, read line by line
    :param name: what to call it in messages
    :raises MachineError: a line is damaged, or there is no dump; the message has the line"""
    entries: dict[Address, _Entry] = {}
    entry: _Entry | None = None
    last: _Entry | None = None  # lspci 3.2 to 3.4 have an empty line within -v text
    number = 0
    for number, line in enumerate(_bounded_lines(lines, name), 1):
        first = line[0]
        if first == "\n":
            entry = None
        elif first in "\t ":
            if last is not None and len(last.lines) <= LINES_LIMIT:
                last.lines.append(line)
                _take_text(last, line)
        elif row := _HEX_ROW.match(line):
            data = hex_bytes(row[2])
            if entry and data and len(data) == ROW and int(row[1], 16) == len(entry.config) < _USUAL_LENGTHS[-1]:
                entry.config += data  # the only case in a sound dump; the rest finds what is wrong
            else:
                _take_row(entry, row, data, f"{name}:{number}")
        elif device := _DEVICE.match(line):
            entry = last = _Entry(Address.parse(device[1]), number, line)
            if (earlier := entries.setdefault(entry.address, entry)) is not entry:
                raise MachineError(
                    f"{name}:{number}: {entry.address} is in line {earlier.line} already; remove one of the two"
                )
        if number > PROSE_LIMIT and not entries:
            break
    if not entries:
        raise MachineError(f"{name}: no function in {number} lines of text; {_RECORD}")
    unfinished = entry
    functions = [_finish(e, name, cut=e is unfinished) for e in entries.values()]
    take_siblings(functions)
    return functions


def _bounded_lines(lines: TextIO, name: str) -> Iterator[str]:
    number = length = 0
    while line := lines.readline(LINE_LIMIT):
        number += 1
        length += len(line)
        if length > TEXT_LIMIT:
            raise MachineError(f"{name}:{number}: more than {TEXT_LIMIT} bytes of text; leave functions out of it")
        if len(line) == LINE_LIMIT:
            raise MachineError(f"{name}:{number}: line longer than {LINE_LIMIT} characters: not lspci text; {_RECORD}")
        yield line


def _take_text(entry: _Entry, line: str) -> None:
    if region := _REGION.match(line):
        entry.regions.append(region)
    elif driver := _DRIVER.match(line):
        entry.driver = driver[1]
    elif group := _IOMMU_GROUP.match(line):
        entry.iommu_group = int(group[1])


def _take_row(entry: _Entry | None, row: re.Match[str], data: bytes | None, place: str) -> None:
    if entry is None:
        if data is None:
            return  # prose around the dump
        raise MachineError(f"{place}: a row of bytes without a function; restore the function's line")
    if data is None:
        shown = row[2].strip()[:60]
        raise MachineError(f"{place}: {entry.address}: not pairs of hexadecimal digits: {shown!r}; {_RECORD}")
    append_row(entry.config, int(row[1], 16), data, f"{place}: {entry.address}")


def hex_bytes(text: str) -> bytes | None:
    """Parse pairs of hexadecimal digits; None if *text* is something else."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def append_row(config: bytearray, offset: int, data: bytes, place: str) -> None:
    """Add the row at *offset*, which must be the next one.

    :param place: start of the message
    :raises MachineError: the row is out of order, too long or short, or past the end of configuration space"""
    if offset + len(data) > 4096:
        raise MachineError(f"{place}: row {offset:#x}: configuration space ends at 0x1000; {_RECORD}")
    if offset != len(config):
        raise MachineError(f"{place}: row {offset:#04x} where row {len(config):#04x} should be; {_RECORD}")
    if len(data) != ROW:
        raise MachineError(f"{place}: row {offset:#04x} has {len(data)} bytes instead of {ROW}; {_RECORD}")
    config += data


def _finish(entry: _Entry, name: str, cut: bool) -> FunctionDescription:
    """Make the description of a function that was read.

    :param cut: the text ended in this function, without the empty line that lspci ends each with"""
    known = len(entry.config)
    place = f"{name}:{entry.line}: {entry.address}"
    listing = read_listing(entry.title, entry.lines) if known <= PCI_STD_HEADER_SIZEOF and entry.lines else None
    if not known and listing and listing.verbose:
        function = FunctionDescription(entry.address, b"", stated=b"")
        listing.apply(function)
        return function
    if known < PCI_STD_HEADER_SIZEOF:
        raise MachineError(f"{place}: {known} bytes of configuration space, at least 64 are needed; {_RECORD}")
    if cut and known not in _USUAL_LENGTHS:
        raise MachineError(f"{place}: the text is cut short after {known:#x} bytes; {_RECORD}")
    function = FunctionDescription(entry.address, bytes(entry.config), size=4096 if known > 256 else 256)
    function.driver = entry.driver
    function.iommu_group = entry.iommu_group
    found = list(base_addresses(function.config))
    for region in entry.regions:
        number = _region_number(region, found)
        size = rounded_up(int(region["size"]) << _UNIT[region["unit"]])
        if size > LARGEST_BAR:
            raise MachineError(f"{place}: a region of {region['size']}{region['unit']}: no BAR is as large; {_RECORD}")
        if number == ROM:
            function.rom = size
        elif number is not None:
            function.bars[number] = size
    if listing and listing.verbose:
        listing.apply(function)
    return function


def _region_number(region: re.Match[str], found: Iterable[BaseAddress]) -> int | None:
    """Return the BAR of a line of -v text: -vv gives numbers, -v addresses only."""
    if region["what"] == "Expansion ROM":
        return ROM
    if region["bar"]:
        return int(region["bar"])
    if region["at"].startswith("<"):
        return None
    at, io = int(region["at"], 16), region["what"] == "I/O ports"
    return next((bar.number for bar in found if (bar.address, bar.io) == (at, io) and bar.number != ROM), None)


def write(functions: Iterable[FunctionDescription]) -> Iterator[str]:
    """Yield the lines of a dump as lspci -n -xxxx prints it, with BAR sizes, drivers and IOMMU groups as in -vv.

    Domains are shown only if one of them is not 0, as lspci does."""
    functions = list(functions)
    with_domain = any(function.address.domain for function in functions)
    for function in functions:
        yield _title(function, with_domain)
        if function.iommu_group is not None:
            yield f"\tIOMMU group: {function.iommu_group}\n"
        yield from _regions(function)
        if function.driver:
            yield f"\tKernel driver in use: {function.driver}\n"
        yield from rows(function.config)
        yield "\n"


def rows(config: bytes) -> Iterator[str]:
    """Yield the rows of bytes as lspci prints them."""
    for offset in range(0, len(config), ROW):
        yield f"{offset:02x}: {config[offset : offset + ROW].hex(' ')}\n"


def _title(function: FunctionDescription, with_domain: bool) -> str:
    config = function.config
    address = str(function.address) if with_domain else str(function.address).partition(":")[2]
    ids = f"{word(config, PCI_VENDOR_ID):04x}:{word(config, PCI_DEVICE_ID):04x}"
    revision = f" (rev {config[PCI_REVISION_ID]:02x})" if config[PCI_REVISION_ID] else ""
    return f"{address} {word(config, PCI_CLASS_DEVICE):04x}: {ids}{revision}\n"


def _regions(function: FunctionDescription) -> Iterator[str]:
    sizes = {**function.bars, ROM: function.rom}
    for bar in base_addresses(function.config):
        size = sizes.get(bar.number, 0)
        if not size or bar.number in function.guessed:
            continue
        at = f"{bar.address:x}" if bar.address else "<unassigned>"
        if bar.number == ROM:
            yield f"\tExpansion ROM at {at} [size={size_text(size)}]\n"
        elif bar.io:
            yield f"\tRegion {bar.number}: I/O ports at {at} [size={size_text(size)}]\n"
        else:
            kind = f"{64 if bar.wide else 32}-bit, {'' if bar.prefetchable else 'non-'}prefetchable"
            yield f"\tRegion {bar.number}: Memory at {at} ({kind}) [size={size_text(size)}]\n"


def size_text(size: int) -> str:
    """Format a size in bytes as lspci does: 128K, 16M, 4096 as 4K."""
    for unit, shift in reversed(_UNIT.items()):
        if shift and size >= 1 << shift and not size & (1 << shift) - 1:
            return f"{size >> shift}{unit}"
    return str(size)
