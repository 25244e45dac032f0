# SPDX-License-Identifier: GPL-2.0-only
"""The chapters of a run, told from its call tree: which functions it entered, thread by thread.

A function that sleeps, or puts a bus in reset, is opened: each function it calls is a chapter, and so are its own
statements, named by what the hardware goes through meanwhile. Any other function is one chapter as a whole, named by
its own name without the words that only say whose it is. No function and no scenario is named here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from types import CodeType

from ...kernel.system import Event
from ...trace.decode import parts
from ...trace.shadow import RESETS, Shadows
from ...trace.site import locate
from ...trace.spans import DELAYS, bus_reset

#: Words of a function's name that say whose it is, not what it does.
WHOSE = frozenset({"pci", "pcie", "pciehp", "dev", "device", "bus", "slot", "hp", "function", "secondary"})
#: Contexts that run on the back of a thread, and so in the chapter that they interrupt.
BORROWED = ("irq ", "timer ")
#: Bits of Slot Control that let the slot's events interrupt.
ENABLES = frozenset({"ABPE", "PFDE", "MRLSCE", "PDCE", "HPIE", "DLLSCE"})
#: What a function does that was only told to look, or found nothing to do.
PROBE = "probe"
#: So few statements or reads between two chapters belong to the next one.
FEW = 2


@dataclass(slots=True)
class Chapter:
    """A part of what one thread does."""

    title: str
    """A word or a few: "save and disable", "reset held"."""
    function: str
    """The function that does it, "" if none does."""
    thread: str
    events: list[int]
    """The numbers of its events, in order."""
    slight: bool = False
    """Whether it is too little for a chapter: a few statements or reads on the way to the next one."""


@dataclass(slots=True)
class Call:
    """A function that was entered: what happened in it, in order."""

    key: tuple[CodeType | None, int]
    """The function, and the place it was called from; of the thread itself None."""
    items: list[Call | list[int]] = field(default_factory=list)
    """Functions it called, and numbers of events of its own statements."""
    opened: bool = False
    sleeps: Counter[int] = field(default_factory=Counter)
    """How often it slept, by the place of the statement. In a loop it only waits for something."""

    def events(self) -> list[int]:
        """Return the numbers of all its events."""
        return [event for item in self.items for event in (item.events() if isinstance(item, Call) else item)]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.key[0].co_name if self.key[0] else ""

    @property
    def can_probe(self) -> bool:
        """Whether the function can be told to look only: it has a parameter `probe`."""
        code = self.key[0]
        return code is not None and "probe" in code.co_varnames[: code.co_argcount]


def chapters(events: Sequence[Event], configs: dict[str, bytes]) -> list[Chapter]:
    """Return the chapters of all threads in the order in which they begin.

    :param configs: registers of each function when the trace began, by address"""
    story = Story(events, configs)
    found = [chapter for thread, root in story.threads.items() for chapter in joined(story.told(root, thread))]
    return sorted(found, key=lambda chapter: chapter.events[0])


class Story:
    """The call trees of a run, and what its writes did."""

    def __init__(self, events: Sequence[Event], configs: dict[str, bytes]) -> None:
        self._events = events
        self.threads: dict[str, Call] = {}
        #: Which enables of Slot Control a write changed: "PDCE+".
        self._enables: dict[int, set[str]] = {}
        #: After each event, whether the thread that did it holds a bus in reset.
        self._held: list[bool] = []
        self._look(configs)
        for root in self.threads.values():
            self._open(root)

    def _look(self, configs: dict[str, bytes]) -> None:
        shadows, held, paths = Shadows(configs), dict[str, str](), dict[str, list[Call]]()
        for index, event in enumerate(self._events):
            turning = False
            if event.op == "w":
                self._enables[index] = enables(shadows, event)
                if (level := bus_reset(configs, *event.args)) is not None:
                    turning = True
                    held.pop(event.args[0], None)
                    if level:
                        held[event.args[0]] = event.context
            elif event.op == "hw":
                shadows.happened(*event.args)
            self._held.append(event.context in held.values())
            if not event.context.startswith(BORROWED):
                self._enter(event, index, paths.setdefault(event.context, []), turning)

    def _enter(self, event: Event, index: int, path: list[Call], turning: bool) -> None:
        """Note an event in the call tree of its thread, of which *path* is the latest branch."""
        if not path:
            path.append(self.threads.setdefault(event.context, Call((None, 0), opened=True)))
        depth, place = 1, 0
        for code, lasti in reversed(event.stack):
            site = locate(code, lasti)
            if site is None or site.carries_out:
                continue
            key = (code, place)
            if depth == len(path) or path[depth].key != key:
                del path[depth:]
                path.append(Call(key))
                path[-2].items.append(path[-1])
            depth, place = depth + 1, lasti
        del path[depth:]
        if not path[-1].items or isinstance(path[-1].items[-1], Call):
            path[-1].items.append([])
        own = path[-1].items[-1]
        assert isinstance(own, list)
        own.append(index)
        if sleeps(event):
            path[-1].sleeps[place] += 1
        for call in path if turning else ():
            call.opened = True

    def _open(self, call: Call) -> bool:
        """Open a function that sleeps once, or calls one that does. Return whether it is open."""
        inner = [self._open(item) for item in call.items if isinstance(item, Call)]
        call.opened |= any(inner) or 1 in call.sleeps.values()
        return call.opened

    def told(self, call: Call, thread: str) -> Iterator[Chapter]:
        """Yield the chapters of a function that is opened; the whole of it if it is not."""
        if not call.opened:
            events = call.events()
            title = self._title(call, events)
            reads = all(self._events[index].op in ("r", "printk") for index in events)
            yield Chapter(title, call.name, thread, events, reads and title != PROBE and len(events) <= FEW)
            return
        was_reset = False
        for item in call.items:
            events = item.events() if isinstance(item, Call) else item
            if isinstance(item, Call) and not all(sleeps(self._events[index]) for index in events):
                yield from self.told(item, thread)
                continue
            for index in events:
                title = "reset held" if self._held[index] else "settle" if was_reset else self._title(call, [index])
                was_reset |= self._held[index] or self._is_reset(index)
                yield Chapter(title, call.name, thread, [index], slight=not sleeps(self._events[index]))

    def _is_reset(self, index: int) -> bool:
        event = self._events[index]
        return event.op == "hw" and event.args[0] in RESETS

    def _title(self, call: Call, events: list[int]) -> str:
        """Say what a function does: by what it does to the slot's interrupts, else by its name."""
        changed = set[str]().union(*(self._enables.get(index, ()) for index in events))
        if changed:
            return "mask" if all(change.endswith("-") for change in changed) else "unmask"
        if call.can_probe and all(self._events[index].op == "r" for index in events):
            return PROBE
        words = [word for word in call.name.split("_") if word]
        return " ".join([word for word in words if word not in WHOSE] or words)


