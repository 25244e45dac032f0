# SPDX-License-Identifier: GPL-2.0-only
"""A function sleeps and never had a driver. Does patch 8 help it?

It is worse off. The kernel does not know its power state, and does not delay between the unknown state and D0. This
function resets itself as it wakes and does not answer for 5 ms, so the kernel saves all ones. Up to patch 7 it was
saved asleep, which works, because a function in D3hot still answers configuration cycles.

A reviewer could have asked: does every path to D0 wait the 10 ms of D3hot? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import CARD, reset_slot, slot
from ._tell import code, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_slot returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD.replace('driver = "mpt2sas"\npm = {no_soft_reset = true}', 'pm = {state = "D3hot"}'),
    knobs={CARD: {"ready_ms": 5}},
    threads={"main": lambda m: reset_slot(m, slot(m))},
    answer=answer,
    needs="slot",
    since=7,
    findings=(11,),
    unmended="not ported: commit not verified (v5.9 to v6.5)",
)
