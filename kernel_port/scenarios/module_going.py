# SPDX-License-Identifier: GPL-2.0-only
"""pciehp is being unloaded when somebody resets its slot. Who masks the slot?

Nobody. pci_hp_reset_slot gets no reference to the module and returns -ENOTTY, which reads as "this slot cannot be
reset". So the function reset tries the next method, the bus, with presence detection still on.

A reviewer could have asked: should a module that goes away be an error that ends the search? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function
from ._tell import accident, code


def unload(machine: Machine) -> None:
    """Begin rmmod."""
    machine.slot("1").hotplug.ops.owner.going = True


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    prepare=unload,
    answer=answer,
    findings=(5,),
)
