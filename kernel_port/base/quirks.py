# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/quirks.c: device-specific reset methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENOTTY

from ..kernel.structs import *
from .access import U16_MAX


@dataclass(eq=False, slots=True)
class struct_pci_dev_reset_methods:
    """struct pci_dev_reset_methods; C has an array of the same name.

    C: drivers/pci/pci.h, struct, base"""

    vendor: int
    device: int
    reset: Callable[[pci_dev, int], int]


# PORT: empty. The C has the virtual functions of the Intel 82599 (8086:10ed) and two integrated graphics of
# Ivy Bridge; their methods are not part of the PCI specifications.
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = ()


def pci_dev_specific_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by its device-specific method. The first row that matches decides.

    C: drivers/pci/quirks.c, global, base
    :param probe: not 0: only say whether it would work
    :return: 0, -ENOTTY if there is none, or the method's error"""
    for i in pci_dev_reset_methods:
        if (i.vendor == dev.vendor or i.vendor == PCI_ANY_ID & U16_MAX) and (
            i.device == dev.device or i.device == PCI_ANY_ID & U16_MAX
        ):
            return i.reset(dev, probe)

    # there is no reset method specific to this device (those of Linux are not ported)
    return -ENOTTY
