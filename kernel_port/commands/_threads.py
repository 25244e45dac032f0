# SPDX-License-Identifier: GPL-2.0-only
"""The options that decide which thread runs next, and where threads take turns."""

from __future__ import annotations

import argparse
from random import Random

from ..explore import Chooser, parse
from ..machine import Machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments for the order of threads."""
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--seed", metavar="S", type=int, help="picks the next thread where several can run")
    order.add_argument("--schedule", metavar="0.1.0", help="picks each next thread; 0 is the oldest")
    parser.add_argument("--preempt", action="store_true", help="threads also take turns at locks, wake-ups, interrupts")


def decide(machine: Machine, args: argparse.Namespace) -> None:
    """Have the threads of a booted machine take turns as the options say.

    :raises MachineError: what --schedule has is not a schedule"""
    sched = machine.system.sched
    sched.preemptive = args.preempt
    if args.schedule is not None:
        sched.choose = Chooser(parse(args.schedule))
    elif args.seed is not None:
        sched.choose = Random(args.seed).randrange
