# SPDX-License-Identifier: GPL-2.0-only
"""The machine as kernel code sees it: threads, time, interrupts, and a record of everything observable.

A linked kernel finds its own machine under the global name `system`. Modules import it for readers and type checkers;
the linker replaces it by the booted one.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from types import CodeType
from typing import Any, NamedTuple

from .sched import NSEC_PER_MSEC, NSEC_PER_SEC, Clock, Scheduler
from .stack import kernel_stack

#: Frames of kernel code, innermost first: (code, index of the last instruction).
Stack = tuple[tuple[CodeType, int], ...]


#: Files whose functions only carry out what their callers decide.
CARRY_OUT = ("base/access.py", "kernel/delay.py", "kernel/mutex.py", "kernel/wait.py")


class Event(NamedTuple):
    """One observable act. *op* and *args* are those of the golden traces' FORMAT.md."""

    time: int
    """Virtual time, ns since power on."""
    context: str
    """What did it: a thread's name, or "irq 0000:00:1c.0", or "timer ..."."""
    op: str
    args: tuple[Any, ...]
    frames: tuple[Any, ...]
    """The stack in half the memory: code, index, code, index, ..."""

    def __repr__(self) -> str:
        match self.op, self.args:
            case ("r" | "w") as op, (bdf, where, size, value):
                text = f"{op}{8 * size} {bdf} {where:#05x} = {value:#0{2 + 2 * size}x}"
            case op, args:
                text = " ".join(map(str, (op, *args)))
        callers = (code.co_name for code in self.frames[::2] if not code.co_filename.endswith(CARRY_OUT))
        by = f", {name}()" if (name := next(callers, "")) else ""
        return f"<{self.time / NSEC_PER_MSEC:.3f} ms {self.context}: {text}{by}>"

    @property
    def stack(self) -> Stack:
        """The kernel code that did it; the outermost frames of a deep stack are cut off."""
        return tuple(zip(self.frames[::2], self.frames[1::2], strict=True))


#: From this many events on, equal stacks are stored once. In short traces the lookup costs more than it saves.
LONG = 10_000

#: Makes an Event in half the time that Event() takes.
_event = tuple.__new__


class System:
    """One machine: a scheduler over a clock, interrupt lines, and the trace."""

    latest: System

    def __init__(self, clock: Clock, choose: Callable[[int], int] | None = None) -> None:
        self.sched = Scheduler(clock, choose)
        self.events: list[Event] = []
        self.tracing = True
        #: Stacks of events by the indices in them: the same few recur, and are stored once.
        self._stacks: dict[tuple[int, ...], tuple[Any, ...]] = {}
        #: False: work stays queued until run_one_work() is called (the golden replay does).
        self.runs_workers = True
        #: Called with each event as it happens; the golden replay checks it against its tape here.
        self.listen: Callable[[Event], None] | None = None
        #: The globals of the kernel that runs here; frames with these globals are kernel code.
        self.symtab: dict[str, Any] = {}
        #: Interrupt number -> its handlers (struct irqaction), in the order in which they are called.
        self.irq_actions: dict[int, list[Any]] = {}
        #: Interrupt number -> its struct irq_data, if it is a message (MSI, MSI-X).
        self.irq_data: dict[int, Any] = {}
        #: Interrupt number -> address, its upper half, and data of the message to use, None for any.
        self.msi_message: Callable[[int], tuple[int, int, int] | None] = lambda irq: None
        System.latest = self

    def emit(self, op: str, *args: Any) -> None:
        """Record that the running code did *op*."""
        if self.tracing:
            self.record(op, args)

    def record(self, op: str, args: tuple[Any, ...]) -> None:
        """Record *op* with the innermost kernel frames. A hot path: every configuration cycle comes through here."""
        if self.sched.current.ident != get_ident():
            self.sched.check()
        frames = kernel_stack(self.symtab)
        events = self.events
        if len(events) > LONG:
            frames = self._kept(frames)
        sched = self.sched
        event = _event(Event, (sched.clock.now, sched.context, op, args, frames))
        events.append(event)
        if self.listen is not None:
            self.listen(event)

    @staticmethod
    def tick(number: int, hz: int) -> int:
        """Return when the timer that ticks *hz* times a second does so for this time, ns since power on."""
        return -(-number * NSEC_PER_SEC // hz)

    def _kept(self, frames: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the stored stack that is equal to *frames*, which is stored if new. Its indices make a fast key."""
        kept = self._stacks.setdefault(frames[1::2], frames)
        return kept if kept == frames else frames


class _Latest:
    """The machine booted last, for a kernel that was linked without one."""

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(System.latest, name)
        except AttributeError:
            raise RuntimeError("no machine is running: call kernel_port.boot() first") from None


system: System = _Latest()  # type: ignore[assignment]
