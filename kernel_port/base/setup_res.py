# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/setup-res.c: writing the address of a resource to its BAR."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.printk import dev_dbg, dev_err, dev_info
from ..kernel.structs import *
from ..pci_regs import *
from .access import (
    U32_MAX,
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_dword,
    pci_write_config_word,
)

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_resource_bar

#: These bits of a resource's flags are the low bits of its BAR (include/linux/pci.h).
PCI_REGION_FLAG_MASK = 0x0F


def pci_update_resource(dev: pci_dev, resno: int) -> None:
    """Write the address of a resource to its BAR.

    C: drivers/pci/setup-res.c, global, base"""
    res = dev.resource[resno]

    # No such BAR, or the upper half of a 64-bit one.
    if not res.flags:
        return

    # No working BAR, or it must not move.
    if res.flags & IORESOURCE_PCI_FIXED:
        return

    start = res.start  # PORT: pcibios_resource_to_bus(): on a PC the CPU and the bus have the same addresses

    new = (start | (res.flags & PCI_REGION_FLAG_MASK)) & U32_MAX
    if res.flags & IORESOURCE_IO:
        mask = PCI_BASE_ADDRESS_IO_MASK & U32_MAX
    else:
        mask = PCI_BASE_ADDRESS_MEM_MASK & U32_MAX

    reg = pci_resource_bar(dev, resno)
    if not reg:
        return
    if resno == PCI_ROM_RESOURCE:  # PORT: the C asks for a type other than pci_bar_unknown, which the ROM alone has
        if not (res.flags & IORESOURCE_ROM_ENABLE):
            return
        new |= PCI_ROM_ADDRESS_ENABLE

    # A 64-bit BAR takes two writes; until the second it must not decode.
    disable = (res.flags & IORESOURCE_MEM_64) and not dev.mmio_always_on
    if disable:
        cmd = pci_read_config_word(dev, PCI_COMMAND)
        pci_write_config_word(dev, PCI_COMMAND, cmd & ~PCI_COMMAND_MEMORY)

    pci_write_config_dword(dev, reg, new)
    check = pci_read_config_dword(dev, reg)

    if (new ^ check) & mask:
        dev_err(dev.dev, f"BAR {resno}: wrote {new:#010x}, read {check:#010x}")

    if res.flags & IORESOURCE_MEM_64:
        new = start >> 16 >> 16
        pci_write_config_dword(dev, reg + 4, new)
        check = pci_read_config_dword(dev, reg + 4)
        if check != new:
            dev_err(dev.dev, f"BAR {resno}, upper half: wrote {new:#010x}, read {check:#010x}")

    if disable:
        pci_write_config_word(dev, PCI_COMMAND, cmd)

    # PORT: no IORESOURCE_UNSET: nothing is assigned
    dev_dbg(dev.dev, f"BAR {resno}: wrote {start:#x}, for {start:#x}-{res.end:#x}")


def pci_enable_resources(dev: pci_dev, mask: int) -> int:
    """Enable decoding of the resources of *dev*.

    C: drivers/pci/setup-res.c, global, base
    :param mask: one bit per resource
    :return: 0"""
    cmd = pci_read_config_word(dev, PCI_COMMAND)
    old_cmd = cmd

    for i in range(DEVICE_COUNT_RESOURCE):  # PORT: PCI_NUM_RESOURCES, which is another name for it
        if not (mask & (1 << i)):
            continue

        r = dev.resource[i]

        if not (r.flags & (IORESOURCE_IO | IORESOURCE_MEM)):
            continue
        if (i == PCI_ROM_RESOURCE) and (not (r.flags & IORESOURCE_ROM_ENABLE)):
            continue

        # PORT: every resource counts as claimed: no check of `r->parent`

        if r.flags & IORESOURCE_IO:
            cmd |= PCI_COMMAND_IO
        if r.flags & IORESOURCE_MEM:
            cmd |= PCI_COMMAND_MEMORY

    if cmd != old_cmd:
        dev_info(dev.dev, f"decoding enabled: Command {cmd:04x}, was {old_cmd:04x}")
        pci_write_config_word(dev, PCI_COMMAND, cmd)
    return 0
