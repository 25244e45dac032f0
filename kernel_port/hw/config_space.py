# SPDX-License-Identifier: GPL-2.0-only
"""What the bytes of a configuration space say: identity, base addresses, bus numbers, capability lists.

Plain reading of bytes as found in a dump, for the loaders and writers; the kernel side has its own functions for this.
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
    PCI_EXT_CAP_NEXT,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_MASK,
    PCI_HEADER_TYPE_NORMAL,
    PCI_ROM_ADDRESS,
    PCI_ROM_ADDRESS1,
    PCI_ROM_ADDRESS_MASK,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
)

#: Bytes of configuration space of conventional PCI; extended capabilities begin behind them.
PCI_CFG_SPACE_SIZE = 256
#: How the expansion ROM is numbered among the BARs, as in the kernel's resource list.
ROM = 6
#: Base address registers by header type.
_BARS = {PCI_HEADER_TYPE_NORMAL: 6, PCI_HEADER_TYPE_BRIDGE: 2, PCI_HEADER_TYPE_CARDBUS: 1}
_ROM_AT = {PCI_HEADER_TYPE_NORMAL: PCI_ROM_ADDRESS, PCI_HEADER_TYPE_BRIDGE: PCI_ROM_ADDRESS1}


class BaseAddress(NamedTuple):
    """One base address register, or the expansion ROM's (number 6)."""

    number: int
    address: int
    io: bool
    wide: bool
    prefetchable: bool


def word(config: bytes | bytearray, where: int) -> int:
    """The 16-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 2], "little")


def dword(config: bytes | bytearray, where: int) -> int:
    """The 32-bit little-endian register at *where*."""
    return int.from_bytes(config[where : where + 4], "little")


def header_type(config: bytes | bytearray) -> int:
    """Layout of the header: 0 device, 1 bridge, 2 CardBus bridge; anything else is not one."""
    return config[PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK


#: Largest BAR that is taken, in bytes, as in a machine description.
LARGEST_BAR = 1 << 62


def rounded_up(size: int) -> int:
    """The smallest power of two that is at least *size*: what a BAR decodes, which some sources state short."""
    return 1 << (size - 1).bit_length()


def all_ones(config: bytes) -> bool:
    """Whether every byte reads 0xff: nobody answered."""
    return config.count(0xFF) == len(config)


def bar_count(config: bytes | bytearray) -> int:
    """Base address registers this header has, the ROM's not counted."""
    return _BARS.get(header_type(config), 0)


def rom_register(config: bytes | bytearray) -> int:
    """Offset of the expansion ROM's base address, 0 if this header has none."""
    return _ROM_AT.get(header_type(config), 0)


def base_addresses(config: bytes) -> Iterator[BaseAddress]:
    """Each base address register in order, then the ROM's; the upper half of a 64-bit one is part of the lower."""
    number = 0
    while number < bar_count(config):
        where = PCI_BASE_ADDRESS_0 + 4 * number
        value = dword(config, where)
        if value & PCI_BASE_ADDRESS_SPACE_IO:
            yield BaseAddress(number, value & PCI_BASE_ADDRESS_IO_MASK, True, False, False)
        else:
            wide = value & PCI_BASE_ADDRESS_MEM_TYPE_MASK == PCI_BASE_ADDRESS_MEM_TYPE_64
            wide = wide and number + 1 < bar_count(config)
            address = value & PCI_BASE_ADDRESS_MEM_MASK
            if wide:
                address |= dword(config, where + 4) << 32
            yield BaseAddress(number, address, False, wide, bool(value & PCI_BASE_ADDRESS_MEM_PREFETCH))
            number += wide
        number += 1
    if where := rom_register(config):
        yield BaseAddress(ROM, dword(config, where) & PCI_ROM_ADDRESS_MASK, False, False, False)


def capabilities(config: bytes) -> Iterator[tuple[int, int]]:
    """Each capability as (offset, ID).

    Stops where the kernel would, and at a loop: see `fault_in_capabilities` for what is wrong with a list."""
    for where in _chain(config):
        if not PCI_STD_HEADER_SIZEOF <= where <= len(config) - 2:
            return
        yield where, config[where + PCI_CAP_LIST_ID]


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
        if where < PCI_CFG_SPACE_SIZE or header in (0, 0xFFFFFFFF):
            return
        where = PCI_EXT_CAP_NEXT(header)
