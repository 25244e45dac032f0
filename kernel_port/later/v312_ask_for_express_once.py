# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Do not search for the PCI Express capability again

Why: whether a function is PCI Express is known since it was found.
What: in drivers/pci/probe.c, pci_set_bus_speed() asks pci_is_pcie() instead of searching the list of capabilities.
Look at: only the walk through the list of each bridge, once per scan, is gone.
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from ..base.access import (
    pci_read_config_dword,
    pci_read_config_word,
    pcie_capability_read_dword,
    pcie_capability_read_word,
)
from ..base.pci import pci_find_capability
from ..base.probe import agp_speed, pcie_link_speed, pcie_update_link_speed, pcix_bus_speed
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pci_set_bus_speed",)
REQUIRES = ()


def pci_set_bus_speed(bus: pci_bus) -> None:
    """Read the maximum and the current speed of *bus* from the bridge above it.

    C: drivers/pci/probe.c, static, v3.12"""
    bridge = bus.self

    pos = pci_find_capability(bridge, PCI_CAP_ID_AGP)
    if not pos:
        pos = pci_find_capability(bridge, PCI_CAP_ID_AGP3)
    if pos:
        agpstat = pci_read_config_dword(bridge, pos + PCI_AGP_STATUS)
        bus.max_bus_speed = agp_speed(agpstat & 8, agpstat & 7)

        agpcmd = pci_read_config_dword(bridge, pos + PCI_AGP_COMMAND)
        bus.cur_bus_speed = agp_speed(agpstat & 8, agpcmd & 7)

    pos = pci_find_capability(bridge, PCI_CAP_ID_PCIX)
    if pos:
        status = pci_read_config_word(bridge, pos + PCI_X_BRIDGE_SSTATUS)

        if status & PCI_X_SSTATUS_533MHZ:
            max = PCI_SPEED_133MHz_PCIX_533
        elif status & PCI_X_SSTATUS_266MHZ:
            max = PCI_SPEED_133MHz_PCIX_266
        elif status & PCI_X_SSTATUS_133MHZ:
            if (status & PCI_X_SSTATUS_VERS) == PCI_X_SSTATUS_V2:
                max = PCI_SPEED_133MHz_PCIX_ECC
            else:
                max = PCI_SPEED_133MHz_PCIX
        else:
            max = PCI_SPEED_66MHz_PCIX

        bus.max_bus_speed = max
        bus.cur_bus_speed = pcix_bus_speed[(status & PCI_X_SSTATUS_FREQ) >> 6]

        return

    if pci_is_pcie(bridge):
        _, linkcap = pcie_capability_read_dword(bridge, PCI_EXP_LNKCAP)
        bus.max_bus_speed = pcie_link_speed[linkcap & PCI_EXP_LNKCAP_SLS]

        _, linksta = pcie_capability_read_word(bridge, PCI_EXP_LNKSTA)
        pcie_update_link_speed(bus, linksta)
