# SPDX-License-Identifier: GPL-2.0-only
"""And in a slot from which cards are not expected to be pulled?

Presence interrupts all the same, at every point of the series; the work is queued, and dropped when it is looked
at, because the slot is not surprise-capable. So patch 4 masks nothing there.
"""

from . import Scenario
from ._outcome import Outcome
from ._script import reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine="example:calm-slot", threads={"main": lambda m: reset_function(m, "04:00.0")}, answer=answer, findings=(1,)
)
