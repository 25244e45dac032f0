# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Tune secondary bus reset timing

Why: 100 ms are long for holding the reset, and short for a conventional device, which may need 2^25 clocks (Trhfa)
before it answers: about one second at 33 MHz.
What: in drivers/pci/pci.c, pci_reset_bridge_secondary_bus() holds the reset for 2 ms, twice the minimum of the
specification, and lets everything settle for one second.
Look at: every device pays the whole second, and nothing is asked after it: a device that needs longer is restored too
early all the same. AER has a reset of its own, of 2 ms and 200 ms, until aer-bus-reset. A link that follows the reset
is down for two milliseconds instead of a hundred.
Upstream: v3.12, the id is not verified (read in v3.12.10).
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from ..base.access import pci_read_config_word, pci_write_config_word
from ..kernel.delay import msleep, ssleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pci_reset_bridge_secondary_bus",)
REQUIRES = ()


def pci_reset_bridge_secondary_bus(dev: pci_dev) -> None:
    """Reset the bus below a bridge: 2 ms held, 1 s to settle. Takes no lock, and does not check *dev*.

    C: drivers/pci/pci.c, exported, v3.12
    :param dev: the bridge, ``struct pci_dev *``"""
    ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    # at least 1 ms (PCI 3.0, Trst); doubled to be sure
    msleep(2)

    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)

    # 2^25 clocks of 33 MHz (Trhfa) until a conventional device must answer; PCI Express could do with less
    ssleep(1)


EXPORT_SYMBOL_GPL(pci_reset_bridge_secondary_bus)
