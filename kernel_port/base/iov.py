# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/iov.c: SR-IOV of a physical function: how it is found, enabled by a driver and restored after a reset.

# PORT: virtual functions are not added: their vendor ID reads as all ones, and no driver here uses any.
# PORT: no migration of virtual functions (SR-IOV 1.0, 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, EIO, ENODEV
from typing import TYPE_CHECKING

from ..kernel.bug import might_sleep
from ..kernel.delay import msleep, ssleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..pci_regs import *
from .access import (
    pci_cfg_access_lock,
    pci_cfg_access_unlock,
    pci_read_config_byte,
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_dword,
    pci_write_config_word,
)
from .setup_res import pci_update_resource

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_find_ext_capability
    from .probe import __pci_read_base

# From include/uapi/linux/pci_regs.h.
PCI_SRIOV_CAP_VFM = 0x01
PCI_SRIOV_BAR = 0x24
PCI_SRIOV_NUM_BARS = 6

# PORT: after all others, and only with SR-IOV; in C every device has them, before the windows of a bridge.
PCI_IOV_RESOURCES = DEVICE_COUNT_RESOURCE
PCI_IOV_RESOURCE_END = PCI_IOV_RESOURCES + PCI_SRIOV_NUM_BARS - 1

PAGE_SIZE = 4096


@dataclass(eq=False, slots=True)
class pci_sriov:
    """struct pci_sriov: SR-IOV of a physical function. pgsz is a single bit: 1 means 4 KiB.

    C: drivers/pci/pci.h, struct, base"""

    pos: int
    nres: int
    ctrl: int
    total_VFs: int
    offset: int
    stride: int
    pgsz: int
    cap: int = 0
    link: int = 0
    initial_VFs: int = 0
    num_VFs: int = 0


def sriov_enable(dev: pci_dev, nr_virtfn: int) -> int:
    """Enable *nr_virtfn* virtual functions.

    C: drivers/pci/iov.c, static, base
    :return: 0; -EINVAL if some are enabled, or *dev* has fewer; -EIO if its registers are inconsistent"""
    iov = dev.sriov

    if not nr_virtfn:
        return 0

    if iov.num_VFs:
        return -EINVAL

    initial = pci_read_config_word(dev, iov.pos + PCI_SRIOV_INITIAL_VF)
    if initial > iov.total_VFs or (not (iov.cap & PCI_SRIOV_CAP_VFM) and (initial != iov.total_VFs)):
        return -EIO

    if nr_virtfn < 0 or nr_virtfn > iov.total_VFs or (not (iov.cap & PCI_SRIOV_CAP_VFM) and (nr_virtfn > initial)):
        return -EINVAL

    pci_write_config_word(dev, iov.pos + PCI_SRIOV_NUM_VF, nr_virtfn)
    offset = pci_read_config_word(dev, iov.pos + PCI_SRIOV_VF_OFFSET)
    stride = pci_read_config_word(dev, iov.pos + PCI_SRIOV_VF_STRIDE)
    if not offset or (nr_virtfn > 1 and not stride):
        return -EIO

    # PORT: no check for too few addresses or bus numbers: none are assigned. So `nres`, `bars`, PCI_SRIOV_NUM_BARS,
    # virtfn_bus() and pci_enable_resources() are left out

    iov.offset = offset
    iov.stride = stride

    # PORT: no check of the function that this one depends on, `iov->link`

    iov.ctrl |= PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE
    pci_cfg_access_lock(dev)
    pci_write_config_word(dev, iov.pos + PCI_SRIOV_CTRL, iov.ctrl)
    msleep(100)
    pci_cfg_access_unlock(dev)

    # PORT: no virtual function is added: no loop to `initial` with virtfn_add(), which is all that could fail, no
    # sriov_enable_migration() for PCI_SRIOV_CAP_VFM, and no kobject_uevent()
    iov.initial_VFs = initial
    iov.num_VFs = nr_virtfn

    return 0


