# SPDX-License-Identifier: GPL-2.0-only
"""Read what is compressed or archived, from somebody who may mean harm: in place, never to the disk, within a budget.

A few bytes may decompress to any number, and an archive may say anything of its members.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .hw.errors import MachineError
from .limits import HEADER, Budget, Limits
from .terminal import clean

if TYPE_CHECKING:
    import tarfile

#: How a compressed file begins.
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
#: Bytes of a tar archive read at once.
_RECORD = 10240
#: What is said of an archive.
NOT_WHOLE = "not a whole archive"
#: How often a stream may be read at its end.
_ENDS = 1000


class Metered(io.RawIOBase):
    """A stream that ends with a MachineError when its budget is used up."""

    def __init__(self, file: Any, budget: Budget) -> None:
        self._file, self.budget = file, budget
        self._ends = 0
        #: Bytes that may be read before the next word of whoever reads; None: all of the budget.
        self.allowed: int | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*, and count what that takes."""
        with damage(self.budget.name):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.budget.read(len(data))
        self._ends += not data
        if self.allowed is not None:
            self.allowed -= len(data)
        if (self.allowed is not None and self.allowed < 0) or self._ends > _ENDS:
            raise MachineError(
                f"{self.budget.name}: a member whose header has no end or an impossible size; pack it again"
            )
        return len(data)


class _Again(io.RawIOBase):
    """A stream whose first bytes have been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*."""
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def again(head: bytes, rest: BinaryIO) -> BinaryIO:
    """Return a stream of *head*, then of what is left in *rest*."""
    return cast(BinaryIO, io.BufferedReader(_Again(head, rest), 1 << 16))


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins with *head* is compressed."""
    return head.startswith((GZIP, BZIP2, XZ))


def is_tar(head: bytes) -> bool:
    """Return whether *head* is the start of a tar archive."""
    return head[TAR_MAGIC_AT : TAR_MAGIC_AT + len(TAR_MAGIC)] == TAR_MAGIC


def unpacked(file: BinaryIO, head: bytes, name: str, limits: Limits) -> BinaryIO:
    """Return a stream of what is in *file*, which begins with *head*, decompressed if it is compressed.

    :raises MachineError: when it is read, the file is damaged or there is more in it than *limits* allow"""
    opener: Callable[[BinaryIO], Any] = lambda plain: plain  # noqa: E731
    if head.startswith(GZIP):
        from gzip import GzipFile

        opener = lambda packed: GzipFile(fileobj=packed)  # noqa: E731
    elif head.startswith(BZIP2):
        from bz2 import BZ2File as opener
    elif head.startswith(XZ):
        from lzma import LZMAFile as opener
    with damage(name):
        return cast(BinaryIO, io.BufferedReader(Metered(opener(file), Budget(name, limits)), 1 << 16))


def tar_members(file: BinaryIO, name: str, limits: Limits) -> Iterator[tuple[tarfile.TarInfo, Callable[..., bytes]]]:
    """Yield the members of a tar archive, each with a function that reads it, or the number of bytes given, before the
    next one is asked for.

    :raises MachineError: it is damaged, has no end, or is more than *limits* allow"""
    import tarfile

    def read(member: tarfile.TarInfo, limit: int = -1) -> bytes:
        with damage(name, NOT_WHOLE):
            return cast(BinaryIO, archive.extractfile(member)).read(limit)

    stream = Metered(file, Budget(name, limits))
    stream.allowed = HEADER
    with damage(name, NOT_WHOLE), tarfile.open(None, "r|", stream, bufsize=_RECORD) as archive:
        while (member := archive.next()) is not None:
            stream.budget.take()
            if not 0 <= member.size <= limits.bytes:
                raise MachineError(f"{name}: {clean(member.name)[:200]}: a size of {member.size} bytes; pack it again")
            stream.allowed = member.size + HEADER
            archive.members = []  # type: ignore[attr-defined]  # it would keep all
            yield member, partial(read, member)


@contextmanager
def damage(name: str, what: str = "damaged") -> Iterator[None]:
    """Turn what archives and decompressors raise into one error that says *what* the file is; the operating system's
    own errors stay."""
    try:
        yield
    except MachineError:
        raise
    except Exception as error:
        if (isinstance(error, OSError) and error.errno is not None) or not _is_of_input(error):
            raise
        raise MachineError(f"{name}: {what} ({clean(str(error))[:100]}); fetch it or pack it again") from error


def _is_of_input(error: Exception) -> bool:
    """Return whether an archive can be the cause of *error*."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    causes = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError)
    return isinstance(error, (*causes, OverflowError, RecursionError, RuntimeError))
