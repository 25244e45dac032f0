# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Set NumVFs just before the virtual functions are enabled

Why: NumVFs was written first, and stayed when one of the checks behind it failed.
What: in drivers/pci/iov.c, sriov_enable() writes NumVFs after all checks; pci_enable_sriov() returns -ENOSYS where
there are no virtual functions.
Look at: offset and stride may depend on NumVFs, and are read before it is written now: v3.12 reads those of the old
value.
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10; that NumVFs is cleared when virtual functions are disabled is left out with sriov_disable().
"""

from __future__ import annotations

from errno import EINVAL, EIO, ENOSYS

from ..base.access import (
    pci_cfg_access_lock,
    pci_cfg_access_unlock,
    pci_read_config_word,
    pci_write_config_word,
)
from ..kernel.bug import might_sleep
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("sriov_enable", "pci_enable_sriov")
REQUIRES = ()


def sriov_enable(dev: pci_dev, nr_virtfn: int) -> int:
    """Enable *nr_virtfn* virtual functions.

    C: drivers/pci/iov.c, static, v3.12
    :return: 0; -EINVAL if some are enabled, or *dev* has fewer; -EIO if its registers are inconsistent"""
    iov = dev.sriov

    if not nr_virtfn:
        return 0

    if iov.num_VFs:
        return -EINVAL

    initial = pci_read_config_word(dev, iov.pos + PCI_SRIOV_INITIAL_VF)
    if initial != iov.total_VFs:
        return -EIO

    if nr_virtfn < 0 or nr_virtfn > iov.total_VFs:
        return -EINVAL

    offset = pci_read_config_word(dev, iov.pos + PCI_SRIOV_VF_OFFSET)
    stride = pci_read_config_word(dev, iov.pos + PCI_SRIOV_VF_STRIDE)
    if not offset or (nr_virtfn > 1 and not stride):
        return -EIO

    # PORT: no check for too few addresses or bus numbers: none are assigned

    iov.offset = offset
    iov.stride = stride

    # PORT: no check of the function that this one depends on (iov->link)

    pci_write_config_word(dev, iov.pos + PCI_SRIOV_NUM_VF, nr_virtfn)
    iov.ctrl |= PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE
    pci_cfg_access_lock(dev)
    pci_write_config_word(dev, iov.pos + PCI_SRIOV_CTRL, iov.ctrl)
    msleep(100)
    pci_cfg_access_unlock(dev)

    iov.initial_VFs = initial
    iov.num_VFs = nr_virtfn

    return 0


def pci_enable_sriov(dev: pci_dev, nr_virtfn: int) -> int:
    """Enable virtual functions of *dev* for its driver.

    C: drivers/pci/iov.c, exported, v3.12
    :return: -ENOSYS if *dev* is not a physical function; otherwise as sriov_enable()"""
    might_sleep()

    if not dev.is_physfn:
        return -ENOSYS

    return sriov_enable(dev, nr_virtfn)


EXPORT_SYMBOL_GPL(pci_enable_sriov)
