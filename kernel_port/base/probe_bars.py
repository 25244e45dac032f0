# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/probe.c, first part: how large BARs are, and what a bridge's windows pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.printk import dev_dbg, dev_info
from ..kernel.structs import (
    IORESOURCE_IO,
    IORESOURCE_MEM,
    IORESOURCE_MEM_64,
    IORESOURCE_PREFETCH,
    IORESOURCE_READONLY,
    IORESOURCE_ROM_ENABLE,
    IORESOURCE_SIZEALIGN,
    PCI_BRIDGE_RESOURCE_NUM,
    PCI_BRIDGE_RESOURCES,
    PCI_ROM_RESOURCE,
    pci_bus,
    pci_dev,
    pci_is_root_bus,
    pci_name,
    resource,
)
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_IO_MASK,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_BASE_ADDRESS_MEM_PREFETCH,
    PCI_BASE_ADDRESS_MEM_TYPE_64,
    PCI_BASE_ADDRESS_MEM_TYPE_MASK,
    PCI_BASE_ADDRESS_SPACE,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_COMMAND,
    PCI_COMMAND_IO,
    PCI_COMMAND_MEMORY,
    PCI_IO_BASE,
    PCI_IO_BASE_UPPER16,
    PCI_IO_LIMIT,
    PCI_IO_LIMIT_UPPER16,
    PCI_IO_RANGE_MASK,
    PCI_IO_RANGE_TYPE_32,
    PCI_IO_RANGE_TYPE_MASK,
    PCI_MEMORY_BASE,
    PCI_MEMORY_LIMIT,
    PCI_MEMORY_RANGE_MASK,
    PCI_MEMORY_RANGE_TYPE_MASK,
    PCI_PREF_BASE_UPPER32,
    PCI_PREF_LIMIT_UPPER32,
    PCI_PREF_MEMORY_BASE,
    PCI_PREF_MEMORY_LIMIT,
    PCI_PREF_RANGE_MASK,
    PCI_PREF_RANGE_TYPE_64,
    PCI_PREF_RANGE_TYPE_MASK,
    PCI_ROM_ADDRESS_MASK,
)

if TYPE_CHECKING:
    from .access import (
        pci_read_config_byte,
        pci_read_config_dword,
        pci_read_config_word,
        pci_write_config_dword,
        pci_write_config_word,
    )

# enum pci_bar_type
pci_bar_unknown = 0
pci_bar_io = 1
pci_bar_mem32 = 2
pci_bar_mem64 = 3

# include/linux/ioport.h
IORESOURCE_CACHEABLE = 0x8000

ALL_ONES = 0xFFFFFFFF
IO_SPACE_LIMIT = 0xFFFF


def pci_size(base: int, maxbase: int, mask: int) -> int:
    """How much address space a BAR decodes.

    C: drivers/pci/probe.c, static, base
    :param base: u64, what the BAR holds
    :param maxbase: u64, what it holds after all ones were written
    :param mask: u64, its address bits
    :return: the size in bytes minus 1, 0 if the BAR decodes nothing"""
    size = mask & maxbase  # the bits that stuck
    if not size:
        return 0

    # The lowest of them is the decode size.
    size = (size & ~(size - 1)) - 1

    # A BAR that did not change is right only if it was all ones before.
    if base == maxbase and ((base | size) & mask) != mask:
        return 0

    return size


def decode_bar(dev: pci_dev, bar: int) -> int:
    """The resource flags that the low bits of a BAR stand for.

    C: drivers/pci/probe.c, static inline, base"""
    if (bar & PCI_BASE_ADDRESS_SPACE) == PCI_BASE_ADDRESS_SPACE_IO:
        flags = bar & ~PCI_BASE_ADDRESS_IO_MASK
        flags |= IORESOURCE_IO
        return flags

    flags = bar & ~PCI_BASE_ADDRESS_MEM_MASK
    flags |= IORESOURCE_MEM
    if flags & PCI_BASE_ADDRESS_MEM_PREFETCH:
        flags |= IORESOURCE_PREFETCH

    mem_type = bar & PCI_BASE_ADDRESS_MEM_TYPE_MASK
    if mem_type == PCI_BASE_ADDRESS_MEM_TYPE_64:
        flags |= IORESOURCE_MEM_64
    return flags


