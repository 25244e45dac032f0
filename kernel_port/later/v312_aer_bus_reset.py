# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Use pci_reset_bridge_secondary_bus() for the reset of a link after an error

Why: error recovery reset the bus below a port with a function of its own, the same but for the delays.
What: in drivers/pci/pcie/aer/aerdrv_core.c and aerdrv.c, the callers of aer_do_secondary_bus_reset() call
pci_reset_bridge_secondary_bus(), and the function goes.
Look at: recovery takes a second now, where it took 200 ms. Presence detection of a hot-plug slot is as little masked as
before.
Upstream: v3.12, the id is not verified (read in v3.12.10).
Adapted: from v3.12.10. # PORT: the callers are not ported and a module takes nothing away, so
aer_do_secondary_bus_reset() stays, and calls what replaces it.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus

ADDS = ()
MODIFIES = ("aer_do_secondary_bus_reset",)
REQUIRES = ()


def aer_do_secondary_bus_reset(dev: pci_dev) -> None:
    """Reset everything below the port *dev* after an error. Nothing is saved, locked or masked.

    C: drivers/pci/pcie/aer/aerdrv_core.c default_reset_link(), static, v3.12; PORT: under the name of what it called"""
    pci_reset_bridge_secondary_bus(dev)
