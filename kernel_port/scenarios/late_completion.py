# SPDX-License-Identifier: GPL-2.0-only
"""A slot command completes late, in the middle of the reset. Is presence still masked?

It is not. The slot has neither indicators nor a power controller, so pciehp waits for no completion. The completion of
the command that disables presence events comes in the middle of the reset and interrupts, and the handler finds the
presence change as well.

Explains: "Ignore Link Down/Up caused by Secondary Bus Reset" (2025).
A reviewer could have asked: what about commands that pciehp does not wait for? This run answers it.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import PORT, card, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=LONE_CARD.replace(", button = true, attention_indicator = true, power_indicator = true", ""),
    knobs={PORT: {"command_ms": 30}},
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="slot",
    findings=(2,),
    commits=('"Ignore Link Down/Up caused by Secondary Bus Reset" (2025)',),
    mended_by=("ignore-link-changes",),
)
