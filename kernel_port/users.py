# SPDX-License-Identifier: GPL-2.0-only
"""What users do to a machine that is no single call of the kernel: setpci, and a hot reset through VFIO."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from errno import ENOSYS, ENOTTY, EPERM
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
    """Reset the slot of a function if it can be reset, else its bus, provided the user owns every function affected: as
    v3.12 does it for VFIO_DEVICE_PCI_HOT_RESET, imitated here.

    :return: 0; -EPERM if another owner has part of it; -ENOSYS where the kernel has no such reset yet; or as
        pci_reset_slot() and pci_reset_bus()"""
    kernel, dev = machine.kernel, machine.function(function)
    if kernel.point < 7:
        return -ENOSYS
    if dev.slot:
        if not owns(owned, together(dev.bus, dev.slot)):
            return -EPERM
        rc: int = kernel.pci_reset_slot(dev.slot)
        if rc != -ENOTTY:
            return rc
    if not owns(owned, together(dev.bus)):
        return -EPERM
    return reset_bus(machine, dev.bus)


def owns(owned: Iterable[str], functions: Iterable[Any]) -> bool:
    """Return whether the user owns each of the functions."""
    return {dev.dev.name for dev in functions} <= {str(Address.parse(name)) for name in owned}


def together(bus: Any, slot: Any = None) -> Iterator[Any]:
    """Return all functions on a bus (or in a slot of it) and below."""
    for dev in bus.devices:
        if slot is None or dev.slot is slot:
            yield dev
            if dev.subordinate:
                yield from together(dev.subordinate)
