# SPDX-License-Identifier: GPL-2.0-only
"""A driver is unbound while its user resets the device. Who waits for whom?

Each for the other. Unbinding holds the device lock and calls the driver's remove, and VFIO's remove waits until the
user has released the device. The user resets it before releasing it, and the reset waits for the device lock. The
series locks functions as before, and slots and buses in the same way: no call gives up instead of waiting.

Explains: 61cf16d8bd38 (v3.14), which adds variants that only try to lock.
A reviewer could have asked: who calls this with the device lock held, or while a holder of it waits for them?
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
    """A device that a user has opened."""

    machine: Machine
    released: Any
    users: int = 1

    def remove(self, dev: Any) -> None:
        """Wait for the user, as vfio-pci does when it is unbound."""
        self.machine.kernel.wait_event(self.released, lambda: not self.users)

    def release(self) -> int:
        """Reset the device, then release it, as vfio-pci does when the user closes it."""
        later = self.machine.kernel.point >= 7
        rc = reset_slot(self.machine, "1") if later else reset_function(self.machine, CARD)
        self.users = 0
        self.machine.kernel.wake_up(self.released)
        return rc


def bind(machine: Machine) -> None:
    """Bind the card to VFIO."""
    group = VfioGroup(machine, machine.kernel.wait_queue_head("vfio group released"))
    machine.function(CARD).driver = machine.kernel.device_driver("vfio-pci", remove=group.remove)


def unbind(machine: Machine) -> int:
    """Run echo 0000:01:00.0 > /sys/bus/pci/drivers/vfio-pci/unbind."""
    machine.kernel.device_release_driver(machine.function(CARD))
    return 0


def close(machine: Machine) -> int:
    """Close the device, as the user does."""
    remove: Any = machine.function(CARD).driver.remove
    group: VfioGroup = remove.__self__
    return group.release()


def answer(outcome: Outcome, patches: int) -> str:
    return "This time the user was faster, and nothing blocked."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"unbind": unbind, "user": close},
    prepare=bind,
    answer=answer,
    commits=("61cf16d8bd38 (v3.14)",),
)
