# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/ats.c: Address Translation Services. An IOMMU driver enables them; a restore enables them again.

# PORT: no PRI, no PASID, and no ATS of virtual functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, ENODEV
from typing import TYPE_CHECKING

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .access import pci_read_config_word, pci_write_config_word

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_find_ext_capability

# Fields of the ATS registers; in include/uapi/linux/pci_regs.h these names are macros.
PCI_ATS_CAP_QDEP = 0x1F
PCI_ATS_MAX_QDEP = 32
PCI_ATS_CTRL_STU = 0x1F
PCI_ATS_MIN_STU = 12


@dataclass(eq=False, slots=True)
class pci_ats:
    """struct pci_ats: ATS of a device. stu is the page size, log2 of bytes; qdep is how many requests it queues.

    C: include/linux/pci-ats.h, struct, base"""

    pos: int
    stu: int
    qdep: int
    is_enabled: int = 0


def pci_ats_enabled(dev: pci_dev) -> bool:
    """Return whether ATS of *dev* is enabled.

    C: include/linux/pci-ats.h, static inline, base"""
    return bool(dev.ats and dev.ats.is_enabled)


def ats_alloc_one(dev: pci_dev, ps: int) -> int:
    """Find the ATS capability of *dev* and read what it supports.

    C: drivers/pci/ats.c, static, base
    :param ps: the page size, log2 of bytes
    :return: 0, or -ENODEV if it has none"""
    pos = pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ATS)
    if not pos:
        return -ENODEV

    cap = pci_read_config_word(dev, pos + PCI_ATS_CAP)
    dev.ats = pci_ats(pos, ps, cap & PCI_ATS_CAP_QDEP or PCI_ATS_MAX_QDEP)

    return 0


def pci_enable_ats(dev: pci_dev, ps: int) -> int:
    """Enable ATS of *dev*: it may request translations.

    C: drivers/pci/ats.c, exported, base
    :param ps: the page size of the IOMMU, log2 of bytes
    :return: 0; -EINVAL if *ps* is less than 12; -ENODEV if *dev* has no ATS"""
    if dev.ats and dev.ats.is_enabled:
        raise system.sched.oops(f"BUG_ON(): ATS of {pci_name(dev)} is enabled already")

    if ps < PCI_ATS_MIN_STU:
        return -EINVAL

    # PORT: virtual functions are not here: no `dev->is_physfn` and no `dev->is_virtfn`, and `ref_cnt` of the physical
    # function's ATS, which serves all, is not needed
    rc = ats_alloc_one(dev, ps)
    if rc:
        return rc

    ctrl = PCI_ATS_CTRL_ENABLE
    ctrl |= (ps - PCI_ATS_MIN_STU) & PCI_ATS_CTRL_STU
    pci_write_config_word(dev, dev.ats.pos + PCI_ATS_CTRL, ctrl)

    dev.ats.is_enabled = 1

    return 0


EXPORT_SYMBOL_GPL(pci_enable_ats)


def pci_restore_ats_state(dev: pci_dev) -> None:
    """Enable ATS of *dev* again, if it was enabled. Nothing was saved for it: dev.ats has the page size.

    C: drivers/pci/ats.c, exported, base"""
    if not pci_ats_enabled(dev):
        return
    # a device that did not come back from its reset has no capabilities either
    if not pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ATS):
        raise system.sched.oops(f"BUG(): {pci_name(dev)} has lost its ATS capability")

    ctrl = PCI_ATS_CTRL_ENABLE
    # PORT: no test of `dev->is_virtfn`: no virtual functions here
    ctrl |= (dev.ats.stu - PCI_ATS_MIN_STU) & PCI_ATS_CTRL_STU

    pci_write_config_word(dev, dev.ats.pos + PCI_ATS_CTRL, ctrl)


EXPORT_SYMBOL_GPL(pci_restore_ats_state)
