# SPDX-License-Identifier: GPL-2.0-only
"""And if the slot has no power controller?

The same false removal, but nothing can be switched off. The enable that runs beside the blocked removal waits for the
link, and by the time it scans the slot the removal is through: it finds the card anew, as a device that no driver
has seen.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD, threads={"main": lambda m: reset_function(m, "01:00.0")}, answer=answer, findings=(1, 12)
)
