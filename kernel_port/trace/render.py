# SPDX-License-Identifier: GPL-2.0-only
"""A trace as text for people and as JSON lines for programs.

JSON lines (`--trace FILE`): one object per event, oldest first, with the keys

    t         virtual time in ns since the call began
    context   the thread or interrupt: "main", the name of a worker, "irq 0000:00:1c.0", "timer ..."
    op, args  as in the golden traces: ["r", bdf, offset, size, value] is {"op": "r", "args": [bdf, offset, ...]};
              a wait has its outcome as its last argument, null if it never ended
    at        file and line of the port's statement, "base/pci.py:136"
    function  the C function that contains it
    c         the C file of that function, its linkage and the patch that added it
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from typing import Any

from ..kernel.system import Event
from ..terminal import Paint, clean
from .decode import changed, decode, parts
from .shadow import Shadows
from .site import Site, cause, locate

#: Accesses of one kind that share a line, at least.
RUN = 3
#: Column of the statement that caused the event.
SITE_COLUMN = 80
#: Index of the argument that names the function an op is about.
ABOUT = {
    "r": 0, "w": 0, "lock": 1, "unlock": 1, "lock_wait": 1, "irq": 0, "queue_work": 1, "queue_delayed_work": 1,
    "cancel_delayed_work": 1, "add_timer": 0, "del_timer": 0,
}  # fmt: skip
#: Wait queues in words.
QUEUES = {"cmd": "command completed"}
TEXTS = {
    "msleep": "sleep {0} ms", "mdelay": "busy-wait {0} ms", "udelay": "busy-wait {0} us",
    "lock": "lock {0} {1}", "unlock": "unlock {0} {1}", "lock_wait": "wait for lock {0} {1}",
    "get_module": "take a reference to module {0}", "put_module": "drop the reference to module {0}",
    "get_module_failed": "module {0} is going away: no reference", "wait": "wait for {0}: at most {1} ms",
    "irq": "interrupt of {0}", "add_timer": "start the poll timer of {0}: {1} ms",
    "del_timer": "stop the poll timer of {0}", "remove_device": "remove device {0}",
    "scan_slot": "scan bus {0}, device {1}", "already_there": "find {0} there already", "hw": "* {0}: {1}",
    "printk": "{0}: {1}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One event as text."""

    event: Event
    path: tuple[str, ...]
    """The two outermost kernel functions it happened in; empty for hardware events."""
    about: str
    """Address of the function it is about, or ""."""
    text: str
    site: Site | None
    routine: bool
    """An access that read or changed nothing new."""

    @property
    def kind(self) -> tuple[Any, ...]:
        """Equal for accesses that may share a line, never for others."""
        if not self.routine:
            return (id(self),)
        return self.event.op, self.event.args[0], self.event.args[2], self.site and self.site.function


def render(
    events: Sequence[Event], configs: dict[str, bytes], start: int, verbose: bool, paint: Paint,
    keep: Callable[[TraceLine], bool] = lambda line: True,
) -> Iterator[str]:  # fmt: skip
    """Yield the text of a trace, line by line, under a heading for each function it is about.

    :param configs: registers of each function when the trace began, by address
    :param start: virtual time of the beginning, ns; times count from there, in ms
    :param verbose: every access on its own line, and debug messages
    :param keep: returns whether to show a line"""
    heading = None
    shown = (pair for pair in headed(tell(events, configs, verbose)) if keep(pair[1]))
    for key, group in groupby(shown, lambda pair: pair[0]):
        if key != heading:
            context, about, path = heading = key
            who = "" if context == "main" else f"  ({clean(context)})"
            yield paint("bold", f"{about:<12}  {' > '.join(path)}{who}")
        for _, lines in groupby((line for _, line in group), lambda line: line.kind):
            run = list(lines)
            if len(run) >= RUN and not verbose:
                yield laid_out(run[0], together(run), start, paint)
            else:
                yield from (laid_out(line, line.text, start, paint) for line in run)


def headed(lines: Iterable[TraceLine]) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], TraceLine]]:
    """Yield each line with its heading: thread, function it is about, kernel functions it happened in.

    An event about no function in particular, a delay say, goes under the heading before it. Hardware events and
    interrupt requests appear where they happen."""
    context, path = "", tuple[str, ...]()
    about: dict[tuple[str, tuple[str, ...]], str] = {}
    for line in lines:
        if line.path:
            context, path = line.event.context, line.path
            about[context, path] = line.about or about.get((context, path), "-")
        elif line.event.context != context and line.event.op not in ("hw", "irq"):
            context, path = line.event.context, ()
        yield (context, about.get((context, path), "-"), path), line


