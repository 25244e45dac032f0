# SPDX-License-Identifier: GPL-2.0-only
"""kernel/workqueue.c: deferred work, run by worker threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .lockdep import Lock
from .mutex import lock_acquired, lock_contended, lock_released
from .sched import Thread
from .system import system
from .timer import HZ, jiffies, jiffies_to_msecs

#: include/linux/workqueue.h: how many items of a queue may run at once by default.
WQ_DFL_ACTIVE = 256


@dataclass(eq=False, slots=True)
class work_struct:
    """struct work_struct. *data* stands for container_of(); *about* is for traces.

    C: include/linux/workqueue.h, struct, service"""

    func: Callable[[Any], None] | None = None
    data: Any = None
    about: tuple[str, ...] = ()
    pending: bool = False
    #: The queue it was last put on.
    wq: workqueue_struct | None = None


@dataclass(eq=False, slots=True)
class delayed_work:
    """struct delayed_work.

    C: include/linux/workqueue.h, struct, service"""

    work: work_struct = field(default_factory=work_struct)
    handle: Any = None


@dataclass(eq=False, slots=True)
class worker:
    """struct worker: a thread, and the item it runs.

    C: kernel/workqueue_internal.h, struct, service"""

    thread: Thread | None = None
    current_work: work_struct | None = None
    #: Items that were queued again while this worker ran them: they run here next, never concurrently with themselves.
    scheduled: deque[work_struct] = field(default_factory=deque)


@dataclass(eq=False, slots=True)
class workqueue_struct:
    """struct workqueue_struct, with the workers that the C takes from a pool.

    C: kernel/workqueue.c, struct, service"""

    name: str
    #: How many items may run at once.
    max_active: int
    worklist: deque[work_struct] = field(default_factory=deque)
    workers: list[worker] = field(default_factory=list)
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


def alloc_workqueue(name: str, flags: int, max_active: int) -> workqueue_struct:
    """Create a work queue. It is concurrent: an item that sleeps does not delay the next one.

    C: include/linux/workqueue.h, macro, service
    :param flags: without effect here
    :param max_active: how many items may run at once; 0 for WQ_DFL_ACTIVE"""
    return workqueue_struct(name, max_active or WQ_DFL_ACTIVE)


def alloc_ordered_workqueue(name: str, flags: int) -> workqueue_struct:
    """Make a work queue that runs one item at a time, in order.

    C: include/linux/workqueue.h, macro, service"""
    return alloc_workqueue(name, flags, 1)


def lockdep_map(wq: workqueue_struct) -> Lock:
    """Return the lock that stands for *wq*: held while an item runs, and taken to wait for an empty queue.

    C: include/linux/workqueue.h, struct workqueue_struct's member, service"""
    return ("workqueue", wq.name)


def process_one_work(me: worker, work: work_struct) -> None:
    """Run *work* on the calling thread.

    C: kernel/workqueue.c, static, service"""
    work.pending = False
    assert work.wq is not None
    assert work.func is not None
    me.current_work = work
    lock_acquired(*lockdep_map(work.wq))
    work.func(work.data)
    lock_released(*lockdep_map(work.wq))
    me.current_work = None


def worker_thread(wq: workqueue_struct, me: worker) -> None:
    """Run what is queued on *wq*, then wait for more.

    C: kernel/workqueue.c, static, service"""
    me.thread = system.sched.current
    me.thread.sleeping = lambda: wq_worker_sleeping(wq, me)
    while True:
        while me.scheduled or wq.worklist:
            process_one_work(me, (me.scheduled or wq.worklist).popleft())
        if wq.destroyed:
            break
        me.thread.idle = True
        system.sched.block(me)
        me.thread.idle = False
    wq.workers.remove(me)
    system.sched.wake(wq)


def need_more_worker(wq: workqueue_struct, asleep: worker | None = None) -> bool:
    """Return whether items wait and no running worker will get to them.

    C: kernel/workqueue.c, static, service
    :param asleep: a worker about to sleep"""
    running = (each for each in wq.workers if each.thread is None or each.thread.waits_for is None)
    return bool(wq.worklist) and all(each is asleep for each in running)


