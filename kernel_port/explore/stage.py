# SPDX-License-Identifier: GPL-2.0-only
"""A scenario's machine, on which its script runs again and again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..checkpoint import Checkpoint
from ..choice import KernelChoice
from ..machine import Machine
from ..scenarios import Run, Scenario, perform, ready
from .footprint import Tracker, attach
from .guide import Abandoned, Guide, Sleep
from .schedule import Choices


class Stage:
    """A scenario's machine, on which its script can run again and again. It boots once if it can be rewound.

    :param tracker: notes footprints, which guided() needs"""

    def __init__(
        self, scenario: Scenario, patches: int | KernelChoice, preemptive: bool = False, tracker: Tracker | None = None
    ) -> None:
        self._scenario = scenario
        self._patches = patches
        self._preemptive = preemptive
        self._tracker = tracker
        self._machine = self._ready()
        threads = self._machine.system.sched.threads
        self._checkpoint = None if threads[1:] else Checkpoint(self._machine, [tracker])

    def _ready(self) -> Machine:
        if self._tracker is not None:
            self._tracker.begin()
        machine = ready(self._scenario, self._patches)
        machine.boot_events.clear()  # only lock order checks look at them, and no invariant needs those
        machine.system.sched.preemptive = self._preemptive
        if self._tracker is not None:
            attach(self._tracker, machine)
        return machine

    def _rewind(self) -> None:
        if self._checkpoint is not None:
            self._checkpoint.restore()
        else:  # a worker has been waiting somewhere in its code since boot, and no checkpoint can restore that
            self._machine.close()
            self._machine = self._ready()

    def run(self, choose: Callable[[int], int]) -> Run:
        """Run the script from its beginning."""
        self._rewind()
        return perform(self._scenario, self._machine, choose)

    def guided(self, choices: Choices, sleep: Sleep) -> tuple[Guide, Run | None]:
        """Run the script along *choices*, then where the threads that *sleep* there are not needed.

        :return: what its steps did, and the run; None if only threads that sleep could go on"""
        assert self._tracker is not None
        self._rewind()
        self._tracker.rewind()
        guide = Guide(self._tracker, self._machine.system, choices, sleep)
        try:
            run = perform(self._scenario, self._machine, guide)
        except Abandoned:
            run = None
        guide.finish()
        return guide, run

    def close(self) -> None:
        """Switch the machine off."""
        self._machine.close()


@contextmanager
def one_processor(number: int | None = None) -> Iterator[None]:
    """Stay on one processor meanwhile: threads that take turns switch in half the time there.

    :param number: which one, modulo how many there are; None: any"""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[(os.getpid() if number is None else number) % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
