# SPDX-License-Identifier: GPL-2.0-only
"""Compare the port with recordings of the real thing.

A golden trace (reset-golden/1, one JSON object per line) holds every access, delay, lock, wait, interrupt and module
reference of a call into the real C; the port must do the same in the same order. A line is printed for each trace
that diverges; the last line is "identical N of M".

A live capture (a real Linux in QEMU) holds config space before the first reset and every config cycle after: the
hardware model must answer each read as QEMU did. The last line is "equal N of M reads".

Exit status 0: all traces identical, and at least 99 % of the reads of each capture equal. 1: not so. 2: bad input.

Example: kernel-port conform shared/golden/*.jsonl
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..hw.errors import MachineError
from ..recordings import golden, qemu_capture
from ..recordings.golden import GoldenTrace
from ..recordings.golden_replay import Replayed, replay
from ..recordings.qemu_capture import LiveReport
from ..terminal import clean, progress

#: Share of a capture's reads that must be equal.
ENOUGH = 0.99


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of conform."""
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path, help="golden traces or live captures")
    parser.add_argument("--only", metavar="NAME", help="only golden traces of this name (* and ? are wildcards)")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for identical traces and equal reads too")
    parser.add_argument("--json", action="store_true", help="one JSON object: traces, identical, of, captures")


def run(args: argparse.Namespace) -> int:
    """Replay the files and report."""
    traces, captures = load(args.files)
    if args.only is not None:
        traces = [trace for trace in traces if fnmatchcase(trace.name, args.only)]
        captures = []
        if not traces:
            raise MachineError(f"--only {args.only}: no golden trace in the files has that name")
    verdicts = [replay(trace) for trace in progress(traces, "replaying")]
    reports = [(name, qemu_capture.replay(capture)) for name, capture in progress(captures, "replaying")]
    if args.json:
        print(json.dumps(as_json(verdicts, reports), indent=1))
    else:
        show(verdicts, reports, args.verbose)
    conforms = all(not verdict.divergence for verdict in verdicts)
    return int(not (conforms and all(report.equal >= ENOUGH * report.total for _, report in reports)))


def load(paths: list[Path]) -> tuple[list[GoldenTrace], list[tuple[str, dict[str, Any]]]]:
    """Read all files before anything is replayed: golden traces, and captures with their names.

    :raises MachineError: a file is neither; the message has file and line"""
    traces: list[GoldenTrace] = []
    captures = []
    for path in paths:
        capture = qemu_capture.read(path) if not golden.is_golden(path) else None
        if capture is None:
            traces += golden.read(path)
        else:
            if not any(op[0] == "r" for op in capture["ops"]):
                raise MachineError(f"{path}: no reads in this capture, nothing to compare")
            captures.append((str(path), capture))
    return traces, captures


def show(verdicts: list[Replayed], reports: list[tuple[str, LiveReport]], verbose: bool) -> None:
    """Print the outcome; the count comes last."""
    for name, report in reports:
        for difference in report.differences:
            print(clean(f"{name}: {difference}"))
        if len(reports) > 1 or verdicts:
            print(clean(f"{name}: equal {report.equal} of {report.total} reads"))
    if reports and not verdicts:
        print(f"equal {sum(r.equal for _, r in reports)} of {sum(r.total for _, r in reports)} reads")
    for verdict in verdicts:
        if verdict.divergence:
            where = f" at {verdict.where}" if verdict.where else ""
            print(clean(f"{verdict.name}: {verdict.divergence}{where}"))
        elif verbose:
            print(clean(f"{verdict.name}: identical"))
    if verdicts or not reports:
        print(f"identical {sum(not verdict.divergence for verdict in verdicts)} of {len(verdicts)}")


def as_json(verdicts: list[Replayed], reports: list[tuple[str, LiveReport]]) -> dict[str, Any]:
    """Return the outcome as data: traces, identical, of, captures."""
    return {
        "traces": [{**asdict(verdict), "identical": not verdict.divergence} for verdict in verdicts],
        "identical": sum(not verdict.divergence for verdict in verdicts),
        "of": len(verdicts),
        "captures": [{"file": name, **asdict(report)} for name, report in reports],
    }
