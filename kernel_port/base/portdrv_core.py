# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv_core.c: the services of a PCI Express port, and the interrupt they share."""

from __future__ import annotations

from errno import EINVAL, EIO, ENODEV

from ..kernel.export import EXPORT_SYMBOL
from ..kernel.mutex import mutex_init
from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from ..pci_regs import *
from .access import pcie_capability_clear_word, pcie_capability_read_dword, pcie_capability_read_word
from .msi import pci_disable_msi, pci_disable_msix, pci_enable_msi, pci_enable_msix, pci_msix_table_size
from .pci import pci_disable_device, pci_enable_device, pci_find_ext_capability, pci_set_master
from .pcie_pme import pcie_pme_interrupt_enable
from .pcieport_if import *
from .portdrv import *
from .portdrv_bus import bind_service, pcie_port_bus_match, pcie_port_bus_type, pcie_port_drivers, release_service


def pcie_port_msix_add_entry(entries: list[msix_entry], new_entry: int, nr_entries: int) -> int:
    """Add *new_entry* to *entries*, if it is not among the first *nr_entries*.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: its index"""
    for j in range(nr_entries):
        if entries[j].entry == new_entry:
            return j

    entries[nr_entries].entry = new_entry
    return nr_entries  # PORT: `return j`: the loop of the C has counted to it


def pcie_port_enable_msix(dev: pci_dev, vectors: list[int], mask: int) -> int:
    """Set up MSI-X for the services of the port *dev*.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :param vectors: filled in with the interrupt of each service; -1: none
    :param mask: PCIE_PORT_SERVICE_* bits
    :return: 0; -EINVAL if the port has no MSI-X; -EIO if a register names a message beyond the table"""
    nr_entries = pci_msix_table_size(dev)
    if not nr_entries:
        return -EINVAL
    if nr_entries > PCIE_PORT_MAX_MSIX_ENTRIES:
        nr_entries = PCIE_PORT_MAX_MSIX_ENTRIES

    msix_entries = [msix_entry() for _ in range(nr_entries)]

    # enable all entries first: only then do the registers say which ones the services use
    for i in range(nr_entries):
        msix_entries[i].entry = i

    status = pci_enable_msix(dev, msix_entries, nr_entries)
    if status:
        return status

    idx = [-1] * PCIE_PORT_DEVICE_MAXSERVICES  # PORT: `for (i = 0; i < PCIE_PORT_DEVICE_MAXSERVICES; i++)` idx[i] = -1
    # PORT: `status = -EIO` is in the return where it counts; and `status = 0` is not needed
    nvec = 0

    if mask & (PCIE_PORT_SERVICE_PME | PCIE_PORT_SERVICE_HP):
        # PME and hotplug share the message named by the PCI Express capability (PCIe 2.0, 6.1.6 and 7.8.2)
        _, reg16 = pcie_capability_read_word(dev, PCI_EXP_FLAGS)
        entry = (reg16 & PCI_EXP_FLAGS_IRQ) >> 9
        if entry >= nr_entries:
            pci_disable_msix(dev)  # PORT: what `goto Error` and then `goto Exit` lead to
            return -EIO  # PORT: status has it since the first loop of the C

        i = pcie_port_msix_add_entry(msix_entries, entry, nvec)
        if i == nvec:
            nvec += 1

        idx[PCIE_PORT_SERVICE_PME_SHIFT] = i
        idx[PCIE_PORT_SERVICE_HP_SHIFT] = i

    # PORT: no AER (PCIE_PORT_SERVICE_AER)

    if nvec != nr_entries:
        # the port has more entries than the services use: start again with only those
        pci_disable_msix(dev)

        status = pci_enable_msix(dev, msix_entries, nvec)
        if status:
            return status

    for i in range(PCIE_PORT_DEVICE_MAXSERVICES):
        vectors[i] = msix_entries[idx[i]].vector if idx[i] >= 0 else -1

    return 0  # PORT: status has it since the test above


def init_service_irqs(dev: pci_dev, irqs: list[int], mask: int) -> int:
    """Set up interrupts for the services of the port *dev*: MSI-X, else MSI, else INTx.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :param irqs: filled in with the interrupt of each service; -1: none
    :param mask: PCIE_PORT_SERVICE_* bits
    :return: 0, or -ENODEV if there is no way to interrupt"""
    irq = -1

    # PORT: no pcie_pme_no_msi() and pciehp_no_msi(): the boot parameters pcie_pme=nomsi and pcie_hp=nomsi are not set
    if not pcie_port_enable_msix(dev, irqs, mask):
        return 0

    if not pci_enable_msi(dev) or dev.irq:
        irq = dev.irq

    for i in range(PCIE_PORT_DEVICE_MAXSERVICES):
        irqs[i] = irq
    irqs[PCIE_PORT_SERVICE_VC_SHIFT] = -1

    if irq < 0:
        return -ENODEV
    return 0


def cleanup_service_irqs(dev: pci_dev) -> None:
    """Undo init_service_irqs().

    C: drivers/pci/pcie/portdrv_core.c, static, base"""
    if dev.msix_enabled:
        pci_disable_msix(dev)
    elif dev.msi_enabled:
        pci_disable_msi(dev)


