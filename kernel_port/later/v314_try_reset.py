# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add pci_try_reset_function(), pci_try_reset_slot(), pci_try_reset_bus()

Why: unbinding a driver holds the device lock and waits, in VFIO's remove, until the user has closed the device. A user
who asks for a reset meanwhile waits for that lock: neither goes on.
What: in drivers/pci/pci.c, each reset has a variant that returns -EAGAIN if it does not get a lock, from
pci_dev_trylock(), pci_bus_trylock() and pci_slot_trylock(), which let go of what they got. In vfio_pci.c the requests
of users and closing call them.
Look at: the attempt comes after saving and disabling, so a device that is not reset is stopped and started all the
same, under whoever holds its lock, and a save in the middle of another reset is still possible. vfio_pci_disable()
loads the state of before the first user, which the reset then saves over (vfio-restore-original-state). A user must be
ready for -EAGAIN.
Upstream: 61cf16d8bd38 in v3.14 (by its author and date in lists of revisions; the code is in 3.14.4 and not in
3.12.10); VFIO's use of it is a commit of its own there, whose id is not verified. The title is ours.
Adapted: from v3.14.4, on top of vfio-hot-reset. # PORT: as there.
"""

from __future__ import annotations

from errno import EAGAIN, EINVAL, ENODEV, ENOSPC, ENOTTY
from typing import Any

from ..base.access import pci_cfg_access_trylock, pci_cfg_access_unlock, pci_write_config_word
from ..base.pci import (
    __pci_dev_reset,
    pci_dev_reset,
    pci_disable_device,
    pci_load_and_free_saved_state,
    pci_restore_state,
    pci_save_state,
)
from ..base.vfio_pci import VFIO_DEVICE_RESET, vfio_pci_device
from ..base.vfio_pci_config import vfio_config_free
from ..kernel.bug import WARN_ON, might_sleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import printk
from ..kernel.structs import *
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from ..patch.p03_add_pci_hp_reset_slot import pci_hp_reset_slot
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import (
    pci_dev_restore,
    pci_dev_save_and_disable,
    pci_dev_unlock,
)
from ..patch.p07_add_slot_and_bus_reset_interfaces import (
    pci_bus_reset,
    pci_bus_restore,
    pci_bus_save_and_disable,
    pci_bus_unlock,
    pci_slot_reset,
    pci_slot_restore,
    pci_slot_save_and_disable,
    pci_slot_unlock,
)
from ..pci_regs import *
from .v312_probe_reset_slot_and_bus import pci_probe_reset_bus, pci_probe_reset_slot
from .v312_vfio_hot_reset import (
    VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
    VFIO_DEVICE_PCI_HOT_RESET,
    vfio_external_user_iommu_id,
    vfio_group_get_external_user,
    vfio_group_put_external_user,
    vfio_pci_count_devs,
    vfio_pci_fill_devs,
    vfio_pci_fill_info,
    vfio_pci_for_each_slot_or_bus,
    vfio_pci_group_entry,
    vfio_pci_group_info,
    vfio_pci_hot_reset,
    vfio_pci_hot_reset_info,
    vfio_pci_validate_devs,
)

ADDS = (
    "pci_dev_trylock", "pci_try_reset_function", "pci_bus_trylock", "pci_slot_trylock",
    "pci_try_reset_slot", "pci_try_reset_bus",
)  # fmt: skip
MODIFIES = ("vfio_pci_disable", "vfio_pci_ioctl")
REQUIRES = ("vfio-hot-reset",)


def pci_dev_trylock(dev: pci_dev) -> int:
    """Lock *dev* if both of its locks are free.

    C: drivers/pci/pci.c, static, v3.14
    :return: 1 if it is locked, 0 if not"""
    if pci_cfg_access_trylock(dev):
        if device_trylock(dev.dev):
            return 1
        pci_cfg_access_unlock(dev)

    return 0


def pci_try_reset_function(dev: pci_dev) -> int:
    """Reset *dev* as pci_reset_function() does, if its locks are free.

    C: drivers/pci/pci.c, exported, v3.14
    :return: as pci_reset_function(); -EAGAIN if a lock is held"""
    rc = pci_dev_reset(dev, 1)
    if rc:
        return rc

    pci_dev_save_and_disable(dev)

    if pci_dev_trylock(dev):
        rc = __pci_dev_reset(dev, 0)
        pci_dev_unlock(dev)
    else:
        rc = -EAGAIN

    pci_dev_restore(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_function)


def pci_bus_trylock(bus: pci_bus) -> int:
    """Lock every device on and below *bus*, from the top down, if all are free.

    C: drivers/pci/pci.c, static, v3.14
    :return: 1 if they are locked, 0 if none is"""
    locked: list[pci_dev] = []  # PORT: list_for_each_entry_continue_reverse() goes back from where the loop stopped
    for dev in bus.devices:
        if not pci_dev_trylock(dev):
            break
        if dev.subordinate:
            if not pci_bus_trylock(dev.subordinate):
                pci_dev_unlock(dev)
                break
        locked.append(dev)
    else:
        return 1

    # PORT: `goto unlock`
    for dev in reversed(locked):
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)
    return 0


def pci_slot_trylock(slot: pci_slot) -> int:
    """Lock every device in and below *slot*, from the top down, if all are free.

    C: drivers/pci/pci.c, static, v3.14
    :return: 1 if they are locked, 0 if none is"""
    locked: list[pci_dev] = []  # PORT: list_for_each_entry_continue_reverse() goes back from where the loop stopped
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        if not pci_dev_trylock(dev):
            break
        if dev.subordinate:
            if not pci_bus_trylock(dev.subordinate):
                pci_dev_unlock(dev)
                break
        locked.append(dev)
    else:
        return 1

    # PORT: `goto unlock`; those of other slots are not in the list
    for dev in reversed(locked):
        if dev.subordinate:
            pci_bus_unlock(dev.subordinate)
        pci_dev_unlock(dev)
    return 0


def pci_try_reset_slot(slot: pci_slot) -> int:
    """Reset *slot* as pci_reset_slot() does, if the locks of all in it are free.

    C: drivers/pci/pci.c, exported, v3.14
    :return: as pci_reset_slot(); -EAGAIN if a lock is held"""
    rc = pci_slot_reset(slot, 1)
    if rc:
        return rc

    pci_slot_save_and_disable(slot)

    if pci_slot_trylock(slot):
        might_sleep()
        rc = pci_hp_reset_slot(slot.hotplug, 0)
        pci_slot_unlock(slot)
    else:
        rc = -EAGAIN

    pci_slot_restore(slot)

    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_slot)


def pci_try_reset_bus(bus: pci_bus) -> int:
    """Reset *bus* as pci_reset_bus() does, if the locks of all on it are free.

    C: drivers/pci/pci.c, exported, v3.14
    :return: as pci_reset_bus(); -EAGAIN if a lock is held"""
    rc = pci_bus_reset(bus, 1)
    if rc:
        return rc

    pci_bus_save_and_disable(bus)

    if pci_bus_trylock(bus):
        might_sleep()
        pci_reset_bridge_secondary_bus(bus.self)
        pci_bus_unlock(bus)
    else:
        rc = -EAGAIN

    pci_bus_restore(bus)

    return rc


EXPORT_SYMBOL_GPL(pci_try_reset_bus)


def vfio_pci_disable(vdev: vfio_pci_device) -> None:
    """Disable the device after its last user: reset it if possible, and restore the state before its first user.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.14"""
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

    # only try to get locks: when this driver is unbound, the driver core holds the device lock and waits for this
    # function
    if vdev.reset_works:
        ret = pci_try_reset_function(pdev)
        if ret:
            printk("warning", f"{pci_name(pdev)}: not reset on closing: {ret}")

    pci_restore_state(pdev)


def vfio_pci_ioctl(device_data: Any, cmd: int, arg: Any) -> int:
    """Handle a request of a user.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.14
    :param cmd: VFIO_DEVICE_RESET, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO or VFIO_DEVICE_PCI_HOT_RESET
    :param arg: 0, struct vfio_pci_hot_reset_info or struct vfio_pci_hot_reset
    :return: as pci_try_reset_function(), pci_try_reset_slot() or pci_try_reset_bus(); -EINVAL if the reset on opening
        failed, or the user does not own everything that would be reset; -ENODEV if neither slot nor bus can be reset;
        -ENOSPC if the user has too little room; -ENOTTY for any other *cmd*"""
    vdev: vfio_pci_device = device_data

    # PORT: none of VFIO_DEVICE_GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS
    if cmd == VFIO_DEVICE_RESET:
        return pci_try_reset_function(vdev.pdev) if vdev.reset_works else -EINVAL

    if cmd == VFIO_DEVICE_GET_PCI_HOT_RESET_INFO:
        info: vfio_pci_hot_reset_info = arg
        slot = False

        info.flags = 0

        # neither the slot nor the bus can be reset
        if not pci_probe_reset_slot(vdev.pdev.slot):
            slot = True
        elif pci_probe_reset_bus(vdev.pdev.bus):
            return -ENODEV

        max_ = [0]
        ret = vfio_pci_for_each_slot_or_bus(vdev.pdev, vfio_pci_count_devs, max_, slot)
        if ret:
            return ret

        WARN_ON(not max_[0], "no device would be reset")

        if info.argsz < max_[0]:
            info.count = max_[0]
            return -ENOSPC

        fill = vfio_pci_fill_info(max_[0], 0, [])
        ret = vfio_pci_for_each_slot_or_bus(vdev.pdev, vfio_pci_fill_devs, fill, slot)

        if not ret:
            info.count = fill.cur
            info.devices = fill.devices
        return ret

    if cmd == VFIO_DEVICE_PCI_HOT_RESET:
        hdr: vfio_pci_hot_reset = arg
        slot = False

        if hdr.flags:
            return -EINVAL

        # neither the slot nor the bus can be reset
        if not pci_probe_reset_slot(vdev.pdev.slot):
            slot = True
        elif pci_probe_reset_bus(vdev.pdev.bus):
            return -ENODEV

        # a device may have a group of its own, so there are at most as many groups
        count = [0]
        ret = vfio_pci_for_each_slot_or_bus(vdev.pdev, vfio_pci_count_devs, count, slot)
        if ret:
            return ret

        # the user shows no group, or more than there can be
        if not hdr.group_fds or len(hdr.group_fds) > count[0]:
            return -EINVAL

        groups = []
        for group_fd in hdr.group_fds:
            group = vfio_group_get_external_user(group_fd)
            groups.append(vfio_pci_group_entry(group, vfio_external_user_iommu_id(group)))

        ret = vfio_pci_for_each_slot_or_bus(
            vdev.pdev, vfio_pci_validate_devs, vfio_pci_group_info(len(groups), groups), slot
        )
        if not ret:
            ret = pci_try_reset_slot(vdev.pdev.slot) if slot else pci_try_reset_bus(vdev.pdev.bus)

        for entry in reversed(groups):
            vfio_group_put_external_user(entry.group)

        return ret

    return -ENOTTY
