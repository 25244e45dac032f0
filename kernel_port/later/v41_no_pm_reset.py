# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add flag for devices that don't reset on D3hot->D0 transition

Why: a graphics card may say that waking from D3hot resets it, and keep everything all the same. The kernel believes it,
and looks no further, so that no reset happens and none is missed.
What: in drivers/pci/pci.c, pci_pm_reset() refuses devices with PCI_DEV_FLAGS_NO_PM_RESET; in quirks.c, all graphics
cards of ATI and AMD have it, unless they are on a root bus, where nothing else could reset them.
Look at: the claim itself stays as the device makes it, so waking such a device still restores its BARs. Other vendors'
cards (vga) claim the same and are believed. Code that asks for a reset may get -ENOTTY where it got 0.
Upstream: v4.0 or v4.1, neither id nor title is verified (the code is in 4.1.15 and not in 3.19.8). The title is ours.
Adapted: from v4.1.15, on top of no-bus-reset, whose rows it goes on with; nothing differs.
"""

from __future__ import annotations

from errno import EINVAL, ENOTTY

from ..base.access import pci_read_config_word, pci_write_config_word
from ..base.pci import pci_dev_d3_sleep
from ..base.quirks import pci_fixup, pci_fixup_early, pci_fixup_final, pci_fixup_header, quirk_mmio_always_on
from ..kernel.structs import *
from ..pci_regs import *
from .v312_usb_handoff_enables_bridges import quirk_usb_early_handoff
from .v319_no_bus_reset import PCI_VENDOR_ID_ATHEROS, quirk_no_bus_reset

ADDS = ("quirk_no_pm_reset",)
MODIFIES = ("pci_fixups", "pci_pm_reset")
REQUIRES = ("no-bus-reset",)

#: include/linux/pci.h: waking from D3hot does not reset the device
PCI_DEV_FLAGS_NO_PM_RESET = 1 << 7
#: include/linux/pci_ids.h
PCI_VENDOR_ID_ATI = 0x1002
PCI_CLASS_DISPLAY_VGA = 0x0300


def quirk_no_pm_reset(dev: pci_dev) -> None:
    """Forbid power management resets of *dev*, which keeps its state in them, if anything else may reset it.

    C: drivers/pci/quirks.c, static, v4.1"""
    # on a root bus there is no bus reset, so this reset, however weak, is better than none
    if not pci_is_root_bus(dev.bus):
        dev.dev_flags |= PCI_DEV_FLAGS_NO_PM_RESET


def pci_fixups(pass_: int) -> tuple[pci_fixup, ...]:
    """Return the fixups of one pass, in the order of their declarations.

    C: include/linux/pci.h, macros DECLARE_PCI_FIXUP_*(), v4.1; in C each pass is a linker section
    :param pass_: enum pci_fixup_pass"""
    # PORT: only four of about two hundred; the others are for particular chips
    if pass_ == pci_fixup_early:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_BRIDGE_HOST, 8, quirk_mmio_always_on),)
    if pass_ == pci_fixup_header:
        return (
            pci_fixup(PCI_VENDOR_ID_ATHEROS, 0x0030, PCI_ANY_ID, 0, quirk_no_bus_reset),
            pci_fixup(PCI_VENDOR_ID_ATI, PCI_ANY_ID, PCI_CLASS_DISPLAY_VGA, 8, quirk_no_pm_reset),
        )
    if pass_ == pci_fixup_final:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_SERIAL_USB, 8, quirk_usb_early_handoff),)
    return ()


def pci_pm_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by sending it to D3hot and back to D0. Sleeps twice the D3 delay, 2 x 10 ms.

    C: drivers/pci/pci.c, static, v4.1
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if this does not reset the device; -EINVAL if it is not in D0, which ends the search"""
    # the device has no Power Management capability, or only claims that this resets it
    if not dev.pm_cap or dev.dev_flags & PCI_DEV_FLAGS_NO_PM_RESET:
        return -ENOTTY

    csr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    # the device keeps its state from D3hot to D0 (No_Soft_Reset), so this would not reset it
    if csr & PCI_PM_CTRL_NO_SOFT_RESET:
        return -ENOTTY

    if probe:
        return 0

    # to the kernel the device is not in D0: it is in a low power state, or no driver has enabled it yet
    if dev.current_state != PCI_D0:
        return -EINVAL

    csr &= ~PCI_PM_CTRL_STATE_MASK
    csr |= PCI_D3hot
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, csr)
    pci_dev_d3_sleep(dev)

    csr &= ~PCI_PM_CTRL_STATE_MASK
    csr |= PCI_D0
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, csr)
    pci_dev_d3_sleep(dev)

    return 0
