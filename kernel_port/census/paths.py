# SPDX-License-Identifier: GPL-2.0-only
"""The machines of a fleet: files, folders, patterns, and lists of those."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..files import within
from ..images import sysfs
from ..images.load import is_name


def machines(paths: Iterable[str], listed: Iterable[str]) -> list[str]:
    """Return the machines that *paths* name, in their order; those of a folder or pattern in order of name.

    Each appears once, under the first of its names.

    :param listed: the lines that "-" stands for"""
    found: dict[str, str] = {}
    for path in paths:
        names = (line.rstrip("\r\n") for line in listed) if path == "-" else [path]
        for name in names:
            if name:
                for each in _expanded(name):
                    found.setdefault(identity(each), each)
    return list(found.values())


def identity(name: str) -> str:
    """Return a key that is the same for all names of a file; a string that cannot be a file name stands for itself."""
    return name if is_name(name) or "\0" in name else os.path.realpath(name)


def _expanded(name: str) -> Iterator[str]:
    """Expand one path or pattern. A missing file stays in the list, so that its answer reports it."""
    if glob.has_magic(name) and not os.path.exists(name):  # noqa: PTH110 - Path's complains of a name that is too long
        # Patterns cross folders with **, and a folder they match is searched.
        for each in sorted(glob.glob(name, recursive=True)) or [name]:  # noqa: PTH207 - Path.glob() takes no absolute one
            yield from _below(each)
    else:
        yield from _below(name)


def _below(name: str) -> Iterator[str]:
    """Yield a file, or the machines in a folder; a sysfs tree is one machine. Hidden files and folders are skipped, and
    links that lead out of the folder."""
    try:
        if not Path(name).is_dir() or sysfs.is_tree(Path(name)):
            yield name
            return
        entries = sorted(os.scandir(name), key=lambda entry: entry.name)
    except OSError:  # an unreadable folder: loading it reports that
        yield name
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif within(Path(name), Path(entry.path)) and Path(entry.path).is_file():  # a circular link is not a file
            yield entry.path
