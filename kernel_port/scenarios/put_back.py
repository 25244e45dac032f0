# SPDX-License-Identifier: GPL-2.0-only
"""A card is pulled and put back while its driver still lets go. Does the kernel have a card in the end?

It does not. pciehp's work queue is concurrent: one thread removes the card and waits for its driver; a second one scans
the slot meanwhile, finds the functions that are still there, and gives up. Then the first one is done, and nobody
looks for the card in the slot any more. v3.15 lets one thread at a time switch a slot.

A reviewer could have asked: what if the next event comes while this one still is handled? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, move_card
from ._tell import listed


def slow_remove(machine: Machine) -> None:
    """Make the driver of the card take its time to unbind: longer than the slot's scan takes."""
    dev = machine.function("01:00.0")
    dev.driver = machine.kernel.device_driver("slow", remove=lambda dev: machine.kernel.msleep(500))


def answer(outcome: Outcome, patches: int) -> str:
    return f"Re-added: {listed(outcome.recreated)}; gone, though the card is there: {listed(outcome.removed)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={
        "main": lambda m: move_card(m, "00:1c.0"),
        "hand": after(50, lambda m: move_card(m, "00:1c.0")),
    },
    prepare=slow_remove,
    answer=answer,
    mended_by=("hotplug-lock",),
)
