# SPDX-License-Identifier: GPL-2.0-only
"""A PCI Express device needs half a second after reset before it answers. Is 100 ms enough?

It is not. After 100 ms a device may still answer "retry" (CRS) for up to a second, and the kernel does not check. It
restores the registers before the device answers, and returns 0.

Explains: 100 ms being too short for a slow PCIe device.
A reviewer could have asked: who makes sure that the device is back before its registers are? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import CARD, card, reset_function
from ._tell import code, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={CARD: {"ready_ms": 500}},
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="card",
    mended_by=("unify-reset-delays",),
    commits=("100 ms being too short for a slow PCIe device",),
)
