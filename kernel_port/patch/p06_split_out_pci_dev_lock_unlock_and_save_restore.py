# SPDX-License-Identifier: GPL-2.0-only
"""pci: Split out pci_dev lock/unlock and save/restore

Why: resets of a slot and of a bus must do to many functions what the function reset does to one.
What: in drivers/pci/pci.c, pci_dev_lock() and pci_dev_unlock() are cut out of pci_dev_reset(),
pci_dev_save_and_disable() and pci_dev_restore() out of pci_reset_function(). What happens on the bus does not change.
Look at: the order stays: config access lock first and device lock second, released the other way round. Save and
restore still happen outside both. Restore still follows a reset that failed, and its result is still the reset's.
"""

from __future__ import annotations

from ..base.access import pci_cfg_access_lock, pci_cfg_access_unlock, pci_write_config_word
from ..base.pci import pci_restore_state, pci_save_state
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..pci_regs import *
from .p05_add_reset_slot_option_to_pci_dev_reset import __pci_dev_reset

ADDS = ("pci_dev_lock", "pci_dev_unlock", "pci_dev_save_and_disable", "pci_dev_restore")
MODIFIES = ("pci_dev_reset", "pci_reset_function")


def pci_dev_lock(dev: pci_dev) -> None:
    """Lock *dev* against user space, drivers that bind or leave, and suspend.

    C: drivers/pci/pci.c, static, patch 6"""
    pci_cfg_access_lock(dev)
    # No driver binds or leaves, and the system does not suspend.
    device_lock(dev.dev)


def pci_dev_unlock(dev: pci_dev) -> None:
    """Unlock *dev*.

    C: drivers/pci/pci.c, static, patch 6"""
    device_unlock(dev.dev)
    pci_cfg_access_unlock(dev)


def pci_dev_save_and_disable(dev: pci_dev) -> None:
    """Save the config space of *dev* and disable the device.

    C: drivers/pci/pci.c, static, patch 6"""
    pci_save_state(dev)
    # Only the bit that disables INTx is set: no decoding, and no bus mastering, hence no DMA and no MSI.
    pci_write_config_word(dev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)


def pci_dev_restore(dev: pci_dev) -> None:
    """Restore the config space of *dev*.

    C: drivers/pci/pci.c, static, patch 6"""
    pci_restore_state(dev)


def pci_dev_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* with it locked.

    C: drivers/pci/pci.c, static, patch 6
    :param probe: not 0: only say whether it would work, without locks
    :return: as __pci_dev_reset()"""
    if not probe:
        pci_dev_lock(dev)

    rc = __pci_dev_reset(dev, probe)

    if not probe:
        pci_dev_unlock(dev)

    return rc


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after.

    C: drivers/pci/pci.c, exported, patch 6
    :return: 0; -ENOTTY if it offers no method; -EINVAL if it would need to be in D0; or the slot driver's error"""
    rc = pci_dev_reset(dev, 1)
    if rc:
        return rc

    pci_dev_save_and_disable(dev)

    rc = pci_dev_reset(dev, 0)

    pci_dev_restore(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)
