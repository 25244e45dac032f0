# SPDX-License-Identifier: GPL-2.0-only
"""A card is swapped while pciehp waits for a command of the slot. Does it know that there is another card?

It does not. The pull queues a removal; the power fault that comes with it takes the slot's lock and waits for slot
commands. When the thread that is to remove the card gets the lock, the other card is in, its event has
overwritten slot.state, and the thread does as that says: it switches on a slot that is on. The kernel goes on with the
old card's device.

With the request in each item of work (v3.15) the card is removed; but the threads run at once, and the others find the
slot still on. hotplug-lock, of v3.15 as well, lets them take turns: removed, and added again.

A reviewer could have asked: what tells this thread what to do, and until when is that true? This run answers it.
"""

from ..machine import Machine
from ..pci_regs import PCI_EXP_SLTCTL_PFDE, PCI_EXP_SLTSTA_PDC, PCI_EXP_SLTSTA_PFD
from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import controller, move_card, sleep, slot_event
from ._tell import listed

PORT = "00:1c.0"


def report_faults(machine: Machine) -> None:
    """Let the slot report power faults, as firmware may."""
    machine.kernel.pcie_write_cmd(controller(machine, "1"), PCI_EXP_SLTCTL_PFDE, PCI_EXP_SLTCTL_PFDE)


def swap(machine: Machine) -> None:
    """Pull the card, which makes power fail and the contacts bounce, and put another one in."""
    move_card(machine, PORT)
    slot_event(machine, PORT, PCI_EXP_SLTSTA_PFD)
    slot_event(machine, PORT, PCI_EXP_SLTSTA_PDC)
    sleep(machine, 50)
    move_card(machine, PORT)


def answer(outcome: Outcome, patches: int) -> str:
    if outcome.recreated:
        return f"It does: removed, and added again: {listed(outcome.recreated)}."
    return f"Removed: {listed(outcome.removed)}; found again: nothing."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    knobs={PORT: {"command_ms": 100, "presence_follows_link": False}},
    threads={"main": swap},
    prepare=report_faults,
    answer=answer,
    mended_by=("very-fast-hotplug-events", "hotplug-lock"),
)
