# SPDX-License-Identifier: GPL-2.0-only
"""What happens to the card if pciehp polls its slots by timer instead of taking interrupts?

The reset is over long before the timer fires, so presence is back, and pciehp sees a card that was inserted. It tries
to add a card that exists already, fails, and turns the power indicator off. From patch 4 on, pciehp_reset_slot
stops the timer, clears the pending events, and polls at once.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import card, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="slot",
    poll_mode=True,
    horizon_ms=15_000,
    findings=(1,),
    mended_by=("p05",),
)
