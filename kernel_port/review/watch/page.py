# SPDX-License-Identifier: GPL-2.0-only
"""A recorded run as a page to step through, alone or beside another point of the series.

The data on the page (`replay.js` and `pane.js` read it) is text ready to show, and indices into tables, so that five
thousand events stay a small file. Steps are the events; with two runs, the rows of their alignment.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from types import CodeType
from typing import Any

from ...hw.fields import Field, fields
from ...hw.locations import locations
from ...kernel.system import Event
from ...trace.outcome import count
from ...trace.render import ABOUT, tell
from ...trace.site import cause, locate
from ...trace.spans import spans
from ..pages.html import data, page, text
from ..port.definitions import functions
from ..read.c_side import CSide
from .beside import Beside
from .observer import Observer, ThreadState
from .python_marks import marks

#: The page's scripts, in order.
SCRIPTS = ("dom.js", "timeline.js", "replay.js", "listing.js", "pane.js", "watch.js")


@dataclass(frozen=True, slots=True)
class Recording:
    """One run."""

    point: int
    """How many patches of the series the kernel has."""
    kernel: str
    result: str
    """The outcome, in a line."""
    failed: bool
    halt: str
    """The report of a deadlock or oops, or ""."""
    events: Sequence[Event]
    seen: Observer
    """What the observer saw, finished."""


def watch_page(
    title: str, about: str, command: str, recordings: Sequence[Recording], warnings: Sequence[str] = (),
    side: CSide | None = None,
) -> str:  # fmt: skip
    """Return the page of a run, or of two side by side.

    :param title: what was run: "pci_reset_slot(slot:1) on vga"
    :param about: a sentence about it
    :param command: the command line that makes this page
    :param warnings: what is doubtful about the machine
    :param side: the source of the C to show beside the Python"""
    tables = Tables(side)
    runs = [tables.run(recording) for recording in recordings]
    content: dict[str, Any] = {"title": title, "c": side.title if side else "", "runs": runs, **tables.as_json()}
    if len(recordings) == 2:
        content["rows"], content["divergence"] = alignment(*(recording.events for recording in recordings))
    points = " beside ".join(recording.kernel for recording in recordings)
    head = f"<h1>{text(title)}</h1>\n<p class=about>{text(points)}{text(about and f': {about}')}</p>"
    if warnings:
        listed = "".join(f"<li>{text(warning)}</li>" for warning in warnings)
        head += f"<details class=about><summary>{count(len(warnings), 'warning')}</summary><ul>{listed}</ul></details>"
    made = f"Made by <code>{text(command)}</code>; times are virtual. This file needs no network."
    body = f"""<header class=title>{head}</header>
