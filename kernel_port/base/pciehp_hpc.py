# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_hpc.c: the hotplug port: its commands, events, link, indicators and power.

- A command is a write to Slot Control; most ports report its completion, by interrupt or polled.
- Events are bits in Slot Status that are cleared by writing 1. With pciehp_poll_mode a timer polls them.
- The getters return (status, value); if the read failed, value is 0 (C does not set the caller's variable).
"""

from __future__ import annotations

from errno import EINVAL
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.interrupt import IRQ_HANDLED, IRQ_NONE, IRQF_SHARED, free_irq, request_irq
from ..kernel.mutex import mutex_init, mutex_lock, mutex_unlock
from ..kernel.printk import printk
from ..kernel.structs import *
from ..kernel.timer import HZ, add_timer, del_timer_sync, init_timer, jiffies, msecs_to_jiffies
from ..kernel.wait import init_waitqueue_head, wait_event_timeout, wake_up
from ..kernel.workqueue import INIT_DELAYED_WORK, alloc_workqueue, cancel_delayed_work, destroy_workqueue
from ..pci_regs import *
from .access import pcie_capability_read_dword, pcie_capability_read_word, pcie_capability_write_word
from .pciehp import *
from .probe import pci_bus_read_dev_vendor_id, pcie_update_link_speed

if TYPE_CHECKING:  # both import this module
    from .pciehp_core import pciehp_debug, pciehp_poll_mode, pciehp_poll_time
    from .pciehp_ctrl import (
        pciehp_handle_attention_button,
        pciehp_handle_power_fault,
        pciehp_handle_presence_change,
        pciehp_handle_switch_change,
        pciehp_queue_pushbutton_work,
    )


def pciehp_readw(ctrl: controller, reg: int) -> tuple[int, int]:
    """Read a word of the port's PCI Express capability.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base
    :return: (status, value); status is not 0 if the access failed"""
    dev = ctrl.pcie.port
    return pcie_capability_read_word(dev, reg)


def pciehp_readl(ctrl: controller, reg: int) -> tuple[int, int]:
    """Read a dword of the port's PCI Express capability.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base
    :return: (status, value); status is not 0 if the access failed"""
    dev = ctrl.pcie.port
    return pcie_capability_read_dword(dev, reg)


def pciehp_writew(ctrl: controller, reg: int, value: int) -> int:
    """Write a word of the port's PCI Express capability.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base
    :return: 0, or the status of the access that failed"""
    dev = ctrl.pcie.port
    return pcie_capability_write_word(dev, reg, value)


# Power Control Command
POWER_ON = 0
POWER_OFF = PCI_EXP_SLTCTL_PCC


def int_poll_timeout(data: controller) -> None:
    """Check for events, as on an interrupt, and rearm the timer.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    global pciehp_poll_time
    ctrl = data

    pcie_isr(0, ctrl)

    init_timer(ctrl.poll_timer)
    if not pciehp_poll_time:
        pciehp_poll_time = 2  # seconds, by default

    start_int_poll_timer(ctrl, pciehp_poll_time)


def start_int_poll_timer(ctrl: controller, sec: int) -> None:
    """Poll for events in *sec* seconds.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param sec: 1 to 60; anything else means 2"""
    if (sec <= 0) or (sec > 60):
        sec = 2

    ctrl.poll_timer.function = int_poll_timeout
    ctrl.poll_timer.data = ctrl
    ctrl.poll_timer.expires = jiffies() + sec * HZ
    add_timer(ctrl.poll_timer)


def pciehp_request_irq(ctrl: controller) -> int:
    """Enable handling of the port's events: by its interrupt, or by the timer after ten seconds.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base
    :return: 0, or -EBUSY if the interrupt is taken"""
    irq = ctrl.pcie.irq

    if pciehp_poll_mode:
        init_timer(ctrl.poll_timer)
        start_int_poll_timer(ctrl, 10)
        return 0

    # the other services of the port share this interrupt
    retval = request_irq(irq, pcie_isr, IRQF_SHARED, MY_NAME, ctrl)
    if retval:
        ctrl_err(ctrl, f"irq {irq} is taken")
    return retval


def pciehp_free_irq(ctrl: controller) -> None:
    """Undo pciehp_request_irq().

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base"""
    if pciehp_poll_mode:
        del_timer_sync(ctrl.poll_timer)
    else:
        free_irq(ctrl.pcie.irq, ctrl)


def pcie_poll_cmd(ctrl: controller) -> int:
    """Poll for completion of a command, every 10 ms for one second, and clear its bit.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 1 if completed, 0 if time ran out"""
    timeout = 1000  # ms

    err, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if not err and (slot_status & PCI_EXP_SLTSTA_CC):
        pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC)
        return 1
    while timeout > 0:
        msleep(10)
        timeout -= 10
        err, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
        if not err and (slot_status & PCI_EXP_SLTSTA_CC):
            pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC)
            return 1
    return 0


