# SPDX-License-Identifier: GPL-2.0-only
"""A user switches a slot off, and the card is pulled while its driver still lets go. Does the kernel survive?

It does not. The user removes the card in a thread of his own; the pull queues a second removal, and nothing keeps the
two apart: both take the function off the same lists.

Explains: 9d16947b7583 (v3.14), which lets one thread at a time add or remove devices; e3f30d563a38 (v6.13), which lets
the second removal find that there is nothing left to do.
A reviewer could have asked: who else may remove this device meanwhile? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import after, move_card, switch
from ._tell import code, listed


def slow_remove(machine: Machine) -> None:
    """Make the driver of the card take its time to unbind."""
    dev = machine.function("01:00.0")
    dev.driver = machine.kernel.device_driver("slow", remove=lambda dev: machine.kernel.msleep(100))


def answer(outcome: Outcome, patches: int) -> str:
    return f"It does: switching off returned {code(outcome.results['user'])}; removed: {listed(outcome.removed)}."


SCENARIO = Scenario(
    machine=LONE_CARD,
    threads={"user": lambda m: switch(m, "1", 0), "hand": after(50, lambda m: move_card(m, "00:1c.0"))},
    prepare=slow_remove,
    answer=answer,
    commits=("9d16947b7583 (v3.14)", "e3f30d563a38 (v6.13)"),
    mended_by=("lock-rescan-remove", "concurrent-safe-removal"),
)
