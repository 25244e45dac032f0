# SPDX-License-Identifier: GPL-2.0-only
"""Two users reset an empty slot that is polled. Does the kernel survive?

It does not. Nothing is in the slot, so there is no device lock to keep them apart. Each stops the poll timer, and each
starts it again behind its reset: the second one initializes a timer that is pending, which destroys the list it is on.

Explains: 5b3f7b7d062b (v4.19), whose reset_lock keeps resets of a slot apart.
A reviewer could have asked: what keeps two calls of reset_slot apart? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, move_card, reset_slot
from ._tell import code


def pull(machine: Machine) -> None:
    """Pull the card, and let the timer find that."""
    move_card(machine, "00:1c.0")
    machine.kernel.msleep(20_000)


def answer(outcome: Outcome, patches: int) -> str:
    return f"It does: the resets returned {' and '.join(code(rc) for rc in outcome.results.values())}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_slot(m, "1"), "other": after(10, lambda m: reset_slot(m, "1"))},
    prepare=pull,
    answer=answer,
    poll_mode=True,
    since=7,
    commits=("5b3f7b7d062b (v4.19)",),
    mended_by=("reset-lock", "ignore-link-changes"),
)
