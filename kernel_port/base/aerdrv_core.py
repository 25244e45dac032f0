# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/aer/aerdrv_core.c: the part of error recovery that resets the devices below a port.

It is a third function that resets a secondary bus, besides pci_parent_bus_reset() and, from patch 1 on,
pci_reset_bridge_secondary_bus(), and has its own delays: 2 ms with the reset on, 200 ms to settle. The series leaves it
alone; in v3.12 its callers call the function of patch 1.
"""

from __future__ import annotations

from ..kernel.delay import msleep
from ..kernel.structs import *
from ..pci_regs import *
from .access import pci_read_config_word, pci_write_config_word


def aer_do_secondary_bus_reset(dev: pci_dev) -> None:
    """Reset everything below the port *dev* after an error. Nothing is saved, locked or masked.

    C: drivers/pci/pcie/aer/aerdrv_core.c, global, base"""
    # assert the reset
    p2p_ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    p2p_ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, p2p_ctrl)

    # give all ports below time to pass it on
    msleep(2)

    # deassert it
    p2p_ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, p2p_ctrl)

    # no requests for 100 ms after a reset
    msleep(200)
