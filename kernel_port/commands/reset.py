# SPDX-License-Identifier: GPL-2.0-only
"""Reset a function, slot or bus of a machine, and show every access, delay, lock and interrupt of it.

TARGET selects the call: pci_reset_function for 01:00.0, pci_reset_slot for slot:1, pci_reset_bus for bus:01. It runs on
a copy: MACHINE stays unchanged, and the hardware of this computer is never touched. A call that returns 0 and is no
good is said to be so: five more seconds pass after it, in virtual time, to see what becomes of the devices.

--live FILE lets other processes watch: FILE becomes a raw ECAM image of the machine, and the registers live in it
while the call runs, so a process that maps or reads it sees each write at once (with --real-time, at real speed).

Examples: kernel-port reset example:vga slot:1
          kernel-port reset dump.txt 07:00.0 --patches 4
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from ..calls import RESETS, Call, find_call, perform
from ..files import claimed, refuse_outputs, write_text, write_whole
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from ..hw.image import ConfigImage, claim
from ..images import is_name, is_raw_ecam, refuse_format, save
from ..machine import Machine, boot
from ..terminal import Paint, clean
from ..trace.exports import Export
from ..trace.outcome import Outcome
from ..trace.render import json_lines, render
from ..trace.snapshot import Recorder
from ..why.rehearsal import Watch, wait_and_see
from ..why.unknown import assumptions
from ..why.words import PRESENCE, aftermath, fault
from . import _exports, _kernel, _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of reset."""
    _machine.argument(parser)
    parser.add_argument("target", metavar="TARGET", help="01:00.0, slot:1 or bus:01")
    _kernel.arguments(parser)
    parser.add_argument("--call", metavar="NAME", help="call this C function of the target instead")
    parser.add_argument("--seed", metavar="S", type=int, help="picks the next thread where several can run")
    parser.add_argument("--real-time", action="store_true", help="make delays last as long as they say")
    parser.add_argument("--trace", metavar="FILE", type=Path, help="write the trace as JSON lines")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="write the machine after the call (.txt .ecam .toml)"
    )
    home = parser.add_mutually_exclusive_group()
    home.add_argument("--in-place", action="store_true", help="change MACHINE itself; a raw ECAM image only")
    home.add_argument("--live", metavar="FILE", type=Path, help="write FILE, a raw ECAM image, and map it: a live view")
    parser.add_argument("-v", "--verbose", action="store_true", help="every access on its own line, and debug messages")
    parser.add_argument(
        "--json",
        action="store_true",
        help="an object: machine, kernel, call, target, rc, error (ENOTTY, or null), deadlock and oops (null), "
        "fault (as in why --json) and verdict (the same in words; null if there is none), reasons (of each "
        "function that did not come back as it was), time_ns, functions (bdf; "
        "resets: t, kind; lost and changed: register, offset, size, before, after, text; lost has restored too), "
        "messages (t, level, text), warnings, trace (as --trace has it)",
    )
    _exports.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Boot the machine, make the call, report."""
    with ExitStack() as closes:
        file = closes.enter_context(alone(args.machine, args.at)) if args.in_place else None
        description = _machine.loaded(args, file=file)
        refuse(args, description)
        images = registers(args, description, file)
        machine = closes.enter_context(
            boot(description, _kernel.chosen(args), seed=args.seed, real_time=args.real_time, images=images)
        )
        kind, target = machine.target(args.target)
        call = find_call(machine.kernel, args.call or RESETS[kind], kind, target)
        recorder, watch = Recorder(machine), Watch(machine)

        def note(event: Any) -> None:
            recorder.note(event)
            watch.note(event)

        rc, halt = perform(machine, call, note)
        if assumed := assumptions(machine.description):
            print(f"assumed: {clean('; '.join(assumed))}", file=sys.stderr)
        watch.ended = machine.clock.now
        for image in images.values():
            image.check()
        events, losses, end = list(machine.events), recorder.losses(), machine.clock.now
        after = left(machine)
        outcome = Outcome(
            description.name, machine.kernel.__name__, call.name, args.target, rc, halt, events, losses, recorder.start,
            end, [*description.warnings, *about_presence(machine)], *verdict(machine, call, watch, rc, halt, args),
        )  # fmt: skip
        if args.trace:
            write_text(args.trace, "".join(f"{line}\n" for line in json_lines(outcome.events, outcome.start)))
        title = f"{outcome.call}({args.target}) on {outcome.machine}"
        _exports.write(args, Export(title, outcome.kernel, outcome.events, recorder.before, outcome.start))
        if args.output:
            save(after, args.output)
        if file:
            claim(file.fileno(), args.machine)  # it may have been replaced
            write_whole(Path(args.machine), images[0].save)
        report(outcome, recorder.before, args)
    return int(outcome.failed)


def verdict(
    machine: Machine, call: Call, watch: Watch, rc: int | None, halt: Exception | None, args: argparse.Namespace
) -> tuple[str, str, tuple[str, ...]]:
    """Return what is wrong with a call that returned 0, as Rehearsal.fault and in words, and why; "" for nothing.

    The machine goes on meanwhile, unless time is real or its registers are looked at."""
    if halt is not None or rc != 0 or call.name not in RESETS.values():
        return "", "", ()
    if not (args.real_time or args.live or args.in_place):
        machine.system.listen = watch.note
        wait_and_see(machine)
        machine.system.listen = None
    done = watch.rehearsal(call.name, args.target, rc)
    return done.fault, fault(done), tuple(aftermath(after) for after in done.aftermath)


def about_presence(machine: Machine) -> list[str]:
    """Say it if a card was removed that only seemed to be gone."""
    gone = any(event.op == "hw" and event.args[0] == "presence off" for event in machine.events)
    return [PRESENCE] if gone and any(event.op == "remove_device" for event in machine.events) else []


@contextmanager
def alone(machine: str, at: str) -> Iterator[BinaryIO]:
    """Open *machine* once, and lock it from before it is read until after it is written.

    :raises MachineError: another process has it, or it is no image that can be written back"""
    with ExitStack() as closes:
        file = None if is_name(machine) or Path(machine).is_dir() else closes.enter_context(claimed(Path(machine)))
        if file is None or not is_raw_ecam(file, machine, at):
            raise MachineError(f"{machine}: --in-place is for a raw ECAM image only; use -o FILE to keep the result")
        yield file


def registers(
    args: argparse.Namespace, description: MachineDescription, file: BinaryIO | None
) -> dict[int, ConfigImage]:
    """Return the images that hold the registers, if these are not in private memory.

    :raises MachineError: the file cannot be written, or another process has it"""
    if file:
        return {0: ConfigImage.copy_of(args.machine, file)}
    if args.live:
        if args.live.exists():
            with claimed(args.live):
                save(description, args.live, "ecam")
        else:
            save(description, args.live, "ecam")
        return {description.functions[0].address.domain: ConfigImage.in_place(args.live)}
    return {}


def refuse(args: argparse.Namespace, description: MachineDescription) -> None:
    """Refuse, before anything is done, outputs that cannot be written or that the user cannot have meant.

    :raises MachineError: says what to do instead"""
    refuse_outputs([args.output, args.trace, args.live, *_exports.outputs(args)], args.machine)
    if args.in_place:
        refuse_outputs([Path(args.machine)])  # a new file takes its place
    if args.output:
        refuse_format(description, args.output)
    if args.live:
        refuse_format(description, args.live, "ecam")
        if description.qemu:
            raise MachineError("--live: the registers of this machine are in QEMU, not in a file; leave it out")


def report(outcome: Outcome, before: dict[str, bytes], args: argparse.Namespace) -> None:
    """Print the trace and the outcome."""
    if args.json:
        print(json.dumps(outcome.as_json(), indent=1))
        return
    paint = Paint()
    for warning in outcome.warnings:
        print(f"warning: {clean(warning)}", file=sys.stderr)
    time = "real time" if args.real_time else "virtual time"
    called = f"{outcome.call}({outcome.target})"
    print(paint("bold", f"{clean(outcome.machine)}, {outcome.kernel}: {clean(called)}, times in ms of {time}"))
    for line in render(outcome.events, before, outcome.start, args.verbose, paint):
        print(line)
    print()
    for line in outcome.summary(paint):
        print(line)


def left(machine: Machine) -> MachineDescription:
    """Return the machine as it is now; what was unknown stays unknown."""
    config = machine.fabric.config
    return replace(
        machine.description,
        functions=[
            replace(function, config=config(function.address)[: len(function.config)])
            for function in machine.description.functions
            if not function.stand_in
        ],
    )
