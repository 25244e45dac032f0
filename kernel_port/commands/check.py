# SPDX-License-Identifier: GPL-2.0-only
"""Compare the port with the real thing: the series as mailed or merged, or any kernel tree.

SOURCE is the series (a mailbox, also compressed with gzip; a folder of .patch files; "-" for standard input), of v2 or
of the merged commits; or a kernel: a source directory, a git repository with a revision (PATH@REV, or --rev REV), or a
linux-source tarball (.tar, .tar.xz, .tar.gz, .tar.bz2).

Of a series: its cover letter (subjects in order, lines per file, totals), which may come alone, also as an archive's
page; then subjects, files with their counts, functions added and modified, prototypes and exports, patch by patch, and
the sum of all. The posted mails themselves are not available: a number that does not follow from the letter's totals is
reported as unknown and does not count.
Of a kernel: which ported functions exist there, moved, renamed or gone. Nothing is written.

Exit status 0: everything agrees. 1: something differs. 2: bad input.

Examples: kernel-port check v2.mbox
          kernel-port check 0000-cover-letter.txt
          kernel-port check linux@v3.12
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from typing import Any

from ..review.upstream import check_series, check_tree
from ..review.upstream.check_series import Compared, SeriesReport
from ..review.upstream.check_tree import STATES, Whereabouts
from ..review.upstream.given import open_source
from ..review.upstream.mbox import Mail
from ..review.upstream.tree import Tree, version
from ..terminal import Paint, clean
from . import _c

STYLES = {"in place": "", "changed": "yellow", "moved": "yellow", "renamed": "yellow", "gone": "red", "not yet": "dim"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of check."""
    parser.add_argument("source", metavar="SOURCE", help=f"a series (mailbox, folder, -) or a kernel; {_c.LIMITS}")
    _c.revision(parser)
    parser.add_argument("-v", "--verbose", action="store_true", help="also show what agrees")
    parser.add_argument(
        "--json",
        action="store_true",
        help="an object. Of a series: form, agrees, cover_letter (points: what, theirs, ours (null: not known), "
        "agrees), patches (number, subject, agrees, points, note), totals (points), missing, others. Of a kernel: "
        "tree, version, agrees, counts, symbols (name, c_file, state, now, file, line, since, why)",
    )


def run(args: argparse.Namespace) -> int:
    """Compare and report."""
    given = open_source(args.source, args.rev)
    if isinstance(given, list):
        return series(args, given, "standard input" if args.source == "-" else args.source)
    return kernel(args, given)


def series(args: argparse.Namespace, mails: list[Mail], name: str) -> int:
    """Compare a series."""
    report = check_series.check(mails, name)
    if args.json:
        print(json.dumps(series_json(report), indent=1))
    else:
        show_series(report, args.verbose)
    return int(not report.agrees)


def show_series(report: SeriesReport, verbose: bool) -> None:
    """Print what agrees and what differs; the count comes last."""
    paint = Paint()
    subject = {"posted": "the series as posted", "merged": "the series as merged"}[report.form]
    if not report.patches:
        print(f"{subject}, its cover letter alone")
    else:
        print(f"{subject}, {'its cover letter and ' * bool(report.letter)}{len(report.patches)} of its patches")
    if report.letter:
        print(f"\n{paint('bold', 'cover letter')}")
        show_letter(report.letter, paint)
    for patch in report.patches:
        print(f"\n{paint('bold', f'{patch.number}/8 {patch.subject}')}")
        show_points(patch.points, verbose, paint)
        if patch.note:
            print(f"    {paint('dim', 'known'.ljust(9))}{patch.note}")
    if report.totals:
        print("\nall together, beside the cover letter")
        show_points(report.totals, verbose, paint)
    for subject, known in report.others:
        print(f"\nnot of the series: {clean(subject)}{f' ({known})' if known else ''}")
    if report.patches and report.missing:
        print(f"\nnot there: {', '.join(f'{number}/8' for number in report.missing)}")
    print(f"\nagree {', '.join(agreeing(report))}")


