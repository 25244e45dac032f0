# SPDX-License-Identifier: GPL-2.0-only
"""A trace as text for people and as JSON lines for programs.

JSON lines (`--trace FILE`): one object per event, oldest first, with the keys

    t         virtual time in ns since the call began
    context   who did it: "main", the name of a worker, "irq 0000:00:1c.0", "timer ..."
    op, args  as in the golden traces: ["r", bdf, offset, size, value] is {"op": "r", "args": [bdf, offset, ...]};
              a wait has its outcome as its last argument, null if it never ended
    at        file and line of the port's statement, "base/pci.py:136", and in
    function  the C function that statement is in, which is in
    c         the C file, its linkage and the patch it came with
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

#: Accesses of a kind that are worth one line together.
RUN = 3
#: Column where the statement that did it is named.
SITE_COLUMN = 80
#: Which argument of an op says what function it is about.
ABOUT = {
    "r": 0, "w": 0, "lock": 1, "unlock": 1, "lock_wait": 1, "irq": 0, "queue_work": 1, "queue_delayed_work": 1,
    "cancel_delayed_work": 1, "add_timer": 0, "del_timer": 0,
}  # fmt: skip
#: Wait queues, told.
QUEUES = {"cmd": "command completed"}
TEXTS = {
    "msleep": "sleep {0} ms", "mdelay": "delay {0} ms, without giving way", "udelay": "delay {0} us",
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
    """One event, told."""

    event: Event
    path: tuple[str, ...]
    """The two outermost kernel functions it happened in; empty for what the hardware does."""
    about: str
    """Address of the function it is about, if any."""
    text: str
    site: Site | None
    routine: bool
    """An access that told or changed nothing new."""

    @property
    def kind(self) -> tuple[Any, ...]:
        """Equal for accesses that may share a line; never for others."""
        if not self.routine:
            return (id(self),)
        return self.event.op, self.event.args[0], self.event.args[2], self.site and self.site.function


def render(
    events: Sequence[Event], configs: dict[str, bytes], start: int, verbose: bool, paint: Paint,
    keep: Callable[[TraceLine], bool] = lambda line: True,
) -> Iterator[str]:  # fmt: skip
    """The text of a trace, line by line, under a heading for each function it is about.

    :param configs: registers of each function when the trace began, by address
    :param start: virtual time of the beginning, ns; times are told from there, in ms
    :param verbose: every access on a line of its own, and debug messages
    :param keep: says which lines to tell"""
    heading = None
    told = (pair for pair in headed(tell(events, configs, verbose)) if keep(pair[1]))
    for key, group in groupby(told, lambda pair: pair[0]):
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
    """Each line with its heading: who, about which function, in which kernel functions.

    What is about no function in particular, a delay say, goes with what was done there before. What the hardware does,
    and that it asks for an interrupt, is told where it happens."""
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
    """Each event that is worth telling."""
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
    """The two outermost kernel functions that decided on an event, rather than carrying it out."""
    sites = [site for frame in event.stack if (site := locate(*frame)) is not None]
    return tuple(site.function for site in reversed(sites) if not site.carries_out)[:2]


def access(shadows: Shadows, event: Event) -> tuple[str, bool]:
    """An access as text, and whether it brought nothing new."""
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
    """Several accesses of a kind as one line."""
    op, size = run[0].event.op, run[0].event.args[2]
    offsets = [line.event.args[1] for line in run]
    span = f"{min(offsets):#05x}..{max(offsets):#05x}"
    return f"{op}{8 * size:<2} {span}  {len(run)} {'reads' if op == 'r' else 'writes'}, values as before"


def plain(event: Event) -> str:
    """An event that is no access as text."""
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
    """A line of the trace: time, what, and the statement that did it."""
    told = f"{(line.event.time - start) / 1e6:>11.3f}  {text}"
    if line.event.op == "hw" or line.site is None:
        return paint("yellow", told)
    by = f"{line.site.function} ({short_name(line.site.file)}:{line.site.line})"
    return f"{told.ljust(SITE_COLUMN)}  {paint('dim', by)}"


def short_name(file: str) -> str:
    """The short name of a module, which `kernel-port show` takes too: "pciehp_hpc", "p07"."""
    stem = PurePath(file).stem
    return stem.partition("_")[0] if file.startswith("patch/") else stem


def json_lines(events: Sequence[Event], start: int) -> Iterator[str]:
    """The JSON lines of a trace."""
    return (json.dumps(entry) for entry in as_json(events, start))


def as_json(events: Sequence[Event], start: int) -> Iterator[dict[str, Any]]:
    """The events as data; the module says which keys."""
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
    """How the wait at *index* ended."""
    context, what = events[index].context, events[index].args[0]
    for event in events[index + 1 :]:
        if event.op == "waited" and event.context == context and event.args[0] == what:
            return bool(event.args[1])
    return None
