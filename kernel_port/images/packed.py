# SPDX-License-Identifier: GPL-2.0-only
"""Read what gzip, bzip2 or xz has packed, within a budget: a few bytes may unpack to any number."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from ..files import PACKED
from ..hw.errors import MachineError

#: How a packed file begins.
GZIP, BZIP2, XZ = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"


class Metered(io.RawIOBase):
    """A stream that ends with a MachineError when its budget is used up."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name, self._budget = file, name, PACKED
        self._begun = time.process_time()
        self._read = self._ends = 0
        #: Bytes that may be read before the next word of whoever reads; None: all of the budget.
        self.allowed: int | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*, and count what that takes."""
        data = self._unpacked(len(buffer))
        buffer[: len(data)] = data
        self._read += len(data)
        self._ends += not data
        if self.allowed is not None:
            self.allowed -= len(data)
        if self._read > self._budget.unpacked:
            raise MachineError(
                f"{self._name}: more than {self._budget.unpacked >> 20} MiB when unpacked; unpack it, and leave out "
                "what is not of the machine"
            )
        if time.process_time() - self._begun > self._budget.seconds:
            raise MachineError(f"{self._name}: takes more than {self._budget.seconds:g} s to unpack; unpack it first")
        if (self.allowed is not None and self.allowed < 0) or self._ends > 1000:
            raise MachineError(f"{self._name}: a member whose header has no end or an impossible size; pack it again")
        return len(data)

    def _unpacked(self, count: int) -> bytes:
        """Return some bytes, and turn what the unpackers raise into one error."""
        import lzma
        import zlib

        try:
            return cast(bytes, self._file.read(count))
        except (EOFError, lzma.LZMAError, zlib.error, OSError, ValueError) as error:
            if isinstance(error, MachineError) or (isinstance(error, OSError) and error.errno is not None):
                raise
            raise MachineError(f"{self._name}: damaged ({error}); fetch it again") from error


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
    """Return whether a file that begins with *head* is packed."""
    return head.startswith((GZIP, BZIP2, XZ))


def unpacked(file: BinaryIO, head: bytes, name: str) -> BinaryIO:
    """Return a stream of what is packed in *file*, which begins with *head*.

    :raises MachineError: when it is read, the file is damaged or there is too much in it"""
    opener: Callable[[BinaryIO], Any]
    if head.startswith(GZIP):
        from gzip import GzipFile

        opener = lambda packed: GzipFile(fileobj=packed)  # noqa: E731
    elif head.startswith(BZIP2):
        from bz2 import BZ2File as opener
    else:
        from lzma import LZMAFile as opener
    return cast(BinaryIO, io.BufferedReader(Metered(opener(file), name), 1 << 16))
