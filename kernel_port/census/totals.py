# SPDX-License-Identifier: GPL-2.0-only
"""The totals of a census, added up line by line, and the charts that show them. Memory does not grow with the fleet."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, TypeVar

from ..choice import KernelChoice
from ..images.names import class_name, installed
from ..why.words import FAULTS
from .answer import Record

T = TypeVar("T", str, tuple[str, str, str], tuple[int, int, int])

#: Machines and bad files listed one by one, and rows of a chart.
LISTED, ROWS = 1000, 12
OUTCOMES = {
    "alone": "alone",
    "together": "only with their slot or bus",
    "fails": "returns 0, and fails",
    "none": "not at all",
    "unknown": "unknown: the file lacks what decides",
}
REFUSED = {
    "together": "Guards that refuse a reset alone, for functions that need their slot or bus",
    "none": "Guards that refuse any reset, for functions that cannot be reset at all",
}


class ChartBar(NamedTuple):
    """A row of a chart."""

    label: str
    number: int
    about: str = ""


class Chart(NamedTuple):
    """Counts side by side; each is a share of *whole*."""

    title: str
    bars: list[ChartBar]
    whole: int


class Totals:
    """Totals over machines."""

    def __init__(self, kernel: KernelChoice) -> None:
        self.kernel = kernel
        self.machines = self.bad = self.functions = self.unseen = self.untried = 0
        self.outcomes: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.along: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        #: "together" or "none" -> (method, explanation, place) -> functions of this outcome that it refuses.
        self.guards: dict[str, Counter[tuple[str, str, str]]] = {outcome: Counter() for outcome in REFUSED}
        #: (vendor, device, class) -> functions that cannot be reset at all.
        self.stuck: Counter[tuple[int, int, int]] = Counter()
        #: What is not in a file -> functions whose outcome depends on it.
        self.lacking: Counter[str] = Counter()
        #: The first machines: file, then error or the counts of functions by outcome.
        self.listed: list[tuple[str, str | None, dict[str, int]]] = []

    def add(self, record: Record) -> None:
        """Count a machine."""
        self.machines += 1
        error = record["error"]
        self.bad += error is not None
        if len(self.listed) < LISTED:
            self.listed.append((record["file"], error, {} if error else {name: record[name] for name in OUTCOMES}))
        if error is not None:
            return
        self.functions += len(record["functions"])
        self.unseen += record["unseen"]
        self.untried += record["untried"]
        keys = [(g["rung"], g["explanation"] or g["text"], f"{g['file']}:{g['line']}") for g in record["guards"]]
        for function in record["functions"]:
            outcome, how = function["outcome"], function["how"]
            self.outcomes[outcome] += 1
            if function["fault"]:
                self.faults[function["fault"]] += 1
            if outcome == "none":
                self.stuck[function["vendor"], function["device"], function["class"]] += 1
            if outcome == "unknown":
                self.lacking.update(function["unknown"])
            elif function["how"]:
                self.methods[f"pci_reset_{how.partition(':')[0]}" if outcome == "together" else how] += 1
            if outcome in REFUSED:
                self.guards[outcome].update(keys[number] for number in function["refused"])
            if outcome == "together":
                self.along[function["along"].bit_length()] += 1

    def headline(self) -> str:
        """Return everything in a line."""
        bad = f", {self.bad} of them could not be read" if self.bad else ""
        unseen = f"; {self.unseen} more are described, but the kernel does not find them" if self.unseen else ""
        untried = f"; {_count(self.untried, 'reset')} that probes allow were not tried" if self.untried else ""
        return f"{_count(self.machines, 'machine')}{bad}: {_count(self.functions, 'function')}{unseen}{untried}"

    def charts(self) -> list[Chart]:
        """Return the charts that have something to show."""
        charts = [
            Chart(
                "Functions that can be reset",
                [
                    ChartBar(said, self.outcomes[name])
                    for name, said in OUTCOMES.items()
                    if name != "unknown" or self.outcomes[name]
                ],
                self.functions,
            ),
            Chart("Reset methods", [ChartBar(*way) for way in _most(self.methods)], self.functions),
            Chart(
                "Resets that return 0 and are no good",
                [ChartBar(FAULTS.get(fault, fault), count) for fault, count in _most(self.faults)],
                self.faults.total(),
            ),
            Chart(
                "Neighbours reset along with functions that need their slot or bus",
                [ChartBar(_span(size), count) for size, count in sorted(self.along.items())],
                self.outcomes["together"],
            ),
            *(
                Chart(
                    title,
                    [ChartBar(f"{method}: {why}", n, place) for (method, why, place), n in _most(self.guards[outcome])],
                    self.outcomes[outcome],
                )
                for outcome, title in REFUSED.items()
            ),
            Chart(
                "Devices that cannot be reset at all",
                [ChartBar(_named(*device), count) for device, count in _most(self.stuck)],
                self.outcomes["none"],
            ),
            Chart(
                "What the files lack, for functions whose outcome is unknown",
                [ChartBar(what, count) for what, count in _most(self.lacking)],
                self.outcomes["unknown"],
            ),
        ]
        return [chart for chart in charts if chart.whole]


def _most(counts: Counter[T]) -> list[tuple[T, int]]:
    """Return the largest counts; equal ones in order of their keys, so that the order of machines does not matter."""
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:ROWS]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _span(bits: int) -> str:
    """Return the numbers of that many bits: 0, 1, 2-3, 4-7, ..."""
    first, last = 1 << bits >> 1, (1 << bits) - 1
    return str(last) if first >= last else f"{first}-{last}"


def _named(vendor: int, device: int, class_: int) -> str:
    """Name a device, where pci.ids is installed, with its numbers."""
    ids, kind = installed(), class_name(class_ >> 8)
    names = f"{ids.vendor(vendor) or ''} {ids.device(vendor, device) or ''}".strip()
    return f"{kind}: {names} [{vendor:04x}:{device:04x}]".replace(":  [", ": [")
