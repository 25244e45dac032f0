# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add pci_probe_reset_slot() and pci_probe_reset_bus()

Why: a caller that can use either, such as VFIO, must know which one would work before it promises anything.
What: in drivers/pci/pci.c, both call what pci_reset_slot() and pci_reset_bus() call first; exported and declared in
include/linux/pci.h.
Look at: the answer holds for the moment: no lock is held, and the slot may lose its driver before the reset.
Upstream: 9a3d2b9beefd5b in v3.12 (seen in lists of revisions by line; the title fits).
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..patch.p07_add_slot_and_bus_reset_interfaces import pci_bus_reset, pci_slot_reset

ADDS = ("pci_probe_reset_slot", "pci_probe_reset_bus")
MODIFIES = ()
REQUIRES = ()


def pci_probe_reset_slot(slot: pci_slot) -> int:
    """Say whether *slot* can be reset; touches no hardware.

    C: drivers/pci/pci.c, exported, v3.12
    :return: 0, -ENOTTY if there is no slot or its driver cannot, or the driver's error"""
    return pci_slot_reset(slot, 1)


EXPORT_SYMBOL_GPL(pci_probe_reset_slot)


def pci_probe_reset_bus(bus: pci_bus) -> int:
    """Say whether *bus* can be reset; touches no hardware.

    C: drivers/pci/pci.c, exported, v3.12
    :return: 0, or -ENOTTY if there is no bridge"""
    return pci_bus_reset(bus, 1)


EXPORT_SYMBOL_GPL(pci_probe_reset_bus)
