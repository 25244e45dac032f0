# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_pci.c: add a card's devices to the PCI core, and remove them."""

from __future__ import annotations

from errno import EINVAL, ENODEV

from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .access import pci_read_config_byte, pci_read_config_word, pci_write_config_word
from .bus import pci_bus_add_devices
from .hotplug_pci import pci_hp_add_bridge
from .pciehp import *
from .pciehp_hpc import pciehp_get_adapter_status
from .probe import pci_scan_slot
from .remove import pci_stop_and_remove_bus_device
from .search import pci_get_slot
from .setup_bus import pci_assign_unassigned_bridge_resources


def pciehp_configure_device(p_slot: slot) -> int:
    """Find the card's functions, and everything behind its bridges.

    C: drivers/pci/hotplug/pciehp_pci.c, global, base
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

    # PORT: no pci_configure_slot() for what is not a PCI_BASE_CLASS_DISPLAY: settings stay as they are; so there is no
    # second `list_for_each_entry(dev, &parent->devices, bus_list)`

    pci_bus_add_devices(parent)

    return 0


def pciehp_unconfigure_device(p_slot: slot) -> int:
    """Remove the card's functions, and everything behind its bridges.

    C: drivers/pci/hotplug/pciehp_pci.c, global, base
    :return: 0, or -EINVAL at a bridge with VGA behind it; it and the remaining functions stay"""
    rc = 0
    parent = p_slot.ctrl.pcie.port.subordinate
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, f"pciehp_unconfigure_device: at {pci_domain_nr(parent):04x}:{parent.number:02x}:00")
    ret, presence = pciehp_get_adapter_status(p_slot)
    if ret:
        presence = 0

    # Backwards: removing a physical function removes its virtual functions, which come after it.
    for dev in reversed(parent.devices.copy()):  # PORT: no pci_dev_get(), pci_dev_put(): Python counts references
        if dev.hdr_type == PCI_HEADER_TYPE_BRIDGE and presence:
            bctl = pci_read_config_byte(dev, PCI_BRIDGE_CONTROL)
            if bctl & PCI_BRIDGE_CTL_VGA:
                ctrl_err(ctrl, f"not removing {pci_name(dev)}: VGA is behind it")
                rc = -EINVAL
                break
        pci_stop_and_remove_bus_device(dev)
        # The device is still present: stop its DMA and interrupts.
        if presence:
            command = pci_read_config_word(dev, PCI_COMMAND)
            command &= ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)
            command |= PCI_COMMAND_INTX_DISABLE
            pci_write_config_word(dev, PCI_COMMAND, command)

    return rc
