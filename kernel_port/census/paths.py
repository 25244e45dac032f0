# SPDX-License-Identifier: GPL-2.0-only
"""Which machines a fleet is made of: files, folders, patterns, and lists of those."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..files import within
from ..images import sysfs
from ..images.load import is_name


def machines(paths: Iterable[str], listed: Iterable[str]) -> list[str]:
    """The machines that *paths* name, in their order; what a folder or pattern stands for, in order of name.

    Each is there once, under the first of its names.

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
    """The same for all names of a file; what no file can be called stands for itself."""
    return name if is_name(name) or "\0" in name else os.path.realpath(name)


def _expanded(name: str) -> Iterator[str]:
    """One path or pattern; what is not there stays, for the answer to say so."""
    if glob.has_magic(name) and not os.path.exists(name):  # noqa: PTH110 - Path's complains of a name that is too long
        # Patterns reach into folders with **, and a folder they find is looked into.
        for each in sorted(glob.glob(name, recursive=True)) or [name]:  # noqa: PTH207 - Path.glob() takes no absolute one
            yield from _below(each)
    else:
        yield from _below(name)


def _below(name: str) -> Iterator[str]:
    """A file, or the machines in a folder; a sysfs tree is one machine. Hidden files and folders are passed over, and
    links that lead out of the folder."""
    try:
        if not Path(name).is_dir() or sysfs.is_tree(Path(name)):
            yield name
            return
        entries = sorted(os.scandir(name), key=lambda entry: entry.name)
    except OSError:  # a folder that nobody may look into: loading it says so
        yield name
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif within(Path(name), Path(entry.path)) and Path(entry.path).is_file():  # a link in a circle is no file
            yield entry.path
