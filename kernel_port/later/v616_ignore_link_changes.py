# SPDX-License-Identifier: GPL-2.0-only
# mypy: disable-error-code="attr-defined"
# PORT: structs of the base point to each other by the type that they have there; at run time they are the grown ones.
"""PCI: pciehp: Ignore Link Down/Up caused by Secondary Bus Reset

Why: masking an event keeps its interrupt away, but its bit still is in Slot Status, where a handler that runs for
another reason finds it: a button, a completion, another service or device on the same vector. And clearing the bit
afterwards forgets a card that was really pulled meanwhile.
What: in drivers/pci/hotplug/pci_hotplug_core.c, who makes a link go down and up says so, by
pci_hp_ignore_link_change() before and pci_hp_unignore_link_change() after. pciehp_reset_slot() does, and masks nothing
any more. The handler of events asks pci_hp_spurious_link_change(), which waits until it is over; then it drops what is
queued of presence, and looks for itself whether the card is still there.
Look at: who resets the bus without the slot says nothing, and is taken for a removal as before (bus-unmasked). Events
that come in late, when the first one has been dropped, count (late-status). A slot is switched off by the thread that
handles events, so a user who switches it off in the middle of a reset waits, and nothing comes of the reset's events
(lock-order, at-once). But if that thread took his request just before the link went down, it waits for reset_lock, and
by the time it sees the events the slot is off: they switch it on again, unless it has a power controller, with which
switching off drops them. So it is in v7.1.5. Two resets back to back: the handler of the first looks at the slot while
the second resets it; "sync interrupts for bus resets" of August 2025 was to mend that, and was not merged by v7.1.
Upstream: 2af781a9edc4 in v6.16 (a mail has the whole patch; absent in v6.12.19, present in v6.18.35), with what
c3be50f7547c of v6.16 says of presence: it is ignored as well as the link.
Adapted: from v6.18.35 to 3.12's driver on top of v6.4. # PORT: 3.12 has no link events and no state ON: presence tells
whether the card is there, and a slot is on if there are devices below the port. # PORT: events are items of work, not
bits, so what is pending is what has no higher number than the newest. # PORT: the flags are bits of dev_flags, which
3.12 has; priv_flags came later. # PORT: the poll timer, which patch 4 stops, goes on as v6.16's thread does.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..base import pciehp
from ..base.pciehp import (
    ATTN_LED,
    HP_SUPR_RM,
    INT_BUTTON_PRESS,
    INT_POWER_FAULT,
    INT_PRESENCE_OFF,
    INT_PRESENCE_ON,
    POWER_CTRL,
    PWR_LED,
    ctrl_dbg,
    ctrl_info,
    slot,
    slot_name,
)
from ..base.pciehp_core import pciehp_poll_mode
from ..base.pciehp_ctrl import EVENT_NAMES, handle_button_press_event
from ..base.pciehp_hpc import (
    pciehp_get_adapter_status,
    pciehp_green_led_off,
    pciehp_set_attention_status,
    pciehp_writew,
)
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_read, down_write, mutex_lock, mutex_unlock, up_read, up_write
from ..kernel.structs import *
from ..kernel.wait import wait_event, wait_queue_head, wake_up
from ..kernel.workqueue import INIT_WORK, queue_work
from ..patch.p01_create_pci_reset_bridge_secondary_bus import pci_reset_bridge_secondary_bus
from ..pci_regs import *
from . import v419_reset_lock
from .v315_very_fast_hotplug_events import handle_surprise_event

ADDS = (
    "pci_hp_ignore_link_change",
    "pci_hp_unignore_link_change",
    "pci_hp_spurious_link_change",
    "pciehp_ignore_link_change",
)
MODIFIES = ("controller", "event_info", "queue_interrupt_event", "interrupt_event_handler", "pciehp_reset_slot")
REQUIRES = ("release-reset-lock",)

#: pci_dev.dev_flags: the link below went down and up, and will go on doing so.
PCI_LINK_CHANGED = 1 << 20  # PORT: bit 4 of priv_flags
PCI_LINK_CHANGING = 1 << 21  # PORT: bit 5 of priv_flags

#: Threads that wait until a link has changed.
pci_hp_link_change_wq: wait_queue_head = wait_queue_head("link change")


@dataclass(eq=False, slots=True)
class controller(v419_reset_lock.controller):
    """struct controller: the hotplug controller of a port.

    C: drivers/pci/hotplug/pciehp.h, struct, v6.16; PORT: two counters instead of pending_events"""

    #: How many events were queued, and up to which one those of presence are ignored.
    events: int = 0
    ignored: int = 0


@dataclass(eq=False, slots=True)
class event_info(pciehp.event_info):
    """struct event_info: an event of a slot, queued as work.

    C: drivers/pci/hotplug/pciehp.h, struct, v6.16; PORT: with the number of the event"""

    number: int = 0


def pci_hp_ignore_link_change(pdev: pci_dev) -> None:
    """Say that the link below the hotplug port *pdev* is about to change, and that this means nothing.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, v6.16"""
    pdev.dev_flags |= PCI_LINK_CHANGING  # PORT: set_bit() and no barrier: one thread runs at a time


EXPORT_SYMBOL_GPL(pci_hp_ignore_link_change)


def pci_hp_unignore_link_change(pdev: pci_dev) -> None:
    """Say that the link below *pdev* has changed.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, v6.16"""
    pdev.dev_flags |= PCI_LINK_CHANGED
    pdev.dev_flags &= ~PCI_LINK_CHANGING  # PORT: no mb()
    wake_up(pci_hp_link_change_wq)


EXPORT_SYMBOL_GPL(pci_hp_unignore_link_change)


def pci_hp_spurious_link_change(pdev: pci_dev) -> bool:
    """Wait until nobody changes the link below *pdev*; return whether somebody did since the last call.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, v6.16"""
    wait_event(pci_hp_link_change_wq, lambda: not pdev.dev_flags & PCI_LINK_CHANGING)

    changed = pdev.dev_flags & PCI_LINK_CHANGED  # PORT: test_and_clear_bit()
    pdev.dev_flags &= ~PCI_LINK_CHANGED
    return bool(changed)


EXPORT_SYMBOL_GPL(pci_hp_spurious_link_change)


def pciehp_ignore_link_change(ctrl: pciehp.controller) -> None:
    """Drop the events of presence that are pending; queue one if the card is gone after all.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, v6.16"""
    slot = ctrl.slot

    ctrl.ignored = ctrl.events  # PORT: synchronize_hardirq(), `pending_events`
    if pciehp_poll_mode:
        pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDC)
    ctrl_info(ctrl, f"slot {slot_name(slot)}: the link went down and up, ignored")

    down_read(ctrl.reset_lock)
    rc, present = pciehp_get_adapter_status(slot)  # PORT: of the link, in C, and whether it is the same device
    if rc or not present:
        queue_interrupt_event(slot, INT_PRESENCE_OFF)
    up_read(ctrl.reset_lock)


def queue_interrupt_event(p_slot: slot, event_type: int) -> int:
    """Queue an event on the slot's work queue.

    C: drivers/pci/hotplug/pciehp_ctrl.c, static, v6.16; PORT: 3.12's function, which numbers the event
    :param event_type: INT_*
    :return: 0"""
    info = event_info(event_type, p_slot)
    INIT_WORK(info.work, interrupt_event_handler, info, pci_name(p_slot.ctrl.pcie.port), EVENT_NAMES[event_type])

    p_slot.ctrl.events += 1
    info.number = p_slot.ctrl.events
    queue_work(p_slot.wq, info.work)

    return 0


def interrupt_event_handler(info: event_info) -> None:
    """Handle an event: of presence, when nobody changes the link, and unless that made it.

    C: drivers/pci/hotplug/pciehp_hpc.c pciehp_ist(), static, v6.16; PORT: under 3.12's name"""
    p_slot = info.p_slot
    ctrl = p_slot.ctrl
    pdev = ctrl.pcie.port

    if info.event_type in (INT_PRESENCE_ON, INT_PRESENCE_OFF):
        # PORT: `ctrl->state == ON_STATE`, before the wait: in v6.16 nobody but this thread switches the slot meanwhile
        on = bool(pdev.subordinate.devices)
        spurious = pci_hp_spurious_link_change(pdev)
        if info.number <= ctrl.ignored:
            return
        if spurious and on:
            pciehp_ignore_link_change(ctrl)
            return
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


def pciehp_reset_slot(slot: slot, probe: int) -> int:
    """Reset the bus below the port, and say that what happens to its link means nothing.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, v6.16
    :param probe: not 0: only say that it would work
    :return: 0"""
    ctrl = slot.ctrl
    pdev = ctrl.pcie.port

    if probe:
        return 0

    down_write(ctrl.reset_lock)

    pci_hp_ignore_link_change(pdev)

    pci_reset_bridge_secondary_bus(ctrl.pcie.port)

    pci_hp_unignore_link_change(pdev)

    up_write(ctrl.reset_lock)
    return 0
