# SPDX-License-Identifier: GPL-2.0-only
"""What can be reset on a booted machine, and why the rest cannot: the kernel's own probes, run one by one.

A probe only reads configuration space. Taking and releasing the locks of a slot or bus reset, in its order, finds the
functions it resets. Neither leaves anything in the machine's trace.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from errno import ENOTTY
from functools import cache, cached_property
from types import CodeType
from typing import Any

from ..hw.address import Address
from ..machine import Machine
from .follow import follow
from .guard import Guard, guard
from .source import source
from .unknown import Unknown, named, settle


@dataclass(frozen=True, slots=True)
class Rung:
    """One reset method, and whether it would work on a function."""

    function: str
    """The C function."""
    rc: int | None
    """What its probe returns; None: that depends on what is unknown."""
    guard: Guard | None
    unknown: tuple[Unknown, ...] = ()
    """What decides and is not in the source."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """All reset methods of one function, in the order the kernel tries them."""

    bdf: str
    rc: int | None
    """What the kernel's own probe of all methods returns; None: that depends on what is unknown."""
    rungs: tuple[Rung, ...]

    @property
    def taken(self) -> Rung | None:
        """The method the kernel takes: the first that does not say -ENOTTY; None if all do, or it is unknown which."""
        first = next((rung for rung in self.rungs if rung.rc != -ENOTTY), None)
        return first if first and first.rc is not None else None

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What would have to be known to know all of it."""
        return tuple(dict.fromkeys(each for rung in self.rungs for each in rung.unknown))


@dataclass(frozen=True, slots=True)
class ResetGroup:
    """A slot or a bus: the functions that are reset together."""

    kind: str
    """"slot" or "bus"."""
    name: str
    """The slot's name, or the bus as 0000:01."""
    bus: str
    """The bus that the slot is on, or the bus."""
    bridge: str
    """Address of the bridge above the bus, "" for none."""
    rc: int | None
    """What the probe of pci_reset_slot() or pci_reset_bus() returns; None: the kernel has no such function, or it
    depends on what is unknown."""
    guard: Guard | None
    takes: tuple[str, ...]
    """Every function that is reset, in locking order; empty if the reset is refused."""
    unknown: tuple[Unknown, ...] = ()
    """What decides and is not in the source."""


