# SPDX-License-Identifier: GPL-2.0-only
"""Somebody writes Bridge Control of the bridge while a user closes a device below, which resets it. What keeps them
apart?

Nothing: VFIO locks the device, and resets its bus by registers of the bridge above. So the bus may stay in reset for
good, as in `bridge-of-function`, whose mend (v6.10) does not help here; v7.0 locks the bridge on closing as well.
"""

from ..machine import Machine
from . import Scenario
from ._machines import FIXED_CARD
from ._script import after, card, port
from ._vfio import close_device
from .bridge_unlocked import answer, setpci
from .unbind import bind


def close(machine: Machine) -> int:
    """Close the device, as its user does."""
    return close_device(machine, card(machine))


SCENARIO = Scenario(
    machine=FIXED_CARD,
    threads={"main": close, "setpci": after(50, lambda m: setpci(m, port(m)))},
    prepare=bind,
    answer=answer,
    needs="port",
    mended_by=("lock-bridge-on-closing",),
)
