# SPDX-License-Identifier: GPL-2.0-only
"""What users do to a machine that is no single call of the kernel: setpci, and a hot reset through VFIO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from errno import ENODEV, ENOSYS, ENOTTY, EPERM
from typing import Any

from .hw.address import Address
from .kernel.sched import NSEC_PER_MSEC
from .machine import Machine
from .pci_regs import PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET


def poke(machine: Machine, bridge: str, hold_ms: int = 100) -> int:
    """Reset the bus below a bridge behind the kernel's back, as two calls of setpci do."""
    kernel, dev = machine.kernel, machine.function(bridge)
    _, control = kernel.pci_user_read_config_word(dev, PCI_BRIDGE_CONTROL)
    kernel.pci_user_write_config_word(dev, PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_BUS_RESET)
    machine.system.sched.sleep(hold_ms * NSEC_PER_MSEC)
    rc: int = kernel.pci_user_write_config_word(dev, PCI_BRIDGE_CONTROL, control & ~PCI_BRIDGE_CTL_BUS_RESET)
    return rc


def reset_bus(machine: Machine, bus: Any) -> int:
    """Call pci_reset_bus() for *bus*."""
    argument = argument_for_bus(machine, bus)
    return -ENOTTY if argument is None else int(machine.kernel.pci_reset_bus(argument))


def argument_for_bus(machine: Machine, bus: Any) -> Any:
    """Return what pci_reset_bus() takes: the bus, or, from v4.19 on, a function on it; None if there is none."""
    if "pdev" not in machine.kernel.pci_reset_bus.__annotations__:
        return bus
    return bus.devices[0] if bus.devices else None


def hot_reset(machine: Machine, function: str, owned: Iterable[str]) -> int:
    """Reset the slot of a function if it can be reset, else its bus, provided the user owns every function affected:
    VFIO_DEVICE_PCI_HOT_RESET of v3.12, imitated where the kernel has no such request.

    :return: 0; -EPERM (the request: -EINVAL) if another owner has part of it; -ENOSYS where the kernel has no such
        reset yet; or as pci_reset_slot() and pci_reset_bus()"""
    kernel, dev = machine.kernel, machine.function(function)
    if kernel.point < 7:
        return -ENOSYS
    mine = {str(Address.parse(name)) for name in owned}
    if "vfio_pci_hot_reset" in kernel.symbols:
        return request_hot_reset(machine, dev, mine)
    if dev.slot:
        if not owns(mine, together(dev.bus, dev.slot)):
            return -EPERM
        rc: int = kernel.pci_reset_slot(dev.slot)
        if rc != -ENOTTY:
            return rc
    if not owns(mine, together(dev.bus)):
        return -EPERM
    return reset_bus(machine, dev.bus)


def request_hot_reset(machine: Machine, dev: Any, owned: set[str]) -> int:
    """Ask VFIO what is reset with *dev*, then ask it for that, with the groups of those that the user owns."""
    kernel: Any = machine.kernel  # mends add the requests
    device = vfio_device(machine, dev)
    if device is None:
        return -ENODEV
    info = kernel.vfio_pci_hot_reset_info(argsz=len(machine.functions))
    rc: int = kernel.vfio_device_fops_unl_ioctl(device, kernel.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info)
    if rc:
        return rc
    affected = (machine.function(each.group_id) for each in info.devices if each.group_id in owned)
    devices = [vfio_device(machine, each) for each in affected]
    request = kernel.vfio_pci_hot_reset([each.group for each in devices if each is not None])
    return int(kernel.vfio_device_fops_unl_ioctl(device, kernel.VFIO_DEVICE_PCI_HOT_RESET, request))


def vfio_device(machine: Machine, dev: Any) -> Any:
    """Bind a function to vfio-pci, if it is not; return its struct vfio_device, None if VFIO does not take it."""
    kernel = machine.kernel
    if dev.driver is not kernel.vfio_pci_driver:
        kernel.device_release_driver(dev)
        kernel.pci_drivers[dev.dev.name] = kernel.vfio_pci_driver
        kernel.device_attach(dev)
    return kernel.dev_get_drvdata(dev.dev) if dev.driver is kernel.vfio_pci_driver else None


def owns(owned: set[str], functions: Iterable[Any]) -> bool:
    """Return whether the user owns each of the functions."""
    return {dev.dev.name for dev in functions} <= owned


def together(bus: Any, slot: Any = None) -> Iterator[Any]:
    """Return all functions on a bus (or in a slot of it) and below."""
    for dev in bus.devices:
        if slot is None or dev.slot is slot:
            yield dev
            if dev.subordinate:
                yield from together(dev.subordinate)
