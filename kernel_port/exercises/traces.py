# SPDX-License-Identifier: GPL-2.0-only
"""A kernel against golden traces: the first act that differs, and who does it, here and in the C."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from ..choice import KernelChoice
from ..hw.errors import MachineError
from ..mends import LOADED
from ..recordings import golden, real_kernel
from ..recordings.golden import GoldenTrace
from ..recordings.golden_machine import GoldenMachine
from ..recordings.golden_replay import perform
from ..recordings.real_kernel import Recording
from ..recordings.tape import LOCK_KINDS, Divergence
from ..trace.site import Site, locate

DATA = Path(__file__).parent / "data"
GOLDEN, REAL = DATA / "golden.jsonl.xz", DATA / "real.jsonl.xz"

Op = list[Any]


@cache
def traces() -> tuple[GoldenTrace, ...]:
    """Return the golden traces that ship."""
    return tuple(golden.parse(line, f"{GOLDEN.name}:{number}") for number, line in lines(GOLDEN))


def recording(name: str) -> Recording:
    """Return a recording that ships."""
    every = (json.loads(line) for _, line in lines(REAL))
    return next(real_kernel.parse(each, name) for each in every if each["name"] == name)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a compressed file, with their numbers."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        yield from enumerate(file, 1)


def level_for(patch: int, level: int) -> int | None:
    """Return at which point of the series a trace of *level* judges a patch; None: at none.

    Traces of 0 are those of 1 to 4, too, and traces of 5 those of 6 and 7 (tests/golden/FORMAT.md)."""
    if patch <= level:
        return level
    return patch if patch <= {0: 4, 5: 7}.get(level, level) else None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does an act: kernel functions, outermost first, and the innermost statement of a user's file."""

    stack: tuple[Site, ...] = ()
    own: Site | None = None

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of the functions."""
        return tuple(site.function for site in self.stack)

    @property
    def function(self) -> str:
        """The innermost function that does not only carry out what its caller decides; "" if there is none."""
        decided = [site.function for site in self.stack if not site.carries_out]
        return decided[-1] if decided else ""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that a kernel does otherwise than the C."""

    trace: GoldenTrace
    done: tuple[Op, ...]
    """The acts before, which are right."""
    expected: Op | None
    """What the C does; None: it is done."""
    got: Op | None
    """What the kernel does; None: it is done, or has failed."""
    actor: Actor
    """Who does it."""
    error: BaseException | None = None
    """What ended the kernel's code."""
    results: tuple[Any, Any] | None = None
    """All acts are right: what the C returned, and the kernel."""
    held: tuple[str, ...] = ()
    """All acts are right: the locks that nobody released."""


def difference(trace: GoldenTrace, choice: KernelChoice) -> Difference | None:
    """Replay *trace* with a kernel; return the first difference, None if there is none."""
    try:
        stage = GoldenMachine(trace, choice)
    except MachineError:
        raise
    except Exception as error:
        return Difference(trace, (), None, None, actor_of(error), error)
    tape = stage.tape
    failure: BaseException | None = None
    try:
        result = perform(stage, trace)
    except Divergence as error:
        done, got, actor = tape.ops[: tape.cursor - 1], error.got, actor_of(error)
        return Difference(trace, tuple(done), following(tape.ops, tape.cursor - 1), got, actor)
    except (Exception, SystemExit) as error:
        failure = error
    if failure is not None:
        done = tape.ops[: tape.cursor]
        return Difference(trace, tuple(done), following(tape.ops, tape.cursor), None, actor_of(failure), failure)
    if tape.cursor < len(tape.ops):
        return Difference(trace, tuple(tape.ops[: tape.cursor]), tape.ops[tape.cursor], None, Actor())
    if result != trace.result:
        return Difference(trace, tuple(tape.ops), None, None, Actor(), results=(trace.result, result))
    held = tuple(f"{kind} {of}" for kind, of in tape.sched.current.held if kind in LOCK_KINDS)
    return Difference(trace, tuple(tape.ops), None, None, Actor(), held=held) if held else None


def following(ops: list[Op], cursor: int) -> Op | None:
    """Return the act at *cursor*; None behind the last one."""
    return ops[cursor] if cursor < len(ops) else None


def in_c(found: Difference, level: int) -> tuple[Actor, Actor]:
    """Return who does in the C what a kernel did otherwise, and who did the act before, by running the real kernel."""
    actors = []
    for ops in (found.done, found.done[:-1]):
        other = difference(replace(found.trace, ops=ops), KernelChoice(level))
        actors.append(other.actor if other else Actor())
    return actors[0], actors[1] if found.done else Actor()


def actor_of(error: BaseException) -> Actor:
    """Return whose code an error comes from."""
    stack: list[Site] = []
    own = None
    for code, lasti in frames(error.__traceback__):
        site = locate(code, lasti)
        if site is None:
            continue
        if code.co_filename in LOADED:
            own = site
        if own is site or site.file.startswith(("base/", "patch/", "kernel/")):
            stack.append(site)
    return Actor(tuple(stack), own)


def frames(tb: TracebackType | None) -> Iterator[tuple[Any, int]]:
    """Yield code and instruction of each frame, outermost first."""
    while tb is not None:
        yield tb.tb_frame.f_code, tb.tb_lasti
        tb = tb.tb_next
