# SPDX-License-Identifier: GPL-2.0-only
"""The machines of a fleet: files, folders, patterns, and lists of those."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from ..files import walk, within
from ..hw.errors import MachineError
from ..images import sysfs
from ..images.load import is_name
from ..limits import FLEET, LINE, Budget


def machines(paths: Iterable[str], listed: TextIO) -> list[str]:
    """Return the machines that *paths* name, in their order; those of a folder or pattern in order of name.

    Each appears once, under the first of its names.

    :param listed: the list that "-" stands for, a line each
    :raises MachineError: there are more than a census can have, or folders without end"""
    found: dict[str, str] = {}
    budget = Budget("the fleet", FLEET)
    for path in paths:
        names = _lines(listed) if path == "-" else [path]
        for name in names:
            budget.take()
            if name:
                for each in _expanded(name, budget):
                    found.setdefault(identity(each), each)
    return list(found.values())


def _lines(listed: TextIO) -> Iterator[str]:
    while line := listed.readline(LINE):
        if len(line) == LINE:
            raise MachineError(f"standard input: a line of over {LINE} characters; give a list of files, one a line")
        yield line.rstrip("\r\n")


def identity(name: str) -> str:
    """Return a key that is the same for all names of a file; a string that cannot be a file name stands for itself."""
    return name if is_name(name) or "\0" in name else os.path.realpath(name)


def _expanded(name: str, budget: Budget) -> Iterator[str]:
    """Expand one path or pattern. A missing file stays in the list, so that its answer reports it."""
    if glob.has_magic(name) and not os.path.exists(name):  # noqa: PTH110 - Path's complains of a name that is too long
        # Patterns cross folders with **, and a folder they match is searched.
        found = []
        try:
            for each in glob.iglob(name, recursive=True):  # noqa: PTH207 - Path.glob() takes no absolute one
                budget.take()
                found.append(each)
        except RecursionError:
            raise MachineError(f"{name}: folders without end; name those that hold machines") from None
        for each in sorted(found) or [name]:
            yield from _below(each, budget)
    else:
        yield from _below(name, budget)


def _below(name: str, budget: Budget) -> Iterator[str]:
    """Yield a file, or the machines in a folder; a sysfs tree is one machine. Hidden files and folders are skipped, and
    links that lead out of the folder."""
    if not _is_folder(name):
        yield name
        return
    for file in walk(Path(name), budget, enter=lambda folder: _is_folder(folder.path), hidden=False):
        is_tree = file.is_dir() and not file.is_symlink()
        if is_tree or (within(Path(name), file) and file.is_file()):  # a circular link is not a file
            yield str(file)


def _is_folder(name: str) -> bool:
    """Return whether *name* is a folder of machines: one that can be read and is not itself a machine."""
    try:
        return Path(name).is_dir() and not sysfs.is_tree(Path(name))
    except OSError:  # loading it reports why
        return False
