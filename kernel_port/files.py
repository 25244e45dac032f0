# SPDX-License-Identifier: GPL-2.0-only
"""Output files, written whole or not at all, so that half a new file never replaces an old one.

Input files must be regular files; links that lead out of a folder are not part of it.
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .hw.errors import MachineError
from .hw.image import claim
from .limits import DEPTH, Budget


def opened(path: Path, longest: int | None = None) -> io.BufferedReader:
    """Open a file for reading. Refuse pipes, which could block forever, and devices, which may not end.

    :param longest: the largest size allowed, bytes
    :raises MachineError: it is not a regular file, or is larger
    :raises OSError: it cannot be opened"""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and (longest is None or status.st_size <= longest):
        return os.fdopen(fd, "rb")
    os.close(fd)
    what = "too long" if stat.S_ISREG(status.st_mode) else "not a regular file"
    raise MachineError(f"{path}: {what}; name another file")


def within(folder: Path, path: Path) -> bool:
    """Return whether *path*, links followed, is in *folder*, wherever that is itself. A folder from elsewhere may have
    links to private files of this computer."""
    try:
        return _resolved(path).is_relative_to(_resolved(folder))
    except MachineError:
        return False


def walk(
    folder: Path, budget: Budget, enter: Callable[[os.DirEntry[str]], bool] = lambda folder: True, hidden: bool = True
) -> Iterator[Path]:
    """Yield the files below *folder*, in order of name; links to folders are not followed.

    :param enter: says of a folder whether to look into it; else it is yielded like a file
    :param hidden: also what begins with a dot
    :raises MachineError: there are more than *budget* allows, or folders too deep"""
    pending: list[tuple[Path | os.DirEntry[str], int]] = [(folder, 0)]
    while pending:
        here, depth = pending.pop()
        if isinstance(here, os.DirEntry) and not (here.is_dir(follow_symlinks=False) and enter(here)):
            yield Path(here.path)
            continue
        if depth > DEPTH:
            raise MachineError(f"{folder}: folders more than {DEPTH} deep; name one further down")
        with suppress(OSError):  # not ours to read, or gone
            entries = sorted(os.scandir(here), key=lambda entry: entry.name, reverse=True)
            for entry in entries:
                budget.take()
                if hidden or not entry.name.startswith("."):
                    pending.append((entry, depth + 1))


def refuse_outputs(paths: Iterable[Path | None], *sources: str) -> None:
    """Report before the work what would prevent writing its results.

    :param paths: the files to write; None for those that nobody asked for
    :param sources: what is read, as the user named it; it must not be overwritten, nor anything in it
    :raises MachineError: a path is of a source, is there twice, or cannot be written; says what to do instead"""
    taken = set[Path]()
    for path in filter(None, paths):
        for source in sources:
            if _same(path, source):
                raise MachineError(f"{path}: is the machine itself; name another file")
            if (folder := _folder(source)) and within(folder, path):
                raise MachineError(f"{path}: is in {folder}, which is read; name a file elsewhere")
        if path.exists() and not path.is_file():
            raise MachineError(f"{path}: not a regular file, and would be replaced by one; choose another name")
        file = _resolved(path)
        if not os.access(file.parent, os.W_OK | os.X_OK):
            raise MachineError(f"{path}: cannot be written; choose an existing, writable folder")
        if file in taken:
            raise MachineError(f"{path}: named for two outputs; name two files")
        taken.add(file)


def refuse_links_out(paths: Iterable[Path]) -> None:
    """Report files that a command itself names in a folder, and that links lead out of it: the folder may
    be somebody else's, with links to files of this computer.

    :raises MachineError: one does"""
    for path in paths:
        if not within(path.parent, path):
            raise MachineError(f"{path}: a link that leads out of its folder; remove it, or name another folder")


def _folder(source: str) -> Path | None:
    """Return the folder that a user named, or the repository in REPOSITORY@REVISION; None if it is none."""
    for name in (source, source.rpartition("@")[0]):
        with suppress(OSError, ValueError):
            if name and Path(name).is_dir():
                return Path(name)
    return None


def _same(path: Path, source: str) -> bool:
    try:
        return path.samefile(source)
    except (OSError, ValueError):  # one of them is no file, or the name of none
        return False


@contextmanager
def claimed(path: Path) -> Iterator[BinaryIO]:
    """Open the file at *path*, and lock it against other processes that ask for it, as ConfigImage.in_place() does.

    :raises MachineError: it is not a regular file that can be read, or another process has it"""
    try:
        file = opened(path)
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; name a readable file") from error
    with file:
        claim(file.fileno(), path)
        yield file


#: How much of a file's name its temporary file has, characters: names end at 255 bytes.
SHORT = 50


def write_whole(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Fill a temporary file in the folder of *path* and rename it once it is on disk.

    A process killed in the middle leaves the old file, and perhaps a temporary one: .NAME and some letters.
    A symbolic link stays; its target is replaced.

    :raises MachineError: *path* exists but is not a regular file, or cannot be written; the old file stays"""
    if path.exists() and not path.is_file():
        raise MachineError(f"{path}: not a regular file, and would be replaced by one; choose another name")
    path = _resolved(path)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:SHORT]}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                fill(file)  # type: ignore[arg-type]
                file.flush()
                os.fchmod(file.fileno(), _mode(path))
                os.fsync(file.fileno())
                temporary.replace(path)
                _sync_folder(path.parent)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; choose a writable folder") from error


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path*.

    :raises MachineError: as write_whole()"""
    write_whole(path, lambda file: file.writelines([text.encode()]))


def _resolved(path: Path) -> Path:
    """Return the target of *path*, links followed.

    :raises MachineError: the links form a circle"""
    with suppress(RuntimeError):
        try:
            found = path.resolve()
        except OSError as error:
            raise MachineError(f"{path}: {error.strerror}; choose another name") from error
        if not found.is_symlink():  # since Python 3.13 a circle is not an error
            return found
    raise MachineError(f"{path}: a circular link; choose another name")


def _sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk as well."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _mode(path: Path) -> int:
    """Return the permissions of the existing file, or those of a new one."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
