# SPDX-License-Identifier: GPL-2.0-only
"""A report that is being written, one line of JSON to a machine, and that can be gone on with.

FILE is there only whole: the lines of a run go to FILE.part, and from there into FILE at the end. So whatever ends a
run, an earlier report stays, and who goes on finds both. A machine is done if its line is there and its file has the
size and time it had then. A line that was cut short by the end of a run is dropped.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from ..files import write_whole
from ..hw.errors import MachineError
from ..hw.image import claim
from .answer import Job
from .shape import is_answer

#: What every line begins with.
START = b'{"file":'
#: More than a line of a full segment has.
LONGEST = 64 << 20


def part(path: Path) -> Path:
    """Where the lines are while there are not all of them."""
    return path.with_name(f"{path.name}.part")


class Ledger:
    """The lines of a report by file; without a path, nothing is done yet and nothing is kept.

    :param resume: go on with what is in the file and its part; else begin anew
    :raises MachineError: the file cannot be written, is no report, or another process is at work on it"""

    def __init__(self, path: Path | None = None, resume: bool = False) -> None:
        self._path = path
        #: File -> where its latest line is: in which file, offset, length.
        self._places: dict[str, tuple[BinaryIO, int, int]] = {}
        self._jobs: dict[str, Job] = {}
        with ExitStack() as closes:
            if path is not None:
                self._open(path, resume, closes)
            self._closes = closes.pop_all()

    def _open(self, path: Path, resume: bool, closes: ExitStack) -> None:
        try:
            if resume and path.exists():
                self._read(closes.enter_context(path.open("rb")), path)
            # A link in its place could lead anywhere; a pipe would wait for whoever is at its other end.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._fd = os.open(part(path), flags, 0o666)
            closes.callback(os.close, self._fd)
            if not stat.S_ISREG(os.fstat(self._fd).st_mode):
                raise MachineError(f"{part(path)}: not a regular file; move it away")
            claim(self._fd, part(path))
            self._file = closes.enter_context(part(path).open("rb"))
            self._end = self._read(self._file, part(path))
            if not resume:
                self._end = 0
                self._places.clear()
                self._jobs.clear()
            os.ftruncate(self._fd, self._end)
        except OSError as error:
            raise MachineError(f"{error.filename or path}: {error.strerror}; choose another file") from None

    def _read(self, file: BinaryIO, path: Path) -> int:
        """Take the lines that are there; return where the last whole one ends.

        :raises MachineError: there is something else, which is not ours to write over"""
        end = 0
        for number, line in enumerate(iter(partial(file.readline, LONGEST), b""), 1):
            cut = START.startswith(line) or (line.startswith(START) and not line.endswith(b"\n"))
            if cut and path != self._path:
                break
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not (is_answer(record) and line.endswith(b"\n")):
                raise MachineError(f"{path}:{number}: no line of a census report; name another file")
            job = _job(record)
            self._jobs[job.file] = job
            self._places[job.file] = file, end, len(line)
            end += len(line)
        return end

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let go of the files; a part without a line is of no use to anybody."""
        if self._path is not None and not self._end:
            part(self._path).unlink(missing_ok=True)
        self._closes.close()

    def line(self, job: Job) -> str | None:
        """The line of a job that is done, None for one that is not."""
        known = self._jobs.get(job.file)
        if known is None or job.mtime_ns is None or known._replace(path=job.path) != job:
            return None
        return self._at(job.file).decode()

    def _at(self, name: str) -> bytes:
        file, offset, length = self._places[name]
        file.seek(offset)
        return file.read(length)

    def add(self, record: dict[str, Any], line: str) -> None:
        """Keep a new line, for good.

        :raises MachineError: there is no room for it"""
        if self._path is None:
            return
        data = left = line.encode()
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError as error:
            remedy = f"make room for it and go on with --resume {self._path}"
            raise MachineError(f"{part(self._path)}: {error.strerror}; {remedy}") from None
        self._jobs[record["file"]] = _job(record)
        self._places[record["file"]] = self._file, self._end, len(data)
        self._end += len(data)

    def finish(self, files: Iterable[str]) -> None:
        """All is done: make the file of the lines, in the order of *files*, then those of other files.

        :raises MachineError: it cannot be written; the part stays"""
        if self._path is None:
            return
        order = list(dict.fromkeys([*(name for name in files if name in self._places), *self._places]))
        write_whole(self._path, lambda new: new.writelines(map(self._at, order)))
        self._end = 0


def _job(record: dict[str, Any]) -> Job:
    """What a line is the answer to."""
    return Job(record["file"], "", record["size"], record["mtime_ns"], record["patches"])
