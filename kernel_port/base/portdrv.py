# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv_pci.c and portdrv_core.c: the driver of PCI Express ports, which brings pciehp to slots."""

from __future__ import annotations

from errno import ENODEV
from typing import TYPE_CHECKING

from ..kernel.structs import PCI_D0, device_driver, pci_dev, pci_is_pcie, pci_pcie_type, pcie_caps_reg
from ..pci_regs import (
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_CCIE,
    PCI_EXP_SLTCTL_HPIE,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXP_TYPE_UPSTREAM,
)
from .pciehp import pcie_device

if TYPE_CHECKING:
    from .access import pcie_capability_clear_word, pcie_capability_read_dword
    from .pci import pci_save_state, pci_set_power_state
    from .pciehp_core import pciehp_probe, pciehp_remove

PCIE_PORT_SERVICE_HP = 1 << 2

#: The services of ports that a service driver has: pciehp, the only one there is.
pcie_port_bus_type: list[pcie_device] = []


def pcie_portdriver() -> device_driver:
    """The driver of PCI Express ports.

    C: drivers/pci/pcie/portdrv_pci.c, static variable, base"""
    return device_driver("pcieport", pcie_portdrv_probe, pcie_portdrv_remove)


def get_port_device_capability(dev: pci_dev) -> int:
    """Which services the port *dev* has.

    C: drivers/pci/pcie/portdrv_core.c, static, base; PORT: hot-plug alone, no AER, VC and PME
    :return: PCIE_PORT_SERVICE_* bits"""
    services = 0

    # Hot-Plug Capable
    if pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT:
        _, reg32 = pcie_capability_read_dword(dev, PCI_EXP_SLTCAP)
        if reg32 & PCI_EXP_SLTCAP_HPC:
            services |= PCIE_PORT_SERVICE_HP
            # Firmware may have left interrupts on that nobody would serve.
            pcie_capability_clear_word(dev, PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_CCIE | PCI_EXP_SLTCTL_HPIE)

    return services


def pcie_port_device_register(dev: pci_dev) -> int:
    """Wake the port *dev* and give its services to their drivers.

    C: drivers/pci/pcie/portdrv_core.c, base
    :return: 0"""
    # PORT: of pci_enable_device(), what matters to a reset.
    pci_set_power_state(dev, PCI_D0)

    capabilities = get_port_device_capability(dev)

    # PORT: without a bus below (no number was left for it) pciehp of v3.11 falls over a NULL pointer.
    if capabilities & PCIE_PORT_SERVICE_HP and dev.subordinate:
        pcie = pcie_device(port=dev, irq=dev.irq)
        pcie.device.name = f"{dev.dev.name}:pcie{pci_pcie_type(dev) << 4 | PCIE_PORT_SERVICE_HP:02x}"
        if not pciehp_probe(pcie):
            pcie_port_bus_type.append(pcie)

    return 0


def pcie_portdrv_probe(dev: pci_dev) -> int:
    """Take the port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, static, base
    :return: 0, -ENODEV if it is no PCI Express port"""
    if not pci_is_pcie(dev) or pci_pcie_type(dev) not in (
        PCI_EXP_TYPE_ROOT_PORT,
        PCI_EXP_TYPE_UPSTREAM,
        PCI_EXP_TYPE_DOWNSTREAM,
    ):
        return -ENODEV

    status = pcie_port_device_register(dev)
    if status:
        return status

    pci_save_state(dev)
    return 0


def pcie_portdrv_remove(dev: pci_dev) -> None:
    """Let go of the port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, static, base"""
    for pcie in [pcie for pcie in pcie_port_bus_type if pcie.port is dev]:
        pciehp_remove(pcie)
        pcie_port_bus_type.remove(pcie)
