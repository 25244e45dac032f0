# SPDX-License-Identifier: GPL-2.0-only
"""Threads and virtual time.

- One kernel thread runs at a time and gives way only where C may sleep: in sleep() and block().
- The thread that calls in from outside is "main"; others are made by spawn() and are OS threads that hand a baton over.
- When nobody can run, time moves to the next deadline. What is due there (timers, interrupts) runs on the back of
  the thread that happened to be running, as interrupts do.
- Which of several runnable threads goes next is decided by `choose`, so an interleaving is a list of numbers.
- When nobody can run and nothing is due, that is a deadlock: Deadlock names who holds and who waits for what.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Protocol

NSEC_PER_USEC = 1_000
NSEC_PER_MSEC = 1_000_000


class Clock(Protocol):
    """What the scheduler asks of time; hw.clock implements it."""

    @property
    def now(self) -> int: ...
    def call_at(self, when: int, callback: Callable[[], None]) -> Any: ...
    def cancel(self, handle: Any) -> None: ...
    def next_deadline(self) -> int | None: ...
    def advance(self, to: int) -> None: ...


class Deadlock(RuntimeError):
    """Every thread waits and no timer is pending. The text is the report."""


class ThreadExit(BaseException):
    """Raised in a parked thread when its machine is shut down."""


@dataclass(eq=False, slots=True)
class Thread:
    """A kernel thread."""

    name: str
    #: What it waits for (a lock, a wait queue, "sleep"), None when it can run.
    waits_for: Any = None
    #: An idle worker waits for work; that alone is no deadlock.
    idle: bool = False
    #: Locks it holds, oldest first: (kind, address).
    held: list[tuple[str, str]] = field(default_factory=list)
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    os_thread: threading.Thread | None = None
    #: Where it gave way, for reports.
    frame: FrameType | None = None
    done: bool = False


class Scheduler:
    """Runs kernel threads one at a time on a clock."""

    def __init__(self, clock: Clock, choose: Callable[[int], int] | None = None) -> None:
        self.clock = clock
        #: Given how many threads can run (two or more), says which: 0 .. n-1 in order of creation.
        self.choose = choose or (lambda count: 0)
        self.current = Thread("main")
        self.threads = [self.current]
        self.context = "main"
        #: Depth of interrupt and timer handlers on the running thread's back.
        self.in_interrupt = 0
        self._failure: BaseException | None = None
        self._stopping = False

    # -- giving way ----------------------------------------------------------------------------------------------

    def sleep(self, duration: int) -> None:
        """Let *duration* ns pass; others run meanwhile."""
        self.block("sleep", self.clock.now + duration)

    def delay(self, duration: int) -> None:
        """Let *duration* ns pass without giving way; interrupts are served."""
        self.clock.advance(self.clock.now + duration)

    def block(self, on: Any, deadline: int | None = None) -> bool:
        """Give way until somebody wakes *on*.

        :param deadline: give up at this virtual time, ns
        :return: True if woken, False if the deadline came first"""
        if self.in_interrupt:
            raise RuntimeError(f"scheduling while atomic: {self.context} waits for {on}")
        me = self.current
        me.waits_for = on
        woken = True

        def expire() -> None:
            nonlocal woken
            woken = False
            me.waits_for = None

        alarm = None if deadline is None else self.clock.call_at(deadline, expire)
        self._give_way(me)
        if alarm is not None and woken:
            self.clock.cancel(alarm)
        return woken

    def wake(self, on: Any) -> None:
        """Make every thread that waits for *on* runnable."""
        for thread in self.threads:
            if thread.waits_for is on:
                thread.waits_for = None

    @contextmanager
    def interrupting(self, context: str) -> Iterator[None]:
        """Run the body as an interrupt: it must not sleep, and its events carry *context*."""
        outer, self.context = self.context, context
        self.in_interrupt += 1
        try:
            yield
        finally:
            self.in_interrupt -= 1
            self.context = outer

    # -- threads -------------------------------------------------------------------------------------------------

    def spawn(self, name: str, body: Callable[[], None]) -> Thread:
        """Make a thread that runs *body* when its turn comes."""
        thread = Thread(name)

        def run() -> None:
            thread.baton.acquire()
            try:
                if not self._stopping:
                    body()
            except ThreadExit:
                return
            except BaseException as error:  # handed to the main thread, which raises it
                self._failure = error
            thread.done = True
            self.threads.remove(thread)
            if self._failure is not None:
                self.threads[0].waits_for = None
                self._hand_over(self.threads[0])
            elif not self._stopping:
                self._hand_over(self._next(thread))

        thread.os_thread = threading.Thread(target=run, name=name, daemon=True)
        self.threads.append(thread)
        thread.os_thread.start()
        return thread

    def settle(self, deadline: int | None = None) -> None:
        """As main: let the other threads run until all are idle (or *deadline*, ns)."""
        while any(not t.idle and t is not self.current for t in self.threads):
            if deadline is not None and self.clock.now >= deadline:
                return
            if not any(t.waits_for is None for t in self.threads[1:]) and self.clock.next_deadline() is None:
                raise Deadlock(self.report())
            self.block("settle", max(self.clock.now, self.clock.next_deadline() or 0))

    def shutdown(self) -> None:
        """End every other thread; the machine is switched off."""
        self._stopping = True
        for thread in self.threads[1:]:
            thread.baton.release()
        for thread in self.threads[1:]:
            if thread.os_thread is not None:
                thread.os_thread.join()
        del self.threads[1:]

    # -- the baton -----------------------------------------------------------------------------------------------

    def _give_way(self, me: Thread) -> None:
        successor = self._next(me)
        if successor is me:
            return
        me.frame = sys._getframe(2)
        self._hand_over(successor)
        me.baton.acquire()
        me.frame = None
        if self._stopping:
            raise ThreadExit
        self.current, self.context = me, me.name
        if self._failure is not None and me is self.threads[0]:
            failure, self._failure = self._failure, None
            raise failure

    def _hand_over(self, thread: Thread) -> None:
        self.current, self.context = thread, thread.name
        thread.baton.release()

    def _next(self, me: Thread) -> Thread:
        """The thread to run now; idles to the next deadline while there is none."""
        while True:
            ready = [thread for thread in self.threads if thread.waits_for is None]
            if ready:
                return ready[0] if len(ready) == 1 else ready[self.choose(len(ready))]
            deadline = self.clock.next_deadline()
            if deadline is None:
                me.frame = sys._getframe(1)
                self._failure = Deadlock(self.report())
                return self._fail(me)
            self.clock.advance(max(deadline, self.clock.now))

    def _fail(self, me: Thread) -> Thread:
        """Hand the failure to main, which raises it where it waits."""
        main = self.threads[0]
        main.waits_for = None
        if me is main:
            failure, self._failure = self._failure, None
            assert failure is not None
            raise failure
        return main

    def report(self) -> str:
        """Who waits for what, who holds what, and each thread's kernel stack."""
        lines = ["deadlock: no thread can run and no timer is pending"]
        for thread in self.threads:
            held = ", ".join(f"{kind} lock of {name}" for kind, name in thread.held) or "nothing"
            waits = "nothing to do" if thread.idle else thread.waits_for
            lines.append(f"{thread.name}: waits for {waits}; holds {held}")
            if thread.frame is not None:
                lines += [line.rstrip() for line in traceback.format_stack(thread.frame, limit=12)]
        return "\n".join(lines)
