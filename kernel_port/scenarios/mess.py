# SPDX-License-Identifier: GPL-2.0-only
"""What does a function reset do to a lone card in a surprise-removal slot?

The card has no reset of its own, so pci_reset_function resets the bus. In-band presence goes with the link and comes
back with it, and to pciehp that looks as if the card had been pulled and put in again.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome

CARD = "01:00.0"


def reset(machine: Machine) -> int:
    """Reset the card's only function."""
    result: int = machine.kernel.pci_reset_function(machine.function(CARD))
    return result


def answer(outcome: Outcome, patches: int) -> str:
    return f"spurious {outcome.spurious}; recreated {outcome.recreated}"


SCENARIO = Scenario(machine=LONE_CARD, threads={"main": reset}, answer=answer, findings=(1,))
