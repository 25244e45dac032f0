# SPDX-License-Identifier: GPL-2.0-only
"""Compare a reset in the port with the same reset in a later, real Linux, access by access.

CAPTURE is a recording of Linux 6.1 in QEMU. The port repeats each of its resets on the captured machine, and both are
printed side by side: "=" the same access, "~" the same with another value, "<" only in 2013, ">" only later, each with
its reason as far as known. Pauses appear where they happen.

CAPTURE may also be a recording of a real kernel of the series (real/1): then that kernel is on the right, the port at
the same point on the left, and every difference is an error of the port.

Example: kernel-port compare tests/live/hp.json
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..choice import KernelChoice
from ..hw.address import Address
from ..hw.errors import MachineError
from ..limits import RECORDING
from ..machine import Machine, boot
from ..recordings import qemu_capture, real_kernel, real_machine, real_replay
from ..recordings.capture_phases import Access
from ..recordings.linux61 import CallComparison, compare_calls
from ..recordings.linux61_reasons import NEW, OLD, VALUE
from ..terminal import Paint, clean
from ..trace import decode

MARKS = {"same": "=", VALUE: "~", OLD: "<", NEW: ">", "pause": " "}
STYLES = {"same": "dim", VALUE: "yellow", OLD: "red", NEW: "green", "pause": "blue"}
COLUMN = 58


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of compare."""
    parser.add_argument(
        "capture", metavar="CAPTURE", type=Path, help=f"a live capture (tests/live/FORMAT.md); at most: {RECORDING}"
    )
    parser.add_argument("--patches", metavar="N", type=int, choices=range(9), help="point, 0 to 8 (default: 8)")
    parser.add_argument("--json", action="store_true", help="one JSON object: kernel, comparisons with their rows")


def run(args: argparse.Namespace) -> int:
    """Compare and print."""
    if real_kernel.is_real(args.capture):
        return run_real(args)
    capture = qemu_capture.read(args.capture)
    patches = 8 if args.patches is None else args.patches
    try:
        comparisons = list(compare_calls(capture, patches))
    except MachineError as error:
        raise MachineError(f"{args.capture}: {error}") from None
    later = clean(str(capture.get("kernel", "later Linux")).partition(" (")[0])
    if args.json:
        print(json.dumps({"kernel": later, "comparisons": [as_json(c) for c in comparisons]}, indent=1))
        return 0
    with boot(qemu_capture.describe(capture), patches) as machine:
        for comparison in comparisons:
            show(comparison, later, KernelChoice(patches).point, machine)
    return 0


def run_real(args: argparse.Namespace) -> int:
    """Compare with a real kernel of the series and print."""
    recording = real_kernel.read(args.capture)
    choice = recording.choice
    if args.patches not in (None, choice.patches):
        raise MachineError(f"{args.capture}: is of point {choice.patches}, not {args.patches}: leave --patches out")
    try:
        comparisons = list(real_replay.compare_calls(recording))
        description = real_machine.describe(recording, recording.config_before)
    except MachineError as error:
        raise MachineError(f"{args.capture}: {error}") from None
    if args.json:
        print(json.dumps({"kernel": recording.kernel, "comparisons": [as_json(c) for c in comparisons]}, indent=1))
        return 0
    with boot(description, choice) as machine:
        for comparison in comparisons:
            show(comparison, "the real kernel", choice.point, machine)
    return 0


def show(comparison: CallComparison, later: str, kernel: str, machine: Machine) -> None:
    """Print one comparison."""
    paint = Paint()
    print(paint("bold", f"{comparison.test}: {comparison.call}"))
    old = f"2013, {kernel}: returns {comparison.old_result}"
    print(f"  {old:<{COLUMN}}  {later}: returns {comparison.new_result}")
    last = ""
    for row in comparison.rows:
        text = f"{MARKS[row.side]} {cell(row.old, machine):<{COLUMN}}  {cell(row.new, machine)}".rstrip()
        if row.reason and row.reason != last:
            print(paint("dim", f"    {row.reason}:"))
        last = row.reason
        print(paint(STYLES[row.side], text))
    counts = ", ".join(f"{label} {comparison.count(side)}" for side, label in (
        ("same", "same"), (VALUE, "other value"), (OLD, "only in 2013"), (NEW, f"only in {later}"),
    ))  # fmt: skip
    print(f"{counts}; without a known reason {comparison.unexplained}\n")


def cell(access: Access | None, machine: Machine) -> str:
    """Return one side of a row, at most a column wide."""
    if access is None:
        return ""
    if access.op == "pause":
        return f"... {access.value / 1000:g} ms"
    address, digits = Address.parse(access.bdf), 2 * access.size
    text = f"{access.op}{8 * access.size:<2} {access.bdf[5:]} {access.where:03x} {access.value:0{digits}x}"
    if machine.fabric.has(address):
        parts = decode.parts(machine.fabric.config(address), access.where, access.size, access.value)
        text += f" {'+'.join(part.name for part in parts)}"
    return text if len(text) <= COLUMN else f"{text[: COLUMN - 3]}..."


def as_json(comparison: CallComparison) -> dict[str, Any]:
    """Return a comparison as data, with its counts."""
    counts = {side: comparison.count(side) for side in ("same", VALUE, OLD, NEW)}
    return {**asdict(comparison), "counts": counts, "unexplained": comparison.unexplained}
