# SPDX-License-Identifier: GPL-2.0-only
"""What a teacher says of the first thing that differs. Never a diff, and never the solution."""

from __future__ import annotations

from dataclasses import dataclass
from errno import errorcode
from itertools import takewhile
from pathlib import Path
from typing import Any

from ..trace.site import Site
from .exercise import PatchExercise
from .traces import Actor, Difference, Op
from .words import Speaker, listed

#: How much of a Python error is repeated.
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of a student's file, and where to look."""

    text: str
    where: str = ""
    """The line of the student's file, or its function."""
    shown_by: str = ""
    """What shows it: a trace, a scenario."""
    see: str = ""
    """A command that shows more."""

    @property
    def lines(self) -> list[str]:
        """The remark, line by line."""
        rows = {"Where": self.where, "Seen in": self.shown_by, "See it": self.see}
        return [self.text, *(f"  {label}: {said}" for label, said in rows.items() if said)]


def of_trace(exercise: PatchExercise, found: Difference, reference: Actor, before: Actor, path: Path) -> Remark:
    """Return what to say of the first difference from a golden trace.

    :param reference: who does in the C what the file does otherwise
    :param before: who does there the act before"""
    speaker = Speaker(found.trace, found.done)
    shown_by = f"golden trace {found.trace.name}: {found.trace.about.rstrip('.')}"
    if found.error is not None:
        said = f"error {type(found.error).__name__} {found.error}"
        for mistake in exercise.mistakes:
            if mistake.fits(speaker.key(found.expected), said, "", not found.done):
                return Remark(mistake.remark, path.name)
        return of_error(found.error, found.actor.own, path, shown_by)
    if found.held:
        return Remark(f"All is done, but nobody releases {listed(found.held)}.", path.name, shown_by)
    inside = at_fault(exercise, found.actor, reference, before) or called(exercise, found)
    where = str(place(found.actor.own, path)) if found.actor.own else f"{path.name}, {inside}"
    if found.results is not None:
        expected, got = found.results
        key = f"return {result(expected)}", f"return {result(got)}"
        text = f"{speaker.after()}, your code returns {result(got)}, the C {result(expected)}."
    else:
        key = speaker.key(found.expected), speaker.key(found.got)
        text = compared(exercise, found, reference, speaker)
    for mistake in exercise.mistakes:
        if mistake.fits(*key, inside, not found.done):
            return Remark(mistake.remark, where, shown_by)
    return Remark(f"{text} {advice(exercise, found, reference, inside)}", where, shown_by)


def compared(exercise: PatchExercise, found: Difference, reference: Actor, speaker: Speaker) -> str:
    """Say what the file does, and what the C does instead."""
    after, expected, got = speaker.after(), found.expected, found.got
    theirs = "" if got is None else speaker.does(got, callee(exercise, found.actor))
    ours = "" if expected is None else speaker.does(expected, callee(exercise, reference))
    if got is None:
        return (
            f"{after}, your code returns; the C goes on: it {ours}."
            if found.done
            else f"Your code returns; the C {ours}."
        )
    if expected is None:
        return (
            f"{after}, the C is done; your code goes on: it {theirs}."
            if found.done
            else f"The C returns; your code {theirs}."
        )
    if expected[0] == got[0] == "w" and expected[1:4] == got[1:4]:
        return f"{after}, {differing(speaker, expected, got)}"
    if theirs == ours:  # the same call, with other arguments or on other data
        theirs, ours = speaker.does(got), speaker.does(expected)
    if follows(found):
        return f"{after}, your code {theirs} too early: the C first {ours}."
    return f"{after}, your code {theirs}; the C {ours}."