@dataclass(frozen=True)
class Survey:
    """The resets of a machine."""

    ladders: tuple[Ladder, ...]
    slots: tuple[ResetGroup, ...]
    buses: tuple[ResetGroup, ...]

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What is not in the source and decides something."""
        parts: list[Ladder | ResetGroup] = [*self.ladders, *self.slots, *self.buses]
        return tuple(dict.fromkeys(each for part in parts for each in part.unknown))

    @cached_property
    def _together(self) -> dict[str, list[ResetGroup]]:
        found: dict[str, list[ResetGroup]] = defaultdict(list)
        groups = (group for group in (*self.slots, *self.buses) if group.rc == 0)
        for group in sorted(groups, key=lambda group: len(group.takes)):
            for bdf in group.takes:
                found[bdf].append(group)
        return found

    def together(self, bdf: str) -> list[ResetGroup]:
        """Return the slots and buses whose reset includes *bdf*, the smallest first, slots before buses."""
        return self._together.get(bdf, [])

    def refused_around(self, dev: Any) -> list[ResetGroup]:
        """Return the slot and the bus of *dev*, those that cannot be reset."""
        slot = dev.slot.kobj_name if dev.slot else None
        mine = [group for group in self.slots if group.name == slot]
        mine += [group for group in self.buses if group.name == bus_name(dev.bus)]
        return [group for group in mine if group.rc != 0]

    def outcome(self, ladder: Ladder) -> str:
        """Say how a function can be reset: "alone", "together", "none", or "unknown"."""
        if ladder.rc is None or (ladder.rc == 0 and ladder.taken is None):
            return "unknown"
        if ladder.rc == 0:
            return "alone"
        if self.together(ladder.bdf):
            return "together"
        return "unknown" if self.is_undecided(ladder.bdf) else "none"

    def is_undecided(self, bdf: str) -> bool:
        """Return whether a slot or bus that may reset *bdf* is one of which it is unknown whether it does."""
        return any(group.rc is None and bdf in group.takes for group in (*self.slots, *self.buses))


def rungs(machine: Machine) -> list[str]:
    """Return the functions that __pci_dev_reset() tries at this point of the series: those it passes its own arguments
    to."""
    return passed_on_to(machine.kernel.__pci_dev_reset.__code__)


@cache
def passed_on_to(code: CodeType) -> list[str]:
    """Yield the functions that a function calls with its own parameters, in order."""
    node = source(code).node
    parameters = list(code.co_varnames[: code.co_argcount])
    calls = [each for each in ast.walk(node or ast.Module([], [])) if isinstance(each, ast.Call)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [ast.unparse(call.func) for call in calls if [ast.unparse(argument) for argument in call.args] == parameters]


def survey(machine: Machine, progress: Callable[[list[Any]], Any] = iter, explain: bool = True) -> Survey:
    """Probe every function, slot and bus of *machine*.

    :param explain: False: guards without the values and reads, in half the time"""
    buses = list(machine.buses())
    slots = (slot for bus in buses for slot in sorted(bus.slots, key=lambda slot: slot.number))
    found = Survey(
        tuple(ladder(machine, dev, explain) for dev in progress(machine.functions)),
        tuple(slot_group(machine, slot, explain) for slot in slots),
        tuple(bus_group(machine, bus, explain) for bus in buses),
    )
    return settle(machine, found)


def ladder(machine: Machine, dev: Any, explain: bool = True) -> Ladder:
    """Try every method on *dev*, even after one that would work."""
    found = tuple(rung(machine, name, dev, explain) for name in rungs(machine))
    with traced(machine, False):
        rc = machine.kernel.pci_probe_reset_function(dev)
    return Ladder(dev.dev.name, rc, found)


def rung(machine: Machine, name: str, dev: Any, explain: bool) -> Rung:
    """Try one method on *dev*."""
    machine.fabric.guesses.clear()
    rc, refused = probe(machine, explain, name, dev, 1)
    return Rung(name, rc, refused, tuple(named(machine, machine.fabric.guesses)))


def slot_group(machine: Machine, slot: Any, explain: bool) -> ResetGroup:
    """Ask pci_reset_slot() about *slot*."""
    bus = bus_name(slot.bus)
    bridge = slot.bus.self.dev.name if slot.bus.self else ""
    return ResetGroup("slot", slot.kobj_name, bus, bridge, *reach(machine, explain, slot, "slot"))


def bus_group(machine: Machine, bus: Any, explain: bool) -> ResetGroup:
    """Ask pci_reset_bus() about *bus*."""
    bridge = bus.self.dev.name if bus.self else ""
    return ResetGroup("bus", bus_name(bus), bus_name(bus), bridge, *reach(machine, explain, bus, "bus"))


def reach(machine: Machine, explain: bool, target: Any, kind: str) -> tuple[int | None, Guard | None, tuple[str, ...]]:
    """Return the probe of a slot or bus reset, and the functions it locks, in order."""
    if not hasattr(machine.kernel, f"pci_{kind}_reset"):
        return None, None, ()
    rc, refused = probe(machine, explain, f"pci_{kind}_reset", target, 1)
    if rc:
        return rc, refused, ()
    before = len(machine.events)
    getattr(machine.kernel, f"pci_{kind}_lock")(target)
    locks = (event.args for event in machine.events[before:] if event.op == "lock")
    locked = tuple(of for kind_of_lock, of in locks if kind_of_lock == "device")
    getattr(machine.kernel, f"pci_{kind}_unlock")(target)
    del machine.events[before:]
    return rc, refused, locked


def probe(machine: Machine, explain: bool, name: str, *args: Any) -> tuple[int, Guard | None]:
    """Run a kernel function that only probes. Return its result, and the guard if it refused."""
    before = len(machine.events)
    with traced(machine, explain):  # only explanations need the reads
        call = follow(machine.system, getattr(machine.kernel, name), *args)
    del machine.events[before:]
    return call.result, guard(call, cache(lambda bdf: machine.fabric.config(Address.parse(bdf))) if explain else None)


@contextmanager
def traced(machine: Machine, wanted: bool) -> Iterator[None]:
    """Keep a trace meanwhile, or none."""
    before, machine.system.tracing = machine.system.tracing, wanted
    try:
        yield
    finally:
        machine.system.tracing = before


def bus_name(bus: Any) -> str:
    """Return a bus as "0000:01"."""
    return f"{bus.sysdata.domain:04x}:{bus.number:02x}"
