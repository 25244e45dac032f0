# SPDX-License-Identifier: GPL-2.0-only
"""Somebody really pulls the card in the middle of the reset. Does the kernel notice?

Not from patch 5 on: pciehp_reset_slot disables presence events, and clears the recorded one before it enables them
again, without checking whether the card is there. The kernel keeps a device that is gone. (Presence is detected
out-of-band here, so the reset itself does not change it.)

A reviewer could have asked: should reset_slot compare presence before and after? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import PORT, after, card, move_card, port, reset_function
from ._tell import code


def answer(outcome: Outcome, patches: int) -> str:
    noticed = "noticed" if outcome.removed else "did not notice"
    return f"pci_reset_function returned {code(outcome.results['main'])}; the kernel {noticed} that the card is gone."


SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={PORT: {"presence_follows_link": False}},
    threads={
        "main": lambda m: reset_function(m, card(m)),
        "hand": after(50, lambda m: move_card(m, port(m))),
    },
    answer=answer,
    needs="slot",
    mended_by=("ignore-link-changes",),
)
