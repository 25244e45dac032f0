# SPDX-License-Identifier: GPL-2.0-only
"""A switch is in the slot that is reset. Is each of its ports unlocked as often as it was locked?

At +8 it is. In v6.11 the bus below a bridge is locked along with the bridge, and pci_slot_unlock() unlocks the bridge
once more, which is a warning of the lock that nobody holds; f3efb9569b4a (v6.16) makes the two alike.
"""

from . import Scenario
from ._machines import SWITCH
from ._outcome import Outcome
from ._script import reset_slot
from ._tell import code

#: SWITCH in a slot without surprises.
SWITCH_IN_SLOT = SWITCH.replace("bus = [1, 4]\n", "bus = [1, 4]\nslot = {number = 1}\n", 1)


def answer(outcome: Outcome, patches: int) -> str:
    warned = sum("not locked" in text for _, _, text in outcome.messages)
    return f"pci_reset_slot returned {code(outcome.results['main'])}; unlocked once too often: {warned or 'nothing'}."


SCENARIO = Scenario(
    machine=SWITCH_IN_SLOT,
    threads={"main": lambda m: reset_slot(m, "1")},
    answer=answer,
    since=7,
    opened_by=("lock-bridge-of-bus",),
    mended_by=("slot-unlock-symmetry",),
)