def pcie_wait_cmd(ctrl: controller, poll: int) -> None:
    """Wait for the completion of a command; a timeout is not an error.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param poll: 1 to poll Slot Status, 0 to wait for the interrupt handler"""
    msecs = 2500 if pciehp_poll_mode else 1000
    timeout = msecs_to_jiffies(msecs)

    if poll:
        rc = pcie_poll_cmd(ctrl)
    else:
        rc = wait_event_timeout(ctrl.queue, lambda: not ctrl.cmd_busy, timeout)
    if not rc:
        ctrl_dbg(ctrl, "no command completion after 1000 ms")


def pcie_write_cmd(ctrl: controller, cmd: int, mask: int) -> int:
    """Change bits of Slot Control, and wait for completion if the port reports it.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param cmd: PCI_EXP_SLTCTL_* bits to set
    :param mask: the bits that change; those not in *cmd* are cleared
    :return: 0, or the status of the access that failed"""
    mutex_lock(ctrl.ctrl_lock)

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pcie_write_cmd: failed to read Slot Status")
        mutex_unlock(ctrl.ctrl_lock)
        return retval

    if slot_status & PCI_EXP_SLTSTA_CC:
        if not ctrl.no_cmd_complete:
            # The last command took more than a second: go on, as specified.
            ctrl_dbg(ctrl, "completion of the last command is still set after 1 s")
        elif not NO_CMD_CMPL(ctrl):
            # It has no slow part, but reports completion: wait for it from now on.
            ctrl_dbg(ctrl, "unexpected command completion, waiting for it from now on")
            ctrl.no_cmd_complete = 0
        else:
            ctrl_dbg(ctrl, "command completion from a port that does not support it, broken port?")

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pcie_write_cmd: failed to read Slot Control")
        mutex_unlock(ctrl.ctrl_lock)
        return retval

    slot_ctrl &= ~mask
    slot_ctrl |= cmd & mask
    ctrl.cmd_busy = 1  # PORT: no smp_mb(): one thread runs at a time
    retval = pciehp_writew(ctrl, PCI_EXP_SLTCTL, slot_ctrl)
    if retval:
        ctrl_err(ctrl, "failed to write Slot Control")

    if not retval and not ctrl.no_cmd_complete:
        poll = 0
        # Without both enables there is no interrupt.
        if not (slot_ctrl & PCI_EXP_SLTCTL_HPIE) or not (slot_ctrl & PCI_EXP_SLTCTL_CCIE):
            poll = 1
        pcie_wait_cmd(ctrl, poll)
    mutex_unlock(ctrl.ctrl_lock)
    return retval


