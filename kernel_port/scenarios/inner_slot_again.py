# SPDX-License-Identifier: GPL-2.0-only
"""A hot-plug slot that interrupts lies below the bus that is reset. What does its driver see afterwards?

A card that was put in. The slot's presence and link changed in the reset, unseen: a port in reset reports no
events. Restoring the port's registers enables them again while the event still is recorded, so the port interrupts, and
pciehp adds a card that it has. It fails, and turns the power indicator off.

`inner-port-interrupts` is the same with MSI, which is restored later: there the interrupt is lost instead. Linux still
restores Slot Control like this; pciehp of v6.16 only ignores what the reset of its own slot does.

A reviewer could have asked: which of the registers that are restored start something? This run answers it.
"""

from . import Scenario
from ._machines import INNER_SLOT
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import reset_bus
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_bus returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=INNER_SLOT,
    threads={"main": lambda m: reset_bus(m, "01")},
    answer=answer,
    since=7,
    unmended=NOT_MERGED,
)
