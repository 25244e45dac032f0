# SPDX-License-Identifier: GPL-2.0-only
"""A function is removed while pci_slot_lock locks the slot's functions. What happens to its lock?

pci_slot_lock walks the list of the bus and sleeps on each lock, and nothing keeps the list from changing: it does not
take pci_bus_sem. Here the walk waits for the second function, which is being removed. When it gets the lock the
function is off the list, so pci_slot_unlock never sees it, and its locks are held forever. In C the memory would be
freed as well.

Nothing merged by v7.1.5 takes pci_bus_sem around these walks: locking, saving, restoring and unlocking read the list as
here.

Explains: the walks without pci_bus_sem, of pci_slot_lock as of pci_dev_reset_slot_function (see walk-preempted).
A reviewer could have asked: what keeps the list the same from lock to unlock? This run answers it.
"""

from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._mending import NOT_MERGED
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
    unmended=NOT_MERGED,
)
