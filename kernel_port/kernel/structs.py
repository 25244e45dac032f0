# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/pci.h and what it needs of device.h and ioport.h: structs, constants, inline functions.

A C pointer that may be NULL keeps its C type here; NULL is None. Structs compare by identity, as pointers do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from errno import EFAULT, EINVAL, EIO, ENODEV, ENOENT, ENOSPC, ENOTTY
from typing import Any

from ..pci_regs import PCI_EXP_FLAGS_TYPE
from .mutex import mutex, mutex_lock, mutex_trylock, mutex_unlock

NULL: Any = None

# enum pci_power_t
PCI_D0 = 0
PCI_D1 = 1
PCI_D2 = 2
PCI_D3hot = 3
PCI_D3cold = 4
PCI_UNKNOWN = 5
PCI_POWER_ERROR = -1

# Times of include/linux/pci.h and drivers/pci/pci.h, ms (PCI PM spec 1.2, 5.6.1)
PCI_PM_D2_DELAY = 200  # microseconds
PCI_PM_D3_WAIT = 10
PCI_PM_D3COLD_WAIT = 100
PCI_PM_BUS_WAIT = 50

# Resources of a device: six BARs, the ROM, then a bridge's windows (no SR-IOV in this kernel)
PCI_STD_RESOURCES = 0
PCI_STD_RESOURCE_END = 5
PCI_ROM_RESOURCE = 6
PCI_BRIDGE_RESOURCES = 7
PCI_BRIDGE_RESOURCE_NUM = 4
DEVICE_COUNT_RESOURCE = 11

# include/linux/ioport.h
IORESOURCE_BITS = 0xFF
IORESOURCE_IO = 0x100
IORESOURCE_MEM = 0x200
IORESOURCE_BUS = 0x1000
IORESOURCE_PREFETCH = 0x2000
IORESOURCE_READONLY = 0x4000
IORESOURCE_CACHEABLE = 0x8000
IORESOURCE_SIZEALIGN = 0x40000
IORESOURCE_MEM_64 = 0x100000
IORESOURCE_ROM_ENABLE = 1 << 0
IORESOURCE_PCI_FIXED = 1 << 4

# access status, include/linux/pci.h
PCIBIOS_SUCCESSFUL = 0x00
PCIBIOS_FUNC_NOT_SUPPORTED = 0x81
PCIBIOS_BAD_VENDOR_ID = 0x83
PCIBIOS_DEVICE_NOT_FOUND = 0x86
PCIBIOS_BAD_REGISTER_NUMBER = 0x87
PCIBIOS_SET_FAILED = 0x88
PCIBIOS_BUFFER_TOO_SMALL = 0x89

PCI_CFG_SPACE_SIZE = 256
PCI_CFG_SPACE_EXP_SIZE = 4096

# enum pci_dev_flags
PCI_DEV_FLAGS_NO_D3 = 2

# enum pci_channel_state
pci_channel_io_normal = 1

# enum pci_bus_speed
PCI_SPEED_66MHz_PCIX = 0x02
PCI_SPEED_100MHz_PCIX = 0x03
PCI_SPEED_133MHz_PCIX = 0x04
PCI_SPEED_66MHz_PCIX_ECC = 0x05
PCI_SPEED_100MHz_PCIX_ECC = 0x06
PCI_SPEED_133MHz_PCIX_ECC = 0x07
PCI_SPEED_66MHz_PCIX_266 = 0x09
PCI_SPEED_100MHz_PCIX_266 = 0x0A
PCI_SPEED_133MHz_PCIX_266 = 0x0B
AGP_UNKNOWN = 0x0C
AGP_1X = 0x0D
AGP_2X = 0x0E
AGP_4X = 0x0F
AGP_8X = 0x10
PCI_SPEED_66MHz_PCIX_533 = 0x11
PCI_SPEED_100MHz_PCIX_533 = 0x12
PCI_SPEED_133MHz_PCIX_533 = 0x13
PCIE_SPEED_2_5GT = 0x14
PCIE_SPEED_5_0GT = 0x15
PCIE_SPEED_8_0GT = 0x16
PCI_SPEED_UNKNOWN = 0xFF

