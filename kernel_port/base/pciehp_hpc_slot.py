# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_hpc.c, second part: link, lamps, power and status of the slot.

The getters give (status, value); where reading failed, value is 0 (C leaves the caller's variable as it was).
"""

from __future__ import annotations

from errno import EINVAL
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.printk import printk
from ..kernel.structs import PCI_DEVFN, PCI_FUNC, PCI_SLOT, pci_bus, pci_domain_nr
from ..pci_regs import (
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL_LD,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_LNKSTA_LT,
    PCI_EXP_LNKSTA_NLW,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_AIC,
    PCI_EXP_SLTCTL_PCC,
    PCI_EXP_SLTCTL_PIC,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_MRLSS,
    PCI_EXP_SLTSTA_PDS,
    PCI_EXP_SLTSTA_PFD,
)
from .pciehp import controller, ctrl_dbg, ctrl_err, slot
from .pciehp_hpc import pcie_write_cmd, pciehp_readw, pciehp_writew
from .probe import pci_bus_read_dev_vendor_id, pcie_update_link_speed

if TYPE_CHECKING:
    from .pciehp_core import pciehp_debug

# Power Control Command
POWER_ON = 0
POWER_OFF = PCI_EXP_SLTCTL_PCC

# What a lamp does (PCIe 3.0, 7.8.10); pci_regs.h names the fields only
ATTN_IND_ON = 0x0040
ATTN_IND_BLINK = 0x0080
ATTN_IND_OFF = 0x00C0
PWR_IND_ON = 0x0100
PWR_IND_BLINK = 0x0200
PWR_IND_OFF = 0x0300


def check_link_active(ctrl: controller) -> bool:
    """Whether the port says that its link is active; False if it cannot be read.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    err, lnk_status = pciehp_readw(ctrl, PCI_EXP_LNKSTA)
    if err:
        return False

    ret = bool(lnk_status & PCI_EXP_LNKSTA_DLLLA)

    if ret:
        ctrl_dbg(ctrl, f"check_link_active: Link Status {lnk_status:#06x}")

    return ret


def __pcie_wait_link_active(ctrl: controller, active: bool) -> None:
    """Look every 10 ms, for one second, whether the link is up (or down, if not *active*).

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    timeout = 1000  # ms

    if check_link_active(ctrl) == active:
        return
    while timeout > 0:
        msleep(10)
        timeout -= 10
        if check_link_active(ctrl) == active:
            return
    ctrl_dbg(ctrl, f"the link is not {'up' if active else 'down'} after a second")


def pcie_wait_link_active(ctrl: controller) -> None:
    """Wait until the link is up, one second at most.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    __pcie_wait_link_active(ctrl, True)


def pcie_wait_link_not_active(ctrl: controller) -> None:
    """Wait until the link is down, one second at most.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    __pcie_wait_link_active(ctrl, False)


def pci_bus_check_dev(bus: pci_bus, devfn: int) -> bool:
    """Look every 20 ms, for one second, whether a function answers.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, base"""
    count = 0
    delay, step = 1000, 20  # ms

    while True:
        found, l = pci_bus_read_dev_vendor_id(bus, devfn, 0)  # noqa: E741
        count += 1

        if found:
            break

        msleep(step)
        delay -= step
        if delay <= 0:
            break

    if count > 1 and pciehp_debug:
        name = f"{pci_domain_nr(bus):04x}:{bus.number:02x}:{PCI_SLOT(devfn):02x}.{PCI_FUNC(devfn)}"
        printk("debug", f"pci {name}: its ID was read {count} times, {step} ms apart, at last {l:08x}")

    return found


def pciehp_check_link_status(ctrl: controller) -> int:
    """Wait until the link is up and the card answers.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, -1 if the link is not trained or nobody answers, or the status of an access that failed"""
    # A hotplug port has to tell about its link; an old one may not: then wait as long as it could take.
    if ctrl.link_active_reporting:
        pcie_wait_link_active(ctrl)
    else:
        msleep(1000)

    # What is behind a link may need 100 ms before its first config cycle, and up to one second to answer it.
    msleep(100)
    found = pci_bus_check_dev(ctrl.pcie.port.subordinate, PCI_DEVFN(0, 0))

    retval, lnk_status = pciehp_readw(ctrl, PCI_EXP_LNKSTA)
    if retval:
        ctrl_err(ctrl, "Link Status cannot be read")
        return retval

    ctrl_dbg(ctrl, f"pciehp_check_link_status: Link Status {lnk_status:#06x}")
    if lnk_status & PCI_EXP_LNKSTA_LT or not lnk_status & PCI_EXP_LNKSTA_NLW:
        ctrl_err(ctrl, "the link is not trained")
        return -1

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
        ctrl_err(ctrl, "Link Control cannot be read")
        return retval

    if enable:
        lnk_ctrl &= ~PCI_EXP_LNKCTL_LD
    else:
        lnk_ctrl |= PCI_EXP_LNKCTL_LD

    retval = pciehp_writew(ctrl, PCI_EXP_LNKCTL, lnk_ctrl)
    if retval:
        ctrl_err(ctrl, "Link Control cannot be written")
        return retval
    ctrl_dbg(ctrl, f"__pciehp_link_set: Link Control {lnk_ctrl:#06x}")

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
    """Read what the attention lamp does: 0 off, 1 on, 2 blinking, 0xff reserved.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pciehp_get_attention_status: Slot Control cannot be read")
        return retval, 0

    ctrl_dbg(ctrl, f"pciehp_get_attention_status: Slot Control {slot_ctrl:#06x}")

    atten_led_state = slot_ctrl & PCI_EXP_SLTCTL_AIC

    if atten_led_state == ATTN_IND_ON:
        return 0, 1
    if atten_led_state == ATTN_IND_BLINK:
        return 0, 2
    if atten_led_state == ATTN_IND_OFF:
        return 0, 0
    return 0, 0xFF


def pciehp_get_power_status(slot: slot) -> tuple[int, int]:
    """Read whether the slot has power: 1 or 0. The bit means "off".

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_ctrl = pciehp_readw(ctrl, PCI_EXP_SLTCTL)
    if retval:
        ctrl_err(ctrl, "pciehp_get_power_status: Slot Control cannot be read")
        return retval, 0
    ctrl_dbg(ctrl, f"pciehp_get_power_status: Slot Control {slot_ctrl:#06x}")

    return retval, int(not slot_ctrl & PCI_EXP_SLTCTL_PCC)


def pciehp_get_latch_status(slot: slot) -> tuple[int, int]:
    """Read whether the latch is open: 1 or 0.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_get_latch_status: Slot Status cannot be read")
        return retval, 0
    return 0, int(bool(slot_status & PCI_EXP_SLTSTA_MRLSS))


def pciehp_get_adapter_status(slot: slot) -> tuple[int, int]:
    """Read whether there is a card in the slot: 1 or 0.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: (status, value)"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_get_adapter_status: Slot Status cannot be read")
        return retval, 0
    return 0, int(bool(slot_status & PCI_EXP_SLTSTA_PDS))


def pciehp_query_power_fault(slot: slot) -> int:
    """Read whether the slot's power failed.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 1 or 0, or the status of the access that failed, which is not 0 either"""
    ctrl = slot.ctrl

    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_query_power_fault: Slot Status cannot be read")
        return retval
    return int(bool(slot_status & PCI_EXP_SLTSTA_PFD))


def pciehp_set_attention_status(slot: slot, value: int) -> int:
    """Switch the attention lamp: 0 off, 1 on, 2 blinking.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, -EINVAL for other values, or the status of the access that failed"""
    ctrl = slot.ctrl

    cmd_mask = PCI_EXP_SLTCTL_AIC
    if value == 0:
        slot_cmd = ATTN_IND_OFF
    elif value == 1:
        slot_cmd = ATTN_IND_ON
    elif value == 2:
        slot_cmd = ATTN_IND_BLINK
    else:
        return -EINVAL
    ctrl_dbg(ctrl, f"pciehp_set_attention_status: command {slot_cmd:#06x}")
    return pcie_write_cmd(ctrl, slot_cmd, cmd_mask)


def pciehp_green_led_on(slot: slot) -> None:
    """Switch the power lamp on: there is power, keep your fingers off.

    C: drivers/pci/hotplug/pciehp_hpc.c, base"""
    ctrl = slot.ctrl

    slot_cmd = PWR_IND_ON
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(ctrl, f"pciehp_green_led_on: command {slot_cmd:#06x}")


def pciehp_green_led_off(slot: slot) -> None:
    """Switch the power lamp off: a card may be put in or taken out.

    C: drivers/pci/hotplug/pciehp_hpc.c, base"""
    ctrl = slot.ctrl

    slot_cmd = PWR_IND_OFF
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(ctrl, f"pciehp_green_led_off: command {slot_cmd:#06x}")


def pciehp_green_led_blink(slot: slot) -> None:
    """Let the power lamp blink: something is going on.

    C: drivers/pci/hotplug/pciehp_hpc.c, base"""
    ctrl = slot.ctrl

    slot_cmd = PWR_IND_BLINK
    cmd_mask = PCI_EXP_SLTCTL_PIC
    pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    ctrl_dbg(ctrl, f"pciehp_green_led_blink: command {slot_cmd:#06x}")


def pciehp_power_on_slot(slot: slot) -> int:
    """Give the slot power and enable its link. A power fault of the past is forgotten.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, or the status of the access that failed"""
    ctrl = slot.ctrl

    # The fault bit stays until it is cleared.
    retval, slot_status = pciehp_readw(ctrl, PCI_EXP_SLTSTA)
    if retval:
        ctrl_err(ctrl, "pciehp_power_on_slot: Slot Status cannot be read")
        return retval
    slot_status &= PCI_EXP_SLTSTA_PFD
    if slot_status:
        retval = pciehp_writew(ctrl, PCI_EXP_SLTSTA, slot_status)
        if retval:
            ctrl_err(ctrl, "pciehp_power_on_slot: Slot Status cannot be written")
            return retval
    ctrl.power_fault_detected = 0

    slot_cmd = POWER_ON
    cmd_mask = PCI_EXP_SLTCTL_PCC
    retval = pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    if retval:
        ctrl_err(ctrl, f"pciehp_power_on_slot: command {slot_cmd:#06x} failed")
        return retval
    ctrl_dbg(ctrl, f"pciehp_power_on_slot: command {slot_cmd:#06x}")

    retval = pciehp_link_enable(ctrl)
    if retval:
        ctrl_err(ctrl, "pciehp_power_on_slot: the link cannot be enabled")

    return retval


def pciehp_power_off_slot(slot: slot) -> int:
    """Disable the slot's link, wait until it is down, and take the power away.

    C: drivers/pci/hotplug/pciehp_hpc.c, base
    :return: 0, or the status of the access that failed"""
    ctrl = slot.ctrl

    pciehp_link_disable(ctrl)
    if ctrl.link_active_reporting:
        pcie_wait_link_not_active(ctrl)
    else:
        msleep(1000)

    slot_cmd = POWER_OFF
    cmd_mask = PCI_EXP_SLTCTL_PCC
    retval = pcie_write_cmd(ctrl, slot_cmd, cmd_mask)
    if retval:
        ctrl_err(ctrl, f"pciehp_power_off_slot: command {slot_cmd:#06x} failed")
        return retval
    ctrl_dbg(ctrl, f"pciehp_power_off_slot: command {slot_cmd:#06x}")
    return 0