def check_link_active(ctrl: controller) -> bool:
    """Return whether the port reports its link active; False if the read fails.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    ret = False

    err, lnk_status = pciehp_readw(ctrl, PCI_EXP_LNKSTA)
    if err:
        return ret

    ret = bool(lnk_status & PCI_EXP_LNKSTA_DLLLA)

    if ret:
        ctrl_dbg(ctrl, f"check_link_active: Link Status {lnk_status:x}")

    return ret


def __pcie_wait_link_active(ctrl: controller, active: bool) -> None:
    """Poll for the link to be up (or down, if not *active*), every 10 ms for one second.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    timeout = 1000  # ms

    if check_link_active(ctrl) == active:
        return
    while timeout > 0:
        msleep(10)
        timeout -= 10
        if check_link_active(ctrl) == active:
            return
    ctrl_dbg(ctrl, f"link still {'down' if active else 'up'} after 1000 ms")


def pcie_wait_link_active(ctrl: controller) -> None:
    """Wait until the link is up, one second at most.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    __pcie_wait_link_active(ctrl, True)


def pcie_wait_link_not_active(ctrl: controller) -> None:
    """Wait until the link is down, one second at most.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    __pcie_wait_link_active(ctrl, False)


def pci_bus_check_dev(bus: pci_bus, devfn: int) -> bool:
    """Poll for a function to answer, every 20 ms for one second.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    count = 0
    delay, step = 1000, 20  # ms

    while True:
        found, l = pci_bus_read_dev_vendor_id(bus, devfn, 0)  # noqa: E741
        count += 1

        if found:
            break

        msleep(step)
        # PORT: `while (delay > 0)` at the end
        delay -= step
        if delay <= 0:
            break

    # PORT: the name is an expression within the message in C
    if count > 1 and pciehp_debug:
        name = f"{pci_domain_nr(bus):04x}:{bus.number:02x}:{PCI_SLOT(devfn):02x}.{PCI_FUNC(devfn):d}"
        printk("debug", f"pci {name}: ID read {count} times, every {step} ms, last value {l:08x}")

    return found


def pciehp_check_link_status(ctrl: controller) -> int:
    """Wait until the link is up and the card answers.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, -1 if the link is not trained or nothing answers, or the status of an access that failed"""
    # Hotplug ports must report the link; for an old one that does not, wait as long as it could take.
    if ctrl.link_active_reporting:
        pcie_wait_link_active(ctrl)
    else:
        msleep(1000)

    # A device may need 100 ms before its first config cycle, and up to one second to answer it.
    msleep(100)
    found = pci_bus_check_dev(ctrl.pcie.port.subordinate, PCI_DEVFN(0, 0))

    retval, lnk_status = pciehp_readw(ctrl, PCI_EXP_LNKSTA)
    if retval:
        ctrl_err(ctrl, "failed to read Link Status")
        return retval

    ctrl_dbg(ctrl, f"pciehp_check_link_status: Link Status {lnk_status:x}")
    if (lnk_status & PCI_EXP_LNKSTA_LT) or not (lnk_status & PCI_EXP_LNKSTA_NLW):
        ctrl_err(ctrl, "link is not trained")
        retval = -1
        return retval

    pcie_update_link_speed(ctrl.pcie.port.subordinate, lnk_status)

    if not found and not retval:
        retval = -1

    return retval


def __pciehp_link_set(ctrl: controller, enable: bool) -> int:
    """Enable or disable the link.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 0, or the status of the access that failed"""
    retval, lnk_ctrl = pciehp_readw(ctrl, PCI_EXP_LNKCTL)
    if retval:
        ctrl_err(ctrl, "failed to read Link Control")
        return retval

    if enable:
        lnk_ctrl &= ~PCI_EXP_LNKCTL_LD
    else:
        lnk_ctrl |= PCI_EXP_LNKCTL_LD

    retval = pciehp_writew(ctrl, PCI_EXP_LNKCTL, lnk_ctrl)
    if retval:
        ctrl_err(ctrl, "failed to write Link Control")
        return retval
    ctrl_dbg(ctrl, f"__pciehp_link_set: Link Control {lnk_ctrl:x}")

    return retval


def pciehp_link_enable(ctrl: controller) -> int:
    """Enable the link.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 0, or the status of the access that failed"""
    return __pciehp_link_set(ctrl, True)


def pciehp_link_disable(ctrl: controller) -> int:
    """Disable the link.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 0, or the status of the access that failed"""
    return __pciehp_link_set(ctrl, False)


def pciehp_get_attention_status(slot: slot) -> tuple[int, int]:
    """Read the attention indicator: 0 off, 1 on, 2 blinking, 0xff reserved.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pciehp_get_attention_status: failed to read Slot Control")
        return retval, 0

    ctrl_dbg(
        ctrl,
        f"pciehp_get_attention_status: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" is {slot_ctrl:x}",
    )

    atten_led_state = (slot_ctrl & PCI_EXP_SLTCTL_AIC) >> 6

    if atten_led_state == 0:
        status = 0xFF  # reserved
    elif atten_led_state == 1:
        status = 1  # on
    elif atten_led_state == 2:
        status = 2  # blinking
    elif atten_led_state == 3:
        status = 0  # off
    else:
        status = 0xFF

    return 0, status


