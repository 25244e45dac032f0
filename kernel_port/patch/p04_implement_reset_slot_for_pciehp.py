# SPDX-License-Identifier: GPL-2.0-only
"""pci: Implement reset_slot for pciehp

Why: there is one slot on the bus below a port, so a bus reset resets the slot; but in a slot with surprise removal
pciehp takes the reset for a removal and removes the devices.
What: pciehp_reset_slot() in drivers/pci/hotplug/pciehp_hpc.c disables presence detection around the bus reset and
clears the event that it caused; in polling mode it stops the timer as well. reset_slot() in pciehp_core.c calls it, and
init_slot() there makes it an operation of every slot.
Look at: the interrupt handler reads status bits, not enables, so any other event during the reset still finds the
presence change. Presence detection is on afterwards, whatever it was before. PDC is cleared before PDCE is set, by a
bare write of that bit, outside ctrl_lock. It does not take slot->lock, and ignores the result of commands. Only
surprise-capable slots are masked; the others drop the event later.
"""

from __future__ import annotations

from ..base.pci_hotplug import hotplug_slot, hotplug_slot_info, pci_hp_register
from ..base.pciehp import *
from ..base.pciehp_core import (
    KBUILD_MODNAME,
    THIS_MODULE,
    disable_slot,
    enable_slot,
    get_adapter_status,
    get_attention_status,
    get_latch_status,
    get_power_status,
    pciehp_poll_mode,
    release_slot,
    set_attention_status,
)
from ..base.pciehp_hpc import int_poll_timeout, pcie_write_cmd, pciehp_writew
from ..kernel.structs import *
from ..kernel.timer import del_timer_sync
from ..pci_regs import *
from .p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from .p02_add_hotplug_slot_ops_reset_slot import hotplug_slot_ops

ADDS = ("pciehp_reset_slot", "reset_slot")
MODIFIES = ("init_slot",)


def init_slot(ctrl: controller) -> int:
    """Register the slot below the port with its operations. Its name is the physical slot number.

    C: drivers/pci/hotplug/pciehp_core.c, static, patch 4
    :return: as pci_hp_register()"""
    slot = ctrl.slot

    hotplug = hotplug_slot()
    info = hotplug_slot_info()

    ops = hotplug_slot_ops()
    ops.enable_slot = enable_slot
    ops.disable_slot = disable_slot
    ops.get_power_status = get_power_status
    ops.get_adapter_status = get_adapter_status
    ops.reset_slot = reset_slot
    if MRL_SENS(ctrl):
        ops.get_latch_status = get_latch_status
    if ATTN_LED(ctrl):
        ops.get_attention_status = get_attention_status
        ops.set_attention_status = set_attention_status

    hotplug.info = info
    hotplug.private = slot
    hotplug.release = release_slot
    hotplug.ops = ops
    slot.hotplug_slot = hotplug
    name = f"{PSN(ctrl)}"

    ctrl_dbg(
        ctrl,
        f"at {pci_domain_nr(ctrl.pcie.port.subordinate):04x}:{ctrl.pcie.port.subordinate.number:02x}:00"
        f" is slot {PSN(ctrl):x}",
    )
    retval = pci_hp_register(hotplug, ctrl.pcie.port.subordinate, 0, name, THIS_MODULE, KBUILD_MODNAME)
    if retval:
        ctrl_err(ctrl, f"slot registration failed: {retval}")
    return retval


def reset_slot(hotplug_slot: hotplug_slot, probe: int) -> int:
    """Reset what is in the slot.

    C: drivers/pci/hotplug/pciehp_core.c, static, patch 4
    :param probe: not 0: only say whether it would work
    :return: as pciehp_reset_slot()"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"reset_slot: slot {slot_name(slot)}")

    return pciehp_reset_slot(slot, probe)


def pciehp_reset_slot(slot: slot, probe: int) -> int:
    """Reset the bus below the port, with presence detection masked so that it does not look like a removal.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, patch 4
    :param probe: not 0: only say that it would work
    :return: 0"""
    ctrl = slot.ctrl

    if probe:
        return 0

    if HP_SUPR_RM(ctrl):
        pcie_write_cmd(ctrl, 0, PCI_EXP_SLTCTL_PDCE)
        if pciehp_poll_mode:
            del_timer_sync(ctrl.poll_timer)

    pci_reset_bridge_secondary_bus(ctrl.pcie.port)

    if HP_SUPR_RM(ctrl):
        pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDC)
        pcie_write_cmd(ctrl, PCI_EXP_SLTCTL_PDCE, PCI_EXP_SLTCTL_PDCE)
        if pciehp_poll_mode:
            int_poll_timeout(ctrl.poll_timer.data)

    return 0
