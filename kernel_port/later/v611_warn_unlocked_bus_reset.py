# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Warn on missing cfg_access_lock during secondary bus reset

Why: who resets a bus is to keep others from the configuration space of the bridge, and several callers did not.
What: in drivers/pci/pci.c, the reset of a bus warns, once, if nobody holds the bridge's lock of configuration accesses.
Look at: if somebody else holds the lock, it is quiet. Slots are reset without it until lock-bridge-of-slot, functions
by pci_try_reset_function(), and by VFIO on closing until lock-bridge-on-closing.
Upstream: 920f6468924f in v6.11 (id and title in a mail and a list of revisions; the code is in 6.12.19 and not in
6.5.0).
Adapted: from v6.12.19, on top of unify-reset-delays. # PORT: under the name of the series. The warning does not say who
called: a trace does.
"""

from __future__ import annotations

from ..base.access import pci_read_config_word, pci_write_config_word
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_warn
from ..kernel.structs import *
from ..pci_regs import *
from .v63_unify_reset_delays import pci_bridge_wait_for_secondary_bus

ADDS = ()
MODIFIES = ("pci_reset_bridge_secondary_bus",)
REQUIRES = ("unify-reset-delays",)

#: Whether it has been said.
unlocked_reset_warned: int = 0


def pci_reset_bridge_secondary_bus(dev: pci_dev) -> None:
    """Reset the bus below a bridge: 2 ms held, then wait for what is on it. Takes no lock, and warns if there is none.

    C: drivers/pci/pci.c pci_bridge_secondary_bus_reset(), exported, v6.11; PORT: pci_reset_secondary_bus(), which it
    calls through pcibios_reset_secondary_bus(), is in here
    :param dev: the bridge, ``struct pci_dev *``"""
    global unlocked_reset_warned

    # PORT: pci_warn_once(), without __builtin_return_address()
    if not dev.block_cfg_access and not unlocked_reset_warned:
        dev_warn(dev.dev, "secondary bus reset without a lock")
        unlocked_reset_warned = 1

    ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    # at least 1 ms (PCI 3.0, Trst); doubled to be sure
    msleep(2)

    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)

    pci_bridge_wait_for_secondary_bus(dev, "bus reset")


EXPORT_SYMBOL_GPL(pci_reset_bridge_secondary_bus)
