# SPDX-License-Identifier: GPL-2.0-only
"""Measure in another process how long a secondary bus reset lasts.

The bridge's registers are in a file that both processes map. The other process is python -m
kernel_port.bench.bus_reset_witness FILE OFFSET: for each line of input it prints "looking", waits for a reset by that
bridge, and prints its length in ns.
"""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path
from time import monotonic_ns
from types import TracebackType

from ..pci_regs import PCI_BRIDGE_CTL_BUS_RESET
from .processes import command, environment

#: How long to wait for a reset, ns.
PATIENCE = 10_000_000_000


class Witness:
    """The other process.

    :param path: a raw ECAM image
    :param offset: where the low byte of Bridge Control is in it"""

    def __init__(self, path: Path, offset: int) -> None:
        words = command(__name__, str(path), str(offset))
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def look(self) -> None:
        """Start watching for a reset."""
        assert self._process.stdin is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        self._hear()

    def saw(self) -> int:
        """Wait for the end of the reset and return its length, ns. 0: there was none for PATIENCE."""
        return int(self._hear())

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()


def witness(path: str, offset: int) -> None:
    """Be the other process, until standard input ends."""
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        for _ in sys.stdin:
            print("looking", flush=True)
            began = monotonic_ns()
            end = began + PATIENCE
            while not image[offset] & PCI_BRIDGE_CTL_BUS_RESET and began < end:
                began = monotonic_ns()
            while image[offset] & PCI_BRIDGE_CTL_BUS_RESET:
                continue
            print(monotonic_ns() - began if began < end else 0, flush=True)


if __name__ == "__main__":
    witness(sys.argv[1], int(sys.argv[2]))