def tell(events: Iterable[Event], configs: dict[str, bytes], verbose: bool) -> Iterator[TraceLine]:
    """Yield a line for each event worth showing."""
    shadows = Shadows(configs)
    for event in events:
        if event.op == "printk" and event.args[0] == "debug" and not verbose:
            continue
        path = () if event.op in ("hw", "irq") else outermost(event)
        about = event.args[ABOUT[event.op]] if event.op in ABOUT else ""
        if event.op in ("r", "w"):
            text, routine = access(shadows, event)
        else:
            text, routine = plain(event), False
            if event.op == "hw":
                shadows.happened(*event.args)
        yield TraceLine(event, path, about, text, cause(event.stack), routine)


def outermost(event: Event) -> tuple[str, ...]:
    """Return the two outermost kernel functions that decided on an event, rather than carried it out."""
    sites = [site for frame in event.stack if (site := locate(*frame)) is not None]
    return tuple(site.function for site in reversed(sites) if not site.carries_out)[:2]


def access(shadows: Shadows, event: Event) -> tuple[str, bool]:
    """Return an access as text, and whether it read or changed nothing new."""
    bdf, where, size, value = event.args
    config = shadows.configs.get(bdf, b"")
    old, new = shadows.read(bdf, where, size, value) if event.op == "r" else shadows.write(bdf, where, size, value)
    if event.op == "r" and value == (1 << 8 * size) - 1 and old != value:
        difference = "nobody answers"
    else:
        difference = changed(config, where, size, old, new) if old != new else ""
    touched = parts(config, where, size, value)
    if difference and len(touched) > 1:
        digits = f"{value:#0{2 * size + 2}x}"
    elif difference and event.op == "w":
        digits = touched[0].name_and_value
    else:
        digits = decode(config, where, size, value)
    text = f"{event.op}{8 * size:<2} {where:#05x}  {digits}"
    return f"{text}  [{difference}]" if difference else text, not difference


def together(run: list[TraceLine]) -> str:
    """Describe several accesses of one kind in one line."""
    op, size = run[0].event.op, run[0].event.args[2]
    offsets = [line.event.args[1] for line in run]
    span = f"{min(offsets):#05x}..{max(offsets):#05x}"
    return f"{op}{8 * size:<2} {span}  {len(run)} {'reads' if op == 'r' else 'writes'}, values as before"


def plain(event: Event) -> str:
    """Return an event that is not an access as text."""
    args = [QUEUES.get(arg, clean(str(arg))) for arg in event.args]
    match event.op:
        case "waited":
            return f"{args[0]}: {'came' if event.args[1] else 'did not come in time'}"
        case "queue_work":
            return f"queue work {' '.join(args)}"
        case "queue_delayed_work":
            return f"queue work {' '.join(args[:-1])} in {args[-1]} ms"
        case "cancel_delayed_work":
            return f"cancel work {' '.join(args)}"
        case "hw":
            return TEXTS["hw"].format(args[1], args[0])
        case op if op in TEXTS:
            return TEXTS[op].format(*args)
    return " ".join([event.op, *args])


def laid_out(line: TraceLine, text: str, start: int, paint: Paint) -> str:
    """Lay out a line of the trace: time, event, and the statement that caused it."""
    shown = f"{(line.event.time - start) / 1e6:>11.3f}  {text}"
    if line.event.op == "hw" or line.site is None:
        return paint("yellow", shown)
    by = f"{line.site.function} ({short_name(line.site.file)}:{line.site.line})"
    return f"{shown.ljust(SITE_COLUMN)}  {paint('dim', by)}"


def short_name(file: str) -> str:
    """Return the short name of a file, which `kernel-port show` takes too: "pciehp_hpc", "p07"."""
    stem = PurePath(file).stem
    return stem.partition("_")[0] if file.startswith("patch/") else stem


def json_lines(events: Sequence[Event], start: int) -> Iterator[str]:
    """Yield the JSON lines of a trace."""
    return (json.dumps(entry) for entry in as_json(events, start))


def as_json(events: Sequence[Event], start: int) -> Iterator[dict[str, Any]]:
    """Yield the events as data; the module's docstring lists the keys."""
    for index, event in enumerate(events):
        if event.op == "waited":
            continue
        args = [*event.args, outcome(events, index)] if event.op == "wait" else list(event.args)
        site = cause(event.stack)
        yield {
            "t": event.time - start,
            "context": event.context,
            "op": event.op,
            "args": args,
            "at": f"{site.file}:{site.line}" if site else None,
            "function": site.function if site else None,
            "c": (site.c_source or None) if site else None,
        }


def outcome(events: Sequence[Event], index: int) -> bool | None:
    """Return how the wait at *index* ended."""
    context, what = events[index].context, events[index].args[0]
    for event in events[index + 1 :]:
        if event.op == "waited" and event.context == context and event.args[0] == what:
            return bool(event.args[1])
    return None
