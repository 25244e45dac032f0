# SPDX-License-Identifier: GPL-2.0-only
"""A bridge takes 300 ms to report that presence changed. Is presence still masked by then?

It is not. pciehp_reset_slot clears the event and enables it again after 200 ms. The presence changes caused by the
reset are reported after that, and the card is removed and re-added. The late slot status also hides from the handler
that the card is back.

A reviewer could have asked: how long after the reset may its events come? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import PORT, card, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={PORT: {"slot_status_ms": 300}},
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="slot",
    findings=(1,),
    unmended=NOT_MERGED,
)
