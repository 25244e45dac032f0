# SPDX-License-Identifier: GPL-2.0-only
"""The kernel is preempted in the middle of pci_dev_reset_slot_function's walk. Where does the walk go on?

The walk follows the list of the bus without pci_bus_sem. Here a removal runs at the worst moment, when the walk is at
a function that is then taken off the list. The C would read its next pointer from there, from memory that may have
been freed. With pci_bus_sem the removal would wait until the walk is over.

This walk is gone by v6.5: there a multifunction device is refused without looking for others. Nothing merged by v7.1.5
takes pci_bus_sem around those that are left (`walk`).

Explains: the walk in pci_dev_reset_slot_function without pci_bus_sem.
A reviewer could have asked: what protects dev->bus->devices here? pci_get_slot takes pci_bus_sem. This run answers
it.
"""

import sys
from collections.abc import Iterator
from typing import Any

from ..machine import Machine
from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import reset_function


class Preempted(list[Any]):
    """A list of devices that gives up the processor at each step of pci_dev_reset_slot_function's walk."""

    def __init__(self, machine: Machine, devices: list[Any]) -> None:
        super().__init__(devices)
        self.machine = machine

    def __iter__(self) -> Iterator[Any]:
        system = self.machine.system
        for dev in super().__iter__():
            if not walks(system.symtab):
                yield dev
                continue
            system.sched.sleep(0)
            if dev not in self:
                self.machine.kernel.printk("err", f"the walk is at {dev.dev.name}, which is off the list")
            yield dev


def walks(symtab: dict[str, Any]) -> bool:
    """Return whether the running kernel code is the walk in question, and pci_bus_sem is not held."""
    frame = sys._getframe(2)
    return frame.f_code.co_name == "pci_dev_reset_slot_function" and not symtab["pci_bus_sem"].readers


def preempt(machine: Machine) -> None:
    """Make the walk of the card's bus yield."""
    bus = machine.bus("01")
    bus.devices = Preempted(machine, bus.devices)


def remove(machine: Machine) -> None:
    """Remove the first function, as its file in sysfs does."""
    machine.kernel.pci_stop_and_remove_bus_device(machine.function("01:00.0"))


def answer(outcome: Outcome, patches: int) -> str:
    said = "; ".join(text for _, level, text in outcome.messages if level == "err")
    return said or "Nothing was removed during the walk."


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"main": lambda m: reset_function(m, "01:00.1"), "remover": remove},
    prepare=preempt,
    answer=answer,
    since=5,
    commits=("the walk in pci_dev_reset_slot_function without pci_bus_sem",),
    unmended=NOT_MERGED,
)
