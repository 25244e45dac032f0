# SPDX-License-Identifier: GPL-2.0-only
"""Somebody presses the attention button during the reset of the slot. Is presence still masked?

It is not. pciehp_reset_slot disables presence events, so they do not interrupt; but the interrupt handler looks at
status bits, not at enable bits. When it runs for another reason, such as a button or a shared line, it finds the
presence change as well and queues a removal.

Explains: "Ignore Link Down/Up caused by Secondary Bus Reset" (2025).
A reviewer could have asked: what else can make the handler run meanwhile? This run answers it.
"""

from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import after, card, port, press_button, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={
        "main": lambda m: reset_function(m, card(m)),
        "finger": after(50, lambda m: press_button(m, port(m))),
    },
    answer=answer,
    needs="slot",
    horizon_ms=2000,
    findings=(2,),
    recordings=("p8-button",),
    commits=('"Ignore Link Down/Up caused by Secondary Bus Reset" (2025)',),
    mended_by=("ignore-link-changes",),
)
