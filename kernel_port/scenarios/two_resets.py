# SPDX-License-Identifier: GPL-2.0-only
"""Two users reset the same card, the second in the middle of the first one's reset. What does the second one save?

All ones. pci_reset_function saves before it takes the locks, so the second user saves while the card is in reset, and
overwrites what the first had saved. The first one restores all ones; the second, after its own turn, finds nothing
saved. Patches 6 and 7 keep that order, for slots and buses too; v4.13 saves and restores with the device locked.

That is where pciehp notices neither. Up to patch 4 it takes both for removals, and the kernel crashes, as in
`reset-twice`.

A reviewer could have asked: why is the state saved and restored outside the locks? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, card, reset_function
from ._tell import code, lost


def answer(outcome: Outcome, patches: int) -> str:
    first, second = (code(outcome.results[user]) for user in ("first", "second"))
    return f"The first user got {first}, the second {second}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={
        "first": lambda m: reset_function(m, card(m)),
        "second": after(50, lambda m: reset_function(m, card(m))),
    },
    answer=answer,
    needs="card",
    mended_by=("save-under-device-lock",),
)
