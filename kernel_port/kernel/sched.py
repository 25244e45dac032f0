# SPDX-License-Identifier: GPL-2.0-only
"""Threads and virtual time.

- One kernel thread runs at a time. It yields only where C may sleep: in sleep() and block().
- The thread that calls in from outside is "main"; spawn() makes the others. They are OS threads that hand over a baton.
- When no thread can run, time moves to the next deadline. What is due then (timers, interrupts) runs on top of the
  thread that was running, as interrupts do.
- `choose` decides which of several runnable threads runs next, so an interleaving is a list of numbers.
- When no thread can run and no timer can change that, it is a deadlock: Deadlock says who holds and who waits for what.
- Oops is for what crashes the C, or does not only by luck.
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePath
from types import FrameType
from typing import Any, Protocol

from .carrier import Carrier, taken_lock
from .lockdep import Lock, circle, lock_name
from .watcher import Watcher

NSEC_PER_USEC = 1_000
NSEC_PER_MSEC = 1_000_000
NSEC_PER_SEC = 1_000_000_000

#: Nothing waits longer than this, ns. A timer that rearms itself forever must not hide a deadlock.
PATIENCE = 3_600_000 * NSEC_PER_MSEC
#: The same for a thread that never sleeps: how many accesses, delays and turns it may have in a row.
PATIENCE_ACTS = 200_000
#: How long a thread has to end when its machine is closed, seconds of the real world.
LAST_WORDS = 5


class Clock(Protocol):
    """The clock that the scheduler needs; hw.clock implements it."""

    @property
    def now(self) -> int:
        """The time, ns."""

    def call_at(self, when: int, callback: Callable[[], None]) -> Any:
        """Call *callback* at *when*, ns.

        :return: a handle for cancel()"""

    def cancel(self, handle: Any) -> None:
        """Cancel a callback that has not run yet."""

    def next_deadline(self) -> int | None:
        """Return when the next callback is due, ns; None if none is."""

    def advance(self, to: int, *, busy: bool = False) -> None:
        """Let time pass until *to*, ns, and run the callbacks that fall due.

        :param busy: without sleeping
        :raises InterruptedError: the machine was shut down"""


class Halt(RuntimeError):
    """The kernel cannot go on. The text is the report."""


class Deadlock(Halt):
    """Every thread waits and no timer is pending."""


class Livelock(Deadlock):
    """A thread goes on and on without ever sleeping."""


class Oops(Halt):
    """The kernel broke one of its invariants: the C goes on with corrupt memory, or crashes."""


def reports(halt: Halt | None) -> tuple[str, str]:
    """Return the report of a deadlock and that of an oops; "" for what did not happen."""
    return str(halt) if isinstance(halt, Deadlock) else "", str(halt) if isinstance(halt, Oops) else ""


class Unusable(RuntimeError):
    """The machine cannot be used here: it was closed, or is in use by another thread or process."""


class ThreadExit(BaseException):
    """Raised in a parked thread when its machine is shut down."""


@dataclass(eq=False, slots=True)
class Thread:
    """A kernel thread."""

    name: str
    #: What it waits for (a lock, a wait queue, "sleep"), None when it can run.
    waits_for: Any = None
    #: What it waited for when the run failed: main raises the failure, and waits no more.
    stuck_on: Any = None
    #: A worker waiting for work, which alone is not a deadlock.
    idle: bool = False
    #: Called before it sleeps, for a worker: another one may have to go on with its queue.
    sleeping: Callable[[], None] | None = None
    #: Locks it holds, oldest first: (kind, address).
    held: list[Lock] = field(default_factory=list)
    #: The lock it waits for.
    wants: Lock | None = None
    #: Released when it may run, and when it has ended.
    baton: threading.Lock = field(default_factory=taken_lock)
    ended: threading.Lock = field(default_factory=taken_lock)
    #: What it runs when first scheduled; None from then on.
    body: Callable[[], None] | None = None
    #: Where it yielded, for reports.
    frame: FrameType | None = None
    #: The OS thread that runs it; 0 for none.
    ident: int = 0
    #: Accesses, delays and turns since it last slept.
    acts: int = 0


class Scheduler:
    """Runs kernel threads one at a time on a clock."""

    def __init__(self, clock: Clock, choose: Callable[[int], int] | None = None) -> None:
        self.clock = clock
        #: Given how many threads can run (two or more), returns which one does: 0 .. n-1 in order of creation.
        self.choose = choose or (lambda count: 0)
        self.current = Thread("main", ident=threading.get_ident())
        self.threads = [self.current]
        self.context = "main"
        #: Nesting depth of interrupt and timer handlers on the running thread.
        self.in_interrupt = 0
        #: The globals of the kernel that runs here: frames with these are shown in reports.
        self.symtab: dict[str, Any] = {}
        #: Also let `choose` switch threads before a lock is taken and after an unlock, a wake-up or an interrupt.
        self.preemptive = False
        #: Who is told of turns and wake-ups.
        self.watcher: Watcher | None = None
        #: Accesses, delays and turns that a thread may have in a row without sleeping.
        self.limit = PATIENCE_ACTS
        #: Why it cannot be used, when a thread that is not the current one tries to.
        self._unusable = "another thread uses this machine: give each thread a machine of its own"
        self._failure: BaseException | None = None
        self._stopping = False
        #: Main waits for the others to become idle: it does not run while any of them can.
        self.settling = False
        #: Time is passing: what falls due runs on the current thread, and no switch happens.
        self._advancing = False
        _SCHEDULERS.add(self)

    # -- who may use it ------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Refuse an OS thread or process that the machine does not run on, and use after it was closed.

        :raises Unusable: says which of these"""
        if self.current.ident != threading.get_ident():
            if any(thread.ident == threading.get_ident() for thread in self.threads[1:]):
                raise ThreadExit  # on its way out: the machine is being closed
            raise Unusable(self._unusable)

    def act(self) -> None:
        """Count an access, delay or turn of the running thread, which must sleep at some time. A hot path.

        :raises Livelock: it never does"""
        current = self.current
        current.acts += 1
        if current.acts > self.limit:
            current.acts, current.frame = 0, sys._getframe(1)
            self._failing()
            said = f"livelock: {current.name} has made {self.limit:,} accesses, delays and turns without ever sleeping"
            raise Livelock("\n".join([said, *self._stacks()]))

    def forked(self) -> None:
        """Give up in the child of a fork, where no other thread exists."""
        self._unusable = "this machine was booted before the process forked: boot another one in the child"
        self._abandon()

    def _abandon(self) -> None:
        """Let nobody use it any more."""
        self.current.ident = 0
        del self.threads[1:]

    # -- yielding -----------------------------------------------------------------------------------------------

    def sleep(self, duration: int) -> None:
        """Sleep for *duration* ns; other threads run."""
        self.block("sleep", self.clock.now + duration)

    def schedule(self) -> None:
        """Let another runnable thread go first if `choose` says so; 0 is the current thread."""
        self.check()
        self.act()
        if not self.in_interrupt and not self._advancing:
            self._give_way(self.current)

    def preempt(self) -> None:
        """Allow a thread switch here, if preemptive."""
        if self.preemptive:
            self.schedule()

    def delay_until(self, when: int) -> None:
        """Busy-wait until *when*, ns; interrupts are served."""
        self.check()
        self.act()
        self._advance(when, busy=True)

    def block(self, on: Any, deadline: int | None = None) -> bool:
        """Sleep until *on* is woken.

        :param deadline: give up at this virtual time, ns
        :return: True if woken, False if the deadline came first"""
        self.check()
        self.current.acts = 0
        if self.in_interrupt:
            raise RuntimeError(f"{self.context} must not sleep, and waits for {on}")
        if self.current.sleeping is not None:
            self.current.sleeping()
        if deadline is not None and self._nobody_before(deadline):
            self._advance(deadline)
            return False
        me = self.current
        me.waits_for, me.stuck_on = on, None
        if self.watcher is not None:
            self.watcher.waits(me, on)
        woken = True

        def expire() -> None:
            nonlocal woken
            if me.waits_for is on:  # else it was woken, but has not run yet
                woken = False
                if self.watcher is not None:
                    self.watcher.wakes("alarm", [me])
                me.waits_for = None

        alarm = None if deadline is None else self.clock.call_at(deadline, expire)
        try:
            self._give_way(me)
        finally:
            me.frame = None
            if alarm is not None:
                self.clock.cancel(alarm)
        return woken

    def wake(self, on: Any) -> None:
        """Make every thread that waits for *on* runnable."""
        woken = [thread for thread in self.threads if thread.waits_for is on]
        if self.watcher is not None:
            self.watcher.wakes(on, woken)
        for thread in woken:
            thread.waits_for = None
        self.preempt()

    def wake_up_process(self, thread: Thread) -> None:
        """Make one thread runnable."""
        if self.watcher is not None:
            self.watcher.wakes(thread.waits_for, [thread])
        thread.waits_for = None
        self.preempt()

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
        self.preempt()

    # -- threads -------------------------------------------------------------------------------------------------

    def spawn(self, name: str, body: Callable[[], None]) -> Thread:
        """Make a thread that runs *body* when first scheduled."""
        thread = Thread(name)

        def run() -> None:
            thread.body = None
            thread.ident = threading.get_ident()
            failure: BaseException | None = None
            with suppress(ThreadExit):
                try:
                    if self._stopping:
                        raise ThreadExit
                    body()
                except ThreadExit:
                    raise
                except BaseException as error:  # handed to the main thread, which raises it
                    failure = error
                if thread in self.threads:  # not if the machine was closed without waiting for it
                    self.threads.remove(thread)
                    if self.watcher is not None:
                        self.watcher.ends(thread)
                self._hand_over(self._successor(failure))
            thread.ended.release()

        thread.body = run
        self.threads.append(thread)
        if self.watcher is not None:
            self.watcher.starts(thread)
        return thread

    def settle(self) -> None:
        """Let the other threads run until all are idle. Only main may call this.

        :raises Deadlock: they never will be"""
        limit = self.clock.now + PATIENCE
        while not self._settled():
            deadline = self.clock.next_deadline()
            stuck = deadline is None and all(thread.waits_for is not None for thread in self.threads[1:])
            if stuck or self._locked_up(self.threads[1:]) or self.clock.now > limit:
                raise Deadlock(self.report())
            self.settling = True
            try:
                self.block("settle", max(self.clock.now, deadline or 0))
            finally:
                self.settling = False

    def _settled(self) -> bool:
        """Return whether all threads but main are idle."""
        if self.watcher is not None:
            self.watcher.settles()
        return all(thread.idle for thread in self.threads[1:])

    def shutdown(self) -> None:
        """End every other thread, one after the other: the machine is switched off."""
        self._stopping = True
        self.current.ident, self._unusable = 0, "this machine was closed: boot another one"
        for thread in self.threads[1:]:
            if thread.body is None:
                self._let_go(thread)
                if not thread.ended.acquire(timeout=LAST_WORDS):
                    warnings.warn(f"thread {thread.name} does not end with its machine", ResourceWarning, stacklevel=2)
        self._abandon()

    # -- the baton -----------------------------------------------------------------------------------------------

    def _give_way(self, me: Thread) -> None:
        if self._stopping:
            raise ThreadExit
        me.frame = sys._getframe(2)
        successor = self._next()
        if successor is not me:
            self._hand_over(successor)
            me.baton.acquire()
            if self._stopping:
                raise ThreadExit
        if self._failure is not None and me is self.threads[0]:
            failure, self._failure = self._failure, None
            raise failure

    def _hand_over(self, thread: Thread) -> None:
        if self._stopping:
            raise ThreadExit
        self.current, self.context = thread, thread.name
        if thread.body is None:
            self._let_go(thread)
        else:
            Carrier.run(thread.body)

    def _successor(self, failure: BaseException | None) -> Thread:
        """Pick the thread to run after one that ended: main if it failed, or if whoever chooses does."""
        if failure is None:
            try:
                return self._next()
            except ThreadExit:
                raise
            except BaseException as error:
                failure = error
        return self._fail(failure)

    @staticmethod
    def _let_go(thread: Thread) -> None:
        """Resume *thread*. It may have the baton already: shutdown() after Ctrl-C in main can come at any time."""
        with suppress(RuntimeError):
            thread.baton.release()

    def _next(self) -> Thread:
        """Pick the thread to run: the current one if it can, else the oldest. Idle to the next deadline while none can.
        Main raises a deadlock."""
        going_on = self.current if self.current.waits_for is None else None
        limit: int | None = None
        while True:
            ready = [thread for thread in self.threads if thread.waits_for is None]
            if self.settling and len(ready) > 1 and ready[0] is self.threads[0]:
                del ready[0]
            if going_on in ready:
                ready.remove(going_on)
                ready.insert(0, going_on)
            if ready:
                if self.watcher is not None:
                    self.watcher.turn(ready)
                return ready[0] if len(ready) == 1 else ready[self.choose(len(ready))]
            if limit is None:
                limit = self.clock.now + PATIENCE
            deadline = self.clock.next_deadline()
            busy = self.threads[1:] if self.settling else self.threads
            if deadline is None or deadline > limit or self._locked_up(busy):
                return self._fail(Deadlock(self.report()))
            self._advance(max(deadline, self.clock.now))

    @staticmethod
    def _locked_up(threads: list[Thread]) -> bool:
        """Return whether all threads that are not idle wait for locks, some of them in a circle. No timer can release a
        lock, so pending timers do not matter."""
        return all(thread.idle or thread.wants is not None for thread in threads) and bool(circle(threads))

    def _nobody_before(self, deadline: int) -> bool:
        """Return whether no other thread can run, and nothing is due that could wake one, until after *deadline*."""
        due = self.clock.next_deadline()
        if self._stopping or (due is not None and due <= deadline):
            return False
        return all(thread.waits_for is not None or thread is self.current for thread in self.threads)

    def _advance(self, to: int, *, busy: bool = False) -> None:
        """Let time pass."""
        if self.watcher is not None:
            self.watcher.passes(to, busy)
        outer, self._advancing = self._advancing, True
        try:
            self.clock.advance(to, busy=busy)
        except InterruptedError:
            raise ThreadExit from None
        finally:
            self._advancing = outer

    def _fail(self, failure: BaseException) -> Thread:
        """Make main raise *failure* where it waits.

        :return: main"""
        self._failure = failure
        main = self.threads[0]
        main.stuck_on, main.waits_for = main.waits_for, None
        return main

    def _failing(self) -> None:
        if self.watcher is not None:
            self.watcher.fails()

    def report(self) -> str:
        """Describe the circle of locks, then what each thread waits for and holds, and its kernel stack."""
        lines = ["deadlock: no thread can run, and no timer will change that"]
        links = circle(self.threads)
        if links and links[0].holder is links[0].waiter:
            lines.append(f"recursive locking: {links[0].waiter.name} waits for {lock_name(links[0].lock)}, its own")
        elif links:
            lines.append("circular locking:")
            lines += [f"  {a.name} waits for {lock_name(lock)}, held by {b.name}" for a, lock, b in links]
        return "\n".join([*lines, *self._stacks()])

    def oops(self, what: str) -> Oops:
        """Return the exception to raise when kernel code has done *what*, which crashes the C."""
        self.current.frame = sys._getframe(1)
        self._failing()
        return Oops("\n".join([f"kernel oops in {self.context}: {what}", *self._stacks()]))

    def _stacks(self) -> Iterator[str]:
        """Yield for each thread what it waits for, what it holds, and its kernel stack."""
        for thread in self.threads:
            held = ", ".join(map(lock_name, thread.held)) or "nothing"
            waits = "nothing to do" if thread.idle else lock_name(thread.wants) if thread.wants else thread.waits_for
            yield f"{thread.name}: {f'waits for {waits}' if waits else 'runs'}; holds {held}"
            yield from (f"    {line}" for line in self._kernel_stack(thread.frame))

    def _kernel_stack(self, frame: FrameType | None) -> Iterator[str]:
        """Yield the frames of kernel code from *frame* outwards, outermost first: function, file, line, source."""
        frames = (pair for pair in traceback.walk_stack(frame) if frame is not None)
        kernel = [(f, line) for f, line in frames if f.f_globals is self.symtab]
        for summary in traceback.StackSummary.extract(reversed(kernel)):
            file = "/".join(PurePath(summary.filename).parts[-2:])
            yield f"{summary.name} ({file}:{summary.lineno}): {summary.line}"


#: All of this process. Only the thread that forks exists in the child.
_SCHEDULERS: weakref.WeakSet[Scheduler] = weakref.WeakSet()


def _forked() -> None:
    for scheduler in _SCHEDULERS:
        scheduler.forked()


os.register_at_fork(after_in_child=_forked)
