# SPDX-License-Identifier: GPL-2.0-only
"""A recorded run to step through: its events, and what each changed in registers, hardware, threads.

The effects of an event are complete when the next one happens, so the observer looks then. What hardware does on its
own is told when it is done: such an event has its change itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...hw.bridge import Bridge
from ...hw.function import Function
from ...hw.link import LinkState
from ...kernel.sched import Thread
from ...kernel.system import Event
from ...machine import Machine
from ...pci_regs import PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET, PCI_HEADER_TYPE_BRIDGE

#: Registers of a function, whether it is silent, and the state of the link below it.
Glance = tuple[bytes, bool, LinkState | None]
#: What hardware tells when it is done; of the rest the effects follow.
TOLD_AFTERWARDS = ("link up", "link down", "ready")
#: The state of hardware, in words, by aspect: {"link": "down"}.
Condition = dict[str, str]


@dataclass(frozen=True, slots=True)
class ThreadState:
    """The state of a kernel thread."""

    state: str
    """"runs", "can run", "idle", "sleeps", or "waits for ..."."""
    held: tuple[str, ...]
    """Locks, oldest first."""


@dataclass(slots=True)
class StepChange:
    """What an event changed."""

    config: list[tuple[str, int, bytes]] = field(default_factory=list)
    """Address, offset, and the bytes that are there now."""
    hardware: dict[str, Condition] = field(default_factory=dict)
    """By address."""
    threads: dict[str, ThreadState | None] = field(default_factory=dict)
    """By name; None: the thread ended."""


class Observer:
    """Looks at a machine after each event. Pass each event to `note` as it happens (System.listen)."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.description = machine.description
        self.start = machine.clock.now
        addresses = [function.address for function in machine.description.functions]
        #: Registers of each function at the beginning, by address.
        self.before = {str(address): machine.fabric.config(address) for address in addresses}
        self._functions = {str(address): machine.fabric.function(address) for address in addresses}
        #: The kernel's structs of them, and of those that it has removed the one that it had, None if it had none.
        self._devices = {dev.dev.name: dev for dev in machine.functions}
        self._removed = dict.fromkeys(self._functions.keys() - self._devices)
        #: State of the hardware at the beginning, by address.
        self.condition = {bdf: self._now(bdf) for bdf in self._functions}
        #: What each event changed.
        self.changes: list[StepChange] = []
        self._last: Event | None = None
        #: Functions in the trace, in order of appearance; nothing happens to others.
        self.involved: dict[str, None] = {}
        self._registers = dict(self.before)
        self._seen: dict[str, tuple[Glance, bool]] = {}
        self._condition = dict(self.condition)
        self.threads: dict[str, ThreadState] = dict(self._threads())
        self._states = dict(self.threads)

    def note(self, event: Event) -> None:
        """Note the next event: the effects of the previous one are complete."""
        own = self._told_afterwards(event)
        self._note_threads()
        self._note_functions(bdf for bdf in self.involved if bdf != own)
        self.changes.append(StepChange())
        if event.op == "remove_device" and event.args[0] in self._functions:
            self._removed[event.args[0]] = self._devices.get(event.args[0])
        self.involved |= dict.fromkeys(arg for arg in event.args if isinstance(arg, str) and arg in self._functions)
        if own is not None:
            self._note_functions([own])
        self._last = event

    def finish(self) -> None:
        """Record the effects of the last event. Call it once when the run is over."""
        self._note_threads()
        self._note_functions(self.involved)

    def _told_afterwards(self, event: Event) -> str | None:
        """Return the function whose change precedes its event, None if it is an effect of the event before."""
        match event.op, event.args, self._last:
            case "hw", (what, bdf), Event(last_time, _, op, args) if what in TOLD_AFTERWARDS and bdf in self._functions:
                effect = op == "w" or (op == "hw" and args[1] == bdf)
                return None if effect and last_time == event.time else str(bdf)
        return None

    def _note_functions(self, looked_at: Iterable[str]) -> None:
        """Record what is new in registers and hardware of functions as of the last event."""
        if not self.changes:
            return
        change = self.changes[-1]
        self._find_again()
        for bdf in looked_at:
            seen = glance(self._functions[bdf]), bdf in self._removed
            if seen == self._seen.get(bdf):
                continue
            self._seen[bdf], registers, now = seen, seen[0][0], self._now(bdf)
            change.config += [(bdf, *patch) for patch in patches(self._registers[bdf], registers)]
            self._registers[bdf] = registers
            if now != self._condition[bdf]:
                change.hardware[bdf] = self._condition[bdf] = now

    def _note_threads(self) -> None:
        """Record what is new in the threads as of the last event."""
        if not self.changes:
            return
        change, threads = self.changes[-1], dict(self._threads())
        for name in {**self._states, **threads}:
            if self._states.get(name) != threads.get(name):
                change.threads[name] = threads.get(name)
        self._states = threads

    def _now(self, bdf: str) -> Condition:
        known = "has no such device" if bdf in self._removed else "knows it"
        return condition(self._functions[bdf]) | {"kernel": known}

    def _find_again(self) -> None:
        """Look whether the kernel has found functions again that it had removed."""
        for dev in self._machine.functions if self._removed else ():
            if self._removed.get(dev.dev.name, dev) is not dev:
                self._devices[dev.dev.name] = dev
                del self._removed[dev.dev.name]

    def _threads(self) -> list[tuple[str, ThreadState]]:
        sched = self._machine.system.sched
        return [(thread.name, thread_state(thread, thread is sched.current)) for thread in sched.threads]


def thread_state(thread: Thread, current: bool) -> ThreadState:
    """Return the state of a thread."""
    held = tuple(f"{kind} {of}".rstrip() for kind, of in thread.held)
    if thread.idle:
        return ThreadState("idle", held)
    waits_for = thread.stuck_on if thread.waits_for is None else thread.waits_for
    if waits_for is None:
        return ThreadState("runs" if current else "can run", held)
    match waits_for:
        case "sleep":
            return ThreadState("sleeps", held)
        case "settle":
            return ThreadState("has returned", held)
        case other:
            return ThreadState(f"waits for {other}", held)


def glance(function: Function) -> Glance:
    """Return everything that the condition of a function depends on, faster."""
    link = function.link if isinstance(function, Bridge) else None
    return function.dump(), function.silent, link.state if link is not None else None


def condition(function: Function) -> Condition:
    """Return the condition of a function, as far as its registers do not show it."""
    state = {"power": ("D0", "D1", "D2", "D3hot")[function.power_state]}
    state["function"] = "not ready" if function.silent else "ready"
    if not isinstance(function, Bridge):
        return state
    if function.layout.header_type == PCI_HEADER_TYPE_BRIDGE:
        reset = function.get(PCI_BRIDGE_CONTROL, 2) & PCI_BRIDGE_CTL_BUS_RESET
        state["secondary bus"] = "held in reset" if reset else "not in reset"
    if function.link is not None:
        state["link"] = function.link.state.value
    if function.slot is not None:
        state["slot"] = "occupied" if function.slot.present else "empty"
        state["slot power"] = "off" if function.slot.power_off else "on"
        state["interrupt"] = "asserted" if function.slot.asserted else "not asserted"
    return state


def patches(old: bytes, new: bytes) -> list[tuple[int, bytes]]:
    """Return the runs of bytes that differ: offset, and the new bytes."""
    found, where = [], 0
    while where < len(new):
        end = where
        while end < len(new) and old[end] != new[end]:
            end += 1
        if end > where:
            found.append((where, new[where:end]))
        where = end + 1
    return found
