# SPDX-License-Identifier: GPL-2.0-only
"""Base address registers: the address bits above the size are writable, which is how software finds the size."""

from __future__ import annotations

from collections.abc import Iterator

from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_IO_MASK,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_BASE_ADDRESS_MEM_TYPE_64,
    PCI_BASE_ADDRESS_MEM_TYPE_MASK,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_NORMAL,
    PCI_ROM_ADDRESS,
    PCI_ROM_ADDRESS1,
    PCI_ROM_ADDRESS_ENABLE,
    PCI_ROM_ADDRESS_MASK,
)
from .description import FunctionDescription
from .regs import BARS, Register

_ROM = {
    PCI_HEADER_TYPE_NORMAL: ("PCI_ROM_ADDRESS", PCI_ROM_ADDRESS),
    PCI_HEADER_TYPE_BRIDGE: ("PCI_ROM_ADDRESS1", PCI_ROM_ADDRESS1),
}


def lowest_bit(value: int) -> int:
    """The lowest set bit of *value*: the largest size an address can be aligned to."""
    return value & -value


def base_addresses(description: FunctionDescription, header_type: int) -> Iterator[Register]:
    """The rows of the BARs and the expansion ROM (PCI 6.2.5).

    A BAR whose size nobody told is as large as its address allows; size 0 says that nothing is writable."""
    config = description.config.ljust(64, b"\0")
    numbers = iter(range(BARS.get(header_type, 0)))
    for number in numbers:
        offset = PCI_BASE_ADDRESS_0 + 4 * number
        value = int.from_bytes(config[offset : offset + 8], "little")
        wide = is_64_bit(value) and number + 1 < BARS[header_type]
        mask = PCI_BASE_ADDRESS_IO_MASK if value & PCI_BASE_ADDRESS_SPACE_IO else PCI_BASE_ADDRESS_MEM_MASK
        mask &= 0xFFFFFFFFFFFFFFFF if wide else 0xFFFFFFFF
        bits = -description.bars.get(number, lowest_bit(value & mask)) & mask
        yield Register(f"PCI_BASE_ADDRESS_{number}", 4, rw=bits & 0xFFFFFFFF)
        if wide:
            yield Register(f"PCI_BASE_ADDRESS_{next(numbers)}", 4, rw=bits >> 32)
    if header_type in _ROM:
        name, offset = _ROM[header_type]
        mask = PCI_ROM_ADDRESS_MASK & 0xFFFFFFFF
        size = description.rom or lowest_bit(int.from_bytes(config[offset : offset + 4], "little") & mask)
        if size:
            yield Register(name, 4, rw=-size & mask | PCI_ROM_ADDRESS_ENABLE)


def is_64_bit(value: int) -> bool:
    """A memory BAR that takes two dwords."""
    return (
        not value & PCI_BASE_ADDRESS_SPACE_IO and value & PCI_BASE_ADDRESS_MEM_TYPE_MASK == PCI_BASE_ADDRESS_MEM_TYPE_64
    )
