# SPDX-License-Identifier: GPL-2.0-only
"""Replay a golden trace: run the port against the tape and require the same acts, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from ..hw.errors import MachineError
from ..trace.site import cause
from .golden import GoldenTrace
from .golden_machine import GoldenMachine
from .tape import LOCK_KINDS, Divergence, show


@dataclass(frozen=True, slots=True)
class Replayed:
    """The outcome of one replay; *divergence* is empty if the port did the same."""

    name: str
    source: str
    divergence: str = ""
    #: The statement of the port to blame, if any: "patch/p04_...py:33 in pciehp_reset_slot (C: ...)".
    where: str = ""


def replay(trace: GoldenTrace) -> Replayed:
    """Run the port against *trace*.

    :raises MachineError: the trace names something its machine does not have"""
    stage = set_up(trace)
    try:
        return Replayed(trace.name, trace.source, end_state(stage, trace, perform(stage, trace)))
    except MachineError:
        raise
    except Exception as error:  # whatever the port does that the C did not is a divergence
        problem = str(error) if isinstance(error, Divergence) else f"the port failed: {error!r}"
        return Replayed(trace.name, trace.source, problem, blame(error, vars(stage.kernel)))


def set_up(trace: GoldenTrace) -> GoldenMachine:
    """Return the machine of *trace*, ready for its call.

    :raises MachineError: the machine is impossible"""
    try:
        return GoldenMachine(trace)
    except Exception as error:
        raise MachineError(f"{trace.source}: the machine of {trace.name} cannot be set up: {error!r}") from error


def perform(stage: GoldenMachine, trace: GoldenTrace) -> Any:
    """Make the calls of *trace* against its tape.

    :return: the result in the form of the trace
    :raises Divergence: the port did something else"""
    stage.tape.rolling = True
    if trace.call["function"] == "sequence":
        return [step_result(stage, index, step) for index, step in enumerate(trace.call["steps"])]
    return stage.perform(trace.call)


def step_result(stage: GoldenMachine, index: int, step: dict[str, Any]) -> Any:
    """Make one call of a sequence; hardware events between calls are on the tape already."""
    if "hw" in step:
        return None
    stage.tape.emit("step", index)
    return stage.perform(step)


def end_state(stage: GoldenMachine, trace: GoldenTrace, result: Any) -> str:
    """Return what is wrong after all acts were right, "" for nothing."""
    tape = stage.tape
    if tape.cursor < len(tape.ops):
        return f"op {tape.cursor}: expected {show(tape.ops[tape.cursor])}, got the end of the call"
    if result != trace.result:
        return f"result: expected {trace.result}, got {result}"
    held = [f"{kind} {of}" for kind, of in tape.sched.current.held if kind in LOCK_KINDS]
    if held:
        return f"locks still held: {', '.join(held)}"
    for name, state in trace.state_after.items():
        dev = stage.devices[name]
        got = {"power_state": dev.current_state, "state_saved": bool(dev.state_saved)}
        if got != state:
            return f"state of {name}: expected {state}, got {got}"
    return ""


def blame(error: Exception, symtab: dict[str, Any]) -> str:
    """Return the statement of the port that went wrong, with its C."""
    stack = [(frame.f_code, lasti) for frame, lasti in _frames(error.__traceback__) if frame.f_globals is symtab]
    return str(cause(reversed(stack)) or "")


def _frames(tb: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while tb is not None:
        yield tb.tb_frame, tb.tb_lasti
        tb = tb.tb_next
