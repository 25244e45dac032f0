# SPDX-License-Identifier: GPL-2.0-only
"""List the series: each patch with its file, what it adds and modifies, the C files it changed, and what became of it.
Behind it the mends, by version: what later kernels changed, to be put on top with --with NAME or --with VERSION.

Lines added and removed are those of the posted patch, as far as the cover letter's totals give them, and those of the
merged commit. kernel-port show --cover goes through the cover letter itself.

Example: kernel-port list
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from ..mends import PACKAGE, Mend, shipped, versions
from ..series import COVER_LETTER, PATCHES, Counts, Patch
from ..terminal import Paint

LABEL = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of list."""
    parser.add_argument(
        "--json",
        action="store_true",
        help="a list of objects: number, subject, file, adds, modifies, files (path, added, removed; of the posted "
        "patch, null where not known), merged_as, merged_title, merged_files (path, added, removed), note; of a mend "
        "(number is null) also name, version, requires",
    )


def run(args: argparse.Namespace) -> int:
    """Print the series."""
    if args.json:
        print(json.dumps([*map(as_json, PATCHES), *map(mend_json, shipped().values())], indent=1))
        return 0
    paint = Paint()
    letter = COVER_LETTER
    print(f"{paint('bold', letter.heading)}")
    print(
        f"{len(letter.lines)} files, {letter.insertions} insertions, {letter.deletions} deletions; here on Linux 3.11"
    )
    print(letter.history)
    for patch in PATCHES:
        print(f"\n{paint('bold', f'{patch.number}/8 {patch.subject}')}")
        for label, text in lines(patch):
            print(f"    {paint('dim', label.ljust(LABEL))}{text}")
    for version, names in versions().items():
        print(f"\n{paint('bold', f'Linux {version}: --with {version}, or one of')}")
        for name in names:
            mend = shipped()[name]
            print(f"\n  {paint('bold', f'{name}: {mend.title}')}")
            for label, text in mend_lines(mend):
                print(f"    {paint('dim', label.ljust(LABEL))}{text}")
    return 0


def mend_lines(mend: Mend) -> list[tuple[str, str]]:
    """Return what there is to say of a mend, each with a label."""
    texts = [
        ("file", mend.file),
        ("adds", ", ".join(mend.adds)),
        ("modifies", ", ".join(mend.modifies)),
        ("requires", ", ".join(mend.requires)),
        ("upstream", mend.paragraphs["Upstream"]),
    ]
    return [(label, text) for label, text in texts if text]


def lines(patch: Patch) -> list[tuple[str, str]]:
    """Return what there is to say of a patch, each with a label."""
    merged = f'{patch.merged_as[:12]} ("{patch.merged_title}") (in v3.12)'.lstrip() if patch.merged_title else ""
    texts = [
        ("file", f"kernel_port/patch/{patch.module}.py"),
        ("adds", ", ".join(patch.adds)),
        ("modifies", ", ".join(patch.modifies)),
        ("posted", counted(patch.posted)),
        ("merged", merged),
        ("", counted(patch.merged)),
        ("note", patch.note),
    ]
    return [(label, text) for label, text in texts if text]


def counted(files: Mapping[str, Counts | None]) -> str:
    """Format C files, each with the lines added and removed as far as known."""
    return ", ".join(
        f"{path} {f'+{lines[0]} -{lines[1]}' if lines else '(lines not known)'}" for path, lines in files.items()
    )


def as_json(patch: Patch) -> dict[str, Any]:
    """Return a patch as data."""
    return {
        "number": patch.number,
        "subject": patch.subject,
        "file": f"patch/{patch.module}.py",
        "adds": list(patch.adds),
        "modifies": list(patch.modifies),
        "files": files_json(patch.posted),
        "merged_as": patch.merged_as or None,
        "merged_title": patch.merged_title or None,
        "merged_files": files_json(patch.merged),
        "note": patch.note or None,
    }


def mend_json(mend: Mend) -> dict[str, Any]:
    """Return a mend as data."""
    return {
        "number": None,
        "subject": mend.title,
        "file": mend.path.relative_to(PACKAGE).as_posix(),
        "adds": list(mend.adds),
        "modifies": list(mend.modifies),
        "files": [],
        "merged_as": mend.commit or None,
        "merged_title": mend.title,
        "merged_files": [],
        "note": mend.paragraphs["Adapted"],
        "name": mend.name,
        "version": mend.version,
        "requires": list(mend.requires),
    }


def files_json(files: Mapping[str, Counts | None]) -> list[dict[str, Any]]:
    """Return C files with their counts as data."""
    counts = ((path, lines or (None, None)) for path, lines in files.items())
    return [{"path": path, "added": added, "removed": removed} for path, (added, removed) in counts]