def __pci_read_base(dev: pci_dev, type: int, res: resource, pos: int) -> int:
    """Find out where a BAR is and how large, by writing all ones to it.

    C: drivers/pci/probe.c, base
    :param type: enum pci_bar_type; pci_bar_unknown for a BAR, pci_bar_mem32 for the ROM
    :param pos: offset of the BAR, bytes
    :return: 1 if the BAR takes the next dword too, 0 if not"""
    mask = PCI_ROM_ADDRESS_MASK & ALL_ONES if type else ALL_ONES

    # Nothing must be decoded while the BAR holds nonsense.
    if not dev.mmio_always_on:
        orig_cmd = pci_read_config_word(dev, PCI_COMMAND)
        pci_write_config_word(dev, PCI_COMMAND, orig_cmd & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO))

    res.name = pci_name(dev)

    l = pci_read_config_dword(dev, pos)  # noqa: E741 - the C's name
    pci_write_config_dword(dev, pos, l | mask)
    sz = pci_read_config_dword(dev, pos)
    pci_write_config_dword(dev, pos, l)

    size_bar(dev, type, res, pos, l, sz)

    if not dev.mmio_always_on:
        pci_write_config_word(dev, PCI_COMMAND, orig_cmd)

    if res.flags:
        dev_dbg(dev.dev, f"reg {pos:#x}: [{res.start:#x}-{res.end:#x}] flags {res.flags:#x}")

    return 1 if res.flags & IORESOURCE_MEM_64 else 0


def size_bar(dev: pci_dev, type: int, res: resource, pos: int, l: int, sz: int) -> None:  # noqa: E741
    """Fill in *res* from what the BAR held (*l*) and what stuck of all ones (*sz*); no flags if it is no BAR.

    C: drivers/pci/probe.c __pci_read_base(), between its `goto fail`s, base
    PORT: a function of its own, for the gotos; bus addresses are resource addresses, so neither is converted"""
    # All ones: the device does not work. All zeros: there is no such BAR.
    if not sz or sz == ALL_ONES:
        res.flags = 0
        return

    if l == ALL_ONES:
        l = 0  # noqa: E741

    if type == pci_bar_unknown:
        res.flags = decode_bar(dev, l)
        res.flags |= IORESOURCE_SIZEALIGN
        if res.flags & IORESOURCE_IO:
            l &= PCI_BASE_ADDRESS_IO_MASK  # noqa: E741
            mask = PCI_BASE_ADDRESS_IO_MASK & IO_SPACE_LIMIT
        else:
            l &= PCI_BASE_ADDRESS_MEM_MASK  # noqa: E741
            mask = PCI_BASE_ADDRESS_MEM_MASK & ALL_ONES
    else:
        res.flags |= l & IORESOURCE_ROM_ENABLE
        l &= PCI_ROM_ADDRESS_MASK  # noqa: E741
        mask = PCI_ROM_ADDRESS_MASK & ALL_ONES

    if res.flags & IORESOURCE_MEM_64:
        l64 = l
        sz64 = sz
        mask64 = mask | ALL_ONES << 32

        l = pci_read_config_dword(dev, pos + 4)  # noqa: E741
        pci_write_config_dword(dev, pos + 4, ALL_ONES)
        sz = pci_read_config_dword(dev, pos + 4)
        pci_write_config_dword(dev, pos + 4, l)

        l64 |= l << 32
        sz64 |= sz << 32

        sz = pci_size(l64, sz64, mask64)
        l = l64  # noqa: E741
    else:
        sz = pci_size(l, sz, mask)

    if not sz:
        res.flags = 0
        return

    res.start = l
    res.end = l + sz


def pci_read_bases(dev: pci_dev, howmany: int, rom: int) -> None:
    """Size *howmany* BARs, and the expansion ROM at offset *rom* (0 for none).

    C: drivers/pci/probe.c, static, base"""
    pos = 0
    while pos < howmany:
        res = dev.resource[pos]
        reg = PCI_BASE_ADDRESS_0 + (pos << 2)
        pos += __pci_read_base(dev, pci_bar_unknown, res, reg)
        pos += 1

    if rom:
        res = dev.resource[PCI_ROM_RESOURCE]
        dev.rom_base_reg = rom
        res.flags = (
            IORESOURCE_MEM | IORESOURCE_PREFETCH | IORESOURCE_READONLY | IORESOURCE_CACHEABLE | IORESOURCE_SIZEALIGN
        )
        __pci_read_base(dev, pci_bar_mem32, res, rom)


