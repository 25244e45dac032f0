# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_hpc.c, first part: commands to the port, its events, and setting it up.

- A command is a write to Slot Control; most ports report its completion, by interrupt or to be polled for.
- Events are bits in Slot Status that are cleared by writing 1. With pciehp_poll_mode a timer looks at them.
- Link, lamps, power and status of the slot: pciehp_hpc_slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.interrupt import IRQ_HANDLED, IRQ_NONE, free_irq, request_irq
from ..kernel.mutex import mutex_init, mutex_lock, mutex_unlock
from ..kernel.structs import pci_name, pci_pcie_cap
from ..kernel.timer import HZ, add_timer, del_timer_sync, init_timer, jiffies
from ..kernel.wait import init_waitqueue_head, wait_event_timeout, wake_up
from ..kernel.workqueue import INIT_DELAYED_WORK, alloc_workqueue, cancel_delayed_work, destroy_workqueue
from ..pci_regs import (
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_DLLLARC,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_ABPE,
    PCI_EXP_SLTCTL_CCIE,
    PCI_EXP_SLTCTL_DLLSCE,
    PCI_EXP_SLTCTL_HPIE,
    PCI_EXP_SLTCTL_MRLSCE,
    PCI_EXP_SLTCTL_PDCE,
    PCI_EXP_SLTCTL_PFDE,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_ABP,
    PCI_EXP_SLTSTA_CC,
    PCI_EXP_SLTSTA_MRLSC,
    PCI_EXP_SLTSTA_PDC,
    PCI_EXP_SLTSTA_PFD,
)
from .access import (
    pcie_capability_read_dword,
    pcie_capability_read_word,
    pcie_capability_write_word,
)
from .pciehp import (
    ATTN_BUTTN,
    ATTN_LED,
    EMI,
    HP_SUPR_RM,
    MRL_SENS,
    MY_NAME,
    NO_CMD_CMPL,
    POWER_CTRL,
    PSN,
    PWR_LED,
    controller,
    ctrl_dbg,
    ctrl_err,
    ctrl_info,
    ctrl_warn,
    pcie_device,
    slot,
)

if TYPE_CHECKING:
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


