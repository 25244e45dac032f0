# SPDX-License-Identifier: GPL-2.0-only
"""And if somebody resets the bus behind the kernel's back, with setpci on Bridge Control?

Nobody can mask what nobody asked for: no patch helps. The card is not saved, so its registers are lost as well, but
pciehp removes and finds it anew, which is why users could live with it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import poke
from ._tell import accident, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"All in all, {accident(outcome)}; lost: {lost(outcome)}."


SCENARIO = Scenario(machine=LONE_CARD, threads={"main": lambda m: poke(m, "00:1c.0")}, answer=answer, findings=(1,))
