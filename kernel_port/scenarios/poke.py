# SPDX-License-Identifier: GPL-2.0-only
"""What if the bus is reset behind the kernel's back, with setpci on Bridge Control?

No patch helps: the kernel cannot mask events of a reset it does not know about. The card is not saved, so its
registers are lost as well; but pciehp removes and re-adds it, which is why users could live with it.
"""

from ..users import poke
from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import port
from ._tell import accident, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"In short, {accident(outcome)}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: poke(m, port(m))},
    answer=answer,
    needs="port",
    findings=(1,),
    unmended=NOT_MERGED,
)
