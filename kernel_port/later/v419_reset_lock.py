# SPDX-License-Identifier: GPL-2.0-only
# mypy: disable-error-code="attr-defined"
# PORT: structs of the base point to each other by the type that they have there; at run time they are the grown ones.
"""PCI: pciehp: Avoid slot access during reset

Why: while pciehp resets a slot, its own threads read the slot's registers, see no card and no link, and act on that;
and two resets of one slot are mixed up where no device lock keeps them apart, as in an empty slot.
What: in drivers/pci/hotplug, struct controller has the semaphore reset_lock: pciehp_reset_slot() takes it for writing,
whoever handles events and requests takes it for reading.
Look at: a removal holds it, for reading, when it wants a device lock; a reset holds that when it wants it for writing:
they wait for each other (lock-order-later; mended by release-reset-lock). The files of the slot in sysfs read without
it, and say "no card" during a reset as before (slot-readers). The registers are read late now, but the event bits still
are what the reset made of them.
Upstream: 5b3f7b7d062b in v4.19 (a mail has id and title; absent in v4.16.13, present in v4.19.1).
Adapted: from v4.19.1 to 3.12's driver on top of v4.16's queue. v4.19 has one thread for everything, which takes the
lock once. # PORT: 3.12 decides in one item of work and acts in the next, or in the thread of a user: each takes it.
What v4.19 masks (link events, presence unless there is a button) stays as in patch 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import EBUSY, ENODEV

from ..base import pciehp
from ..base.pciehp import (
    ATTN_LED,
    BLINKINGOFF_STATE,
    BLINKINGON_STATE,
    HP_SUPR_RM,
    INT_BUTTON_PRESS,
    INT_POWER_FAULT,
    INT_PRESENCE_OFF,
    INT_PRESENCE_ON,
    POWER_CTRL,
    POWEROFF_STATE,
    POWERON_STATE,
    PWR_LED,
    STATIC_STATE,
    ctrl_dbg,
    ctrl_err,
    ctrl_info,
    ctrl_warn,
    event_info,
    slot_name,
)
from ..base.pciehp_acpi import pciehp_acpi_slot_detection_check
from ..base.pciehp_core import cleanup_slot, pciehp_force, pciehp_poll_mode
from ..base.pciehp_ctrl import (
    handle_button_press_event,
    pciehp_disable_slot,
    pciehp_enable_slot,
)
from ..base.pciehp_hpc import (
    int_poll_timeout,
    pcie_init,
    pcie_init_notification,
    pcie_write_cmd,
    pciehp_get_adapter_status,
    pciehp_get_power_status,
    pciehp_green_led_off,
    pciehp_power_off_slot,
    pciehp_release_ctrl,
    pciehp_set_attention_status,
    pciehp_writew,
)
from ..base.pcieport_if import pcie_device, set_service_data
from ..kernel.mutex import down_read, down_write, mutex_lock, mutex_unlock, rw_semaphore, up_read, up_write
from ..kernel.printk import dev_err, dev_info
from ..kernel.structs import *
from ..kernel.timer import del_timer_sync
from ..kernel.workqueue import cancel_delayed_work
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from ..patch.p04_implement_reset_slot_for_pciehp import init_slot
from ..pci_regs import *
from .v315_hotplug_lock import slot
from .v315_very_fast_hotplug_events import DISABLE_REQ, ENABLE_REQ, handle_surprise_event, power_work_info

ADDS = ()
MODIFIES = (
    "controller",
    "pciehp_reset_slot",
    "interrupt_event_handler",
    "pciehp_power_thread",
    "pciehp_sysfs_enable_slot",
    "pciehp_sysfs_disable_slot",
    "pciehp_probe",
)
REQUIRES = ("ordered-work-queue",)


@dataclass(eq=False, slots=True)
class controller(pciehp.controller):
    """struct controller: the hotplug controller of a port.

    C: drivers/pci/hotplug/pciehp.h, struct, v4.19"""

    #: Held for writing while the slot is reset, for reading by those who act on its registers.
    reset_lock: rw_semaphore = field(default_factory=lambda: rw_semaphore("reset_lock"))  # PORT: init_rwsem()


def pciehp_reset_slot(slot: slot, probe: int) -> int:
    """Reset the bus below the port, with presence detection masked, while nobody acts on the slot's registers.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, v4.19
    :param probe: not 0: only say that it would work
    :return: 0"""
    ctrl = slot.ctrl

    if probe:
        return 0

    down_write(ctrl.reset_lock)

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

    up_write(ctrl.reset_lock)
    return 0


def interrupt_event_handler(info: event_info) -> None:
    """Handle an event: of presence, when no reset is going on. Presence matters only in slots with surprise removal.

    C: drivers/pci/hotplug/pciehp_hpc.c pciehp_ist(), static, v4.19; PORT: under 3.12's name"""
    p_slot = info.p_slot
    ctrl = p_slot.ctrl

    if info.event_type in (INT_PRESENCE_ON, INT_PRESENCE_OFF):
        down_read(ctrl.reset_lock)
    mutex_lock(p_slot.lock)
    if info.event_type == INT_BUTTON_PRESS:
        handle_button_press_event(p_slot)
    elif info.event_type == INT_POWER_FAULT:
        if POWER_CTRL(ctrl):
            if ATTN_LED(ctrl):
                pciehp_set_attention_status(p_slot, 1)
            if PWR_LED(ctrl):
                pciehp_green_led_off(p_slot)
    elif info.event_type in (INT_PRESENCE_ON, INT_PRESENCE_OFF):
        if HP_SUPR_RM(ctrl):
            ctrl_dbg(ctrl, "surprise insertion or removal")
            handle_surprise_event(p_slot)
    mutex_unlock(p_slot.lock)
    if info.event_type in (INT_PRESENCE_ON, INT_PRESENCE_OFF):
        up_read(ctrl.reset_lock)


