# SPDX-License-Identifier: GPL-2.0-only
"""Can a reset and a removal deadlock with the lock that 5b3f7b7d062b added later?

They can: they take two locks in opposite orders. The reset holds the device locks when it wants reset_lock for
writing; the removal holds reset_lock for reading when it wants a device lock. This is the deadlock that f5eff5591b8f
fixes, in the series' own functions, with the lock added around them; --with reset-lock has it in them.
With release-reset-lock both return; what then is left is `walk`, the locks of a function that was removed meanwhile.

Explains: f5eff5591b8f (v6.4), which holds reset_lock for a shorter time.
A reviewer of 5b3f7b7d062b could have asked: in which order does the removal take these locks? This run answers it.
"""

from collections.abc import Callable
from typing import Any

from ..machine import Machine
from . import Scenario
from ._machines import TWO_FUNCTIONS
from ._outcome import Outcome
from ._script import after, reset_slot, switch
from ._tell import code
from .lock_order import slow_remove


def add_reset_lock(machine: Machine) -> None:
    """Take reset_lock as v4.19 does, if the kernel does not: to write around a reset, to read around a removal."""
    kernel = machine.kernel
    slow_remove(machine)
    if kernel.point < 4 or hasattr(kernel.controller, "reset_lock"):
        return
    lock, ops = kernel.rw_semaphore("reset_lock"), machine.slot("1").hotplug.ops
    ops.reset_slot = around(ops.reset_slot, lambda: kernel.down_write(lock), lambda: kernel.up_write(lock))
    ops.disable_slot = around(ops.disable_slot, lambda: kernel.down_read(lock), lambda: kernel.up_read(lock))


def around(operation: Callable[..., int], lock: Callable[[], None], unlock: Callable[[], None]) -> Callable[..., int]:
    """Wrap an operation of the slot in a lock; a probe takes none."""

    def locked(slot: Any, probe: int = 0) -> int:
        if probe:
            return operation(slot, probe)
        lock()
        rc = operation(slot, 0) if operation.__name__ == "reset_slot" else operation(slot)
        unlock()
        return rc

    return locked


def answer(outcome: Outcome, patches: int) -> str:
    return f"The reset returned {code(outcome.results['reset'])}, switching off {code(outcome.results['user'])}."


SCENARIO = Scenario(
    machine=TWO_FUNCTIONS,
    threads={"user": lambda m: switch(m, "1", 0), "reset": after(10, lambda m: reset_slot(m, "1"))},
    prepare=add_reset_lock,
    answer=answer,
    since=7,
    commits=("f5eff5591b8f (v6.4)", "5b3f7b7d062b (v4.19)"),
    mended_by=("release-reset-lock",),
)