def joined(told: Iterable[Chapter]) -> list[Chapter]:
    """Join neighbours of one title, then what is slight with the chapter that it leads to."""
    found: list[Chapter] = []
    slight: list[int] = []
    for title, group in groupby(told, lambda chapter: chapter.title):
        same = list(group)
        events = [event for chapter in same for event in chapter.events]
        if all(chapter.slight for chapter in same) and len(events) <= FEW:
            slight += events
        elif found and found[-1].title == title:
            found[-1].events += slight + events
            slight = []
        else:
            found.append(replace(same[0], events=slight + events))
            slight = []
    if slight and found:
        found[-1].events += slight
    return found


def sleeps(event: Event) -> bool:
    """Return whether time passes in an event that a function waits out by itself."""
    return event.op in DELAYS and event.op != "udelay"


def enables(shadows: Shadows, event: Event) -> set[str]:
    """Return which enables of Slot Control a write sets or clears: "PDCE-"."""
    bdf, where, size, value = event.args
    old, new = shadows.write(bdf, where, size, value)
    config = shadows.configs.get(bdf, b"")
    pairs = zip(parts(config, where, size, old), parts(config, where, size, new), strict=True)
    return {
        field.show(now.value)
        for was, now in pairs
        if now.name == "PCI_EXP_SLTCTL"
        for field in now.fields
        if field.short in ENABLES and (was.value ^ now.value) & field.mask
    }
