# SPDX-License-Identifier: GPL-2.0-only
"""pciehp polls an inner slot while a bus above it is in reset. What does it see?

No port answers, so Slot Status reads as all ones, which looks like every event at once: latch open, button pressed,
card inserted, power failed. Five seconds later the button takes effect: pciehp tries to switch on a slot that is on,
fails because of the recorded power fault, and turns the power indicator off.

A reviewer could have asked: what do drivers of ports below the bus do during the reset? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import INNER_SLOT
from ._outcome import Outcome
from ._script import before_poll, reset_together


def wait(machine: Machine) -> None:
    """Let the script begin 50 ms before the timer fires."""
    before_poll(machine, "3", 50)


def answer(outcome: Outcome, patches: int) -> str:
    heard = [text.rpartition(": ")[2] for _, _, text in outcome.messages if text.startswith("0000:02:00.0:")]
    return f"pciehp said: {', '.join(heard)}."


SCENARIO = Scenario(
    machine=INNER_SLOT,
    knobs={"02:00.0": {"presence_follows_link": False}},
    threads={"main": lambda m: reset_together(m, "02")},
    prepare=wait,
    answer=answer,
    poll_mode=True,
    horizon_ms=7000,
    findings=(11,),
    unmended="not ported: commit not verified (v4.2 to v4.4)",
)
