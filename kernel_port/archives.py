# SPDX-License-Identifier: GPL-2.0-only
"""Read tarballs that may be hostile, member by member and never to the disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from .files import opened
from .hw.errors import MachineError
from .limits import Budget, Limits
from .terminal import Progress

#: Headers that describe the next one: long names, and keys and values of pax.
_ABOUT_THE_NEXT = (
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
)  # fmt: skip
#: The longest of those, bytes; a path has 4096. And how many come before one member.
_LONGEST_HEADER, _HEADERS = 65536, 16

_OPENERS: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}


def unpack(file: BinaryIO) -> BinaryIO:
    """Decompress a file; unlike tarfile, raise if the end is missing."""
    start = file.read(6)
    file.seek(0)
    for magic, opener in _OPENERS.items():
        if start.startswith(magic):
            return cast(BinaryIO, opener(file))
    return file


def members(path: Path, limits: Limits) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Yield the regular files in a tarball, compressed with xz, gzip or bzip2, or not: name, size in bytes, and a
    function that reads it before the next one is asked for.

    :raises MachineError: it is not a tarball, damaged, or more than *limits*"""
    if path.suffix == ".zst":
        raise MachineError(f"{path}: Python cannot read zstd; unpack it with: zstd -d {path}")
    budget = Budget(str(path), limits)
    try:
        with (
            Progress(f"reading {path.name}") as bar,
            opened(path) as packed,
            unpack(packed) as file,
            tarfile.open(None, "r|", file, tarinfo=_bounded(limits)) as archive,
        ):
            for member in archive:
                budget.take(member.size)
                bar.at(member.name)
                if member.isfile():
                    yield member.name, member.size, lambda m=member: cast(BinaryIO, archive.extractfile(m)).read()  # type: ignore[misc]
                archive.members = []  # type: ignore[attr-defined]  # tarfile remembers all of them
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file cannot be read; errors of gzip and bz2 have no errno
        if isinstance(error, MachineError):
            raise
        raise MachineError(f"{path}: not a whole tarball ({error}); fetch it again") from error


def _bounded(limits: Limits) -> type[tarfile.TarInfo]:
    """Return a class of headers that refuses those with impossible sizes."""

    class Bounded(tarfile.TarInfo):
        in_a_row = 0

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Bounded:
            header = super().frombuf(buf, encoding, errors)
            about_next = header.type in _ABOUT_THE_NEXT
            Bounded.in_a_row = Bounded.in_a_row + 1 if about_next else 0
            if header.size > (_LONGEST_HEADER if about_next else limits.bytes) or header.size < 0:
                raise tarfile.ReadError(f"a header says {header.size} bytes")
            if Bounded.in_a_row > _HEADERS:
                raise tarfile.ReadError("headers without end")
            return header

    return Bounded
