# SPDX-License-Identifier: GPL-2.0-only
"""A switch with a hot-plug port sits in a surprise-removal slot, and its bus is reset. What does lockdep say?

The false removal of the outer slot removes the switch, its hot-plug port included. Removing that port's driver flushes
its work queue, from work that runs in the outer slot's queue. Both queues are of the same class, so lockdep reports
recursive locking: an item that waits for its own queue would wait forever. Here there are two queues, and nothing
hangs; but the whole switch is gone.

A reviewer could have asked: may pciehp be removed by pciehp's work? This run answers it.
"""

from . import Scenario
from ._machines import NESTED_SLOTS
from ._outcome import Outcome
from ._script import reset_bus
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_bus returned {code(outcome.results["main"])}; {accident(outcome)}; locks taken:
        {"; ".join(map(str, outcome.inversions)) or "no conflict"}."""


SCENARIO = Scenario(
    machine=NESTED_SLOTS,
    threads={"main": lambda m: reset_bus(m, "01")},
    answer=answer,
    since=7,
    findings=(3, 16),
    recordings=("p8-mess-sw-bus01",),
    mended_by=("probe-slot-first",),
)