<main id="watch"><noscript>Stepping needs JavaScript, all of which is in this file.</noscript></main>
<footer><p>{made}</p></footer>
{data("recording", content)}"""
    return page(f"{title}, step by step", body, ["page.css", "watch.css"], SCRIPTS)


class Tables:
    """Tables that runs share: stacks, source texts, register names."""

    def __init__(self, side: CSide | None) -> None:
        self._beside = Beside(side) if side else None
        self._stacks: dict[tuple[tuple[int, int], ...], int] = {}
        self._code: dict[tuple[str, int], int] = {}
        self._sources: list[dict[str, Any]] = []
        self._registers: dict[str, list[Any]] = {}

    def as_json(self) -> dict[str, Any]:
        """Return the tables as data."""
        return {"stacks": list(self._stacks), "code": self._sources, "registers": self._registers}

    def run(self, recording: Recording) -> dict[str, Any]:
        """Return one run as data."""
        seen, events = recording.seen, recording.events
        involved = sorted(seen.involved)
        number = {bdf: index for index, bdf in enumerate(involved)}
        return {
            "point": recording.point,
            "kernel": recording.kernel,
            "result": recording.result,
            "failed": recording.failed,
            "halt": recording.halt.splitlines(),
            "functions": [self.function(bdf, seen) for bdf in involved],
            "threads": threads(seen.threads),
            "events": [
                self.event(line.event, line.text, seen.start, number)
                for line in tell(events, seen.before, verbose=True)
            ],
            "changes": [
                {
                    "config": [[number[bdf], where, now.hex()] for bdf, where, now in change.config],
                    "hardware": {number[bdf]: condition for bdf, condition in change.hardware.items()},
                    "threads": threads(change.threads),
                }
                for change in seen.changes
            ],
            "spans": [relative(asdict(span), seen.start) for span in spans(events, seen.before)],
        }

    def function(self, bdf: str, seen: Observer) -> dict[str, Any]:
        """Return a function as it was at the beginning."""
        config = seen.before[bdf]
        registers = sorted(locations(config), key=lambda register: (register.start, register.size))
        for register in registers:
            self._registers.setdefault(register.name, [list_field(field) for field in fields(register.name)])
        return {
            "bdf": bdf,
            "size": len(config),
            "config": config.rstrip(b"\0").hex(),
            "registers": [list(register) for register in registers],
            "condition": seen.condition[bdf],
        }

    def event(self, event: Event, shown: str, start: int, number: dict[str, int]) -> list[Any]:
        """Return an event: time, thread, kind, text, stack, the frame that caused it, the function it is about, and the
        registers it touched: offset and size."""
        sites = [(code, site) for code, lasti in event.stack if (site := locate(code, lasti)) is not None]
        stack = tuple((self.source(code), site.line) for code, site in sites)
        site = cause(event.stack)
        frame = next((index for index, (_, other) in enumerate(sites) if other == site), 0)
        about = event.args[1 if event.op == "hw" else ABOUT[event.op]] if event.op in ABOUT or event.op == "hw" else ""
        return [
            event.time - start, event.context, event.op, shown,
            self._stacks.setdefault(stack, len(self._stacks)), frame,
            number.get(about, -1), event.args[1:3] if event.op in ("r", "w") else None,
        ]  # fmt: skip

    def source(self, code: CodeType) -> int:
        """Return the number of a function's source text."""
        first, last = extent(code.co_filename, code.co_firstlineno)
        key = code.co_filename, first
        if key not in self._code:
            self._code[key] = len(self._sources)
            site = locate(code, 0)
            marked = marks(code.co_filename)
            lines = [
                [linecache.getline(code.co_filename, line).rstrip("\n"), marked.get(line, [])]
                for line in range(first, last + 1)
            ]
            self._sources.append(
                {
                    "name": code.co_name,
                    "file": site.file if site else "",
                    "c": site.c_source if site else "",
                    "first": first,
                    "lines": lines,
                    "beside": self._beside.find(site.file, code.co_name) if self._beside and site else None,
                }
            )
        return self._code[key]


def list_field(field: Field) -> list[Any]:
    """Return a field of a register: name, mask, names of values."""
    return [field.short, field.mask, {str(value): name for value, name in field.values.items()}]


def threads(states: dict[str, Any]) -> dict[str, Any]:
    """Return the states of threads as data; null for a thread that ended."""
    return {name: state_json(state) for name, state in states.items()}


def state_json(state: ThreadState | None) -> list[Any] | None:
    """Return the state of a thread: a word, and the locks it holds."""
    return None if state is None else [state.state, list(state.held)]


def relative(span: dict[str, Any], start: int) -> dict[str, Any]:
    """Return a span with times relative to *start*."""
    return span | {"start": span["start"] - start, "stop": span["stop"] - start}


def extent(path: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the innermost function around *line*, which may be a lambda's."""
    extents = ((node.lineno, node.end_lineno or node.lineno) for node in functions(path).values())
    around = [each for each in extents if each[0] <= line <= each[1]]
    return max(around, default=(line, line))


def alignment(left: Sequence[Event], right: Sequence[Event]) -> tuple[list[list[int]], int]:
    """Align two runs row by row: numbers of events that are the same act, -1 where the other run does something else.

    :return: the rows, and the first that differs; -1 if none does"""
    rows: list[list[int]] = []
    for same, first, last, second, end in opcodes(left, right):
        if same:
            rows += [[first + step, second + step] for step in range(last - first)]
        else:
            rows += [[index, -1] for index in range(first, last)]
            rows += [[-1, index] for index in range(second, end)]
    return rows, next((row for row, pair in enumerate(rows) if -1 in pair), -1)


def opcodes(left: Sequence[Event], right: Sequence[Event]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield stretches that are the same and stretches that are not. The common beginning is matched first: runs of the
    same machine are alike until they differ, and comparing repetitive runs is slow."""
    first, second = [[key(event) for event in events] for events in (left, right)]
    common = next(
        (index for index, (one, other) in enumerate(zip(first, second, strict=False)) if one != other),
        min(len(first), len(second)),
    )
    yield True, 0, common, 0, common
    for tag, i, j, k, m in SequenceMatcher(None, first[common:], second[common:]).get_opcodes():
        yield tag == "equal", common + i, common + j, common + k, common + m


def key(event: Event) -> tuple[Any, ...]:
    """Return what equal acts share, whenever they happen."""
    return event.context, event.op, *event.args
