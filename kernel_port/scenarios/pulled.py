# SPDX-License-Identifier: GPL-2.0-only
"""Somebody really pulls the card and puts it back. Does the kernel notice?

It does, at every point of the series: real presence events remove the card and add it again.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, move_card, port
from ._tell import listed


def answer(outcome: Outcome, patches: int) -> str:
    return f"Removed and re-added: {listed(outcome.recreated)}; false alarms: {len(outcome.spurious)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={
        "main": after(100, lambda m: move_card(m, port(m))),
        "hand": after(1100, lambda m: move_card(m, port(m))),
    },
    answer=answer,
    needs="slot",
)
