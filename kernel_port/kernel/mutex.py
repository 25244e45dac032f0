# SPDX-License-Identifier: GPL-2.0-only
"""kernel/mutex.c and kernel/rwsem.c: sleeping locks, and the record of who holds what."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .sched import Thread
from .system import system


@dataclass(eq=False, slots=True)
class mutex:
    """struct mutex, with a name: *kind* of lock and the address (`of`) of what it guards.

    C: include/linux/mutex.h, struct, service"""

    kind: str = ""
    of: str = ""
    owner: Thread | None = None
    #: Threads that wait for it, in the order in which they came.
    wait_list: deque[Thread] = field(default_factory=deque)

    def __str__(self) -> str:
        return f"{self.kind} lock of {self.of}" if self.of else self.kind


@dataclass(eq=False, slots=True)
class rw_semaphore:
    """struct rw_semaphore. One thread runs at a time, so readers only need counting.

    C: include/linux/rwsem.h, struct, service"""

    kind: str = ""
    readers: int = 0
    writer: Thread | None = None
    #: Threads that wait for it, in the order in which they came, and whether to write.
    wait_list: deque[tuple[Thread, bool]] = field(default_factory=deque)

    def __str__(self) -> str:
        return self.kind


def lock_contended(kind: str, of: str) -> None:
    """Note that the running thread has to wait for a lock.

    C: kernel/lockdep.c, exported, service"""
    system.emit("lock_wait", kind, of)
    system.sched.current.wants = (kind, of)


def lock_acquired(kind: str, of: str) -> None:
    """Note that the running thread holds a lock now.

    C: kernel/lockdep.c lock_acquire(), service"""
    system.emit("lock", kind, of)
    system.sched.current.wants = None
    system.sched.current.held.append((kind, of))


def lock_released(kind: str, of: str) -> None:
    """Note that a lock is free again; as in C, any thread may release what another took.

    C: kernel/lockdep.c lock_release(), service"""
    system.emit("unlock", kind, of)
    for thread in (system.sched.current, *system.sched.threads):
        if (kind, of) in thread.held:
            thread.held.remove((kind, of))
            break


def mutex_init(lock: mutex, kind: str, of: str) -> None:
    """Name a lock and make it free.

    C: include/linux/mutex.h, macro, service"""
    lock.kind, lock.of, lock.owner = kind, of, None


def mutex_lock(lock: mutex) -> None:
    """Take *lock*, sleeping while another thread (or this one) holds it.

    C: kernel/mutex.c, exported, service"""
    me = system.sched.current
    system.sched.preempt()
    if lock.owner is not None:
        lock_contended(lock.kind, lock.of)
        lock.wait_list.append(me)
        while lock.owner is not None:
            system.sched.block(lock)
        lock.wait_list.remove(me)
    lock.owner = me
    lock_acquired(lock.kind, lock.of)


def mutex_trylock(lock: mutex) -> int:
    """Take *lock* if it is free; never sleeps.

    C: kernel/mutex.c, exported, service
    :return: 1 if taken, 0 if it is held"""
    if lock.owner is not None:
        return 0
    lock.owner = system.sched.current
    lock_acquired(lock.kind, lock.of)
    return 1


def mutex_unlock(lock: mutex) -> None:
    """Release *lock* and wake its first waiter. Another thread that gets there before the waiter runs takes the lock.

    C: kernel/mutex.c, exported, service"""
    lock.owner = None
    lock_released(lock.kind, lock.of)
    if lock.wait_list:
        system.sched.wake_up_process(lock.wait_list[0])


def mutex_is_locked(lock: mutex) -> int:
    """Return whether *lock* is held.

    C: include/linux/mutex.h, static inline, service
    :return: 1 or 0"""
    return int(lock.owner is not None)


def rwsem_wait(sem: rw_semaphore, write: bool) -> None:
    """Sleep until *sem* is free and no earlier waiter is in the way.

    C: lib/rwsem.c rwsem_down_read_failed() and rwsem_down_write_failed(), service"""
    system.sched.preempt()
    me = (system.sched.current, write)

    def busy() -> bool:
        ahead = list(sem.wait_list)[: sem.wait_list.index(me)] if me in sem.wait_list else list(sem.wait_list)
        if write:
            return sem.writer is not None or sem.readers > 0 or bool(ahead)
        return sem.writer is not None or any(writes for _, writes in ahead)

    if busy():
        lock_contended(sem.kind, "")
        sem.wait_list.append(me)
        while busy():
            system.sched.block(sem)
        sem.wait_list.remove(me)


def down_read(sem: rw_semaphore) -> None:
    """Take *sem* shared. A waiting writer comes first.

    C: kernel/rwsem.c, exported, service"""
    rwsem_wait(sem, False)
    sem.readers += 1
    lock_acquired(sem.kind, "")


def up_read(sem: rw_semaphore) -> None:
    """Release *sem*, taken shared.

    C: kernel/rwsem.c, exported, service"""
    sem.readers -= 1
    lock_released(sem.kind, "")
    system.sched.wake(sem)


def down_write(sem: rw_semaphore) -> None:
    """Take *sem* for this thread alone.

    C: kernel/rwsem.c, exported, service"""
    rwsem_wait(sem, True)
    sem.writer = system.sched.current
    lock_acquired(sem.kind, "")


def up_write(sem: rw_semaphore) -> None:
    """Release *sem*, taken alone.

    C: kernel/rwsem.c, exported, service"""
    sem.writer = None
    lock_released(sem.kind, "")
    system.sched.wake(sem)
