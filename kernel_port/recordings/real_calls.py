# SPDX-License-Identifier: GPL-2.0-only
"""The calls of a recording of a real kernel (FORMAT.md, "tests"), made in the port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..hw.errors import MachineError
from ..machine import Machine

#: Test -> the kernel function it calls.
NAMES = {
    "func": "pci_reset_function", "rawfunc": "__pci_reset_function", "probe": "pci_probe_reset_function",
    "twice": "twice pci_reset_function", "sysfs": "reset_store", "slot": "pci_reset_slot", "bus": "pci_reset_bus",
    "bus2": "twice pci_reset_bus", "sbr": "pci_reset_bridge_secondary_bus", "power": "pci_set_power_state",
}  # fmt: skip
#: Calls that need what is not ported, and why they cannot be judged.
VFIO = "vfio_pci.c of v3.11 is not ported"
NOT_PORTED = dict.fromkeys(("hot", "vreset", "vhang"), VFIO)


def reason_against(test: str) -> str:
    """Why the port cannot make this call, "" if it can.

    :raises MachineError: recordings have no such call"""
    what, *words = test.split() or [""]
    if what in NOT_PORTED:
        return NOT_PORTED[what]
    if what not in CALLS or len(words) != (2 if what == "power" else 1):
        raise MachineError(f"test {test!r}: known are {', '.join([*CALLS, *NOT_PORTED])}")
    return ""


def in_c(test: str) -> str:
    """The call as the C has it."""
    what, _, rest = test.partition(" ")
    return f"{NAMES.get(what, what)}({rest.replace(' ', ', ')})"


def perform(machine: Machine, test: str) -> str:
    """Make one call.

    :return: its return code as recordings have it
    :raises MachineError: the kernel no longer has what is called, or never had"""
    what, *words = test.split()
    return str(CALLS[what](machine, *words))


def _function(name: str, *arguments: int) -> Callable[[Machine, str], int]:
    return lambda machine, address: int(_kernel(machine, name)(machine.function(address), *arguments))


def _kernel(machine: Machine, name: str) -> Callable[..., Any]:
    try:
        function: Callable[..., Any] = getattr(machine.kernel, name)
    except AttributeError:
        raise MachineError(f"{machine.kernel.__name__} has no function {name}") from None
    return function


def _sbr(machine: Machine, address: str) -> int:
    """It returns nothing, so the test says 0."""
    _kernel(machine, NAMES["sbr"])(machine.function(address))
    return 0


def _sysfs(machine: Machine, address: str) -> int:
    """The file reset; the shell says 0 or 1."""
    return int(_kernel(machine, "dev_attr_store")(machine.function(address), "reset", "1\n") < 0)


def _power(machine: Machine, address: str, state: str) -> int:
    return int(_kernel(machine, NAMES["power"])(machine.function(address), int(state)))


def _slot(machine: Machine, address: str) -> int:
    return int(_kernel(machine, NAMES["slot"])(machine.function(address).slot))


def _bus(machine: Machine, number: str) -> int:
    return int(_kernel(machine, NAMES["bus"])(machine.bus(number)))


def _twice(machine: Machine, address: str) -> int:
    """A function twice in a row; the first that fails is told."""
    reset = CALLS["func"]
    return reset(machine, address) or reset(machine, address)


def _bus2(machine: Machine, number: str) -> int:
    """A bus twice in a row."""
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
}