def pciehp_get_power_status(slot: slot) -> tuple[int, int]:
    """Read whether the slot has power: 1 or 0. The bit means "off".

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pciehp_get_power_status: failed to read Slot Control")
        return retval, 0
    ctrl_dbg(
        ctrl,
        f"pciehp_get_power_status: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x} is {slot_ctrl:x}",
    )

    pwr_state = (slot_ctrl & PCI_EXP_SLTCTL_PCC) >> 10

    if pwr_state == 0:
        status = 1
    elif pwr_state == 1:
        status = 0
    else:
        status = 0xFF

    return retval, status


def pciehp_get_latch_status(slot: slot) -> tuple[int, int]:
    """Read whether the latch is open: 1 or 0.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_get_latch_status: failed to read Slot Status")
        return retval, 0
    return 0, int(bool(slot_status & PCI_EXP_SLTSTA_MRLSS))  # PORT: `*status` and `return 0` in one


def pciehp_get_adapter_status(slot: slot) -> tuple[int, int]:
    """Read whether there is a card in the slot: 1 or 0.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_get_adapter_status: failed to read Slot Status")
        return retval, 0
    return 0, int(bool(slot_status & PCI_EXP_SLTSTA_PDS))  # PORT: `*status` and `return 0` in one


def pciehp_query_power_fault(slot: slot) -> int:
    """Read whether the slot's power failed.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 1 or 0, or the status of the access that failed, which is not 0 either"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "failed to read Slot Status for power faults")
        return retval
    return int(bool(slot_status & PCI_EXP_SLTSTA_PFD))


