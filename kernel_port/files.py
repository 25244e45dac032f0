# SPDX-License-Identifier: GPL-2.0-only
"""Output files: written whole or not at all, so that what was there before is never lost to half of something new.
And input: a file is one that ends, and of a folder what links in it lead to is no part."""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .hw.errors import MachineError
from .hw.image import claim

#: Recordings are a few MiB long.
LONGEST = 256 << 20


def opened(path: Path, longest: int | None = None) -> io.BufferedReader:
    """Open a file to read it. A pipe could keep us waiting for ever, and a device need not end.

    :param longest: how many bytes it may have
    :raises MachineError: it is no regular file, or longer
    :raises OSError: it cannot be opened"""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) and (longest is None or status.st_size <= longest):
        return os.fdopen(fd, "rb")
    os.close(fd)
    what = "too long" if stat.S_ISREG(status.st_mode) else "not a regular file"
    raise MachineError(f"{path}: {what}; name another one")


def within(folder: Path, path: Path) -> bool:
    """Whether *path*, links followed, is in *folder*, wherever that is itself. A folder from elsewhere may hold links
    to files of this computer, which are nobody's business."""
    try:
        return _resolved(path).is_relative_to(_resolved(folder))
    except MachineError:
        return False


def refuse_output(path: Path, source: str = "") -> None:
    """Say before the work what would stop its outcome from being written.

    :param source: what the work is about, as load() takes it, "" for nothing; what is read is not written over
    :raises MachineError: *path* is *source*, or no file can be put there; says what to do instead"""
    if source and path.exists() and Path(source).exists() and path.samefile(source):
        raise MachineError(f"{path}: is the machine itself; name another file")
    if path.exists() and not path.is_file():
        raise MachineError(f"{path}: not a regular file, it would be replaced by one; choose another name")
    if not os.access(_resolved(path).parent, os.W_OK | os.X_OK):
        raise MachineError(f"{path}: cannot be written there; choose a folder that is there and can be written to")


@contextmanager
def claimed(path: Path) -> Iterator[None]:
    """Have the file at *path* for this process alone among those that ask for it, as ConfigImage.in_place() does.

    :raises MachineError: it cannot be read, or another process has it"""
    try:
        file = path.open("rb")
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; give a file that can be read") from error
    with file:
        claim(file.fileno(), path)
        yield


def write_whole(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Fill a temporary file in the folder of *path* and give it the name once it is on the disk.

    Who is killed in the middle leaves the old file, and perhaps a temporary one: .NAME and some letters.
    A symbolic link stays; what it leads to is replaced.

    :raises MachineError: *path* is there and no regular file, or cannot be written; what was there is untouched"""
    if path.exists() and not path.is_file():
        raise MachineError(f"{path}: not a regular file, it would be replaced by one; choose another name")
    path = _resolved(path)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
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
        raise MachineError(f"{path}: {error.strerror}; choose a folder that can be written to") from error


def write_text(path: Path, text: str) -> None:
    """Make *path* hold *text*.

    :raises MachineError: as write_whole()"""
    write_whole(path, lambda file: file.writelines([text.encode()]))


def _resolved(path: Path) -> Path:
    """What *path* leads to.

    :raises MachineError: nowhere"""
    with suppress(OSError, RuntimeError):
        found = path.resolve()
        if not found.is_symlink():  # from Python 3.13 on, a circle is no error
            return found
    raise MachineError(f"{path}: a link that leads in a circle; choose another name")


def _sync_folder(folder: Path) -> None:
    """Bring the names in *folder* to the disk, too."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _mode(path: Path) -> int:
    """Permissions of the file that was there, or those a new one gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
