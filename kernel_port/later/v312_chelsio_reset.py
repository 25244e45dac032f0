# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add a reset method for Chelsio T4 adapters

Why: a T4 hangs if bus mastering goes off while it has requests in flight, and if it cannot deliver an MSI-X message; a
plain reset of the function does both first.
What: in drivers/pci/quirks.c, reset_chelsio_generic_dev() turns both on again for the Function Level Reset; the table
of device-specific resets gets a row for all Chelsio devices.
Look at: it saves and restores the device within the reset, so pci_reset_function() finds nothing saved afterwards and
restores nothing. MSI-X is turned on with all vectors masked. Other Chelsio devices get -ENOTTY from the row and go on.
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10; nothing differs.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.access import U16_MAX, pci_read_config_word, pci_write_config_word, pcie_capability_set_word
from ..base.pci import pci_restore_state, pci_save_state
from ..base.quirks import (
    PCI_DEVICE_ID_INTEL_82599_SFP_VF,
    PCI_DEVICE_ID_INTEL_IVB_M2_VGA,
    PCI_DEVICE_ID_INTEL_IVB_M_VGA,
    reset_intel_82599_sfp_virtfn,
    reset_intel_generic_dev,
    reset_ivb_igd,
    struct_pci_dev_reset_methods,
)
from ..kernel.delay import msleep
from ..kernel.printk import dev_err
from ..kernel.structs import *
from ..pci_regs import *
from .v312_pci_wait_for_pending_transaction import pci_wait_for_pending_transaction

ADDS = ("reset_chelsio_generic_dev",)
MODIFIES = ("pci_dev_reset_methods",)
REQUIRES = ("pci-wait-for-pending-transaction",)


PCI_VENDOR_ID_CHELSIO = 0x1425


def reset_chelsio_generic_dev(dev: pci_dev, probe: int) -> int:
    """Reset a Chelsio T4 by a Function Level Reset, with bus mastering and MSI-X on.

    C: drivers/pci/quirks.c, static, v3.12
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if it is another Chelsio device"""
    # the method is for Chelsio's T4 only
    if (dev.device & 0xF000) != 0x4000:
        return -ENOTTY

    if probe:
        return 0

    # pci_reset_function() turned it off, and the chip may hang with requests in flight
    old_command = pci_read_config_word(dev, PCI_COMMAND)
    pci_write_config_word(dev, PCI_COMMAND, old_command | PCI_COMMAND_MASTER)

    pci_save_state(dev)

    # a message that cannot be sent blocks those behind it: MSI-X is on during the reset, and restored after it
    msix_flags = pci_read_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS)
    if (msix_flags & PCI_MSIX_FLAGS_ENABLE) == 0:
        pci_write_config_word(
            dev, dev.msix_cap + PCI_MSIX_FLAGS, msix_flags | PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL
        )

    # as in pcie_flr(), which does not ask this device
    if not pci_wait_for_pending_transaction(dev):
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)
    msleep(100)

    pci_restore_state(dev)
    pci_write_config_word(dev, PCI_COMMAND, old_command)
    return 0


# PORT: no last row of zeros
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = (
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_82599_SFP_VF, reset_intel_82599_sfp_virtfn),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M2_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_ANY_ID & U16_MAX, reset_intel_generic_dev),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_CHELSIO, PCI_ANY_ID & U16_MAX, reset_chelsio_generic_dev),
)
