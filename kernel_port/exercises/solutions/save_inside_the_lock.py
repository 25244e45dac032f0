# SPDX-License-Identifier: GPL-2.0-only
"""pci: Save and restore a function with it locked

Why: a second user saved what the first one's reset had left, over what the first one had saved.
What: in drivers/pci/pci.c, pci_reset_function() locks the device for saving, reset and restoring.
Look at: __pci_dev_reset() beneath, because pci_dev_reset() takes the locks itself. Linux 4.13 does the same.
"""

from __future__ import annotations

from kernel_port.kernel.export import EXPORT_SYMBOL_GPL
from kernel_port.kernel.structs import pci_dev
from kernel_port.patch.p05_add_reset_slot_option_to_pci_dev_reset import __pci_dev_reset
from kernel_port.patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import (
    pci_dev_lock,
    pci_dev_reset,
    pci_dev_restore,
    pci_dev_save_and_disable,
    pci_dev_unlock,
)

ADDS = ()
MODIFIES = ("pci_reset_function",)


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after, all with it locked.

    C: drivers/pci/pci.c, exported, save_inside_the_lock
    :return: 0; -ENOTTY if it offers no method; -EINVAL if it would need to be in D0; or the slot driver's error"""
    rc = pci_dev_reset(dev, 1)
    if rc:
        return rc

    pci_dev_lock(dev)
    pci_dev_save_and_disable(dev)

    rc = __pci_dev_reset(dev, 0)

    pci_dev_restore(dev)
    pci_dev_unlock(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)
