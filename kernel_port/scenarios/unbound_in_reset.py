# SPDX-License-Identifier: GPL-2.0-only
"""pciehp is unbound from a port in the middle of the reset of its slot. Who unlocks the card?

No one, for ever. pci_hp_reset_slot() holds a reference on the module, which keeps the code, not the slot: unbinding the
port's driver destroys it, and takes it from the devices in it. pci_slot_unlock() and pci_slot_restore() then find no
device in the slot. In C the controller would be freed memory as well.

v7.0 locks the port for the reset of its slot, so who unbinds the port waits. Unbinding the hotplug service alone
(/sys/bus/pci_express/drivers/pciehp/unbind) takes the lock of the service, not of the port, where the driver core does
not lock parents any more; that hole was named on the list in 2020, and nothing was merged by v7.1.5.

A reviewer could have asked: what keeps the slot there until it is unlocked? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, reset_slot
from ._tell import code


def unbind(machine: Machine) -> int:
    """Run echo 0000:00:1c.0 > /sys/bus/pci/drivers/pcieport/unbind."""
    machine.kernel.device_release_driver(machine.function("00:1c.0"))
    return 0


def answer(outcome: Outcome, patches: int) -> str:
    held = ", ".join(outcome.locked) or "nothing"
    return f"The reset returned {code(outcome.results['main'])}; held at the end: {held}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"main": lambda m: reset_slot(m, "1"), "unbind": after(50, unbind)},
    answer=answer,
    since=7,
    mended_by=("lock-bridge-of-slot",),
)
