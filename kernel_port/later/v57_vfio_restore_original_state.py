# SPDX-License-Identifier: GPL-2.0-only
"""VFIO: Restore the original state of a device on closing

Why: closing a device loads the state of before its first user, to restore it after the reset. With try-reset the reset
in between saves the state that the user left, over the one that was loaded: the next user gets what this one had.
What: in vfio_pci.c, vfio_pci_disable() tries to get the locks itself, as it did before v3.14, and calls
__pci_reset_function_locked(), which saves nothing.
Look at: who calls a reset that saves and restores must not have a state of his own loaded. The bridge above is not
locked, though the reset may be one of its bus (lock-bridge-on-closing).
Upstream: v5.3 to v5.7, neither id nor title is verified (the code is in 5.7.14 and not in 5.2.1). The title is ours.
Adapted: from v5.7.14 to the function that try-reset leaves. # PORT: that the device is disabled first is as in v3.14;
there is no needs_reset, for a reset of the bus when all devices on it are closed.
"""

from __future__ import annotations

from ..base.access import pci_cfg_access_trylock, pci_cfg_access_unlock, pci_write_config_word
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
from ..pci_regs import *

ADDS = ()
MODIFIES = ("vfio_pci_disable",)
REQUIRES = ("try-reset",)


def vfio_pci_disable(vdev: vfio_pci_device) -> None:
    """Disable the device after its last user: reset it if possible, and restore the state before its first user.

    C: drivers/vfio/pci/vfio_pci.c, static, v5.7"""
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
    if vdev.reset_works and pci_cfg_access_trylock(pdev):
        if device_trylock(pdev.dev):
            __pci_reset_function_locked(pdev)  # PORT: no `vdev->needs_reset`
            device_unlock(pdev.dev)
        pci_cfg_access_unlock(pdev)

    pci_restore_state(pdev)
