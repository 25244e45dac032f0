# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp.h: the structs and macros of pciehp."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..kernel.mutex import mutex
from ..kernel.printk import dev_dbg, dev_err, dev_info, dev_warn
from ..kernel.structs import *
from ..kernel.timer import timer_list
from ..kernel.wait import wait_queue_head
from ..kernel.workqueue import delayed_work, work_struct, workqueue_struct
from ..pci_regs import *
from .pci_hotplug import hotplug_slot, hotplug_slot_name
from .pcieport_if import *

if TYPE_CHECKING:  # pciehp_core.py imports this header
    from .pciehp_core import pciehp_debug

MY_NAME = "pciehp"

# event_info.event_type: what happened to a slot
INT_BUTTON_IGNORE = 0
INT_PRESENCE_ON = 1
INT_PRESENCE_OFF = 2
INT_SWITCH_CLOSE = 3
INT_SWITCH_OPEN = 4
INT_POWER_FAULT = 5
INT_POWER_FAULT_CLEAR = 6
INT_BUTTON_PRESS = 7
INT_BUTTON_RELEASE = 8
INT_BUTTON_CANCEL = 9

# slot.state: what is being done with a slot
STATIC_STATE = 0
BLINKINGON_STATE = 1
BLINKINGOFF_STATE = 2
POWERON_STATE = 3
POWEROFF_STATE = 4


@dataclass(eq=False, slots=True)
class slot:
    """struct slot: the one slot below a port.

    C: drivers/pci/hotplug/pciehp.h, struct, base"""

    state: int = STATIC_STATE
    ctrl: controller = NULL
    hotplug_slot: hotplug_slot = NULL
    #: Runs five seconds after a button press; a second press cancels it.
    work: delayed_work = field(default_factory=delayed_work)
    lock: mutex = field(default_factory=mutex)
    wq: workqueue_struct = NULL


# Field and struct have the same name; struct tags are a namespace of their own in C, not in Python.
struct_slot = slot


@dataclass(eq=False, slots=True)
class event_info:
    """struct event_info: an event of a slot, queued as work.

    C: drivers/pci/hotplug/pciehp.h, struct, base"""

    event_type: int
    p_slot: struct_slot
    work: work_struct = field(default_factory=work_struct)


@dataclass(eq=False, slots=True)
class controller:
    """struct controller: the hotplug controller of a port.

    C: drivers/pci/hotplug/pciehp.h, struct, base"""

    ctrl_lock: mutex = field(default_factory=mutex)
    pcie: pcie_device = NULL
    slot: struct_slot = NULL
    #: Threads that wait for command completion.
    queue: wait_queue_head = field(default_factory=wait_queue_head)
    #: Slot Capabilities, read once.
    slot_cap: int = 0
    poll_timer: timer_list = field(default_factory=timer_list)
    cmd_busy: int = 0
    no_cmd_complete: int = 0
    link_active_reporting: int = 0
    notification_enabled: int = 0
    power_fault_detected: int = 0


def ctrl_dbg(ctrl: controller, text: str) -> None:
    """Log a debug message about the port, if pciehp.pciehp_debug is set.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    if pciehp_debug:
        dev_dbg(ctrl.pcie.device, text)


def ctrl_err(ctrl: controller, text: str) -> None:
    """Log an error of the port.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    dev_err(ctrl.pcie.device, text)


def ctrl_info(ctrl: controller, text: str) -> None:
    """Log information about the port.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    dev_info(ctrl.pcie.device, text)


def ctrl_warn(ctrl: controller, text: str) -> None:
    """Log a warning about the port.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    dev_warn(ctrl.pcie.device, text)


def ATTN_BUTTN(ctrl: controller) -> int:
    """Return whether the slot has an attention button.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_ABP


def POWER_CTRL(ctrl: controller) -> int:
    """Return whether the slot has a power controller.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_PCP


def MRL_SENS(ctrl: controller) -> int:
    """Return whether the slot has a latch sensor.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_MRLSP


def ATTN_LED(ctrl: controller) -> int:
    """Return whether the slot has an attention (amber) indicator.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_AIP


def PWR_LED(ctrl: controller) -> int:
    """Return whether the slot has a power (green) indicator.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_PIP


def HP_SUPR_RM(ctrl: controller) -> int:
    """Return whether a card may be removed without notice.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_HPS


def EMI(ctrl: controller) -> int:
    """Return whether the slot has an electromechanical interlock.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_EIP


def NO_CMD_CMPL(ctrl: controller) -> int:
    """Return whether the port says that it does not report command completion.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap & PCI_EXP_SLTCAP_NCCS


def PSN(ctrl: controller) -> int:
    """Return the physical slot number.

    C: drivers/pci/hotplug/pciehp.h, macro, base"""
    return ctrl.slot_cap >> 19


def slot_name(slot: struct_slot) -> str:
    """Return the name of the slot in sysfs.

    C: drivers/pci/hotplug/pciehp.h, static inline, base"""
    return hotplug_slot_name(slot.hotplug_slot)
