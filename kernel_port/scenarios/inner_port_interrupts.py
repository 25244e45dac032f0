# SPDX-License-Identifier: GPL-2.0-only
"""A hot-plug slot that interrupts by MSI lies below the bus that is reset. What does the next reset of the slot take?

Two seconds more. The reset clears the port's MSI enable. Restoring Slot Control is a command, and when it completes the
port may send no message; MSI is restored after that. Command Completed stays set, so later completions are no edge
and send none either: pciehp waits a second for each of its commands.

`inner-port` is the same with a slot that is polled.
"""

from ..machine import Machine
from . import Scenario
from ._machines import INNER_SLOT
from ._outcome import Outcome
from ._script import reset_bus, reset_slot


def reset_after_reset(machine: Machine) -> int:
    """Reset the bus the port is on, then the slot below the port. Return how long the second one took, ms."""
    kernel = machine.kernel
    reset_bus(machine, "02")
    began: int = kernel.jiffies()
    reset_slot(machine, "3")
    took: int = kernel.jiffies_to_msecs(kernel.jiffies() - began)
    return took


def answer(outcome: Outcome, patches: int) -> str:
    return f"The reset of the slot took {outcome.results['main']} ms."


SCENARIO = Scenario(
    machine=INNER_SLOT.replace("inner-slot", "inner-msi").replace("bus = [3, 3]\n", "bus = [3, 3]\nmsi = {}\n"),
    threads={"main": reset_after_reset},
    answer=answer,
    since=7,
    findings=(15,),
    mended_by=("ignore-link-changes",),
)