def get_port_device_capability(dev: pci_dev) -> int:
    """Return the services of the port *dev*.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: PCIE_PORT_SERVICE_* bits"""
    services = 0

    # PORT: no pcie_port_platform_notify() (`err`): firmware grants the kernel every service, and no boot parameter
    # takes it back (pcie_ports_disabled, pcie_ports_auto): not asked for PCIE_PORT_SERVICE_HP, PCIE_PORT_SERVICE_PME
    # Hot-Plug Capable
    if pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT:
        _, reg32 = pcie_capability_read_dword(dev, PCI_EXP_SLTCAP)
        if reg32 & PCI_EXP_SLTCAP_HPC:
            services |= PCIE_PORT_SERVICE_HP
            # Firmware may have left interrupts on that nothing would handle.
            pcie_capability_clear_word(dev, PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE)
    # PORT: no AER (PCIE_PORT_SERVICE_AER)
    if pci_find_ext_capability(dev, PCI_EXT_CAP_ID_VC):
        services |= PCIE_PORT_SERVICE_VC
    # root ports receive PME messages
    if pci_pcie_type(dev) == PCI_EXP_TYPE_ROOT_PORT:
        services |= PCIE_PORT_SERVICE_PME
        # as above: the service driver enables it
        pcie_pme_interrupt_enable(dev, False)

    return services


def pcie_device_init(pdev: pci_dev, service: int, irq: int) -> int:
    """Make the device of one service of the port *pdev*, and bind its driver.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :param service: one of PCIE_PORT_SERVICE_*
    :return: 0, also if no driver binds"""
    pcie = pcie_device()
    pcie.port = pdev
    pcie.irq = irq
    pcie.service = service

    device = pcie.device
    device.name = f"{pci_name(pdev)}:pcie{get_descriptor_id(pci_pcie_type(pdev), service):02x}"

    # PORT: device_register(), which cannot fail (`retval`); during boot, drivers are registered later.
    # pcie_port_bus_type, release_pcie_device() and `device->parent` are what bind_service() and remove_iter() know
    mutex_init(device.mutex, "device", device.name)
    pcie_port_bus_type.append(pcie)
    device_lock(device)
    for driver in pcie_port_drivers:
        bind_service(pcie, driver)
    device_unlock(device)
    return 0


def pcie_port_device_register(dev: pci_dev) -> int:
    """Enable the port *dev* and register its services as devices.

    C: drivers/pci/pcie/portdrv_core.c, global, base
    :return: 0, or -ENODEV if it has services but no way to interrupt"""
    irqs = [-1] * PCIE_PORT_DEVICE_MAXSERVICES  # PORT: in C a declaration, without values

    status = pci_enable_device(dev)
    if status:
        return status

    capabilities = get_port_device_capability(dev)
    if not capabilities:
        return 0

    pci_set_master(dev)
    status = init_service_irqs(dev, irqs, capabilities)
    if status:
        # virtual channels need no interrupt
        capabilities &= PCIE_PORT_SERVICE_VC
        if not capabilities:
            pci_disable_device(dev)
            return status

    status = -ENODEV
    nr_service = 0
    for i in range(PCIE_PORT_DEVICE_MAXSERVICES):
        service = 1 << i
        if not (capabilities & service):
            continue
        if not pcie_device_init(dev, service, irqs[i]):
            nr_service += 1
    if not nr_service:
        cleanup_service_irqs(dev)
        pci_disable_device(dev)
        return status

    return 0


def remove_iter(dev: pcie_device) -> int:
    """Unbind a service and remove it.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: 0"""
    # PORT: device_unregister(); the caller asks whether a device is on pcie_port_bus_type
    release_service(dev)
    pcie_port_bus_type.remove(dev)
    return 0


def pcie_port_device_remove(dev: pci_dev) -> None:
    """Remove the services of the port *dev* and free its interrupts.

    C: drivers/pci/pcie/portdrv_core.c, global, base"""
    # PORT: device_for_each_child()
    for pcie in [pcie for pcie in pcie_port_bus_type if pcie.port is dev]:
        remove_iter(pcie)
    cleanup_service_irqs(dev)
    pci_disable_device(dev)


def pcie_port_probe_service(dev: pcie_device) -> int:
    """Offer a service to its driver.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: 0, or an error of the driver's probe"""
    # PORT: both tests in one: `if (!dev || !dev->driver)` and its `return -ENODEV`
    driver = dev.device.driver
    if not driver or driver.probe is NULL:
        return -ENODEV

    status = driver.probe(dev)
    if not status:
        dev_dbg(dev.device, f"bound to {driver.name}")
    return status


def pcie_port_remove_service(dev: pcie_device) -> int:
    """Unbind the driver of a service.

    C: drivers/pci/pcie/portdrv_core.c, static, base
    :return: 0"""
    # PORT: both tests in one: `if (!dev || !dev->driver)` and its `return 0`
    driver = dev.device.driver
    if driver and driver.remove is not NULL:
        dev_dbg(dev.device, f"unbinding {driver.name}")
        driver.remove(dev)
    return 0


def pcie_port_service_register(new: pcie_port_service_driver) -> int:
    """Register a service driver, and bind it to the services without a driver, now and later.

    C: drivers/pci/pcie/portdrv_core.c, exported, base
    :return: 0"""
    # PORT: driver_register(), after `new->driver` is filled in; pcie_ports_disabled, a boot parameter, is not set
    pcie_port_drivers.append(new)
    for pcie in pcie_port_bus_type[:]:
        if not pcie_port_bus_match(pcie, new):
            continue
        device_lock(pcie.port.dev)
        device_lock(pcie.device)
        bind_service(pcie, new)
        device_unlock(pcie.device)
        device_unlock(pcie.port.dev)
    return 0


EXPORT_SYMBOL(pcie_port_service_register)


def pcie_port_service_unregister(drv: pcie_port_service_driver) -> None:
    """Unregister a service driver that is bound to no service.

    C: drivers/pci/pcie/portdrv_core.c, exported, base"""
    pcie_port_drivers.remove(drv)  # PORT: driver_unregister()


EXPORT_SYMBOL(pcie_port_service_unregister)