def pci_read_bridge_io(child: pci_bus) -> None:
    """Read the I/O window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self
    res = child.resource[0]
    io_base_lo = pci_read_config_byte(dev, PCI_IO_BASE)
    io_limit_lo = pci_read_config_byte(dev, PCI_IO_LIMIT)
    base = (io_base_lo & PCI_IO_RANGE_MASK) << 8
    limit = (io_limit_lo & PCI_IO_RANGE_MASK) << 8

    if (io_base_lo & PCI_IO_RANGE_TYPE_MASK) == PCI_IO_RANGE_TYPE_32:
        base |= pci_read_config_word(dev, PCI_IO_BASE_UPPER16) << 16
        limit |= pci_read_config_word(dev, PCI_IO_LIMIT_UPPER16) << 16

    if base <= limit:
        res.flags = (io_base_lo & PCI_IO_RANGE_TYPE_MASK) | IORESOURCE_IO
        res.start = base
        res.end = limit + 0xFFF
        dev_dbg(dev.dev, f"  bridge window [io {res.start:#x}-{res.end:#x}]")


def pci_read_bridge_mmio(child: pci_bus) -> None:
    """Read the memory window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self
    res = child.resource[1]
    mem_base_lo = pci_read_config_word(dev, PCI_MEMORY_BASE)
    mem_limit_lo = pci_read_config_word(dev, PCI_MEMORY_LIMIT)
    base = (mem_base_lo & PCI_MEMORY_RANGE_MASK) << 16
    limit = (mem_limit_lo & PCI_MEMORY_RANGE_MASK) << 16
    if base <= limit:
        res.flags = (mem_base_lo & PCI_MEMORY_RANGE_TYPE_MASK) | IORESOURCE_MEM
        res.start = base
        res.end = limit + 0xFFFFF
        dev_dbg(dev.dev, f"  bridge window [mem {res.start:#x}-{res.end:#x}]")


def pci_read_bridge_mmio_pref(child: pci_bus) -> None:
    """Read the prefetchable memory window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self
    res = child.resource[2]
    mem_base_lo = pci_read_config_word(dev, PCI_PREF_MEMORY_BASE)
    mem_limit_lo = pci_read_config_word(dev, PCI_PREF_MEMORY_LIMIT)
    base = (mem_base_lo & PCI_PREF_RANGE_MASK) << 16
    limit = (mem_limit_lo & PCI_PREF_RANGE_MASK) << 16

    if (mem_base_lo & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64:
        mem_base_hi = pci_read_config_dword(dev, PCI_PREF_BASE_UPPER32)
        mem_limit_hi = pci_read_config_dword(dev, PCI_PREF_LIMIT_UPPER32)

        # Firmware that leaves base above limit does not use the upper halves.
        if mem_base_hi <= mem_limit_hi:
            base |= mem_base_hi << 32
            limit |= mem_limit_hi << 32
    if base <= limit:
        res.flags = (mem_base_lo & PCI_PREF_RANGE_TYPE_MASK) | IORESOURCE_MEM | IORESOURCE_PREFETCH
        if res.flags & PCI_PREF_RANGE_TYPE_64:
            res.flags |= IORESOURCE_MEM_64
        res.start = base
        res.end = limit + 0xFFFFF
        dev_dbg(dev.dev, f"  bridge window [mem {res.start:#x}-{res.end:#x} pref]")


def pci_read_bridge_bases(child: pci_bus) -> None:
    """Read the windows of the bridge to *child*.

    C: drivers/pci/probe.c, base"""
    dev = child.self

    if pci_is_root_bus(child):  # a host bridge has no such registers
        return

    dev_info(
        dev.dev,
        f"PCI bridge to [bus {child.busn_res.start:02x}-{child.busn_res.end:02x}]"
        f"{' (subtractive decode)' if dev.transparent else ''}",
    )

    child.resource = dev.resource[PCI_BRIDGE_RESOURCES : PCI_BRIDGE_RESOURCES + PCI_BRIDGE_RESOURCE_NUM]

    pci_read_bridge_io(child)
    pci_read_bridge_mmio(child)
    pci_read_bridge_mmio_pref(child)
    # PORT: what a subtractive bridge passes on besides its windows is of no use here: nothing is assigned.
