# SPDX-License-Identifier: GPL-2.0-only
# mypy: disable-error-code="attr-defined"
# PORT: structs of the base point to each other by the type that they have there; at run time they are the grown ones.
"""PCI: pciehp: Add hotplug_lock to serialize hotplug events

Why: the work queue of a slot is concurrent, so a card is removed by two threads at once, or looked for while the old
one still is being removed.
What: in drivers/pci/hotplug, struct slot has hotplug_lock. pciehp_power_thread() holds it around enabling and
disabling, pciehp_sysfs_enable_slot() around enabling.
Look at: switching off from sysfs does not take it, so a user and a thread still remove a card twice
(lock-rescan-remove keeps them apart). A thread that waits for it occupies a worker.
Upstream: v3.15, the id is not verified (absent in v3.14.4, read in v3.19.8). The title is not verified either.
Adapted: from v3.19.8 to 3.12's driver; pciehp_probe(), which takes it as well, has nothing to wait for and stays as it
is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import ENODEV

from ..base import pciehp
from ..base.pciehp import (
    BLINKINGOFF_STATE,
    BLINKINGON_STATE,
    POWEROFF_STATE,
    POWERON_STATE,
    PSN,
    PWR_LED,
    STATIC_STATE,
    controller,
    ctrl_dbg,
    ctrl_err,
    ctrl_info,
    slot_name,
)
from ..base.pciehp_ctrl import pciehp_disable_slot, pciehp_enable_slot, pciehp_queue_pushbutton_work
from ..base.pciehp_hpc import pciehp_green_led_off
from ..kernel.mutex import mutex, mutex_init, mutex_lock, mutex_unlock
from ..kernel.structs import *
from ..kernel.workqueue import INIT_DELAYED_WORK, alloc_workqueue, cancel_delayed_work
from .v315_very_fast_hotplug_events import DISABLE_REQ, ENABLE_REQ, power_work_info

ADDS = ()
MODIFIES = ("slot", "pcie_init_slot", "pciehp_power_thread", "pciehp_sysfs_enable_slot")
REQUIRES = ("very-fast-hotplug-events",)


@dataclass(eq=False, slots=True)
class slot(pciehp.slot):
    """struct slot: the one slot below a port.

    C: drivers/pci/hotplug/pciehp.h, struct, v3.15"""

    #: Held while the slot is switched on or off.
    hotplug_lock: mutex = field(default_factory=mutex)


def pcie_init_slot(ctrl: controller) -> int:
    """Make the slot below the port.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, v3.15
    :return: 0"""
    name = pci_name(ctrl.pcie.port)  # PORT: of the locks and the work, for reports
    new = slot()  # PORT: kzalloc(); C's variable has the name of its type

    new.wq = alloc_workqueue(f"pciehp-{PSN(ctrl)}", 0, 0)  # PORT: alloc_workqueue() does not fail: no `-ENOMEM`

    new.ctrl = ctrl
    mutex_init(new.lock, "slot", name)
    mutex_init(new.hotplug_lock, "hotplug", name)
    INIT_DELAYED_WORK(new.work, pciehp_queue_pushbutton_work, new, name)
    ctrl.slot = new
    return 0


def pciehp_power_thread(info: power_work_info) -> None:
    """Turn a slot on or off, as requested, one at a time; its state is static afterwards.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, v3.15"""
    p_slot = info.p_slot

    if info.req == DISABLE_REQ:
        ctrl_dbg(
            p_slot.ctrl,
            f"switching off what is at {pci_domain_nr(p_slot.ctrl.pcie.port.subordinate):04x}"
            f":{p_slot.ctrl.pcie.port.subordinate.number:02x}:00",
        )
        mutex_lock(p_slot.hotplug_lock)
        pciehp_disable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)
    elif info.req == ENABLE_REQ:
        mutex_lock(p_slot.hotplug_lock)
        ret = pciehp_enable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        if ret and PWR_LED(p_slot.ctrl):
            pciehp_green_led_off(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)


def pciehp_sysfs_enable_slot(p_slot: slot) -> int:
    """Turn the slot on, for user space.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, v3.15
    :return: as pciehp_enable_slot(), or -ENODEV while power is changing"""
    retval = -ENODEV
    ctrl = p_slot.ctrl

    mutex_lock(p_slot.lock)
    if p_slot.state in (BLINKINGON_STATE, STATIC_STATE):
        if p_slot.state == BLINKINGON_STATE:
            cancel_delayed_work(p_slot.work)
        p_slot.state = POWERON_STATE
        mutex_unlock(p_slot.lock)
        mutex_lock(p_slot.hotplug_lock)
        retval = pciehp_enable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
    elif p_slot.state == POWERON_STATE:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power on in progress")
    elif p_slot.state in (BLINKINGOFF_STATE, POWEROFF_STATE):
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: already on")
    else:
        ctrl_err(ctrl, f"slot {slot_name(p_slot)}: unknown state")
    mutex_unlock(p_slot.lock)

    return retval
