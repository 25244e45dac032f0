# SPDX-License-Identifier: GPL-2.0-only
"""A driver resets its device from its remove callback. Whose lock does it wait for?

Its own: remove is called with the device lock held, and pci_reset_function takes it again. For callers that hold it
there is __pci_reset_function_locked; for slots and buses the series has nothing like it.
"""

from typing import Any

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import card


def bind(machine: Machine) -> None:
    """Bind the card to a driver that resets it in its remove callback."""
    kernel = machine.kernel

    def remove(dev: Any) -> None:
        kernel.pci_reset_function(dev)

    machine.function(card(machine)).driver = kernel.device_driver("tidy", remove=remove)


def unbind(machine: Machine) -> int:
    """Unbind the card from its driver."""
    machine.kernel.device_release_driver(machine.function(card(machine)))
    return 0


def answer(outcome: Outcome, patches: int) -> str:
    return "The driver has released it."


SCENARIO = Scenario(
    machine=LONE_CARD, threads={"main": unbind}, prepare=bind, answer=answer, needs="card", unmended=NOT_MERGED
)
