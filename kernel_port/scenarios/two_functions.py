# SPDX-License-Identifier: GPL-2.0-only
"""Can one function be reset through its slot when there is another function in it?

No: pci_dev_reset_slot_function (patch 5) refuses, because the slot's reset would hit the other one, which is
neither locked nor saved. The parent bus reset refused for the same reason. pci_reset_slot (patch 7) resets both.
"""

from ..machine import Machine
from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._outcome import Outcome
from ._script import card, reset_function, reset_slot, slot
from ._tell import code, listed, lost


def whole(machine: Machine) -> int:
    """Reset the slot after the reset of the function was refused."""
    rc = reset_function(machine, card(machine))
    return reset_slot(machine, slot(machine)) if rc else 0


def answer(outcome: Outcome, patches: int) -> str:
    return f"""The function reset was refused; pci_reset_slot returned {code(outcome.results["main"])} and reset
        {listed(outcome.resets)}; lost: {lost(outcome)}."""


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"main": whole},
    answer=answer,
    needs="siblings",
    recordings=("p8-mess-vga-slot",),
    mended_by=("p07",),
)
