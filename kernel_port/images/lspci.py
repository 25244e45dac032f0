# SPDX-License-Identifier: GPL-2.0-only
"""The text of lspci -x, -xxx and -xxxx: what its -v text says, and how to write it. dump.py reads it whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ..hw.config_space import LARGEST_BAR, ROM, BaseAddress, base_addresses, rounded_up, word
from ..hw.description import FunctionDescription
from ..pci_regs import PCI_CLASS_DEVICE, PCI_DEVICE_ID, PCI_REVISION_ID, PCI_VENDOR_ID
from .rows import ROW

# lspci indents text about the function itself by one tab (pasted: by up to eight blanks), about a capability by two.
_INDENT = r"(?:\t| {1,8})(?=\S)"
_REGION = re.compile(
    _INDENT + r"(?:Region (?P<bar>[0-5]): )?(?P<what>Memory|I/O ports|Expansion ROM) at (?P<at>[0-9a-f]+|<\w+>)"
    r".*\[size=(?P<size>[1-9]\d{0,9})(?P<unit>[KMGT]?)\]"
)
_DRIVER = re.compile(_INDENT + r"Kernel driver in use: ([\w.+-]+)")
_IOMMU_GROUP = re.compile(_INDENT + r"IOMMU group: (\d{1,9})$")
_UNIT = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def take_text(function: FunctionDescription, lines: Iterable[str], warn: Callable[[str], None]) -> None:
    """Take driver, IOMMU group and the sizes of BARs and ROM from the -v text of a function whose bytes are known.

    :param warn: called with what is impossible, as a clause"""
    found = list(base_addresses(function.config))
    for line in lines:
        if driver := _DRIVER.match(line):
            function.driver = driver[1]
        elif group := _IOMMU_GROUP.match(line):
            function.iommu_group = int(group[1])
        elif region := _REGION.match(line):
            number = _region_number(region, found)
            size = rounded_up(int(region["size"]) << _UNIT[region["unit"]])
            if size > LARGEST_BAR:
                warn(f"a region of {region['size']}{region['unit']}: no BAR is as large, and its size is left open")
            elif number == ROM:
                function.rom = size
            elif number is not None:
                function.bars[number] = size


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

    Domains are shown only if one of them is not 0, as lspci does. Bytes that are not stated whole are left out."""
    functions = list(functions)
    with_domain = any(function.address.domain for function in functions)
    for function in functions:
        yield _title(function, with_domain)
        if function.iommu_group is not None:
            yield f"\tIOMMU group: {function.iommu_group}\n"
        yield from _regions(function)
        if function.driver:
            yield f"\tKernel driver in use: {function.driver}\n"
        yield from stated_rows(function)
        yield "\n"


def rows(config: bytes) -> Iterator[str]:
    """Yield the rows of bytes as lspci prints them."""
    for offset in range(0, len(config), ROW):
        yield f"{offset:02x}: {config[offset : offset + ROW].hex(' ')}\n"


def stated_rows(function: FunctionDescription) -> Iterator[str]:
    """Yield the rows of the bytes that are stated, in pieces where one is not: lspci -F takes them at any offset."""
    stated = function.stated
    if stated is None or (not stated.strip(b"\xff") and len(stated) >= len(function.config)):
        yield from rows(function.config)
        return
    for offset in range(0, len(function.config), ROW):
        for piece in re.finditer(rb"\xff+", stated[offset : offset + ROW]):
            start, end = offset + piece.start(), offset + piece.end()
            yield f"{start:02x}: {function.config[start:end].hex(' ')}\n"


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