def sriov_init(dev: pci_dev, pos: int) -> int:
    """Read the SR-IOV capability at *pos*, and disable virtual functions that are enabled.

    C: drivers/pci/iov.c, static, base
    :return: 0; -ENODEV if *dev* is not an endpoint; -EIO if its registers make no sense"""
    if pci_pcie_type(dev) != PCI_EXP_TYPE_RC_END and pci_pcie_type(dev) != PCI_EXP_TYPE_ENDPOINT:
        return -ENODEV

    ctrl = pci_read_config_word(dev, pos + PCI_SRIOV_CTRL)
    if ctrl & PCI_SRIOV_CTRL_VFE:
        pci_write_config_word(dev, pos + PCI_SRIOV_CTRL, 0)
        ssleep(1)

    total = pci_read_config_word(dev, pos + PCI_SRIOV_TOTAL_VF)
    if not total:
        return 0

    ctrl = 0
    # PORT: iov->dev, whose lock all functions of a device share, is left out: `pdev` is only looked for; and so are
    # `iov->self`, `iov->lock`
    for pdev in dev.bus.devices:
        if pdev.is_physfn:
            break
    else:
        if pci_ari_enabled(dev.bus):
            ctrl |= PCI_SRIOV_CTRL_ARI

    pci_write_config_word(dev, pos + PCI_SRIOV_CTRL, ctrl)
    offset = pci_read_config_word(dev, pos + PCI_SRIOV_VF_OFFSET)
    stride = pci_read_config_word(dev, pos + PCI_SRIOV_VF_STRIDE)
    if not offset or (total > 1 and not stride):
        return -EIO

    pgsz = pci_read_config_dword(dev, pos + PCI_SRIOV_SUP_PGSIZE)
    if not pgsz:
        return -EIO

    # PORT: `PAGE_SHIFT > 12` is false: pages have 4 KiB, and `pgsz` has no smaller one
    pgsz &= ~(pgsz - 1)
    pci_write_config_dword(dev, pos + PCI_SRIOV_SYS_PGSIZE, pgsz)

    # PORT: a device without SR-IOV has no resources for it; so `failed` deletes them, where the C clears `res->flags`
    dev.resource += [resource() for _ in range(PCI_SRIOV_NUM_BARS)]
    nres = 0
    i = 0
    while i < PCI_SRIOV_NUM_BARS:
        res = dev.resource[PCI_IOV_RESOURCES + i]
        i += __pci_read_base(dev, pci_bar_unknown, res, pos + PCI_SRIOV_BAR + i * 4)
        i += 1
        if not res.flags:
            continue
        size = res.end - res.start + 1  # PORT: resource_size(), an inline function
        if size & (PAGE_SIZE - 1):
            del dev.resource[PCI_IOV_RESOURCES:]  # PORT: what `failed` does
            return -EIO
        res.end = res.start + size * total - 1
        nres += 1

    iov = pci_sriov(pos, nres, ctrl, total, offset, stride, pgsz)
    iov.cap = pci_read_config_dword(dev, pos + PCI_SRIOV_CAP)
    iov.link = pci_read_config_byte(dev, pos + PCI_SRIOV_FUNC_LINK)
    if pci_pcie_type(dev) == PCI_EXP_TYPE_RC_END:
        iov.link = PCI_DEVFN(PCI_SLOT(dev.devfn), iov.link)

    dev.sriov = iov
    dev.is_physfn = 1

    return 0


def sriov_restore_state(dev: pci_dev) -> None:
    """Write the SR-IOV registers of *dev* again, if a reset has disabled its virtual functions.

    C: drivers/pci/iov.c, static, base"""
    iov = dev.sriov

    ctrl = pci_read_config_word(dev, iov.pos + PCI_SRIOV_CTRL)
    if ctrl & PCI_SRIOV_CTRL_VFE:
        return

    for i in range(PCI_IOV_RESOURCES, PCI_IOV_RESOURCE_END + 1):
        pci_update_resource(dev, i)

    pci_write_config_dword(dev, iov.pos + PCI_SRIOV_SYS_PGSIZE, iov.pgsz)
    pci_write_config_word(dev, iov.pos + PCI_SRIOV_NUM_VF, iov.num_VFs)
    pci_write_config_word(dev, iov.pos + PCI_SRIOV_CTRL, iov.ctrl)
    if iov.ctrl & PCI_SRIOV_CTRL_VFE:
        msleep(100)


def pci_iov_init(dev: pci_dev) -> int:
    """Find SR-IOV of *dev*.

    C: drivers/pci/iov.c, global, base
    :return: -ENODEV without the capability; otherwise as sriov_init()"""
    if not pci_is_pcie(dev):
        return -ENODEV

    pos = pci_find_ext_capability(dev, PCI_EXT_CAP_ID_SRIOV)
    if pos:
        return sriov_init(dev, pos)

    return -ENODEV


def pci_iov_resource_bar(dev: pci_dev, resno: int) -> int:
    """Find the BAR of a resource of virtual functions.

    C: drivers/pci/iov.c, global, base
    PORT: `*type` of the BAR, pci_bar_unknown, is not returned, as in pci_resource_bar()
    :return: its offset, or 0 for any other resource"""
    if resno < PCI_IOV_RESOURCES or resno > PCI_IOV_RESOURCE_END:
        return 0

    iov: pci_sriov = dev.sriov  # PORT: no BUG_ON(): a function with these resources is_physfn
    return iov.pos + PCI_SRIOV_BAR + 4 * (resno - PCI_IOV_RESOURCES)


def pci_restore_iov_state(dev: pci_dev) -> None:
    """Restore SR-IOV of *dev*, if it is a physical function.

    C: drivers/pci/iov.c, global, base"""
    if dev.is_physfn:
        sriov_restore_state(dev)


def pci_enable_sriov(dev: pci_dev, nr_virtfn: int) -> int:
    """Enable virtual functions of *dev* for its driver.

    C: drivers/pci/iov.c, exported, base
    :return: -ENODEV if *dev* is not a physical function; otherwise as sriov_enable()"""
    might_sleep()

    if not dev.is_physfn:
        return -ENODEV

    return sriov_enable(dev, nr_virtfn)


EXPORT_SYMBOL_GPL(pci_enable_sriov)
