# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pciehp_core.c: the driver of PCI Express hotplug ports, and its hotplug operations."""

from __future__ import annotations

from errno import EBUSY, ENODEV

from ..kernel.module import module
from ..kernel.printk import dev_err, dev_info
from ..kernel.structs import *
from .pci_hotplug import *
from .pci_hotplug_core import pci_hp_deregister
from .pciehp import *
from .pciehp_acpi import pciehp_acpi_slot_detection_check, pciehp_acpi_slot_detection_init
from .pciehp_ctrl import pciehp_enable_slot, pciehp_sysfs_disable_slot, pciehp_sysfs_enable_slot
from .pciehp_hpc import (
    pcie_init,
    pcie_init_notification,
    pciehp_get_adapter_status,
    pciehp_get_attention_status,
    pciehp_get_latch_status,
    pciehp_get_power_status,
    pciehp_power_off_slot,
    pciehp_release_ctrl,
    pciehp_set_attention_status,
)
from .portdrv_core import pcie_port_service_register

# Module parameters
pciehp_debug: bool = False
#: Poll for events with a timer, ...
pciehp_poll_mode: bool = False
#: ... every so many seconds.
pciehp_poll_time: int = 0
#: Turn a card on that is present when the driver binds.
pciehp_force: bool = False

# PORT: in C the build system defines these. pciehp is never a module: its option HOTPLUG_PCI_PCIE is a bool.
THIS_MODULE: module = NULL
KBUILD_MODNAME = "pciehp"
PCIE_MODULE_NAME = "pciehp"


def release_slot(hotplug_slot: hotplug_slot) -> None:
    """Free a slot's memory.

    C: drivers/pci/hotplug/pciehp_core.c, static, base"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"release_slot: {hotplug_slot_name(hotplug_slot)}")


def init_slot(ctrl: controller) -> int:
    """Register the slot below the port with its operations. Its name is the physical slot number.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: as pci_hp_register()"""
    slot = ctrl.slot

    hotplug = hotplug_slot()
    info = hotplug_slot_info()

    ops = hotplug_slot_ops()
    ops.enable_slot = enable_slot
    ops.disable_slot = disable_slot
    ops.get_power_status = get_power_status
    ops.get_adapter_status = get_adapter_status
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


def cleanup_slot(ctrl: controller) -> None:
    """Undo init_slot().

    C: drivers/pci/hotplug/pciehp_core.c, static, base"""
    pci_hp_deregister(ctrl.slot.hotplug_slot)


def set_attention_status(hotplug_slot: hotplug_slot, status: int) -> int:
    """Set the attention indicator: 0 off, 1 on, 2 blinking.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: as pciehp_set_attention_status()"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"set_attention_status: slot {slot_name(slot)}")

    return pciehp_set_attention_status(slot, status)


def enable_slot(hotplug_slot: hotplug_slot) -> int:
    """Turn the slot on.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: as pciehp_sysfs_enable_slot()"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"enable_slot: slot {slot_name(slot)}")

    return pciehp_sysfs_enable_slot(slot)


def disable_slot(hotplug_slot: hotplug_slot) -> int:
    """Turn the slot off.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: as pciehp_sysfs_disable_slot()"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"disable_slot: slot {slot_name(slot)}")

    return pciehp_sysfs_disable_slot(slot)


def get_power_status(hotplug_slot: hotplug_slot) -> tuple[int, int]:
    """Read whether the slot has power: 1 or 0.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: (status, value)"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"get_power_status: slot {slot_name(slot)}")

    return pciehp_get_power_status(slot)


def get_attention_status(hotplug_slot: hotplug_slot) -> tuple[int, int]:
    """Read the attention indicator: 0 off, 1 on, 2 blinking.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: (status, value)"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"get_attention_status: slot {slot_name(slot)}")

    return pciehp_get_attention_status(slot)


def get_latch_status(hotplug_slot: hotplug_slot) -> tuple[int, int]:
    """Read whether the latch is open: 1 or 0.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: (status, value)"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"get_latch_status: slot {slot_name(slot)}")

    return pciehp_get_latch_status(slot)


def get_adapter_status(hotplug_slot: hotplug_slot) -> tuple[int, int]:
    """Read whether there is a card in the slot: 1 or 0.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: (status, value)"""
    slot = hotplug_slot.private

    ctrl_dbg(slot.ctrl, f"get_adapter_status: slot {slot_name(slot)}")

    return pciehp_get_adapter_status(slot)


def pciehp_probe(dev: pcie_device) -> int:
    """Set up a hotplug port.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
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
    _, occupied = pciehp_get_adapter_status(slot)
    _, poweron = pciehp_get_power_status(slot)
    if occupied and pciehp_force:
        pciehp_enable_slot(slot)
    # An empty slot needs no power.
    if not occupied and poweron and POWER_CTRL(ctrl):
        pciehp_power_off_slot(slot)

    return 0


def pciehp_remove(dev: pcie_device) -> None:
    """Tear down a hotplug port.

    C: drivers/pci/hotplug/pciehp_core.c, static, base"""
    ctrl = get_service_data(dev)

    cleanup_slot(ctrl)
    pciehp_release_ctrl(ctrl)


def hpdriver_portdrv() -> pcie_port_service_driver:
    """Return the driver of hotplug services.

    C: drivers/pci/hotplug/pciehp_core.c, static variable, base"""
    return pcie_port_service_driver(
        PCIE_MODULE_NAME, pciehp_probe, pciehp_remove, port_type=PCIE_ANY_PORT, service=PCIE_PORT_SERVICE_HP
    )


def pcied_init() -> int:
    """Register the driver. This initcall is the last of the port service drivers.

    C: drivers/pci/hotplug/pciehp_core.c, static, base
    :return: 0"""
    pciehp_acpi_slot_detection_init()  # PORT: pciehp_firmware_init(), a macro
    # PORT: no info() with DRIVER_VERSION, and none `if (retval)`: it is returned at once (`return retval`)
    return pcie_port_service_register(hpdriver_portdrv())
