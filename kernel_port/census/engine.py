# SPDX-License-Identifier: GPL-2.0-only
"""Who does the work of a census: this process, all cores of this computer, or the workers of a Dask cluster.

Each gives the same lines. in_order() yields them in the order of the jobs, and holds only a few for each worker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from typing import Any, Protocol

from ..hw.errors import MachineError
from ..pool import end, pool, submit
from .answer import Job, answer, failure
from .ledger import Ledger

#: Jobs queued ahead for each worker: enough to keep it busy while another takes long.
AHEAD = 4
#: Seconds to wait for a Dask scheduler.
PATIENCE = 10
_DIED = "the process that worked on it died; it may need more memory than there is"


class Engine(Protocol):
    """Takes jobs, returns their lines."""

    #: How many jobs to submit before asking for the first line.
    window: int

    def submit(self, job: Job) -> Any:
        """Take a job."""

    def result(self, job: Job, taken: Any) -> str:
        """Return the line of a submitted job."""

    def close(self, at_once: bool) -> None:
        """Release the workers.

        :param at_once: drop unfinished work"""


def in_order(engine: Engine, jobs: Iterable[Job], ledger: Ledger) -> Iterator[tuple[str, bool]]:
    """Yield the lines of all jobs, in order, and whether each is new; what the ledger has is not done again."""
    waiting: deque[tuple[Job, Any, str | None]] = deque()

    def first() -> tuple[str, bool]:
        job, taken, known = waiting.popleft()
        return (engine.result(job, taken), True) if known is None else (known, False)

    for job in jobs:
        known = ledger.line(job)
        waiting.append((job, None if known else engine.submit(job), known))
        if len(waiting) > engine.window:
            yield first()
    while waiting:
        yield first()


class Here:
    """This process, one job at a time."""

    window = 0

    def submit(self, job: Job) -> None:
        """Do nothing: the work waits until the line is asked for."""

    def result(self, job: Job, taken: None) -> str:
        """Do the job now."""
        return answer(job)

    def close(self, at_once: bool) -> None:
        """Do nothing: there are no workers."""


class Processes:
    """Processes on this computer, spawned, so that they share nothing with this one."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self.window = AHEAD * workers
        self._pool = pool(workers)

    def submit(self, job: Job) -> Future[str]:
        """Queue a job; replace a broken pool."""
        try:
            return submit(self._pool, answer, job)
        except BrokenProcessPool:
            self._pool = pool(self._workers)
            return submit(self._pool, answer, job)

    def result(self, job: Job, taken: Future[str]) -> str:
        """Wait for a line. A process that dies breaks its pool: retry the job alone to see whether it is the cause."""
        try:
            return taken.result()
        except BrokenProcessPool:
            with pool(1) as alone:
                try:
                    return submit(alone, answer, job).result()
                except BrokenProcessPool:
                    return failure(job, _DIED)

    def close(self, at_once: bool) -> None:
        """End the processes."""
        end(self._pool, at_once)


class Dask:
    """The workers of a dask.distributed cluster, which see the same files under the same paths.

    :raises MachineError: dask.distributed is not installed, or nothing answers at *address*"""

    def __init__(self, address: str) -> None:
        try:
            self._distributed: Any = import_module("distributed")
        except ImportError:
            raise MachineError("--dask needs dask.distributed: pip install 'kernel_port[dask]'") from None
        try:
            self._client = self._distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except Exception as error:  # anything: the address picks the code that runs
            raise MachineError(f"--dask {address}: {error}; give the address of a running scheduler") from None
        self._address = address
        self.window = AHEAD * max(2, sum(self._client.nthreads().values()))

    def submit(self, job: Job) -> Any:
        """Hand a job to the scheduler."""
        return self._client.submit(answer, job, pure=False)

    def result(self, job: Job, taken: Any) -> str:
        """Wait for a line. Dask retries the job of a worker that died on another one, a few times."""
        try:
            result: str = taken.result()
        except self._distributed.KilledWorker:
            return failure(job, _DIED)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}; check the cluster, then continue with --resume"
            raise MachineError(f"--dask {self._address}: {reason}") from None
        return result

    def close(self, at_once: bool) -> None:
        """Leave the cluster and drop unfinished jobs."""
        self._client.close(timeout=1 if at_once else PATIENCE)
