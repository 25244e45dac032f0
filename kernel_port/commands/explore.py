# SPDX-License-Identifier: GPL-2.0-only
"""Run a scenario in every order of its threads that can matter, and report whether any order fails.

After each run there must be no deadlock, no oops, no lock held, no config space lost, no function removed just because
it was reset, and none added twice. The simplest schedule that fails is shown: the one that picks another thread than
the oldest the fewest times. Its number replays it: kernel-port run SCENARIO --schedule 0.1.0.2

The scheduler chooses where more than one thread can run: when the running one sleeps, waits or ends. With --preempt
also before it takes a lock, after it releases one or wakes a thread, and after an interrupt. Hardware and interrupts
take the time that the machine's description says; that is not a choice.

Two orders are the same if they differ only in the order of steps that share nothing: no field of a struct, register,
lock, wait queue or work queue that one of them changes. Only one of them runs. --full runs all of them.
Exit status 1 if any schedule fails.

Example: kernel-port explore mess --patches 4
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

from ..choice import KernelChoice
from ..explore import (
    Engine,
    Exploration,
    Stage,
    explore,
    explore_reduced,
    one_processor,
    shared_variables,
    simplify,
    written,
)
from ..pool import cores, jobs
from ..scenarios import load
from ..terminal import Paint, Progress, clean
from ..trace.outcome import count
from . import _kernel

LIMIT, LIMIT_FULL = 20_000, 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of explore."""
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="kernel-port scenarios lists them; or a file of yours (./mine.py)"
    )
    _kernel.arguments(parser)
    parser.add_argument(
        "--limit",
        metavar="M",
        type=int,
        help=f"stop after M schedules; default {LIMIT}, with --full {LIMIT_FULL}; 0: all",
    )
    parser.add_argument("--preempt", action="store_true", help="threads also take turns at locks, wake-ups, interrupts")
    parser.add_argument("--full", action="store_true", help="leave no order out, not even those that cannot matter")
    parser.add_argument("--jobs", metavar="N", type=jobs, help="how many processes; default: one per core")
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"an object: scenario, {_kernel.JSON}, schedules (how many ran), at_least (how many there are to run), "
        "left_out (how many orders at least cannot matter), complete, longest (choices), failed, broken (invariant to "
        "schedules: how many, simplest), shortest (schedule, broken: why; or null)",
    )


def run(args: argparse.Namespace) -> int:
    """Explore and report."""
    choice = _kernel.chosen(args)
    found = search(args, choice)
    if args.json:
        kernel = {"patches": choice.patches, "with": choice.names}
        print(json.dumps({"scenario": load(args.scenario).name, **kernel, **found.as_json()}, indent=1))
    else:
        report(found, choice, args)
    return int(found.failed > 0)


def search(args: argparse.Namespace, choice: KernelChoice) -> Exploration:
    """Run what the options say: all schedules, too, if it cannot be told which orders matter."""
    scenario = load(args.scenario)
    found, blind = Exploration(), "" if args.full else shared_variables(scenario)
    bar = Progress(f"explore {scenario.name}")
    with bar:
        if not args.full and not blind:
            found = watched(bar, reduced(args, choice))
            blind = found.blind
        with one_processor(), closing(Stage(scenario, choice, args.preempt)) as stage:
            if args.full or blind:
                limit = LIMIT_FULL if args.limit is None else args.limit
                found = watched(bar, explore(lambda choose: stage.run(choose).broken, limit))
                found.blind = blind
            else:
                simplify(found, lambda choose: stage.run(choose).broken)
    return found


def reduced(args: argparse.Namespace, choice: KernelChoice) -> Iterator[Exploration]:
    """Run one schedule for each order that can matter."""
    engine = Engine(args.scenario, choice, args.preempt, args.jobs or cores())
    with ExitStack() as closes:
        closes.push(lambda kind, _error, _at: engine.close(at_once=kind is not None))
        yield from explore_reduced(engine, LIMIT if args.limit is None else args.limit)


def watched(bar: Progress, results: Iterator[Exploration]) -> Exploration:
    """Show how far an exploration is, and return the last result."""
    started, found = time.monotonic(), Exploration()
    for found in results:
        rate = found.done / max(time.monotonic() - started, 1e-9)
        bar.at(f"{found}, {found.failed:,} failed, {rate:,.0f} a second")
    return found


def report(found: Exploration, choice: KernelChoice, args: argparse.Namespace) -> None:
    """Print the result."""
    paint = Paint()
    choices = f"at most {count(found.longest, 'choice')} each"
    name, shortest = load(args.scenario).name, found.shortest
    if found.blind:
        print(f"No order is left out: {found.blind}")
    if shortest is None:
        print(paint("green", f"{name} at {choice.point}: {found}, {choices}: none fails"))
        return
    print(paint("red", f"{name} at {choice.point}: {found}, {choices}: {found.failed:,} fail"))
    for invariant, times in found.broken.most_common():
        print(f"  {times:>8,}  broken: {invariant}; simplest: {written(found.simplest[invariant].choices)}")
    print(paint("bold", f"The simplest is {written(shortest.choices)}"))
    for reason in shortest.broken:
        print(f"  {clean(reason)}")
    schedule = written(shortest.choices) + (" --preempt" if args.preempt else "")
    print(f"See it: kernel-port run {args.scenario} {shlex.join(choice.options)} --schedule {schedule}")
