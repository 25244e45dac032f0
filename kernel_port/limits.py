# SPDX-License-Identifier: GPL-2.0-only
"""How much of an input is read. What is larger is refused in one line, before it fills the memory or the afternoon.

Every reader of a tarball, mailbox, git repository, folder, list or C file has its row here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from .hw.errors import MachineError

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read of one kind of input at most."""

    #: Files, members of an archive, or entries of a folder or list.
    files: int
    #: Bytes, decompressed.
    bytes: int
    seconds: float

    def __str__(self) -> str:
        size = f"{self.bytes >> 30} GiB" if self.bytes >= 1 << 30 else f"{self.bytes >> 20} MiB"
        return f"{self.files:,} files, {size}, {self.seconds:g} s"


#: A kernel's sources: a folder, or a revision in a git repository. Linux 6.1 has 7,000 files and 6 MiB of what is read.
SOURCES = Limits(50_000, 128 * MIB, 60)
#: What git may say of the files in a revision, bytes; of Linux 6.1 that is 0.7 MiB.
LISTING = 16 * MIB
#: A tarball of a whole kernel. That of Linux 6.12 has 88,000 members and 1.5 GiB.
TARBALL = Limits(200_000, 3 << 30, 300)
#: A mailbox, or a folder of patches.
MAILS = Limits(10_000, 64 * MIB, 60)
#: One mail, characters; the list takes none of over 200 KiB. And how much of its subject is looked at.
ONE_MAIL, SUBJECT = 1 * MIB, 4096
#: One C file; the longest of a kernel's PCI has 0.2 MiB.
C_FILE = 4 * MIB
#: What the macros of a C file may expand to, together.
EXPANSION = 1 * MIB
#: A folder or list of machines.
FLEET = Limits(1_000_000, 128 * MIB, 600)
#: A line of a list, characters; a path has 4096 at most.
LINE = 65536
#: How deep folders are followed.
DEPTH = 100


@dataclass(slots=True)
class Budget:
    """Counts what is read of one input against its limits."""

    name: str
    limits: Limits
    files: int = 0
    bytes: int = 0
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = time.monotonic() + self.limits.seconds

    def take(self, size: int = 0) -> None:
        """Count one more file of *size* bytes.

        :raises MachineError: that is more than the limits allow"""
        self.files += 1
        self.bytes += size
        late = time.monotonic() > self.deadline
        if late or self.files > self.limits.files or self.bytes > self.limits.bytes:
            raise MachineError(f"{self.name}: more than is read of such an input ({self.limits}); name a smaller one")
