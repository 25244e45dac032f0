# SPDX-License-Identifier: GPL-2.0-only
"""What a step reads and writes of the hardware.

Writes are seen, not foretold: the registers of all functions, and what else the model keeps of them, are compared from
before the first write of the step to its end. A read reads a doubleword, and whatever answers at its address now. A
write that only stores reads the doubleword that it stores to; one that acts may look at anything of its function, and
of all above and below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from ..hw.bridge import Bridge
from ..hw.function import Function
from ..machine import Machine
from .places import INTERRUPTS, Place, place

if TYPE_CHECKING:
    from .footprint import Tracker

#: What a model keeps besides registers: plain values; anything else is fixed, or is registers itself.
_PLAIN = (int, str, Enum, type(None))
#: Bytes compared at once.
STRIDE = 64
#: A function's registers, what decides whether it answers, and what else there is.
Contents = tuple[bytes, Any, Any]


class Silicon:
    """The hardware of a machine under a Tracker."""

    def __init__(self, tracker: Tracker, machine: Machine) -> None:
        self._tracker = tracker
        self._fabric = machine.fabric
        self._asking = machine.wiring.asking
        self._functions = [machine.fabric.function(each.address) for each in machine.description.functions]
        self._before: dict[str, Contents] = {}
        self._routes: dict[tuple[int, int, int], str] = {}
        self._attach(machine)

    def _attach(self, machine: Machine) -> None:
        for ops in {id(bus.ops): bus.ops for bus in machine.buses()}.values():
            self._watch(ops)
        fabric, function = machine.fabric, machine.fabric.function

        def hand(address: Any) -> Function:
            """Return a function that a hand is laid on."""
            found = function(address)
            self._look()
            self._acts(found)
            return found

        vars(fabric)["function"] = hand
        vars(fabric)["config"] = lambda address: function(address).dump()  # for those who only look

    def _watch(self, ops: Any) -> None:
        read, write = ops.read, ops.write

        def watched_read(bus: Any, devfn: int, where: int, size: int) -> Any:
            self._cycle(bus, devfn, where)
            result = read(bus, devfn, where, size)
            self._served()
            return result

        def watched_write(bus: Any, devfn: int, where: int, size: int, value: int) -> Any:
            self._look()
            function = self._cycle(bus, devfn, where)
            if function is not None and function.acts(where, size):
                self._acts(function)
            result = write(bus, devfn, where, size, value)
            self._served()
            return result

        ops.read, ops.write = watched_read, watched_write

    def _cycle(self, bus: Any, devfn: int, where: int) -> Function | None:
        """Note a cycle: it depends on what answers at its address, and reads there."""
        reads = self._tracker.reads
        domain, number = bus.sysdata.domain, bus.number
        reads.add(place("at", domain, number, devfn))
        function = self._fabric.target(domain, number, devfn)
        if function is not None:
            reads.add(place("answers", function.name))
            reads.add(place("register", function.name, where // 4))
        self._served()
        return function

    def _served(self) -> None:
        """Note that an interrupt that waits is served after whatever access comes first."""
        self._tracker.reads.add(INTERRUPTS)
        if self._asking:
            self._tracker.write(INTERRUPTS)

    def _acts(self, function: Function) -> None:
        """Note that anything of a function may be read, and of all above and below."""
        self._tracker.reads.update(place("all", each.name) for each in _around(function))

    def _look(self) -> None:
        """Look at all functions before the first write of a step."""
        if not self._before:
            self._before = {each.name: _contents(each) for each in self._functions}
            self._routes = self._routed()

    def _routed(self) -> dict[tuple[int, int, int], str]:
        """Return what answers at each address now."""
        fabric = self._fabric
        buses = [*fabric.roots(), *((each.description.address.domain, each.secondary) for each in self._functions
                                    if isinstance(each, Bridge))]  # fmt: skip
        found = {}
        for domain, bus in buses:
            for devfn, function in fabric.on(domain, bus).items():
                found[domain, bus, devfn] = function.name
        return found

    def written(self) -> Iterator[Place]:
        """Yield the places that the step has changed, and forget it."""
        if not self._before:
            return
        for function in self._functions:
            before, after = self._before[function.name], _contents(function)
            if before != after:
                yield place("all", function.name)
                if before[1] != after[1]:
                    yield place("answers", function.name)
                for dword in _changed(before[0], after[0]):
                    yield place("register", function.name, dword)
        routes = self._routed()
        for address in self._routes.keys() | routes.keys():
            if self._routes.get(address) != routes.get(address):
                yield place("at", *address)
        self._before = {}

    def forget(self) -> None:
        """Forget the step."""
        self._before = {}


def _contents(function: Function) -> Contents:
    """Return all that can change of a function."""
    parts = [function, *filter(None, (getattr(function, "slot", None), getattr(function, "link", None)))]
    inner = [(name, value) for part in parts for name, value in vars(part).items() if isinstance(value, _PLAIN)]
    below = [each.name for each in function.below] if isinstance(function, Bridge) else []
    return function.dump(), (function.silent, dict(vars(function)["_lost_writes"])), (inner, below)


def _around(function: Function) -> Iterator[Function]:
    """Yield a function, all above it and all below, virtual ones with their physical one."""
    above: Function | None = function
    while above is not None:
        yield above
        above = above.above
    pending = [function]
    for each in pending:
        yield each
        pending += each.virtual
        if each.physical is not None:
            yield each.physical
        if isinstance(each, Bridge):
            pending += each.below


def _changed(before: bytes, after: bytes) -> Iterator[int]:
    """Yield the numbers of the doublewords that differ. Most of configuration space does not change."""
    for start in range(0, len(before), STRIDE) if before != after else ():
        if before[start : start + STRIDE] != after[start : start + STRIDE]:
            for where in range(start, start + STRIDE, 4):
                if before[where : where + 4] != after[where : where + 4]:
                    yield where // 4
