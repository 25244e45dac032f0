# SPDX-License-Identifier: GPL-2.0-only
"""A wireless card breaks in a bus reset, and only power brings it back. Who keeps the kernel from resetting it?

No one. The card has no reset of its own, and is alone in its slot, so pci_reset_function resets the slot, restores
registers of a card that does not answer any more, and returns 0. That a device may break in a bus reset is nothing that
its registers could say: v3.19 has a list of such devices, and refuses whatever would hit one of them.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function
from ._tell import code, listed

ATHEROS_AR93XX = LONE_CARD.replace("vendor = 0x1000\ndevice = 0x0072\n", "vendor = 0x168c\ndevice = 0x0030\n")


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; silent for good: {listed(outcome.silent)}."


SCENARIO = Scenario(
    machine=ATHEROS_AR93XX,
    knobs={"01:00.0": {"ready_ms": -1}},
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    answer=answer,
    mended_by=("no-bus-reset",),
)
