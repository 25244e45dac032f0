# SPDX-License-Identifier: GPL-2.0-only
"""What the bytes of a configuration space say: identity, base addresses, bus numbers, capability lists.

These read bytes as described or dumped; the kernel side has its own functions for this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_IO_MASK,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_BASE_ADDRESS_MEM_PREFETCH,
    PCI_BASE_ADDRESS_MEM_TYPE_64,
    PCI_BASE_ADDRESS_MEM_TYPE_MASK,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_CAP_LIST_ID,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_CB_CAPABILITY_LIST,
    PCI_EXT_CAP_ID,
    PCI_EXT_CAP_NEXT,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_NORMAL,
    PCI_ROM_ADDRESS_MASK,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
)
from .registers import BARS, HEADER_LAYOUT, MULTIFUNCTION, SHEET, SheetRow

#: Bytes of configuration space of conventional PCI; extended capabilities begin after them.
PCI_CFG_SPACE_SIZE = 256
#: The number of the expansion ROM among the BARs, as in the kernel's resource list.
ROM = 6
#: Largest BAR accepted, in bytes, as in a machine description.
LARGEST_BAR = 1 << 62
#: The header of an extended capability that does not exist.
_NO_CAPABILITY = (0, 0xFFFFFFFF)
_ROMS = {PCI_HEADER_TYPE_NORMAL: SHEET["PCI_ROM_ADDRESS"], PCI_HEADER_TYPE_BRIDGE: SHEET["PCI_ROM_ADDRESS1"]}


def word(config: bytes | bytearray, where: int) -> int:
    """Return the 16-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 2], "little")


def dword(config: bytes | bytearray, where: int) -> int:
    """Return the 32-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 4], "little")


def header_type(config: bytes | bytearray) -> int:
    """Return the layout of the header: 0 device, 1 bridge, 2 CardBus bridge; anything else is invalid."""
    return config[PCI_HEADER_TYPE] & HEADER_LAYOUT


def is_multifunction(config: bytes | bytearray) -> bool:
    """Return whether the device says that it has further functions."""
    return bool(config[PCI_HEADER_TYPE] & MULTIFUNCTION)


def all_ones(config: bytes) -> bool:
    """Return whether every byte reads 0xff: nothing answered."""
    return config.count(0xFF) == len(config)


class BaseAddress(NamedTuple):
    """One base address register, or the expansion ROM's (number 6)."""

    number: int
    address: int
    io: bool
    wide: bool
    prefetchable: bool

    @property
    def mask(self) -> int:
        """The bits that are address, 64 of them if it is wide."""
        bits = PCI_BASE_ADDRESS_IO_MASK if self.io else PCI_BASE_ADDRESS_MEM_MASK
        return (PCI_ROM_ADDRESS_MASK if self.number == ROM else bits) & (1 << (64 if self.wide else 32)) - 1


def lowest_bit(value: int) -> int:
    """Return the lowest set bit of *value*: the largest size that an address is aligned to."""
    return value & -value


def rounded_up(size: int) -> int:
    """Round *size* up to a power of two, which is what a BAR decodes; some sources give less."""
    return 1 << (size - 1).bit_length()


def is_64_bit(value: int) -> bool:
    """Return whether this is a memory BAR that takes two dwords."""
    return (
        not value & PCI_BASE_ADDRESS_SPACE_IO and value & PCI_BASE_ADDRESS_MEM_TYPE_MASK == PCI_BASE_ADDRESS_MEM_TYPE_64
    )


def bar_count(config: bytes | bytearray) -> int:
    """Count the base address registers of this header, without the ROM's."""
    return BARS.get(header_type(config), 0)


def rom_register(config: bytes | bytearray) -> SheetRow | None:
    """Return the row of the expansion ROM's base address, None if this header has none."""
    return _ROMS.get(header_type(config))


