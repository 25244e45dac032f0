# SPDX-License-Identifier: GPL-2.0-only
"""Say how a function can be reset, and why not in another way, found by running the port: the verdict, then why.

Without TARGET: the functions people ask about (pass-through, storage, network, display), then all others, slots and
buses. The kernel's own probes run, for every method, even after one that works. What they allow is then tried on a copy
of the machine, in virtual time, and the trial decides. MACHINE stays unchanged. -v adds the evidence: each test that
refused, its values and what it read. On a terminal the text goes through PAGER (less), unless there is --no-pager.

TARGET is 01:00.0, slot:1 or bus:01; or several functions: 01:00, all of a device, or a word in their class, driver or
name, such as nvidia. For a card in a hot-plug slot, each way to reset it is tried, and what pciehp does to it then.

--json prints one object:
  machine, patches, with (names of what is on top), warnings (list of text)
  functions: list of {bdf, rc, outcome ("alone", "together", "none", "unknown"; "fails": only by a reset that returns 0
    and is no good), taken (a method's function, or null), slot, bus, stand_in, silence, rungs, verdict (text), fault,
    trial, vfio, today}; rc is what the kernel's probe of all methods returns, slot (or null) and bus are the names of
    those it is in, stand_in (or null) is what the function stands for that is not in MACHINE, silence (list of text) is
    what is known of one that reads all ones
  rungs, the reset methods in the kernel's order: {function, rc, guard, unknown}
  unknown: list of {bdf, offset, size, register (null: all of it), why}, the registers that decide and are not in
    MACHINE; rc is null then
  guard, for a refusal (else null): {rc, text, file, line, function, c, because, explanation, values (name -> text),
    reads: list of {bdf, offset, size, value, text}}
  fault, of the reset that was tried, else null: "ignored" (it returns 0 and does nothing), "silent" (a function never
    answers again), "unconfigured", "removed" (by the hot-plug driver), "unsaved" (functions that nobody locked or saved
    are reset, too), "error", "hang", "crash"
  trial, null if it was not tried: {call, target, rc (null: it never returned), guard, ms, reset, unsaved (reset, but
    not locked and saved), ignored (did not reset), removed, added (removed, and found again): lists of bdfs,
    aftermath: list of {bdf, answers, registers (that lost their values), cause, where (bdf), text}, fault}
  vfio, what VFIO_DEVICE_PCI_HOT_RESET of Linux 3.12 does: {bridge (vfio-pci is not for it), unknown (what decides is
    not stated), kind ("slot", "bus" or null: -ENODEV), name, resets (bdfs), groups (IOMMU group -> bdfs), ungrouped
    (bdfs whose group is unknown), drivers (bdf -> name), to_release (bdfs whose drivers must let go first)}
  today, what Linux of today does, not run: {source, listed (names in the file reset_method), unknown (those that depend
    on what is not stated), bus_refused ("bus" is listed and refused), quirks: list of {effect, ids, since, commit (or
    null), why}, together: the same with bdf, of functions for which a reset of the slot or bus is refused, recorded
    (what reset_method listed, or null), differences (name -> explanation, or null)}
  slots, buses: list of {name, bus, bridge (or null), rc (null: not in this kernel, or unknown), guard, takes (bdfs in
    lock order), unknown, fault, trial}
  untried: how many resets that the probes allow were not tried, for lack of time
  rehearsal: null without TARGET, or if nothing resets it or it is unknown what does; else the trial of the target, or
    of the slot or bus to reset instead
  hotplug: with TARGET, for a card in a slot that pciehp drives, else null: {slot, port, ways: list of {way,
    presence_follows_link (a trial), presence_pins (a trial)}; none if each trial would take a boot, as of a QEMU}

Examples: kernel-port why example:vga
          kernel-port why host 01:00.0
"""

from __future__ import annotations

import argparse
from typing import Any

