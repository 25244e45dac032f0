# SPDX-License-Identifier: GPL-2.0-only
"""A survey of a whole machine: a line for each function, each reason once, slots and buses, the sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import ENOTTY
from itertools import groupby

from .guard import Guard, errno_name
from .ladder import Ladder, Rung
from .report import (
    ALL_OWNED,
    TOGETHER_SINCE,
    VFIO_ALONE,
    VFIO_TOGETHER,
    Report,
    because,
    condition,
    facts,
    failure,
    place,
    title_in,
)
from .unknown import remedies

STYLES = {"alone": "green", "together": "yellow", "none": "red", "unknown": "blue"}

#: Equal for refusals with the same explanation.
Key = tuple[object, ...]


@dataclass(slots=True)
class Reason:
    """One guard that refused, and the functions it refused."""

    mark: str
    rung: str
    guard: Guard
    #: Values -> functions that had them.
    cases: dict[str, list[str]] = field(default_factory=dict)


def key(rung: Rung) -> Key:
    """Return what equal refusals share."""
    return (rung.function, rung.guard.site, rung.guard.because) if rung.guard else (rung.function,)


def letters(number: int) -> str:
    """Return the label of a number: a, b, ... z, aa, ab, ..."""
    return (letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


class Overview(Report):
    """Writes the report on a whole machine."""

    def whole(self) -> None:
        """Write everything but the caveats."""
        ladders = self.survey.ladders
        count = f"{len(ladders)} function{'s' * (len(ladders) != 1)}"
        self.line(f"{self.machine.description.name}: {count}, {self.kernel_name}", "bold")
        reasons = self.reasons()
        self.table(reasons)
        self.heading("Reasons")
        for reason in reasons.values():
            self.reason(reason)
        self.unknown()
        self.heading("Slots and buses: what they reset together")
        for group in (*self.survey.slots, *self.survey.buses):
            self.group(group)
        self.summary()

    def reasons(self) -> dict[Key, Reason]:
        """Return the refusals, equal ones merged, in order of method and first function."""
        found: dict[Key, Reason] = {}
        for rungs in zip(*(ladder.rungs for ladder in self.survey.ladders), strict=True):
            for ladder, rung in zip(self.survey.ladders, rungs, strict=True):
                if rung.guard is not None:
                    reason = found.setdefault(key(rung), Reason(letters(len(found)), rung.function, rung.guard))
                    reason.cases.setdefault(facts(rung.guard, ladder.bdf), []).append(ladder.bdf)
        return found

    def table(self, reasons: dict[Key, Reason]) -> None:
        """Write a line for each function: its methods, and which one the kernel takes."""
        ladders = self.survey.ladders
        ways = [rung.function for rung in ladders[0].rungs] if ladders else []
        numbered = ", ".join(f"{number} {way}" for number, way in enumerate(ways, 1))
        self.lines(f"Reset methods for one function alone, in the order the kernel tries them: {numbered}.")
        self.lines(
            "* marks the method it takes, + one that would work too, ? what is unknown; letters refer to reasons below."
        )
        self.write("")
        address = max((len(self.short(ladder.bdf)) for ladder in ladders), default=0)
        cell = max([2, *(len(reason.mark) + 1 for reason in reasons.values())])
        result = max((len(self.result(ladder)) for ladder in ladders), default=0)
        numbers = "".join(f"{number:<{cell}}" for number in range(1, len(ways) + 1))
        self.line(f"{'':{address}}  {numbers} {'reset':<{result}}  device")
        for ladder in ladders:
            marks = "".join(f"{self.mark(rung, ladder, reasons):<{cell}}" for rung in ladder.rungs)
            device = title_in(self.machine, self.machine.function(ladder.bdf))
            line = f"{self.short(ladder.bdf):{address}}  {marks} {self.result(ladder):<{result}}  {device}"
            self.line(line[: self.width], STYLES[self.survey.outcome(ladder)])

    def result(self, ladder: Ladder) -> str:
        """Say in short how a function can be reset."""
        if self.survey.outcome(ladder) == "unknown":
            return "unknown"
        if ladder.rc == 0 and ladder.taken:
            return ladder.taken.function
        groups = self.survey.together(ladder.bdf)
        return (
            f"only with {groups[0].kind} {self.group_name(groups[0])}"
            if groups
            else f"no ({errno_name(ladder.rc or 0)})"
        )

    def mark(self, rung: Rung, ladder: Ladder, reasons: dict[Key, Reason]) -> str:
        """Return one cell of the table."""
        if rung.rc is None:
            return "?"
        if rung.guard is not None:
            return reasons[key(rung)].mark
        return "*" if rung is ladder.taken else "+"

    def reason(self, reason: Reason) -> None:
        """Write one reason, and the functions it applies to."""
        count = sum(map(len, reason.cases.values()))
        everyone = count == len(self.survey.ladders)
        whom = "every function" if everyone else f"{count} function{'s' * (count > 1)}"
        said = reason.guard.explanation or errno_name(reason.guard.rc)
        self.lines(f"{reason.mark:<2} {reason.rung} refuses {whom}: {said}", "", "   ")
        self.lines(f"{condition(reason.guard)}  in {place(reason.guard)}", "   ", "     ", "cyan")
        if everyone and len(reason.cases) == 1:
            cases = list(filter(None, reason.cases))
        else:
            cases = [f"{values or 'with'}: {self.many(functions)}" for values, functions in reason.cases.items()]
        if len(cases) == count > 2:  # every function has its own value
            cases = ["; ".join(cases)]
        for case in cases:
            self.lines(case, "   - ", "     ")

    def unknown(self) -> None:
        """Write what decides and is not in the source, if anything is: each once, and what to send."""
        cases: dict[str, list[str]] = {}
        for ladder in self.survey.ladders:
            methods: dict[str, list[str]] = {}
            for rung in ladder.rungs:
                if rung.rc is None:
                    methods.setdefault(because(rung.unknown, ladder.bdf), []).append(rung.function)
            for what, names in methods.items():
                cases.setdefault(f"{', '.join(names)}: {what}", []).append(ladder.bdf)
        if not cases:
            return
        self.heading("Unknown (?): what decides is not in the file")
        for case, functions in cases.items():
            self.lines(f"{self.many(functions)}: {case}", "   - ", "     ")
        missing = [each for each in self.survey.unknown if not each.register]
        partly = dict.fromkeys(each.bdf for each in self.survey.unknown if each.register)
        for remedy in remedies(missing):
            self.lines(f"{remedy}.", "   ", "   ")
        if partly:
            self.lines(f"To see: lspci -xxxx of the whole machine, as root, or of {self.many(partly)}.", "   ", "   ")

    def summary(self) -> None:
        """Write the totals, and what to do."""
        self.heading("Summary")
        sums = [("alone", "can be reset alone"), ("together", "only with their slot or bus"), ("none", "not at all")]
        if "unknown" in map(self.survey.outcome, self.survey.ladders):
            sums.append(("unknown", "unknown, as what decides is not in the file"))
        wide = len(str(len(self.survey.ladders)))
        for outcome, said in sums:
            ladders = [ladder for ladder in self.survey.ladders if self.survey.outcome(ladder) == outcome]
            self.line(f"  {len(ladders):>{wide}} {said}", STYLES[outcome])
            for result, same in groupby(sorted(ladders, key=self.result), key=self.result):
                functions = [ladder.bdf for ladder in same]
                self.lines(f"{len(functions):>{wide}} {result}: {self.many(functions)}", "      ", " " * (9 + wide))
        self.write("")
        self.lines(
            f"Alone: echo 1 > /sys/bus/pci/devices/ADDRESS/reset, or {VFIO_ALONE}; a refusal is {failure(-ENOTTY)}. "
            f"Together: {VFIO_TOGETHER}, from patch {TOGETHER_SINCE} on. {ALL_OWNED} Details of one function, "
            "slot or bus: kernel-port why MACHINE TARGET."
        )
