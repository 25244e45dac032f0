# SPDX-License-Identifier: GPL-2.0-only
"""What happens to a card in a surprise-removal slot when its only function is reset?

The card has no reset of its own, so pci_reset_function resets the bus, which takes the link down. Presence is
detected in-band: it goes with the link and comes back with it. To pciehp that looks as if the card had been pulled
and put in again. It starts a hot remove, which has to wait for the device lock that the reset holds. The hot add does
not wait: pciehp's work queue is concurrent. It finds the slot powered on and gives up. The reset returns 0; then the
removal goes on and switches the slot off. The card is lost. Patch 4 gives pciehp a reset_slot that hides the presence
change, and patch 5 makes the function reset use it.
"""

from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import card, reset_function
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    how = "through its slot" if patches >= 5 else "through its bus"
    return f"pci_reset_function reset it {how} and returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="card",
    findings=(1, 12),
    recordings=(
        "v311-mess-lone",
        "v311-mess-lone-smp2",
        "p1-mess-func",
        "p2-mess-func",
        "p4-mess-func",
        "p5-mess-func",
        "p6-mess-func",
        "p8-mess-func",
    ),
    mended_by=("p05",),
)
