# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci-sysfs.c: the file `reset` of a function, which exists if the function can be reset.

# PORT: all other files of a function are left out: only this one resets it.
"""

from __future__ import annotations

import re
from errno import EACCES, EINVAL, ERANGE

from ..kernel.structs import *
from .core import device_create_file, device_remove_file, pci_bus_type
from .pci import pci_probe_reset_function, pci_reset_function

ULONG_MAX = 0xFFFFFFFF_FFFFFFFF

#: Whether the kernel has booted far enough to create files.
sysfs_initialized: int = 0


def kstrtoul(s: str) -> tuple[int, int]:
    """Parse a number: hexadecimal after 0x, octal after 0, else decimal.

    C: include/linux/kernel.h, static inline, base
    :return: 0 and the number; -EINVAL if *s* is not a number; -ERANGE if it is larger than an unsigned long"""
    # PORT: kstrtoull() or _kstrtoul(), whichever __alignof__() asks for, is this expression
    match = re.fullmatch(r"\+?(?:0[xX](?P<x>[0-9a-fA-F]+)|0(?P<o>[0-7]*)|(?P<d>[1-9][0-9]*))\n?", s)
    if not match:
        return -EINVAL, 0
    digits, base = next(
        (match[name], base) for name, base in (("x", 16), ("o", 8), ("d", 10)) if match[name] is not None
    )
    res = int(digits or "0", base)
    return (-ERANGE, 0) if res > ULONG_MAX else (0, res)


def reset_store(pdev: pci_dev, buf: str) -> int:
    """Reset *pdev*, if *buf* is 1.

    C: drivers/pci/pci-sysfs.c, static, base
    :return: len(buf), -EINVAL or -ERANGE for anything but 1, or an error of pci_reset_function()"""
    result, val = kstrtoul(buf)

    if result < 0:
        return result

    if val != 1:
        return -EINVAL

    result = pci_reset_function(pdev)
    if result < 0:
        return result

    return len(buf)  # PORT: `return count`, which the caller has counted


def pci_create_capabilities_sysfs(dev: pci_dev) -> int:
    """Create the file `reset` of *dev*, if it can be reset. This is the only time that this is probed.

    C: drivers/pci/pci-sysfs.c, static, base
    :return: 0"""
    # PORT: no files for VPD (`if (dev->vpd)`) and ASPM; device_create_file() cannot fail
    if not pci_probe_reset_function(dev):
        device_create_file(dev.dev, "reset", NULL, reset_store)
        dev.reset_fn = 1
    return 0


def pci_create_sysfs_dev_files(pdev: pci_dev) -> int:
    """Create the sysfs files of *pdev*.

    C: drivers/pci/pci-sysfs.c, global, base
    :return: 0, or -EACCES while the kernel boots"""
    if not sysfs_initialized:
        return -EACCES

    # PORT: no other files: sysfs_create_bin_file() for `pdev->cfg_size`, pci_create_resource_files(), `rom_size`,
    # PCI_ROM_RESOURCE, pci_create_firmware_label_files(); so nothing is undone (`if (retval)`), and `return 0;` comes
    # from here
    return pci_create_capabilities_sysfs(pdev)


def pci_remove_capabilities_sysfs(dev: pci_dev) -> None:
    """Remove the file `reset` of *dev*, if it has one.

    C: drivers/pci/pci-sysfs.c, static, base"""
    # PORT: no files for VPD (`if (dev->vpd && dev->vpd->attr)`) and ASPM
    if dev.reset_fn:
        device_remove_file(dev.dev, "reset")
        dev.reset_fn = 0


def pci_remove_sysfs_dev_files(pdev: pci_dev) -> None:
    """Remove the sysfs files of *pdev*.

    C: drivers/pci/pci-sysfs.c, global, base"""
    if not sysfs_initialized:
        return

    # PORT: a concurrent second removal goes on here; in C it may use files that the first one has freed
    pci_remove_capabilities_sysfs(pdev)
    # PORT: no other files: sysfs_remove_bin_file() for `pdev->cfg_size`, pci_remove_resource_files(), `rom_size`,
    # PCI_ROM_RESOURCE, pci_remove_firmware_label_files()


def pci_sysfs_init() -> int:
    """Create the sysfs files of all functions, in the order in which they were found.

    C: drivers/pci/pci-sysfs.c, static, late_initcall, base
    :return: 0"""
    global sysfs_initialized

    sysfs_initialized = 1
    for pdev in pci_bus_type:  # PORT: for_each_pci_dev()
        pci_create_sysfs_dev_files(pdev)  # PORT: pci_create_sysfs_dev_files() never fails

    return 0
