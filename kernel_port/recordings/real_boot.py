# SPDX-License-Identifier: GPL-2.0-only
"""The boot of a recorded kernel: the port may make only cycles of that, in the same order per function."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..hw.address import Address
from ..kernel.system import Event
from ..trace import decode
from ..trace.site import cause
from .real_filters import ASSIGNED, VECTORS, is_all, passing, phases, traits_of
from .real_kernel import Cycle, Recording, is_recorded
from .real_log import compare_logs, spoken, while_booting
from .real_machine import before_boot, start

#: The share of the real kernel's cycles on ports and below that the port must make, filtered cycles not counted.
ENOUGH = 0.95


@dataclass(slots=True)
class BootReport:
    """How the port's boot compares with the recorded one."""

    made: int = 0
    """Cycles of the port."""
    identical: int = 0
    """Those that the real kernel makes, too, in its order per function."""
    expected: int = 0
    """Cycles of the real kernel on ports and below, without filtered ones."""
    found: int = 0
    """Those that the port makes, too."""
    passed: Counter[str] = field(default_factory=Counter)
    """Name of a filter -> how many it let through."""
    missing: Counter[str] = field(default_factory=Counter)
    """What only the real kernel does, on ports and below -> how many times."""
    differences: list[str] = field(default_factory=list)
    """What only the port does."""
    log: list[str] = field(default_factory=list)
    """Differences of the kernel log."""

    @property
    def share(self) -> float:
        """The share of the real kernel's cycles on ports and below that the port makes."""
        return self.found / self.expected if self.expected else 1.0

    @property
    def conforms(self) -> bool:
        """Whether all cycles of the port are real, and the port makes enough of the real ones."""
        return self.made == self.identical and self.share >= ENOUGH and not self.log


def judge_boot(recording: Recording) -> BootReport:
    """Boot the port on the recorded machine as firmware left it, and compare.

    :raises MachineError: the recorded machine is impossible"""
    report = BootReport()
    real: dict[str, list[Cycle]] = defaultdict(list)
    for cycle in recording.boot:
        real[cycle.bdf].append(cycle)
    with start(recording, before_boot(recording)) as machine:
        ours: dict[str, list[Event]] = defaultdict(list)
        for event in machine.boot_events:
            if event.op in ("r", "w") and is_recorded(recording, cycle_of(event)):
                ours[event.args[0]].append(event)
        messages, passed = spoken(while_booting(recording))
        report.passed.update(passed)
        report.log = [f"boot: {line}" for line in compare_logs(messages, machine.boot_events)]
    for name in sorted(real.keys() | ours.keys()):
        _compare(recording, name, real[name], ours[name], report)
    return report


def _compare(recording: Recording, name: str, real: list[Cycle], ours: list[Event], report: BootReport) -> None:
    """One function's part of the boot."""
    config = recording.config_before.get(name, bytes(256))
    traits = traits_of(Address.parse(name), config)
    pairs = common(_keys(real, config), _keys([cycle_of(event) for event in ours], config))
    theirs, mine = {i for i, _ in pairs}, {j for _, j in pairs}
    report.made += len(ours)
    report.identical += len(pairs)
    for j, event in enumerate(ours):
        if j not in mine:
            cycle = cycle_of(event)
            site = cause(event.stack)
            who = site.function if site else "the port"
            report.differences.append(f"boot: {who}: {show(config, cycle)}: not there, or not in this order")
    when = phases(real, scanning=True)
    counts = traits & {"port", "bridge", "below"} and name in recording.config_before
    for i, cycle in enumerate(real):
        entry = passing(cycle, config, traits, when[i]) if i not in theirs else None
        if entry is not None:
            report.passed[entry.name] += 1
        elif counts:
            report.expected += 1
            report.found += i in theirs
            if i not in theirs:
                report.missing[what(config, cycle, traits)] += 1


def _keys(cycles: list[Cycle], config: bytes) -> list[tuple[Any, ...]]:
    """Return what identical cycles share: also the value, unless the kernel does not choose it or it is an address."""
    free = [is_all(VECTORS, cycle, config) or (cycle.op == "r" and is_all(ASSIGNED, cycle, config)) for cycle in cycles]
    return [cycle[: 4 if whatever else 5] for cycle, whatever in zip(cycles, free, strict=True)]


def cycle_of(event: Event) -> Cycle:
    """Return an event of the port's trace as a configuration cycle."""
    name, where, size, value = event.args
    return Cycle(event.op, name, where, size, value, event.time)


def show(config: bytes, op: Cycle) -> str:
    """Return a cycle with its value as text."""
    names = "+".join(part.name for part in decode.parts(config, op.where, op.size, op.value))
    return f"{op.op}{8 * op.size} {op.bdf} {names} {op.value:#0{2 + 2 * op.size}x}"


def what(config: bytes, op: Cycle, traits: frozenset[str]) -> str:
    """Return a cycle without function and value as text."""
    names = "+".join(part.name for part in decode.parts(config, op.where, op.size, op.value))
    kind = next((trait for trait in ("port", "bridge") if trait in traits), "function")
    return f"{kind} {op.op}{8 * op.size} {names}"


def common(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return the longest common subsequence, as pairs of indices."""
    best = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) - 1, -1, -1):
        row, below = best[i], best[i + 1]
        for j in range(len(b) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if a[i] == b[j] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs
