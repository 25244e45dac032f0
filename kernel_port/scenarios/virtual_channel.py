# SPDX-License-Identifier: GPL-2.0-only
"""Port and card have agreed on traffic classes for their virtual channel, and the card is reset. Do they still agree?

They do not. Which classes go through a channel is said by both ends of a link (PCI Express 2.1, 7.11.7), and the reset
takes the card's end back to all of them. pci_save_state() saves the header and a few control registers; no other
capability is restored. So the port gets requests of classes that it does not take. v3.14 saves virtual channels, too.

A reviewer could have asked: what of a device does the save not hold? This run answers it.
"""

from ..machine import Machine
from ..pci_regs import PCI_EXT_CAP_ID_VC, PCI_VC_RES_CTRL
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import card, port, reset_function

#: The traffic classes 0, 1 and 2, of 8.
CLASSES = 0x07
#: Virtual Channel Resource Control: which classes go through the channel. Class 0 always goes through the first.
TRAFFIC_CLASSES = 0xFF


def agree(machine: Machine) -> None:
    """Let port and card use only some traffic classes, as firmware does."""
    for function in (port(machine), card(machine)):
        kernel, dev = machine.kernel, machine.function(function)
        where = kernel.pci_find_ext_capability(dev, PCI_EXT_CAP_ID_VC) + PCI_VC_RES_CTRL
        kernel.pci_write_config_dword(dev, where, CLASSES)


def classes(machine: Machine, function: str) -> int:
    """Return the traffic classes that go through the first channel, a bit each, without class 0."""
    kernel, dev = machine.kernel, machine.function(function)
    where = kernel.pci_find_ext_capability(dev, PCI_EXT_CAP_ID_VC) + PCI_VC_RES_CTRL
    control: int = kernel.pci_read_config_dword(dev, where)
    return control & TRAFFIC_CLASSES & ~1


def reset(machine: Machine) -> int:
    """Reset the card; return the classes that only one end uses afterwards."""
    return reset_function(machine, card(machine)) or classes(machine, port(machine)) ^ classes(machine, card(machine))


def answer(outcome: Outcome, patches: int) -> str:
    differ = outcome.results["main"] or 0
    numbers = ", ".join(str(number) for number in range(8) if differ >> number & 1)
    return f"Classes that only one end uses after the reset: {numbers or 'none'}."


SCENARIO = Scenario(
    machine=LONE_CARD.replace("express = {width = 8}\n", 'express = {width = 8}\nalso = ["vc"]\n'),
    threads={"main": reset},
    prepare=agree,
    answer=answer,
    needs="port",
    mended_by=("virtual-channel-state",),
)
