# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pcie/portdrv_bus.c: the bus of the services of PCI Express ports.

# PORT: what the driver core (drivers/base) does with devices and drivers of this bus is here, too: bind_service() and
# release_service().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.structs import *
from .pcieport_if import *

if TYPE_CHECKING:  # this module is imported there
    from .portdrv_core import pcie_port_probe_service, pcie_port_remove_service

#: The services of ports.
pcie_port_bus_type: list[pcie_device] = []
#: Their drivers.
pcie_port_drivers: list[pcie_port_service_driver] = []


def pcie_port_bus_match(pciedev: pcie_device, driver: pcie_port_service_driver) -> int:
    """Check whether a driver is for a service.

    C: drivers/pci/pcie/portdrv_bus.c, static, base
    :return: 1 or 0"""
    # PORT: both are of pcie_port_bus_type
    if driver.service != pciedev.service:
        return 0

    if (driver.port_type != PCIE_ANY_PORT) and (driver.port_type != pci_pcie_type(pciedev.port)):
        return 0

    return 1


# PORT: the driver core is in two places, as dd.py has PCI functions only
def bind_service(pciedev: pcie_device, driver: pcie_port_service_driver) -> None:
    """Bind a driver to a service, which is locked, if the driver matches and the service has none.

    C: drivers/base/dd.c driver_probe_device(), base
    PORT: with what really_probe() and __device_attach() do for this bus; device_is_registered(), pm_runtime_barrier(),
    pm_request_idle(), driver_probe_device(), and `return ret`"""
    # PORT: driver_probe_device() for services, as dd.py has it for PCI functions
    if pciedev.device.driver or not pcie_port_bus_match(pciedev, driver):
        return
    pciedev.device.driver = driver
    if pcie_port_probe_service(pciedev):
        pciedev.device.driver = NULL


# PORT: the other half of it
def release_service(pciedev: pcie_device) -> None:
    """Unbind a service from its driver, if it has one.

    C: drivers/base/dd.c device_release_driver(), base; PORT: with __device_release_driver() for services"""
    # PORT: device_release_driver() for services, as dd.py has it for PCI functions
    device_lock(pciedev.device)
    pcie_port_remove_service(pciedev)
    pciedev.device.driver = NULL
    device_unlock(pciedev.device)
