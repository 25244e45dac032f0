# SPDX-License-Identifier: GPL-2.0-only
"""kernel/workqueue.c: work done later, in order, by a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .sched import NSEC_PER_MSEC, Thread
from .system import system


@dataclass(eq=False, slots=True)
class work_struct:
    """struct work_struct. *data* stands for container_of(); *about* is for traces.

    C: include/linux/workqueue.h, struct, service"""

    func: Callable[[Any], None] | None = None
    data: Any = None
    about: tuple[str, ...] = ()
    pending: bool = False


@dataclass(eq=False, slots=True)
class delayed_work:
    """struct delayed_work.

    C: include/linux/workqueue.h, struct, service"""

    work: work_struct = field(default_factory=work_struct)
    handle: Any = None


@dataclass(eq=False, slots=True)
class workqueue_struct:
    """struct workqueue_struct, ordered: one worker, one item at a time.

    C: kernel/workqueue.c, struct, service"""

    name: str
    worklist: deque[work_struct] = field(default_factory=deque)
    worker: Thread | None = None
    destroyed: bool = False

    def __str__(self) -> str:
        return f"work on {self.name}"


def INIT_WORK(work: work_struct, func: Callable[[Any], None], data: Any, *about: str) -> None:
    """Set what *work* does: func(data). C passes the work itself and uses container_of().

    C: include/linux/workqueue.h, macro, service"""
    work.func, work.data, work.about = func, data, about


def INIT_DELAYED_WORK(dwork: delayed_work, func: Callable[[Any], None], data: Any, *about: str) -> None:
    """Set what *dwork* does when its delay is over.

    C: include/linux/workqueue.h, macro, service"""
    INIT_WORK(dwork.work, func, data, *about)


def alloc_ordered_workqueue(name: str) -> workqueue_struct:
    """Make a work queue that runs one item at a time, in order.

    C: include/linux/workqueue.h, macro, service"""
    return workqueue_struct(name)


def run_one_work(wq: workqueue_struct) -> None:
    """Run the oldest item of *wq* on the calling thread.

    C: kernel/workqueue.c process_one_work(), static, service"""
    work = wq.worklist.popleft()
    work.pending = False
    assert work.func is not None
    work.func(work.data)


def worker_thread(wq: workqueue_struct) -> None:
    """Run what is queued on *wq*, then wait for more.

    C: kernel/workqueue.c, static, service"""
    me = system.sched.current
    while True:
        while wq.worklist:
            run_one_work(wq)
        if wq.destroyed:
            break
        me.idle = True
        system.sched.block(wq)
        me.idle = False
    wq.worker = None
    system.sched.wake(wq)


def queue_work(wq: workqueue_struct, work: work_struct) -> int:
    """Queue *work* on *wq*; the worker thread starts with the first item.

    C: kernel/workqueue.c, exported, service
    :return: 1 if queued, 0 if it was already waiting there"""
    assert work.func is not None
    system.emit("queue_work", work.func.__name__, *work.about)
    return enqueue_work(wq, work)


def enqueue_work(wq: workqueue_struct, work: work_struct) -> int:
    """Put *work* on the list and wake or start the worker.

    C: kernel/workqueue.c __queue_work(), static, service
    :return: 1 if queued, 0 if it was already waiting there"""
    if work.pending:
        return 0
    work.pending = True
    wq.worklist.append(work)
    if wq.worker is not None:
        wq.worker.idle = False
        system.sched.wake(wq)
    elif system.runs_workers:
        wq.worker = system.sched.spawn(wq.name, lambda: worker_thread(wq))
    return 1


def queue_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> int:
    """Queue *dwork* in *delay* jiffies.

    C: kernel/workqueue.c, exported, service
    :return: 1 if armed, 0 if it was already waiting"""
    work = dwork.work
    assert work.func is not None
    system.emit("queue_delayed_work", work.func.__name__, *work.about, delay)
    if dwork.handle is not None or work.pending:
        return 0

    def expire() -> None:
        dwork.handle = None
        enqueue_work(wq, work)

    dwork.handle = system.sched.clock.call_at(system.sched.clock.now + delay * NSEC_PER_MSEC, expire)
    return 1


def cancel_delayed_work(dwork: delayed_work) -> int:
    """Disarm *dwork* if its delay is not over.

    C: include/linux/workqueue.h, exported, service
    :return: 1 if it was waiting, 0 if not"""
    work = dwork.work
    assert work.func is not None
    system.emit("cancel_delayed_work", work.func.__name__, *work.about)
    if dwork.handle is None:
        return 0
    system.sched.clock.cancel(dwork.handle)
    dwork.handle = None
    return 1


def destroy_workqueue(wq: workqueue_struct) -> None:
    """Wait until the queue is empty, and end the worker.

    C: kernel/workqueue.c, exported, service"""
    wq.destroyed = True
    if wq.worker is not None:
        wq.worker.idle = False
        system.sched.wake(wq)
    while wq.worker is not None:
        system.sched.block(wq)
    while wq.worklist:  # no worker was ever started
        run_one_work(wq)
