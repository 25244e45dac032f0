# SPDX-License-Identifier: GPL-2.0-only
"""Compare the port with recordings of the real thing.

A golden trace (reset-golden/1, one JSON object per line) holds every access, delay, lock, wait, interrupt and module
reference of a call into the real C; the port must do the same in the same order. A line is printed for each trace
that diverges; the last line is "identical N of M".

A recording of a real kernel of the series (real/1, also compressed) holds every config cycle of a boot and of some
calls. The port boots as that kernel (v3.12.10: all patches, --with v3.12) on its machine and makes the same calls: the
same cycles in the same order with the same values, return codes, speakers in the log, registers at the end, and the
same end. Of the boot, every cycle of the port must be one of the real kernel's, in order per function, and at least
95 % of those on ports and below the port's. A line is printed for each difference: C function, register, expected, got;
then what filters let through, and why. The last line is "identical N of N accesses, M of M calls".

A live capture (a later Linux in QEMU) holds config space before the first reset and every config cycle after: the
hardware model must answer each read as QEMU did. The last line is "equal N of M reads".

Exit status 0: all traces and recordings identical, and at least 99 % of the reads of each capture equal. 1: not so.
2: bad input.

Example: kernel-port conform tests/golden/*.jsonl
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..hw.errors import MachineError
from ..limits import RECORDING
from ..recordings import golden, qemu_capture, real_kernel, real_replay
from ..recordings.golden import GoldenTrace
from ..recordings.golden_replay import Replayed, replay
from ..recordings.qemu_capture import LiveReport
from ..recordings.real_filters import REASONS
from ..recordings.real_kernel import Recording
from ..recordings.real_replay import Judgement
from ..terminal import clean, progress

#: Share of a capture's reads that must be equal.
ENOUGH = 0.99


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of conform."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", type=Path,
        help=f"golden traces, recordings or live captures; at most: {RECORDING}",
    )  # fmt: skip
    parser.add_argument("--only", metavar="NAME", help="only golden traces of this name (* and ? are wildcards)")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for identical traces and equal reads too")
    parser.add_argument("--json", action="store_true", help="one JSON object: traces, captures, recordings")


def run(args: argparse.Namespace) -> int:
    """Replay the files and report."""
    traces, captures, recordings = load(args.files)
    if args.only is not None:
        traces = [trace for trace in traces if fnmatchcase(trace.name, args.only)]
        captures, recordings = [], []
        if not traces:
            raise MachineError(f"--only {args.only}: no golden trace in the files has that name")
    verdicts = [replay(trace) for trace in progress(traces, "replaying")]
    reports = [(name, qemu_capture.replay(capture)) for name, capture in progress(captures, "replaying")]
    judgements = [real_replay.replay(recording) for recording in progress(recordings, "replaying")]
    if args.json:
        print(json.dumps(as_json(verdicts, reports, judgements), indent=1))
    else:
        show(verdicts, reports, args.verbose)
        if recordings:
            show_real(judgements, args.verbose)
    conforms = all(not verdict.divergence for verdict in verdicts)
    conforms = conforms and all(judgement.conforms for judgement in judgements)
    return int(not (conforms and all(report.equal >= ENOUGH * report.total for _, report in reports)))


def load(paths: list[Path]) -> tuple[list[GoldenTrace], list[tuple[str, dict[str, Any]]], list[Recording]]:
    """Read all files before anything is replayed: golden traces, captures with their names, recordings.

    :raises MachineError: a file is none of them; the message has file and line"""
    traces: list[GoldenTrace] = []
    captures, recordings = [], []
    for path in paths:
        if real_kernel.is_real(path):
            recordings.append(real_kernel.read(path))
        elif golden.is_golden(path):
            traces += golden.read(path)
        else:
            capture = qemu_capture.read(path)
            if not any(op[0] == "r" for op in capture["ops"]):
                raise MachineError(f"{path}: no reads in this capture, nothing to compare")
            captures.append((str(path), capture))
    return traces, captures, recordings


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
    if verdicts:
        print(f"identical {sum(not verdict.divergence for verdict in verdicts)} of {len(verdicts)}")


def show_real(judgements: list[Judgement], verbose: bool) -> None:
    """Print the differences from real kernels, then the count."""
    for judgement in judgements:
        lines = [*judgement.boot.differences, *judgement.boot.log, *judgement.differences]
        for line in lines:
            print(clean(f"{judgement.name}: {line}"))
        if verbose:
            for what, count in judgement.boot.missing.most_common():
                print(clean(f"{judgement.name}: boot: only the real kernel: {what}: {count}"))
        print(clean(f"{judgement.name}: {judgement.summary}"))
    passed = sum((judgement.passed + judgement.boot.passed for judgement in judgements), Counter[str]())
    for name, count in sorted(passed.items()):
        print(f"let through: {count} of {name}: {REASONS[name]}")
    accesses = sum(judgement.accesses for judgement in judgements)
    calls = sum(len(judgement.calls) for judgement in judgements)
    identical, same = sum(each.identical for each in judgements), sum(each.calls_identical for each in judgements)
    print(f"identical {identical} of {accesses} accesses, {same} of {calls} calls")


def as_json(
    verdicts: list[Replayed], reports: list[tuple[str, LiveReport]], judgements: list[Judgement]
) -> dict[str, Any]:
    """Return the outcome as data: traces, identical, of, captures, recordings."""
    return {
        "traces": [{**asdict(verdict), "identical": not verdict.divergence} for verdict in verdicts],
        "identical": sum(not verdict.divergence for verdict in verdicts),
        "of": len(verdicts),
        "captures": [{"file": name, **asdict(report)} for name, report in reports],
        "recordings": [judgement.as_data() for judgement in judgements],
    }
