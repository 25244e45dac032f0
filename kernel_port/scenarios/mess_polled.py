# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of the card if pciehp looks at its slots by timer instead of being interrupted?

The reset is over long before the timer comes round, so presence is back: what pciehp sees is a card that was put
in. It tries to add a card that is there already, fails, and switches its power lamp off. From patch 4 on,
pciehp_reset_slot stops the timer, clears what was noted, and looks at once.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    answer=answer,
    poll_mode=True,
    horizon_ms=15_000,
    findings=(1,),
)