def int_poll_timeout(data: controller) -> None:
    """Look for events, as an interrupt would, and set the timer again.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    global pciehp_poll_time
    ctrl = data

    pcie_isr(0, ctrl)

    init_timer(ctrl.poll_timer)
    if not pciehp_poll_time:
        pciehp_poll_time = 2  # seconds

    start_int_poll_timer(ctrl, pciehp_poll_time)


def start_int_poll_timer(ctrl: controller, sec: int) -> None:
    """Look for events in *sec* seconds.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param sec: 1 to 60; anything else means 2"""
    if sec <= 0 or sec > 60:
        sec = 2

    ctrl.poll_timer.function = int_poll_timeout
    ctrl.poll_timer.data = ctrl
    ctrl.poll_timer.expires = jiffies() + sec * HZ
    add_timer(ctrl.poll_timer)


def pciehp_request_irq(ctrl: controller) -> int:
    """Have the port's events looked at: by its interrupt, or by the timer from ten seconds on.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base
    :return: 0, or -EBUSY if the interrupt is taken"""
    irq = ctrl.pcie.irq

    if pciehp_poll_mode:
        init_timer(ctrl.poll_timer)
        start_int_poll_timer(ctrl, 10)
        return 0

    retval = request_irq(irq, pcie_isr, MY_NAME, ctrl)  # PORT: each port has an interrupt of its own, none is shared
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
    """Look every 10 ms, for one second, whether the command is completed; if so, clear the bit that says it.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 1 if completed, 0 if time ran out"""
    timeout = 1000  # ms

    err, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if not err and slot_status & PCI_EXP_SLTSTA_CC:
        pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC)
        return 1
    while timeout > 0:
        msleep(10)
        timeout -= 10
        err, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
        if not err and slot_status & PCI_EXP_SLTSTA_CC:
            pciehp_writew(ctrl, PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_CC)
            return 1
    return 0


def pcie_wait_cmd(ctrl: controller, poll: int) -> None:
    """Wait for the completion of a command; one that never comes is not an error.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param poll: 1 to look at Slot Status, 0 to leave that to the interrupt handler"""
    msecs = 2500 if pciehp_poll_mode else 1000

    if poll:
        rc = pcie_poll_cmd(ctrl)
    else:
        rc = wait_event_timeout(ctrl.queue, lambda: not ctrl.cmd_busy, msecs)
    if not rc:
        ctrl_dbg(ctrl, "the command is not completed after a second")


def pcie_write_cmd(ctrl: controller, cmd: int, mask: int) -> int:
    """Change bits of Slot Control, and wait for completion if the port reports it.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :param cmd: PCI_EXP_SLTCTL_* bits to set
    :param mask: the bits that change; those not in *cmd* are cleared
    :return: 0, or the status of the access that failed"""
    mutex_lock(ctrl.ctrl_lock)

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pcie_write_cmd: Slot Status cannot be read")
        mutex_unlock(ctrl.ctrl_lock)
        return retval

    if slot_status & PCI_EXP_SLTSTA_CC:
        if not ctrl.no_cmd_complete:
            # The last command took more than a second: go on, as the specification wants.
            ctrl_dbg(ctrl, "a former command's completion is still shown")
        elif not NO_CMD_CMPL(ctrl):
            # It has nothing that takes time, and reports completion all the same: from now on, wait for it.
            ctrl_dbg(ctrl, "a completion nobody expected: from now on it is waited for")
            ctrl.no_cmd_complete = 0
        else:
            ctrl_dbg(ctrl, "a completion from a port that says it reports none")

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pcie_write_cmd: Slot Control cannot be read")
        mutex_unlock(ctrl.ctrl_lock)
        return retval

    slot_ctrl &= ~mask
    slot_ctrl |= cmd & mask
    ctrl.cmd_busy = 1
    retval = pciehp_writew(ctrl, PCI_EXP_SLTCTL, slot_ctrl)
    if retval:
        ctrl_err(ctrl, "pcie_write_cmd: Slot Control cannot be written")

    if not retval and not ctrl.no_cmd_complete:
        poll = 0
        # Without both enables no interrupt will tell.
        if not slot_ctrl & PCI_EXP_SLTCTL_HPIE or not slot_ctrl & PCI_EXP_SLTCTL_CCIE:
            poll = 1
        pcie_wait_cmd(ctrl, poll)
    mutex_unlock(ctrl.ctrl_lock)
    return retval


def pcie_isr(irq: int, dev_id: controller) -> int:
    """Take the port's events and pass them on. Looks at status bits alone, whether or not they are enabled.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: IRQ_HANDLED, or IRQ_NONE if there was no event"""
    ctrl = dev_id
    slot = ctrl.slot

    # An event that comes while the ones before are being cleared would not interrupt again: look until there is none.
    intr_loc = 0
    while True:
        err, detected = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
        if err:
            ctrl_err(ctrl, "pcie_isr: Slot Status cannot be read")
            return IRQ_NONE

        detected &= (
            PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC
        )
        detected &= ~intr_loc
        intr_loc |= detected
        if not intr_loc:
            return IRQ_NONE
        if detected and pciehp_writew(ctrl, PCI_EXP_SLTSTA, intr_loc):
            ctrl_err(ctrl, "pcie_isr: Slot Status cannot be written")
            return IRQ_NONE
        if not detected:
            break

    ctrl_dbg(ctrl, f"pcie_isr: events {intr_loc:#x}")

    if intr_loc & PCI_EXP_SLTSTA_CC:
        ctrl.cmd_busy = 0
        wake_up(ctrl.queue)

    if not intr_loc & ~PCI_EXP_SLTSTA_CC:
        return IRQ_HANDLED

    if intr_loc & PCI_EXP_SLTSTA_MRLSC:
        pciehp_handle_switch_change(slot)

    if intr_loc & PCI_EXP_SLTSTA_ABP:
        pciehp_handle_attention_button(slot)

    if intr_loc & PCI_EXP_SLTSTA_PDC:
        pciehp_handle_presence_change(slot)

    if intr_loc & PCI_EXP_SLTSTA_PFD and not ctrl.power_fault_detected:
        ctrl.power_fault_detected = 1
        pciehp_handle_power_fault(slot)
    return IRQ_HANDLED


def pcie_enable_notification(ctrl: controller) -> int:
    """Enable the slot's events: presence always, button and latch where there are some, by interrupt unless polled.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, or -1 if the command failed"""
    # Power faults stay off: on some machines the bit comes back as soon as it is cleared, and so would the interrupt.
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
        ctrl_err(ctrl, "the slot's events cannot be enabled")
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
        ctrl_warn(ctrl, "the slot's events cannot be disabled")


def pcie_init_notification(ctrl: controller) -> int:
    """Start to watch the slot.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, or -1 if the interrupt is taken or the command failed"""
    if pciehp_request_irq(ctrl):
        return -1
    if pcie_enable_notification(ctrl):
        pciehp_free_irq(ctrl)
        return -1
    ctrl.notification_enabled = 1
    return 0


