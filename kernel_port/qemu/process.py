# SPDX-License-Identifier: GPL-2.0-only
"""A QEMU that runs no guest, and the wire to it: a line of its test protocol (docs/devel/qtest.rst) for each access.

Its standard input and output are the wire, so nobody else can speak to it. It is no member of our process group, so
Ctrl-C is for us alone; it ends when the thread that started it does, however that ends (PR_SET_PDEATHSIG, which
setpriv of util-linux sets). seccomp keeps it from starting programs.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import suppress

from ..hw.errors import MachineError

PROGRAM = "qemu-system-x86_64"
COMMAND = (
    "setpriv", "--pdeathsig", "KILL", PROGRAM,
    # Nothing but a PC with PCI Express, its memory and the devices asked for. pciehp shall own the slots, not ACPI.
    "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35,sata=off,usb=off", "-m", "16",
    "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
    # Debian builds no accelerator for tests. The processor never runs, so it needs no thread; with one, QEMU
    # now and then ends over a bridge whose windows change.
    "-accel", "tcg,thread=single", "-S", "-qtest", "stdio", "-qtest-log", "/dev/null",
    "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
)  # fmt: skip

#: Where a PC finds a function's registers without more ado (PCI 3.2.2.3.2): an address, and the data at it.
CONFIG_ADDRESS, CONFIG_DATA, ENABLE = 0xCF8, 0xCFC, 1 << 31
#: The Q35 host bridge's PCIEXBAR, and where it is to put the ECAM window of all 256 buses.
PCIEXBAR, ECAM = 0x60, 0xB000_0000

_LETTER = {1: "b", 2: "w", 4: "l"}


class Qemu:
    """A running QEMU. Close it, or let it close with `with`.

    :param words: what `words.checked` returned
    :raises MachineError: it is not installed, or refuses; says which"""

    def __init__(self, words: list[str], command: tuple[str, ...] = COMMAND) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        try:
            self._process = subprocess.Popen(
                [*command, *words], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
                env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            self._errors.close()
            raise MachineError(f"qemu: {command[0]}: {error.strerror}; install util-linux and {PROGRAM}") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        try:
            self._ask(f"outl {CONFIG_ADDRESS:#x} {ENABLE | PCIEXBAR:#x}")
            self._ask(f"outl {CONFIG_DATA:#x} {ECAM | 1:#x}")
        except BaseException:
            self.close()
            raise

    def read(self, bus: int, devfn: int, where: int, size: int) -> int:
        """Read *size* bytes, 1, 2 or 4, of a function's register *where*; all ones if nobody answers."""
        return int(self._ask(f"read{_LETTER[size]} {_at(bus, devfn, where):#x}"), 16)

    def write(self, bus: int, devfn: int, where: int, size: int, value: int) -> None:
        """Write *size* bytes, 1, 2 or 4, to a function's register *where*; nothing happens if nobody answers."""
        self._ask(f"write{_LETTER[size]} {_at(bus, devfn, where):#x} {value:#x}")

    def dump(self, bus: int, devfn: int, size: int) -> bytes:
        """Read the first *size* bytes of a function's registers; all ones if nobody answers."""
        return bytes.fromhex(self._ask(f"read {_at(bus, devfn, 0):#x} {size}")[2:])

    def close(self) -> None:
        """End QEMU. More than once is no error."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask(self, command: str) -> str:
        """Have a command carried out; return what the answer says behind OK.

        :raises MachineError: QEMU has ended, or does not do it"""
        answer = b""
        with suppress(BrokenPipeError):
            os.write(self._to, command.encode() + b"\n")
        while not answer.endswith(b"\n"):
            more = os.read(self._from, 65536)
            if not more:
                raise MachineError(f"qemu: {self._last_words()}")
            answer += more
        status, _, value = answer.decode("ascii", "replace").rstrip().partition(" ")
        if status != "OK":
            raise MachineError(f"qemu: {command} is answered by {answer[:80]!r}; QEMU 7.2 is known to work")
        return value

    def _last_words(self) -> str:
        """Return why QEMU, or what starts it, has ended."""
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").splitlines()
        complaints = [line for line in lines if "warning:" not in line]
        if not complaints:
            return f"{PROGRAM} has ended with status {code}"
        return complaints[-1].removeprefix(f"{PROGRAM}: ")


def _at(bus: int, devfn: int, where: int) -> int:
    return ECAM + (bus << 20 | devfn << 12 | where)