# enum pci_bar_type (drivers/pci/pci.h)
pci_bar_unknown = 0
pci_bar_io = 1
pci_bar_mem32 = 2
pci_bar_mem64 = 3

PCI_ANY_ID = 0xFFFFFFFF

# include/linux/pci_ids.h
PCI_CLASS_NOT_DEFINED = 0x0000
PCI_CLASS_STORAGE_IDE = 0x0101
PCI_CLASS_BRIDGE_HOST = 0x0600
PCI_CLASS_BRIDGE_PCI = 0x0604
PCI_CLASS_BRIDGE_CARDBUS = 0x0607
PCI_CLASS_SERIAL_USB = 0x0C03
PCI_VENDOR_ID_INTEL = 0x8086


@dataclass(eq=False, slots=True)
class device_driver:
    """struct device_driver and struct pci_driver in one: a name and what it does to a pci_dev.

    C: include/linux/device.h, struct, service"""

    name: str
    probe: Callable[[Any], int] = NULL
    remove: Callable[[Any], None] = NULL
    #: PORT: for a driver that is only a name: how many MSI messages it enables, or whether it enables MSI-X.
    msi_vectors: int = 0
    msix: bool = False


@dataclass(eq=False, slots=True)
class device:
    """struct device: a name (pci_name() of a PCI device), a parent, a lock, a driver.

    C: include/linux/device.h, struct, service; klist_children is in struct device_private"""

    parent: device = NULL
    klist_children: list[device] = field(default_factory=list)
    #: Its sysfs files: name -> (show, store), NULL if it cannot be read or written.
    attrs: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    name: str = ""
    mutex: mutex = field(default_factory=mutex)
    driver: device_driver = NULL
    #: The driver's data.
    driver_data: Any = NULL


@dataclass(eq=False, slots=True)
class resource:
    """struct resource: a range of bus addresses, both ends included.

    C: include/linux/ioport.h, struct, service"""

    start: int = 0
    end: int = 0
    flags: int = 0
    name: str = ""


# pci_dev and pci_bus have fields of the same name; struct tags are a namespace of their own in C, not in Python.
struct_device = device
struct_resource = resource


@dataclass(eq=False, slots=True)
class pci_ops:
    """struct pci_ops: the two functions that every config cycle goes through.

    read(bus, devfn, where, size) gives (status, value), write(bus, devfn, where, size, value) a status.

    C: include/linux/pci.h, struct, base"""

    read: Callable[[pci_bus, int, int, int], tuple[int, int]]
    write: Callable[[pci_bus, int, int, int, int], int]


@dataclass(eq=False, slots=True)
class pci_sysdata:
    """struct pci_sysdata (x86): what the architecture knows of a root bus.

    C: arch/x86/include/asm/pci.h, struct, base"""

    domain: int = 0


@dataclass(eq=False, slots=True)
class pci_cap_saved_data:
    """struct pci_cap_saved_data: saved words of one capability.

    C: include/linux/pci.h, struct, base"""

    cap_nr: int
    size: int
    data: list[int]


@dataclass(eq=False, slots=True)
class pci_slot:
    """struct pci_slot: a physical slot on a bus. kobj_name is its name in sysfs.

    C: include/linux/pci.h, struct, base"""

    bus: pci_bus
    number: int
    hotplug: Any = NULL  # struct hotplug_slot *, see base/pci_hotplug.py
    kobj_name: str = ""
    refcount: int = 1
    #: Its files in sysfs: name -> (show, store), NULL if it cannot be read or written.
    attrs: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class pci_bus:
    """struct pci_bus.

    C: include/linux/pci.h, struct, base"""

    parent: pci_bus = NULL
    children: list[pci_bus] = field(default_factory=list)
    devices: list[pci_dev] = field(default_factory=list)
    self: pci_dev = NULL
    slots: list[pci_slot] = field(default_factory=list)
    resource: list[struct_resource] = field(default_factory=list)
    busn_res: struct_resource = field(default_factory=struct_resource)
    ops: pci_ops = NULL
    sysdata: pci_sysdata = NULL
    number: int = 0
    primary: int = 0
    max_bus_speed: int = 0xFF
    cur_bus_speed: int = 0xFF
    name: str = ""
    bridge_ctl: int = 0
    bus_flags: int = 0
    bridge: struct_device = NULL
    dev: struct_device = field(default_factory=struct_device)
    is_added: int = 0


