# SPDX-License-Identifier: GPL-2.0-only
"""How much of an input is read. What is larger is refused in one line, before it fills the memory or the afternoon.

Every reader of what somebody else made has its row here; the help of a command says those of its inputs.
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
    #: Of processor time.
    seconds: float

    def __str__(self) -> str:
        files = f"{self.files:,} files, " if self.files > 1 else ""
        return f"{files}{size(self.bytes)}, {self.seconds:g} s"


def size(count: int) -> str:
    """Return a number of bytes as text."""
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB" if count >= MIB else f"{count >> 10} KiB"


#: A machine in an archive or a compressed file. An archive of a whole sysfs tree has fewer.
MACHINE = Limits(100_000, 256 * MIB, 5)
#: A sysfs tree in a folder: entries of the folders of functions.
SYSFS = Limits(1_000_000, 256 * MIB, 60)
#: A machine as text, bytes: lspci's words and bytes of a full segment have 0.9 GiB; as a description 40 MiB.
DUMP, DESCRIPTION = 1 << 30, 48 * MIB
#: A kernel's sources: a folder, or a revision in a git repository. Linux 6.1 has 7,000 files and 6 MiB of what is read.
SOURCES = Limits(50_000, 128 * MIB, 60)
#: What git may say of the files in a revision, bytes; of Linux 6.1 that is 0.7 MiB.
LISTING = 16 * MIB
#: A tarball of a whole kernel. That of Linux 6.12 has 88,000 members and 1.5 GiB.
TARBALL = Limits(200_000, 3 << 30, 300)
#: What an archive says about one member, bytes; a path has 4096.
HEADER = 64 << 10
#: A mailbox, or a folder of patches.
MAILS = Limits(10_000, 64 * MIB, 60)
#: One mail, characters; the list takes none of over 200 KiB. And how much of its subject is looked at.
ONE_MAIL, SUBJECT = 1 * MIB, 4096
#: What a mail holds in base64, characters.
ATTACHMENT = 64 * MIB
#: One C file; the longest of a kernel's PCI has 0.2 MiB.
C_FILE = 4 * MIB
#: A file of the user's own: a patch, a mend, an exercise; our longest has 30 KiB.
OWN = 256 << 10
#: What the macros of a C file may expand to, together.
EXPANSION = 1 * MIB
#: A recording or capture has a few MiB.
RECORDING = Limits(1, 256 * MIB, 60)
#: A folder or list of machines.
FLEET = Limits(1_000_000, 128 * MIB, 600)
#: A line of a list, characters; a path has 4096 at most. And one of a report: a full segment has fewer.
LINE, ANSWER = 65536, 64 * MIB
#: How deep folders are followed.
DEPTH = 100


@dataclass(slots=True)
class Budget:
    """Counts what is read of one input against its limits."""

    name: str
    limits: Limits
    files: int = 0
    bytes: int = 0
    begun: float = field(default_factory=time.thread_time)

    def take(self, size: int = 0) -> None:
        """Count one more file of *size* bytes.

        :raises MachineError: that is more than the limits allow"""
        self.files += 1
        self.read(size)

    def read(self, size: int) -> None:
        """Count *size* more bytes of a file.

        :raises MachineError: that is more than the limits allow"""
        self.bytes += size
        late = time.thread_time() - self.begun > self.limits.seconds
        if late or self.files > self.limits.files or self.bytes > self.limits.bytes:
            raise MachineError(
                f"{self.name}: more than is read of such an input ({self.limits}); name a smaller one, or leave out "
                "what is not needed"
            )
