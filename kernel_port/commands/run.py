# SPDX-License-Identifier: GPL-2.0-only
"""Run a scenario: print its question, what happened, the outcome, and the answer.

The trace leaves out most register accesses (-v has them all). It shows what the hardware does, interrupts, work, waits,
contended locks, and the writes that reset, command a slot or change a power state.

Threads run one at a time and yield where C may sleep. Where several can run, the oldest goes next, or --seed picks
one, or --schedule does, choice by choice; `kernel-port explore` finds schedules.

--machine takes what other commands take as MACHINE, and --target the function there that the scenario is to be about,
instead of its own card (01:00.0). The answer is about the scenario's own machine, and left out then.

Exit status 0: all threads returned and every invariant holds; 1: deadlock, oops, or a broken invariant (config space
lost, a lock still held, a function removed just because it was reset, added twice, or left unreachable); 2: bad input.
The results of the calls do not count.

Examples: kernel-port run mess --patches 0
          kernel-port run mess
          kernel-port run poke --machine mine.txt --target 04:00.0
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..files import refuse_outputs, write_text
from ..hw.errors import MachineError
from ..scenarios import Outcome, Run, load, perform, ready
from ..scenarios._mending import as_json as mended_as_json
from ..scenarios._tell import code, listed, lost
from ..terminal import Paint, clean
from ..trace.exports import Export
from ..trace.outcome import loss_as_json
from ..trace.render import TraceLine, json_lines, render
from ..trace.render import as_json as trace_as_json
from . import _exports, _kernel, _machine, _threads

LABEL = 12
#: Functions whose writes act, rather than configure or restore.
ACTS = frozenset({
    "pci_reset_bridge_secondary_bus", "pci_parent_bus_reset", "pcie_flr", "pci_af_flr", "pci_pm_reset",
    "pci_raw_set_power_state", "pci_user_write_config_word", "pcie_write_cmd", "__pciehp_link_set",
})  # fmt: skip
#: Operations that matter only under contention.
UNCONTENDED = frozenset({"r", "lock", "unlock", "get_module", "put_module"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of run."""
    parser.add_argument(
        "scenario", metavar="SCENARIO", help="kernel-port scenarios lists them; or a file of yours (./mine.py)"
    )
    _kernel.arguments(parser)
    said = f"run it on this machine, not on its own: {_machine.HELP}"
    parser.add_argument("--machine", metavar="MACHINE", default="", help=said)
    parser.add_argument("--target", metavar="01:00.0", default="", help="the card of --machine that it is about")
    _machine.option(parser)
    _threads.arguments(parser)
    parser.add_argument("--trace", metavar="FILE", type=Path, help="write the trace as JSON lines")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the outcome only")
    parser.add_argument("-v", "--verbose", action="store_true", help="every access, and debug messages")
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"an object: scenario, question, {_kernel.JSON}, answer (null with --machine), recordings (in tests/real, "
        "of this kernel, that end the same), mended_by (module, commit or null, version), unmended (why nothing here "
        "mends it, or null), broken (invariants, with the reason), results (by thread), unfinished, "
        "deadlock and oops (or null), inversions, locked, removed, recreated, added_twice, silent, spurious (t_ms, "
        "port, event), functions (as reset --json has them), messages (t_ms, level, text), time_ns, trace",
    )
    _exports.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Play the scenario and report."""
    scenario = load(args.scenario)
    if args.target and not args.machine:
        raise MachineError("--target is a function of --machine: give both")
    refuse_outputs([args.trace, *_exports.outputs(args)], args.scenario, args.machine)
    given = _machine.loaded(args) if args.machine else ""
    with ready(scenario, _kernel.chosen(args), given, args.target) as machine:
        _threads.decide(machine, args)
        played = perform(scenario, machine)
    if args.trace:
        write_text(args.trace, "".join(f"{line}\n" for line in json_lines(played.events, played.start)))
    kernel = played.machine.kernel.__name__
    _exports.write(args, Export(scenario.name, kernel, played.events, played.before, played.start))
    if args.json:
        print(json.dumps(as_json(played, args), indent=1))
    else:
        for line in report(played, args, Paint()):
            print(line)
    return int(bool(played.broken))


def report(played: Run, args: argparse.Namespace, paint: Paint) -> Iterator[str]:
    """Yield a run for people, line by line."""
    kernel = played.machine.kernel.__name__
    yield paint("bold", f"{played.scenario.name}, {kernel}: {played.scenario.question}")
    if not args.quiet:
        keep = {} if args.verbose else {"keep": is_story}
        yield from render(played.events, played.before, played.start, args.verbose, paint, **keep)
    yield ""
    yield paint("bold", "Outcome")
    for label, text in facts(played.outcome):
        yield f"  {label:<{LABEL}}{clean(text)}"
    if played.recordings and not args.machine:
        yield f"  {'recorded':<{LABEL}}in a real kernel, with the same end: {', '.join(played.recordings)} (tests/real)"
    for reason in played.broken:
        yield paint("red", f"  {'broken':<{LABEL}}{clean(reason)}")
    yield from (f"  {'mended by':<{LABEL}}{mended}" for mended in played.scenario.mended)
    for line in (played.outcome.deadlock or played.outcome.oops).splitlines():
        yield f"  {line}"
    if not args.machine:
        yield paint("bold", "Answer")
        yield f"  {played.answer}"


def is_story(line: TraceLine) -> bool:
    """Return whether to print a line where most accesses are left out."""
    if line.event.op == "w":
        return line.site is not None and line.site.function in ACTS
    return line.event.op not in UNCONTENDED


def facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield the facts of an outcome, each with a label."""
    for thread, rc in outcome.results.items():
        yield "returned", f"{thread}: {code(rc)}" if rc is not None else f"{thread}"
    yield "took", f"{outcome.time_ns / 1e6:g} ms of virtual time"
    for bdf, kinds in outcome.resets.items():
        back = "registers restored" if bdf in outcome.restored else "registers lost"
        yield "reset", f"{bdf}: {', '.join(kinds)}; {back}"
    if outcome.lost:
        yield "lost", lost(outcome)
    for ms, port, event in outcome.spurious:
        yield "false alarm", f"{event} of {port} at {ms:g} ms"
    for label, functions in (
        ("removed", outcome.removed), ("re-added", outcome.recreated), ("added twice", outcome.added_twice),
        ("silent", outcome.silent),
    ):  # fmt: skip
        if functions:
            yield label, listed(functions)
    yield from (("still held", lock) for lock in outcome.locked)
    yield from (("lock order", str(inversion)) for inversion in outcome.inversions)
    yield from (("said", f"{ms:g} ms, {level}: {text}") for ms, level, text in outcome.messages)


