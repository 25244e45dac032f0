# SPDX-License-Identifier: GPL-2.0-only
"""Somebody has locked a switch when a user tries to reset the slot that it is in. Is it still locked afterwards?

In v3.14 it is: the user gets -EAGAIN, and nothing happens. In v6.11 the bus below a bridge is locked along with the
bridge, and lets go of it by itself if it fails; pci_slot_trylock() then unlocks the bridge once more: somebody else's
lock. 9368d1ee6282 (v7.0) only lets go of what it got.
"""

from errno import ENOSYS

from ..machine import Machine
from . import Scenario
from ._outcome import Outcome
from ._script import after
from ._tell import code
from .unlocked_twice import SWITCH_IN_SLOT


def hold(machine: Machine) -> int:
    """Hold both locks of the switch for 100 ms, as the reset of a function does."""
    kernel, dev = machine.kernel, machine.function("01:00.0")
    kernel.pci_cfg_access_lock(dev)
    kernel.device_lock(dev.dev)
    kernel.msleep(100)
    kernel.device_unlock(dev.dev)
    kernel.pci_cfg_access_unlock(dev)
    return 0


def try_reset(machine: Machine) -> int:
    """Try to reset the slot; -ENOSYS where there is no such call."""
    kernel = machine.kernel
    if "pci_try_reset_slot" not in kernel.symbols:
        return -ENOSYS
    rc: int = vars(kernel)["pci_try_reset_slot"](machine.slot("1"))
    return rc


def answer(outcome: Outcome, patches: int) -> str:
    warned = sum("not locked" in text for _, _, text in outcome.messages)
    return f"The user got {code(outcome.results['user'])}; unlocked once too often: {warned or 'nothing'}."


SCENARIO = Scenario(
    machine=SWITCH_IN_SLOT,
    threads={"main": hold, "user": after(50, try_reset)},
    answer=answer,
    opened_by=("lock-bridge-of-bus",),
    mended_by=("slot-trylock-error-handling",),
)
