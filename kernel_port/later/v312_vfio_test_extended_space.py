# SPDX-License-Identifier: GPL-2.0-only
"""VFIO: Test whether there are extended capabilities

Why: PCI Express and PCI-X 2.0 promise an extended configuration space, but not that it can be reached.
What: in drivers/vfio/pci/vfio_pci_config.c, vfio_cap_len() reads the first dword of it: 0 means that there is none.
Look at: all ones, as reads return them that nobody answers, count as a capability.
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from ..base.access import *
from ..base.vfio_pci import vfio_pci_device
from ..base.vfio_pci_config import (
    HT_3BIT_CAP_MASK,
    HT_CAP_SIZEOF_LONG,
    HT_CAP_SIZEOF_SHORT,
    PCI_CAP_EXP_ENDPOINT_SIZEOF_V1,
    PCI_CAP_EXP_ENDPOINT_SIZEOF_V2,
    PCI_CAP_PCIX_SIZEOF_V0,
    PCI_CAP_PCIX_SIZEOF_V2,
    PCI_SATA_REGS,
    PCI_SATA_REGS_INLINE,
    PCI_SATA_REGS_MASK,
    PCI_SATA_SIZEOF_LONG,
    PCI_SATA_SIZEOF_SHORT,
    vfio_msi_cap_len,
)
from ..kernel.printk import printk
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("vfio_cap_len",)
REQUIRES = ()


def vfio_cap_len(vdev: vfio_pci_device, cap: int, pos: int) -> int:
    """Return the length of the capability at *pos*, which is variable.

    C: drivers/vfio/pci/vfio_pci_config.c, static, v3.12
    :return: bytes, 0 if unknown, or a negative error"""
    pdev = vdev.pdev

    if cap == PCI_CAP_ID_MSI:
        return vfio_msi_cap_len(vdev, pos)
    if cap == PCI_CAP_ID_PCIX:
        ret, word = pci_bus_read_config_word(pdev.bus, pdev.devfn, pos + PCI_X_CMD)
        if ret:
            return pcibios_err_to_errno(ret)

        if (word >> 12) & 3:  # PCI_X_CMD_VERSION()
            dword = pci_read_config_dword(pdev, PCI_CFG_SPACE_SIZE)
            vdev.extended_caps = dword != 0
            return PCI_CAP_PCIX_SIZEOF_V2
        return PCI_CAP_PCIX_SIZEOF_V0
    if cap == PCI_CAP_ID_VNDR:
        # a byte of it is its length, after the pointer to the next capability
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + PCI_CAP_FLAGS)
        if ret:
            return pcibios_err_to_errno(ret)

        return byte
    if cap == PCI_CAP_ID_EXP:
        dword = pci_read_config_dword(pdev, PCI_CFG_SPACE_SIZE)
        vdev.extended_caps = dword != 0

        if (pcie_caps_reg(pdev) & PCI_EXP_FLAGS_VERS) == 1:
            return PCI_CAP_EXP_ENDPOINT_SIZEOF_V1
        return PCI_CAP_EXP_ENDPOINT_SIZEOF_V2
    if cap == PCI_CAP_ID_HT:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + 3)
        if ret:
            return pcibios_err_to_errno(ret)

        return HT_CAP_SIZEOF_SHORT if byte & HT_3BIT_CAP_MASK else HT_CAP_SIZEOF_LONG
    if cap == PCI_CAP_ID_SATA:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + PCI_SATA_REGS)
        if ret:
            return pcibios_err_to_errno(ret)

        byte &= PCI_SATA_REGS_MASK
        if byte == PCI_SATA_REGS_INLINE:
            return PCI_SATA_SIZEOF_LONG
        return PCI_SATA_SIZEOF_SHORT

    printk("warning", f"{pci_name(pdev)}: capability {cap:#x} at {pos:#x}: unknown length")

    return 0
