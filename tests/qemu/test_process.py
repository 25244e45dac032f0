# SPDX-License-Identifier: GPL-2.0-only
"""The process and the wire, with somebody else at the other end than QEMU."""

import os
import select
import shutil
import signal
import subprocess
import sys

import pytest
from paths import TESTS

from kernel_port.hw.errors import MachineError
from kernel_port.qemu.process import COMMAND, Qemu

FAKE = (sys.executable, str(TESTS / "qemu/fake_qemu.py"))
MACHINE = "example:twoslots"


def answering(*answers):
    """Somebody who gives these answers, whatever is asked, and ends."""
    script = f"import sys\nfor answer in {answers!r}:\n sys.stdin.readline(); print(answer, flush=True)"
    return sys.executable, "-c", script


def test_accesses_of_each_size_are_those_of_the_machine():
    with Qemu([MACHINE], FAKE) as qemu:
        words = qemu.dump(0, 0x10, 64)
        assert qemu.read(0, 0x10, 0, 4) == int.from_bytes(words[:4], "little") != 0xFFFFFFFF
        assert [qemu.read(0, 0x10, where, 1) for where in range(4)] == list(words[:4])
        qemu.write(0, 0x10, 0x3C, 1, 0x5A)
        assert qemu.read(0, 0x10, 0x3C, 2) & 0xFF == 0x5A
        qemu.write(0, 0x10, 0x18, 4, 0x00030100)
        assert qemu.read(0, 0x10, 0x18, 4) == 0x00030100
        assert qemu.dump(9, 0, 256) == b"\xff" * 256


def test_close_ends_the_process():
    qemu = Qemu([MACHINE], FAKE)
    ended = os.pidfd_open(qemu._process.pid)
    assert select.select([ended], [], [], 0)[0] == []
    qemu.close()
    assert select.select([ended], [], [], 0)[0] == [ended]
    os.close(ended)
    qemu.close()


def test_missing_program_is_named_with_the_remedy():
    with pytest.raises(MachineError, match=r"no-such-program: No such file .*; install"):
        Qemu([], ("no-such-program",))


def test_refusal_is_what_it_said_last_apart_from_warnings():
    script = "import sys; sys.exit('first\\nqemu-system-x86_64: -device foo: no such device\\nqemu: warning: x')"
    with pytest.raises(MachineError) as error:
        Qemu([], (sys.executable, "-c", script))
    assert str(error.value) == "qemu: -device foo: no such device"


def test_silent_end_is_told_by_its_status():
    qemu = Qemu([], answering("OK", "OK"))
    with pytest.raises(MachineError, match="has ended with status 0"):
        qemu.read(0, 0, 0, 4)
    qemu.close()


def test_answer_that_is_none_is_told():
    qemu = Qemu([], answering("OK", "OK", "FAIL Unknown command 'readl'"))
    with pytest.raises(MachineError, match=r"readl 0xb0000000 is answered by b.FAIL Unknown command"):
        qemu.read(0, 0, 0, 4)
    qemu.close()


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.skipif(not shutil.which("setpriv"), reason="no setpriv")
def test_process_ends_with_the_one_that_started_it(ending, interruptible):
    """Whatever ends it, and although it is in a group of its own."""
    setpriv = COMMAND[: COMMAND.index("KILL") + 1]
    script = (
        "import sys, signal; from kernel_port.qemu.process import Qemu\n"
        f"with Qemu([{MACHINE!r}, 'stay'], {(*setpriv, *FAKE)!r}) as qemu:\n"
        " print(qemu._process.pid, flush=True); signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ours:
        ended = os.pidfd_open(int(ours.stdout.readline()))
        assert select.select([ended], [], [], 0)[0] == []
        ours.send_signal(ending)
        assert select.select([ended], [], [], 30)[0] == [ended]
        os.close(ended)
