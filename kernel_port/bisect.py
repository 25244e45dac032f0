# SPDX-License-Identifier: GPL-2.0-only
"""The same thing at each point of the series: a matrix of the outcomes, and what each patch changes."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from .calls import find_call, parameters_of
from .choice import ALL, KernelChoice
from .hw.description import MachineDescription
from .kernel.sched import Halt
from .machine import boot
from .scenarios import Outcome, Scenario, play
from .scenarios._outcome import Before, observe
from .series import PATCHES
from .terminal import Paint, clean
from .trace.difference import Trace, TraceComparison, compare_traces
from .trace.outcome import count, loss_as_json
from .trace.render import tell
from .trace.snapshot import Recorder

#: More addresses than this are counted, not listed.
LISTED = 3


def kernels(last: KernelChoice) -> list[KernelChoice]:
    """Return the kernels to compare: base, +1 ... +8, and one more for each module that *last* has on top."""
    mends = [str(mend.path) if mend.is_users else mend.name for mend in last.mends]
    series = [KernelChoice(patches) for patches in range(ALL + 1)]
    return series + [KernelChoice(ALL, tuple(mends[: index + 1])) for index in range(len(mends))]


@dataclass(frozen=True, slots=True)
class Point:
    """The outcome with one kernel."""

    kernel: KernelChoice
    outcome: Outcome | None = None
    """None: the kernel does not have the function yet."""
    trace: Trace = field(default=Trace(), repr=False)

    @property
    def name(self) -> str:
        """The name of the point: "base", "+1", ..., "+8", "+8+try-reset"."""
        return self.kernel.point

    @property
    def cells(self) -> dict[str, str]:
        """The row of the matrix, by column."""
        outcome = self.outcome
        if outcome is None:
            return {"outcome": "no such call"}
        return {
            "outcome": in_a_word(outcome),
            "returned": ", ".join(map(code, outcome.results.values())) or "-",
            "time": f"{outcome.time_ns / 1e6:.3f} ms",
            "reset": resets(outcome),
            "config space": config_space(outcome),
            "functions": functions(outcome),
            "spurious events": ", ".join(event_name(event) for _, _, event in outcome.spurious) or "none",
        }

    def as_json(self) -> dict[str, Any]:
        """Return the point as data; `kernel-port bisect --help` says which keys."""
        outcome = self.outcome
        if outcome is None:
            return {**self.choice_json(), "exists": False, "outcome": "no such call"}
        return {
            **self.choice_json(),
            "exists": True,
            "outcome": in_a_word(outcome),
            "rc": outcome.results,
            "deadlock": outcome.deadlock or None,
            "oops": outcome.oops or None,
            "time_ns": outcome.time_ns,
            "lost": outcome.removed,
            "recreated": outcome.recreated,
            "added_twice": outcome.added_twice,
            "spurious_events": [{"t_ms": ms, "port": port, "event": event} for ms, port, event in outcome.spurious],
            "config_restored": not outcome.lost,
            "functions": [loss_as_json(loss) for loss in outcome.losses],
        }

    def choice_json(self) -> dict[str, Any]:
        """Return which kernel it is as data."""
        return {"patches": self.kernel.patches, "with": self.kernel.names}


def in_a_word(outcome: Outcome) -> str:
    """Return the outcome in a word or two, the worst there is to say: "lost", "calm"."""
    failed = any(result is not None and result < 0 for result in outcome.results.values())
    words = {
        "deadlock": outcome.deadlock,
        "oops": outcome.oops,
        "lost": outcome.removed and outcome.spurious,
        "failed": failed and outcome.resets,
        "refused": failed,
        "re-added": outcome.recreated and outcome.spurious,
        "added twice": outcome.added_twice,
        "not restored": outcome.lost,
        "removed": outcome.removed or outcome.recreated,
        "calm": outcome.resets,
        "nothing reset": True,
    }
    return next(word for word, said in words.items() if said)


def code(result: int | None) -> str:
    """Return a return code as short text: "0", "-ENOTTY"."""
    if result is None:
        return "-"
    return f"-{errno.errorcode[-result]}" if -result in errno.errorcode else str(result)


def resets(outcome: Outcome) -> str:
    """Say which functions went through which resets: "hot reset 01:00.0, 01:00.1"."""
    taken: dict[str, list[str]] = {}
    for bdf, kinds in outcome.resets.items():
        for kind, times in Counter(kinds).items():
            taken.setdefault(kind if times == 1 else f"{times} x {kind}", []).append(bdf)
    return "; ".join(f"{kind} {listed(bdfs)}" for kind, bdfs in taken.items()) or "nothing"


def config_space(outcome: Outcome) -> str:
    """Say whether the registers changed by resets were restored."""
    if not outcome.resets:
        return "as before"
    if outcome.lost:
        return f"{count(sum(map(len, outcome.lost.values())), 'register')} NOT restored: {listed(outcome.lost)}"
    return "restored"


def functions(outcome: Outcome) -> str:
    """Say which functions the kernel lost, re-added or has twice."""
    kinds = {"lost": outcome.removed, "re-added": outcome.recreated, "added twice": outcome.added_twice}
    return "; ".join(f"{listed(bdfs)} {kind}" for kind, bdfs in kinds.items() if bdfs) or "as before"


def event_name(event: str) -> str:
    """Return a hot-plug event as text: "presence off"."""
    return event.removeprefix("INT_").replace("_", " ").lower()


def listed(bdfs: Iterable[str]) -> str:
    """List addresses, without domain 0; count them if there are many."""
    short = [bdf.removeprefix("0000:") for bdf in bdfs]
    return ", ".join(short) if len(short) <= LISTED else f"of {len(short)} functions"


def measure_call(
    description: MachineDescription, kernel: KernelChoice, target: str, name: str, seed: int | None = None
) -> Point:
    """Call *name* on a target of a machine with one kernel."""
    with boot(description, kernel, seed=seed) as machine:
        if parameters_of(machine.kernel, name) is None:
            return Point(kernel)
        call = find_call(machine.kernel, name, *machine.target(target))
        recorder, before = Recorder(machine), Before(machine)
        machine.system.listen = recorder.note
        results: dict[str, int | None] = {}
        halt = None
        try:
            results["main"] = machine.call(call.name, *call.arguments)
        except Halt as end:
            halt = end
        machine.system.listen = None
        outcome = observe(machine, before, recorder, results, halt, machine.clock.now)
        lines = tuple(tell(machine.events, recorder.before, verbose=False))
        return Point(kernel, outcome, Trace(lines, recorder.start))


def measure_scenario(scenario: Scenario, kernel: KernelChoice, seed: int | None = None) -> Point:
    """Play a scenario with one kernel."""
    if kernel.patches < scenario.since:
        return Point(kernel)
    run = play(scenario, kernel, seed)
    return Point(kernel, run.outcome, Trace(tuple(tell(run.events, run.before, verbose=False)), run.start))


@dataclass(frozen=True, slots=True)
class Step:
    """The step from one kernel to the next, if it changes something."""

    to: KernelChoice
    changes: dict[str, tuple[str, str]]
    """Column of the matrix -> before and after."""
    comparison: TraceComparison
    """Compares the traces."""

    @property
    def subject(self) -> str:
        """The subject of the patch, the title of the mend."""
        return self.to.mends[-1].title if self.to.extra else PATCHES[self.to.patches - 1].subject

    @property
    def title(self) -> str:
        """What the step adds to the kernel."""
        if self.to.extra:
            return f"{self.to.names[-1]}, {self.subject}"
        return f"patch {self.to.patches}, {self.subject}"

    def report(self, verbose: bool, paint: Paint) -> Iterator[str]:
        """Yield the step for people, line by line."""
        yield paint("bold", clean(self.title))
        for column, (before, after) in self.changes.items():
            yield f"  {column}: {clean(before)} -> {clean(after)}"
        yield from self.comparison.report(verbose, paint)

    def as_json(self) -> dict[str, Any]:
        """Return the step as data; `kernel-port bisect --help` says which keys."""
        return {
            "patch": None if self.to.extra else self.to.patches,
            "with": self.to.names[-1:],
            "subject": self.subject,
            "changes": {column: list(pair) for column, pair in self.changes.items()},
            "differences": self.comparison.as_json(),
        }


def steps(points: Sequence[Point]) -> Iterator[Step]:
    """Return the patches, and what is on top of them, that change anything, in order."""
    for old, new in pairwise(points):
        before, after = old.cells, new.cells
        shared = (column for column in after if column in before)
        changes = {column: (before[column], after[column]) for column in shared if before[column] != after[column]}
        comparison = compare_traces(old.trace, new.trace if old.outcome else Trace())
        if changes or comparison.differences:
            yield Step(new.kernel, changes, comparison)


def table(points: Sequence[Point], paint: Paint) -> Iterator[str]:
    """Yield the matrix, line by line; a row equal to the one before is dim."""
    columns = max((list(point.cells) for point in points), key=len)
    rows = [[clean(point.cells.get(column, "")) for column in columns] for point in points]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    names = max(len(point.name) for point in points)
    yield _row(" " * names, columns, widths)
    for place, (point, row) in enumerate(zip(points, rows, strict=True)):
        as_before = place > 0 and row == rows[place - 1]
        yield paint("dim" if as_before else "bold", _row(point.name.ljust(names), row, widths))


def _row(name: str, cells: Iterable[str], widths: Iterable[int]) -> str:
    """Return one row of the matrix."""
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"{name}  {'  '.join(padded)}".rstrip()
