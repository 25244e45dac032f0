# SPDX-License-Identifier: GPL-2.0-only
"""What happens to a card in a slot without surprise removal when its only function is reset?

Nothing. Presence interrupts all the same, at every point of the series, and queues work; but the work does nothing,
because the slot is not surprise-capable. So patch 4 masks nothing there.
"""

from . import Scenario
from ._outcome import Outcome
from ._script import reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine="example:calm-slot",
    threads={"main": lambda m: reset_function(m, "04:00.0")},
    answer=answer,
    findings=(1,),
    recordings=("v311-calm", "p8-calm-func"),
)
