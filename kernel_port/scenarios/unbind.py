# SPDX-License-Identifier: GPL-2.0-only
"""A driver is unbound while its user resets the device. Who waits for whom?

Each for the other. Unbinding holds the device lock and calls the driver's remove, and VFIO's remove waits until the
user has closed the device. The user resets it before that (VFIO_DEVICE_RESET), and the reset waits for the device lock.
Closing resets it, too, but only tries to get the locks. The series locks functions as before, and slots and buses in
the same way: all its calls wait for locks.

Explains: 61cf16d8bd38 (v3.14), which adds variants that only try to lock.
A reviewer could have asked: who calls this with the device lock held, or while a holder of it waits for them?
This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import CALM_CARD
from ._outcome import Outcome
from ._script import card
from ._tell import code
from ._vfio import close_device, open_device, reset_device


def bind(machine: Machine) -> None:
    """Bind the card to VFIO and open it."""
    open_device(machine, card(machine))


def unbind(machine: Machine) -> int:
    """Run echo 0000:01:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind."""
    machine.kernel.device_release_driver(machine.function(card(machine)))
    return 0


def close(machine: Machine) -> int:
    """Reset the device, then close it, as the user does. Returns what the reset did."""
    rc = reset_device(machine, card(machine))
    close_device(machine, card(machine))
    return rc


def answer(outcome: Outcome, patches: int) -> str:
    if outcome.results["user"]:
        return f"The user got {code(outcome.results['user'])} and closed the device; nothing blocked."
    return "This time the user was faster, and nothing blocked."


SCENARIO = Scenario(
    machine=CALM_CARD,
    threads={"unbind": unbind, "user": close},
    prepare=bind,
    answer=answer,
    needs="card",
    commits=("61cf16d8bd38 (v3.14)",),
    mended_by=("try-reset",),
)
