# SPDX-License-Identifier: GPL-2.0-only
"""drivers/vfio/vfio.c: devices that users may open, and the wait for their users when the driver is unbound.

# PORT: each device has its own IOMMU group; no containers, files and permissions: an open device is its struct
# vfio_device.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from errno import ENODEV
from typing import Any

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import mutex, mutex_init, mutex_lock, mutex_unlock
from ..kernel.structs import *
from ..kernel.wait import wait_event, wait_queue_head, wake_up


@dataclass(eq=False, slots=True)
class struct_vfio:
    """struct vfio; C has a variable of the same name.

    C: drivers/vfio/vfio.c, struct, base"""

    release_q: wait_queue_head


vfio: struct_vfio = struct_vfio(wait_queue_head("vfio.release_q"))


@dataclass(eq=False, slots=True)
class vfio_device_ops:
    """struct vfio_device_ops: what the driver of a device does for its user.

    C: include/linux/vfio.h, struct, base"""

    name: str
    open: Callable[[Any], int]
    release: Callable[[Any], None]
    ioctl: Callable[[Any, int, int], int]


@dataclass(eq=False, slots=True)
class vfio_group:
    """struct vfio_group: devices that only one user can own together.

    C: drivers/vfio/vfio.c, struct, base"""

    device_list: list[vfio_device] = field(default_factory=list)
    device_lock: mutex = field(default_factory=mutex)


@dataclass(eq=False, slots=True)
class vfio_device:
    """struct vfio_device: a device as VFIO sees it.

    C: drivers/vfio/vfio.c, struct, base"""

    dev: device
    ops: vfio_device_ops
    group: vfio_group
    device_data: Any
    #: The driver holds one, and so does each user.
    kref: int = 1


def vfio_group_create_device(group: vfio_group, dev: device, ops: vfio_device_ops, device_data: Any) -> vfio_device:
    """Create the vfio_device of *dev* in *group*.

    C: drivers/vfio/vfio.c, static, base"""
    device = vfio_device(dev, ops, group, device_data)

    dev_set_drvdata(dev, device)  # PORT: dev_set_drvdata() cannot fail

    # PORT: no vfio_group_get(group): Python counts references
    mutex_lock(group.device_lock)
    group.device_list.append(device)  # PORT: list_add(): only one device is in a group
    mutex_unlock(group.device_lock)

    return device


def vfio_device_release(device: vfio_device) -> None:
    """Free *device* after its last reference. The caller holds the lock of its group; this releases it.

    C: drivers/vfio/vfio.c, static, base"""
    group = device.group

    group.device_list.remove(device)
    mutex_unlock(group.device_lock)

    dev_set_drvdata(device.dev, NULL)

    # vfio_del_group_dev() may be waiting for this
    wake_up(vfio.release_q)


def vfio_device_put(device: vfio_device) -> None:
    """Drop a reference on *device*.

    C: drivers/vfio/vfio.c, exported, base"""
    group = device.group
    # PORT: kref_put_mutex()
    if device.kref > 1:
        device.kref -= 1
        return
    mutex_lock(group.device_lock)
    device.kref -= 1
    if device.kref:
        mutex_unlock(group.device_lock)
        return
    vfio_device_release(device)


EXPORT_SYMBOL_GPL(vfio_device_put)


def vfio_device_get(device: vfio_device) -> None:
    """Take a reference on *device*.

    C: drivers/vfio/vfio.c, static, base"""
    device.kref += 1


def vfio_group_get_device(group: vfio_group, dev: device) -> vfio_device:
    """Find *dev* in *group*, and take a reference on it.

    C: drivers/vfio/vfio.c, static, base
    :return: struct vfio_device *, or NULL"""
    mutex_lock(group.device_lock)
    for each in group.device_list:
        if each.dev is dev:
            vfio_device_get(each)
            mutex_unlock(group.device_lock)
            return each  # PORT: `return device`: a type has this name here
    mutex_unlock(group.device_lock)
    return NULL  # type: ignore[no-any-return]


def vfio_add_group_dev(dev: device, ops: vfio_device_ops, device_data: Any) -> int:
    """Make *dev* available to users.

    C: drivers/vfio/vfio.c, exported, base
    :param device_data: passed to the functions of *ops*
    :return: 0"""
    # PORT: no other device is in its IOMMU group, so the group is new (iommu_group, vfio_create_group()), and has no
    # `device`; nothing can fail: vfio_group_create_device()
    group = vfio_group()
    mutex_init(group.device_lock, "vfio group", dev.name)

    vfio_group_create_device(group, dev, ops, device_data)

    return 0


EXPORT_SYMBOL_GPL(vfio_add_group_dev)


def vfio_dev_present(group: vfio_group, dev: device) -> bool:
    """Return whether *dev* is in *group*.

    C: drivers/vfio/vfio.c, static, base"""
    device = vfio_group_get_device(group, dev)
    if not device:
        return False

    vfio_device_put(device)
    return True


def vfio_del_group_dev(dev: device) -> Any:
    """Remove *dev* from its group, and wait until the last user has closed it, without a timeout.

    C: drivers/vfio/vfio.c, exported, base
    :return: void *, the device_data of vfio_add_group_dev()"""
    device: vfio_device = dev_get_drvdata(dev)
    group = device.group
    device_data = device.device_data

    # PORT: no iommu_group is counted
    vfio_device_put(device)

    # nothing asks the user to close it
    wait_event(vfio.release_q, lambda: not vfio_dev_present(group, dev))

    return device_data


EXPORT_SYMBOL_GPL(vfio_del_group_dev)


def vfio_group_get_device_fd(group: vfio_group, buf: str) -> int:
    """Open a device for a user.

    C: drivers/vfio/vfio.c, static, base
    :param buf: its name, 0000:01:00.0
    :return: PORT: 0 for a new file descriptor; -ENODEV if it is not in *group*; or an error of its driver"""
    ret = -ENODEV

    # PORT: no containers: container_users, iommu_driver, vfio_group_viable()
    mutex_lock(group.device_lock)
    for each in group.device_list:
        if each.dev.name != buf:  # PORT: dev_name()
            continue

        ret = each.ops.open(each.device_data)
        if ret:
            break

        # PORT: no file, so none that cannot be made: get_unused_fd(), anon_inode_getfile(), put_unused_fd(), f_mode,
        # fd_install(), `IS_ERR(filep)`
        vfio_device_get(each)
        break
    mutex_unlock(group.device_lock)

    return ret


def vfio_device_fops_release(device: vfio_device) -> int:
    """Close *device*, by its user, or by the kernel when the user dies.

    C: drivers/vfio/vfio.c, static, base; PORT: struct file's private_data is taken
    :return: 0"""
    device.ops.release(device.device_data)

    # PORT: no vfio_group_try_dissolve_container()
    vfio_device_put(device)

    return 0


def vfio_device_fops_unl_ioctl(device: vfio_device, cmd: int, arg: int) -> int:
    """Pass a user's request to the driver of *device*.

    C: drivers/vfio/vfio.c, static, base; PORT: struct file's private_data is taken
    :return: the driver's result"""
    # PORT: every driver has it: no `if (unlikely(!device->ops->ioctl))`
    return device.ops.ioctl(device.device_data, cmd, arg)
