# SPDX-License-Identifier: GPL-2.0-only
"""Write a run as a page to step through: time line, source, stacks, registers, locks, and the machine as it changes.

WHAT is a machine with the TARGET to reset, or a scenario (kernel-port scenarios lists them). The page is one file that
fetches nothing; docs/watching.md explains it. Without -o it is named after what it shows, mess.html, in the current
folder. --against adds another point of the series beside it and steps through the differences. --c adds the C of each
function and marks the C statement of each step. The run can also be written in the formats of other tools, with the
page (-o) or without.

Examples: kernel-port watch mess --open
          kernel-port watch example:vga slot:1 -o vga.html
          kernel-port watch mess --patches 8 --against 0
          kernel-port watch mess --c linux@v3.12 -o mess.html
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import scenarios
from ..calls import RESETS, find_call, perform
from ..choice import KernelChoice
from ..files import opened, refuse_links_out, refuse_outputs, write_text
from ..hw.errors import MachineError, did_you_mean
from ..machine import boot
from ..review.pages.html import GENERATOR
from ..review.read.c_side import open_side
from ..review.watch.observer import Observer
from ..review.watch.page import Recording, Subject, watch_page
from ..terminal import clean
from ..trace.exports import Export
from ..trace.outcome import count, end, result
from . import _c, _exports, _kernel, _machine, _threads

#: The longest name of a page that nobody has named, without its ending; and how far into a file ours say they are.
LONGEST_NAME, HEAD = 60, 4096
LISTED = "kernel-port scenarios lists them."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of watch."""
    parser.add_argument("what", metavar="WHAT", help=f"a scenario or ./mine.py, or a machine: {_machine.HELP}")
    parser.add_argument("target", metavar="TARGET", nargs="?", help="for a machine: 01:00.0, slot:1 or bus:01")
    _machine.option(parser)
    _kernel.arguments(parser)
    parser.add_argument("--against", metavar="N", type=int, choices=range(9), help="add another point of the series")
    parser.add_argument("--call", metavar="NAME", help="call this C function of the target instead of resetting it")
    _threads.arguments(parser)
    _c.option(parser, "show the C too")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="where to write the page (default: WHAT.html, here)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the web browser")
    _exports.arguments(parser)


@dataclass(frozen=True, slots=True)
class Watched:
    """What to show."""

    title: str
    recordings: list[Recording]
    question: str = ""
    story: str = ""
    warnings: Sequence[str] = ()


def run(args: argparse.Namespace) -> int:
    """Run it, once or twice, and write the requested files."""
    exports = _exports.outputs(args)
    named = args.output is not None
    if not named and (args.open or not any(exports)):
        args.output = own_page(page_name(args.what, args.target))
    if args.c and not args.output:
        raise MachineError("--c is for the page: name it with -o FILE.html")
    refuse_outputs([args.output, *exports], args.what, args.c)
    side = open_side(args.c, args.rev) if args.c else None
    kernels = [_kernel.chosen(args)]
    if args.against is not None:
        kernels.insert(0, KernelChoice.of(args.against))
    watched = (of_scenario if args.target is None else of_machine)(args, kernels)
    for warning in watched.warnings:
        print(f"warning: {clean(warning)}", file=sys.stderr)
    if args.output:
        subject = Subject(watched.title, watched.question, watched.story, command(args), watched.warnings)
        write_text(args.output, watch_page(subject, watched.recordings, side))
    main = watched.recordings[-1]
    _exports.write(args, Export(watched.title, main.kernel, main.events, main.seen.before, main.seen.start))
    for recording in watched.recordings:
        print(f"{recording.kernel}: {count(len(recording.events), 'event')}, {clean(recording.result)}")
    if args.output and not named:
        print(f"{clean(str(args.output))}: written{'' if args.open else '; --open opens it in the browser'}")
    if args.open and not webbrowser.open(args.output.resolve().as_uri()):
        print(f"warning: no web browser found; open {clean(str(args.output))} in yours", file=sys.stderr)
    return 0


def page_name(what: str, target: str | None) -> Path:
    """Return the name of the page of a run: "mess.html", "vga-slot-1.html"."""
    stem = Path(what).stem if "/" in what or what.endswith(".py") else what.removeprefix("example:")
    words = re.findall(r"[\w.-]+", " ".join(filter(None, [stem, target])), re.ASCII)
    return Path(f"{'-'.join(words)[:LONGEST_NAME].strip('.-') or 'run'}.html")


def own_page(path: Path) -> Path:
    """Return a path that nobody has named, if there is no file yet or a page of ours.

    :raises MachineError: another file is there, or a link to one elsewhere"""
    refuse_links_out([path])
    if path.exists():
        with opened(path) as file:
            ours = GENERATOR.encode() in file.read(HEAD)
        if not ours:
            raise MachineError(f"{path}: exists and is no page of kernel-port's; name the page with -o FILE.html")
    return path


def command(args: argparse.Namespace) -> str:
    """Return the command line that makes the same page."""
    words = ["kernel-port", "watch", args.what, *([args.target] if args.target else [])]
    words += _kernel.chosen(args).options
    for option in ("at", "call", "against", "seed", "schedule", "c", "rev"):
        value = getattr(args, option)
        if value not in (None, ""):
            words += [f"--{option}", str(value)]
    if args.preempt:
        words.append("--preempt")
    return f"{shlex.join(words)} -o {shlex.quote(args.output.name)}"


def of_machine(args: argparse.Namespace, kernels: list[KernelChoice]) -> Watched:
    """Reset the target with each kernel."""
    description, recordings, name = _machine.loaded(args, args.what), [], ""
    for choice in kernels:
        with boot(description, choice) as machine:
            _threads.decide(machine, args)
            kind, target = machine.target(args.target)
            call = find_call(machine.kernel, args.call or RESETS[kind], kind, target)
            name, seen = call.name, Observer(machine)
            rc, halt = perform(machine, call, seen.note)
            seen.finish()
            returned = end(halt) if halt else f"returned {result(rc)}"
            failed = bool(halt) or (rc is not None and rc < 0)
            kernel, events = machine.kernel.__name__, list(machine.events)
            recordings.append(
                Recording(choice.patches, kernel, choice.explained, returned, failed, str(halt or ""), events, seen)
            )
    return Watched(f"{name}({args.target}) on {description.name}", recordings, warnings=description.warnings)


def of_scenario(args: argparse.Namespace, kernels: list[KernelChoice]) -> Watched:
    """Play the scenario with each kernel.

    :raises MachineError: there is none of that name"""
    if args.call:
        raise MachineError("--call is for a machine and a TARGET")
    if not scenarios.is_scenario(args.what):
        raise MachineError(
            f"there is no scenario {args.what!r}; {did_you_mean(args.what, scenarios.names(), LISTED)} "
            "For a machine, give a TARGET: 01:00.0, slot:1 or bus:01"
        )
    scenario, recordings = scenarios.load(args.what), []
    for choice in kernels:
        with scenarios.ready(scenario, choice) as machine:
            seen = Observer(machine)
            machine.system.listen = seen.note
            _threads.decide(machine, args)
            played = scenarios.perform(scenario, machine)
            seen.finish()
        failed, halt = bool(played.broken), played.outcome.deadlock or played.outcome.oops
        kernel = machine.kernel.__name__
        recordings.append(
            Recording(choice.patches, kernel, choice.explained, played.answer, failed, halt, played.events, seen)
        )
    return Watched(scenario.name, recordings, scenario.question, scenario.about)