def pcie_shutdown_notification(ctrl: controller) -> None:
    """Stop watching the slot.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    if ctrl.notification_enabled:
        pcie_disable_notification(ctrl)
        pciehp_free_irq(ctrl)
        ctrl.notification_enabled = 0


def pcie_init_slot(ctrl: controller) -> int:
    """Make the slot below the port.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base
    :return: 0"""
    name = pci_name(ctrl.pcie.port)
    new = slot()

    new.wq = alloc_workqueue(f"pciehp-{PSN(ctrl)}", 0, 0)

    new.ctrl = ctrl
    mutex_init(new.lock, "slot", name)
    INIT_DELAYED_WORK(new.work, pciehp_queue_pushbutton_work, new, name)
    ctrl.slot = new
    return 0


def pcie_cleanup_slot(ctrl: controller) -> None:
    """Let the slot's work come to an end.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    slot = ctrl.slot
    cancel_delayed_work(slot.work)
    destroy_workqueue(slot.wq)


def dbg_ctrl(ctrl: controller) -> None:
    """Say all about the port, if pciehp_debug is set.

    C: drivers/pci/hotplug/pciehp_hpc.c, static inline, base"""
    pdev = ctrl.pcie.port

    if not pciehp_debug:
        return

    ctrl_info(ctrl, f"hotplug port {pci_name(pdev)}, irq {pdev.irq}, {pdev.vendor:04x}:{pdev.device:04x}")
    ctrl_info(ctrl, f" PCI Express capability at {pci_pcie_cap(pdev):#04x}")
    for i, resource in enumerate(pdev.resource):
        if resource.end:
            ctrl_info(ctrl, f" resource {i}: {resource.start:#x}-{resource.end:#x}")
    ctrl_info(ctrl, f" Slot Capabilities {ctrl.slot_cap:#010x}: slot {PSN(ctrl)}")
    for name, present in (
        ("attention button", ATTN_BUTTN(ctrl)),
        ("power controller", POWER_CTRL(ctrl)),
        ("latch sensor", MRL_SENS(ctrl)),
        ("attention lamp", ATTN_LED(ctrl)),
        ("power lamp", PWR_LED(ctrl)),
        ("surprise removal", HP_SUPR_RM(ctrl)),
        ("interlock", EMI(ctrl)),
        ("command completed", not NO_CMD_CMPL(ctrl)),
    ):
        ctrl_info(ctrl, f"  {name}: {'yes' if present else 'no'}")
    _, reg16 = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    ctrl_info(ctrl, f" Slot Status {reg16:#06x}")
    _, reg16 = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    ctrl_info(ctrl, f" Slot Control {reg16:#06x}")


def pcie_init(dev: pcie_device) -> controller | None:
    """Make a controller for a port: learn what it can do, clear and disable its events.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: the controller, or None if the port cannot be accessed"""
    pdev = dev.port

    ctrl = controller()
    ctrl.pcie = dev
    err, slot_cap = pciehp_readl(ctrl, PCI_EXP_SLTCAP)
    if err:
        ctrl_err(ctrl, "Slot Capabilities cannot be read")
        return None

    ctrl.slot_cap = slot_cap
    mutex_init(ctrl.ctrl_lock, "ctrl", pci_name(pdev))
    init_waitqueue_head(ctrl.queue, "cmd")
    ctrl.poll_timer.of = pci_name(pdev)
    dbg_ctrl(ctrl)
    # Completion is not reported if the port says so, or if it has nothing that could take time.
    if NO_CMD_CMPL(ctrl) or not POWER_CTRL(ctrl) | ATTN_LED(ctrl) | PWR_LED(ctrl) | EMI(ctrl):
        ctrl.no_cmd_complete = 1

    err, link_cap = pciehp_readl(ctrl, PCI_EXP_LNKCAP)
    if err:
        ctrl_err(ctrl, "Link Capabilities cannot be read")
        return None
    if link_cap & PCI_EXP_LNKCAP_DLLLARC:
        ctrl_dbg(ctrl, "the port tells whether its link is active")
        ctrl.link_active_reporting = 1

    # Events from before our time
    if pciehp_writew(
        ctrl,
        PCI_EXP_SLTSTA,
        PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC,
    ):
        return None

    pcie_disable_notification(ctrl)

    ctrl_info(ctrl, f"hotplug port {pdev.vendor:04x}:{pdev.device:04x}")

    pcie_init_slot(ctrl)

    return ctrl


def pciehp_release_ctrl(ctrl: controller) -> None:
    """Stop watching the slot, and let its work come to an end.

    C: drivers/pci/hotplug/pciehp_hpc.c, base"""
    pcie_shutdown_notification(ctrl)
    pcie_cleanup_slot(ctrl)
