# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_ctrl.c: handling of slot events.

- The interrupt handler queues an event; interrupt_event_handler() handles it later, under the slot's lock.
- It queues slow work in turn, for pciehp_power_thread(), which runs without the lock; slot.state says what is being
  done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import EINVAL, EIO, ENODEV

from ..kernel.delay import msleep
from ..kernel.mutex import mutex_lock, mutex_unlock
from ..kernel.structs import *
from ..kernel.timer import HZ
from ..kernel.workqueue import INIT_WORK, cancel_delayed_work, queue_delayed_work, queue_work, work_struct
from .pciehp import *
from .pciehp_hpc import (
    pciehp_check_link_status,
    pciehp_get_adapter_status,
    pciehp_get_latch_status,
    pciehp_get_power_status,
    pciehp_green_led_blink,
    pciehp_green_led_off,
    pciehp_green_led_on,
    pciehp_power_off_slot,
    pciehp_power_on_slot,
    pciehp_query_power_fault,
    pciehp_set_attention_status,
)
from .pciehp_pci import pciehp_configure_device, pciehp_unconfigure_device

#: Names of queued events in traces
EVENT_NAMES = {
    INT_PRESENCE_ON: "INT_PRESENCE_ON",
    INT_PRESENCE_OFF: "INT_PRESENCE_OFF",
    INT_SWITCH_CLOSE: "INT_SWITCH_CLOSE",
    INT_SWITCH_OPEN: "INT_SWITCH_OPEN",
    INT_POWER_FAULT: "INT_POWER_FAULT",
    INT_BUTTON_PRESS: "INT_BUTTON_PRESS",
}


def queue_interrupt_event(p_slot: slot, event_type: int) -> int:
    """Queue an event on the slot's work queue.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base
    :param event_type: INT_*
    :return: 0"""
    info = event_info(event_type, p_slot)
    INIT_WORK(info.work, interrupt_event_handler, info, pci_name(p_slot.ctrl.pcie.port), EVENT_NAMES[event_type])

    queue_work(p_slot.wq, info.work)

    return 0


def pciehp_handle_attention_button(p_slot: slot) -> int:
    """Queue that the attention button was pressed.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 0"""
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, "attention button event")

    ctrl_info(ctrl, f"slot {slot_name(p_slot)}: attention button pressed")
    event_type = INT_BUTTON_PRESS

    queue_interrupt_event(p_slot, event_type)

    return 0


def pciehp_handle_switch_change(p_slot: slot) -> int:
    """Queue that the latch was opened or closed.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 1"""
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, "latch event")

    _, getstatus = pciehp_get_latch_status(p_slot)
    if getstatus:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: latch opened")
        event_type = INT_SWITCH_OPEN
    else:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: latch closed")
        event_type = INT_SWITCH_CLOSE

    queue_interrupt_event(p_slot, event_type)

    return 1


def pciehp_handle_presence_change(p_slot: slot) -> int:
    """Queue that a card was inserted or removed, by the presence bit now.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 1"""
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, "presence event")

    _, presence_save = pciehp_get_adapter_status(p_slot)
    if presence_save:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: found a card")
        event_type = INT_PRESENCE_ON
    else:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: no card")
        event_type = INT_PRESENCE_OFF

    queue_interrupt_event(p_slot, event_type)

    return 1


def pciehp_handle_power_fault(p_slot: slot) -> int:
    """Queue a power fault.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 1"""
    ctrl = p_slot.ctrl

    ctrl_dbg(ctrl, "power fault event")
    ctrl_err(ctrl, f"slot {slot_name(p_slot)}: power failed")
    event_type = INT_POWER_FAULT
    ctrl_info(ctrl, f"event bit {0:x}")
    queue_interrupt_event(p_slot, event_type)

    return 1


def set_slot_off(ctrl: controller, pslot: slot) -> None:
    """Turn the slot off after a failure: power off, power indicator off, attention indicator on.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base"""
    if POWER_CTRL(ctrl):
        if pciehp_power_off_slot(pslot):
            ctrl_err(ctrl, "failed to turn slot power off")
            return
        # Nothing may rely on the power being gone before a second has passed (PCIe 3.0, 6.7.1.8).
        msleep(1000)

    if PWR_LED(ctrl):
        pciehp_green_led_off(pslot)

    if ATTN_LED(ctrl):
        if pciehp_set_attention_status(pslot, 1):
            ctrl_err(ctrl, "failed to turn the attention indicator on")
            return