def as_json(played: Run, args: argparse.Namespace) -> dict[str, Any]:
    """Return a run as data; `kernel-port run --help` says which keys."""
    outcome = played.outcome
    return {
        "scenario": played.scenario.name,
        "question": played.scenario.question,
        "patches": played.patches,
        "with": played.machine.kernel.choice.names,
        "answer": None if args.machine else played.answer,
        "recordings": [] if args.machine else played.recordings,
        **mended_as_json(played.scenario.mendings, played.scenario.unmended),
        "broken": played.broken,
        "results": outcome.results,
        "unfinished": outcome.unfinished,
        "deadlock": outcome.deadlock or None,
        "oops": outcome.oops or None,
        "inversions": [str(inversion) for inversion in outcome.inversions],
        "locked": outcome.locked,
        "removed": outcome.removed,
        "recreated": outcome.recreated,
        "added_twice": outcome.added_twice,
        "silent": outcome.silent,
        "spurious": [{"t_ms": ms, "port": port, "event": event} for ms, port, event in outcome.spurious],
        "functions": [loss_as_json(loss) for loss in outcome.losses],
        "messages": [{"t_ms": ms, "level": level, "text": text} for ms, level, text in outcome.messages],
        "time_ns": outcome.time_ns,
        "trace": list(trace_as_json(played.events, played.start)),
    }
