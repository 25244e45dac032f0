# SPDX-License-Identifier: GPL-2.0-only
"""The verdicts on a whole machine: the sums, the functions people ask about, the rest, each reason once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from .guard import Guard, errno_name
from .ladder import Ladder, ResetGroup, Rung
from .report import STYLES, TOGETHER_SINCE, Report, because, condition, facts, place
from .unknown import remedies
from .verdict import OUTCOMES, asked_about, named
from .words import PRESENCE

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
        ladders = self.ladders
        count = f"{len(ladders)} function{'s' * (len(ladders) != 1)}"
        self.lines(f"{self.machine.description.name}: {count}, {self.kernel_name}", style="bold")
        self.summary(ladders)
        asked = [ladder for ladder in ladders if self.is_asked_about(ladder)]
        if asked:
            self.heading("Pass-through, storage, network, display")
        for ladder in asked:
            self.lines(f"{self.short(ladder.bdf)}  {self.title(ladder.bdf)}", "  ", "      ")
            outcome = self.verdicts.outcome(ladder)
            said = "Unknown." if outcome == "unknown" else self.verdict(ladder)  # what decides is below, each once
            self.lines(said, "      ", style=STYLES.get(outcome, ""))
        self.rest([ladder for ladder in ladders if not self.is_asked_about(ladder)])
        self.unknown_registers()
        self.groups()
        reasons = self.merged()
        if self.verbose:
            self.table(reasons)
            self.heading("Reasons")
            for reason in reasons.values():
                self.reason(reason)
        else:
            self.refusals(reasons)
        self.heading("What you can do")
        self.lines("kernel-port why MACHINE TARGET for one function, slot or bus; -v shows each test, with what it "
                   "looked at.", "  ")  # fmt: skip

    @property
    def ladders(self) -> list[Ladder]:
        """The functions that are in the file: nobody asks about one that stands for what is not."""
        return [ladder for ladder in self.survey.ladders if not self.stands_in(ladder.bdf)]

    def is_asked_about(self, ladder: Ladder) -> bool:
        """Return whether people ask how to reset a function."""
        return asked_about(self.machine.function(ladder.bdf), self.driver(ladder.bdf))

    def summary(self, ladders: list[Ladder]) -> None:
        """Write how many functions of the machine can be reset in which way, and what was not tried."""
        sums = Counter(map(self.verdicts.outcome, ladders))
        for outcome, said in OUTCOMES.items():
            if sums[outcome]:
                self.line(f"  {sums[outcome]:>4} {said}", STYLES[outcome])
        if self.verdicts.untried:
            self.lines(
                f"{self.verdicts.untried} of the resets that the probes allow were not tried, as that would take too "
                "long; kernel-port why MACHINE TARGET tries one.",
                "  ",
            )

    def rest(self, ladders: list[Ladder]) -> None:
        """Write the other functions, those with the same answer together."""
        if not ladders:
            return
        self.heading("Other functions")
        answers = sorted(((self.in_short(ladder), ladder.bdf) for ladder in ladders), key=itemgetter(0))
        for said, same in groupby(answers, key=itemgetter(0)):
            self.lines(f"{said[1]}: {self.many(bdf for _, bdf in same)}", "  ", "      ")

    def in_short(self, ladder: Ladder) -> tuple[int, str]:
        """Return the answer for a function in a few words, with its place in the list."""
        outcome = self.verdicts.outcome(ladder)
        place = list(OUTCOMES).index(outcome)
        if outcome == "alone" and ladder.taken:
            return place, f"alone, by {ladder.taken.function}"
        if outcome == "unknown":
            return place, "unknown"
        if outcome == "together" and (group := self.verdicts.group(ladder)):
            return place, f"only with {self.group_name(group)}"
        return place, self.verdict(ladder).rstrip(".") if outcome == "fails" else f"no, {errno_name(ladder.rc or 0)}"

    def groups(self) -> None:
        """Write slots and buses: those that reset something, then those that do not, together."""
        groups = (*self.survey.slots, *self.survey.buses)
        if not groups:
            return
        self.heading("Slots and buses: what they reset together")
        useful = [group for group in groups if group.takes]
        for group in groups if self.verbose else useful:
            self.group(group)
        if any(self.verdicts.fault(named(group)) == "removed" for group in useful):
            self.lines(f"If a card is thrown out: {PRESENCE[0].lower()}{PRESENCE[1:]}.", "  ", "    ")
        others = sorted((self.why_not(group), self.group_name(group)) for group in groups if not group.takes)
        for said, same in groupby([] if self.verbose else others, key=itemgetter(0)):
            self.lines(f"{', '.join(name for _, name in same)}: {said}", "  ", "      ")

    def why_not(self, group: ResetGroup) -> str:
        """Say why a slot or bus resets nothing."""
        if group.unknown:
            return f"unknown ({because(group.unknown)})"
        if group.rc is None:
            return f"pci_reset_{group.kind}() is not in this kernel; patch {TOGETHER_SINCE} adds it"
        return group.guard.explanation or errno_name(group.guard.rc) if group.guard else "empty"

    def refusals(self, reasons: dict[Key, Reason]) -> None:
        """Write the refusals of functions that cannot be reset alone, each once."""
        alone = {each.bdf for each in self.ladders if self.verdicts.outcome(each) == "alone"}
        found: dict[tuple[str, str], list[str]] = {}
        for reason in reasons.values():
            if reason.rung == self.survey.ladders[0].rungs[0].function:
                continue  # hardly any device has a method of its own
            whom = [bdf for case in reason.cases.values() for bdf in case if bdf not in alone]
            said = reason.guard.explanation or errno_name(reason.guard.rc)
            found.setdefault((reason.rung, said), []).extend(whom)
        if any(found.values()):
            self.heading("Why not alone")
        total = len(self.ladders) - len(alone)
        for (rung, said), whom in found.items():
            if whom:
                everyone = "all of them" if len(whom) == total else self.many(sorted(whom))
                self.lines(f"{rung}: {said}: {everyone}", "  ", "      ")

    def merged(self) -> dict[Key, Reason]:
        """Return the refusals, equal ones merged, in order of method and first function."""
        found: dict[Key, Reason] = {}
        for rungs in zip(*(ladder.rungs for ladder in self.ladders), strict=True):
            for ladder, rung in zip(self.ladders, rungs, strict=True):
                if rung.guard is not None:
                    reason = found.setdefault(key(rung), Reason(letters(len(found)), rung.function, rung.guard))
                    reason.cases.setdefault(facts(rung.guard, ladder.bdf), []).append(ladder.bdf)
        return found

    def table(self, reasons: dict[Key, Reason]) -> None:
        """Write a line for each function: its methods, and which one the kernel takes."""
        ladders = self.ladders
        ways = [rung.function for rung in ladders[0].rungs] if ladders else []
        numbered = ", ".join(f"{number} {way}" for number, way in enumerate(ways, 1))
        self.heading("Each method")
        self.lines(f"Reset methods for one function alone, in the order the kernel tries them: {numbered}.")
        self.lines(
            "* marks the method it takes, + one that does not refuse, either, ? what is unknown; letters are the "
            "reasons below."
        )
        self.write("")
        address = max((len(self.short(ladder.bdf)) for ladder in ladders), default=0)
        cell = max([2, *(len(reason.mark) + 1 for reason in reasons.values())])
        result = max((len(self.result(ladder)) for ladder in ladders), default=0)
        numbers = "".join(f"{number:<{cell}}" for number in range(1, len(ways) + 1))
        self.line(f"{'':{address}}  {numbers} {'reset':<{result}}  device")
        for ladder in ladders:
            marks = "".join(f"{self.mark(rung, ladder, reasons):<{cell}}" for rung in ladder.rungs)
            device = self.title(ladder.bdf)
            line = f"{self.short(ladder.bdf):{address}}  {marks} {self.result(ladder):<{result}}  {device}"
            self.line(line[: self.width], STYLES.get(self.verdicts.outcome(ladder), ""))

    def result(self, ladder: Ladder) -> str:
        """Say in a word or two how a function can be reset."""
        outcome = self.verdicts.outcome(ladder)
        return "returns 0, and fails" if outcome == "fails" else self.in_short(ladder)[1]

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
        everyone = count == len(self.ladders)
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

    def unknown_registers(self) -> None:
        """Write what decides and is not in the source, if anything is: each once, and what to send."""
        cases: dict[str, list[str]] = {}
        for ladder in self.ladders:
            for what, methods in self.undecided(ladder).items():
                cases.setdefault(f"{', '.join(methods)}: {what}", []).append(ladder.bdf)
        if not cases:
            return
        self.heading("Unknown: what decides is not in the file")
        for case, functions in cases.items():
            self.lines(f"{self.many(functions)}: {case}", "  - ", "    ")
        missing = [each for each in self.survey.unknown if not each.register]
        partly = dict.fromkeys(each.bdf for each in self.survey.unknown if each.register)
        for remedy in remedies(missing):
            self.lines(f"{remedy[0].upper()}{remedy[1:]}.", "  ", "  ")
        if partly:
            self.lines(f"To see: lspci -xxxx of the whole machine, as root, or of {self.many(partly)}.", "  ", "  ")
