# SPDX-License-Identifier: GPL-2.0-only
"""Two traces of the same thing, aligned act by act, thread by thread: what only one of them does."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from ..terminal import Paint, clean
from .outcome import count
from .render import RUN, TraceLine, headed, laid_out

#: Only in the old trace, only in the new one, in both with different values read.
GONE, NEW, VALUE = "-", "+", "~"
STYLES = {GONE: "red", NEW: "green", VALUE: "yellow"}
#: The operations that say most about a thread.
LANDMARKS = ("queue_work", "remove_device", "scan_slot", "already_there", "printk", "lock_wait", "hw")
#: Lines shown of one place; the rest are counted.
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Difference:
    """An act that only one of two traces has, or a read with a different result."""

    side: str
    """GONE, NEW or VALUE."""
    line: TraceLine
    """From the new trace if it is there, else from the old one."""
    before: int | None = None
    """The value read in the old trace, for VALUE."""

    @property
    def kind(self) -> tuple[Any, ...]:
        """Equal for accesses that may share a line, never for others."""
        event, site = self.line.event, self.line.site
        if self.side != VALUE and not self.line.routine:
            return (id(self),)
        return self.side, event.op, event.args[0], event.args[2], site and site.function

    def as_json(self, start: int) -> dict[str, Any]:
        """Return the difference as data."""
        event, site = self.line.event, self.line.site
        return {
            "side": self.side,
            "t": event.time - start,
            "context": event.context,
            "op": event.op,
            "args": list(event.args),
            "value_before": self.before,
            "function": site.function if site else None,
            "at": f"{site.file}:{site.line}" if site else None,
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace as text."""

    lines: Sequence[TraceLine] = ()
    start: int = 0
    """Virtual time when it began, ns."""


@dataclass(frozen=True, slots=True)
class TraceComparison:
    """Two traces and their differences, in the order of the new one."""

    old: Trace
    new: Trace
    differences: tuple[Difference, ...]

    def landmarks(self) -> tuple[list[Difference], Counter[str]]:
        """Return the differences without the routine of threads that only one trace has, and how much that leaves
        out."""
        alone = {_context(line) for line in self.old.lines} ^ {_context(line) for line in self.new.lines}
        kept, left_out = [], Counter[str]()
        for difference in self.differences:
            context = _context(difference.line)
            if context in alone and difference.line.event.op not in LANDMARKS:
                left_out[context] += 1
            else:
                kept.append(difference)
        return kept, left_out

    def report(self, verbose: bool, paint: Paint) -> Iterator[str]:
        """Yield the differences for people, line by line.

        :param verbose: all of them, not just the first few of each place and the landmarks of threads that only one
            trace has"""
        chosen, left_out = (self.differences, Counter[str]()) if verbose else self.landmarks()
        for (context, about, path), group in groupby(_headed(chosen), lambda pair: pair[0]):
            who = "" if context == "main" else f"  ({clean(context)})"
            yield paint("bold", f"  {about:<12}  {' > '.join(path)}{who}")
            runs = groupby((difference for _, difference in group), lambda difference: difference.kind)
            lines = [line for _, run in runs for line in self._lines(list(run), paint)]
            shown = lines if verbose or len(lines) <= SHOWN + 1 else lines[:SHOWN]
            yield from shown
            if len(lines) > len(shown):
                yield f"{'...':>13}  {len(lines) - len(shown)} lines more (-v)"
        for context, times in left_out.items():
            yield f"  {clean(context)}: {count(times, 'act')} more (-v)"

    def _lines(self, run: list[Difference], paint: Paint) -> Iterator[str]:
        """Yield differences of one kind, several in one line."""
        start = self.start_of(run[0])
        texts = [_together(run)] if len(run) >= RUN else map(_text, run)
        for difference, text in zip(run, texts, strict=False):
            yield f"{paint(STYLES[difference.side], difference.side)} {laid_out(difference.line, text, start, paint)}"

    def start_of(self, difference: Difference) -> int:
        """Return when the trace that a difference comes from began, ns."""
        return self.old.start if difference.side == GONE else self.new.start

    def as_json(self) -> list[dict[str, Any]]:
        """Return the differences as data."""
        return [difference.as_json(self.start_of(difference)) for difference in self.differences]


def compare_traces(old: Trace, new: Trace) -> TraceComparison:
    """Align two traces, each thread and interrupt by itself: the order of threads does not matter, only what each
    does."""
    times = [line.event.time - new.start for line in new.lines]
    placed: list[tuple[tuple[int, int, int], Difference]] = []
    for context in dict.fromkeys(map(_context, (*old.lines, *new.lines))):
        a = [line for line in old.lines if _context(line) == context]
        b = [(place, line) for place, line in enumerate(new.lines) if _context(line) == context]
        matcher = SequenceMatcher(None, [_key(line) for line in a], [_key(line) for _, line in b], autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                pairs = zip(a[i1:i2], b[j1:j2], strict=True)
                placed += [((place, 1, 0), Difference(VALUE, now, _read(was))) for was, (place, now) in pairs
                           if _read(was) != _read(now)]  # fmt: skip
                continue
            earliest, latest = b[j1 - 1][0] + 1 if j1 else 0, b[j1][0] if j1 < len(b) else len(times)
            for i in range(i1, i2):
                place = bisect_right(times, a[i].event.time - old.start)
                placed.append(((min(max(place, earliest), latest), 0, i), Difference(GONE, a[i])))
            placed += [((place, 1, 0), Difference(NEW, line)) for place, line in b[j1:j2]]
    placed.sort(key=lambda pair: pair[0])
    return TraceComparison(old, new, tuple(difference for _, difference in placed))


def _context(line: TraceLine) -> str:
    return "hw" if line.event.op == "hw" else line.event.context


def _read(line: TraceLine) -> int | None:
    """Return the value that a read returned."""
    return line.event.args[3] if line.event.op == "r" else None


def _key(line: TraceLine) -> tuple[Any, ...]:
    """Return what equal acts share: neither the value of a read nor the calling function counts."""
    event = line.event
    return (event.op, *(event.args[:3] if event.op == "r" else event.args))


def _headed(differences: Iterable[Difference]) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], Difference]]:
    """Yield each difference with the heading of its line."""
    differences = tuple(differences)
    headings = (heading for heading, _ in headed(difference.line for difference in differences))
    return zip(headings, differences, strict=True)


def _text(difference: Difference) -> str:
    if difference.before is None:
        return difference.line.text
    size = difference.line.event.args[2]
    return f"{difference.line.text}, before {difference.before:#0{2 * size + 2}x}"


def _together(run: list[Difference]) -> str:
    """Describe several accesses of one kind in one line."""
    op, size = run[0].line.event.op, run[0].line.event.args[2]
    offsets = [difference.line.event.args[1] for difference in run]
    span, acts = f"{min(offsets):#05x}..{max(offsets):#05x}", "reads" if op == "r" else "writes"
    what = f"{op}{8 * size:<2} {span}  {len(run)} {acts}"
    if run[0].side != VALUE:
        return f"{what}, values as before"
    silent = (1 << 8 * size) - 1
    if all(difference.before == silent for difference in run):
        return f"{what}, where nothing answered before"
    if all(difference.line.event.args[3] == silent for difference in run):
        return f"{what}, where nothing answers any more"
    return f"{what}, other values"
