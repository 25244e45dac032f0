# SPDX-License-Identifier: GPL-2.0-only
"""A computer whose hardware, time and interrupts come from a golden trace (golden/FORMAT.md, "Replaying")."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from ..kernel.sched import Scheduler, Thread
from ..kernel.system import System

#: Lock kinds that tapes have; the port takes others too (pci_bus_sem, ...).
LOCK_KINDS = frozenset({"cfg", "device", "ctrl", "slot"})
#: Events that the port has and tapes do not.
UNTAPED = frozenset({"printk", "hw", "lock_wait", "waited", "already_there"})


class Divergence(Exception):
    """The port did something other than the C. The text says what, and where in the port."""

    def __init__(self, text: str, got: list[Any] | None = None) -> None:
        super().__init__(text)
        #: What it did instead, as an op; None if it was not an act.
        self.got = got


class Tape(System):
    """A computer whose hardware, time and interrupts come from a recording."""

    def __init__(self, ops: Iterable[list[Any]]) -> None:
        super().__init__(_NoTime())
        self.sched: Scheduler = _TapeScheduler(self)
        self.ops = [op for op in ops if op[0] not in ("printk", "hw")]
        self.cursor = 0
        #: False during set-up, and while something runs that the recording stubbed out.
        self.rolling = False
        #: Ports with queued work, oldest first.
        self.work: deque[str] = deque()
        self.interrupt: Callable[[str], None]
        self._expects_satisfied: bool | None = None

    def emit(self, op: str, *args: Any) -> None:
        """Require this act at this point of the tape."""
        if not self.rolling or (op in ("lock", "unlock") and args[0] not in LOCK_KINDS):
            return
        if op == "waited":
            self._end_wait(args[1])
        elif op == "wait":
            self._match([op, *args], self._next()[:3])
            self._expects_satisfied = self.ops[self.cursor - 1][3]
        elif op not in UNTAPED:
            self._match([op, *args], self._next())
            if op == "queue_work":
                self.work.append(args[1])

    def read(self, where: str, offset: int, size: int) -> int:
        """Answer a read with the recorded value."""
        expected = self._next()
        self._match(["r", where, offset, size], expected[:4])
        value: int = expected[4]
        return value

    def interrupts(self) -> None:
        """Take the interrupts recorded at this point."""
        while self.rolling and self.cursor < len(self.ops) and self.ops[self.cursor][0] == "irq":
            self.interrupt(self.ops[self.cursor][1])

    def _next(self) -> list[Any]:
        self.cursor += 1
        return self.ops[self.cursor - 1] if self.cursor <= len(self.ops) else ["end of the trace"]

    def _match(self, got: list[Any], expected: list[Any]) -> None:
        if got != expected:
            self.rolling = False  # ignore what the port does while it unwinds
            raise Divergence(f"op {self.cursor - 1}: expected {show(expected)}, got {show(got)}", got)

    def _end_wait(self, satisfied: bool) -> None:
        if satisfied != self._expects_satisfied:
            self.rolling = False
            raise Divergence(f"op {self.cursor - 1}: the wait was{' not' * satisfied} satisfied, here the opposite")


class _NoTime:
    """A clock that stands still: the tape decides what happens when."""

    now = 0

    def call_at(self, when: int, callback: Callable[[], None]) -> object:
        return object()

    def cancel(self, handle: object) -> None:
        """Do nothing: nothing is ever due."""

    def next_deadline(self) -> int | None:
        return None

    def advance(self, to: int, *, busy: bool = False) -> None:
        """Do nothing: time stands still."""


class _TapeScheduler(Scheduler):
    """One thread; giving way takes the recorded interrupts."""

    def __init__(self, tape: Tape) -> None:
        super().__init__(_NoTime())
        self.tape = tape

    def block(self, on: Any, deadline: int | None = None) -> bool:
        self.tape.interrupts()
        return False

    def spawn(self, name: str, body: Callable[[], None]) -> Thread:
        return Thread(name)


def show(op: list[Any]) -> str:
    """Return an op as text: addresses and values in hexadecimal."""
    if op[0] in ("r", "w") and len(op) > 3:
        value = f" = {op[4]:#0{2 + 2 * op[3]}x}" if len(op) > 4 else ""
        return f"{op[0]}{8 * op[3]} {op[1]} {op[2]:#05x}{value}"
    return " ".join(map(str, op))
