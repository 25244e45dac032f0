# SPDX-License-Identifier: GPL-2.0-only
"""vfio/pci: Lock upstream bridge for vfio_pci_core_disable()

Why: closing a device resets it, which may be a reset of its bus, by registers of the bridge above; lock-upstream-bridge
locked the bridge in pci_reset_function() alone. Since v6.11 the kernel says so (warn-unlocked-bus-reset).
What: in vfio_pci_core.c, vfio_pci_core_disable() tries to lock the bridge before the device; if it does not get it,
nothing is reset, and the state is restored all the same.
Look at: the bridge is locked for every method, also where it has no part in the reset, so who closes one function
while another below the same bridge is reset gets no reset of his own, and is not told.
Upstream: 962ae6892d8b in v7.0 (the whole patch in a mail; id and title in a list of revisions; the code is in 7.1.5 and
not in 6.19.0).
Adapted: from v7.1.5, on top of vfio-restore-original-state and enable-bridges-on-demand, which has
pci_upstream_bridge(). # PORT: under v3.12's name, vfio_pci_disable(); no needs_reset, as there.
"""

from __future__ import annotations

from ..base.access import pci_write_config_word
from ..base.pci import (
    __pci_reset_function_locked,
    pci_disable_device,
    pci_load_and_free_saved_state,
    pci_restore_state,
    pci_save_state,
)
from ..base.vfio_pci import vfio_pci_device
from ..base.vfio_pci_config import vfio_config_free
from ..kernel.printk import printk
from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_unlock
from ..pci_regs import *
from .v312_enable_bridges_on_demand import pci_upstream_bridge
from .v314_try_reset import pci_dev_trylock

ADDS = ()
MODIFIES = ("vfio_pci_disable",)
REQUIRES = ("vfio-restore-original-state", "enable-bridges-on-demand")


def vfio_pci_disable(vdev: vfio_pci_device) -> None:
    """Disable the device after its last user: reset it if possible, and restore the state before its first user.

    C: drivers/vfio/pci/vfio_pci_core.c vfio_pci_core_disable(), exported, v7.0"""
    pdev = vdev.pdev

    pci_disable_device(pdev)

    # PORT: no vfio_pci_set_irqs_ioctl(), virq_disabled: no user has interrupts

    vfio_config_free(vdev)

    # PORT: no pci_iounmap(), pci_release_selected_regions() from PCI_STD_RESOURCES on: no user has memory

    # load the stored state to restore it; if that fails, the current state is better than none, as long as the device
    # is reset in between
    if pci_load_and_free_saved_state(pdev, vdev.pci_saved_state):
        printk("info", f"{pci_name(pdev)}: its earlier state is lost")

        if not vdev.reset_works:
            return

        pci_save_state(pdev)

    # as in pci_reset_function(): no INTx and no MSI during the reset
    pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)

    # only try to get the locks, which prevents a deadlock with who unbinds this driver; the resets that try by
    # themselves would save over the state that has been loaded
    if vdev.reset_works:
        bridge = pci_upstream_bridge(pdev)
        # PORT: `goto out_restore_state;` if this fails
        if not bridge or pci_dev_trylock(bridge):
            if pci_dev_trylock(pdev):
                __pci_reset_function_locked(pdev)  # PORT: no `vdev->needs_reset`
                pci_dev_unlock(pdev)
            if bridge:
                pci_dev_unlock(bridge)

    pci_restore_state(pdev)
