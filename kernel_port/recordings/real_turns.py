# SPDX-License-Identifier: GPL-2.0-only
"""Whose turn it is: a machine whose threads make the cycles of a recording in the recording's order.

A thread that is about to make a cycle waits until that is the recording's next. Time follows the recording: before a
cycle is made it is at least as late as it was there. When nobody makes the recording's next cycle by its time, that is
a difference, and both go on from the nearest cycle that somebody does want; the machine follows the recording, so that
one difference is told once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ..hw.address import Address, bdf
from ..hw.bridge import Bridge
from ..kernel.sched import Thread
from ..kernel.stack import kernel_stack
from ..machine import Machine
from ..pci_regs import PCI_EXP_SLTSTA_ABP
from ..trace import decode
from ..trace.site import cause
from .real_filters import VECTORS, is_all
from .real_kernel import Cycle, Recording, is_recorded

#: How many cycles of the recording may be missing in one place, and how many of the function that somebody goes on
#: with: behind more, what is wanted is something else.
LOOKAHEAD, OWN_LOOKAHEAD = 64, 12
#: How much later than in the recording somebody may still make a cycle, ns: a jiffy.
PATIENCE = 1_000_000
NOBODY = "the port"
SLOT_STATUS, UNREACHABLE = "PCI_EXP_SLTSTA", 0xFFFF


class Verdicts(Protocol):
    """Who is told what is the same and what is not."""

    def same(self, index: int) -> None:
        """The cycle *index* of the recording was made, and answered as there."""

    def other_value(self, index: int, got: int, who: str) -> None:
        """The cycle *index* of the recording, a read, was answered with *got*."""

    def missing(self, index: int, who: str, instead: Cycle | None) -> None:
        """Nobody made the cycle *index* of the recording; *who* goes on with *instead*."""

    def extra(self, index: int, cycle: Cycle, who: str) -> None:
        """*who* made a cycle before the cycle *index* of the recording that is not there."""


@dataclass(slots=True)
class Want:
    """What a thread is about to do, and the C function it is in."""

    cycle: Cycle
    who: str


class Turns:
    """Takes the place of the configuration cycles of *machine*, which is booted, and has them made in order."""

    def __init__(self, machine: Machine, recording: Recording, verdicts: Verdicts) -> None:
        self._machine = machine
        self._recording = recording
        self._sched = machine.system.sched
        self._ops = recording.ops
        self._verdicts = verdicts
        #: The cycle of the recording that is to be made next.
        self.next = 0
        self._start = self._sched.clock.now
        self._waiting: dict[Thread, Want] = {}
        self._press_buttons()
        pci_ops = next(machine.buses()).ops
        self._read, self._write = pci_ops.read, pci_ops.write
        pci_ops.read, pci_ops.write = self.read, self.write

    def _press_buttons(self) -> None:
        """Have attention buttons pressed where the recording shows that somebody did: no cycle does it."""
        pressed: set[str] = set()
        for op in self._ops:
            config = self._config(op.bdf) if op.op != "mark" else b""
            status = next((p for p in decode.parts(config, op.where, op.size, op.value) if p.name == SLOT_STATUS), None)
            if not config or status is None or status.value == UNREACHABLE or not status.covered & PCI_EXP_SLTSTA_ABP:
                continue
            if op.op == "w" or not status.value & PCI_EXP_SLTSTA_ABP:
                pressed.discard(op.bdf)
            elif op.bdf not in pressed:
                pressed.add(op.bdf)
                self._sched.clock.call_at(self._start + op.time - 1, partial(self._press_button, op.bdf))

    def _press_button(self, name: str) -> None:
        port = self._machine.fabric.function(Address.parse(name))
        if isinstance(port, Bridge) and port.slot is not None:
            port.slot.event(PCI_EXP_SLTSTA_ABP)

    def _config(self, name: str) -> bytes:
        fabric, address = self._machine.fabric, Address.parse(name)
        return fabric.config(address) if fabric.has(address) else b""

    # -- what the kernel calls -----------------------------------------------------------------------------------

    def read(self, bus: Any, devfn: int, where: int, size: int) -> tuple[int, int]:
        """A configuration read; it is answered as in the recording, if that has it."""
        cycle = Cycle("r", bdf(bus.sysdata.domain, bus.number, devfn), where, size, 0, 0)
        if not is_recorded(self._recording, cycle):
            return self._read(bus, devfn, where, size)
        index = self.take(cycle)
        status, value = self._read(bus, devfn, where, size)
        if index is None:
            return status, value
        expected = self._ops[index].value
        if value == expected:
            self._verdicts.same(index)
        else:
            self._verdicts.other_value(index, value, self._who())
        return status, expected

    def write(self, bus: Any, devfn: int, where: int, size: int, value: int) -> int:
        """A configuration write."""
        name = bdf(bus.sysdata.domain, bus.number, devfn)
        index = self.take(Cycle("w", name, where, size, value, 0))
        if index is not None:
            value = self._ops[index].value  # another one only if it is not the kernel's to choose
            self._verdicts.same(index)
        return int(self._write(bus, devfn, where, size, value))

    def mark(self, name: str) -> None:
        """Main has come to where the recording has a mark."""
        self.take(Cycle("mark", name, 0, 0, 0, 0))

    def rest(self) -> None:
        """Main has nothing more to do: let the others make what is left of the recording, and what is not there."""
        while self.next < len(self._ops):
            self._sched.block(self, self._due())
            if self._is_late():
                self._miss(1, None)
        self._waiting.clear()
        self._sched.wake(self)

    # -- in turn -------------------------------------------------------------------------------------------------

    def take(self, cycle: Cycle) -> int | None:
        """Wait for the turn of *cycle*.

        :return: its index in the recording, None if it is not there"""
        me, sched = self._sched.current, self._sched
        while self.next < len(self._ops):
            if self._fits(cycle, self._ops[self.next]):
                return self._turn()
            self._waiting[me] = Want(cycle, self._who())
            try:
                if not sched.in_interrupt and (sched.block(self, self._due()) or not self._is_late()):
                    continue
                if not self._catch_up(me):
                    break
            finally:
                self._waiting.pop(me, None)
        self._verdicts.extra(self.next, cycle, self._who())
        return None

    def _fits(self, cycle: Cycle, op: Cycle) -> bool:
        """Whether *cycle* is the recording's *op*."""
        return cycle.is_like(op) or (cycle[:4] == op[:4] and is_all(VECTORS, op, self._config(op.bdf)))

    def _turn(self) -> int:
        """It is the next cycle's turn: let the time come."""
        index = self.next
        self.next += 1
        self._sched.wake(self)
        self._sched.delay_until(max(self._sched.clock.now, self._start + self._ops[index].time))
        return index

    def _due(self) -> int:
        """When the recording's next cycle is overdue."""
        return max(self._sched.clock.now, self._start + self._ops[self.next].time + PATIENCE)

    def _is_late(self) -> bool:
        if self.next == len(self._ops):
            return False
        return self._sched.clock.now >= self._start + self._ops[self.next].time + PATIENCE

    def _catch_up(self, me: Thread) -> bool:
        """Nobody makes the recording's next cycle: leave out what is missing before the first that somebody wants.

        :return: False if what *me* wants is not there: it is one too many"""
        mine = self._waiting[me]
        wants = [mine] if self._sched.in_interrupt else list(self._waiting.values())
        found = self._nearest(wants, OWN_LOOKAHEAD)
        if found is None and mine.cycle.op == "mark":  # main is done here, the recording is not
            found = self._nearest(wants, LOOKAHEAD) or (1, mine)
        if found is not None:
            self._miss(*found)
        return found is not None

    def _nearest(self, wants: list[Want], own: int) -> tuple[int, Want] | None:
        """How many cycles of the recording are before the first that one of *wants* is, and which.

        :param own: how many of the same function may be"""
        skipped: Counter[str] = Counter()
        for ahead, op in enumerate(self._ops[self.next : self.next + LOOKAHEAD]):
            if op.op == "mark":
                return None  # main has to come there first
            for want in wants:
                if self._fits(want.cycle, op) and skipped[op.bdf] <= own:
                    return ahead, want
            skipped[op.bdf] += 1
        return None

    def _miss(self, count: int, want: Want | None) -> None:
        """Leave out *count* cycles of the recording; interrupts that the writes among them raise make some of them."""
        end = self.next + count
        while self.next < end:
            index, op = self.next, self._ops[self.next]
            self.next += 1
            if op.op == "mark":
                continue
            self._verdicts.missing(index, want.who if want else NOBODY, want.cycle if want else None)
            if op.op == "w":
                domain, bus, device, function = Address.parse(op.bdf)
                self._machine.fabric.write(domain, bus, device << 3 | function, op.where, op.size, op.value)
        self._sched.wake(self)

    def _who(self) -> str:
        """The C function that runs."""
        frames = kernel_stack(vars(self._machine.kernel))
        site = cause(zip(frames[::2], frames[1::2], strict=True))
        return site.function if site else NOBODY
