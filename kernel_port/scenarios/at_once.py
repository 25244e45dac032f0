# SPDX-License-Identifier: GPL-2.0-only
"""A slot is reset and switched off at the same moment. Does it matter which comes first?

It does, and more so where threads may take turns at every lock: the reset walks the list of the bus once to save, once
to lock, once to unlock and once to restore, and the removal empties that list meanwhile.
`kernel-port explore at-once --preempt` tries every order.
"""

from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._outcome import Outcome
from ._script import reset_slot, slot, switch
from ._tell import code, listed


def answer(outcome: Outcome, patches: int) -> str:
    return f"""The reset returned {code(outcome.results["reset"])}, switching off {code(outcome.results["user"])};
        removed: {listed(outcome.removed)}; held at the end: {", ".join(outcome.locked) or "nothing"}."""


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"reset": lambda m: reset_slot(m, slot(m)), "user": lambda m: switch(m, slot(m), 0)},
    answer=answer,
    needs="slot",
    since=7,
)
