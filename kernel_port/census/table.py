# SPDX-License-Identifier: GPL-2.0-only
"""A census as comma-separated values: a row for each function, and one for each machine that could not be read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from ..terminal import clean
from .answer import Record

COLUMNS = (
    "file", "machine", "error", "bdf", "vendor", "device", "class", "driver", "outcome", "how", "fault",
    "along", "refused",
)  # fmt: skip


class Table:
    """Writes the rows to *file*."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def add(self, record: Record) -> None:
        """Write the rows of a machine."""
        self._writer.writerows([harmless(cell) for cell in row] for row in _rows(record))


def harmless(cell: object) -> object:
    """Return a cell that spreadsheets take for text: those that begin a formula get an apostrophe in front, and control
    characters are escaped."""
    if not isinstance(cell, str):
        return cell
    shown = clean(cell)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def _rows(record: Record) -> Iterator[tuple[object, ...]]:
    if record["error"] is not None:
        yield (record["file"], "", record["error"], *[""] * (len(COLUMNS) - 3))
        return
    guards = [f"{guard['rung']}@{guard['file']}:{guard['line']}" for guard in record["guards"]]
    for function in record["functions"]:
        yield (
            record["file"], record["machine"], "", function["bdf"], f"{function['vendor']:04x}",
            f"{function['device']:04x}", f"{function['class']:06x}", function["driver"], function["outcome"],
            function["how"], function["fault"], function["along"],
            " ".join(guards[number] for number in function["refused"]),
        )  # fmt: skip
