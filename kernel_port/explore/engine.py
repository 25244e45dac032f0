# SPDX-License-Identifier: GPL-2.0-only
"""Who runs orders: this process, or all cores of this computer. Each gives the same reports."""

from __future__ import annotations

from concurrent.futures.process import BrokenProcessPool
from multiprocessing import current_process

from ..choice import KernelChoice
from ..pool import end, pool, submit
from ..scenarios import load
from .reduction import Order, Report, Runner
from .stage import one_processor

#: Orders that this process runs by itself first: most scenarios have fewer, and processes take long to start.
ALONE = 64

#: What a worker process runs orders on: one, once it is prepared.
_runners: list[Runner] = []


class Engine:
    """Runs batches of orders of the scenario *name*, in this process at first, then in *jobs* of them."""

    def __init__(self, name: str, choice: KernelChoice, preemptive: bool, jobs: int) -> None:
        self._about = name, choice, preemptive
        self._jobs = jobs
        self._runner = Runner(load(name), choice, preemptive)
        self._pool = pool(jobs, _prepare, *self._about) if jobs > 1 else None
        self._run = 0

    def __call__(self, batch: list[Order]) -> list[Report]:
        """Run a batch."""
        self._run += len(batch)
        if self._pool is not None and self._run > ALONE and len(batch) > 1:
            futures = [submit(self._pool, _work, order) for order in batch]
            try:
                return [future.result() for future in futures]
            except BrokenProcessPool:  # one was killed, for want of memory say
                self._pool = None
        with one_processor():
            return [self._runner.run(order) for order in batch]

    def close(self, at_once: bool) -> None:
        """Switch the machine off, and end the processes."""
        self._runner.close()
        if self._pool is not None:
            end(self._pool, at_once)


def _prepare(name: str, choice: KernelChoice, preemptive: bool) -> None:
    _runners.append(Runner(load(name), choice, preemptive))


def _work(order: Order) -> Report:
    number = current_process().name.rpartition("-")[2]  # "SpawnProcess-2"
    with one_processor(int(number) if number.isdecimal() else None):
        return _runners[0].run(order)
