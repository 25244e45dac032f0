# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Warn of a Max Payload Size that differs from that of the bridge above

Why: firmware may leave a device with a payload size that its bridge does not take; the first long packet then is an
error that nobody understands.
What: in drivers/pci/probe.c, pcie_bus_configure_set() compares the two settings where sizes are left as they are, which
is the default, instead of doing nothing; pcie_bus_configure_settings() finds out by itself what it needs to know.
Look at: nothing is changed. Device Control is read at boot, bus by bus, and again for every function that is added to a
slot: all functions on its bus are looked at once more for each of them.
Upstream: v3.12, the id is not verified (read in v3.12.10). The title is ours.
Adapted: from v3.12.10. # PORT: "pci=pcie_bus_safe" and the other settings of payload sizes are left out, and what the
firmware says of a slot's devices (_HPP, _HPX).
"""

from __future__ import annotations

from errno import EINVAL, ENODEV
from typing import Any

from ..base.access import pcie_capability_read_word
from ..base.bus import pci_bus_add_devices, pci_walk_bus
from ..base.hotplug_pci import pci_hp_add_bridge
from ..base.pci_sysfs import pci_sysfs_init
from ..base.pcie_pme import pcie_pme_service_init
from ..base.pciehp import ctrl_err, slot
from ..base.pciehp_core import pcied_init
from ..base.probe import (
    pci_bus_update_busn_res_end,
    pci_create_root_bus,
    pci_scan_child_bus,
    pci_scan_slot,
)
from ..base.search import pci_get_slot
from ..base.setup_bus import pci_assign_unassigned_bridge_resources, pci_assign_unassigned_resources
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_warn
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .v312_usb_handoff_enables_bridges import (
    pci_apply_final_quirks,
    pci_apply_fixup_final_quirks,  # noqa: F401 - assigned below
)

ADDS = (
    "pcie_get_mps",
    "pcie_bus_detect_mps",
    "pcie_bus_configure_set",
    "pcie_bus_configure_settings",
    "pci_configure_slot",
)
MODIFIES = ("pci_scan_root_buses", "pciehp_configure_device")
REQUIRES = ("usb-handoff-enables-bridges",)


# include/linux/pci_ids.h
PCI_BASE_CLASS_DISPLAY = 0x03


def pcie_get_mps(dev: pci_dev) -> int:
    """Return the Max Payload Size that is set, bytes.

    C: drivers/pci/pci.c, exported, v3.12"""
    _, ctl = pcie_capability_read_word(dev, PCI_EXP_DEVCTL)

    return 128 << ((ctl & PCI_EXP_DEVCTL_PAYLOAD) >> 5)


EXPORT_SYMBOL(pcie_get_mps)


def pcie_bus_detect_mps(dev: pci_dev) -> None:
    """Warn if *dev* sends longer packets than its bridge takes, or the other way round.

    C: drivers/pci/probe.c, static, v3.12"""
    bridge = dev.bus.self

    if not bridge:
        return

    mps = pcie_get_mps(dev)
    p_mps = pcie_get_mps(bridge)

    if mps != p_mps:
        dev_warn(dev.dev, f"payload size {mps}, of {pci_name(bridge)} above {p_mps}")


def pcie_bus_configure_set(dev: pci_dev, data: Any) -> int:
    """Look at the payload size of *dev*.

    C: drivers/pci/probe.c, static, v3.12
    :return: 0"""
    if not pci_is_pcie(dev):
        return 0

    # PORT: pcie_bus_config is PCIE_BUS_TUNE_OFF, the default
    pcie_bus_detect_mps(dev)
    return 0


def pcie_bus_configure_settings(bus: pci_bus) -> None:
    """Look at the payload sizes of the bridge to *bus* and of everything below it.

    C: drivers/pci/probe.c, exported, v3.12"""
    if not bus.self:
        return

    if not pci_is_pcie(bus.self):
        return

    pcie_bus_configure_set(bus.self, NULL)
    pci_walk_bus(bus, pcie_bus_configure_set, NULL)


def pci_configure_slot(dev: pci_dev) -> None:
    """Set up a device that was added to a slot.

    C: drivers/pci/hotplug/pcihp_slot.c, exported, v3.12; PORT: without what firmware says of it, and of those below"""
    if not (
        dev.hdr_type == PCI_HEADER_TYPE_NORMAL
        or (dev.hdr_type == PCI_HEADER_TYPE_BRIDGE and (dev.class_ >> 8) == PCI_CLASS_BRIDGE_PCI)
    ):
        return

    if dev.bus:
        pcie_bus_configure_settings(dev.bus)


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
        # as pci_acpi_scan_root() does behind this call
        for child in b.children:
            pcie_bus_configure_settings(child)
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


def pciehp_configure_device(p_slot: slot) -> int:
    """Find the card's functions, and everything behind its bridges.

    C: drivers/pci/hotplug/pciehp_pci.c, global, v3.12
    :return: 0, -EINVAL if there is a device already, -ENODEV if nothing answers"""
    bridge = p_slot.ctrl.pcie.port
    parent = bridge.subordinate
    ctrl = p_slot.ctrl

    dev = pci_get_slot(parent, PCI_DEVFN(0, 0))
    if dev:
        system.emit("already_there", pci_name(dev))
        ctrl_err(
            ctrl,
            f"{pci_name(dev)} was never removed, so no card is added"
            f" at {pci_domain_nr(parent):04x}:{parent.number:02x}:00",
        )
        return -EINVAL

    num = pci_scan_slot(parent, PCI_DEVFN(0, 0))
    if num == 0:
        ctrl_err(ctrl, "no function answers in the slot")
        return -ENODEV

    for dev in parent.devices:
        if (dev.hdr_type == PCI_HEADER_TYPE_BRIDGE) or (dev.hdr_type == PCI_HEADER_TYPE_CARDBUS):
            pci_hp_add_bridge(dev)

    pci_assign_unassigned_bridge_resources(bridge)

    for dev in parent.devices:
        if (dev.class_ >> 16) == PCI_BASE_CLASS_DISPLAY:
            continue

        pci_configure_slot(dev)

    pci_bus_add_devices(parent)

    return 0
