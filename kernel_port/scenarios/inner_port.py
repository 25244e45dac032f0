# SPDX-License-Identifier: GPL-2.0-only
"""A hot-plug slot lies below the bus that is reset. Who writes its Slot Control?

The restore does, along with the port's other registers: a slot command behind the back of pciehp, which would have
held ctrl_lock and waited. Its completion bit stays set, and the next command of a polled slot takes it for its own:
here it returns at once, though the slot needs 200 ms for each.
"""

from ..machine import Machine
from . import Scenario
from ._machines import INNER_SLOT
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import controller, reset_bus


def command_after_reset(machine: Machine) -> int:
    """Reset the bus the port is on, wait, then switch its indicator on, which it already is. Return how long that took,
    ms."""
    kernel = machine.kernel
    reset_bus(machine, "02")
    kernel.msleep(300)
    began: int = kernel.jiffies()
    kernel.pciehp_green_led_on(controller(machine, "3").slot)
    took: int = kernel.jiffies_to_msecs(kernel.jiffies() - began)
    return took


def answer(outcome: Outcome, patches: int) -> str:
    locks = any(kind == "ctrl" for kind, _ in outcome.taken["main"][: outcome.taken["main"].index(("device", LAST))])
    return f"""Slot Control was restored with{"" if locks else "out"} ctrl_lock; the next command returned after
        {outcome.results["main"]} ms instead of 200."""


LAST = "0000:04:00.0"
SCENARIO = Scenario(
    machine=INNER_SLOT,
    knobs={"02:00.0": {"command_ms": 200}},
    threads={"main": command_after_reset},
    answer=answer,
    poll_mode=True,
    since=7,
    findings=(8, 10),
    unmended=NOT_MERGED,
)
