# SPDX-License-Identifier: GPL-2.0-only
"""Run a kernel function and keep what it did: every call it made, the lines each ran through, what each returned.

Only frames of the kernel that runs on the given computer are followed: their globals are its symbol table.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from ..kernel.system import Event, System


@dataclass(eq=False, slots=True)
class FollowedCall:
    """One call of a kernel function that has returned."""

    code: CodeType
    symtab: dict[str, Any]
    #: Line of the caller that made it; 0 for the outermost call.
    caller_line: int
    #: The computer's events from the call to the return.
    events: list[Event]
    #: Lines run, in order; repeated in a loop.
    lines: list[int] = field(default_factory=list)
    #: Calls made directly, in order; interrupts in between do not count.
    calls: list[FollowedCall] = field(default_factory=list)
    result: Any = None
    #: Local variables at a return of a negative number; empty otherwise.
    variables: dict[str, Any] = field(default_factory=dict)
    first_event: int = 0


def follow(system: System, function: Callable[..., Any], *args: Any) -> FollowedCall:
    """Call *function* on *system* and follow it."""
    symtab = system.symtab
    running: dict[FrameType, FollowedCall] = {}
    outermost: list[FollowedCall] = []

    def enter(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_globals is not symtab:
            return None
        caller = frame.f_back
        parent = running.get(caller) if caller is not None else None
        line = caller.f_lineno if parent is not None and caller is not None else 0
        call = FollowedCall(frame.f_code, symtab, line, [], first_event=len(system.events))
        (parent.calls if parent is not None else outermost).append(call)
        running[frame] = call
        return step

    def step(frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            running[frame].lines.append(frame.f_lineno)
        elif event == "return":
            call = running.pop(frame)
            call.result = arg
            if isinstance(arg, int) and arg < 0:
                call.variables = dict(frame.f_locals)
                call.events = system.events[call.first_event :]
        return step

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return outermost[0]
