# SPDX-License-Identifier: GPL-2.0-only
"""A slot never completes a command. Does the reset fail?

It only takes longer: each of the two commands of pciehp_reset_slot waits its full second, and goes on. The timeout is
a debug message, never an error.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import PORT, card, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_function returned {code(outcome.results["main"])} after {outcome.time_ns / 1e6:g} ms;
        {accident(outcome)}."""


SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={PORT: {"command_ms": -1}},
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="slot",
    findings=(8,),
    mended_by=("ignore-link-changes",),
)
