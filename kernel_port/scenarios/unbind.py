# SPDX-License-Identifier: GPL-2.0-only
"""A driver is unbound while its user resets the device. Who waits for whom?

Unbinding holds the device lock and calls the driver's remove. That of VFIO waits until the user has let go of the
device. The user, on the way to that, resets it, and the reset waits for the device lock. Neither ever ends. The
series locks as before here, and gives the same to slots and buses: there is no way to ask for a reset that gives up
instead.

Explains: 61cf16d8bd38 (v3.14), which adds variants that only try to lock.
A reviewer could have asked: who calls this with the device lock held, or is waited for by somebody who holds it?
This run answers it.
"""

from dataclasses import dataclass
from typing import Any

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function, reset_slot

CARD = "01:00.0"


@dataclass(slots=True)
class VfioGroup:
    """A device in the hands of a user."""

    machine: Machine
    released: Any
    users: int = 1

    def remove(self, dev: Any) -> None:
        """What vfio-pci does when it is unbound: wait for the user."""
        self.machine.kernel.wait_event(self.released, lambda: not self.users)

    def release(self) -> int:
        """What it does when the user closes the device: reset it, then let go."""
        later = self.machine.kernel.point >= 7
        rc = reset_slot(self.machine, "1") if later else reset_function(self.machine, CARD)
        self.users = 0
        self.machine.kernel.wake_up(self.released)
        return rc


def bind(machine: Machine) -> None:
    """Give the card to VFIO."""
    group = VfioGroup(machine, machine.kernel.wait_queue_head("vfio group released"))
    machine.function(CARD).driver = machine.kernel.device_driver("vfio-pci", remove=group.remove)


def unbind(machine: Machine) -> int:
    """echo 0000:01:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind"""
    machine.kernel.device_release_driver(machine.function(CARD))
    return 0


def close(machine: Machine) -> int:
    """The user closes the device."""
    remove: Any = machine.function(CARD).driver.remove
    group: VfioGroup = remove.__self__
    return group.release()


def answer(outcome: Outcome, patches: int) -> str:
    return "This time the user was faster, and all went well."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"unbind": unbind, "user": close},
    prepare=bind,
    answer=answer,
    commits=("61cf16d8bd38 (v3.14)",),
)
