# SPDX-License-Identifier: GPL-2.0-only
"""Somebody reads the slot's files during its reset. What do they say?

That there is no card. The getters read the port's registers, and nothing keeps them from doing so during the reset:
reset_slot masks the interrupt, but takes no lock that readers take too.

Explains: 5b3f7b7d062b (v4.19), which makes pciehp's own threads wait until the reset is over. The files read without
that lock, and still say so in v7.1.
A reviewer could have asked: who else looks at presence and link meanwhile? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import after, card, reset_function, slot


def read(machine: Machine) -> int:
    """Run cat /sys/bus/pci/slots/1/adapter."""
    return int(machine.kernel.presence_read_file(machine.slot(slot(machine))))


def answer(outcome: Outcome, patches: int) -> str:
    return f"The file says {outcome.results['reader']} in the middle of the reset, though the card never left."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_function(m, card(m)), "reader": after(50, read)},
    answer=answer,
    needs="slot",
    commits=("5b3f7b7d062b (v4.19)",),
    unmended=NOT_MERGED,
)
