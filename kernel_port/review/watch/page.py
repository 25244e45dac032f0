# SPDX-License-Identifier: GPL-2.0-only
"""A recorded run as a page to step through, alone or beside another point of the series.

The data on the page (`replay.js` and `pane.js` read it) is text ready to show, and indices into tables, so that five
thousand events stay a small file. Steps are the events; with two runs, the rows of their alignment.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from .alignment import alignment
from .beside import Beside
from .captions import captions
from .chapters import Chapter, chapters
from .observer import Observer, ThreadState
from .python_marks import marks
from .topology import drawn, listed

#: The page's scripts, in order.
SCRIPTS = (
    "dom.js", "timeline.js", "replay.js", "listing.js", "trace.js", "topology.js", "registers.js", "pane.js",
    "controls.js", "watch.js",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """One run."""

    point: int
    """How many patches of the series the kernel has."""
    kernel: str
    explained: str
    """What the kernel's name stands for."""
    result: str
    """The outcome, in a line."""
    failed: bool
    halt: str
    """The report of a deadlock or oops, or ""."""
    events: Sequence[Event]
    seen: Observer
    """What the observer saw, finished."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What was run."""

    title: str
    """"pci_reset_slot(slot:1) on vga"."""
    question: str
    """The question that it answers, or ""."""
    story: str
    """The whole text about it, in paragraphs, or ""."""
    command: str
    """The command line that makes this page."""
    warnings: Sequence[str] = ()
    """What is doubtful about the machine."""


def watch_page(subject: Subject, recordings: Sequence[Recording], side: CSide | None = None) -> str:
    """Return the page of a run, or of two side by side.

    :param side: the source of the C to show beside the Python"""
    tables = Tables(side)
    runs = [tables.run(recording) for recording in recordings]
    involved = {bdf for recording in recordings for bdf in recording.seen.involved}
    content: dict[str, Any] = {
        "title": subject.title,
        "c": side.title if side else "",
        "runs": runs,
        "machine": drawn(recordings[0].seen.description, involved),
        **tables.as_json(),
    }
    if len(recordings) == 2:
        content["rows"], content["differences"] = alignment(*(recording.events for recording in recordings))
    question = f"<p class=question>{text(subject.question)}</p>" if subject.question else ""
    body = f"""<header class=title><h1>{text(subject.title)}</h1>{question}
{about(subject, recordings)}</header>
<main id="watch"><noscript>Stepping needs JavaScript, all of which is in this file.</noscript></main>
{data("recording", content)}"""
    return page(f"{subject.title}, step by step", body, ["page.css", "watch.css", "panels.css"], SCRIPTS)


def about(subject: Subject, recordings: Sequence[Recording]) -> str:
    """Return what there is to know before one steps: the whole question, the kernels, the machine, keys and marks."""
    story = "".join(f"<p>{text(' '.join(part.split()))}</p>" for part in subject.story.split("\n\n") if part.strip())
    kernels = "".join(
        f"<dt>{text(recording.kernel)}</dt><dd>{text(recording.explained)}</dd>" for recording in recordings
    )
    machine = recordings[0].seen.description
    lines = "\n".join(map(text, listed(machine)))
    warnings = "".join(f"<li>{text(warning)}</li>" for warning in subject.warnings)
    doubts = f"<h2>{count(len(subject.warnings), 'warning')}</h2><ul>{warnings}</ul>" if warnings else ""
    return f"""<details class=about><summary>About this run</summary><div class=sheet>
{f"<h2>The question</h2>{story}" if story else ""}<h2>The kernel</h2><dl>{kernels}</dl>
<h2>The machine: {text(machine.name)}</h2>
<pre class=code tabindex=0 role=region aria-label="The machine">{lines}</pre>
{doubts}<h2>Keys and marks</h2><div id=keys></div>
<p class=made>Made by <code>{text(subject.command)}</code>; times are virtual. This file needs no network.</p>
</div></details>"""


class Tables:
    """Tables that runs share: stacks, source texts, register names."""

    def __init__(self, side: CSide | None) -> None:
        self._beside = Beside(side) if side else None
        self._stacks: dict[tuple[tuple[int, int], ...], int] = {}
        self._code: dict[tuple[str, int], int] = {}
        self._sources: list[dict[str, Any]] = []
        self._registers: dict[str, list[Any]] = {}
        self._captions: dict[str, int] = {}

    def as_json(self) -> dict[str, Any]:
        """Return the tables as data."""
        return {
            "stacks": list(self._stacks),
            "code": self._sources,
            "registers": self._registers,
            "captions": list(self._captions),
        }

    def run(self, recording: Recording) -> dict[str, Any]:
        """Return one run as data."""
        seen, events = recording.seen, recording.events
        involved = sorted(seen.involved)
        number = {bdf: index for index, bdf in enumerate(involved)}
        parts = chapters(events, seen.before)
        told = zip(tell(events, seen.before, verbose=True), captions(events, seen), strict=True)
        return {
            "point": recording.point,
            "kernel": recording.kernel,
            "explained": recording.explained,
            "result": recording.result,
            "failed": recording.failed,
            "halt": recording.halt.splitlines(),
            "functions": [self.function(bdf, seen) for bdf in involved],
            "threads": threads(seen.threads),
            "events": [
                [*self.event(line.event, line.text, seen.start, number), self.caption(caption)]
                for line, caption in told
            ],
            "chapters": [[part.title, part.function, part.thread, part.events[0]] for part in parts],
            "chapter": chapter_of(parts, len(events)),
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

    def caption(self, said: str) -> int:
        """Return the number of a caption."""
        return self._captions.setdefault(said, len(self._captions))

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
                    "doc": folded(code.co_filename, code.co_name, first),
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


def chapter_of(parts: Sequence[Chapter], events: int) -> list[int]:
    """Return the chapter of each event; interrupts are in the one they interrupt. -1: none has begun."""
    of = {event: index for index, part in enumerate(parts) for event in part.events}
    found, latest = [], -1
    for event in range(events):
        latest = of.get(event, latest)
        found.append(latest)
    return found


def folded(path: str, name: str, first: int) -> list[int] | None:
    """Return the lines of a function's docstring that can be folded away, from the function's first line on, counted
    from 0: the second and the last. None if there are none."""
    node = functions(path).get((name, first))
    if node is None or not isinstance(node.body[0], ast.Expr) or not isinstance(node.body[0].value, ast.Constant):
        return None
    docstring = node.body[0]
    last = docstring.end_lineno or docstring.lineno
    return [docstring.lineno + 1 - first, last - first] if last > docstring.lineno else None


def extent(path: str, line: int) -> tuple[int, int]:
    """Return the first and last line of the innermost function around *line*, which may be a lambda's."""
    extents = ((node.lineno, node.end_lineno or node.lineno) for node in functions(path).values())
    around = [each for each in extents if each[0] <= line <= each[1]]
    return max(around, default=(line, line))