def pciehp_set_attention_status(slot: slot, value: int) -> int:
    """Set the attention indicator: 0 off, 1 on, 2 blinking.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, -EINVAL for other values, or the status of the access that failed"""
    ctrl = slot.ctrl

    cmd_mask = PCI_EXP_SLTCTL_AIC
    if value == 0:
        slot_cmd = 0x00C0  # off
    elif value == 1:
        slot_cmd = 0x0040  # on
    elif value == 2:
        slot_cmd = 0x0080  # blinking
    else:
        return -EINVAL
    ctrl_dbg(
        ctrl,
        f"pciehp_set_attention_status: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )
    return pcie_write_cmd(ctrl, slot_cmd, cmd_mask)


def pciehp_green_led_on(slot: slot) -> None:
    """Turn the power indicator on: do not touch the card.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base"""
    ctrl = slot.ctrl

    slot_cmd = 0x0100
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(
        ctrl,
        f"pciehp_green_led_on: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )


def pciehp_green_led_off(slot: slot) -> None:
    """Turn the power indicator off: the card may be inserted or removed.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base"""
    ctrl = slot.ctrl

    slot_cmd = 0x0300
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(
        ctrl,
        f"pciehp_green_led_off: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )


def pciehp_green_led_blink(slot: slot) -> None:
    """Let the power indicator blink: power is changing.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base"""
    ctrl = slot.ctrl

    slot_cmd = 0x0200
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(
        ctrl,
        f"pciehp_green_led_blink: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )


def pciehp_power_on_slot(slot: slot) -> int:
    """Power the slot and enable its link. Clears an old power fault.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, or the status of the access that failed"""
    ctrl = slot.ctrl

    # The fault bit stays until it is cleared.
    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_power_on_slot: failed to read Slot Status")
        return retval
    slot_status &= PCI_EXP_SLTSTA_PFD
    if slot_status:
        retval = pciehp_writew(ctrl, PCI_EXP_SLTSTA, slot_status)
        if retval:
            ctrl_err(ctrl, "pciehp_power_on_slot: failed to write Slot Status")
            return retval
    ctrl.power_fault_detected = 0

    slot_cmd = POWER_ON
    cmd_mask = PCI_EXP_SLTCTL_PCC
    retval = pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    if retval:
        ctrl_err(ctrl, f"power on command {slot_cmd:x} failed")
        return retval
    ctrl_dbg(
        ctrl,
        f"pciehp_power_on_slot: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )

    retval = pciehp_link_enable(ctrl)
    if retval:
        ctrl_err(ctrl, "pciehp_power_on_slot: failed to enable the link")

    return retval


def pciehp_power_off_slot(slot: slot) -> int:
    """Disable the slot's link, wait until it is down, and remove power.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, or the status of the access that failed"""
    ctrl = slot.ctrl

    pciehp_link_disable(ctrl)
    # until it is down
    if ctrl.link_active_reporting:
        pcie_wait_link_not_active(ctrl)
    else:
        msleep(1000)

    slot_cmd = POWER_OFF
    cmd_mask = PCI_EXP_SLTCTL_PCC
    retval = pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    if retval:
        ctrl_err(ctrl, "power off command failed")
        return retval
    ctrl_dbg(
        ctrl,
        f"pciehp_power_off_slot: Slot Control at {pci_pcie_cap(ctrl.pcie.port) + PCI_EXP_SLTCTL:x}"
        f" gets command {slot_cmd:x}",
    )
    return 0


def pcie_isr(irq: int, dev_id: controller) -> int:
    """Clear the port's events and handle them, enabled or not.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: IRQ_HANDLED, or IRQ_NONE if there was no event"""
    ctrl = dev_id
    slot = ctrl.slot

    # An event that arrives before the others are cleared raises no interrupt: loop until there is none.
    intr_loc = 0
    while True:
        err, detected = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
        if err:
            ctrl_err(ctrl, "pcie_isr: failed to read Slot Status")
            return IRQ_NONE

        detected &= (
            PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC
        )
        detected &= ~intr_loc
        intr_loc |= detected
        if not intr_loc:
            return IRQ_NONE
        if detected and pciehp_writew(ctrl, PCI_EXP_SLTSTA, intr_loc):
            ctrl_err(ctrl, "pcie_isr: failed to write Slot Status")
            return IRQ_NONE
        # PORT: `while (detected)` at the end
        if not detected:
            break

    ctrl_dbg(ctrl, f"pcie_isr: events {intr_loc:x}")

    if intr_loc & PCI_EXP_SLTSTA_CC:
        ctrl.cmd_busy = 0  # PORT: no smp_mb(): one thread runs at a time
        wake_up(ctrl.queue)

    if not (intr_loc & ~PCI_EXP_SLTSTA_CC):
        return IRQ_HANDLED

    if intr_loc & PCI_EXP_SLTSTA_MRLSC:
        pciehp_handle_switch_change(slot)

    if intr_loc & PCI_EXP_SLTSTA_ABP:
        pciehp_handle_attention_button(slot)

    if intr_loc & PCI_EXP_SLTSTA_PDC:
        pciehp_handle_presence_change(slot)

    if (intr_loc & PCI_EXP_SLTSTA_PFD) and not ctrl.power_fault_detected:
        ctrl.power_fault_detected = 1
        pciehp_handle_power_fault(slot)
    return IRQ_HANDLED


def pcie_enable_notification(ctrl: controller) -> int:
    """Enable the slot's events: presence, and button and latch if it has them; by interrupt unless polled.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, or -1 if the command failed"""
    # Not power faults: on some machines the bit is set again as soon as it is cleared, and so would the interrupt be.
    cmd = PCI_EXP_SLTCTL_PDCE
    if ATTN_BUTTN(ctrl):
        cmd |= PCI_EXP_SLTCTL_ABPE
    if MRL_SENS(ctrl):
        cmd |= PCI_EXP_SLTCTL_MRLSCE
    if not pciehp_poll_mode:
        cmd |= PCI_EXP_SLTCTL_HPIE | PCI_EXP_SLTCTL_CCIE

    mask = (
        PCI_EXP_SLTCTL_PDCE
        | PCI_EXP_SLTCTL_ABPE
        | PCI_EXP_SLTCTL_MRLSCE
        | PCI_EXP_SLTCTL_PFDE
        | PCI_EXP_SLTCTL_HPIE
        | PCI_EXP_SLTCTL_CCIE
    )

    if pcie_write_cmd(ctrl, cmd, mask):
        ctrl_err(ctrl, "failed to enable slot events")
        return -1
    return 0


def pcie_disable_notification(ctrl: controller) -> None:
    """Disable all of the slot's events.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    mask = (
        PCI_EXP_SLTCTL_PDCE
        | PCI_EXP_SLTCTL_ABPE
        | PCI_EXP_SLTCTL_MRLSCE
        | PCI_EXP_SLTCTL_PFDE
        | PCI_EXP_SLTCTL_HPIE
        | PCI_EXP_SLTCTL_CCIE
        | PCI_EXP_SLTCTL_DLLSCE
    )
    if pcie_write_cmd(ctrl, 0, mask):
        ctrl_warn(ctrl, "failed to disable slot events")


def pcie_init_notification(ctrl: controller) -> int:
    """Enable the slot's events and their handler.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: 0, or -1 if the interrupt is taken or the command failed"""
    if pciehp_request_irq(ctrl):
        return -1
    if pcie_enable_notification(ctrl):
        pciehp_free_irq(ctrl)
        return -1
    ctrl.notification_enabled = 1
    return 0


def pcie_shutdown_notification(ctrl: controller) -> None:
    """Disable the slot's events and their handler.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    if ctrl.notification_enabled:
        pcie_disable_notification(ctrl)
        pciehp_free_irq(ctrl)
        ctrl.notification_enabled = 0


def pcie_init_slot(ctrl: controller) -> int:
    """Make the slot below the port.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 0"""
    name = pci_name(ctrl.pcie.port)  # PORT: of the lock and the work, for reports
    new = slot()  # PORT: kzalloc(); C's variable has the name of its type

    new.wq = alloc_workqueue(f"pciehp-{PSN(ctrl)}", 0, 0)  # PORT: alloc_workqueue() does not fail: no `-ENOMEM`

    new.ctrl = ctrl
    mutex_init(new.lock, "slot", name)
    INIT_DELAYED_WORK(new.work, pciehp_queue_pushbutton_work, new, name)
    ctrl.slot = new
    return 0


def pcie_cleanup_slot(ctrl: controller) -> None:
    """Finish the slot's work and free the slot.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    slot = ctrl.slot
    cancel_delayed_work(slot.work)
    destroy_workqueue(slot.wq)


def dbg_ctrl(ctrl: controller) -> None:
    """Log everything about the port, if pciehp_debug is set.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base"""
    pdev = ctrl.pcie.port

    if not pciehp_debug:
        return

    ctrl_info(ctrl, "hotplug port:")
    ctrl_info(ctrl, f"  address               {pci_name(pdev)}, irq {pdev.irq}")
    ctrl_info(ctrl, f"  vendor                {pdev.vendor:#06x}")
    ctrl_info(ctrl, f"  device                {pdev.device:#06x}")
    ctrl_info(ctrl, f"  subsystem device      {pdev.subsystem_device:#06x}")
    ctrl_info(ctrl, f"  subsystem vendor      {pdev.subsystem_vendor:#06x}")
    ctrl_info(ctrl, f"  PCI Express at        {pci_pcie_cap(pdev):#04x}")
    for i in range(DEVICE_COUNT_RESOURCE):
        if not pdev.resource[i].end:  # PORT: pci_resource_len() is 0
            continue
        ctrl_info(ctrl, f"  resource {i:<2}           {pdev.resource[i].start:#x}-{pdev.resource[i].end:#x}")
    ctrl_info(ctrl, f"its Slot Capabilities   {ctrl.slot_cap:#010x}")
    ctrl_info(ctrl, f"  slot                  {PSN(ctrl)}")
    ctrl_info(ctrl, f"  button                {'yes' if ATTN_BUTTN(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  power control         {'yes' if POWER_CTRL(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  latch sensor          {'yes' if MRL_SENS(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  attention indicator   {'yes' if ATTN_LED(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  power indicator       {'yes' if PWR_LED(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  surprise removal      {'yes' if HP_SUPR_RM(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  interlock             {'yes' if EMI(ctrl) else 'no'}")
    ctrl_info(ctrl, f"  reports completion    {'no' if NO_CMD_CMPL(ctrl) else 'yes'}")
    _, reg16 = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    ctrl_info(ctrl, f"its Slot Status         {reg16:#06x}")
    _, reg16 = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    ctrl_info(ctrl, f"its Slot Control        {reg16:#06x}")


def pcie_init(dev: pcie_device) -> controller | None:
    """Make the controller of a port; clear and disable its events.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base
    :return: the controller, or None if the port cannot be accessed"""
    pdev = dev.port

    ctrl = controller()
    ctrl.pcie = dev
    err, slot_cap = pciehp_readl(ctrl, PCI_EXP_SLTCAP)
    if err:
        ctrl_err(ctrl, "failed to read Slot Capabilities")
        return None

    ctrl.slot_cap = slot_cap
    mutex_init(ctrl.ctrl_lock, "ctrl", pci_name(pdev))
    init_waitqueue_head(ctrl.queue, "cmd")
    ctrl.poll_timer.of = pci_name(pdev)  # PORT: whose timer it is, for reports
    dbg_ctrl(ctrl)
    # No completion is reported if the port says so, or if it has no slow part.
    if NO_CMD_CMPL(ctrl) or not (POWER_CTRL(ctrl) | ATTN_LED(ctrl) | PWR_LED(ctrl) | EMI(ctrl)):
        ctrl.no_cmd_complete = 1

    err, link_cap = pciehp_readl(ctrl, PCI_EXP_LNKCAP)
    if err:
        ctrl_err(ctrl, "pcie_init: failed to read Link Capabilities")
        return None
    if link_cap & PCI_EXP_LNKCAP_DLLLARC:
        ctrl_dbg(ctrl, "the port reports whether its link is active")
        ctrl.link_active_reporting = 1

    # Old events
    if pciehp_writew(ctrl, PCI_EXP_SLTSTA, 0x1F):
        return None

    pcie_disable_notification(ctrl)

    ctrl_info(
        ctrl,
        f"the port is a {pdev.vendor:x}:{pdev.device:x}"
        f" of subsystem {pdev.subsystem_vendor:x}:{pdev.subsystem_device:x}",
    )

    if pcie_init_slot(ctrl):
        return None

    return ctrl


def pciehp_release_ctrl(ctrl: controller) -> None:
    """Disable the slot's events, and finish its work.

    C: drivers/pci/hotplug/pciehp_hpc.c, global, base"""
    pcie_shutdown_notification(ctrl)
    pcie_cleanup_slot(ctrl)
