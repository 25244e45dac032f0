# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add pci_wait_for_pending_transaction()

Why: drivers of their own resets wait for pending transactions as pcie_flr() does, each with a copy of its loop.
What: in drivers/pci/pci.c, the loop becomes pci_wait_for_pending_transaction(), exported; pcie_flr() and, in
drivers/pci/quirks.c, reset_intel_82599_sfp_virtfn() call it.
Look at: 1 is success here, 0 is not: the other way round than everywhere else in this file. What happens on the bus
does not change.
Upstream: 3775a209d38aa in v3.12 (seen in lists of revisions by line; the title fits).
Adapted: from v3.12.10; the change to quirks.c is taken as a part of this one.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.access import pcie_capability_read_dword, pcie_capability_read_word, pcie_capability_set_word
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_err
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ("pci_wait_for_pending_transaction",)
MODIFIES = ("pcie_flr", "reset_intel_82599_sfp_virtfn")
REQUIRES = ()


def pci_wait_for_pending_transaction(dev: pci_dev) -> int:
    """Wait until *dev* has the completions of its requests, for at most 700 ms.

    C: drivers/pci/pci.c, exported, v3.12
    :return: 1 if it has, 0 if some are still pending"""
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        _, status = pcie_capability_read_word(dev, PCI_EXP_DEVSTA)
        if not (status & PCI_EXP_DEVSTA_TRPND):
            return 1

    return 0


EXPORT_SYMBOL(pci_wait_for_pending_transaction)


def pcie_flr(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by PCI Express Function Level Reset.

    C: drivers/pci/pci.c, static, v3.12
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if the device does not offer it"""
    _, cap = pcie_capability_read_dword(dev, PCI_EXP_DEVCAP)
    # the device does not offer a Function Level Reset, or is not PCI Express at all
    if not (cap & PCI_EXP_DEVCAP_FLR):
        return -ENOTTY

    if probe:
        return 0

    if not pci_wait_for_pending_transaction(dev):
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)

    msleep(100)

    return 0


def reset_intel_82599_sfp_virtfn(dev: pci_dev, probe: int) -> int:
    """Reset a virtual function of the 82599 by a Function Level Reset, which its Device Capabilities do not announce
    (82599 data sheet, 9.3.10.4 and 9.5).

    C: drivers/pci/quirks.c, static, v3.12
    :param probe: not 0: only say whether it would work
    :return: 0"""
    if probe:
        return 0

    if not pci_wait_for_pending_transaction(dev):
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)

    msleep(100)

    return 0
