# SPDX-License-Identifier: GPL-2.0-only
"""Compares the port with the recording of a real kernel, cycle by cycle.

The boot is judged separately, from the registers before it. For the calls the port boots on the registers found after
the recorded boot; from then on, the thread that makes the recording's next cycle runs (real_turns.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from ..hw.address import Address
from ..hw.errors import MachineError
from ..kernel.lockdep import BY_INSTANCE, inversions
from ..kernel.sched import Deadlock, Oops
from ..machine import Machine
from ..trace import decode
from .capture_phases import PAUSE, Access
from .linux61 import CallComparison, Pair
from .linux61_reasons import NEW, OLD, VALUE
from .real_boot import BootReport, judge_boot
from .real_calls import check, closing, in_c, opening, perform
from .real_filters import passing, phases, traits_of
from .real_kernel import HANG, Cycle, Recording
from .real_log import LOCKDEP, compare_logs, since_first_call, spoken
from .real_machine import enabled, start
from .real_turns import Turns

#: Schedules to try where more than one thread can run; the one with the fewest differences counts.
INTERLEAVINGS = 8
NSEC_PER_USEC = 1_000
OOPS, FAILURE = "oops", "failure"
ENDS = {HANG: "a hang", OOPS: "an oops", FAILURE: "a failure of the port", "": "no call"}


@dataclass(slots=True)
class CallReport:
    """One call."""

    test: str
    expected: str
    """The return code; "hang", "oops"."""
    got: str = ""
    wrong: bool = False


@dataclass(slots=True)
class Judgement:
    """Differences between the port and the recorded kernel."""

    name: str
    accesses: int = 0
    """Cycles of the calls, with those that only the port makes, without filtered ones."""
    identical: int = 0
    calls: list[CallReport] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    """Name of a filter -> how many cycles and messages it let through."""
    boot: BootReport = field(default_factory=BootReport)
    rows: list[tuple[CallReport | None, Pair]] = field(default_factory=list)
    """What both did, side by side, and in which call (None: before the first)."""

    @property
    def calls_identical(self) -> int:
        """How many calls have the same cycles and return code."""
        return sum(not call.wrong for call in self.calls)

    @property
    def conforms(self) -> bool:
        """Whether all was judged, without a difference."""
        return not self.differences and self.boot.conforms

    @property
    def summary(self) -> str:
        """The counts in words."""
        boot, calls = self.boot, self.calls
        return (
            f"identical {self.identical} of {self.accesses} accesses, {self.calls_identical} of {len(calls)} calls;"
            f" boot: {boot.identical} of the port's {boot.made} are real,"
            f" {boot.found} of {boot.expected} real ones on ports and below ({boot.share:.1%}) are the port's"
        )

    def as_data(self) -> dict[str, Any]:
        """Return all of it for JSON, except what both did side by side."""
        boot = {name: getattr(self.boot, name) for name in self.boot.__slots__}
        return {
            "name": self.name, "accesses": self.accesses, "identical": self.identical,
            "calls": [asdict(call) for call in self.calls], "calls_identical": self.calls_identical,
            "differences": self.differences, "passed": self.passed,
            "boot": {**boot, "share": self.boot.share}, "conforms": self.conforms,
        }  # fmt: skip


def replay(recording: Recording) -> Judgement:
    """Compare the port with *recording*.

    :raises MachineError: the recorded machine is impossible, or a call unknown"""
    judgement = judge_calls(recording)
    judgement.boot = judge_boot(recording)
    return judgement


def judge_calls(recording: Recording) -> Judgement:
    """Compare the port's calls with the recorded ones.

    :raises MachineError: the recorded machine is impossible, or a call unknown"""
    try:
        for test in recording.tests:
            check(test)
    except MachineError as error:
        raise MachineError(f"{recording.source}: {error}") from None
    best, choices = interleaved(recording, None)
    seeds = iter(range(INTERLEAVINGS if choices else 0))
    while best.differences and (seed := next(seeds, None)) is not None:
        other, _ = interleaved(recording, seed)
        best = min(best, other, key=lambda judgement: len(judgement.differences))
    return best


def interleaved(recording: Recording, seed: int | None) -> tuple[Judgement, int]:
    """Make the calls with the thread schedule of *seed* (None: each thread runs until it sleeps).

    :return: the judgement, and how many times more than one thread could run"""
    judge, random, choices = Judge(recording), Random(seed), 0

    def choose(count: int) -> int:
        nonlocal choices
        choices += 1
        return 0 if seed is None else random.randrange(count)

    with start(recording, recording.config_before, trace_boot=False) as machine:
        machine.system.sched.choose = choose
        machine.system.sched.preemptive = True
        judge.run(machine)
    return judge.judgement, choices


class Judge:
    """Makes the calls of a recording, and collects the differences."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.judgement = Judgement(recording.name)
        codes = list(recording.return_codes) + [OOPS] * (len(recording.tests) - len(recording.return_codes))
        self.judgement.calls = [CallReport(*pair) for pair in zip(recording.tests, codes, strict=True)]
        self._call: CallReport | None = None
        self._phases = phases(recording.ops, scanning=False)
        self._last = 0

    def run(self, machine: Machine) -> None:
        """Make all calls on *machine*, booted, and compare."""
        recording = self.recording
        for name in enabled(recording):
            machine.call("pci_enable_device", machine.function(name))
        for name, config in recording.config_before.items():
            machine.fabric.put(Address.parse(name), config)
        machine.events.clear()
        turns = Turns(machine, recording, self)
        self._make_calls(machine, turns)
        self._compare_ends()
        self._compare_messages(machine)
        self._compare_lockdep(machine)
        if recording.config_after:
            self._compare_registers(machine)

    def _make_calls(self, machine: Machine, turns: Turns) -> None:
        calls = iter(self.judgement.calls)
        try:
            for op in [op for op in self.recording.ops if op.op == "mark"]:
                if op.bdf == "begin":
                    self._call = next(calls)
                    opening(machine, self._call.test)
                turns.mark(op.bdf)
                if op.bdf == "begin" and self._call:
                    self._call.got = perform(machine, self._call.test)
                elif op.bdf == "end" and self._call:
                    closing(machine, self._call.test)
            turns.rest()
            machine.system.sched.settle()
            return
        except Deadlock as deadlock:
            end, report = HANG, str(deadlock)
        except Oops as oops:
            end, report = OOPS, str(oops)
        except Exception as error:  # a failure of the port is a difference, too
            end, report = FAILURE, f"the port failed: {error if isinstance(error, MachineError) else repr(error)}"
        if self._call is not None and not self._call.got:
            self._call.got = end
        if self._call is None or self._call.got != self._call.expected or end == FAILURE:
            self._differ(report)
        self._leave_out_rest(turns)

    def _leave_out_rest(self, turns: Turns) -> None:
        for index in range(turns.next, len(self.recording.ops)):
            if self.recording.ops[index].op != "mark":
                self.missing(index, "the port", None)

    # -- called by real_turns ------------------------------------------------------------------------------------

    def same(self, index: int) -> None:
        """Record a cycle that is the same."""
        self.judgement.accesses += 1
        self.judgement.identical += 1
        access = self._access(index)
        self._row(Pair("same", access, access))

    def other_value(self, index: int, got: int, who: str) -> None:
        """Record a read that returned another value."""
        op = self.recording.ops[index]
        self.judgement.accesses += 1
        self._differ(f"op {index}: {who}: {self._show(op)}: expected {_hex(op)}, got {_hex(op, got)}"
                     f" ({decode.changed(self._config(op), op.where, op.size, op.value, got)})")  # fmt: skip
        self._row(Pair(VALUE, Access(op.op, op.bdf, op.where, op.size, got), self._access(index)))

    def missing(self, index: int, who: str, instead: Cycle | None) -> None:
        """Record a cycle that was not made, unless a filter lets it through."""
        op, config = self.recording.ops[index], self._config(self.recording.ops[index])
        entry = passing(op, config, traits_of(Address.parse(op.bdf), config), self._phases[index])
        self._row(Pair(NEW, None, self._access(index), entry.reason if entry else ""))
        if entry is not None:
            self.judgement.passed[entry.name] += 1
            return
        self.judgement.accesses += 1
        goes_on = f"goes on with {self._show(instead)}" if instead else "makes nothing more"
        self._differ(f"op {index}: {who}: {self._show(op)}: expected {_hex(op)}, got none: {goes_on}")

    def extra(self, index: int, cycle: Cycle, who: str) -> None:
        """Record a cycle that only the port made. After a crash of the recorded kernel, only the end is compared."""
        if index == len(self.recording.ops) and len(self.recording.return_codes) < len(self.recording.tests):
            return
        self.judgement.accesses += 1
        value = f" {_hex(cycle)}" if cycle.op == "w" else ""
        self._differ(f"op {index}: {who}: expected none, got {self._show(cycle)}{value}")
        self._row(Pair(OLD, Access(*cycle[:5]), None))

    def _row(self, row: Pair) -> None:
        self.judgement.rows.append((self._call, row))

    def _access(self, index: int) -> Access:
        """Add a recorded cycle to the comparison, after the pause before it."""
        op = self.recording.ops[index]
        pause = (op.time - self._last) // NSEC_PER_USEC
        if self._last and pause >= PAUSE:
            self._row(Pair("pause", None, Access("pause", value=pause)))
        self._last = op.time
        return Access(*op[:5])

    def _differ(self, line: str) -> None:
        self.judgement.differences.append(line)
        if self._call is not None:
            self._call.wrong = True

    def _config(self, op: Cycle) -> bytes:
        return self.recording.config_before.get(op.bdf, bytes(256))

    def _show(self, op: Cycle) -> str:
        if op.op == "mark":
            return f"the {op.bdf} of the call"
        return f"{op.op}{8 * op.size} {op.bdf} {'+'.join(register_names(self._config(op), op))}"

    # -- afterwards ----------------------------------------------------------------------------------------------

    def _compare_ends(self) -> None:
        for call in self.judgement.calls:
            if call.got != call.expected:
                call.wrong = True
                self.judgement.differences.append(
                    f"{call.test}: expected {_end(call.expected)}, got {_end(call.got)}"
                )  # fmt: skip

    def _compare_messages(self, machine: Machine) -> None:
        messages, passed = spoken(since_first_call(self.recording))
        self.judgement.passed.update(passed)
        self.judgement.differences += compare_logs(messages, machine.events)

    def _compare_lockdep(self, machine: Machine) -> None:
        """Compare lockdep reports: locks taken in both orders, except device locks and config access locks."""
        expected = any(message.function == LOCKDEP for message in since_first_call(self.recording))
        circles = (inversion.orders for inversion in inversions(machine.events))
        got = any(not any({order.held[0], order.taken[0]} & BY_INSTANCE for order in orders) for orders in circles)
        if expected != got:
            said = {True: "a report", False: "none"}
            self.judgement.differences.append(f"lockdep: expected {said[expected]}, got {said[got]}")

    def _compare_registers(self, machine: Machine) -> None:
        after = self.recording.config_after
        known = {dev.dev.name for dev in machine.functions}
        for name in sorted(after.keys() | known):
            if name not in known:
                self.judgement.differences.append(f"end: {name}: expected there, got none: the port has lost it")
            elif name not in after:
                self.judgement.differences.append(f"end: {name}: expected gone, got it still there")
        for name, config in sorted(after.items()):
            address = Address.parse(name)
            if machine.fabric.has(address):
                for op, got in _other_registers(name, config, seen(machine, address, len(config))):
                    entry = passing(op, config, traits_of(address, config), frozenset())
                    if entry is None:
                        names = "+".join(register_names(config, op))
                        line = f"end: {name} {names}: expected {_hex(op)}, got {_hex(op, got)}"
                        self.judgement.differences.append(line)
                    else:
                        self.judgement.passed[entry.name] += 1