def board_added(p_slot: slot) -> int:
    """Power a card on, wait for its link, and find its functions.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base
    :return: 0, -EIO after a power fault, or the error of pciehp_check_link_status() or pciehp_configure_device()"""
    ctrl = p_slot.ctrl
    parent = ctrl.pcie.port.subordinate

    if POWER_CTRL(ctrl):
        retval = pciehp_power_on_slot(p_slot)
        if retval:
            return retval

    if PWR_LED(ctrl):
        pciehp_green_led_blink(p_slot)

    retval = pciehp_check_link_status(ctrl)
    if retval:
        ctrl_err(ctrl, "link is not up")
        set_slot_off(ctrl, p_slot)
        return retval

    if ctrl.power_fault_detected or pciehp_query_power_fault(p_slot):
        ctrl_err(ctrl, f"slot {slot_name(p_slot)}: power failed")
        retval = -EIO
        set_slot_off(ctrl, p_slot)
        return retval

    retval = pciehp_configure_device(p_slot)
    if retval:
        ctrl_err(ctrl, f"no device added at {pci_domain_nr(parent):04x}:{parent.number:02x}:00")
        set_slot_off(ctrl, p_slot)
        return retval

    if PWR_LED(ctrl):
        pciehp_green_led_on(p_slot)

    return 0


def remove_board(p_slot: slot) -> int:
    """Remove a card's functions and power it off.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base
    :return: 0, -EINVAL if the VGA device is on or behind the card, or the status of the access that failed"""
    ctrl = p_slot.ctrl

    retval = pciehp_unconfigure_device(p_slot)
    if retval:
        return retval

    if POWER_CTRL(ctrl):
        retval = pciehp_power_off_slot(p_slot)
        if retval:
            ctrl_err(ctrl, "failed to turn slot power off")
            return retval
        # Nothing may rely on the power being gone before a second has passed (PCIe 3.0, 6.7.1.8).
        msleep(1000)

    if PWR_LED(ctrl):
        pciehp_green_led_off(p_slot)

    return 0


@dataclass(eq=False, slots=True)
class power_work_info:
    """struct power_work_info: a slot to turn on or off, by its state.

    C: drivers/pci/hotplug/pciehp_ctrl.c, struct, base"""

    p_slot: slot
    work: work_struct = field(default_factory=work_struct)


