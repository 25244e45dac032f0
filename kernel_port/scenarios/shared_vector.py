# SPDX-License-Identifier: GPL-2.0-only
"""Another user of the port's interrupt vector interrupts during the reset of the slot. Is presence still masked?

It is not. The services of a port share its vector, and may share the line with other devices. pciehp's handler is
called with all the others, reads Slot Status, and finds the presence change whose interrupt is masked.

Explains: 2af781a9edc4 (v6.16).
A reviewer could have asked: may the handler run while its events are masked? This run answers it.
"""

from ..kernel.interrupt import do_IRQ
from ..machine import Machine
from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import after, controller, reset_function
from ._tell import accident, code


def interrupt(machine: Machine) -> None:
    """Interrupt on the vector that pciehp shares."""
    do_IRQ(controller(machine, "1").pcie.irq, "0000:00:1c.0")


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": lambda m: reset_function(m, "01:00.0"), "other": after(50, interrupt)},
    answer=answer,
    horizon_ms=2000,
    commits=("2af781a9edc4 (v6.16)",),
    mended_by=("ignore-link-changes",),
)
