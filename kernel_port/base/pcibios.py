# SPDX-License-Identifier: GPL-2.0-only
"""arch/x86/pci/common.c: the x86 part of enabling a device."""

from __future__ import annotations

from ..kernel.structs import *
from .setup_res import pci_enable_resources


def pcibios_enable_device(dev: pci_dev, mask: int) -> int:
    """Enable decoding of the resources of *dev*.

    C: arch/x86/pci/common.c, global, base
    :param mask: one bit per resource
    :return: 0"""
    err = pci_enable_resources(dev, mask)  # PORT: in C within the test below
    if err < 0:
        return err

    # PORT: pcibios_enable_irq() if not pci_dev_msi_enabled() is left out: each device has its own interrupt
    return 0