def base_addresses(config: bytes) -> Iterator[BaseAddress]:
    """Yield each base address register in order, then the ROM's. A 64-bit one is yielded once."""
    count = bar_count(config)
    numbers = iter(range(count))
    for number in numbers:
        where = PCI_BASE_ADDRESS_0 + 4 * number
        value = dword(config, where)
        if value & PCI_BASE_ADDRESS_SPACE_IO:
            yield BaseAddress(number, value & PCI_BASE_ADDRESS_IO_MASK, True, False, False)
            continue
        address, wide = value & PCI_BASE_ADDRESS_MEM_MASK, is_64_bit(value) and number + 1 < count
        if wide:
            address |= dword(config, where + 4) << 32
            next(numbers)
        yield BaseAddress(number, address, False, wide, bool(value & PCI_BASE_ADDRESS_MEM_PREFETCH))
    if rom := rom_register(config):
        yield BaseAddress(ROM, dword(config, rom.offset) & PCI_ROM_ADDRESS_MASK, False, False, False)


def capabilities(config: bytes) -> Iterator[tuple[int, int]]:
    """Yield each capability as (ID, offset).

    Stops where the kernel would, and at a loop: `fault_in_capabilities` says what is wrong with a list."""
    for where in _chain(config):
        if not PCI_STD_HEADER_SIZEOF <= where <= len(config) - 2 or config[where + PCI_CAP_LIST_ID] == 0xFF:
            return
        yield config[where + PCI_CAP_LIST_ID], where


def extended_capabilities(config: bytes) -> Iterator[tuple[int, int]]:
    """Yield each extended capability as (ID, offset); stop where the list goes wrong."""
    for where in _extended_chain(config):
        header = dword(config, where) if where >= PCI_CFG_SPACE_SIZE else 0
        if header in _NO_CAPABILITY:
            return
        yield PCI_EXT_CAP_ID(header), where


def fault_in_capabilities(config: bytes) -> str:
    """Say what is wrong with the capability list, as a clause; "" if nothing is, as far as it is known."""
    for where in _chain(config):
        if where < 0:
            return f"the capability list loops back to {-where:#04x}"
        if where < PCI_STD_HEADER_SIZEOF:
            return f"the capability list points to {where:#04x}, outside 0x40..0xff"
    return ""


def fault_in_extended_capabilities(config: bytes) -> str:
    """Say what is wrong with the extended capability list, as a clause; "" if nothing is. Devices do get it wrong."""
    for where in _extended_chain(config):
        if where < 0:
            return f"extended capability list loops back to {-where:#05x}"
        if where < PCI_CFG_SPACE_SIZE:
            return f"extended capability list points to {where:#05x}, outside 0x100..0xfff"
    return ""


def _chain(config: bytes) -> Iterator[int]:
    """Yield the offsets in the capability list, good or bad; the last one negated if it is a repetition."""
    if not word(config, PCI_STATUS) & PCI_STATUS_CAP_LIST:
        return
    cardbus = header_type(config) == PCI_HEADER_TYPE_CARDBUS
    where = config[PCI_CB_CAPABILITY_LIST if cardbus else PCI_CAPABILITY_LIST] & ~3
    seen: set[int] = set()
    while where:
        if where in seen:
            yield -where
            return
        seen.add(where)
        yield where
        if not PCI_STD_HEADER_SIZEOF <= where <= len(config) - 2 or config[where + PCI_CAP_LIST_ID] == 0xFF:
            return
        where = config[where + PCI_CAP_LIST_NEXT] & ~3


def _extended_chain(config: bytes) -> Iterator[int]:
    """Yield the offsets in the extended capability list, good or bad; the last one negated if it is a repetition."""
    where = PCI_CFG_SPACE_SIZE
    seen: set[int] = set()
    while where and where + 4 <= len(config):
        if where in seen:
            yield -where
            return
        seen.add(where)
        yield where
        header = dword(config, where)
        if where < PCI_CFG_SPACE_SIZE or header in _NO_CAPABILITY:
            return
        where = PCI_EXT_CAP_NEXT(header)