@dataclass(eq=False, slots=True)
class msi_msg:
    """struct msi_msg: the address and data that a function writes to interrupt.

    C: include/linux/msi.h, struct, base"""

    address_lo: int = 0
    address_hi: int = 0
    data: int = 0


@dataclass(eq=False, slots=True)
class msi_attrib:
    """The unnamed struct in struct msi_desc.

    C: include/linux/msi.h, struct, base"""

    is_msix: int = 0
    multiple: int = 0  # log2 of the number of messages
    maskbit: int = 0
    is_64: int = 0
    pos: int = 0
    entry_nr: int = 0
    default_irq: int = 0


@dataclass(eq=False, slots=True)
class msi_desc:
    """struct msi_desc: all messages of a function (MSI), or one of them (MSI-X).

    C: include/linux/msi.h, struct, base"""

    dev: pci_dev
    msi_attrib: msi_attrib = field(default_factory=msi_attrib)
    masked: int = 0
    irq: int = 0
    mask_pos: int = 0
    #: The last message written.
    msg: msi_msg = field(default_factory=msi_msg)


@dataclass(eq=False, slots=True)
class msix_entry:
    """struct msix_entry: an entry of the MSI-X table that a driver enables, and its interrupt.

    C: include/linux/pci.h, struct, base"""

    vector: int = 0
    entry: int = 0


@dataclass(eq=False, slots=True)
class pci_dev:
    """struct pci_dev: what the kernel knows of one function.

    C: include/linux/pci.h, struct, base"""

    bus: pci_bus = NULL
    subordinate: pci_bus = NULL
    slot: pci_slot = NULL
    devfn: int = 0
    vendor: int = 0
    device: int = 0
    subsystem_vendor: int = 0
    subsystem_device: int = 0
    class_: int = 0
    revision: int = 0
    hdr_type: int = 0
    pcie_cap: int = 0
    msi_cap: int = 0
    msix_cap: int = 0
    pcie_mpss: int = 0
    rom_base_reg: int = 0
    pin: int = 0
    pcie_flags_reg: int = 0
    driver: device_driver = NULL
    current_state: int = PCI_D0
    pm_cap: int = 0
    pme_support: int = 0
    pme_poll: int = 0
    d1_support: int = 0
    d2_support: int = 0
    no_d1d2: int = 0
    mmio_always_on: int = 0
    wakeup_prepared: int = 0
    runtime_d3cold: int = 0
    d3_delay: int = 0
    d3cold_delay: int = 0
    error_state: int = 0
    dev: struct_device = field(default_factory=struct_device)
    cfg_size: int = PCI_CFG_SPACE_SIZE
    irq: int = 0
    resource: list[struct_resource] = field(default_factory=list)
    match_driver: int = 0
    transparent: int = 0
    multifunction: int = 0
    is_added: int = 0
    msi_enabled: int = 0
    msix_enabled: int = 0
    is_physfn: int = 0
    ari_enabled: int = 0
    state_saved: int = 0
    block_cfg_access: int = 0
    is_hotplug_bridge: int = 0
    dev_flags: int = 0
    is_busmaster: int = 0
    reset_fn: int = 0
    enable_cnt: int = 0
    saved_config_space: list[int] = field(default_factory=lambda: [0] * 16)
    saved_cap_space: list[pci_cap_saved_data] = field(default_factory=list)
    msi_list: list[msi_desc] = field(default_factory=list)
    sriov: Any = NULL  # struct pci_sriov *, see base/iov.py
    ats: Any = NULL  # struct pci_ats *, see base/ats.py


def PCI_DEVFN(slot: int, func: int) -> int:
    """Pack device and function number.

    C: include/uapi/linux/pci.h, macro, base"""
    return (slot & 0x1F) << 3 | func & 0x07


def PCI_SLOT(devfn: int) -> int:
    """Return the device number of *devfn*.

    C: include/uapi/linux/pci.h, macro, base"""
    return devfn >> 3 & 0x1F


def PCI_FUNC(devfn: int) -> int:
    """Return the function number of *devfn*.

    C: include/uapi/linux/pci.h, macro, base"""
    return devfn & 0x07


