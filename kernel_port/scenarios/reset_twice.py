# SPDX-License-Identifier: GPL-2.0-only
"""A card in a surprise-removal slot is reset twice in a row. Does the kernel survive?

Not where pciehp sees the resets. The first one queues a false removal, which waits for the device lock. The second
one queues another, and pciehp's work queue is concurrent: a second worker begins to remove the same card before the
first one is done. Both take it off the same list, which crashes the kernel. That is so for the function up to patch 4,
and for the bus, which nothing masks, with patches 7 and 8.
"""

from ..machine import Machine
from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import reset_bus, reset_function
from ._tell import accident, code


def reset_twice(machine: Machine) -> int:
    """Reset the card twice: by its bus where there is a call for that, else as a function."""
    if machine.kernel.point >= 7:
        return reset_bus(machine, "01") or reset_bus(machine, "01")
    return reset_function(machine, "01:00.0") or reset_function(machine, "01:00.0")


def answer(outcome: Outcome, patches: int) -> str:
    return f"It does: the resets returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": reset_twice},
    answer=answer,
    findings=(3, 13),
    recordings=("p8-mess-bus-twice",),
    mended_by=(
        "hotplug-lock",
        "probe-slot-first",
    ),
)
