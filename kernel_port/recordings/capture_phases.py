# SPDX-License-Identifier: GPL-2.0-only
"""The three phases of one captured reset: waking the functions it needs, the reset, putting them back to sleep.

A driver that lets idle functions sleep (vfio-pci since v6.0) restores their state before a reset and saves it after.
The order of accesses identifies the phases: the header is saved upwards and restored downwards, and a reset saves
before it restores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..pci_regs import PCI_COMMAND, PCI_VENDOR_ID

#: A pause in a capture worth showing, microseconds.
PAUSE = 5_000
#: The last two dwords of the header; a restore begins with the last.
HEADER_END = (0x3C, 0x38)


@dataclass(frozen=True, slots=True)
class Access:
    """One config cycle, or a pause between two."""

    op: str
    """"r", "w" or "pause"."""
    bdf: str = ""
    where: int = 0
    size: int = 0
    value: int = 0
    """Of a pause: its length in microseconds."""

    @property
    def key(self) -> tuple[str, str, int, int]:
        """The key under which two accesses are the same, whatever their values."""
        return self.op, self.bdf, self.where, self.size


@dataclass(frozen=True, slots=True)
class Window:
    """What the captured kernel did between the marks of a test."""

    start: int
    """Index, in the capture, of the op that starts saving; of the first op, if nothing is saved."""
    wake: list[Access]
    reset: list[Access]
    sleep: list[Access]


def windows(ops: list[list[Any]]) -> Iterator[Window]:
    """Yield the accesses of each test, between its marks."""
    begin: int | None = None
    for index, op in enumerate(ops):
        if op[0] != "mark":
            continue
        if op[1].startswith("end") and begin is not None:
            yield divide(ops[begin:index], begin)
            begin = None
        elif op[1].startswith("begin"):
            begin = index + 1


def divide(ops: list[list[Any]], begin: int) -> Window:
    """Find where in *ops*, whose first has the index *begin*, waking the functions ends and putting them to sleep
    begins."""
    saves, restores = list(passes(ops, PCI_VENDOR_ID, PCI_COMMAND)), list(passes(ops, *HEADER_END))
    first = next(iter(saves), 0)
    wake = first if restores and restores[0] < first else 0
    restored = {ops[index][1]: index for index in restores}
    sleep = next((index for index in saves if index > restored.get(ops[index][1], index)), len(ops))
    return Window(
        begin + first, list(accesses(ops[:wake])), list(accesses(ops[wake:sleep])), list(accesses(ops[sleep:]))
    )


def passes(ops: list[list[Any]], first: int, second: int) -> Iterator[int]:
    """Yield the indices where a function's header is read from dword *first* on, with dword *second* next."""
    dwords = [(index, op) for index, op in enumerate(ops) if op[0] == "r" and op[3] == 4 and op[2] <= HEADER_END[0]]
    for (index, op), (_, following) in pairwise(dwords):
        if (op[2], following[2]) == (first, second) and op[1] == following[1]:
            yield index


def accesses(ops: list[list[Any]]) -> Iterator[Access]:
    """Yield config cycles, and the pauses between them."""
    last = ops[0][5] if ops else 0
    for op in ops:
        if op[5] - last >= PAUSE:
            yield Access("pause", value=op[5] - last)
        yield Access(*op[:5])
        last = op[5]
