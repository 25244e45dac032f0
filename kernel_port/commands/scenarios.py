# SPDX-License-Identifier: GPL-2.0-only
"""List the scenarios by group: each with its level (1 to 3), the question it answers, and what mends the flaw
it shows: a module, a commit of Linux, its version. A sequel follows its story.

Examples: kernel-port scenarios
          kernel-port scenarios hot-plug -v
"""

from __future__ import annotations

import argparse
import json
from textwrap import wrap
from typing import Any

from ..scenarios import Scenario, load, names
from ..scenarios._groups import GROUPS, OTHERS, group_of, level_of
from ..scenarios._mending import as_json as mended_as_json
from ..terminal import Paint, width

NAME = 22
LEVEL = 3
LEAST_WIDTH = 60
INDENT = "    "
#: The full texts are written for this width.
TEXT_WIDTH = 120


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of scenarios."""
    listed = ", ".join(GROUPS)
    parser.add_argument("group", metavar="GROUP", nargs="?", choices=[*GROUPS, OTHERS], help=f"only one: {listed}")
    parser.add_argument("-v", "--verbose", action="store_true", help="the full text of each")
    parser.add_argument(
        "--json",
        action="store_true",
        help="a list of objects: name, group, level (1 to 3), question, about (all of its text), since (the patch it "
        "needs, 0: none), commits (later ones that it explains), mended_by (module, commit or null, version), unmended "
        "(why nothing here mends it, or null), findings (numbers), recordings (in tests/real, of "
        "real kernels that end as it does at their point), threads (names, the main one first)",
    )


def run(args: argparse.Namespace) -> int:
    """Print them."""
    scenarios = [load(name) for name in names() if args.group in (None, group_of(name))]
    if args.json:
        print(json.dumps([as_json(scenario) for scenario in scenarios], indent=1))
        return 0
    paint = Paint()
    heading = ""
    for scenario in scenarios:
        if heading != group_of(scenario.name):
            heading = group_of(scenario.name)
            print(paint("bold", f"{heading}:"))
        if args.verbose:
            print(paint("bold", scenario.name))
            print("\n".join(f"{INDENT}{line}".rstrip() for line in scenario.about.splitlines()))
            if scenario.mended:
                print("\n".join(["", *(f"{INDENT}Mended by {mended}" for mended in scenario.mended)]))
            if scenario.recordings:
                recorded = f"Recorded in real kernels, with the same end: {', '.join(scenario.recordings)}."
                print("\n".join(["", *wrap(recorded, TEXT_WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)]))
            print()
            continue
        first, *others = wrap(scenario.question, max(width(), LEAST_WIDTH) - NAME - LEVEL)
        level = str(level_of(scenario.name)).ljust(LEVEL)
        print(paint("bold", scenario.name.ljust(NAME)) + level + first)
        for line in others:
            print(" " * (NAME + LEVEL) + line)
        for mended in scenario.mended:
            print(paint("dim", f"{' ' * (NAME + LEVEL)}mended by {mended}"))
    print("\nkernel-port run SCENARIO runs one, kernel-port bisect SCENARIO at every point of the series.")
    return 0


def as_json(scenario: Scenario) -> dict[str, Any]:
    """Return a scenario as data."""
    return {
        "name": scenario.name,
        "group": group_of(scenario.name),
        "level": level_of(scenario.name),
        "question": scenario.question,
        "about": scenario.about,
        "since": scenario.since,
        "commits": list(scenario.commits),
        **mended_as_json(scenario.mendings, scenario.unmended),
        "findings": list(scenario.findings),
        "recordings": list(scenario.recordings),
        "threads": list(scenario.threads),
    }
