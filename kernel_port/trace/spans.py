# SPDX-License-Identifier: GPL-2.0-only
"""What lasts in a trace: delays, waits, locks, work, resets held, links down. Time lines show this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..hw.config_space import header_type
from ..kernel.sched import NSEC_PER_MSEC, NSEC_PER_USEC
from ..kernel.system import Event
from ..pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
)
from .shadow import RESETS

#: Delays, and the ns in a unit of their argument. They last as long as asked; msleep() returns a jiffy later.
DELAYS = {"msleep": NSEC_PER_MSEC, "mdelay": NSEC_PER_MSEC, "udelay": NSEC_PER_USEC}
#: Hardware events that another event ends: the event that ends each, and its track.
LASTING = {"link down": ("link up", "link down"), "presence off": ("presence on", "presence lost")}
#: The function of the work queue that calls the work.
RUNNER = "process_one_work"


@dataclass(frozen=True, slots=True)
class Span:
    """Something with a beginning and an end, which are the same for an instant."""

    track: str
    """The kind: "reset held", "link down", "presence lost", "not ready", "interrupt", "work", "queued", "delay", "wait"
    or "lock"."""
    who: str
    """The thread, or the address of the function."""
    label: str
    begin: int
    """Number of the event it begins with."""
    end: int | None
    """Number of the event it ends with; None if no event ends it."""
    start: int
    """Virtual time, ns."""
    stop: int
    """Virtual time, ns; for a span that never ends, the time of the last event."""
    open: bool = False
    """Whether it does not end within the trace."""


def spans(events: Sequence[Event], configs: dict[str, bytes]) -> list[Span]:
    """Return everything that lasts, in order of its beginning.

    :param configs: registers of each function when the trace began, by address"""
    found = [*_delays(events), *_pairs(events, configs), *_work(events)]
    return sorted(found, key=lambda span: span.begin)


def _delays(events: Sequence[Event]) -> Iterator[Span]:
    for index, event in enumerate(events):
        if event.op in DELAYS:
            label = f"{event.op}({event.args[0]})"
            stop = event.time + event.args[0] * DELAYS[event.op]
            yield Span("delay", event.context, label, index, None, event.time, stop)
        elif event.op == "irq":
            yield Span("interrupt", event.args[0], "interrupt", index, index, event.time, event.time)
        elif event.op in ("queue_work", "queue_delayed_work"):
            label = " ".join(str(arg) for arg in event.args)
            yield Span("queued", event.context, label, index, index, event.time, event.time)


class _Pairs:
    """What has begun but not ended."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._open: dict[tuple[str, ...], list[tuple[int, str]]] = {}

    def begin(self, index: int, track: str, of: str, who: str) -> None:
        """Begin *of* on a track; several readers may hold a lock."""
        self._open.setdefault((track, of), []).append((index, who))

    def is_open(self, track: str, of: str) -> bool:
        """Return whether *of* has begun and not ended."""
        return bool(self._open.get((track, of)))

    def end(self, index: int, track: str, of: str) -> Iterator[Span]:
        """End *of*, if it ever began."""
        begun = self._open.get((track, of))
        if begun:
            begin, who = begun.pop()
            yield self._span(track, who, of, begin, index)

    def rest(self) -> Iterator[Span]:
        """Yield what never ends."""
        for (track, of), begun in self._open.items():
            for begin, who in begun:
                yield self._span(track, who, of, begin, None)

    def _span(self, track: str, who: str, of: str, begin: int, end: int | None) -> Span:
        start, stop = self._events[begin].time, self._events[-1 if end is None else end].time
        return Span(track, who, of.removeprefix(f"{who}: "), begin, end, start, stop, open=end is None)


def _pairs(events: Sequence[Event], configs: dict[str, bytes]) -> Iterator[Span]:
    pairs = _Pairs(events)
    reset: dict[str, int] = {}
    for index, (_, context, op, args, _) in enumerate(events):
        lock = " ".join(str(arg) for arg in args[:2]).rstrip()
        match op:
            case "lock":
                yield from pairs.end(index, "wait", f"{context}: {lock}")
                pairs.begin(index, "lock", lock, context)
            case "unlock":
                yield from pairs.end(index, "lock", lock)
            case "lock_wait" if not pairs.is_open("wait", f"{context}: {lock}"):
                pairs.begin(index, "wait", f"{context}: {lock}", context)
            case "wait":
                pairs.begin(index, "wait", f"{context}: {args[0]}", context)
            case "waited":
                yield from pairs.end(index, "wait", f"{context}: {args[0]}")
            case "w" if (level := bus_reset(configs, *args)) is not None:
                if level and not pairs.is_open("reset held", args[0]):
                    pairs.begin(index, "reset held", args[0], args[0])
                elif not level:
                    yield from pairs.end(index, "reset held", args[0])
            case "hw":
                yield from _happened(pairs, reset, events, index)
    yield from pairs.rest()


def _happened(pairs: _Pairs, reset: dict[str, int], events: Sequence[Event], index: int) -> Iterator[Span]:
    """Note a hardware event, and yield the spans it ends."""
    what, bdf = events[index].args
    if what in RESETS:
        reset[bdf] = index
    elif what == "ready" and bdf in reset:
        begin = reset.pop(bdf)
        label = f"{bdf} after {events[begin].args[0]}"
        yield Span("not ready", bdf, label, begin, index, events[begin].time, events[index].time)
    for begins, (ends, track) in LASTING.items():
        if what == begins and not pairs.is_open(track, bdf):
            pairs.begin(index, track, bdf, bdf)
        elif what == ends:
            yield from pairs.end(index, track, bdf)


def bus_reset(configs: dict[str, bytes], bdf: str, where: int, size: int, value: int) -> int | None:
    """Return the Secondary Bus Reset bit that a write sets in a bridge, 1 or 0; None if it does not touch it."""
    config = configs.get(bdf, b"")
    if len(config) <= PCI_HEADER_TYPE or header_type(config) != PCI_HEADER_TYPE_BRIDGE:
        return None
    if not where <= PCI_BRIDGE_CONTROL < where + size:
        return None
    return int(bool(value >> 8 * (PCI_BRIDGE_CONTROL - where) & PCI_BRIDGE_CTL_BUS_RESET))


def _work(events: Sequence[Event]) -> Iterator[Span]:
    """Yield the work done: from the first event of a handler to its last."""
    running: dict[str, tuple[str, int, int]] = {}
    for index, event in enumerate(events):
        handler = _handler(event)
        before = running.get(event.context)
        if before is not None and before[0] != handler:
            yield _worked(events, event.context, *running.pop(event.context))
        if handler:
            first = before[1] if before is not None and before[0] == handler else index
            running[event.context] = handler, first, index
    for context, work in running.items():
        yield _worked(events, context, *work)


def _handler(event: Event) -> str:
    """Return the work that the event is part of, the function that the work queue called; "" if none."""
    names = [code.co_name for code, _ in event.stack]
    if RUNNER not in names[1:] or event.args[:1] == ("workqueue",):  # the queue's own lock is no part of the work
        return ""
    return names[names.index(RUNNER) - 1]


def _worked(events: Sequence[Event], context: str, handler: str, first: int, last: int) -> Span:
    return Span("work", context, handler, first, last, events[first].time, events[last].time)
