# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Allow all bus devices to use the same slot

Why: pciehp's slot was that of device 0 on the bus below the port, and a card with Alternative Routing-ID has functions
that look like those of other devices. They were in no slot: reset along, and neither locked nor saved.
What: in drivers/pci/slot.c and probe.c, a slot with the number PCI_SLOT_ALL_DEVICES has every device on the bus; in
pciehp_core.c, init_slot() registers such a slot.
Look at: a function that seemed alone in its slot is not any more, and so has one way to be reset less. The number is
one that no device has. The file `address` of the slot has to go on saying device 00.
Upstream: 102c8b26b54e in v7.1 (id and title in a list of revisions and in a mail of a stable tree; the code is in
7.1.5 and not in 6.19.0).
Adapted: from v7.1.5, to the functions of 3.11. # PORT: there is no file `address` here. pci_bus_sem is held for
writing, as in 3.11, in the place of pci_slot_mutex.
"""

from __future__ import annotations

from errno import EBUSY, EIO

from ..base.access import pci_bus_read_config_byte, pci_read_config_byte, pci_read_config_dword, pci_read_config_word
from ..base.pci import pci_find_capability
from ..base.pci_hotplug import hotplug_slot, hotplug_slot_info, pci_hp_register
from ..base.pciehp import ATTN_LED, MRL_SENS, PSN, controller, ctrl_dbg, ctrl_err
from ..base.pciehp_core import (
    KBUILD_MODNAME,
    THIS_MODULE,
    disable_slot,
    enable_slot,
    get_adapter_status,
    get_attention_status,
    get_latch_status,
    get_power_status,
    release_slot,
    set_attention_status,
)
from ..base.probe import (
    LEGACY_IO_RESOURCE,
    pci_cfg_space_size,
    pci_read_bases,
    pci_read_irq,
    set_pcie_hotplug_bridge,
    set_pcie_port_type,
)
from ..base.quirks import pci_fixup_device, pci_fixup_early
from ..base.search import pci_bus_sem
from ..base.slot import get_slot, kobject_put, make_slot_name, pci_slots_kset, rename_slot
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_write, up_write
from ..kernel.printk import dev_dbg, dev_err
from ..kernel.structs import *
from ..patch.p02_add_hotplug_slot_ops_reset_slot import hotplug_slot_ops
from ..patch.p04_implement_reset_slot_for_pciehp import reset_slot
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pci_slot_release", "pci_create_slot", "pci_setup_device", "init_slot")
REQUIRES = ()

#: include/linux/pci.h: the number of a slot that has all devices of its bus
PCI_SLOT_ALL_DEVICES = 0xFE


def pci_slot_release(slot: pci_slot) -> None:
    """Remove *slot* from its devices and its bus.

    C: drivers/pci/slot.c, static, v7.1"""
    dev_dbg(slot.bus.dev, f"device {slot.number:02x}: physical slot {pci_slot_name(slot)} is gone")

    for dev in slot.bus.devices:
        if slot.number == PCI_SLOT_ALL_DEVICES or PCI_SLOT(dev.devfn) == slot.number:
            dev.slot = NULL

    slot.bus.slots.remove(slot)  # PORT: list_del()


def pci_create_slot(parent: pci_bus, slot_nr: int, name: str, hotplug: hotplug_slot | None) -> pci_slot | int:
    """Make a physical slot, or take a reference on the one that exists.

    C: drivers/pci/slot.c, exported, v7.1
    :param slot_nr: device number, PCI_SLOT_ALL_DEVICES, or -1 for a placeholder: no existing slot is returned
    :param name: preferred name; a number is appended if another slot has it
    :param hotplug: the hotplug slot, if a hotplug driver calls: it may rename an unclaimed slot
    :return: the slot, or -EBUSY if another hotplug driver has it (PORT: ERR_PTR(err) is the negative number itself)"""
    down_write(pci_bus_sem)

    if slot_nr != -1:
        # A hotplug driver may rename a slot without one.
        # PORT: `goto placeholder` is what comes after this block; `slot = NULL` is for ERR_PTR()
        slot = get_slot(parent, slot_nr)
        if slot:
            if hotplug:
                # PORT: two assignments in the test of the C
                err = -EBUSY if slot.hotplug else 0
                if err or (err := rename_slot(slot, name)):
                    kobject_put(slot)
                    up_write(pci_bus_sem)
                    return err
            up_write(pci_bus_sem)
            return slot

    slot = pci_slot(bus=parent, number=slot_nr & 0xFF)

    slot_name = make_slot_name(name)  # PORT: make_slot_name() does not fail

    # PORT: kobject_init_and_add(), which cannot fail, to `slot->kobj.kset`
    slot.kobj_name = slot_name
    pci_slots_kset[slot.kobj_name] = slot

    parent.slots.insert(0, slot)

    for dev in parent.devices:
        if slot_nr == PCI_SLOT_ALL_DEVICES or PCI_SLOT(dev.devfn) == slot_nr:
            dev.slot = slot

    dev_dbg(parent.dev, f"device {slot_nr:02x}: new physical slot {pci_slot_name(slot)}")

    up_write(pci_bus_sem)
    return slot


EXPORT_SYMBOL_GPL(pci_create_slot)


def pci_setup_device(dev: pci_dev) -> int:
    """Fill in *dev* from its config space: header type, class, capabilities, BARs.

    C: drivers/pci/probe.c, global, v7.1
    :return: 0, -EIO if its header type is unknown or cannot be read"""
    status, hdr_type = pci_bus_read_config_byte(dev.bus, dev.devfn, PCI_HEADER_TYPE)
    if status:
        return -EIO

    # PORT: the bus knows its `sysdata`; pci_bus_type is the only bus of such devices; dma_mask is for drivers
    dev.dev.parent = dev.bus.bridge
    dev.hdr_type = hdr_type & 0x7F
    dev.multifunction = int(bool(hdr_type & 0x80))
    dev.error_state = pci_channel_io_normal
    set_pcie_port_type(dev)

    # PORT: pci_dev_assign_slot() is this loop
    for slot in dev.bus.slots:
        if slot.number == PCI_SLOT_ALL_DEVICES or PCI_SLOT(dev.devfn) == slot.number:
            dev.slot = slot

    dev.dev.name = f"{pci_domain_nr(dev.bus):04x}:{dev.bus.number:02x}:{PCI_SLOT(dev.devfn):02x}.{PCI_FUNC(dev.devfn)}"

    class_ = pci_read_config_dword(dev, PCI_CLASS_REVISION)
    dev.revision = class_ & 0xFF
    dev.class_ = class_ >> 8  # base class, subclass and programming interface

    dev_dbg(
        dev.dev,
        f"found {dev.vendor:04x}:{dev.device:04x}, header type {dev.hdr_type:02x}, class {dev.class_:#08x}",
    )

    dev.cfg_size = pci_cfg_space_size(dev)

    # unknown so far
    dev.current_state = PCI_UNKNOWN

    pci_fixup_device(pci_fixup_early, dev)
    class_ = dev.class_ >> 8  # early fixups may have changed it

    # PORT: `switch (dev->hdr_type)` and its `goto bad` are these branches, of which the last is `bad`.
    if dev.hdr_type == PCI_HEADER_TYPE_NORMAL and class_ != PCI_CLASS_BRIDGE_PCI:
        pci_read_irq(dev)
        pci_read_bases(dev, 6, PCI_ROM_ADDRESS)
        dev.subsystem_vendor = pci_read_config_word(dev, PCI_SUBSYSTEM_VENDOR_ID)
        dev.subsystem_device = pci_read_config_word(dev, PCI_SUBSYSTEM_ID)

        # An IDE controller in compatibility mode has fixed addresses, whatever its BARs say.
        # PORT: no `region.start` and `region.end` to be converted
        if class_ == PCI_CLASS_STORAGE_IDE:
            progif = pci_read_config_byte(dev, PCI_CLASS_PROG)
            if (progif & 1) == 0:
                res = dev.resource[0]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x1F0, 0x1F7
                res = dev.resource[1]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x3F6, 0x3F6
            if (progif & 4) == 0:
                res = dev.resource[2]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x170, 0x177
                res = dev.resource[3]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x376, 0x376

    elif dev.hdr_type == PCI_HEADER_TYPE_BRIDGE and class_ == PCI_CLASS_BRIDGE_PCI:
        pci_read_irq(dev)
        # Programming interface 1 is subtractive decoding (PCI-to-PCI Bridge 1.2, 3.2.4.5).
        dev.transparent = int((dev.class_ & 0xFF) == 1)
        pci_read_bases(dev, 2, PCI_ROM_ADDRESS1)
        set_pcie_hotplug_bridge(dev)
        pos = pci_find_capability(dev, PCI_CAP_ID_SSVID)
        if pos:
            dev.subsystem_vendor = pci_read_config_word(dev, pos + PCI_SSVID_VENDOR_ID)
            dev.subsystem_device = pci_read_config_word(dev, pos + PCI_SSVID_DEVICE_ID)

    elif dev.hdr_type == PCI_HEADER_TYPE_CARDBUS and class_ == PCI_CLASS_BRIDGE_CARDBUS:
        pci_read_irq(dev)
        pci_read_bases(dev, 1, 0)
        dev.subsystem_vendor = pci_read_config_word(dev, PCI_CB_SUBSYSTEM_VENDOR_ID)
        dev.subsystem_device = pci_read_config_word(dev, PCI_CB_SUBSYSTEM_ID)

    # PORT: the default of the switch, before `bad`
    elif dev.hdr_type not in (PCI_HEADER_TYPE_NORMAL, PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
        dev_err(dev.dev, f"header type {dev.hdr_type:02x} is not supported, skipping the device")
        return -EIO

    else:
        dev_err(dev.dev, f"class {dev.class_:#08x} does not go with header type {dev.hdr_type:02x}, using no class")
        dev.class_ = PCI_CLASS_NOT_DEFINED

    return 0


def init_slot(ctrl: controller) -> int:
    """Register the slot below the port with its operations. Its name is the physical slot number.

    C: drivers/pci/hotplug/pciehp_core.c, static, v7.1
    :return: as pci_hp_register()"""
    slot = ctrl.slot

    hotplug = hotplug_slot()
    info = hotplug_slot_info()

    ops = hotplug_slot_ops()
    ops.enable_slot = enable_slot
    ops.disable_slot = disable_slot
    ops.get_power_status = get_power_status
    ops.get_adapter_status = get_adapter_status
    ops.reset_slot = reset_slot
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
    retval = pci_hp_register(
        hotplug, ctrl.pcie.port.subordinate, PCI_SLOT_ALL_DEVICES, name, THIS_MODULE, KBUILD_MODNAME
    )
    if retval:
        ctrl_err(ctrl, f"slot registration failed: {retval}")
    return retval
