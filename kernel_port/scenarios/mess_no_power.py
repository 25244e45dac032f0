# SPDX-License-Identifier: GPL-2.0-only
"""What if the slot has no power controller?

It is the same false removal, but the slot cannot be switched off. The enable runs concurrently with the blocked
removal and waits for the link. By the time it scans the slot, the removal is done: it adds the card as a new device.
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
    needs="card",
    findings=(1, 12),
    recordings=("v311-mess-nopcp",),
    mended_by=("p05",),
)
