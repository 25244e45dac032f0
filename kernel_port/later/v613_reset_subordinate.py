# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add 'reset_subordinate' to reset hierarchy below bridge

Why: a user may want everything below a bridge to be reset, as with setpci on Bridge Control, but with the kernel
saving and restoring it.
What: in drivers/pci/pci-sysfs.c, each bridge has a file `reset_subordinate`; who writes a number to it that is not 0
resets the bus below, as pci_try_reset_bus() does.
Look at: it goes straight to the bus, so in a hot-plug slot nobody hides the reset from pciehp, and the accident of the
cover letter is back by a file of sysfs (hotplug-safe-reset-subordinate). A bridge that has no bus below it has the file
as well, and the bus is not tested. Any number will do, not only 1.
Upstream: 2fa046449a82 in v6.13 (in a list of revisions of November 2024; the code is in 6.18.35 and not in 5.8.1;
stable trees got it, 6.1.192 and 6.12.19 among them).
Adapted: from v6.18.35 to 3.11's files, on top of try-reset. # PORT: __pci_reset_bus() has the name that v3.14 gave it.
# PORT: 3.11's pci_is_bridge() looks at the bus, so a bridge without one has no file, as long as it never had one.
"""

from __future__ import annotations

from errno import EACCES, EINVAL

from ..base.core import device_create_file, device_remove_file
from ..base.pci_sysfs import (
    kstrtoul,
    pci_create_capabilities_sysfs,
    pci_remove_capabilities_sysfs,
    sysfs_initialized,
)
from ..kernel.structs import *
from ..kernel.system import system
from .v314_try_reset import pci_try_reset_bus

ADDS = ("reset_subordinate_store",)
MODIFIES = ("pci_create_sysfs_dev_files", "pci_remove_sysfs_dev_files")
REQUIRES = ("try-reset",)


def reset_subordinate_store(pdev: pci_dev, buf: str) -> int:
    """Reset the bus below *pdev*, if *buf* is a number that is not 0.

    C: drivers/pci/pci-sysfs.c, static, v6.13
    :return: len(buf), -EINVAL for anything but a number, or an error of pci_try_reset_bus()"""
    bus = pdev.subordinate

    # PORT: everybody here is root: no capable(CAP_SYS_ADMIN), no `return -EPERM;`
    result, val = kstrtoul(buf)
    if result < 0:
        return -EINVAL

    if val:
        if not bus:
            raise system.sched.oops(f"NULL pointer: {pci_name(pdev)} has no bus below it")  # PORT: not tested in C
        ret = pci_try_reset_bus(bus)

        if ret:
            return ret

    return len(buf)  # PORT: `return count`, which the caller has counted


def pci_create_sysfs_dev_files(pdev: pci_dev) -> int:
    """Create the sysfs files of *pdev*.

    C: drivers/pci/pci-sysfs.c, global, v6.13; PORT: there it has a group of attributes that is visible for bridges
    :return: 0, or -EACCES while the kernel boots"""
    if not sysfs_initialized:
        return -EACCES

    if pci_is_bridge(pdev):
        device_create_file(pdev.dev, "reset_subordinate", NULL, reset_subordinate_store)

    # PORT: no other files, as in base; so nothing is undone (`if (retval)`), and `return 0;` comes from here
    return pci_create_capabilities_sysfs(pdev)


def pci_remove_sysfs_dev_files(pdev: pci_dev) -> None:
    """Remove the sysfs files of *pdev*.

    C: drivers/pci/pci-sysfs.c, global, v6.13; PORT: there it has a group of attributes that is visible for bridges"""
    if not sysfs_initialized:
        return

    # PORT: a concurrent second removal goes on here; in C it may use files that the first one has freed
    pci_remove_capabilities_sysfs(pdev)

    if "reset_subordinate" in pdev.dev.attrs:
        device_remove_file(pdev.dev, "reset_subordinate")
