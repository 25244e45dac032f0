# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/aer/aerdrv_core.c: of error recovery, the reset of what is below a port.

It is the third function that resets a secondary bus, beside pci_parent_bus_reset() and, from patch 1 on,
pci_reset_bridge_secondary_bus(), and has times of its own: 2 ms held, 200 ms to settle. The series leaves it alone;
in v3.12 its callers call patch 1's.
"""

from __future__ import annotations

from ..kernel.delay import msleep
from ..kernel.structs import *
from ..pci_regs import *
from .access import pci_read_config_word, pci_write_config_word


def aer_do_secondary_bus_reset(dev: pci_dev) -> None:
    """Reset everything below *dev*, a port, after an error. Nothing is saved, locked or masked.

    C: drivers/pci/pcie/aer/aerdrv_core.c, global, base"""
    # Reset on
    p2p_ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    p2p_ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, p2p_ctrl)

    # All ports below must have had the time to pass it on.
    msleep(2)

    # Reset off
    p2p_ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, p2p_ctrl)

    # Nothing may be asked for 100 ms after a reset.
    msleep(200)
