# SPDX-License-Identifier: GPL-2.0-only
"""A hotplug driver that is a module is being unloaded when its slot is reset. Does pciehp still mask it?

No. pci_hp_reset_slot gets no reference to the module and returns -ENOTTY, which reads as "this slot cannot be
reset". So the function reset tries the next method, the bus, with presence detection still on. The driver is made up:
only pciehp has the method, and pciehp is never a module: its option HOTPLUG_PCI_PCIE is a bool.

A reviewer could have asked: should a module that goes away be an error that ends the search? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import card, reset_function, slot
from ._tell import accident, code


def unload(machine: Machine) -> None:
    """Begin rmmod of pciehp, as if it were a module."""
    kernel = machine.kernel
    module = vars(kernel)["THIS_MODULE"] = kernel.module("pciehp", going=True)
    machine.slot(slot(machine)).hotplug.ops.owner = module


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_function(m, card(m))},
    prepare=unload,
    answer=answer,
    needs="slot",
    findings=(5,),
    unmended=NOT_MERGED,
)
