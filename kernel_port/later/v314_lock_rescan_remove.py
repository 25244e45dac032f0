# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add global pci_lock_rescan_remove()

Why: pciehp, sysfs and others add and remove devices of the same bus at once; two removals take a function off the same
lists twice.
What: in drivers/pci/probe.c, a global mutex with pci_lock_rescan_remove() and pci_unlock_rescan_remove().
pciehp_configure_device() and pciehp_unconfigure_device() in pciehp_pci.c hold it from beginning to end; in remove.c,
pci_stop_and_remove_bus_device_locked() holds it around a removal.
Look at: drivers are unbound with it held. If one of them waits for somebody who wants it, both wait forever: the outer
of two nested hot-plug slots waits, as it unbinds the inner port, for that port's work, which waits for the lock
(scenario nested-removal; named on the list in 2018, and not mended by v7.1). Who does not take it is not kept out.
Upstream: 9d16947b7583 in v3.14 (a mail has id, title and date; absent in v3.12.10, present in v3.14.4).
Adapted: from v3.14.4 to v3.12's functions, without the files of sysfs that rescan and remove, which are not ported, and
without other hot-plug drivers. # PORT: 3.12 reads presence in pciehp_unconfigure_device() with the status of the read.
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
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import mutex, mutex_lock, mutex_unlock
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .v312_detect_mps_mismatch import PCI_BASE_CLASS_DISPLAY, pci_configure_slot

ADDS = ("pci_lock_rescan_remove", "pci_unlock_rescan_remove", "pci_stop_and_remove_bus_device_locked")
MODIFIES = ("pciehp_configure_device", "pciehp_unconfigure_device")
REQUIRES = ("detect-mps-mismatch",)

#: Held while devices are added or removed.
pci_rescan_remove_lock: mutex = mutex("pci_rescan_remove_lock")


def pci_lock_rescan_remove() -> None:
    """Keep others from adding and removing devices.

    C: drivers/pci/probe.c, exported, v3.14"""
    mutex_lock(pci_rescan_remove_lock)


EXPORT_SYMBOL_GPL(pci_lock_rescan_remove)


def pci_unlock_rescan_remove() -> None:
    """Let others add and remove devices again.

    C: drivers/pci/probe.c, exported, v3.14"""
    mutex_unlock(pci_rescan_remove_lock)


EXPORT_SYMBOL_GPL(pci_unlock_rescan_remove)


def pci_stop_and_remove_bus_device_locked(dev: pci_dev) -> None:
    """Remove *dev* and everything below it, with the lock held.

    C: drivers/pci/remove.c, exported, v3.14"""
    pci_lock_rescan_remove()
    pci_stop_and_remove_bus_device(dev)
    pci_unlock_rescan_remove()


EXPORT_SYMBOL_GPL(pci_stop_and_remove_bus_device_locked)


def pciehp_configure_device(p_slot: slot) -> int:
    """Find the card's functions, and everything behind its bridges.

    C: drivers/pci/hotplug/pciehp_pci.c, global, v3.14
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

        pci_bus_add_devices(parent)
    finally:  # PORT: `goto out` leads to this
        pci_unlock_rescan_remove()
    return ret


def pciehp_unconfigure_device(p_slot: slot) -> int:
    """Remove the card's functions, and everything behind its bridges.

    C: drivers/pci/hotplug/pciehp_pci.c, global, v3.14
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
        pci_stop_and_remove_bus_device(dev)
        # The device is still present: stop its DMA and interrupts.
        if presence:
            command = pci_read_config_word(dev, PCI_COMMAND)
            command &= ~(PCI_COMMAND_MASTER | PCI_COMMAND_SERR)
            command |= PCI_COMMAND_INTX_DISABLE
            pci_write_config_word(dev, PCI_COMMAND, command)

    pci_unlock_rescan_remove()
    return rc
