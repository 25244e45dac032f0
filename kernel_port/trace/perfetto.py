# SPDX-License-Identifier: GPL-2.0-only
"""A run as Chrome trace events (JSON), which ui.perfetto.dev and chrome://tracing open.

The processes are "kernel", with a track for each thread, interrupt and timer, "locks", with one for each lock, and
"hardware", with one for each state of each function. The format counts microseconds; times have three decimals for ns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..kernel.sched import NSEC_PER_USEC
from ..terminal import clean
from .exports import Export
from .render import tell
from .site import locate
from .spans import Span, spans

KERNEL, LOCKS, HARDWARE = 1, 2, 3
PROCESSES = {KERNEL: "kernel", LOCKS: "locks", HARDWARE: "hardware"}
#: The process of a span, unless it belongs to a thread.
PLACES = {
    "lock": LOCKS, "reset held": HARDWARE, "link down": HARDWARE, "presence lost": HARDWARE, "not ready": HARDWARE,
    "interrupt": HARDWARE,
}  # fmt: skip

Entry = dict[str, Any]


def perfetto(export: Export) -> str:
    """Return the JSON object: traceEvents, and what they are about."""
    tracks = Tracks(export.start)
    entries = [*tracks.calls(export), *tracks.happenings(export), *tracks.spans(export)]
    about = {"title": clean(export.title), "kernel": clean(export.kernel), "clock": "virtual"}
    trace = {"traceEvents": [*tracks.names(), *entries], "displayTimeUnit": "ms", "otherData": about}
    return json.dumps(trace, separators=(",", ":")) + "\n"


class Tracks:
    """The tracks of the trace, numbered in order of appearance."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._numbers: dict[tuple[int, str], int] = {}

    def entry(self, phase: str, process: int, track: str, name: str, time: int, **more: Any) -> Entry:
        """Return one trace event."""
        thread = self._numbers.setdefault((process, clean(track)), len(self._numbers) + 1)
        stamp = (time - self._start) / NSEC_PER_USEC
        return {"ph": phase, "pid": process, "tid": thread, "name": clean(name), "ts": stamp, **more}

    def names(self) -> Iterator[Entry]:
        """Yield the names of processes and tracks."""
        for process, name in PROCESSES.items():
            yield {"ph": "M", "pid": process, "tid": 0, "name": "process_name", "args": {"name": name}}
        for (process, name), thread in self._numbers.items():
            yield {"ph": "M", "pid": process, "tid": thread, "name": "thread_name", "args": {"name": name}}

    def calls(self, export: Export) -> Iterator[Entry]:
        """Yield the call stacks of each thread, as far as events show them: a call begins with the first event in
        it."""
        stacks: dict[str, list[str]] = {}
        latest: dict[str, int] = {}
        for event in export.events:
            names = [site.function for frame in reversed(event.stack) if (site := locate(*frame)) is not None]
            before = stacks.get(event.context, [])
            shared = next((i for i, (a, b) in enumerate(zip(before, names, strict=False)) if a != b),
                          min(len(before), len(names)))  # fmt: skip
            for name in reversed(before[shared:]):
                yield self.entry("E", KERNEL, event.context, name, latest[event.context])
            for name in names[shared:]:
                yield self.entry("B", KERNEL, event.context, name, event.time)
            stacks[event.context], latest[event.context] = names, event.time
        for context, names in stacks.items():
            for name in reversed(names):
                yield self.entry("E", KERNEL, context, name, latest[context])

    def happenings(self, export: Export) -> Iterator[Entry]:
        """Yield each event as an instant on the track of the thread that caused it."""
        for number, line in enumerate(tell(export.events, export.configs, verbose=True)):
            event = line.event
            process, track = (HARDWARE, f"{event.args[1]} events") if event.op == "hw" else (KERNEL, event.context)
            at = f"{line.site.file}:{line.site.line}" if line.site else None
            args = {"step": number + 1, "op": event.op, "args": [clean(str(arg)) for arg in event.args], "at": at}
            yield self.entry("i", process, track, line.text, event.time, s="t", cat=event.op, args=args)

    def spans(self, export: Export) -> Iterator[Entry]:
        """Yield what lasts, on separate tracks: locks need not be released in order."""
        for span in spans(export.events, export.configs):
            process = PLACES.get(span.track, KERNEL)
            yield self.entry(
                "X", process, self._track(span, process), f"{span.track}: {span.label}", span.start,
                dur=(span.stop - span.start) / NSEC_PER_USEC, cat=span.track,
                args={"by": clean(span.who), "ends": not span.open},
            )  # fmt: skip

    def _track(self, span: Span, process: int) -> str:
        """Return the track of a span: spans on one track must not overlap."""
        return span.label if process == LOCKS else f"{span.who} {span.track}"
