# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Lock upstream bridge for pci_reset_function()

Why: the reset of a function may be one of its bus, by registers of the bridge above, which was not locked.
What: in drivers/pci/pci.c, pci_reset_function() locks the bridge above first, if there is one, and unlocks it last.
Look at: the bridge is locked for every method, also where it has no part in the reset. pci_try_reset_function() and
pci_reset_function_locked() do not lock it, nor does VFIO on closing (lock-bridge-on-closing).
Upstream: 7e89efc6e9e4 in v6.10 (id and title in a list of revisions, the version in a mail; the code is in 6.12.19 and
not in 6.5.0).
Adapted: from v6.12.19, on top of save-under-device-lock and enable-bridges-on-demand, which has pci_upstream_bridge().
# PORT: the reset under locks has the name that the series gives it; whether there is one is probed.
"""

from __future__ import annotations

from ..base.pci import __pci_dev_reset, pci_dev_reset
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import (
    pci_dev_lock,
    pci_dev_restore,
    pci_dev_save_and_disable,
    pci_dev_unlock,
)
from .v312_enable_bridges_on_demand import pci_upstream_bridge

ADDS = ()
MODIFIES = ("pci_reset_function",)
REQUIRES = ("save-under-device-lock", "enable-bridges-on-demand")


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after, all with it and the bridge above locked.

    C: drivers/pci/pci.c, exported, v6.10
    :return: 0; -ENOTTY if it offers no method; -EINVAL if it would need to be in D0; or the slot driver's error"""
    rc = pci_dev_reset(dev, 1)  # PORT: pci_reset_supported()
    if rc:
        return rc

    # on a root bus there is no bridge that could change meanwhile
    bridge = pci_upstream_bridge(dev)
    if bridge:
        pci_dev_lock(bridge)

    pci_dev_lock(dev)
    pci_dev_save_and_disable(dev)

    rc = __pci_dev_reset(dev, 0)  # PORT: __pci_reset_function_locked()

    pci_dev_restore(dev)
    pci_dev_unlock(dev)

    if bridge:
        pci_dev_unlock(bridge)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)
