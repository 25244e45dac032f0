# SPDX-License-Identifier: GPL-2.0-only
"""Exercises that check themselves: write the patches of the series, mend what they leave open, describe machines.

Without N, list them. -o writes the file to begin with: the signatures, with the bodies left out, and at its head what
to find out. --check runs your file in the place of the real one, against golden traces of the C, recordings
of real kernels and scenarios, and says the first thing that differs. There are three hints for each, and our solution.

Your file is a program and runs as you do, in a process of its own that may take 30 seconds and 1 GiB; nothing more is
promised. Exit status of --check: 0 solved, 1 not solved, 2 the file cannot be used.

Examples: kernel-port exercise 2 -o mine.py
          kernel-port exercise 2 --check mine.py
          kernel-port exercise 2 --hint 2
          kernel-port exercise 2 --solution mine.py
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from ..exercises.beside import beside, code_of
from ..exercises.child import check
from ..exercises.exercise import Exercise, MachineExercise, PatchExercise, RepairExercise
from ..exercises.judge import SOLVED, UNUSABLE
from ..exercises.table import EXERCISES, exercise
from ..exercises.templates import given, text
from ..files import opened, refuse_outputs, write_text
from ..hw.errors import MachineError
from ..limits import OWN
from ..terminal import Paint, clean, page, width

#: What judges an exercise, for the list.
JUDGES = {
    PatchExercise: "golden traces, a real kernel, scenarios",
    RepairExercise: "scenarios",
    MachineExercise: "the port",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of exercise."""
    parser.add_argument("number", metavar="N", nargs="?", help="which; without it they are listed")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("-o", metavar="FILE", dest="output", type=Path, help="write the file to begin with: mine.py")
    what.add_argument(
        "--check", metavar="FILE", type=Path, help="run what judges it, and say the first thing that differs"
    )
    what.add_argument(
        "--hint", metavar="K", nargs="?", const=1, type=int, choices=(1, 2, 3), help="1, 2 or 3; default 1"
    )
    what.add_argument(
        "--solution",
        metavar="FILE",
        nargs="?",
        const=Path(),
        type=Path,
        help="show ours, beside yours if FILE is given",
    )
    parser.add_argument(
        "--json", action="store_true",
        help="the list: number, title, level, judges of each; --check: solved, status, text, where, shown_by, see",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """List exercises, or do with one what the options say.

    :raises MachineError: there is no such exercise, or the file cannot be written"""
    if args.number is None:
        if args.output or args.check or args.hint or args.solution is not None:
            raise MachineError("which exercise? Give its number first: kernel-port exercise 2 --hint")
        show_all(args.json)
        return 0
    chosen = exercise(args.number)
    if args.output:
        write(chosen, args.output)
    elif args.check:
        return report(chosen, args.check, args.json)
    elif args.hint:
        hint(chosen, args.hint)
    elif args.solution is not None:
        solution(chosen, args.solution)
    else:
        show(chosen)
    return 0


def show_all(as_json: bool) -> None:
    """Print the list."""
    if as_json:
        rows = [{"number": e.number, "title": e.title, "level": e.level, "judges": e.judges} for e in EXERCISES]
        print(json.dumps(rows, indent=1))
        return
    paint = Paint()
    longest = max(len(each.title) for each in EXERCISES)
    print(f"  N  level  {'title':<{longest}}  what     judged by")
    for each in EXERCISES:
        title = paint("bold", f"{each.title:<{longest}}")
        print(f" {each.number:>2}  {each.level}      {title}  {each.kind:<8} {JUDGES[type(each)]}")
    print("\nkernel-port exercise N says what it is about; with -o FILE it writes the file to begin with.")


def show(chosen: Exercise) -> None:
    """Print what one is about."""
    paint = Paint()
    print(paint("bold", f"Exercise {chosen.number}: {chosen.title}") + f" ({chosen.kind}, level {chosen.level})\n")
    print(chosen.task)
    print(f"What judges it: {chosen.judges}")
    print(f"Begin: kernel-port exercise {chosen.number} -o mine{chosen.suffix}")


def write(chosen: Exercise, path: Path) -> None:
    """Write the file to begin with.

    :raises MachineError: it exists, or its name does not do"""
    if path.suffix != chosen.suffix or not path.stem.isidentifier():
        raise MachineError(f"{path}: name a file such as mine{chosen.suffix}")
    if path.exists():
        raise MachineError(f"{path}: exists; choose another name, or move it away")
    refuse_outputs([path])
    write_text(path, text(chosen, path))
    print(f"{path}: read its head, write what is missing; kernel-port exercise {chosen.number} --check {given(path)}")


def report(chosen: Exercise, path: Path, as_json: bool) -> int:
    """Judge a file, print the remark, return the exit status."""
    opened(path, OWN).close()  # a file that cannot be read needs no process of its own
    verdict = check(chosen.number, path)
    if as_json:
        print(
            json.dumps(
                {"solved": verdict.status == SOLVED, **asdict(verdict.remark), "status": verdict.status}, indent=1
            )
        )
        return verdict.status
    if verdict.status == UNUSABLE:
        raise MachineError(verdict.remark.text)
    paint = Paint()
    first, *others = (clean(line) for line in verdict.remark.lines)
    print(paint("green" if verdict.status == SOLVED else "red", first))
    for line in others:
        print(line)
    return verdict.status


def hint(chosen: Exercise, number: int) -> None:
    """Print a hint, and how to get the next."""
    print(f"Hint {number} of {len(chosen.hints)}: {chosen.hints[number - 1]}")
    if number < len(chosen.hints):
        print(f"The next: kernel-port exercise {chosen.number} --hint {number + 1}")
    else:
        print(f"That was the last one. Our solution: kernel-port exercise {chosen.number} --solution")


def solution(chosen: Exercise, path: Path) -> None:
    """Show our solution, beside the student's if there is one.

    :raises OSError: that cannot be read"""
    ours = code_of(chosen.solution)
    if path == Path():
        page(ours)
        return
    theirs = [clean(line) for line in code_of(path)]
    page([*beside([str(path), "", *theirs], ["ours", "", *ours], width())])
