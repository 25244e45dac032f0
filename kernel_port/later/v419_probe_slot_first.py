# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Reset the slot of a device if it can be reset, else its bus

Why: every caller tried the slot first and then the bus, or forgot the slot: then pciehp took the reset for a removal.
What: in drivers/pci/pci.c, pci_reset_bus() takes a function, and resets its slot if that can be reset, else its bus;
both only try to get the locks. VFIO calls it. pci_reset_slot(), pci_try_reset_slot() and pci_try_reset_bus() are for
the PCI core alone.
Look at: callers that waited for locks get -EAGAIN now. The slot is that of the function given: of a conventional bus
with several slots one is reset, and the caller must know. Between the probe and the reset the slot may go. VFIO still
looks for itself which functions are reset along, by a probe of its own.
Upstream: v4.19, the id is not verified (the code is in 4.19.1 and not in 4.16.13); c6a44ba950d1 beside it renames. The
title is ours.
Adapted: from v4.19.1, on top of try-reset. # PORT: what is reset has the names that v3.14 gave it and that v7.1 gives
it again: pci_try_reset_slot() and pci_try_reset_bus(), in v4.19 __pci_reset_slot() and __pci_reset_bus(). A module
takes nothing away: pci_reset_slot() stays, and still waits for locks.
"""

from __future__ import annotations

from errno import EINVAL, ENODEV, ENOSPC, ENOTTY
from typing import Any

from ..base.vfio_pci import VFIO_DEVICE_RESET, vfio_pci_device
from ..kernel.bug import WARN_ON
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
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
from .v314_try_reset import pci_try_reset_bus, pci_try_reset_function, pci_try_reset_slot

ADDS = ()
MODIFIES = ("pci_reset_bus", "vfio_pci_ioctl")
REQUIRES = ("try-reset",)


def pci_reset_bus(pdev: pci_dev) -> int:
    """Reset everything in the slot of *pdev*, or on its bus if the slot cannot be reset, if all locks are free.

    C: drivers/pci/pci.c, exported, v4.19
    :return: 0; -ENOTTY if there is no bridge; -EAGAIN if a lock is held; or the slot driver's error"""
    return pci_try_reset_slot(pdev.slot) if not pci_probe_reset_slot(pdev.slot) else pci_try_reset_bus(pdev.bus)


EXPORT_SYMBOL_GPL(pci_reset_bus)


def vfio_pci_ioctl(device_data: Any, cmd: int, arg: Any) -> int:
    """Handle a request of a user.

    C: drivers/vfio/pci/vfio_pci.c, static, v4.19
    :param cmd: VFIO_DEVICE_RESET, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO or VFIO_DEVICE_PCI_HOT_RESET
    :param arg: 0, struct vfio_pci_hot_reset_info or struct vfio_pci_hot_reset
    :return: as pci_try_reset_function() or pci_reset_bus(); -EINVAL if the reset on opening failed, or the user does
        not own everything that would be reset; -ENODEV if neither slot nor bus can be reset; -ENOSPC if the user has
        too little room; -ENOTTY for any other *cmd*"""
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
            ret = pci_reset_bus(vdev.pdev)

        for entry in reversed(groups):
            vfio_group_put_external_user(entry.group)

        return ret

    return -ENOTTY