def agreeing(report: SeriesReport) -> Iterator[str]:
    """Say how much agrees."""
    if report.patches:
        yield f"{sum(patch.agrees for patch in report.patches)} of {len(report.patches)} patches"
    if report.letter:
        yield f"{sum(point.agrees for point in report.letter)} of {len(report.letter)} points of the cover letter"


def show_letter(points: tuple[check_series.Point, ...], paint: Paint) -> None:
    """Print a line for each thing that a cover letter states."""
    for point in points:
        state, style = ("agrees", "green") if point.agrees else ("differs", "red")
        expected = "" if point.agrees else f" (expected: {point.ours})"
        print(f"    {paint(style, state.ljust(9))}{point.what}: {point.theirs}{expected}")


def show_points(points: tuple[check_series.Point, ...], verbose: bool, paint: Paint) -> None:
    """Print what was compared of a patch, or of all together."""
    same = [point for point in points if point.ours == point.theirs]
    if verbose:
        for point in same:
            print(f"    {paint('green', 'agrees'.ljust(9))}{point.what}: {point.ours}")
    elif same:
        print(f"    {paint('green', 'agrees'.ljust(9))}{'; '.join(point.what for point in same)}")
    for point in points:
        if point.ours is None:
            print(f"    {paint('yellow', 'unknown'.ljust(9))}{point.what}: {point.theirs}")
        elif not point.agrees:
            print(f"    {paint('red', 'differs'.ljust(9))}{point.what}: {point.theirs}")
            print(f"    {paint('dim', 'expected'.ljust(9))}{' ' * len(point.what)}  {point.ours}")


def series_json(report: SeriesReport) -> dict[str, Any]:
    """Return the comparison of a series as data."""
    return {
        "form": report.form,
        "agrees": report.agrees,
        "cover_letter": [point_json(point) for point in report.letter],
        "patches": [patch_json(patch) for patch in report.patches],
        "totals": [point_json(point) for point in report.totals],
        "missing": list(report.missing),
        "others": [subject for subject, _ in report.others],
    }


def patch_json(patch: Compared) -> dict[str, Any]:
    """Return the comparison of a patch as data."""
    points = [point_json(point) for point in patch.points]
    return {
        "number": patch.number, "subject": patch.subject, "agrees": patch.agrees, "points": points, "note": patch.note,
    }  # fmt: skip


def point_json(point: check_series.Point) -> dict[str, Any]:
    """Return what was compared as data."""
    return {**asdict(point), "agrees": point.agrees}


def kernel(args: argparse.Namespace, tree: Tree) -> int:
    """Compare a kernel tree."""
    found = check_tree.check(tree)
    age = version(tree)
    named = f"v{age[0]}.{age[1]}" if age else None
    counts = Counter(each.state for each in found)
    agrees = counts["in place"] == len(found)
    if args.json:
        summary = {"tree": tree.name, "version": named, "agrees": agrees, "counts": counts}
        print(json.dumps({**summary, "symbols": [asdict(each) for each in found]}, indent=1))
    else:
        print(f"{clean(tree.name)}: {f'Linux {named}' if named else 'a kernel without a version in its Makefile'}")
        show_kernel(found, args.verbose)
        told_counts = (f"{counts[state]} {state}" for state in STATES[1:] if counts[state])
        print("\n" + ", ".join([f"in place {counts['in place']} of {len(found)}", *told_counts]))
    return int(not agrees)


def show_kernel(found: list[Whereabouts], verbose: bool) -> None:
    """Print what became of each symbol, by C file."""
    paint = Paint()
    for c_file, group in groupby(found, key=lambda each: each.c_file):
        shown = [each for each in group if verbose or each.state != "in place"]
        if shown:
            print(f"\n{paint('bold', c_file)}")
        for each in shown:
            place = f"{each.file}:{each.line}" if each.file else ""
            now = f"{each.now} in {place}" if each.state == "renamed" else place
            why = ", ".join(filter(None, (each.why, f"since {each.since}" if each.since else "")))
            state = paint(STYLES[each.state], each.state.ljust(9)) if STYLES[each.state] else each.state.ljust(9)
            words = (state + clean(each.name), clean(now), f"({why})" if why else "")
            print("    " + "  ".join(filter(None, words)))
