# SPDX-License-Identifier: GPL-2.0-only
"""A driver is unbound while its user resets the whole bus. Does trying to lock help?

It does in v3.14: the user gets -EAGAIN. In v4.13 it does not: saving a bus takes the lock of each device in turn, and
waits for it, before anything is tried. ddefc033eecf saves after all locks have been got. At +8 pci_reset_bus() waits in
any case, as in `unbind`.
"""

from ..machine import Machine
from ..users import hot_reset
from . import Scenario
from ._machines import FIXED_CARD
from ._outcome import Outcome
from ._script import card
from ._tell import code
from ._vfio import close_device
from .unbind import bind, unbind


def close(machine: Machine) -> int:
    """Reset everything that is reset with the device, then close it. Returns what the reset did."""
    rc = hot_reset(machine, card(machine), {card(machine)})
    close_device(machine, card(machine))
    return rc


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['user'])} and closed the device; nothing blocked."


SCENARIO = Scenario(
    machine=FIXED_CARD,
    threads={"unbind": unbind, "user": close},
    prepare=bind,
    answer=answer,
    needs="card",
    since=7,
    opened_by=("save-under-device-lock",),
    mended_by=("try-semantics",),
)
