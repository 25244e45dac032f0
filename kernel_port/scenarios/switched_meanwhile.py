# SPDX-License-Identifier: GPL-2.0-only
"""A user switches a slot off while pciehp switches it on for a card that was put back. Who gives way?

No one. The thread that removes the card sets slot.state to static when it is done, over what the next event, which is
handled already, has set. So the user's request is taken, and both work on the slot at once. In v4.16 the work queue is
ordered: the next event is handled when the removal is done, its state stays, and the user gets -ENODEV.

A reviewer could have asked: whose state is it that this thread sets? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, move_card, switch
from ._tell import code, listed
from .put_back import slow_remove


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['user'])}; re-added: {listed(outcome.recreated)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={
        "main": lambda m: move_card(m, "00:1c.0"),
        "hand": after(50, lambda m: move_card(m, "00:1c.0")),
        "user": after(600, lambda m: switch(m, "1", 0)),
    },
    prepare=slow_remove,
    answer=answer,
    opened_by=("hotplug-lock",),
    mended_by=("ordered-work-queue",),
)
