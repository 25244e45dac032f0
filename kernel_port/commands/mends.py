# SPDX-License-Identifier: GPL-2.0-only
"""Show which mend mends what: a matrix of the scenarios by kernels: base, +1 ... +8, +8 with each mend and what that
requires, and with all mends.

A scenario holds if every invariant does (kernel-port run has them); it does not apply where the kernel lacks the call
that it is about. On the page a cell leads to the command lines that run and watch it.

Examples: kernel-port mends button
          kernel-port mends --html mends.html
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..files import refuse_outputs, write_text
from ..hw.errors import MachineError, did_you_mean
from ..matrix import cell, columns, html, table
from ..scenarios import names
from ..terminal import Paint, progress


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of mends."""
    parser.add_argument("scenario", metavar="SCENARIO", nargs="*", help="only these rows")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the matrix as a page")
    parser.add_argument(
        "--json",
        action="store_true",
        help="a list of objects: scenario, kernel (its column), options (of run, as words), verdict (holds, fails, "
        "does not apply), broken (invariants, with the reason)",
    )


def run(args: argparse.Namespace) -> int:
    """Play every scenario with every kernel, and print or write the matrix."""
    for name in args.scenario:
        if name not in names():
            raise MachineError(f"there is no scenario {name!r}; {did_you_mean(name, names())}")
    refuse_outputs([args.html])
    heads = columns()
    rows = [[cell(name, column) for column in heads] for name in progress(args.scenario or names(), "mends")]
    if args.html:
        write_text(args.html, html(rows))
    if args.json:
        found = [
            {"scenario": each.scenario, "kernel": each.column.label, "options": list(each.column.options),
             "verdict": each.verdict, "broken": list(each.broken)}
            for row in rows for each in row
        ]  # fmt: skip
        print(json.dumps(found, indent=1))
    elif not args.html:
        for line in table(rows, Paint()):
            print(line)
    return 0