def pci_name(pdev: pci_dev) -> str:
    """Return the address of *pdev* as text, 0000:01:00.0.

    C: include/linux/pci.h, static inline, base"""
    return pdev.dev.name


def pci_domain_nr(bus: pci_bus) -> int:
    """Return the domain (segment) of *bus*.

    C: arch/x86/include/asm/pci.h, static inline, base"""
    return bus.sysdata.domain


def pci_is_root_bus(pbus: pci_bus) -> bool:
    """Return whether *pbus* is a root bus.

    C: include/linux/pci.h, static inline, base"""
    return not pbus.parent


def pci_is_bridge(dev: pci_dev) -> bool:
    """Return whether there is a bus below *dev* (v3.11 tests the bus, not the header type).

    C: drivers/pci/pci.h, static inline, base"""
    return bool(dev.subordinate)


def pci_ari_enabled(bus: pci_bus) -> int:
    """Return whether devices on *bus* can have up to 256 functions.

    C: drivers/pci/pci.h, static inline, base
    :return: 1 or 0"""
    return int(bool(bus.self and bus.self.ari_enabled))


def pci_is_enabled(pdev: pci_dev) -> bool:
    """Return whether *pdev* is enabled.

    C: include/linux/pci.h, static inline, base"""
    return pdev.enable_cnt > 0


def pci_pcie_cap(dev: pci_dev) -> int:
    """Return the offset of the PCI Express capability, 0 if there is none.

    C: include/linux/pci.h, static inline, base"""
    return dev.pcie_cap


def pci_is_pcie(dev: pci_dev) -> bool:
    """Return whether *dev* has a PCI Express capability.

    C: include/linux/pci.h, static inline, base"""
    return bool(pci_pcie_cap(dev))


def pcie_caps_reg(dev: pci_dev) -> int:
    """Return the cached PCI Express Capabilities register (PCIe 3.0, 7.8.2).

    C: include/linux/pci.h, static inline, base"""
    return dev.pcie_flags_reg


def pci_pcie_type(dev: pci_dev) -> int:
    """Return the device/port type, PCI_EXP_TYPE_*.

    C: include/linux/pci.h, static inline, base"""
    return (pcie_caps_reg(dev) & PCI_EXP_FLAGS_TYPE) >> 4


def pci_slot_name(slot: pci_slot) -> str:
    """Return the name of a physical slot in sysfs.

    C: include/linux/pci.h, static inline, base"""
    return slot.kobj_name


def device_lock(dev: device) -> None:
    """Keep drivers from binding to or leaving *dev*.

    C: include/linux/device.h, static inline, service"""
    mutex_lock(dev.mutex)


def device_trylock(dev: device) -> int:
    """Take the lock of *dev* if it is free; never sleeps.

    C: include/linux/device.h, static inline, service
    :return: 1 if taken, 0 if it is held"""
    return mutex_trylock(dev.mutex)


def device_unlock(dev: device) -> None:
    """Release the lock of *dev*.

    C: include/linux/device.h, static inline, service"""
    mutex_unlock(dev.mutex)


def dev_get_drvdata(dev: device) -> Any:
    """Return the driver's data of *dev*, or NULL.

    C: drivers/base/dd.c, exported, service"""
    return dev.driver_data


def dev_set_drvdata(dev: device, data: Any) -> int:
    """Set the driver's data of *dev*.

    C: drivers/base/dd.c, exported, service
    :return: 0"""
    dev.driver_data = data
    return 0


def pcibios_err_to_errno(err: int) -> int:
    """Convert the status of a config access (PCIBIOS_*) to an errno.

    C: include/linux/pci.h, static inline, base
    :return: 0; a negative *err* itself"""
    if err <= PCIBIOS_SUCCESSFUL:
        return err

    return {
        PCIBIOS_FUNC_NOT_SUPPORTED: -ENOENT,
        PCIBIOS_BAD_VENDOR_ID: -EINVAL,
        PCIBIOS_DEVICE_NOT_FOUND: -ENODEV,
        PCIBIOS_BAD_REGISTER_NUMBER: -EFAULT,
        PCIBIOS_SET_FAILED: -EIO,
        PCIBIOS_BUFFER_TOO_SMALL: -ENOSPC,
    }.get(err, -ENOTTY)
