# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/probe.c, second part: finding a function and learning what it is.

probe_bars.py has its BARs and windows, probe_bridge.py the buses.
"""

from __future__ import annotations

from errno import EIO
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.mutex import down_write, mutex_init, up_write
from ..kernel.printk import dev_dbg, dev_err, printk
from ..kernel.structs import (
    DEVICE_COUNT_RESOURCE,
    IORESOURCE_IO,
    IORESOURCE_PCI_FIXED,
    NULL,
    PCI_CFG_SPACE_EXP_SIZE,
    PCI_CFG_SPACE_SIZE,
    PCI_FUNC,
    PCI_SLOT,
    PCI_UNKNOWN,
    pci_bus,
    pci_dev,
    pci_domain_nr,
    pci_is_pcie,
    pci_name,
    pci_pcie_type,
    resource,
)
from ..kernel.system import system
from ..pci_regs import (
    PCI_ARI_CAP,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PCIX,
    PCI_CAP_ID_SSVID,
    PCI_CLASS_PROG,
    PCI_CLASS_REVISION,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP_PAYLOAD,
    PCI_EXP_FLAGS,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXT_CAP_ID_ARI,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_MASK,
    PCI_HEADER_TYPE_MFD,
    PCI_HEADER_TYPE_NORMAL,
    PCI_INTERRUPT_PIN,
    PCI_ROM_ADDRESS,
    PCI_ROM_ADDRESS1,
    PCI_SSVID_DEVICE_ID,
    PCI_SSVID_VENDOR_ID,
    PCI_SUBSYSTEM_ID,
    PCI_SUBSYSTEM_VENDOR_ID,
    PCI_VENDOR_ID,
    PCI_X_STATUS,
    PCI_X_STATUS_266MHZ,
    PCI_X_STATUS_533MHZ,
)
from .probe_bars import pci_read_bases
from .search import pci_bus_sem, pci_get_slot

if TYPE_CHECKING:
    from .access import (
        pci_bus_read_config_dword,
        pci_read_config_byte,
        pci_read_config_dword,
        pci_read_config_word,
        pcie_capability_read_dword,
    )
    from .pci import (
        pci_allocate_cap_save_buffers,
        pci_configure_ari,
        pci_find_capability,
        pci_find_ext_capability,
        pci_pm_init,
    )

# include/linux/pci_ids.h
PCI_CLASS_NOT_DEFINED = 0x0000
PCI_CLASS_STORAGE_IDE = 0x0101
PCI_CLASS_BRIDGE_HOST = 0x0600
PCI_CLASS_BRIDGE_PCI = 0x0604
PCI_CLASS_BRIDGE_CARDBUS = 0x0607

LEGACY_IO_RESOURCE = IORESOURCE_IO | IORESOURCE_PCI_FIXED

#: enum pci_channel_state: nothing wrong with the device.
pci_channel_io_normal = 1

#: A read of the vendor ID while the device asks for patience (configuration request retry status).
CRS_VENDOR_ID = 0xFFFF0001


def pci_read_irq(dev: pci_dev) -> None:
    """Learn how *dev* interrupts.

    C: drivers/pci/probe.c, static, base"""
    dev.pin = pci_read_config_byte(dev, PCI_INTERRUPT_PIN)
    # PORT: an interrupt's number is the address of its device, as if each had a vector of its own (MSI).
    dev.irq = pci_domain_nr(dev.bus) << 16 | dev.bus.number << 8 | dev.devfn


def set_pcie_port_type(pdev: pci_dev) -> None:
    """Remember where the PCI Express capability is and what kind of port it says this is.

    C: drivers/pci/probe.c, base"""
    pos = pci_find_capability(pdev, PCI_CAP_ID_EXP)
    if not pos:
        return
    pdev.pcie_cap = pos
    pdev.pcie_flags_reg = pci_read_config_word(pdev, pos + PCI_EXP_FLAGS)
    reg16 = pci_read_config_word(pdev, pos + PCI_EXP_DEVCAP)
    pdev.pcie_mpss = reg16 & PCI_EXP_DEVCAP_PAYLOAD


def set_pcie_hotplug_bridge(pdev: pci_dev) -> None:
    """Remember whether the slot below *pdev* is hot-plug capable.

    C: drivers/pci/probe.c, base"""
    _, reg32 = pcie_capability_read_dword(pdev, PCI_EXP_SLTCAP)
    if reg32 & PCI_EXP_SLTCAP_HPC:
        pdev.is_hotplug_bridge = 1


def pci_fix_legacy_ide(dev: pci_dev) -> None:
    """Give an IDE controller in compatibility mode its fixed addresses; its BARs may hold anything.

    C: drivers/pci/probe.c pci_setup_device(), base; PORT: a function of its own, for length"""
    progif = pci_read_config_byte(dev, PCI_CLASS_PROG)
    if (progif & 1) == 0:
        dev.resource[0] = resource(0x1F0, 0x1F7, LEGACY_IO_RESOURCE)
        dev.resource[1] = resource(0x3F6, 0x3F6, LEGACY_IO_RESOURCE)
    if (progif & 4) == 0:
        dev.resource[2] = resource(0x170, 0x177, LEGACY_IO_RESOURCE)
        dev.resource[3] = resource(0x376, 0x376, LEGACY_IO_RESOURCE)


def pci_setup_device(dev: pci_dev) -> int:
    """Fill in what *dev* says of itself: header type, class, capabilities, BARs.

    C: drivers/pci/probe.c, base
    :return: 0, -EIO if its header type is unknown"""
    hdr_type = pci_read_config_byte(dev, PCI_HEADER_TYPE)

    # PORT: the name comes first, here for messages of what follows; v3.11 names it after the slot.
    dev.dev.name = f"{pci_domain_nr(dev.bus):04x}:{dev.bus.number:02x}:{PCI_SLOT(dev.devfn):02x}.{PCI_FUNC(dev.devfn)}"
    dev.hdr_type = hdr_type & PCI_HEADER_TYPE_MASK
    dev.multifunction = int(bool(hdr_type & PCI_HEADER_TYPE_MFD))
    dev.error_state = pci_channel_io_normal
    set_pcie_port_type(dev)

    for slot in dev.bus.slots:
        if PCI_SLOT(dev.devfn) == slot.number:
            dev.slot = slot

    class_ = pci_read_config_dword(dev, PCI_CLASS_REVISION)
    dev.revision = class_ & 0xFF
    dev.class_ = class_ >> 8  # base class, subclass and programming interface

    dev_dbg(dev.dev, f"[{dev.vendor:04x}:{dev.device:04x}] type {dev.hdr_type:02x} class {dev.class_:#08x}")

    dev.cfg_size = pci_cfg_space_size(dev)

    # Nobody has asked yet.
    dev.current_state = PCI_UNKNOWN

    class_ = dev.class_ >> 8

    if dev.hdr_type == PCI_HEADER_TYPE_NORMAL:
        matches = class_ != PCI_CLASS_BRIDGE_PCI
        if matches:
            pci_setup_normal(dev, class_)
    elif dev.hdr_type == PCI_HEADER_TYPE_BRIDGE:
        matches = class_ == PCI_CLASS_BRIDGE_PCI
        if matches:
            pci_setup_bridge_header(dev)
    elif dev.hdr_type == PCI_HEADER_TYPE_CARDBUS:
        matches = class_ == PCI_CLASS_BRIDGE_CARDBUS
        if matches:
            pci_read_irq(dev)
            pci_read_bases(dev, 1, 0)
            # PORT: its subsystem IDs, in the registers behind the header, are not read.
    else:
        dev_err(dev.dev, f"unknown header type {dev.hdr_type:02x}, ignoring device")
        return -EIO

    if not matches:
        dev_err(dev.dev, f"ignoring class {dev.class_:#08x} (doesn't match header type {dev.hdr_type:02x})")
        dev.class_ = PCI_CLASS_NOT_DEFINED

    return 0


def pci_setup_normal(dev: pci_dev, class_: int) -> None:
    """Fill in what only a type 0 header has.

    C: drivers/pci/probe.c pci_setup_device(), base; PORT: a function of its own, for length"""
    pci_read_irq(dev)
    pci_read_bases(dev, 6, PCI_ROM_ADDRESS)
    dev.subsystem_vendor = pci_read_config_word(dev, PCI_SUBSYSTEM_VENDOR_ID)
    dev.subsystem_device = pci_read_config_word(dev, PCI_SUBSYSTEM_ID)
    if class_ == PCI_CLASS_STORAGE_IDE:
        pci_fix_legacy_ide(dev)


def pci_setup_bridge_header(dev: pci_dev) -> None:
    """Fill in what only a type 1 header has.

    C: drivers/pci/probe.c pci_setup_device(), base; PORT: a function of its own, for length"""
    pci_read_irq(dev)
    # Programming interface 1 is subtractive decoding (PCI-to-PCI Bridge 1.2, 3.2.4.5).
    dev.transparent = int((dev.class_ & 0xFF) == 1)
    pci_read_bases(dev, 2, PCI_ROM_ADDRESS1)
    set_pcie_hotplug_bridge(dev)
    pos = pci_find_capability(dev, PCI_CAP_ID_SSVID)
    if pos:
        dev.subsystem_vendor = pci_read_config_word(dev, pos + PCI_SSVID_VENDOR_ID)
        dev.subsystem_device = pci_read_config_word(dev, pos + PCI_SSVID_DEVICE_ID)


def pci_cfg_space_size_ext(dev: pci_dev) -> int:
    """See whether the extended configuration space of *dev* answers.

    C: drivers/pci/probe.c, base
    :return: 4096 or 256 bytes"""
    status = pci_read_config_dword(dev, PCI_CFG_SPACE_SIZE)
    if status == 0xFFFFFFFF:
        return PCI_CFG_SPACE_SIZE

    return PCI_CFG_SPACE_EXP_SIZE


def pci_cfg_space_size(dev: pci_dev) -> int:
    """How many bytes of configuration space *dev* has.

    C: drivers/pci/probe.c, base
    :return: 4096 or 256 bytes"""
    class_ = dev.class_ >> 8
    if class_ == PCI_CLASS_BRIDGE_HOST:
        return pci_cfg_space_size_ext(dev)

    if not pci_is_pcie(dev):
        pos = pci_find_capability(dev, PCI_CAP_ID_PCIX)
        if not pos:
            return PCI_CFG_SPACE_SIZE

        status = pci_read_config_dword(dev, pos + PCI_X_STATUS)
        if not (status & (PCI_X_STATUS_266MHZ | PCI_X_STATUS_533MHZ)):
            return PCI_CFG_SPACE_SIZE

    return pci_cfg_space_size_ext(dev)


def pci_alloc_dev(bus: pci_bus) -> pci_dev:
    """Make a struct pci_dev for a function of *bus*.

    C: drivers/pci/probe.c, exported, base"""
    return pci_dev(bus=bus, resource=[resource() for _ in range(DEVICE_COUNT_RESOURCE)])


EXPORT_SYMBOL(pci_alloc_dev)


def pci_bus_read_dev_vendor_id(bus: pci_bus, devfn: int, crs_timeout: int) -> tuple[bool, int]:
    """Read vendor and device ID, waiting while the device asks for patience.

    C: drivers/pci/probe.c, exported, base; C returns the ID through u32 *l
    :param crs_timeout: patience, ms; 0 for none
    :return: whether a device is there, and its ID: vendor in the lower half"""
    delay = 1

    _, l = pci_bus_read_config_dword(bus, devfn, PCI_VENDOR_ID)  # noqa: E741 - the C's name

    # some boards answer all zeros, or all ones in one half, for an empty slot
    if l in (0xFFFFFFFF, 0x00000000, 0x0000FFFF, 0xFFFF0000):
        return False, l

    while l == CRS_VENDOR_ID:
        if not crs_timeout:
            return False, l

        msleep(delay)
        delay *= 2
        _, l = pci_bus_read_config_dword(bus, devfn, PCI_VENDOR_ID)  # noqa: E741
        if delay > crs_timeout:
            printk(
                "warning",
                f"pci {pci_domain_nr(bus):04x}:{bus.number:02x}:{PCI_SLOT(devfn):02x}.{PCI_FUNC(devfn)}: "
                "not responding",
            )
            return False, l

    return True, l


EXPORT_SYMBOL(pci_bus_read_dev_vendor_id)


def pci_scan_device(bus: pci_bus, devfn: int) -> pci_dev:
    """Look whether a function answers at *devfn* and learn what it is.

    C: drivers/pci/probe.c, static, base
    :return: struct pci_dev *, NULL if there is none or it is of an unknown kind"""
    found, l = pci_bus_read_dev_vendor_id(bus, devfn, 60 * 1000)  # noqa: E741
    if not found:
        return NULL  # type: ignore[no-any-return]

    dev = pci_alloc_dev(bus)
    dev.devfn = devfn
    dev.vendor = l & 0xFFFF
    dev.device = (l >> 16) & 0xFFFF

    if pci_setup_device(dev):
        return NULL  # type: ignore[no-any-return]

    return dev


def pci_init_capabilities(dev: pci_dev) -> None:
    """Set up what the kernel uses of the capabilities of *dev*.

    C: drivers/pci/probe.c, static, base"""
    # PORT: no MSI, VPD, SR-IOV and ACS: they are no part of a reset on a machine without them in use.
    pci_allocate_cap_save_buffers(dev)

    pci_pm_init(dev)

    pci_configure_ari(dev)


def pci_device_add(dev: pci_dev, bus: pci_bus) -> None:
    """Put *dev* on the list of its bus.

    C: drivers/pci/probe.c, base"""
    # device_initialize()
    mutex_init(dev.dev.mutex, "device", pci_name(dev))

    dev.state_saved = 0

    pci_init_capabilities(dev)

    down_write(pci_bus_sem)
    bus.devices.append(dev)
    up_write(pci_bus_sem)

    dev.match_driver = 0


def pci_scan_single_device(bus: pci_bus, devfn: int) -> pci_dev:
    """Find the function at *devfn*, known or new.

    C: drivers/pci/probe.c, exported, base
    :return: struct pci_dev *, NULL if there is none"""
    dev = pci_get_slot(bus, devfn)
    if dev:
        return dev

    dev = pci_scan_device(bus, devfn)
    if not dev:
        return NULL  # type: ignore[no-any-return]

    pci_device_add(dev, bus)

    return dev


EXPORT_SYMBOL(pci_scan_single_device)


def pci_ari_enabled(bus: pci_bus) -> int:
    """Whether devices on *bus* have up to 256 functions.

    C: drivers/pci/pci.h, static inline, base
    :return: 1 or 0"""
    return int(bool(bus.self and bus.self.ari_enabled))


def PCI_ARI_CAP_NFN(x: int) -> int:
    """The next function number in an ARI Capability register.

    C: include/uapi/linux/pci_regs.h, macro, base"""
    return (x >> 8) & 0xFF


def next_fn(bus: pci_bus, dev: pci_dev, fn: int) -> int:
    """The number of the function to look at after *fn*.

    C: drivers/pci/probe.c, static, base
    :param dev: the function found at *fn*, NULL if there was none
    :return: 0 after the last one"""
    if pci_ari_enabled(bus):
        if not dev:
            return 0
        pos = pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ARI)
        if not pos:
            return 0

        cap = pci_read_config_word(dev, pos + PCI_ARI_CAP)
        next_fn = PCI_ARI_CAP_NFN(cap)
        if next_fn <= fn:
            return 0  # a list that leads back

        return next_fn

    # Function numbers of a multifunction device may have gaps.
    if not dev or dev.multifunction:
        return (fn + 1) % 8

    return 0


def only_one_child(bus: pci_bus) -> int:
    """Whether a PCI Express link can have but device 0 at its end.

    C: drivers/pci/probe.c, static, base
    :return: 1 or 0"""
    parent = bus.self

    if not parent or not pci_is_pcie(parent):
        return 0
    if pci_pcie_type(parent) == PCI_EXP_TYPE_ROOT_PORT:
        return 1
    if pci_pcie_type(parent) == PCI_EXP_TYPE_DOWNSTREAM:
        return 1
    return 0


def pci_scan_slot(bus: pci_bus, devfn: int) -> int:
    """Look for functions at one device number.

    C: drivers/pci/probe.c, base
    :param devfn: device << 3
    :return: how many were found that are not in use yet"""
    system.emit("scan_slot", f"{pci_domain_nr(bus):04x}:{bus.number:02x}", PCI_SLOT(devfn))
    nr = 0

    if only_one_child(bus) and (devfn > 0):
        return 0  # device 0 was the whole slot

    dev = pci_scan_single_device(bus, devfn)
    if not dev:
        return 0
    if not dev.is_added:
        nr += 1

    fn = next_fn(bus, dev, 0)
    while fn > 0:
        dev = pci_scan_single_device(bus, devfn + fn)
        if dev:
            if not dev.is_added:
                nr += 1
            dev.multifunction = 1
        fn = next_fn(bus, dev, fn)

    # PORT: no ASPM.
    return nr