def seen(machine: Machine, address: Address, size: int) -> bytes:
    """Return the registers of a function as user space reads them: all ones if reads do not reach it."""
    domain, bus, device, function = address
    devfn = device << 3 | function
    words = (machine.fabric.read(domain, bus, devfn, where, 4) for where in range(0, size, 4))
    return b"".join(word.to_bytes(4, "little") for word in words)


def compare_calls(recording: Recording) -> Iterator[CallComparison]:
    """Yield every call of *recording*, the port's beside the real kernel's.

    :raises MachineError: the recorded machine is impossible, or the port cannot make the calls"""
    judgement = judge_calls(recording)
    for call in judgement.calls:
        rows = tuple(row for owner, row in judgement.rows if owner is call)
        yield CallComparison(call.test, in_c(call.test), call.got, call.expected, rows)


def register_names(config: bytes, op: Cycle) -> list[str]:
    """Return the names of the registers that an access touches."""
    return [part.name for part in decode.parts(config, op.where, op.size, op.value)]


def _hex(op: Cycle, value: int | None = None) -> str:
    return f"{op.value if value is None else value:#0{2 + 2 * op.size}x}"


def _end(code: str) -> str:
    return ENDS.get(code, f"return {code}")


def _other_registers(name: str, expected: bytes, got: bytes) -> Iterator[tuple[Cycle, int]]:
    """Yield registers with another value: the read that would show it, and that value."""
    for where in range(0, len(expected), 4):
        a, b = (int.from_bytes(config[where : where + 4], "little") for config in (expected, got))
        if a != b:
            for was, now in zip(decode.parts(expected, where, 4, a), decode.parts(expected, where, 4, b), strict=True):
                if was.value != now.value:
                    yield Cycle("r", name, was.offset, was.size, was.value, 0), now.value
