# SPDX-License-Identifier: GPL-2.0-only
"""A report that is being written, one line of JSON to a machine, and that can be gone on with.

A machine is done if its line is there and its file has the size and time it had then. A line that was cut short by the
end of a run is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

from ..files import write_whole
from ..hw.errors import MachineError
from .answer import Job
from .shape import is_answer


class Ledger:
    """The lines of a report by file; without a path, nothing is done yet and nothing is kept.

    :param resume: go on with what is in the file; else begin anew
    :raises MachineError: the file cannot be written, or is no report"""

    def __init__(self, path: Path | None = None, resume: bool = False) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        #: File -> where its latest line is: offset, length.
        self._places: dict[str, tuple[int, int]] = {}
        self._jobs: dict[str, Job] = {}
        self._end = 0
        #: Lines that later ones replaced.
        self._stale = False
        if path is None:
            return
        try:
            self._file = path.open("a+b")
            if not resume:
                self._file.truncate(0)
            self._file.seek(0)
            self._read(self._file, path)
        except OSError as error:
            raise MachineError(f"{path}: {error.strerror}; choose a file that can be written") from None

    def _read(self, file: BinaryIO, path: Path) -> None:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                file.truncate(self._end)
                return
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not is_answer(record):
                raise MachineError(f"{path}:{number}: no line of a census report; name another file")
            self._take(_job(record), len(line))

    def _take(self, job: Job, length: int) -> None:
        self._stale |= job.file in self._places
        self._places[job.file] = self._end, length
        self._jobs[job.file] = job
        self._end += length

    def line(self, job: Job) -> str | None:
        """The line of a job that is done, None for one that is not."""
        known = self._jobs.get(job.file)
        if self._file is None or known is None or job.mtime_ns is None or known._replace(path=job.path) != job:
            return None
        return self._at(self._file, job.file).decode()

    def _at(self, file: BinaryIO, name: str) -> bytes:
        offset, length = self._places[name]
        file.seek(offset)
        return file.read(length)

    def add(self, record: dict[str, Any], line: str) -> None:
        """Keep a new line, for good."""
        if self._file is not None:
            self._file.write(line.encode())
            self._file.flush()
            self._take(_job(record), len(line))

    def finish(self, files: Iterable[str]) -> None:
        """All is done: bring the lines into the order of *files*, then those of other files."""
        if self._file is None or self._path is None:
            return
        order = list(dict.fromkeys([*(name for name in files if name in self._places), *self._places]))
        file = self._file
        if self._stale or order != sorted(order, key=lambda name: self._places[name][0]):
            write_whole(self._path, lambda new: new.writelines(self._at(file, name) for name in order))
        file.close()


def _job(record: dict[str, Any]) -> Job:
    """What a line is the answer to."""
    return Job(record["file"], "", record["size"], record["mtime_ns"], record["patches"])