from ..hw.address import Address
from ..machine import Machine, boot
from ..terminal import page, progress
from ..why import targets, today, vfio
from ..why.guard import Guard
from ..why.hotplug import HotplugSlot
from ..why.ladder import Ladder, ResetGroup, Rung, bus_name, survey
from ..why.overview import Overview
from ..why.rehearsal import Rehearsal, target_text
from ..why.report import warnings
from ..why.silence import silence
from ..why.unknown import Unknown
from ..why.verdict import Verdicts, named, verdicts
from ..why.words import aftermath
from . import _kernel, _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of why."""
    _machine.argument(parser)
    parser.add_argument(
        "target", metavar="TARGET", nargs="?", help="01:00.0, 01:00, slot:1, bus:01, a class or driver; default: all"
    )
    _kernel.arguments(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="each test, its values and what it read, too")
    parser.add_argument("--no-pager", action="store_true", help="print it all at once")
    parser.add_argument("--json", action="store_true", help="one JSON object, see above")


def run(args: argparse.Namespace) -> int:
    """Probe, try and explain."""
    lines: list[str] = []
    with boot(_machine.loaded(args), _kernel.chosen(args), trace_boot=False) as machine:
        kind, found = targets.find(machine, args.target) if args.target is not None else ("", [])
        explain = args.verbose or args.json or bool(kind)
        surveyed = survey(machine, lambda functions: progress(functions, "probing"), explain)
        judged = verdicts(machine, surveyed, found, lambda resets: progress(resets, "trying resets"))
        slot = targets.hotplug_of(machine, kind, found)
        if args.json:
            import json  # imported here, because the text needs none

            print(json.dumps(as_json(machine, judged, kind, found) | more_json(judged, kind, found, slot), indent=1))
            return 0
        report = Overview(machine, judged, lines.append, args.verbose)
        if not kind:
            report.whole()
        for number, target in enumerate(found):
            if number:
                lines.append("")
            if kind == "function":
                report.function(next(each for each in surveyed.ladders if each.bdf == target.dev.name), slot)
            else:
                report.together(targets.group_of(surveyed, kind, target), slot)
        report.caveats()
    page(lines, wanted=not args.no_pager)
    return 0


def best_reset(judged: Verdicts, kind: str, target: Any) -> Rehearsal | None:
    """Return what resetting a target does: for a function without a reset of its own, that of its smallest slot or
    bus."""
    together = judged.survey.together(target.dev.name) if kind == "function" else []
    own = judged.trials.get(target_text(kind, target))
    return own or next((judged.trials[named(group)] for group in together if named(group) in judged.trials), None)


def as_json(machine: Machine, judged: Verdicts, kind: str = "", found: list[Any] | None = None) -> dict[str, Any]:
    """Return the object that --json prints; with targets, only what concerns them."""
    ladders, slots, buses = judged.survey.ladders, judged.survey.slots, judged.survey.buses
    if kind == "function":
        wanted = {dev.dev.name for dev in found or ()}
        ladders = tuple(ladder for ladder in ladders if ladder.bdf in wanted)
        around = [group for dev in found or () for group in judged.survey.refused_around(dev) if group.unknown]
        slots, buses = (
            tuple(group for group in all_ if wanted & {*group.takes} or group in around) for all_ in (slots, buses)
        )
    elif found:
        one = targets.group_of(judged.survey, kind, found[0])
        slots, buses = ((one,), ()) if kind == "slot" else ((), (one,))
        ladders = tuple(ladder for ladder in ladders if ladder.bdf in one.takes)
    report = Overview(machine, judged)
    return {
        "machine": machine.description.name,
        "patches": machine.kernel.point,
        "with": machine.kernel.choice.names,
        "warnings": warnings(machine),
        "functions": [ladder_json(report, ladder) for ladder in ladders],
        "slots": [group_json(judged, group) for group in slots],
        "buses": [group_json(judged, group) for group in buses],
        "untried": judged.untried,
    }


def more_json(judged: Verdicts, kind: str, found: list[Any], slot: HotplugSlot | None) -> dict[str, Any]:
    """Return what --json adds for a single target."""
    return {
        "rehearsal": rehearsal_json(best_reset(judged, kind, found[0]) if len(found) == 1 else None),
        "hotplug": slot and {
            "slot": slot.name,
            "port": slot.port,
            "ways": [
                {
                    "way": way.name,
                    "presence_follows_link": rehearsal_json(way.in_band),
                    "presence_pins": rehearsal_json(way.pins),
                }
                for way in slot.ways
            ],
        },
    }  # fmt: skip


def ladder_json(report: Overview, ladder: Ladder) -> dict[str, Any]:
    """Return one function as data."""
    machine, judged = report.machine, report.verdicts
    dev = machine.function(ladder.bdf)
    return {
        "bdf": ladder.bdf,
        "rc": ladder.rc,
        "outcome": judged.outcome(ladder),
        "taken": ladder.taken.function if ladder.taken else None,
        "slot": dev.slot.kobj_name if dev.slot else None,
        "bus": bus_name(dev.bus),
        "stand_in": machine.fabric.function(Address.parse(ladder.bdf)).description.stand_in or None,
        "silence": silence(machine, dev),
        "rungs": [rung_json(rung) for rung in ladder.rungs],
        "verdict": report.verdict(ladder),
        "fault": judged.fault(ladder.bdf) or None,
        "trial": rehearsal_json(judged.trials.get(ladder.bdf)),
        "vfio": vfio.as_json(vfio.hot_reset(machine, judged.survey, dev)),
        "today": today.as_json(today.today(machine, ladder)),
    }


def rung_json(rung: Rung) -> dict[str, Any]:
    """Return one method as data."""
    return {
        "function": rung.function,
        "rc": rung.rc,
        "guard": guard_json(rung.guard),
        "unknown": unknown_json(rung.unknown),
    }


def unknown_json(unknown: tuple[Unknown, ...]) -> list[dict[str, Any]]:
    """Return what is not known as data."""
    return [
        {"bdf": each.bdf, "offset": each.offset, "size": each.size, "register": each.register or None, "why": each.why}
        for each in unknown
    ]


def group_json(judged: Verdicts, group: ResetGroup) -> dict[str, Any]:
    """Return one slot or bus as data."""
    return {
        "name": group.name,
        "bus": group.bus,
        "bridge": group.bridge or None,
        "rc": group.rc,
        "guard": guard_json(group.guard),
        "takes": list(group.takes),
        "unknown": unknown_json(group.unknown),
        "fault": judged.fault(named(group)) or None,
        "trial": rehearsal_json(judged.trials.get(named(group))),
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
        "added": list(done.added),
        "aftermath": [
            {
                "bdf": after.bdf,
                "answers": after.answers,
                "registers": list(after.registers),
                "cause": after.cause,
                "where": after.where,
                "text": aftermath(after),
            }
            for after in done.aftermath
        ],
        "fault": done.fault or None,
    }
