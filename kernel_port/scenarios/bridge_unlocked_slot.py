# SPDX-License-Identifier: GPL-2.0-only
"""Somebody writes Bridge Control of a port during the reset of its slot. What keeps them apart?

Nothing: pci_slot_lock locks what is in the slot, not the port that resets it.

Explains: "fix slot reset device locking" (2026).
A reviewer could have asked: which registers does the reset write, and does it hold their lock? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, port, reset_slot, slot
from ._tell import code, lost
from .bridge_unlocked import setpci


def answer(outcome: Outcome, patches: int) -> str:
    return f"The reset returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_slot(m, slot(m)), "setpci": after(50, lambda m: setpci(m, port(m)))},
    answer=answer,
    needs="slot",
    since=7,
    mended_by=("lock-bridge-of-slot",),
    commits=('"fix slot reset device locking" (2026)',),
)
