# SPDX-License-Identifier: GPL-2.0-only
"""A report in progress, one line of JSON per machine, that a later run can resume.

FILE is always complete: the lines of a run go to FILE.part, and from there into FILE at the end. So whatever ends a
run, an earlier report survives, and --resume finds both. A machine is done if its line is there and its file still has
the same size and time. A line cut short by the end of a run is dropped.
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

from ..choice import KernelChoice
from ..files import write_whole
from ..hw.errors import MachineError
from ..hw.image import claim
from ..limits import ANSWER
from .answer import Job
from .shape import is_answer

#: The start of every line.
START = b'{"file":'


def part(path: Path) -> Path:
    """Return where the lines are until the report is complete."""
    return path.with_name(f"{path.name}.part")


class Ledger:
    """The lines of a report by file; without a path, nothing is done yet and nothing is kept.

    :param resume: continue with the file and its part; else start over
    :raises MachineError: the file cannot be written, is not a report, or is in use by another process"""

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
            # A link could lead anywhere; a pipe would wait for its other end.
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
        """Read the existing lines; return where the last complete one ends.

        :raises MachineError: the file holds something else, which must not be overwritten"""
        end = 0
        for number, line in enumerate(iter(partial(file.readline, ANSWER), b""), 1):
            cut = START.startswith(line) or (line.startswith(START) and not line.endswith(b"\n"))
            if cut and path != self._path:
                break
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not (is_answer(record) and line.endswith(b"\n")):
                raise MachineError(f"{path}:{number}: not a line of a census report; name another file")
            job = _job(record)
            self._jobs[job.file] = job
            self._places[job.file] = file, end, len(line)
            end += len(line)
        return end

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Release the files; delete a part without lines."""
        if self._path is not None and not self._end:
            part(self._path).unlink(missing_ok=True)
        self._closes.close()

    def line(self, job: Job) -> str | None:
        """Return the line of a finished job, None for an unfinished one."""
        known = self._jobs.get(job.file)
        if known is None or job.mtime_ns is None or known._replace(path=job.path) != job:
            return None
        return self._at(job.file).decode()

    def _at(self, name: str) -> bytes:
        file, offset, length = self._places[name]
        file.seek(offset)
        return file.read(length)

    def add(self, record: dict[str, Any], line: str) -> None:
        """Keep a new line, on disk.

        :raises MachineError: it cannot be written, on a full disk say"""
        if self._path is None:
            return
        data = left = line.encode()
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError as error:
            remedy = f"free some space and continue with --resume {self._path}"
            raise MachineError(f"{part(self._path)}: {error.strerror}; {remedy}") from None
        self._jobs[record["file"]] = _job(record)
        self._places[record["file"]] = self._file, self._end, len(data)
        self._end += len(data)

    def finish(self, files: Iterable[str]) -> None:
        """Write the file, complete: the lines in the order of *files*, then those of other files.

        :raises MachineError: it cannot be written; the part stays"""
        if self._path is None:
            return
        order = list(dict.fromkeys([*(name for name in files if name in self._places), *self._places]))
        write_whole(self._path, lambda new: new.writelines(map(self._at, order)))
        self._end = 0


def _job(record: dict[str, Any]) -> Job:
    """Return the job that a line answers."""
    kernel = KernelChoice(record["patches"], tuple(record.get("with", ())))
    return Job(record["file"], "", record["size"], record["mtime_ns"], kernel, tuple(record.get("yours", ())))
