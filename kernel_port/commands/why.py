# SPDX-License-Identifier: GPL-2.0-only
"""Show how a function can be reset, and which test refused each other method, found by running the port.

Without TARGET: every function of the machine, then its slots and buses and the functions their resets include. The
kernel's own probes run, for every method, even after one that works. With TARGET, a copy of the machine then does the
reset itself (of the slot or bus, if the function cannot be reset alone), in virtual time. MACHINE stays unchanged.

--json prints one object:
  machine, patches, warnings (list of text)
  functions: list of {bdf, rc, outcome ("alone", "together", "none"), taken (a method's function, or null), slot, bus,
    rungs}; rc is what the kernel's probe of all methods returns, slot (or null) and bus are the names of those it is in
  rungs, the reset methods in the kernel's order: {function, rc, guard}
  guard, for a refusal (else null): {rc, text, file, line, function, c, because, explanation, values (name -> text),
    reads: list of {bdf, offset, size, value, text}}
  slots, buses: list of {name, bus, bridge (or null), rc (null: not in this kernel), guard, takes (bdfs in lock order)}
  rehearsal: null without TARGET or if nothing resets it; else {call, target, rc (null: it never returned), guard, ms,
    reset, unsaved (reset, but not locked and saved), ignored (did not reset), removed: lists of bdfs}

Examples: kernel-port why example:vga
          kernel-port why host 01:00.0
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..machine import Machine, boot
from ..terminal import progress
from ..why.guard import Guard
from ..why.ladder import Ladder, ResetGroup, Survey, bus_name, survey
from ..why.overview import Overview
from ..why.rehearsal import Rehearsal, rehearse
from ..why.report import warnings
from . import _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of why."""
    _machine.argument(parser)
    parser.add_argument("target", metavar="TARGET", nargs="?", help="01:00.0, slot:1 or bus:01; default: all")
    parser.add_argument("--patches", metavar="N", type=int, choices=range(9), default=8, help="0 to 8; default: 8")
    parser.add_argument("--json", action="store_true", help="one JSON object, see above")


def run(args: argparse.Namespace) -> int:
    """Probe and explain."""
    with boot(_machine.loaded(args), args.patches, trace_boot=False) as machine:
        kind, target = "", None
        if args.target is not None:
            kind, target = machine.target(args.target)
        found = survey(machine, lambda functions: progress(functions, "probing"))
        done = rehearse(machine, *best_reset(machine, found, kind, target)) if kind else None
        if args.json:
            print(json.dumps(as_json(machine, found, kind, target) | {"rehearsal": rehearsal_json(done)}, indent=1))
            return 0
        report = Overview(machine, found)
        if target is None:
            report.whole()
        elif kind == "function":
            report.function(next(ladder for ladder in found.ladders if ladder.bdf == target.dev.name), done)
        else:
            named = group_name(kind, target)
            report.together(next(group for group in groups(found, kind) if group.name == named), done)
        report.caveats()
    return 0


def best_reset(machine: Machine, found: Survey, kind: str, target: Any) -> tuple[str, Any]:
    """Return what to reset for a target: for a function that cannot be reset alone, the smallest slot or bus that
    can."""
    together = found.together(target.dev.name) if kind == "function" else []
    if together and next(ladder for ladder in found.ladders if ladder.bdf == target.dev.name).rc:
        return machine.target(f"{together[0].kind}:{together[0].name}")
    return kind, target


def groups(found: Survey, kind: str) -> tuple[ResetGroup, ...]:
    """Return all slots, or all buses."""
    return found.slots if kind == "slot" else found.buses


def group_name(kind: str, target: Any) -> str:
    """Return the name that ResetGroup uses for a struct pci_slot or pci_bus."""
    return str(target.kobj_name) if kind == "slot" else bus_name(target)


def as_json(machine: Machine, found: Survey, kind: str = "", target: Any = None) -> dict[str, Any]:
    """Return the object that --json prints; with a target, only what concerns it."""
    ladders, slots, buses = found.ladders, found.slots, found.buses
    if kind == "function":
        ladders = tuple(ladder for ladder in ladders if ladder.bdf == target.dev.name)
        around = found.together(target.dev.name)
        slots, buses = (tuple(group for group in all_ if group in around) for all_ in (slots, buses))
    elif kind:
        one = next(group for group in groups(found, kind) if group.name == group_name(kind, target))
        slots, buses = ((one,), ()) if kind == "slot" else ((), (one,))
        ladders = tuple(ladder for ladder in ladders if ladder.bdf in one.takes)
    return {
        "machine": machine.description.name,
        "patches": machine.kernel.point,
        "warnings": warnings(machine),
        "functions": [ladder_json(machine, found, ladder) for ladder in ladders],
        "slots": [group_json(group) for group in slots],
        "buses": [group_json(group) for group in buses],
    }


def ladder_json(machine: Machine, found: Survey, ladder: Ladder) -> dict[str, Any]:
    """Return one function as data."""
    dev = machine.function(ladder.bdf)
    return {
        "bdf": ladder.bdf,
        "rc": ladder.rc,
        "outcome": found.outcome(ladder),
        "taken": ladder.taken.function if ladder.taken else None,
        "slot": dev.slot.kobj_name if dev.slot else None,
        "bus": bus_name(dev.bus),
        "rungs": [{"function": rung.function, "rc": rung.rc, "guard": guard_json(rung.guard)} for rung in ladder.rungs],
    }


def group_json(group: ResetGroup) -> dict[str, Any]:
    """Return one slot or bus as data."""
    return {
        "name": group.name,
        "bus": group.bus,
        "bridge": group.bridge or None,
        "rc": group.rc,
        "guard": guard_json(group.guard),
        "takes": list(group.takes),
    }


def guard_json(guard: Guard | None) -> dict[str, Any] | None:
    """Return one refusal as data."""
    if guard is None:
        return None
    return {
        "rc": guard.rc,
        "text": guard.text,
        "file": guard.site.file,
        "line": guard.site.line,
        "function": guard.site.function,
        "c": guard.site.c_source,
        "because": guard.because,
        "explanation": guard.explanation,
        "values": guard.values,
        "reads": [
            {"bdf": read.bdf, "offset": read.offset, "size": read.size, "value": read.value, "text": read.text}
            for read in guard.reads
        ],
    }


def rehearsal_json(done: Rehearsal | None) -> dict[str, Any] | None:
    """Return the outcome of the reset on a copy as data."""
    if done is None:
        return None
    return {
        "call": done.call,
        "target": done.target,
        "rc": done.rc,
        "guard": guard_json(done.guard),
        "ms": done.ms,
        "reset": list(done.reset),
        "unsaved": list(done.unsaved),
        "ignored": list(done.ignored),
        "removed": list(done.removed),
    }
