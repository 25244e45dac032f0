# SPDX-License-Identifier: GPL-2.0-only
"""Where the named registers of a function are: the data sheet's rows (registers.py), placed by its capability lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from ..pci_regs import PCI_CAP_ID_EXP, PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT, PCI_MSI_FLAGS_MASKBIT
from .address import Address
from .description import FunctionDescription
from .layout import Layout
from .registers import (
    CAPABILITIES,
    COMMON,
    EXP_2,
    EXTENDED,
    EXTENDED_CAPABILITIES,
    HEADERS,
    LIST,
    MSI_32,
    MSI_64,
    MSI_MASK_32,
    MSI_MASK_64,
    SheetRow,
)


class Location(NamedTuple):
    """Where a register of a function is."""

    name: str
    start: int
    size: int


@lru_cache(maxsize=1024)
def register_map(config: bytes) -> Mapping[int, Location]:
    """Map the offset of each byte of a known register to that register."""
    return {where: register for register in locations(config) for where in range(register.start, sum(register[1:]))}


def locations(config: bytes) -> Iterator[Location]:
    """Yield every named register of a function."""
    layout = Layout(FunctionDescription(Address(0, 0, 0, 0), config, size=max(len(config), 256)))
    yield from _place(HEADERS.get(layout.header_type, COMMON), 0)
    for capability, position in layout.capability_list:
        if position != layout.capabilities[capability]:
            yield from _place(LIST, position)  # software uses the first one with this ID
        elif capability == PCI_CAP_ID_MSI:
            yield from _place(_msi(layout.word(position + PCI_MSI_FLAGS)), position)
        else:
            yield from _place(CAPABILITIES.get(capability, LIST), position)
        if capability == PCI_CAP_ID_EXP and layout.exp_version >= 2:
            yield from _place(EXP_2, position)
    for capability, position in layout.extended.items():
        yield from _place(EXTENDED_CAPABILITIES.get(capability, EXTENDED), position)


def _place(rows: Iterable[SheetRow], base: int) -> Iterator[Location]:
    for row in rows:
        yield Location(row.name, base + row.offset, row.size)


def _msi(flags: int) -> tuple[SheetRow, ...]:
    if flags & PCI_MSI_FLAGS_64BIT:
        return MSI_MASK_64 if flags & PCI_MSI_FLAGS_MASKBIT else MSI_64
    return MSI_MASK_32 if flags & PCI_MSI_FLAGS_MASKBIT else MSI_32
