# SPDX-License-Identifier: GPL-2.0-only
"""A user switches off a hot-plug slot while a card is pulled from another slot below it. Do both removals end?

They do, up to patch 8. With pci_lock_rescan_remove() (--with lock-rescan-remove) they do not: the outer removal holds
the lock, and, as it unbinds the inner port, waits for the work of that port; the work waits for the lock.

Explains: 9d16947b7583 (v3.14), which opens this hole; nothing mends it up to v7.1.
A reviewer of it could have asked: who waits, under this lock, for somebody who takes it? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import NESTED_SLOTS
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import after, move_card, switch
from ._tell import listed


def slow_remove(machine: Machine) -> None:
    """Make a driver below the outer slot take its time to unbind."""
    dev = machine.function("04:00.0")
    dev.driver = machine.kernel.device_driver("slow", remove=lambda dev: machine.kernel.msleep(100))


def answer(outcome: Outcome, patches: int) -> str:
    return f"Both end; removed: {listed(outcome.removed)}."


SCENARIO = Scenario(
    machine=NESTED_SLOTS.replace("power_controller = true, ", ""),
    threads={
        "main": lambda m: switch(m, "1", 0),
        "hand": after(20, lambda m: move_card(m, "02:00.0")),
    },
    prepare=slow_remove,
    answer=answer,
    commits=("9d16947b7583 (v3.14)",),
    opened_by=("lock-rescan-remove",),
    unmended=NOT_MERGED,
)
