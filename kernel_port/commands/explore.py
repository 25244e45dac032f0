# SPDX-License-Identifier: GPL-2.0-only
"""Run a scenario in every order its threads can run in, and report whether any order fails.

After each run there must be no deadlock, no oops, no lock held, no config space lost, no function removed just because
it was reset, and none added twice. The simplest schedule that fails is shown: the one that picks another thread than
the oldest the fewest times. Its number replays it: kernel-port run SCENARIO --schedule 0.1.0.2

The scheduler chooses where more than one thread can run: when the running one sleeps, waits or ends. With --preempt
also before it takes a lock, after it releases one or wakes a thread, and after an interrupt. Hardware and interrupts
take the time that the machine's description says; that is not a choice.
Exit status 1 if any schedule fails.

Example: kernel-port explore mess --patches 4
"""

from __future__ import annotations

import argparse
import json
import shlex
import time
from contextlib import closing

from ..choice import KernelChoice
from ..explore import Exploration, Stage, explore, one_processor, written
from ..scenarios import load
from ..terminal import Paint, Progress, clean
from ..trace.outcome import count
from . import _kernel

LIMIT = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of explore."""
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="kernel-port scenarios lists them; or a file of yours (./mine.py)"
    )
    _kernel.arguments(parser)
    parser.add_argument("--limit", metavar="M", type=int, default=LIMIT, help=f"stop after M; default {LIMIT}; 0: all")
    parser.add_argument("--preempt", action="store_true", help="threads also take turns at locks, wake-ups, interrupts")
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"an object: scenario, {_kernel.JSON}, schedules, at_least (how many there are), complete, longest "
        "(choices), failed, broken (invariant to schedules: how many, simplest), shortest (schedule, broken: why; or "
        "null)",
    )


def run(args: argparse.Namespace) -> int:
    """Explore and report."""
    scenario, choice = load(args.scenario), _kernel.chosen(args)
    found = Exploration()
    started = time.monotonic()
    stage, bar = Stage(scenario, choice, args.preempt), Progress(f"explore {scenario.name}")
    with one_processor(), closing(stage), bar:
        for found in explore(lambda choose: stage.run(choose).broken, args.limit):
            rate = found.done / max(time.monotonic() - started, 1e-9)
            bar.at(f"{found}, {found.failed:,} failed, {rate:,.0f} a second")
    if args.json:
        kernel = {"patches": choice.patches, "with": choice.names}
        print(json.dumps({"scenario": scenario.name, **kernel, **found.as_json()}, indent=1))
    else:
        report(found, choice, args)
    return int(found.failed > 0)


def report(found: Exploration, choice: KernelChoice, args: argparse.Namespace) -> None:
    """Print the result."""
    paint = Paint()
    choices = f"at most {count(found.longest, 'choice')} each"
    name, shortest = load(args.scenario).name, found.shortest
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
