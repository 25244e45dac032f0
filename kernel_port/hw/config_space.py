# SPDX-License-Identifier: GPL-2.0-only
"""What the bytes of a configuration space say: identity, base addresses, bus numbers, capability lists.

Plain reading of bytes as described or found in a dump; the kernel side has its own functions for this.
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

#: Bytes of configuration space of conventional PCI; extended capabilities begin behind them.
PCI_CFG_SPACE_SIZE = 256
#: How the expansion ROM is numbered among the BARs, as in the kernel's resource list.
ROM = 6
#: Largest BAR that is taken, in bytes, as in a machine description.
LARGEST_BAR = 1 << 62
#: What stands where an extended capability would, if there is none.
_NO_CAPABILITY = (0, 0xFFFFFFFF)
_ROMS = {PCI_HEADER_TYPE_NORMAL: SHEET["PCI_ROM_ADDRESS"], PCI_HEADER_TYPE_BRIDGE: SHEET["PCI_ROM_ADDRESS1"]}


def word(config: bytes | bytearray, where: int) -> int:
    """The 16-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 2], "little")


def dword(config: bytes | bytearray, where: int) -> int:
    """The 32-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 4], "little")


def header_type(config: bytes | bytearray) -> int:
    """Layout of the header: 0 device, 1 bridge, 2 CardBus bridge; anything else is not one."""
    return config[PCI_HEADER_TYPE] & HEADER_LAYOUT


def is_multifunction(config: bytes | bytearray) -> bool:
    """Whether the device says that it has further functions."""
    return bool(config[PCI_HEADER_TYPE] & MULTIFUNCTION)


def all_ones(config: bytes) -> bool:
    """Whether every byte reads 0xff: nobody answered."""
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
    """The lowest set bit of *value*: the largest size an address can be aligned to."""
    return value & -value


def rounded_up(size: int) -> int:
    """The smallest power of two that is at least *size*: what a BAR decodes, which some sources state short."""
    return 1 << (size - 1).bit_length()


def is_64_bit(value: int) -> bool:
    """A memory BAR that takes two dwords."""
    return (
        not value & PCI_BASE_ADDRESS_SPACE_IO and value & PCI_BASE_ADDRESS_MEM_TYPE_MASK == PCI_BASE_ADDRESS_MEM_TYPE_64
    )


def bar_count(config: bytes | bytearray) -> int:
    """Base address registers this header has, the ROM's not counted."""
    return BARS.get(header_type(config), 0)


def rom_register(config: bytes | bytearray) -> SheetRow | None:
    """The expansion ROM's base address, None if this header has none."""
    return _ROMS.get(header_type(config))


def base_addresses(config: bytes) -> Iterator[BaseAddress]:
    """Each base address register in order, then the ROM's; the upper half of a 64-bit one is part of the lower."""
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
    """Each capability as (ID, offset).

    Stops where the kernel would, and at a loop: see `fault_in_capabilities` for what is wrong with a list."""
    for where in _chain(config):
        if not PCI_STD_HEADER_SIZEOF <= where <= len(config) - 2 or config[where + PCI_CAP_LIST_ID] == 0xFF:
            return
        yield config[where + PCI_CAP_LIST_ID], where


def extended_capabilities(config: bytes) -> Iterator[tuple[int, int]]:
    """Each extended capability as (ID, offset); ends where the list goes wrong."""
    for where in _extended_chain(config):
        header = dword(config, where) if where >= PCI_CFG_SPACE_SIZE else 0
        if header in _NO_CAPABILITY:
            return
        yield PCI_EXT_CAP_ID(header), where


def fault_in_capabilities(config: bytes) -> str:
    """What is wrong with the capability list, as a clause; "" if it is sound as far as it is known."""
    for where in _chain(config):
        if where < 0:
            return f"the capability list loops back to {-where:#04x}"
        if where < PCI_STD_HEADER_SIZEOF:
            return f"the capability list points to {where:#04x}, outside 0x40..0xff"
    return ""


def fault_in_extended_capabilities(config: bytes) -> str:
    """What is wrong with the list of extended capabilities, as a clause; "" if nothing is. Devices do get it wrong."""
    for where in _extended_chain(config):
        if where < 0:
            return f"extended capability list loops back to {-where:#05x}"
        if where < PCI_CFG_SPACE_SIZE:
            return f"extended capability list points to {where:#05x}, outside 0x100..0xfff"
    return ""


def _chain(config: bytes) -> Iterator[int]:
    """Offsets the list of capabilities names, good or bad; the last one negated if it was there before."""
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
    """Offsets the list of extended capabilities names, good or bad; the last one negated if it was there before."""
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
