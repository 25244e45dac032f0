# SPDX-License-Identifier: GPL-2.0-only
"""The C that a user names: a kernel wherever it is, two of them, or the series as mails."""

from __future__ import annotations

import sys
from pathlib import Path

from ...hw.errors import MachineError
from ...limits import MAILS, Budget
from ...terminal import clean
from . import mbox
from .mbox import Mail
from .tree import Tree, is_tarball, open_tree


def ends(source: str, revision: str = "") -> list[tuple[str, str]]:
    """Return what a user names, each with its revision: one, or for A..B two.

    Either end is what open_source() takes; if A has a revision, PATH@REV, B may be another of the same repository."""
    if revision:
        old, dots, new = revision.partition("..")
        return [(source, old), (source, new)] if dots and old and new else [(source, revision)]
    at = -1 if Path(source).exists() else source.find("..", 1)
    while 0 < at < len(source) - 2:
        old, new = source[:at], source[at + 2 :]
        repository = old.rpartition("@")[0]
        if is_there(old) and (is_there(new) or repository):
            return [(old, ""), (new, "") if is_there(new) else (repository, new)]
        at = source.find("..", at + 1)
    return [(source, revision)]


def is_there(source: str) -> bool:
    """Return whether *source* is a path, or PATH@REV."""
    return any(name and Path(name).exists() for name in (source, source.rpartition("@")[0]))


def open_source(source: str, revision: str = "") -> Tree | list[Mail]:
    """Open the kernel or the mails at *source*: a path, PATH@REV, or "-" for mails on standard input.

    :raises MachineError: there is neither; the message says what to give"""
    path, at, named = source.rpartition("@")
    if not revision and at and not Path(source).exists():
        source, revision = path, named
    if source == "-":
        data = sys.stdin.buffer.read(MAILS.bytes + 1)
        Budget("standard input", MAILS).take(len(data))
        return mbox.mails(mbox.from_page(mbox.decode(data)), "standard input")
    found = Path(source)
    if not found.exists():
        raise MachineError(f"{clean(source)}: no such file or directory; name a mailbox or a kernel tree")
    if revision or is_kernel(found):
        return open_tree(found, revision)
    return mbox.mails(mbox.load(found).replace("\r\n", "\n"), source)


def is_kernel(path: Path) -> bool:
    """Return whether *path* is a kernel tree rather than a series."""
    if path.is_dir():
        return not any(path.glob("*.patch"))
    return path.suffix == ".zst" or ".tar" in path.suffixes or is_tarball(path)
