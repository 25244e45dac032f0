# SPDX-License-Identifier: GPL-2.0-only
"""How long does a function level reset wait for pending transactions?

It looks four times, after 0, 100, 300 and 700 ms, and then resets anyway, with a warning. Here they complete after
650 ms, just in time.
"""

from . import Scenario
from ._outcome import Outcome
from ._script import CARD, card, reset_function
from ._tell import code


def answer(outcome: Outcome, patches: int) -> str:
    said = "; ".join(text for _, _, text in outcome.messages) or "no warning"
    return f"pci_reset_function returned {code(outcome.results['main'])} after {outcome.time_ns / 1e6:g} ms; {said}."


SCENARIO = Scenario(
    machine="example:single",
    knobs={CARD: {"pending_ms": 650}},
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="card",
    findings=(11,),
)
