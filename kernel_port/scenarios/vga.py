# SPDX-License-Identifier: GPL-2.0-only
"""A graphics card claims that waking from D3hot resets it, and does nothing. What can reset it?

pci_reset_slot, from patch 7 on, which resets both functions. pci_reset_function believes the claim and returns 0
without a reset, and the sound function beside it rules out a bus reset for one of them alone.
"""

from ..machine import Machine
from . import Scenario
from ._outcome import Outcome
from ._script import card, reset_function, reset_slot, slot
from ._tell import code, listed


def reset(machine: Machine) -> int:
    """Reset the function, which claims to have worked, then the slot."""
    reset_function(machine, card(machine))
    return reset_slot(machine, slot(machine))


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_function did nothing; pci_reset_slot returned {code(outcome.results["main"])}; reset in all:
        {listed(outcome.resets)}."""


SCENARIO = Scenario(machine="example:vga", threads={"main": reset}, answer=answer, needs="siblings", mended_by=("p07",))
