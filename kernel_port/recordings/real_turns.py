# SPDX-License-Identifier: GPL-2.0-only
"""Scheduling by recording: the threads of a machine make their cycles in the order of the recording.

A thread that is about to make a cycle waits until it is the recording's next. Time follows the recording: no cycle is
made earlier than there. If no thread makes the recording's next cycle in time, that is a difference, and both go on
from the nearest cycle that a thread waits for. The machine then follows the recording, so that one difference is
reported once.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, Protocol

from ..hw.address import Address, bdf
from ..hw.bridge import Bridge
from ..kernel.sched import Thread
from ..machine import Machine
from ..pci_regs import PCI_EXP_SLTSTA_ABP
from ..trace import decode
from ..trace.site import cause
from .real_filters import VECTORS, is_all
from .real_kernel import Cycle, Recording, is_recorded

#: How many cycles of the recording may be missing in one place, and how many of those may be of the function whose
#: cycle comes next: beyond that, the thread waits for another cycle.
LOOKAHEAD, OWN_LOOKAHEAD = 64, 12
#: How much later than in the recording a cycle may be made, ns: two jiffies, as ticks come at other moments there, and
#: the clock of a virtual machine is not exact.
PATIENCE = 2_000_000
NOBODY = "the port"
SLOT_STATUS, UNREACHABLE = "PCI_EXP_SLTSTA", 0xFFFF


class Verdicts(Protocol):
    """Receives what is the same and what is different."""

    def same(self, index: int) -> None:
        """Handle that cycle *index* of the recording was made, with the same value."""

    def other_value(self, index: int, got: int, who: str) -> None:
        """Handle that cycle *index* of the recording, a read, returned *got*."""

    def missing(self, index: int, who: str, instead: Cycle | None) -> None:
        """Handle that cycle *index* of the recording was not made; *who* goes on with *instead*."""

    def extra(self, index: int, cycle: Cycle, who: str) -> None:
        """Handle that *who* made *cycle*, which the recording does not have, before cycle *index*."""


@dataclass(slots=True)
class Want:
    """The cycle a thread is about to make, and the C function it is in."""

    cycle: Cycle
    who: str


class Turns:
    """Replaces the configuration accessors of *machine*, which is booted, to order the cycles."""

    def __init__(self, machine: Machine, recording: Recording, verdicts: Verdicts) -> None:
        self._machine = machine
        self._recording = recording
        self._sched = machine.system.sched
        self._ops = recording.ops
        self._verdicts = verdicts
        #: The next cycle of the recording.
        self.next = 0
        self._start = self._sched.clock.now
        self._waiting: dict[Thread, Want] = {}
        self._press_buttons()
        pci_ops = next(machine.buses()).ops
        self._read, self._write = pci_ops.read, pci_ops.write
        pci_ops.read, pci_ops.write = self.read, self.write

    def _press_buttons(self) -> None:
        """Schedule presses of attention buttons where the recording shows them: no cycle causes one."""
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

    # -- called by the kernel ------------------------------------------------------------------------------------

    def read(self, bus: Any, devfn: int, where: int, size: int) -> tuple[int, int]:
        """Make a configuration read. It returns the recording's value, if that has the read."""
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
        """Make a configuration write."""
        name = bdf(bus.sysdata.domain, bus.number, devfn)
        index = self.take(Cycle("w", name, where, size, value, 0))
        if index is not None:
            value = self._ops[index].value  # differs only where the PCI code does not choose it
            self._verdicts.same(index)
        return int(self._write(bus, devfn, where, size, value))

    def mark(self, name: str) -> None:
        """Wait until the recording is at the mark that the main thread has reached."""
        self.take(Cycle("mark", name, 0, 0, 0, 0))

    def rest(self) -> None:
        """End the main thread's part: let the others make the rest of the recording, and whatever else they make."""
        while self.next < len(self._ops):
            self._sched.block(self, self._due())
            if self._is_late():
                self._miss(1, None)
        self._waiting.clear()
        self._sched.wake(self)

    # -- the order -----------------------------------------------------------------------------------------------

    def take(self, cycle: Cycle) -> int | None:
        """Wait for the turn of *cycle*.

        :return: its index in the recording, None if that does not have it"""
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
        """Return whether *cycle* is the recording's *op*."""
        return cycle.is_like(op) or (cycle[:4] == op[:4] and is_all(VECTORS, op, self._config(op.bdf)))

    def _turn(self) -> int:
        """Take the next cycle of the recording, and wait for its time."""
        index = self.next
        self.next += 1
        self._sched.wake(self)
        self._sched.delay_until(max(self._sched.clock.now, self._start + self._ops[index].time))
        return index

    def _due(self) -> int:
        """Return when the recording's next cycle is overdue."""
        return max(self._sched.clock.now, self._start + self._ops[self.next].time + PATIENCE)

    def _is_late(self) -> bool:
        if self.next == len(self._ops):
            return False
        return self._sched.clock.now >= self._start + self._ops[self.next].time + PATIENCE

    def _catch_up(self, me: Thread) -> bool:
        """Skip recorded cycles that no thread makes, up to the first one that a thread waits for.

        :return: False if the recording does not have the cycle of *me*"""
        mine = self._waiting[me]
        wants = [mine] if self._sched.in_interrupt else list(self._waiting.values())
        found = self._nearest(wants, OWN_LOOKAHEAD)
        if found is None and mine.cycle.op == "mark":  # the main thread is done here, the recording is not
            found = self._nearest(wants, LOOKAHEAD) or (1, mine)
        if found is not None:
            self._miss(*found)
        return found is not None

    def _nearest(self, wants: list[Want], own: int) -> tuple[int, Want] | None:
        """Return how many cycles of the recording come before the first one in *wants*, and that one.

        :param own: how many of them may be of the same function"""
        skipped: Counter[str] = Counter()
        for ahead, op in enumerate(self._ops[self.next : self.next + LOOKAHEAD]):
            if op.op == "mark":
                return None  # the main thread has to get there first
            for want in wants:
                if self._fits(want.cycle, op) and skipped[op.bdf] <= own:
                    return ahead, want
            skipped[op.bdf] += 1
        return None

    def _miss(self, count: int, want: Want | None) -> None:
        """Skip *count* cycles of the recording; interrupts caused by writes among them may make some of them."""
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
        """Return the C function that runs."""
        kernel, stack = vars(self._machine.kernel), []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_globals is kernel:
                stack.append((frame.f_code, frame.f_lasti))
            frame = frame.f_back
        site = cause(stack)
        return site.function if site else NOBODY
