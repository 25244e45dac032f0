# SPDX-License-Identifier: GPL-2.0-only
"""A VFIO user resets a card in a surprise-removal slot. Does the call ever return?

Up to patch 4 it does not. Opening the card resets it, and pciehp takes that for a removal. The removal waits for the
device lock; when the reset releases it, the removal takes it and calls the driver's remove, and VFIO's remove waits
until the user has closed the card. The user requests a reset, which waits for the device lock. From patch 5 on the
reset goes through the slot, which hides the presence change, and the call returns.

The real kernels do the same: recordings p4-mess-vfio-hang, p5-mess-vfio-reset and p8-mess-vfio-reset. In another one,
v311-mess-vfio-hang, the user gets the lock before the removal does; a second removal then runs concurrently with the
first, and the kernel crashes.
"""

from ..machine import Machine
from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import card, sleep
from ._tell import accident, code
from ._vfio import close_device, open_device, reset_device


def use(machine: Machine) -> int:
    """Open the card, reset it, close it. Other threads may run between the calls."""
    rc = open_device(machine, card(machine))
    sleep(machine, 1)
    return rc or reset_device(machine, card(machine)) or close_device(machine, card(machine))


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": use},
    answer=answer,
    needs="card",
    findings=(14,),
    recordings=("p4-mess-vfio-hang", "p5-mess-vfio-reset", "p8-mess-vfio-reset"),
    mended_by=("p05",),
)
