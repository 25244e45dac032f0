# SPDX-License-Identifier: GPL-2.0-only
"""Find which patch changes what: run the same thing at base, +1 ... +8, a row each, then list the actions that differ.
With --with, go on: a row for each mend on top of +8.

The outcome is the worst there is to say: deadlock, oops, lost (a function is gone, and no card had moved), failed,
refused (nothing was reset), re-added (removed and found again, as a new device), added twice, not restored
(registers), removed (on request, or a card was pulled), calm (reset, and all is as before), nothing reset.

WHAT is a scenario (kernel-port scenarios lists them), or a machine with the TARGET to reset. For each patch that
changes something, "-" marks what only the kernel before it does, "+" what only the kernel after it does, and "~" reads
that return another value.

Examples: kernel-port bisect mess
          kernel-port bisect example:d3hot 01:00.0
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from functools import partial

from .. import scenarios
from ..bisect import Point, kernels, measure_call, measure_scenario, steps, table
from ..calls import RESETS, find_call
from ..choice import ALL, KernelChoice
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from ..machine import boot
from ..terminal import Paint, clean, progress
from . import _kernel, _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of bisect."""
    parser.add_argument("what", metavar="WHAT", help=f"a scenario or ./mine.py, or a machine: {_machine.HELP}")
    parser.add_argument("target", metavar="TARGET", nargs="?", help="for a machine: 01:00.0, slot:1 or bus:01")
    _machine.option(parser)
    parser.add_argument("--call", metavar="NAME", help="call this C function of the target instead of resetting it")
    parser.add_argument("--seed", metavar="S", type=int, help="picks the next thread where several can run")
    _kernel.mends(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="every action that differs")
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"an object: what, points ({_kernel.JSON}, exists, outcome; where it exists also rc by thread, deadlock, "
        "time_ns, lost, recreated, added_twice, spurious_events: t_ms, port, event; config_restored, functions as "
        "reset --json has them) and steps (patch, with, subject, changes: column to before and after, differences: "
        "side, t, context, op, args, value_before, function, at)",
    )


def run(args: argparse.Namespace) -> int:
    """Run it at each point, print the matrix and the steps."""
    last = _kernel.chosen(args, ALL)
    title, measure = of_scenario(args) if args.target is None else of_machine(args, last)
    report(title, [measure(kernel) for kernel in progress(kernels(last), "bisect")], args)
    return 0


def of_scenario(args: argparse.Namespace) -> tuple[str, Callable[[KernelChoice], Point]]:
    """Return the question of the scenario, and how to play it at a point.

    :raises MachineError: there is no such scenario"""
    if args.call:
        raise MachineError("--call is for a machine and a target")
    if not scenarios.is_scenario(args.what):
        raise MachineError(
            f"there is no scenario {args.what!r}; there are {', '.join(sorted(scenarios.names()))}. "
            "For a machine, give a TARGET: 01:00.0, slot:1 or bus:01"
        )
    scenario = scenarios.load(args.what)
    return f"{scenario.name}: {scenario.question}", partial(measure_scenario, scenario, seed=args.seed)


def of_machine(args: argparse.Namespace, last: KernelChoice) -> tuple[str, Callable[[KernelChoice], Point]]:
    """Return the title of the call, and how to make it at a point.

    :raises MachineError: not even the last kernel has the call"""
    description = _machine.loaded(args, args.what)
    name = find_name(description, args, last)
    measure = partial(measure_call, description, target=args.target, name=name, seed=args.seed)
    return f"{description.name}: {name}({args.target})", measure


def find_name(description: MachineDescription, args: argparse.Namespace, last: KernelChoice) -> str:
    """Return the name of the function to call on the target."""
    with boot(description, last) as machine:
        kind, target = machine.target(args.target)
        return find_call(machine.kernel, args.call or RESETS[kind], kind, target).name


def report(title: str, points: Sequence[Point], args: argparse.Namespace) -> None:
    """Print the matrix and the steps."""
    found = list(steps(points))
    if args.json:
        matrix = {"points": [point.as_json() for point in points], "steps": [step.as_json() for step in found]}
        print(json.dumps({"what": title, **matrix}, indent=1))
        return
    paint = Paint()
    print(paint("bold", clean(title)))
    for line in table(points, paint):
        print(line)
    for step in found:
        print()
        for line in step.report(args.verbose, paint):
            print(line)
    if not found:
        print("\nNo patch changes anything here.")
