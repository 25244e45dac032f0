# SPDX-License-Identifier: GPL-2.0-only
"""USB: Taking a controller from the firmware enables the bridges above it

Why: not a commit: what "enable-bridges-on-demand" means for a function that no driver of the port is for. At boot the
kernel takes each USB controller from the firmware, and enables it meanwhile.
What: in drivers/pci/quirks.c, the final fixups run for all devices before any driver binds, as pci_apply_final_quirks()
does; in drivers/usb/host/pci-quirks.c, quirk_usb_early_handoff() is one of them.
Look at: the controller is disabled again, which takes its bus mastering away. The bridges above it stay enabled.
Upstream: in v3.12 as in v3.11; no commit. The title is ours.
Adapted: from v3.12.10. # PORT: base leaves the fixup out, as almost all: there, every bridge is enabled anyway.
"""

from __future__ import annotations

from ..base.bus import pci_bus_add_devices
from ..base.core import pci_bus_type
from ..base.pci import pci_disable_device, pci_enable_device
from ..base.pci_sysfs import pci_sysfs_init
from ..base.pcie_pme import pcie_pme_service_init
from ..base.pciehp_core import pcied_init
from ..base.probe import pci_bus_update_busn_res_end, pci_create_root_bus, pci_scan_child_bus
from ..base.quirks import (
    pci_do_fixups,
    pci_fixup,
    pci_fixup_early,
    pci_fixup_final,
    quirk_mmio_always_on,
)
from ..base.setup_bus import pci_assign_unassigned_resources
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_warn
from ..kernel.structs import *

ADDS = ("quirk_usb_early_handoff", "pci_apply_final_quirks")
MODIFIES = ("pci_fixups", "pci_fixup_device", "pci_scan_root_buses")
REQUIRES = ("enable-bridges-on-demand",)


# include/linux/pci_ids.h
PCI_CLASS_SERIAL_USB_UHCI = 0x0C0300
PCI_CLASS_SERIAL_USB_OHCI = 0x0C0310
PCI_CLASS_SERIAL_USB_EHCI = 0x0C0320
PCI_CLASS_SERIAL_USB_XHCI = 0x0C0330

#: Whether the final fixups of the devices found at boot have run.
pci_apply_fixup_final_quirks: bool = False


def quirk_usb_early_handoff(pdev: pci_dev) -> None:
    """Take a USB controller from the firmware, with the bridges above it enabled; they stay so.

    C: drivers/usb/host/pci-quirks.c, static, v3.12"""
    if pdev.class_ not in (
        PCI_CLASS_SERIAL_USB_UHCI, PCI_CLASS_SERIAL_USB_OHCI, PCI_CLASS_SERIAL_USB_EHCI, PCI_CLASS_SERIAL_USB_XHCI,
    ):  # fmt: skip
        return

    if pci_enable_device(pdev) < 0:
        dev_warn(pdev.dev, "cannot be enabled to take it from the firmware")
        return
    # PORT: what the firmware hands over is in the memory and the I/O ports of the controller
    pci_disable_device(pdev)


def pci_fixups(pass_: int) -> tuple[pci_fixup, ...]:
    """Return the fixups of one pass, in the order of their declarations.

    C: include/linux/pci.h, macros DECLARE_PCI_FIXUP_*(), v3.12; in C each pass is a linker section
    :param pass_: enum pci_fixup_pass"""
    # PORT: only two of about two hundred; the others are for particular chips
    if pass_ == pci_fixup_early:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_BRIDGE_HOST, 8, quirk_mmio_always_on),)
    if pass_ == pci_fixup_final:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_SERIAL_USB, 8, quirk_usb_early_handoff),)
    return ()


def pci_fixup_device(pass_: int, dev: pci_dev) -> None:
    """Run the fixups for *dev* of one pass.

    C: drivers/pci/quirks.c, exported, v3.12
    :param pass_: enum pci_fixup_pass"""
    if pass_ == pci_fixup_final and not pci_apply_fixup_final_quirks:
        return
    pci_do_fixups(dev, pci_fixups(pass_))


EXPORT_SYMBOL(pci_fixup_device)


def pci_apply_final_quirks() -> None:
    """Run the final fixups of every device found so far; later ones have theirs run when they are added.

    C: drivers/pci/quirks.c, static, v3.12; PORT: the cache line size is left as it is"""
    for dev in pci_bus_type:  # for_each_pci_dev()
        pci_do_fixups(dev, pci_fixups(pci_fixup_final))


def pci_scan_root_buses(roots: list[tuple[pci_sysdata, int]], ops: pci_ops) -> None:
    """Scan all root buses and everything below.

    C: drivers/pci/probe.c pci_scan_root_bus() for each root bus, v3.12; PORT: all root buses are made before any is
    scanned, so that no bridge is given the number of one
    :param roots: domain and number of each bus that firmware knows"""
    global pci_apply_fixup_final_quirks

    buses = [pci_create_root_bus(bus, ops, sysdata) for sysdata, bus in roots]
    for b in buses:
        max = pci_scan_child_bus(b)
        pci_bus_update_busn_res_end(b, max)
    # PORT: the initcalls that follow are called here: resources, then drivers, which bind from here on
    pci_assign_unassigned_resources()
    pci_apply_final_quirks()
    for b in buses:
        pci_bus_add_devices(b)
    # PORT: set by pci_apply_final_quirks(); the C adds devices before that call, and binds drivers after it
    pci_apply_fixup_final_quirks = True
    # the initcalls of the port service drivers
    pcie_pme_service_init()
    pcied_init()
    pci_sysfs_init()
