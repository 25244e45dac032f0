# SPDX-License-Identifier: GPL-2.0-only
"""The calls in a recording of a real kernel (FORMAT.md, "tests"), made in the port."""

from __future__ import annotations

from collections.abc import Callable
from errno import ENODEV
from typing import Any

from ..hw.errors import MachineError
from ..machine import Machine
from ..pci_regs import PCI_COMMAND

NSEC_PER_SEC = 1_000_000_000
#: Test -> the kernel function it calls.
NAMES = {
    "func": "pci_reset_function", "rawfunc": "__pci_reset_function", "probe": "pci_probe_reset_function",
    "twice": "twice pci_reset_function", "sysfs": "reset_store", "slot": "pci_reset_slot", "bus": "pci_reset_bus",
    "bus2": "twice pci_reset_bus", "sbr": "pci_reset_bridge_secondary_bus", "power": "pci_set_power_state",
    "vreset": "VFIO_DEVICE_RESET", "vhang": "VFIO_DEVICE_RESET", "hot": "VFIO_DEVICE_PCI_HOT_RESET",
}  # fmt: skip
#: Calls by a process with the function open: before, it is bound to vfio-pci and opened; afterwards it is closed.
#: Others that it names are bound, not opened.
BY_A_USER = ("vreset", "vhang", "hot")
#: How many times that process reads the command register afterwards, once a second, before it closes the function; none
#: after a hot reset.
LOOKS = 4


def check(test: str) -> None:
    """Refuse a call that recordings do not have.

    :raises MachineError: there is no such call"""
    what, *words = test.split() or [""]
    if what not in CALLS or not (words if what == "hot" else len(words) == (2 if what == "power" else 1)):
        raise MachineError(f"test {test!r}: known are {', '.join(CALLS)}")


def in_c(test: str) -> str:
    """Return the call as C text."""
    what, _, rest = test.partition(" ")
    return f"{NAMES.get(what, what)}({rest.replace(' ', ', ')})"


def perform(machine: Machine, test: str) -> str:
    """Make one call.

    :return: its return code as recordings have it
    :raises MachineError: the device is gone, or the kernel has no such function"""
    what, *words = test.split()
    return str(CALLS[what](machine, *words))


def opening(machine: Machine, test: str) -> None:
    """Prepare the call.

    :raises MachineError: the user cannot have the function"""
    what, *words = test.split()
    if what in BY_A_USER:
        kernel, dev = machine.kernel, machine.function(words[0])
        for each in map(machine.function, words):
            kernel.pci_drivers[each.dev.name] = kernel.vfio_pci_driver
            kernel.device_attach(each)
        device = kernel.dev_get_drvdata(dev.dev)
        error = kernel.vfio_group_get_device_fd(device.group, dev.dev.name) if device else -ENODEV
        if error:
            raise MachineError(f"{test}: vfio-pci does not give {dev.dev.name} to a user: {error}")


def closing(machine: Machine, test: str) -> None:
    """Clean up after the call."""
    what, *words = test.split()
    if what in BY_A_USER:
        kernel, dev = machine.kernel, machine.function(words[0])
        for look in range(0 if what == "hot" else LOOKS):
            if look:
                machine.system.sched.sleep(NSEC_PER_SEC)
            kernel.vfio_user_config_read(dev, PCI_COMMAND, 2)
        kernel.vfio_device_fops_release(kernel.dev_get_drvdata(dev.dev))


def _function(name: str, *arguments: int) -> Callable[[Machine, str], int]:
    return lambda machine, address: int(_kernel(machine, name)(machine.function(address), *arguments))


def _kernel(machine: Machine, name: str) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = getattr(machine.kernel, name)
    except AttributeError:
        raise MachineError(f"{machine.kernel.__name__} has no function {name}") from None
    return function


def _sbr(machine: Machine, address: str) -> int:
    """Reset the bus below a bridge; the function returns nothing, so the result is 0."""
    _kernel(machine, NAMES["sbr"])(machine.function(address))
    return 0


def _sysfs(machine: Machine, address: str) -> int:
    """Write 1 to the sysfs file reset; the shell returns 0 or 1."""
    return int(_kernel(machine, "dev_attr_store")(machine.function(address), "reset", "1\n") < 0)


def _power(machine: Machine, address: str, state: str) -> int:
    return int(_kernel(machine, NAMES["power"])(machine.function(address), int(state)))


def _slot(machine: Machine, address: str) -> int:
    return int(_kernel(machine, NAMES["slot"])(machine.function(address).slot))


def _bus(machine: Machine, number: str) -> int:
    return int(_kernel(machine, NAMES["bus"])(machine.bus(number)))


def _user_reset(machine: Machine, address: str) -> int:
    """Reset the function as its VFIO user."""
    kernel = machine.kernel
    device = kernel.dev_get_drvdata(machine.function(address).dev)
    return kernel.vfio_device_fops_unl_ioctl(device, kernel.VFIO_DEVICE_RESET, 0)


def _hot(machine: Machine, address: str, *others: str) -> int:
    """Reset the slot or the bus of the function as its VFIO user, who asks what it takes along, and shows the groups of
    all named functions."""
    kernel = machine.kernel
    devices = [kernel.dev_get_drvdata(machine.function(each).dev) for each in (address, *others)]
    symbols = vars(kernel)
    info = _kernel(machine, "vfio_pci_hot_reset_info")(len(devices))
    error = kernel.vfio_device_fops_unl_ioctl(devices[0], symbols["VFIO_DEVICE_GET_PCI_HOT_RESET_INFO"], info)
    if error:
        return error
    request = symbols["vfio_pci_hot_reset"]([device.group for device in devices])
    return kernel.vfio_device_fops_unl_ioctl(devices[0], symbols["VFIO_DEVICE_PCI_HOT_RESET"], request)


def _twice(machine: Machine, address: str) -> int:
    """Reset a function twice; return the first error."""
    reset = CALLS["func"]
    return reset(machine, address) or reset(machine, address)


def _bus2(machine: Machine, number: str) -> int:
    """Reset a bus twice; return the first error."""
    return _bus(machine, number) or _bus(machine, number)


CALLS: dict[str, Callable[..., int]] = {
    **{what: _function(NAMES[what]) for what in ("func", "rawfunc", "probe")},
    "twice": _twice,
    "sysfs": _sysfs,
    "slot": _slot,
    "bus": _bus,
    "bus2": _bus2,
    "sbr": _sbr,
    "power": _power,
    "vreset": _user_reset,
    "vhang": _user_reset,
    "hot": _hot,
}
