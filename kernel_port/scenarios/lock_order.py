# SPDX-License-Identifier: GPL-2.0-only
"""A slot is switched off during its reset. Can the two deadlock?

They cannot. The reset holds the device lock and takes ctrl_lock for each command. The removal takes the device lock,
and while it waits for it holds no lock that a reset needs: slot->lock is dropped before. So it waits until the reset
is over, and goes on.

Explains: f5eff5591b8f (v6.4), which fixes a deadlock that does not apply to the series: it takes the lock that
5b3f7b7d062b (v4.19) added. `lock-order-later` is this run with that lock.
"""

from ..machine import Machine
from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._outcome import Outcome
from ._script import after, reset_slot, switch
from ._tell import code, listed

SOUND = "01:00.1"


def slow_remove(machine: Machine) -> None:
    """Make the driver of the second function take its time to unbind."""
    dev = machine.function(SOUND)
    dev.driver = machine.kernel.device_driver("slow", remove=lambda dev: machine.kernel.msleep(20))


def answer(outcome: Outcome, patches: int) -> str:
    order = "; ".join(map(str, outcome.inversions)) or "no conflict"
    return f"""The reset returned {code(outcome.results["main"])}, switching off {code(outcome.results["user"])};
        removed: {listed(outcome.removed)}; locks taken: {order}."""


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"main": lambda m: reset_slot(m, "1"), "user": after(50, lambda m: switch(m, "1", 0))},
    prepare=slow_remove,
    answer=answer,
    since=7,
    commits=("f5eff5591b8f (v6.4)",),
)
