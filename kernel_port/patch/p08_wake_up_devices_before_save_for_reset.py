# SPDX-License-Identifier: GPL-2.0-only
"""pci: Wake-up devices before save for reset

Why: a reset leaves a device in D0, and a save made in a low power state is not worth restoring: below a sleeping bridge
it holds all ones.
What: in drivers/pci/pci.c, pci_dev_save_and_disable() sets the device to D0 first.
Look at: parents are woken before children are saved, because of patch 7's order. It ignores whether that worked. The
device stays in D0. One that resets softly on waking, D3hot to D0, has its reset values saved and so restored. A
function whose only method is the power management reset succeeds now even if the kernel does not take it to be in D0:
asleep, or in an unknown state, as every function that no driver has enabled, or that lost its driver, as for VFIO.
Before, it was probed with success, saved and disabled, and then refused with -EINVAL.
"""

from __future__ import annotations

from ..base.access import pci_write_config_word
from ..base.pci import pci_save_state, pci_set_power_state
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pci_dev_save_and_disable",)


def pci_dev_save_and_disable(dev: pci_dev) -> None:
    """Save the config space of *dev* and disable the device.

    The device is woken first: a save in a low power state is not worth restoring.

    C: drivers/pci/pci.c, static, patch 8"""
    # After the reset it is in D0 anyway, and no restore changes that.
    pci_set_power_state(dev, PCI_D0)

    pci_save_state(dev)
    # Only the bit that disables INTx is set: no decoding, and no bus mastering, hence no DMA and no MSI.
    pci_write_config_word(dev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)
