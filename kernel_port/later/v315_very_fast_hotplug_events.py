# SPDX-License-Identifier: GPL-2.0-only
"""PCI: pciehp: Ensure very fast hotplug events are also processed

Why: what the power thread does was read from slot.state when it began. If a card is swapped before that, the second
event has overwritten the first: both threads switch the slot on, and find the old card's functions.
What: in drivers/pci/hotplug/pciehp_ctrl.c, struct power_work_info has the request, to enable or to disable;
pciehp_power_thread() obeys it, and handle_surprise_event() and pciehp_queue_pushbutton_work() make it.
Look at: slot.state still says what is done last, and the threads still run at once: hotplug-lock keeps them apart.
Presence itself is read when the event is handled, not when it happened: a card that went and came before that is no
removal.
Upstream: c4f2f5e49810 in v3.15 (two web views of Git show id, title and its parent 06a8d89af551, of v3.15; absent in
v3.14.4, present in v3.19.8).
Adapted: from v3.19.8 to 3.12's driver, without link events and hotplug_lock. 3.12 has no dbg message for enabling.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..base.pciehp import *
from ..base.pciehp_ctrl import pciehp_disable_slot, pciehp_enable_slot
from ..base.pciehp_hpc import pciehp_get_adapter_status, pciehp_green_led_off
from ..kernel.mutex import mutex_lock, mutex_unlock
from ..kernel.structs import *
from ..kernel.workqueue import INIT_WORK, queue_work, work_struct

ADDS = ()
MODIFIES = ("power_work_info", "pciehp_power_thread", "pciehp_queue_pushbutton_work", "handle_surprise_event")
REQUIRES = ()

# power_work_info.req: what to do with the slot
DISABLE_REQ = 0
ENABLE_REQ = 1


@dataclass(eq=False, slots=True)
class power_work_info:
    """struct power_work_info: a slot to turn on or off, as requested.

    C: drivers/pci/hotplug/pciehp_ctrl.c, struct, v3.15"""

    p_slot: slot
    work: work_struct = field(default_factory=work_struct)
    req: int = DISABLE_REQ


def pciehp_power_thread(info: power_work_info) -> None:
    """Turn a slot on or off, as requested; its state is static afterwards.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, v3.15"""
    p_slot = info.p_slot

    if info.req == DISABLE_REQ:
        ctrl_dbg(
            p_slot.ctrl,
            f"switching off what is at {pci_domain_nr(p_slot.ctrl.pcie.port.subordinate):04x}"
            f":{p_slot.ctrl.pcie.port.subordinate.number:02x}:00",
        )
        pciehp_disable_slot(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)
    elif info.req == ENABLE_REQ:
        if pciehp_enable_slot(p_slot) and PWR_LED(p_slot.ctrl):
            pciehp_green_led_off(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)


def pciehp_queue_pushbutton_work(p_slot: slot) -> None:
    """Start to turn the slot on or off, five seconds after the button was pressed.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, v3.15"""
    info = power_work_info(p_slot)
    INIT_WORK(info.work, pciehp_power_thread, info, pci_name(p_slot.ctrl.pcie.port))

    mutex_lock(p_slot.lock)
    if p_slot.state == BLINKINGOFF_STATE:
        p_slot.state = POWEROFF_STATE
        info.req = DISABLE_REQ
    elif p_slot.state == BLINKINGON_STATE:
        p_slot.state = POWERON_STATE
        info.req = ENABLE_REQ
    else:
        mutex_unlock(p_slot.lock)
        return  # PORT: `goto out` leads to this
    queue_work(p_slot.wq, info.work)
    mutex_unlock(p_slot.lock)


def handle_surprise_event(p_slot: slot) -> None:
    """Turn the slot on or off after a surprise insertion or removal. The caller holds the slot's lock.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, v3.15"""
    info = power_work_info(p_slot)
    INIT_WORK(info.work, pciehp_power_thread, info, pci_name(p_slot.ctrl.pcie.port))

    _, getstatus = pciehp_get_adapter_status(p_slot)
    if not getstatus:
        p_slot.state = POWEROFF_STATE
        info.req = DISABLE_REQ
    else:
        p_slot.state = POWERON_STATE
        info.req = ENABLE_REQ

    queue_work(p_slot.wq, info.work)
