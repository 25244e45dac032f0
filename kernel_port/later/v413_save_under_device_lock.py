# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Protect pci_error_handlers->reset_notify() usage with device_lock()

Why: a driver was told of a reset, and its device saved, before the locks were taken: the driver could leave meanwhile,
and a second reset saved what the first one had made of the device.
What: in drivers/pci/pci.c, pci_reset_function() locks the device for saving, reset and restoring;
pci_reset_function_locked() is new, for those who hold the lock; pci_try_reset_function() saves nothing before it has
the locks. Saving and restoring a bus lock each device for its own part.
Look at: between saving and resetting a bus, and between resetting and restoring it, nothing is locked. A slot is saved
and restored without locks, but for what is on buses below. pci_try_reset_bus() waits for locks now (try-semantics).
pci_try_reset_function() restores after it has unlocked.
Upstream: b014e96d1abb in v4.13 (id and title in a mail; the code is in 4.13.4 and not in 4.9.76).
Adapted: from v4.13.4, on top of try-reset. # PORT: no driver here has reset_notify(), so only the locking is left. The
probe and the reset under locks have the names that the series gives them.
"""

from __future__ import annotations

from errno import EAGAIN

from ..base.pci import __pci_dev_reset, pci_dev_reset
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import (
    pci_dev_lock,
    pci_dev_restore,
    pci_dev_save_and_disable,
    pci_dev_unlock,
)
from .v314_try_reset import pci_dev_trylock

ADDS = ("pci_reset_function_locked",)
MODIFIES = ("pci_reset_function", "pci_try_reset_function", "pci_bus_save_and_disable", "pci_bus_restore")
REQUIRES = ("try-reset",)


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after, all with it locked.

    C: drivers/pci/pci.c, exported, v4.13
    :return: 0; -ENOTTY if it offers no method; -EINVAL if it would need to be in D0; or the slot driver's error"""
    rc = pci_dev_reset(dev, 1)  # PORT: pci_probe_reset_function(), which v4.12 has taken apart
    if rc:
        return rc

    pci_dev_lock(dev)
    pci_dev_save_and_disable(dev)

    rc = __pci_dev_reset(dev, 0)  # PORT: __pci_reset_function_locked()

    pci_dev_restore(dev)
    pci_dev_unlock(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)


def pci_reset_function_locked(dev: pci_dev) -> int:
    """Reset *dev*, which the caller has locked, its config space saved before and restored after.

    C: drivers/pci/pci.c, exported, v4.13
    :return: as pci_reset_function()"""
    rc = pci_dev_reset(dev, 1)  # PORT: pci_probe_reset_function()
    if rc:
        return rc

    pci_dev_save_and_disable(dev)

    rc = __pci_dev_reset(dev, 0)  # PORT: __pci_reset_function_locked()

    pci_dev_restore(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function_locked)


def pci_try_reset_function(dev: pci_dev) -> int:
    """Reset *dev* as pci_reset_function() does, if its locks are free.

    C: drivers/pci/pci.c, exported, v4.13
    :return: as pci_reset_function(); -EAGAIN if a lock is held, and then nothing has been touched"""
    rc = pci_dev_reset(dev, 1)  # PORT: pci_probe_reset_function()
    if rc:
        return rc

    if not pci_dev_trylock(dev):
        return -EAGAIN

    pci_dev_save_and_disable(dev)
    rc = __pci_dev_reset(dev, 0)  # PORT: __pci_reset_function_locked()
    pci_dev_unlock(dev)

    pci_dev_restore(dev)
    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_function)


def pci_bus_save_and_disable(bus: pci_bus) -> None:
    """Save and disable every device on and below *bus*, from the top down, each locked for that.

    C: drivers/pci/pci.c, static, v4.13"""
    for dev in bus.devices:
        pci_dev_lock(dev)
        pci_dev_save_and_disable(dev)
        pci_dev_unlock(dev)
        if dev.subordinate:
            pci_bus_save_and_disable(dev.subordinate)


def pci_bus_restore(bus: pci_bus) -> None:
    """Restore every device on and below *bus*, from the top down, each locked for that.

    C: drivers/pci/pci.c, static, v4.13"""
    for dev in bus.devices:
        pci_dev_lock(dev)
        pci_dev_restore(dev)
        pci_dev_unlock(dev)
        if dev.subordinate:
            pci_bus_restore(dev.subordinate)
