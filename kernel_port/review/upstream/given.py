# SPDX-License-Identifier: GPL-2.0-only
"""The C that a user names: a kernel wherever it is, or the series as mails."""

from __future__ import annotations

import sys
from pathlib import Path

from ...hw.errors import MachineError
from ...limits import MAILS, Budget
from ...terminal import clean
from . import mbox
from .mbox import Mail
from .tree import Tree, is_tarball, open_tree


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
