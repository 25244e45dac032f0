# SPDX-License-Identifier: GPL-2.0-only
"""Base address registers: the address bits above the size are writable, which is how software finds the size."""

from __future__ import annotations

from collections.abc import Iterator

from ..pci_regs import PCI_ROM_ADDRESS_ENABLE, PCI_STD_HEADER_SIZEOF
from . import config_space
from .config_space import ROM, lowest_bit, rom_register
from .description import FunctionDescription
from .regs import Register


def base_addresses(description: FunctionDescription) -> Iterator[Register]:
    """Yield the rows of the BARs and the expansion ROM.

    A BAR of unknown size is as large as its address allows; size 0 means that nothing is writable."""
    config = description.config.ljust(PCI_STD_HEADER_SIZEOF, b"\0")
    rom = rom_register(config)
    for bar in config_space.base_addresses(config):
        if bar.number == ROM:
            if rom and (size := description.rom or lowest_bit(bar.address)):
                yield Register(rom.name, rw=-size & bar.mask | PCI_ROM_ADDRESS_ENABLE)
            continue
        bits = -description.bars.get(bar.number, lowest_bit(bar.address)) & bar.mask
        yield Register(f"PCI_BASE_ADDRESS_{bar.number}", rw=bits & 0xFFFFFFFF)
        if bar.wide:
            yield Register(f"PCI_BASE_ADDRESS_{bar.number + 1}", rw=bits >> 32)
