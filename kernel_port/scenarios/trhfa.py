# SPDX-License-Identifier: GPL-2.0-only
"""A conventional card needs a second after reset before it answers. Is 100 ms enough?

It is not. PCI 3.0 gives a card 2^25 clocks (Trhfa): at 33 MHz, 1.0066 s. The series waits 100 ms and restores while
the card does not answer. A later patch, "PCI: Tune secondary bus reset timing" (v3.12), made it a second.

Explains: 100 ms being too short for a conventional device (Trhfa).
A reviewer could have asked: where do 100 ms come from? This run answers it.
"""

from . import Scenario
from ._outcome import Outcome
from ._script import reset_bus
from ._tell import code, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_bus returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine="example:conventional",
    knobs={"02:00.0": {"ready_ms": 1000}},
    threads={"main": lambda m: reset_bus(m, "02")},
    answer=answer,
    since=7,
    mended_by=("tune-bus-reset-timing",),
    commits=("100 ms being too short for a conventional device (Trhfa)",),
)