def wq_worker_sleeping(wq: workqueue_struct, me: worker) -> None:
    """Let another worker go on with the list while this one sleeps in the middle of an item.

    C: kernel/workqueue.c, service"""
    if need_more_worker(wq, me):
        wake_up_worker(wq)


def wake_up_worker(wq: workqueue_struct) -> None:
    """Wake an idle worker; start another one if all are busy.

    C: kernel/workqueue.c, static, service"""
    for each in wq.workers:
        if each.thread is not None and each.thread.idle:
            each.thread.idle = False
            system.sched.wake(each)
            return
    if system.runs_workers and len(wq.workers) < wq.max_active:
        number = f":{len(wq.workers)}" if wq.workers else ""
        me = worker()
        wq.workers.append(me)
        system.sched.spawn(f"{wq.name}{number}", lambda: worker_thread(wq, me))


def queue_work(wq: workqueue_struct, work: work_struct) -> int:
    """Queue *work* on *wq*; the worker thread starts with the first item.

    C: kernel/workqueue.c, exported, service
    :return: 1 if queued, 0 if it was already queued"""
    assert work.func is not None
    system.emit("queue_work", work.func.__name__, *work.about)
    return enqueue_work(wq, work)


def enqueue_work(wq: workqueue_struct, work: work_struct) -> int:
    """Put *work* on the list and wake or start the worker.

    C: kernel/workqueue.c __queue_work(), static, service
    :return: 1 if queued, 0 if it was already queued"""
    if work.pending:
        return 0
    work.pending = True
    work.wq = wq
    at_it = next((each for each in wq.workers if each.current_work is work), None)
    if at_it is not None:
        at_it.scheduled.append(work)
        return 1
    wq.worklist.append(work)
    if need_more_worker(wq):
        wake_up_worker(wq)
    return 1


#: The queue that all share.
system_wq: workqueue_struct = alloc_workqueue("events", 0, 0)


def schedule_work(work: work_struct) -> int:
    """Queue *work* on the shared queue.

    C: include/linux/workqueue.h, static inline, service
    :return: 1 if queued, 0 if it was already queued"""
    return queue_work(system_wq, work)


def queue_delayed_work(wq: workqueue_struct, dwork: delayed_work, delay: int) -> int:
    """Queue *dwork* in *delay* jiffies.

    C: kernel/workqueue.c, exported, service
    :return: 1 if armed, 0 if it was already waiting"""
    work = dwork.work
    assert work.func is not None
    system.emit("queue_delayed_work", work.func.__name__, *work.about, jiffies_to_msecs(delay))
    if dwork.handle is not None or work.pending:
        return 0

    def expire() -> None:
        dwork.handle = None
        enqueue_work(wq, work)

    dwork.work.wq = wq
    dwork.handle = system.sched.clock.call_at(system.tick(jiffies() + delay, HZ), expire)
    return 1


def cancel_delayed_work(dwork: delayed_work) -> int:
    """Cancel *dwork*: stop its timer, or remove it from the queue if no worker has started it.

    C: include/linux/workqueue.h, exported, service
    :return: 1 if it was waiting, 0 if not"""
    work = dwork.work
    assert work.func is not None
    system.emit("cancel_delayed_work", work.func.__name__, *work.about)
    if dwork.handle is not None:
        system.sched.clock.cancel(dwork.handle)
        dwork.handle = None
        return 1
    if not work.pending:
        return 0
    assert work.wq is not None
    for items in (work.wq.worklist, *(each.scheduled for each in work.wq.workers)):
        if work in items:
            items.remove(work)
    work.pending = False
    return 1


def destroy_workqueue(wq: workqueue_struct) -> None:
    """Wait until the queue is empty, and stop the workers.

    C: kernel/workqueue.c, exported, service"""
    wq.destroyed = True
    for each in wq.workers:
        if each.thread is not None and each.thread.idle:
            each.thread.idle = False
            system.sched.wake(each)
    if wq.workers:
        lock_contended(*lockdep_map(wq))
    while wq.workers:
        system.sched.block(wq)
    while wq.worklist:  # no worker was ever started
        process_one_work(worker(), wq.worklist.popleft())
    lock_acquired(*lockdep_map(wq))
    lock_released(*lockdep_map(wq))