def pciehp_power_thread(info: power_work_info) -> None:
    """Turn a slot on or off, as requested, when no reset is going on; its state is static afterwards.

    C: drivers/pci/hotplug/pciehp_hpc.c pciehp_ist(), static, v4.19; PORT: under 3.12's name"""
    p_slot = info.p_slot
    ctrl = p_slot.ctrl

    if info.req == DISABLE_REQ:
        ctrl_dbg(
            ctrl,
            f"switching off what is at {pci_domain_nr(ctrl.pcie.port.subordinate):04x}"
            f":{ctrl.pcie.port.subordinate.number:02x}:00",
        )
        down_read(ctrl.reset_lock)
        mutex_lock(p_slot.hotplug_lock)
        pciehp_disable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        up_read(ctrl.reset_lock)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)
    elif info.req == ENABLE_REQ:
        down_read(ctrl.reset_lock)
        mutex_lock(p_slot.hotplug_lock)
        ret = pciehp_enable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        up_read(ctrl.reset_lock)
        if ret and PWR_LED(ctrl):
            pciehp_green_led_off(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
        mutex_unlock(p_slot.lock)


def pciehp_sysfs_enable_slot(p_slot: slot) -> int:
    """Turn the slot on, for user space.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, v4.19
    :return: as pciehp_enable_slot(), or -ENODEV while power is changing"""
    retval = -ENODEV
    ctrl = p_slot.ctrl

    mutex_lock(p_slot.lock)
    if p_slot.state in (BLINKINGON_STATE, STATIC_STATE):
        if p_slot.state == BLINKINGON_STATE:
            cancel_delayed_work(p_slot.work)
        p_slot.state = POWERON_STATE
        mutex_unlock(p_slot.lock)
        down_read(ctrl.reset_lock)
        mutex_lock(p_slot.hotplug_lock)
        retval = pciehp_enable_slot(p_slot)
        mutex_unlock(p_slot.hotplug_lock)
        up_read(ctrl.reset_lock)
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


def pciehp_sysfs_disable_slot(p_slot: slot) -> int:
    """Turn the slot off, for user space.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, v4.19
    :return: as pciehp_disable_slot(), or -ENODEV while power is changing"""
    retval = -ENODEV
    ctrl = p_slot.ctrl

    mutex_lock(p_slot.lock)
    if p_slot.state in (BLINKINGOFF_STATE, STATIC_STATE):
        if p_slot.state == BLINKINGOFF_STATE:
            cancel_delayed_work(p_slot.work)
        p_slot.state = POWEROFF_STATE
        mutex_unlock(p_slot.lock)
        down_read(ctrl.reset_lock)
        retval = pciehp_disable_slot(p_slot)
        up_read(ctrl.reset_lock)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
    elif p_slot.state == POWEROFF_STATE:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power off in progress")
    elif p_slot.state in (BLINKINGON_STATE, POWERON_STATE):
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: already off")
    else:
        ctrl_err(ctrl, f"slot {slot_name(p_slot)}: unknown state")
    mutex_unlock(p_slot.lock)

    return retval


def pciehp_probe(dev: pcie_device) -> int:
    """Set up a hotplug port.

    C: drivers/pci/hotplug/pciehp_core.c, static, v4.19
    :return: 0, or -ENODEV if the port does not respond, or its slot or interrupt is in use"""
    # PORT: without a bus below (no bus number was free) the C follows a NULL pointer
    if not dev.port.subordinate:
        return -ENODEV

    if pciehp_force:
        dev_info(dev.device, f"{pci_name(dev.port)}: no firmware check")
    elif pciehp_acpi_slot_detection_check(dev.port):
        return -ENODEV

    ctrl = pcie_init(dev)
    if not ctrl:
        dev_err(dev.device, "cannot set up the port")
        return -ENODEV
    set_service_data(dev, ctrl)

    rc = init_slot(ctrl)
    if rc:
        if rc == -EBUSY:
            ctrl_warn(ctrl, "the slot belongs to another hotplug driver")
        else:
            ctrl_err(ctrl, "cannot set up the slot")
        pciehp_release_ctrl(ctrl)
        return -ENODEV

    # Enable events last: their handlers are ready
    rc = pcie_init_notification(ctrl)
    if rc:
        ctrl_err(ctrl, "cannot enable slot events")
        cleanup_slot(ctrl)
        pciehp_release_ctrl(ctrl)
        return -ENODEV

    slot = ctrl.slot
    down_read(ctrl.reset_lock)  # PORT: pciehp_check_presence()
    _, occupied = pciehp_get_adapter_status(slot)
    _, poweron = pciehp_get_power_status(slot)
    if occupied and pciehp_force:
        pciehp_enable_slot(slot)
    # An empty slot needs no power.
    if not occupied and poweron and POWER_CTRL(ctrl):
        pciehp_power_off_slot(slot)
    up_read(ctrl.reset_lock)

    return 0