def differing(speaker: Speaker, expected: Op, got: Op) -> str:
    """Compare two writes to one register."""
    was, now = speaker.parts(expected, expected[4]), speaker.parts(got, got[4])
    changes = [change for old, new in zip(was, now, strict=True) for change in new.changed(old.value)]
    states = {"+": ("set", "clear"), "-": ("clear", "set")}
    told = [
        f"{each[:-1]} {states[each[-1]][0]}, the C has it {states[each[-1]][1]}" if each[-1] in states else each
        for each in changes
    ]
    return f"your code writes {speaker.register(got)} of {speaker.of(got)} with {'; '.join(told)}."


def follows(found: Difference) -> bool:
    """Return whether the C does later what the file does now."""
    got = found.got
    ops = [op for op in found.trace.ops if op[0] not in ("printk", "hw")][len(found.done) + 1 :]
    length = 4 if got and got[0] == "r" else None
    return any(op[:length] == got for op in ops)


def advice(exercise: PatchExercise, found: Difference, reference: Actor, inside: str) -> str:
    """Say what to read again: what is called, if the call is right and its effect is not; else what calls it."""
    function, expected, got = reference.function, found.expected, found.got
    same = expected and got and expected[0] == got[0] == "w" and expected[1:4] == got[1:4]
    if function and function not in exercise.functions and (same or inside not in exercise.reading):
        return f"Read {function}() again (kernel-port show {function})."
    return f"Read again {exercise.reading.get(inside) or f'what {inside}() is to do'}."


def at_fault(exercise: PatchExercise, actor: Actor, reference: Actor, before: Actor) -> str:
    """Return the function of the exercise that does too much, or does not go on as it should; "" if none is at work."""
    theirs, ours, earlier = (
        [name for name in each.functions if name in exercise.functions] for each in (actor, reference, before)
    )
    if not theirs:  # its code has returned: who should have gone on?
        return (common(ours, earlier)[-1:] or ours[:1] or [""])[0]
    both = common(theirs, ours)
    return both[-1] if both and both != ours else theirs[-1]


def common(one: list[str], other: list[str]) -> list[str]:
    """Return how far two stacks go together."""
    return [name for name, _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))]


def called(exercise: PatchExercise, found: Difference) -> str:
    """Return the function of the exercise that a trace calls, or the first one."""
    name = found.trace.call["function"]
    return name if name in exercise.functions else exercise.functions[0]


def callee(exercise: PatchExercise, actor: Actor) -> str:
    """Return what the innermost function of the exercise calls for an act; "" if it acts itself."""
    names = actor.functions
    last = max((index for index, name in enumerate(names) if name in exercise.functions), default=len(names))
    return names[last + 1] if last + 1 < len(names) else ""


def result(value: Any) -> str:
    """Return a result as people write it: "0", "-ENOTTY"."""
    if isinstance(value, int) and -value in errorcode:
        return f"-{errorcode[-value]}"
    return "nothing" if value is None else str(value)


def place(site: Site, path: Path) -> str:
    """Return a statement of the student's file: "mine.py:41, in pci_hp_reset_slot"."""
    return f"{path.name}:{site.line}, in {site.function}"


def of_error(error: BaseException, site: Site | None, path: Path, shown_by: str = "") -> Remark:
    """Return what to say of code that fails."""
    where = place(site, path) if site else path.name
    if isinstance(error, NotImplementedError):
        function = f"{site.function}()" if site else "A function"
        return Remark(f"{function} is still empty.", where, shown_by)
    if isinstance(error, SystemExit):
        return Remark(
            "Your code calls exit(). A kernel does not: a function returns 0 or a negative errno.", where, shown_by
        )
    if isinstance(error, MemoryError):
        return Remark("Your code wants more memory than a check may have.", where, shown_by)
    if isinstance(error, RecursionError):
        return Remark("Your code calls itself without end.", where, shown_by)
    words = " ".join(str(error).split())[:LONGEST]
    what = f"{type(error).__name__}: {words}" if words else type(error).__name__
    if site is None:
        return Remark(f"With your file the kernel fails ({what}).", where, shown_by)
    return Remark(f"Your code fails: {what}.", where, shown_by)
