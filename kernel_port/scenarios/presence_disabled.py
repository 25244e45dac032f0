# SPDX-License-Identifier: GPL-2.0-only
"""Presence events were disabled before the slot was reset. Are they disabled afterwards?

They are enabled: pciehp_reset_slot sets the enable bit, whatever it was before.

A reviewer could have asked: who says that they were enabled? This run answers it.
"""

from ..machine import Machine
from ..pci_regs import PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_PDCE
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import card, controller, reset_function, slot


def disable(machine: Machine) -> None:
    """Disable presence events."""
    machine.kernel.pcie_write_cmd(controller(machine, slot(machine)), 0, PCI_EXP_SLTCTL_PDCE)


def reset(machine: Machine) -> int:
    """Reset the card; return 1 if presence events are enabled afterwards."""
    reset_function(machine, card(machine))
    _, control = machine.kernel.pciehp_readw(controller(machine, slot(machine)), PCI_EXP_SLTCTL)
    return int(bool(control & PCI_EXP_SLTCTL_PDCE))


def answer(outcome: Outcome, patches: int) -> str:
    return f"Presence events are {'enabled' if outcome.results['main'] else 'still disabled'} after the reset."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": reset},
    prepare=disable,
    answer=answer,
    needs="slot",
    findings=(9,),
    mended_by=("ignore-link-changes",),
)
