# SPDX-License-Identifier: GPL-2.0-only
"""vfio-pci: PCI hot reset interface

Why: VFIO_DEVICE_RESET resets one function, and many functions cannot be reset alone. A user who owns everything that
a reset of the slot or of the bus takes along could have that: it is what the series was written for.
What: in drivers/vfio/pci/vfio_pci.c, two more requests of a user: VFIO_DEVICE_GET_PCI_HOT_RESET_INFO lists the
functions that are reset together, VFIO_DEVICE_PCI_HOT_RESET resets the slot if it can, else the bus, if every function
is in a group that the user shows.
Look at: a slot's functions are counted over the whole bus, and below, then taken by slot. Between the check and the
reset a device may come or go. Other functions of a bus are checked only where the bus is reset. The functions need not
be bound to VFIO: being in the group of one that is suffices. A reset waits for the device lock, as pci_reset_slot()
does.
Upstream: 8b27ee60bfd6bbb84d2df28fa706c5c5081066ca in v3.12. The groups of external users are of another commit, whose
id is not verified.
Adapted: from v3.12.10. # PORT: each device has an IOMMU group of its own, for whose number its name stands. A struct
stands for the memory it is copied from, a struct vfio_group for its file: a user who has one has its container and its
IOMMU set up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from errno import EAGAIN, EINVAL, ENODEV, ENOSPC, ENOTTY
from typing import Any

from ..base.bus import pci_walk_bus
from ..base.pci import pci_reset_function
from ..base.vfio import vfio_group
from ..base.vfio_pci import VFIO_DEVICE_RESET, vfio_pci_device
from ..kernel.bug import WARN_ON
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..patch.p07_add_slot_and_bus_reset_interfaces import pci_reset_bus, pci_reset_slot
from .v312_probe_reset_slot_and_bus import pci_probe_reset_bus, pci_probe_reset_slot

ADDS = (
    "vfio_group_get_external_user", "vfio_group_put_external_user", "vfio_external_user_iommu_id",
    "vfio_pci_dependent_device", "vfio_pci_hot_reset_info", "vfio_pci_hot_reset",
    "vfio_pci_count_devs", "vfio_pci_fill_info", "vfio_pci_fill_devs", "vfio_pci_group_entry", "vfio_pci_group_info",
    "vfio_pci_validate_devs", "vfio_pci_dev_below_slot", "vfio_pci_walk_info", "vfio_pci_walk_wrapper",
    "vfio_pci_for_each_slot_or_bus",
)  # fmt: skip
MODIFIES = ("vfio_pci_ioctl",)
REQUIRES = ("probe-reset-slot-and-bus",)

#: include/uapi/linux/vfio.h: _IO(VFIO_TYPE, VFIO_BASE + 12) and + 13
VFIO_DEVICE_GET_PCI_HOT_RESET_INFO = ord(";") << 8 | 100 + 12
VFIO_DEVICE_PCI_HOT_RESET = ord(";") << 8 | 100 + 13


def vfio_group_get_external_user(filep: vfio_group) -> vfio_group:
    """Return the group of a file that a user shows, held.

    C: drivers/vfio/vfio.c, exported, v3.12; PORT: the group stands for its file, and is never refused
    :return: struct vfio_group *"""
    return filep


EXPORT_SYMBOL_GPL(vfio_group_get_external_user)


def vfio_group_put_external_user(group: vfio_group) -> None:
    """Let go of a group.

    C: drivers/vfio/vfio.c, exported, v3.12; PORT: Python counts references"""


EXPORT_SYMBOL_GPL(vfio_group_put_external_user)


def vfio_external_user_iommu_id(group: vfio_group) -> str:
    """Return the number of the IOMMU group of *group*.

    C: drivers/vfio/vfio.c, exported, v3.12; PORT: the name of its only device stands for the number"""
    return group.device_list[0].dev.name


EXPORT_SYMBOL_GPL(vfio_external_user_iommu_id)


@dataclass(eq=False, slots=True)
class vfio_pci_dependent_device:
    """struct vfio_pci_dependent_device: a function that is reset along.

    C: include/uapi/linux/vfio.h, struct, v3.12"""

    group_id: str
    segment: int
    bus: int
    devfn: int


@dataclass(eq=False, slots=True)
class vfio_pci_hot_reset_info:
    """struct vfio_pci_hot_reset_info: the functions that are reset together.

    C: include/uapi/linux/vfio.h, struct, v3.12; PORT: for argsz, how many the user has room for"""

    argsz: int
    flags: int = 0
    count: int = 0
    devices: list[vfio_pci_dependent_device] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class vfio_pci_hot_reset:
    """struct vfio_pci_hot_reset: the groups that the user owns.

    C: include/uapi/linux/vfio.h, struct, v3.12; PORT: a list has its size, so no argsz and no count"""

    group_fds: list[vfio_group]
    flags: int = 0


def vfio_pci_count_devs(pdev: pci_dev, data: list[int]) -> int:
    """Count a device.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :param data: ``int *``
    :return: 0"""
    data[0] += 1
    return 0


@dataclass(eq=False, slots=True)
class vfio_pci_fill_info:
    """struct vfio_pci_fill_info: a list that is filled.

    C: drivers/vfio/pci/vfio_pci.c, struct, v3.12"""

    max: int
    cur: int
    devices: list[vfio_pci_dependent_device]


def vfio_pci_fill_devs(pdev: pci_dev, data: vfio_pci_fill_info) -> int:
    """Note a device.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :return: 0, or -EAGAIN if there are more than were counted"""
    fill = data

    if fill.cur == fill.max:
        return -EAGAIN

    # PORT: no iommu_group_get(): each device has an IOMMU group
    fill.devices.append(vfio_pci_dependent_device(pdev.dev.name, pci_domain_nr(pdev.bus), pdev.bus.number, pdev.devfn))
    fill.cur += 1
    return 0


@dataclass(eq=False, slots=True)
class vfio_pci_group_entry:
    """struct vfio_pci_group_entry: a group of the user.

    C: drivers/vfio/pci/vfio_pci.c, struct, v3.12"""

    group: vfio_group
    id: str


@dataclass(eq=False, slots=True)
class vfio_pci_group_info:
    """struct vfio_pci_group_info: all groups of the user.

    C: drivers/vfio/pci/vfio_pci.c, struct, v3.12"""

    count: int
    groups: list[vfio_pci_group_entry]


def vfio_pci_validate_devs(pdev: pci_dev, data: vfio_pci_group_info) -> int:
    """Check that a device is in a group of the user.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :return: 0, or -EINVAL if it is not"""
    info = data

    # PORT: no iommu_group_get(), iommu_group_id(): the name stands for the number of the device's own group
    id_ = pdev.dev.name

    for i in range(info.count):
        if info.groups[i].id == id_:
            return 0

    return -EINVAL


def vfio_pci_dev_below_slot(pdev: pci_dev, slot: pci_slot) -> bool:
    """Return whether *pdev* is in *slot*, or below what is.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12"""
    while pdev:
        if pdev.bus is slot.bus:
            return pdev.slot is slot
        pdev = pdev.bus.self
    return False


@dataclass(eq=False, slots=True)
class vfio_pci_walk_info:
    """struct vfio_pci_walk_info: a walk over a slot or a bus.

    C: drivers/vfio/pci/vfio_pci.c, struct, v3.12"""

    fn: Callable[[pci_dev, Any], int]
    data: Any
    pdev: pci_dev
    slot: bool
    ret: int = 0


def vfio_pci_walk_wrapper(pdev: pci_dev, data: vfio_pci_walk_info) -> int:
    """Call the function of a walk for a device, if the device belongs to it.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :return: what the function returned last"""
    walk = data

    if not walk.slot or vfio_pci_dev_below_slot(pdev, walk.pdev.slot):
        walk.ret = walk.fn(pdev, walk.data)

    return walk.ret


def vfio_pci_for_each_slot_or_bus(pdev: pci_dev, fn: Callable[[pci_dev, Any], int], data: Any, slot: bool) -> int:
    """Call *fn* for every device in the slot of *pdev* or on its bus, and below.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :return: what *fn* returned last: 0, or the first other value"""
    walk = vfio_pci_walk_info(fn, data, pdev, slot)

    pci_walk_bus(pdev.bus, vfio_pci_walk_wrapper, walk)

    return walk.ret


def vfio_pci_ioctl(device_data: Any, cmd: int, arg: Any) -> int:
    """Handle a request of a user.

    C: drivers/vfio/pci/vfio_pci.c, static, v3.12
    :param cmd: VFIO_DEVICE_RESET, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO or VFIO_DEVICE_PCI_HOT_RESET
    :param arg: 0, struct vfio_pci_hot_reset_info or struct vfio_pci_hot_reset
    :return: as pci_reset_function(), pci_reset_slot() or pci_reset_bus(); -EINVAL if the reset on opening failed, or
        the user does not own everything that would be reset; -ENODEV if neither slot nor bus can be reset; -ENOSPC if
        the user has too little room; -ENOTTY for any other *cmd*"""
    vdev: vfio_pci_device = device_data

    # PORT: none of VFIO_DEVICE_GET_INFO, GET_REGION_INFO, GET_IRQ_INFO, SET_IRQS
    if cmd == VFIO_DEVICE_RESET:
        return pci_reset_function(vdev.pdev) if vdev.reset_works else -EINVAL

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
            ret = pci_reset_slot(vdev.pdev.slot) if slot else pci_reset_bus(vdev.pdev.bus)

        for entry in reversed(groups):
            vfio_group_put_external_user(entry.group)

        return ret

    return -ENOTTY
