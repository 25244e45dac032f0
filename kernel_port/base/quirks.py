# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/quirks.c: ways to reset that only one kind of device has."""

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


# PORT: empty. The C knows the virtual functions of the Intel 82599 (8086:10ed) and two integrated graphics of
# Ivy Bridge; their ways lead through other specifications than PCI's.
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = ()


def pci_dev_specific_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* in a way that its kind alone knows. The first row that fits decides.

    C: drivers/pci/quirks.c, global, base
    :param probe: not 0: only say whether it would work
    :return: 0, -ENOTTY if there is no such way, or an error of that way"""
    for i in pci_dev_reset_methods:
        if (i.vendor == dev.vendor or i.vendor == PCI_ANY_ID & U16_MAX) and (
            i.device == dev.device or i.device == PCI_ANY_ID & U16_MAX
        ):
            return i.reset(dev, probe)

    # the kernel knows no way to reset that is special to this kind of device (those it knows are not ported)
    return -ENOTTY
