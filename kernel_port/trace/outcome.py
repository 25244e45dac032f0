# SPDX-License-Identifier: GPL-2.0-only
"""The outcome of a call into the kernel: result, resets, what configuration space lost and got back, messages."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..kernel.sched import Halt, Oops, reports
from ..kernel.system import Event
from ..terminal import Paint, clean
from .render import as_json
from .snapshot import Loss, RegisterChange

REGISTER_COLUMN = 26
CHANGE_COLUMN = 44


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished call and its trace."""

    machine: str
    kernel: str
    call: str
    """The C function called."""
    target: str
    rc: int | None
    """What it returned; None for a function without a result, or if it never returned."""
    halt: Halt | None
    """The deadlock or oops that ended it, if it never returned."""
    events: list[Event]
    losses: list[Loss]
    start: int
    """When it began, ns of virtual time."""
    end: int
    warnings: list[str]
    fault: str = ""
    """What is wrong with a reset that returned 0, in a word; "" for nothing."""
    verdict: str = ""
    """The same in words."""
    reasons: tuple[str, ...] = ()
    """Why each function came back as it did, for those that did not come back as they were."""

    @property
    def failed(self) -> bool:
        """Whether it returned an error, or never returned."""
        return self.halt is not None or (self.rc is not None and self.rc < 0)

    @property
    def messages(self) -> list[Event]:
        """Kernel messages, without debug messages."""
        return [event for event in self.events if event.op == "printk" and event.args[0] != "debug"]

    def summary(self, paint: Paint) -> Iterator[str]:
        """Yield the outcome for people, line by line; the last line is the return code."""
        yield paint("bold", "Configuration space: before, after the reset, at the end")
        for loss in self.losses:
            yield from loss_lines(loss, self.start)
        if not self.losses:
            yield "  as before"
        if self.messages:
            yield paint("bold", "Messages")
        for event in self.messages:
            yield f"  {(event.time - self.start) / 1e6:.3f}  {event.args[0]}: {clean(event.args[1])}"
        yield paint("bold", "Result")
        took = f"{(self.end - self.start) / 1e6:.3f} ms"
        if self.halt is not None:
            yield from (f"  {line}" for line in str(self.halt).splitlines())
            yield paint("red", f"{self.call} {end(self.halt)}; it got this far in {took}")
            return
        if self.verdict:
            yield paint("red", f"  No good: {self.verdict}")
        yield from (f"    {reason}" for reason in self.reasons)
        yield f"  {self.call} took {took}, {count(len(self.events), 'event')}, and returned"
        yield paint("red" if self.failed else "green", result(self.rc))

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as data; `kernel-port reset --help` says which keys."""
        deadlock, oops = reports(self.halt)
        return {
            "machine": self.machine,
            "kernel": self.kernel,
            "call": self.call,
            "target": self.target,
            "rc": self.rc,
            "error": errno.errorcode.get(-self.rc) if self.rc is not None and self.rc < 0 else None,
            "deadlock": deadlock or None,
            "oops": oops or None,
            "fault": self.fault or None,
            "verdict": self.verdict or None,
            "reasons": list(self.reasons),
            "time_ns": self.end - self.start,
            "functions": [loss_as_json(loss) for loss in self.losses],
            "messages": [
                {"t": event.time - self.start, "level": event.args[0], "text": event.args[1]} for event in self.messages
            ],
            "warnings": self.warnings,
            "trace": list(as_json(self.events, self.start)),
        }


def count(number: int, what: str) -> str:
    """Count things: "1 event", "2 events"."""
    return f"{number} {what}{'s' * (number != 1)}"


def end(halt: Halt) -> str:
    """Return how a call that never returned ended."""
    return "never returned: the kernel does not survive it" if isinstance(halt, Oops) else "never returned"


def result(rc: int | None) -> str:
    """Return a return code as text: "0", "-ENOTTY (25): Inappropriate ioctl for device"."""
    if rc is None:
        return "nothing (the function has no result)"
    if rc >= 0:
        return str(rc)
    name = f"-{errno.errorcode[-rc]} ({-rc})" if -rc in errno.errorcode else str(rc)
    return f"{name}: {os.strerror(-rc)}"


def loss_lines(loss: Loss, start: int) -> Iterator[str]:
    """Yield what happened to one function, line by line."""
    resets = ", ".join(f"{what} at {time / 1e6:.3f} ms" for time, what in loss.resets) or "not reset"
    counts = f"; {count(len(loss.lost), 'register')} lost, {len(loss.restored)} restored" if loss.resets else ""
    yield f"  {loss.bdf}  {resets}{counts}"
    restored = {difference.where for difference in loss.restored}
    for difference in loss.lost:
        back = "restored" if difference.where in restored else "NOT RESTORED"
        yield f"      {difference.where.name:<{REGISTER_COLUMN}}{difference.text:<{CHANGE_COLUMN}}  {back}"
    for difference in loss.otherwise_changed:
        yield f"      {difference.where.name:<{REGISTER_COLUMN}}{difference.text:<{CHANGE_COLUMN}}  changed"


def loss_as_json(loss: Loss) -> dict[str, Any]:
    """Return what happened to one function, as data."""
    return {
        "bdf": loss.bdf,
        "resets": [{"t": time, "kind": kind} for time, kind in loss.resets],
        "lost": [{**difference_as_json(d), "restored": d in loss.restored} for d in loss.lost],
        "changed": [difference_as_json(d) for d in loss.changed],
    }


def difference_as_json(difference: RegisterChange) -> dict[str, Any]:
    """Return a changed register as data."""
    name, offset, size = difference.where
    return {
        "register": name,
        "offset": offset,
        "size": size,
        "before": difference.old,
        "after": difference.new,
        "text": difference.text,
    }