def pciehp_power_thread(info: power_work_info) -> None:
    """Turn a slot on or off, by its state, which is static again afterwards.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base"""
    p_slot = info.p_slot

    mutex_lock(p_slot.lock)
    if p_slot.state == POWEROFF_STATE:
        mutex_unlock(p_slot.lock)
        ctrl_dbg(
            p_slot.ctrl,
            f"switching off what is at {pci_domain_nr(p_slot.ctrl.pcie.port.subordinate):04x}"
            f":{p_slot.ctrl.pcie.port.subordinate.number:02x}:00",
        )
        pciehp_disable_slot(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
    elif p_slot.state == POWERON_STATE:
        mutex_unlock(p_slot.lock)
        if pciehp_enable_slot(p_slot) and PWR_LED(p_slot.ctrl):
            pciehp_green_led_off(p_slot)
        mutex_lock(p_slot.lock)
        p_slot.state = STATIC_STATE
    mutex_unlock(p_slot.lock)


def pciehp_queue_pushbutton_work(p_slot: slot) -> None:
    """Start to turn the slot on or off, five seconds after the button was pressed.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base"""
    info = power_work_info(p_slot)
    INIT_WORK(info.work, pciehp_power_thread, info, pci_name(p_slot.ctrl.pcie.port))

    mutex_lock(p_slot.lock)
    if p_slot.state == BLINKINGOFF_STATE:
        p_slot.state = POWEROFF_STATE
    elif p_slot.state == BLINKINGON_STATE:
        p_slot.state = POWERON_STATE
    else:
        mutex_unlock(p_slot.lock)
        return  # PORT: `goto out` leads to this
    queue_work(p_slot.wq, info.work)
    mutex_unlock(p_slot.lock)


def handle_button_press_event(p_slot: slot) -> None:
    """Start the five seconds before power changes, or cancel the change. The caller holds the slot's lock.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base"""
    ctrl = p_slot.ctrl

    if p_slot.state == STATIC_STATE:
        _, getstatus = pciehp_get_power_status(p_slot)
        if getstatus:
            p_slot.state = BLINKINGOFF_STATE
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power off in 5 seconds (button)")
        else:
            p_slot.state = BLINKINGON_STATE
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power on in 5 seconds (button)")
        if PWR_LED(ctrl):
            pciehp_green_led_blink(p_slot)
        if ATTN_LED(ctrl):
            pciehp_set_attention_status(p_slot, 0)

        queue_delayed_work(p_slot.wq, p_slot.work, 5 * HZ)
    elif p_slot.state in (BLINKINGOFF_STATE, BLINKINGON_STATE):
        # A second press within five seconds cancels: indicators as before.
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: button pressed again")
        cancel_delayed_work(p_slot.work)
        if p_slot.state == BLINKINGOFF_STATE:
            if PWR_LED(ctrl):
                pciehp_green_led_on(p_slot)
        else:
            if PWR_LED(ctrl):
                pciehp_green_led_off(p_slot)
        if ATTN_LED(ctrl):
            pciehp_set_attention_status(p_slot, 0)
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power left as it is (button)")
        p_slot.state = STATIC_STATE
    elif p_slot.state in (POWEROFF_STATE, POWERON_STATE):
        # Too late: power is changing.
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: power is changing, button has no effect")
    else:
        ctrl_warn(ctrl, "unknown slot state")


def handle_surprise_event(p_slot: slot) -> None:
    """Turn the slot on or off after a surprise insertion or removal. The caller holds the slot's lock.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base"""
    info = power_work_info(p_slot)
    INIT_WORK(info.work, pciehp_power_thread, info, pci_name(p_slot.ctrl.pcie.port))

    _, getstatus = pciehp_get_adapter_status(p_slot)
    if not getstatus:
        p_slot.state = POWEROFF_STATE
    else:
        p_slot.state = POWERON_STATE

    queue_work(p_slot.wq, info.work)


def interrupt_event_handler(info: event_info) -> None:
    """Handle an event. Presence matters only in slots with surprise removal.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, base"""
    p_slot = info.p_slot
    ctrl = p_slot.ctrl

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


def pciehp_enable_slot(p_slot: slot) -> int:
    """Turn the slot on, if there is a card, the latch is closed and it is not on.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 0, -ENODEV without card or with the latch open, -EINVAL if it is on already, or as board_added()"""
    ctrl = p_slot.ctrl

    rc, getstatus = pciehp_get_adapter_status(p_slot)
    if rc or not getstatus:
        ctrl_info(ctrl, f"slot {slot_name(p_slot)}: no card")
        return -ENODEV
    if MRL_SENS(p_slot.ctrl):
        rc, getstatus = pciehp_get_latch_status(p_slot)
        if rc or getstatus:
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: the latch is open")
            return -ENODEV

    if POWER_CTRL(p_slot.ctrl):
        rc, getstatus = pciehp_get_power_status(p_slot)
        if rc or getstatus:
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: already on")
            return -EINVAL

    pciehp_get_latch_status(p_slot)

    rc = board_added(p_slot)
    if rc:
        pciehp_get_latch_status(p_slot)
    return rc


def pciehp_disable_slot(p_slot: slot) -> int:
    """Turn the slot off. Without surprise removal the card must be present.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: 0, 1 without controller, -ENODEV without card or with the latch open, -EINVAL if it is off already,
        or as remove_board()"""
    ctrl = p_slot.ctrl

    if not p_slot.ctrl:
        return 1

    if not HP_SUPR_RM(p_slot.ctrl):
        ret, getstatus = pciehp_get_adapter_status(p_slot)
        if ret or not getstatus:
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: no card")
            return -ENODEV

    if MRL_SENS(p_slot.ctrl):
        ret, getstatus = pciehp_get_latch_status(p_slot)
        if ret or getstatus:
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: the latch is open")
            return -ENODEV

    if POWER_CTRL(p_slot.ctrl):
        ret, getstatus = pciehp_get_power_status(p_slot)
        if ret or not getstatus:
            ctrl_info(ctrl, f"slot {slot_name(p_slot)}: already off")
            return -EINVAL

    return remove_board(p_slot)


def pciehp_sysfs_enable_slot(p_slot: slot) -> int:
    """Turn the slot on, for user space.

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: as pciehp_enable_slot(), or -ENODEV while power is changing"""
    retval = -ENODEV
    ctrl = p_slot.ctrl

    mutex_lock(p_slot.lock)
    if p_slot.state in (BLINKINGON_STATE, STATIC_STATE):
        if p_slot.state == BLINKINGON_STATE:
            cancel_delayed_work(p_slot.work)
        p_slot.state = POWERON_STATE
        mutex_unlock(p_slot.lock)
        retval = pciehp_enable_slot(p_slot)
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

    C: drivers/pci/hotplug/pciehp_ctrl.c, global, base
    :return: as pciehp_disable_slot(), or -ENODEV while power is changing"""
    retval = -ENODEV
    ctrl = p_slot.ctrl

    mutex_lock(p_slot.lock)
    if p_slot.state in (BLINKINGOFF_STATE, STATIC_STATE):
        if p_slot.state == BLINKINGOFF_STATE:
            cancel_delayed_work(p_slot.work)
        p_slot.state = POWEROFF_STATE
        mutex_unlock(p_slot.lock)
        retval = pciehp_disable_slot(p_slot)
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
