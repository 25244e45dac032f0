# SPDX-License-Identifier: GPL-2.0-only
"""A function is removed while the slot's functions are being locked. What becomes of its lock?

pci_slot_lock walks the list of the bus and sleeps on each lock, and nothing holds the list still: pci_bus_sem is
not taken. Here the walk waits for the second function, which is just being removed; when it gets the lock the
function is off the list, so pci_slot_unlock never comes by, and its locks are held for ever. In C the memory would
be freed as well.

Explains: the walks without pci_bus_sem, of pci_slot_lock as of pci_dev_reset_slot_function (see walk-preempted).
A reviewer could have asked: what keeps the list the same from lock to unlock? This run answers it.
"""

from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._outcome import Outcome
from ._script import after, reset_slot, switch
from ._tell import code, listed
from .lock_order import slow_remove


def answer(outcome: Outcome, patches: int) -> str:
    return f"""The reset returned {code(outcome.results["reset"])}; removed: {listed(outcome.removed)}; held at the
        end: {", ".join(outcome.locked) or "nothing"}."""


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"user": lambda m: switch(m, "1", 0), "reset": after(10, lambda m: reset_slot(m, "1"))},
    prepare=slow_remove,
    answer=answer,
    since=7,
    commits=("walks without pci_bus_sem",),
)
