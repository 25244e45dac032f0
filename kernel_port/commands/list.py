# SPDX-License-Identifier: GPL-2.0-only
"""List the series: each patch with its file, what it adds and modifies, the C files it changed, and what became of it.

Example: kernel-port list
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..series import PATCHES, Patch
from ..terminal import Paint

LABEL = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of list."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="a list of objects: number, subject, file, adds, modifies, files (path, added, removed), merged_as, "
        "merged_title, note",
    )


def run(args: argparse.Namespace) -> int:
    """Print the series."""
    if args.json:
        print(json.dumps([as_json(patch) for patch in PATCHES], indent=1))
        return 0
    paint = Paint()
    print("[PATCH v2 0/8] pci: bus and slot reset interface (Alex Williamson, 7 May 2013), on Linux 3.11")
    for patch in PATCHES:
        print(f"\n{paint('bold', f'{patch.number}/8 {patch.subject}')}")
        for label, text in lines(patch):
            print(f"    {paint('dim', label.ljust(LABEL))}{text}")
    return 0


def lines(patch: Patch) -> list[tuple[str, str]]:
    """What there is to say of a patch, with a label each."""
    files = ", ".join(f"{path} +{added} -{removed}" for path, (added, removed) in patch.files.items())
    merged = f'{patch.merged_as[:12]} ("{patch.merged_title}") (in v3.12)'.lstrip() if patch.merged_title else ""
    told = [
        ("file", f"kernel_port/patch/{patch.module}.py"),
        ("adds", ", ".join(patch.adds)),
        ("modifies", ", ".join(patch.modifies)),
        ("C", files),
        ("merged", merged),
        ("note", patch.note),
    ]
    return [(label, text) for label, text in told if text]


def as_json(patch: Patch) -> dict[str, Any]:
    """A patch as data."""
    return {
        "number": patch.number,
        "subject": patch.subject,
        "file": f"patch/{patch.module}.py",
        "adds": list(patch.adds),
        "modifies": list(patch.modifies),
        "files": [{"path": path, "added": added, "removed": cut} for path, (added, cut) in patch.files.items()],
        "merged_as": patch.merged_as or None,
        "merged_title": patch.merged_title or None,
        "note": patch.note or None,
    }
