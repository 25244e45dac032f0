# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Do not disable the decoding of a device that decodes nothing

Why: while its BARs are sized a device must decode nothing; one that is disabled does not anyway, and writing its
Command register is not harmless everywhere.
What: in drivers/pci/probe.c, __pci_read_base() writes the Command register only if memory or I/O decoding is on.
Look at: the register is read all the same, once for every BAR.
Upstream: v3.12, the id is not verified (read in v3.12.10).
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from ..base.access import *
from ..base.probe import *
from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("__pci_read_base",)
REQUIRES = ()


PCI_COMMAND_DECODE_ENABLE = PCI_COMMAND_MEMORY | PCI_COMMAND_IO


def __pci_read_base(dev: pci_dev, type: int, res: resource, pos: int) -> int:
    """Read a BAR's address, and size it by writing all ones.

    C: drivers/pci/probe.c, global, v3.12
    :param type: enum pci_bar_type; pci_bar_unknown for a BAR, pci_bar_mem32 for the ROM
    :param pos: offset of the BAR, bytes
    :return: 1 if the BAR takes the next dword too, 0 if not"""
    mask = PCI_ROM_ADDRESS_MASK & ALL_ONES if type else ALL_ONES

    # No decoding while the BAR is being sized, and no messages: the console may be behind it.
    if not dev.mmio_always_on:
        orig_cmd = pci_read_config_word(dev, PCI_COMMAND)
        if orig_cmd & PCI_COMMAND_DECODE_ENABLE:
            pci_write_config_word(dev, PCI_COMMAND, orig_cmd & ~PCI_COMMAND_DECODE_ENABLE)

    res.name = pci_name(dev)

    l = pci_read_config_dword(dev, pos)  # noqa: E741 - the C's name
    pci_write_config_dword(dev, pos, l | mask)
    sz = pci_read_config_dword(dev, pos)
    pci_write_config_dword(dev, pos, l)

    while True:  # PORT: runs once; `break` is the C's `goto out`, and after `res.flags = 0` its `goto fail`
        # All ones: broken device. All zeros: no such BAR.
        if not sz or sz == ALL_ONES:
            res.flags = 0
            break

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

            sz64 = pci_size(l64, sz64, mask64)

            if not sz64:
                res.flags = 0
                break

            # PORT: resource_size_t has 64 bits, so no BAR is too big or too high.
            res.start = l64
            res.end = l64 + sz64
        else:
            sz = pci_size(l, sz, mask)

            if not sz:
                res.flags = 0
                break

            res.start = l
            res.end = l + sz

        # PORT: a bus address is a resource address, so none is converted, and none is invalid for the CPU.
        break

    if not dev.mmio_always_on and (orig_cmd & PCI_COMMAND_DECODE_ENABLE):
        pci_write_config_word(dev, PCI_COMMAND, orig_cmd)

    if res.flags:
        dev_dbg(dev.dev, f"BAR at {pos:#x} decodes {res.start:#x}-{res.end:#x}, flags {res.flags:#x}")

    return 1 if res.flags & IORESOURCE_MEM_64 else 0
