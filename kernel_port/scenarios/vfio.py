# SPDX-License-Identifier: GPL-2.0-only
"""A user owns both functions of a card through VFIO, and asks for a reset. Which reset does VFIO do?

The slot's, for which pciehp masks presence. The card's own reset does nothing, so without the series the next user of
the card would find it as this one left it.
"""

from ..users import hot_reset
from . import Scenario
from ._outcome import Outcome
from ._script import card, siblings
from ._tell import accident, code, listed


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['main'])}; reset: {listed(outcome.resets)}; {accident(outcome)}."


SCENARIO = Scenario(
    machine="example:vga",
    threads={"main": lambda m: hot_reset(m, card(m), siblings(m))},
    answer=answer,
    needs="siblings",
    since=7,
)
