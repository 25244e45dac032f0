# SPDX-License-Identifier: GPL-2.0-only
# mypy: disable-error-code="attr-defined"
# PORT: structs of the base point to each other by the type that they have there; at run time they are the grown ones.
"""PCI: pciehp: Fix AB-BA deadlock between reset_lock and device_lock

Why: a reset holds the device locks when it wants reset_lock for writing; a removal holds reset_lock for reading when it
wants a device lock, to unbind the driver. Each waits for the other.
What: in drivers/pci/hotplug/pciehp_pci.c, pciehp_configure_device() and pciehp_unconfigure_device() release reset_lock
while drivers are bound and unbound.
Look at: meanwhile a reset may run: what was read of the slot before (presence, here) may be wrong after it. Both must
be called with reset_lock held for reading.
Upstream: f5eff5591b8f in v6.4 (a mail and a list have id and title; absent in v5.8.1, present in v6.5.0).
Adapted: from v6.5.0 to v3.14's functions. # PORT: the lock has no subclass for ports below ports (down_read_nested()).
"""

from __future__ import annotations

from errno import EINVAL, ENODEV

from ..base.access import pci_read_config_byte, pci_read_config_word, pci_write_config_word
from ..base.bus import pci_bus_add_devices
from ..base.hotplug_pci import pci_hp_add_bridge
from ..base.pciehp import *
from ..base.pciehp_hpc import pciehp_get_adapter_status
from ..base.probe import pci_scan_slot
from ..base.remove import pci_stop_and_remove_bus_device
from ..base.search import pci_get_slot
from ..base.setup_bus import pci_assign_unassigned_bridge_resources
from ..kernel.mutex import down_read, up_read
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .v312_detect_mps_mismatch import PCI_BASE_CLASS_DISPLAY, pci_configure_slot
from .v314_lock_rescan_remove import pci_lock_rescan_remove, pci_unlock_rescan_remove

ADDS = ()
MODIFIES = ("pciehp_configure_device", "pciehp_unconfigure_device")
REQUIRES = ("lock-rescan-remove", "reset-lock")


def pciehp_configure_device(p_slot: slot) -> int:
    """Find the card's functions, and everything behind its bridges. The caller holds reset_lock for reading.

    C: drivers/pci/hotplug/pciehp_pci.c, global, v6.4
    :return: 0, -EINVAL if there is a device already, -ENODEV if nothing answers"""
    bridge = p_slot.ctrl.pcie.port
    parent = bridge.subordinate
    ret = 0
    ctrl = p_slot.ctrl

    pci_lock_rescan_remove()

    try:
        dev = pci_get_slot(parent, PCI_DEVFN(0, 0))
        if dev:
            system.emit("already_there", pci_name(dev))
            ctrl_err(
                ctrl,
                f"{pci_name(dev)} was never removed, so no card is added"
                f" at {pci_domain_nr(parent):04x}:{parent.number:02x}:00",
            )
            ret = -EINVAL
            return ret

        num = pci_scan_slot(parent, PCI_DEVFN(0, 0))
        if num == 0:
            ctrl_err(ctrl, "no function answers in the slot")
            ret = -ENODEV
            return ret

        for dev in parent.devices:
            if (dev.hdr_type == PCI_HEADER_TYPE_BRIDGE) or (dev.hdr_type == PCI_HEADER_TYPE_CARDBUS):
                pci_hp_add_bridge(dev)

        pci_assign_unassigned_bridge_resources(bridge)

        for dev in parent.devices:
            if (dev.class_ >> 16) == PCI_BASE_CLASS_DISPLAY:
                continue

            pci_configure_slot(dev)

        # Drivers bind under their device's lock, which a reset holds when it waits for reset_lock.
        up_read(ctrl.reset_lock)
        pci_bus_add_devices(parent)
        down_read(ctrl.reset_lock)
    finally:  # PORT: `goto out` leads to this
        pci_unlock_rescan_remove()
    return ret


def pciehp_unconfigure_device(p_slot: slot) -> int:
    """Remove the card's functions, and everything behind its bridges. The caller holds reset_lock for reading.

    C: drivers/pci/hotplug/pciehp_pci.c, global, v6.4
    :return: 0, or -EINVAL at a bridge with VGA behind it; it and the remaining functions stay"""
    rc = 0
    parent = p_slot.ctrl.pcie.port.subordinate
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, f"pciehp_unconfigure_device: at {pci_domain_nr(parent):04x}:{parent.number:02x}:00")
    ret, presence = pciehp_get_adapter_status(p_slot)
    if ret:
        presence = 0

    pci_lock_rescan_remove()

    # Backwards: removing a physical function removes its virtual functions, which come after it.
    for dev in reversed(parent.devices.copy()):  # PORT: no pci_dev_get(), pci_dev_put(): Python counts references
        if dev.hdr_type == PCI_HEADER_TYPE_BRIDGE and presence:
            bctl = pci_read_config_byte(dev, PCI_BRIDGE_CONTROL)
            if bctl & PCI_BRIDGE_CTL_VGA:
                ctrl_err(ctrl, f"not removing {pci_name(dev)}: VGA is behind it")
                rc = -EINVAL
                break
        # Drivers are unbound under their device's lock, which a reset holds when it waits for reset_lock.
        up_read(ctrl.reset_lock)
        pci_stop_and_remove_bus_device(dev)
        down_read(ctrl.reset_lock)
        # The device is still present: stop its DMA and interrupts.
        if presence:
            command = pci_read_config_word(dev, PCI_COMMAND)
            command &= ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)
            command |= PCI_COMMAND_INTX_DISABLE
            pci_write_config_word(dev, PCI_COMMAND, command)

    pci_unlock_rescan_remove()
    return rc
