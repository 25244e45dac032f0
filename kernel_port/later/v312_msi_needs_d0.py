# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Do not enable MSI and MSI-X of a device that is not in D0

Why: the registers of a sleeping device may not be there, and writes to them are lost: the kernel would take MSI for on.
What: in drivers/pci/msi.c, pci_enable_msi_block() and pci_enable_msix() return -EINVAL unless the cached state is D0.
Look at: the cached state decides, the register is not read. A device whose driver was unbound has PCI_UNKNOWN there
until pci_enable_device().
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10; pci_enable_msi_block_auto() is not ported.
"""

from __future__ import annotations

from errno import EINVAL

from ..base.access import pci_read_config_word
from ..base.msi import (
    msi_capability_init,
    msix_capability_init,
    msix_entry,
    pci_msi_check_device,
    pci_msix_table_size,
)
from ..kernel.bug import WARN_ON
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_info
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pci_enable_msi_block", "pci_enable_msix")
REQUIRES = ()


def pci_enable_msi_block(dev: pci_dev, nvec: int) -> int:
    """Enable MSI of *dev*, with *nvec* messages.

    C: drivers/pci/msi.c, exported, v3.12
    :return: 0; -EINVAL if it has no MSI, uses MSI-X, or is not in D0; > 0: how many it
        may have, if that is less than *nvec*"""
    if not dev.msi_cap or dev.current_state != PCI_D0:
        return -EINVAL

    msgctl = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    maxvec = 1 << ((msgctl & PCI_MSI_FLAGS_QMASK) >> 1)
    if nvec > maxvec:
        return maxvec

    status = pci_msi_check_device(dev, nvec, PCI_CAP_ID_MSI)
    if status:
        return status

    WARN_ON(bool(dev.msi_enabled), f"{pci_name(dev)}: MSI already on")

    # MSI and MSI-X exclude each other
    if dev.msix_enabled:
        dev_info(dev.dev, "MSI not enabled: MSI-X is on")
        return -EINVAL

    status = msi_capability_init(dev, nvec)
    return status


EXPORT_SYMBOL(pci_enable_msi_block)


def pci_enable_msix(dev: pci_dev, entries: list[msix_entry], nvec: int) -> int:
    """Enable MSI-X of *dev*.

    C: drivers/pci/msi.c, exported, v3.12
    :param entries: the table entries to use; their interrupts are filled in
    :param nvec: how many entries
    :return: 0; -EINVAL if it has no MSI-X, uses MSI, is not in D0, or an entry is not there or is there twice; > 0: how
        many it has, if that is less than *nvec*"""
    if not entries or not dev.msix_cap or dev.current_state != PCI_D0:
        return -EINVAL

    status = pci_msi_check_device(dev, nvec, PCI_CAP_ID_MSIX)
    if status:
        return status

    nr_entries = pci_msix_table_size(dev)
    if nvec > nr_entries:
        return nr_entries

    for i in range(nvec):
        if entries[i].entry >= nr_entries:
            return -EINVAL
        for j in range(i + 1, nvec):
            if entries[i].entry == entries[j].entry:
                return -EINVAL
    WARN_ON(bool(dev.msix_enabled), f"{pci_name(dev)}: MSI-X already on")

    # MSI and MSI-X exclude each other
    if dev.msi_enabled:
        dev_info(dev.dev, "MSI-X not enabled: MSI is on")
        return -EINVAL
    status = msix_capability_init(dev, entries, nvec)
    return status


EXPORT_SYMBOL(pci_enable_msix)
