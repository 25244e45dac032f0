# SPDX-License-Identifier: GPL-2.0-only
"""A user owns the graphics function of a card, but not its sound function. May VFIO reset the slot?

No: pci_reset_slot would reset the other function as well, whose driver knows nothing of it. The series leaves this
check to the consumer: pci_reset_slot and pci_reset_bus do not check who owns what they reset.
"""

from ..users import hot_reset
from . import Scenario
from ._outcome import Outcome
from ._script import card
from ._tell import code, listed


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['main'])}; reset: {listed(outcome.resets)}."


SCENARIO = Scenario(
    machine="example:vga",
    threads={"main": lambda m: hot_reset(m, card(m), {card(m)})},
    answer=answer,
    needs="card",
    since=7,
)
