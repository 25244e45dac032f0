# SPDX-License-Identifier: GPL-2.0-only
"""A caption for each step of a run, in plain words, made from the event: its register and bits, its lock, its delay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from ...hw.fields import Field
from ...kernel.system import Event
from ...trace.decode import Part, parts
from ...trace.render import QUEUES
from ...trace.shadow import Shadows
from ...trace.spans import DELAYS
from .observer import Observer
from .topology import ancestors, parents
from .words import ACTS, CONSEQUENCES, FIELDS, HARDWARE, LOCKS, MEANING, REGISTERS

#: The most registers that a caption names one by one.
FEW = 3
#: Words of a register's name that stay as they are.
ACRONYMS = frozenset({"ID", "IO", "ROM", "MSI", "MSIX", "VC", "ATS", "ACS", "ARI", "SRIOV", "LTR", "REBAR", "DPC"})


def captions(events: Sequence[Event], seen: Observer) -> Iterator[str]:
    """Yield a sentence for each event of a run.

    :param seen: what the observer saw of it, finished"""
    teller = Teller(events, seen)
    for index, event in enumerate(events):
        told = teller.tell(index, event)
        yield f"{told[:1].upper()}{told[1:]}."


class Teller:
    """Tells events one after another."""

    def __init__(self, events: Sequence[Event], seen: Observer) -> None:
        self._events = events
        self._above = parents(seen.description)
        self._seen = seen
        self._shadows = Shadows(seen.before)
        self._condition = dict(seen.condition)
        self._threads = dict(seen.threads)

    def tell(self, index: int, event: Event) -> str:
        """Return an event in words, as the end of a sentence."""
        told = self._told(index, event)
        change = self._seen.changes[index]
        self._condition |= change.hardware
        for name, state in change.threads.items():
            if state is None:
                self._threads.pop(name, None)
            else:
                self._threads[name] = state
        return told

    def _told(self, index: int, event: Event) -> str:
        args = [short(str(arg)) for arg in event.args]
        match event.op:
            case "r":
                return self._read(event)
            case "w":
                return self._write(index, event)
            case "hw":
                self._shadows.happened(*event.args)
                what = HARDWARE.get(event.args[0])
                return what.format(of=args[1]) if what else f"{args[1]}: {args[0]}"
            case "lock":
                return LOCKS.get(args[0], "takes the {kind} lock of {of}").format(kind=args[0], of=args[1])
            case "unlock":
                return f"{'finishes a work item of' if args[0] == 'workqueue' else 'releases'} {lock_name(*args[:2])}"
            case "lock_wait":
                return f"has to wait for {lock_name(*args[:2])}{self._holder(event)}"
            case "wait":
                return f"waits until it hears “{QUEUES.get(args[0], args[0])}”, at most {args[1]} ms"
            case "waited":
                heard = f"“{QUEUES.get(args[0], args[0])}”"
                return (
                    f"has heard {heard} and goes on" if event.args[1] else f"has not heard {heard} in time and goes on"
                )
            case "irq":
                return f"{args[0]} interrupts: its handlers run at once"
            case "printk":
                return f"the kernel says: {args[1]}"
            case "queue_work":
                return f"leaves the work {args[0]}{of(args[1:])} to another thread"
            case "queue_delayed_work":
                return f"leaves the work {args[0]}{of(args[1:-1])} to another thread, in {args[-1]} ms"
            case "cancel_delayed_work":
                return f"calls off the work {args[0]}{of(args[1:])}"
            case op if op in DELAYS:
                unit = "us" if op == "udelay" else "ms"
                return f"{'sleeps' if op == 'msleep' else 'waits'} {args[0]} {unit}{self._meanwhile()}"
            case op if op in ACTS:
                return ACTS[op].format(*args)
        return " ".join([event.op.replace("_", " "), *args])

    def _read(self, event: Event) -> str:
        bdf, where, size, value = event.args
        config = self._shadows.configs.get(bdf, b"")
        old, _ = self._shadows.read(bdf, where, size, value)
        touched = parts(config, where, size, value)
        what = f"{registers(touched)} of {short(bdf)}"
        if value == (1 << 8 * size) - 1 and old != value:
            return f"reads {what}: nobody answers, all bits are ones"
        if old == value:
            return f"reads {what}"
        changes = said(parts(config, where, size, old), touched)
        return f"reads {what}: {'; '.join(changes)}" if changes else f"reads {what}, which has changed"

    def _write(self, index: int, event: Event) -> str:
        bdf, where, size, value = event.args
        config = self._shadows.configs.get(bdf, b"")
        old, new = self._shadows.write(bdf, where, size, value)
        before, after = parts(config, where, size, old), parts(config, where, size, new)
        what = f"{registers(after)} of {short(bdf)}"
        if self._is_silent(bdf):
            return f"writes {what}, but nobody is there to take it"
        if old == new:
            return f"writes {what}: nothing changes"
        changes = said(before, after)
        follows = [*self._consequences(index), *meanings(before, after)]
        told = f"{'; '.join(changes)} in {what}" if changes else f"writes {what}: {old:#x} becomes {new:#x}"
        return f"{told}: {', '.join(dict.fromkeys(follows))}" if follows else told

    def _is_silent(self, bdf: str) -> bool:
        above = (self._condition.get(bridge, {}) for bridge in ancestors(bdf, self._above))
        return self._condition.get(bdf, {}).get("function") == "not ready" or any(
            state.get("secondary bus") == "held in reset" or state.get("link", "active") != "active" for state in above
        )

    def _consequences(self, index: int) -> Iterator[str]:
        """Yield what the hardware does at once because of an event."""
        after = (self._events[later] for later in range(index + 1, len(self._events)))
        for event in takewhile(lambda event: event.op == "hw" and event.time == self._events[index].time, after):
            if event.args[0] in CONSEQUENCES:
                yield CONSEQUENCES[event.args[0]]

    def _holder(self, event: Event) -> str:
        lock = " ".join(str(arg) for arg in event.args[:2]).rstrip()
        holders = [name for name, state in self._threads.items() if lock in state.held]
        return f", which {holders[0]} holds" if holders else ""

    def _meanwhile(self) -> str:
        """Say what a delay is for, as far as the hardware shows it."""
        for bdf, state in self._condition.items():
            if state.get("secondary bus") == "held in reset":
                return f" while {short(bdf)} holds its bus in reset"
        for bdf, state in self._condition.items():
            if state.get("link") in ("down", "training"):
                return f" while the link below {short(bdf)} {'is down' if state['link'] == 'down' else 'trains'}"
        for bdf, state in self._condition.items():
            if state.get("function") == "not ready":
                return f" while {short(bdf)} does not answer yet"
        return ""


def short(text: str) -> str:
    """Return a text without the domain 0000 of addresses in it."""
    return text.replace("0000:", "")


def of(about: Sequence[str]) -> str:
    """Return what a work item is about, as the end of a phrase."""
    return f" ({', '.join(about)})" if about else ""


def lock_name(kind: str, of: str = "") -> str:
    """Return the name of a lock in words."""
    return {
        "cfg": f"configuration access of {of}", "workqueue": of, "ctrl": f"the command lock of the slot of {of}",
    }.get(kind, f"the {kind} lock of {of}" if of else kind)  # fmt: skip


def register(name: str) -> str:
    """Return the name of a register in words: "Slot Control"; bytes without a name as they are."""
    if name in REGISTERS:
        return REGISTERS[name]
    if not name.startswith("PCI_"):
        return name
    return " ".join(word if word in ACRONYMS else word.capitalize() for word in name[4:].split("_"))


def registers(touched: Sequence[Part]) -> str:
    """Return the registers of an access in words."""
    names = [register(part.name) for part in touched if part.name.startswith("PCI_")]
    if not names:
        return f"the bytes at {touched[0].name}" if touched else "nothing"
    if len(names) > FEW:
        return f"{', '.join(names[: FEW - 1])} and {len(names) - FEW + 1} more registers"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def changed(before: Sequence[Part], after: Sequence[Part]) -> Iterator[tuple[Field, int, int]]:
    """Yield the fields that differ: the field, its old and its new value."""
    for was, now in zip(before, after, strict=True):
        for field in now.fields:
            if (was.value ^ now.value) & field.mask:
                yield field, field.of(was.value), field.of(now.value)


def said(before: Sequence[Part], after: Sequence[Part]) -> list[str]:
    """Return the changes in words: "Bus Master Enable and Memory Space Enable are cleared"."""
    found = list(changed(before, after))
    told = []
    for word, level in (("cleared", 0), ("set", 1)):
        names = [FIELDS.get(field.name, field.short) for field, _, new in found if field.plain and new == level]
        if names:
            listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
            told.append(f"{listed} {'is' if len(names) == 1 else 'are'} {word}")
    for field, old, new in found:
        if not field.plain:
            to = f"{field.call(new)}{wakes(field, old, new)}"
            told.append(f"{FIELDS.get(field.name, field.short)} goes from {field.call(old)} to {to}")
    return told


def meanings(before: Sequence[Part], after: Sequence[Part]) -> Iterator[str]:
    """Yield what follows from the bits that a write changes."""
    for field, _, new in changed(before, after):
        if field.name in MEANING and field.plain and (meaning := MEANING[field.name][0 if new else 1]):
            yield meaning


def wakes(field: Field, old: int, new: int) -> str:
    """Say whether a change of the power state wakes a function up."""
    if field.name != "PCI_PM_CTRL_STATE_MASK":
        return ""
    return " (it wakes up)" if new < old else " (it goes to sleep)"
