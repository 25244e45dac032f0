# SPDX-License-Identifier: GPL-2.0-only
"""arch/x86/pci/common.c: what a PC adds."""

from __future__ import annotations

from ..kernel.structs import *
from .setup_res import pci_enable_resources


def pcibios_enable_device(dev: pci_dev, mask: int) -> int:
    """Let *dev* decode its resources.

    C: arch/x86/pci/common.c, global, base
    :param mask: resources, a bit each
    :return: 0"""
    err = pci_enable_resources(dev, mask)
    if err < 0:
        return err

    # PORT: no pcibios_enable_irq(dev): each device has an interrupt of its own
    return 0
