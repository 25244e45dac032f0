# SPDX-License-Identifier: GPL-2.0-only
"""Whatever ends a command in the middle, a file that it was to write is the old one or the new one, whole.

kill_at.c, preloaded, kills the process right before its Nth call that changes a file.
"""

import itertools
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_port.census.answer import Job
from kernel_port.census.engine import Processes
from kernel_port.choice import KernelChoice
from kernel_port.cli import main
from kernel_port.files import write_text
from kernel_port.hw.errors import MachineError
from kernel_port.hw.image import ConfigImage

BUS_RESET = ("00:1c.0", "--call", "pci_reset_bridge_secondary_bus")
#: What is run, in a folder where machine.ecam and the old file are; OUT is the file that is to be whole.
COMMANDS = {
    "reset -o": ("reset", "example:vga", *BUS_RESET, "-o", "OUT.ecam"),
    "reset -o toml": ("reset", "example:vga", *BUS_RESET, "-o", "OUT.toml"),
    "reset --trace": ("reset", "example:vga", "slot:1", "--trace", "OUT.jsonl"),
    "reset --perfetto": ("reset", "example:vga", "slot:1", "--perfetto", "OUT.json"),
    "reset --setpci": ("reset", "example:vga", "slot:1", "--setpci", "OUT.sh"),
    "reset --in-place": ("reset", "OUT.ecam", *BUS_RESET, "--in-place"),
    "convert": ("convert", "example:vga", "-o", "OUT.txt"),
    "generate": ("generate", "--functions", "300", "-o", "OUT.toml"),
    "export": ("export", "8", "-o", "OUT.py"),
    "run --trace": ("run", "mess", "--trace", "OUT.jsonl"),
    "read": ("read", "2", "-o", "OUT.html"),
    "watch": ("watch", "example:vga", "slot:1", "-o", "OUT.html"),
    "census --jsonl": ("census", "machine.ecam", "--jobs", "1", "--jsonl", "OUT.jsonl"),
    "census --csv": ("census", "machine.ecam", "--jobs", "1", "--csv", "OUT.csv"),
    "census --html": ("census", "machine.ecam", "--jobs", "1", "--html", "OUT.html"),
}


def start(argv, folder, **environment):
    return subprocess.run([sys.executable, "-B", "-m", "kernel_port", *argv], cwd=folder, check=False, timeout=120,
                          capture_output=True, text=True, env=os.environ | environment)  # fmt: skip


@pytest.fixture(scope="session")
def killer(tmp_path_factory):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    library = tmp_path_factory.mktemp("killer") / "kill_at.so"
    source = Path(__file__).with_name("kill_at.c")
    command = ["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", source, "-o", library, "-ldl"]
    subprocess.run(command, check=True)
    return str(library)


def prepare(folder, name):
    """The folder as the command finds it; returns what the file held."""
    folder.mkdir(exist_ok=True)
    main(["convert", "example:vga", "-o", str(folder / "machine.ecam")])
    os.utime(folder / "machine.ecam", (1, 1))  # a report tells it
    if name.startswith("OUT.ecam"):
        shutil.copy(folder / "machine.ecam", folder / name)
    else:
        (folder / name).write_text("what was there before\n")
    return (folder / name).read_bytes()


def points(calls):
    """All of a few calls; of many, some of those that write, and all at the end, where the file changes its name."""
    return sorted({*range(1, calls + 1, calls // 6 + 1), *range(max(1, calls - 8), calls + 1)})


@pytest.mark.slow
@pytest.mark.parametrize("argv", COMMANDS.values(), ids=COMMANDS)
def test_killed_anywhere_leaves_the_old_file_or_the_new_one(tmp_path, killer, argv):
    (name,) = (word for word in argv if word.startswith("OUT."))
    whole = tmp_path / "whole"
    old = prepare(whole, name)
    done = start(argv, whole, LD_PRELOAD=killer, KILL_COUNT=str(tmp_path / "count"))
    assert done.returncode in (0, 1), done.stderr
    new = (whole / name).read_bytes()
    calls = int((tmp_path / "count").read_text())
    assert new != old
    assert calls >= 4  # at the least: write, chmod, sync, rename
    found = []
    for number in points(calls):
        folder = tmp_path / str(number)
        assert prepare(folder, name) == old
        done = start(argv, folder, LD_PRELOAD=killer, KILL_AT=str(number))
        assert done.returncode == -signal.SIGKILL
        content = (folder / name).read_bytes()
        assert content in (old, new), f"torn when killed before call {number} of {calls}"
        found.append(content == new)
        shutil.rmtree(folder)
    assert found == sorted(found)  # the old one up to some call, the new one from then on
    assert False in found


@pytest.mark.slow
def test_census_killed_anywhere_goes_on_and_keeps_an_earlier_report(tmp_path, killer):
    for name in "abc":
        main(["convert", "example:vga", "-o", str(tmp_path / f"{name}.ecam")])
    new, report = ("census", "a.ecam", "b.ecam", "c.ecam", "--jobs", "1", "--jsonl"), tmp_path / "report"
    assert start([*new, "whole"], tmp_path, LD_PRELOAD=killer, KILL_COUNT=str(tmp_path / "count")).returncode == 0
    whole, calls = (tmp_path / "whole").read_bytes(), int((tmp_path / "count").read_text())
    assert whole.count(b"\n") == 3
    for number in points(calls):
        report.write_text("a report of last week\n")
        killed = start([*new, "report"], tmp_path, LD_PRELOAD=killer, KILL_AT=str(number))
        assert killed.returncode == -signal.SIGKILL
        if report.read_text() == "a report of last week\n":
            report.unlink()  # nothing to go on with; what there is to go on with is in the part
        resumed = start([*new[:-1], "--resume", "report"], tmp_path)
        assert (resumed.returncode, report.read_bytes()) == (0, whole), resumed.stderr
        assert not (tmp_path / "report.part").exists()


def test_killed_at_any_store_leaves_the_old_image(tmp_path):
    path = tmp_path / "image.ecam"
    main(["convert", "example:vga", "-o", str(path)])
    os.truncate(path, 4 << 20)  # its four buses: the rest of 256 MiB is zeros
    old = path.read_bytes()
    for number in (1, 2, 20, 90):
        child = os.fork()
        if child == 0:
            try:
                kill_at_store(number)
                main(["reset", str(path), *BUS_RESET, "--in-place"])
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]


def kill_at_store(number):
    """End this process with SIGKILL in place of its store *number* in an image."""
    left = itertools.count(number, -1)

    def counted(made):
        def writer(*args):
            write = made(*args)

            def store(*register):
                if next(left) == 1:
                    os.kill(os.getpid(), signal.SIGKILL)
                return write(*register)

            return store

        return writer

    ConfigImage.writer = counted(ConfigImage.writer)
    ConfigImage.masked_writer = counted(ConfigImage.masked_writer)


def test_write_whole_that_fails_anywhere_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    for owner, name in [(os, "fsync"), (os, "fchmod"), (Path, "replace")]:
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            with pytest.raises(MachineError, match="file: No space left on device"):
                write_text(path, "new")
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]


def test_write_whole_brings_the_name_to_the_disk_after_the_content(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, Path.replace

    def note_sync(fd):
        done.append("folder" if Path(f"/proc/self/fd/{fd}").readlink().is_dir() else "file")
        sync(fd)

    def note_replace(self, target):
        done.append("name")
        replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_text(tmp_path / "file", "new")
    assert done == ["file", "name", "folder"]


@pytest.fixture
def full_disk(tmp_path):
    """A folder of 64 KiB, 40 of them taken by a file that is to be replaced."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    mounted = subprocess.run(command, check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    (folder / "old").write_bytes(b"o" * 40_000)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(
    "line",
    [
        "reset example:vga slot:1 --trace old",
        *(
            pytest.param(line, marks=pytest.mark.slow)
            for line in (
                "reset example:vga slot:1 -o old.toml --live live", "reset example:vga slot:1 --perfetto old",
                "reset example:vga slot:1 --ftrace old --trace small", "generate --functions 1000 --format toml -o old",
                "watch example:vga slot:1 --patches 7 -o old", "watch mess --perfetto old -o page", "export 8 -o old",
                "read 4 -o old", "run mess --trace old", "convert FLEET/many.toml --format lspci -o old",
                "census FLEET --jobs 1 --jsonl old", "census FLEET --jobs 2 --resume new", "census FLEET --csv old",
            )
        ),
    ],
)  # fmt: skip
def test_full_disk_is_one_line_and_leaves_the_old_file(full_disk, tmp_path, line):
    if "FLEET" in line:
        (tmp_path / "fleet").mkdir()
        main(["generate", "--functions", "300", "-o", str(tmp_path / "fleet/many.toml")])
    if "--live" in line:
        (full_disk / "old").rename(full_disk / "old.toml")
        (full_disk / "live").write_bytes(b"l" * 12_000)
    (full_disk / "small").write_bytes(b"s" * 4_000)
    before = {path.name: path.read_bytes() for path in full_disk.iterdir()}
    done = start(line.replace("FLEET", str(tmp_path / "fleet")).split(), full_disk)
    told = [said for said in done.stderr.splitlines() if said.startswith("kernel-port: ")]
    assert (done.returncode, len(told), "Traceback" in done.stderr) == (2, 1, False), done.stderr
    assert "No space left on device" in told[0]
    assert {path.name: path.read_bytes() for path in full_disk.iterdir()} == before


@pytest.mark.parametrize(
    "line",
    [
        "convert example:vga -o FILE.txt", "generate --functions 5 -o FILE.toml", "export 8 -o FILE", "read 2 -o FILE",
        "watch example:vga slot:1 -o FILE", "run calm --trace FILE", "run calm --perfetto FILE",
        "census example:vga --jsonl FILE", "census example:vga --resume FILE", "census example:vga --csv FILE",
        "census example:vga --html FILE",
        *(f"reset example:vga slot:1 {option} FILE"
          for option in ("--live", "-o", "--trace", "--perfetto", "--ftrace", "--qemu", "--setpci")),
    ],
)  # fmt: skip
def test_read_only_folder_is_one_line(tmp_path, capsys, line):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        folder = Path("/proc")  # root writes anywhere but where nobody can
    path = str(folder / "x.toml")
    assert main([word.replace("FILE", path) for word in line.split()]) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert path in error


#: The card has an event of its slot, and is done with its transactions, in a minute and in ten.
LATE = """[[function]]
address = "00:1c.0"
kind = "root-port"
bus = [1, 1]
slot = {surprise = true}
slot_events = [[60000, 8]]

[[function]]
address = "01:00.0"
express = {flr = true}
pending_ms = 600000
"""


@pytest.mark.usefixtures("interruptible")
def test_interrupt_in_real_time_is_one_line_and_status_130(tmp_path):
    out, live = tmp_path / "out.toml", tmp_path / "live.ecam"
    out.write_text("old")
    (tmp_path / "machine.toml").write_text(LATE)
    argv = ["reset", "machine.toml", "bus:01", "--real-time", "-o", str(out), "--live", str(live)]
    process = subprocess.Popen([sys.executable, "-m", "kernel_port", *argv], cwd=tmp_path, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    # Data Link Layer State Changed, in Slot Status at 0x1c << 15 | 0x5a, stays set once the bus is in reset.
    while process.poll() is None and not (live.exists() and byte(live, (0x1C << 15) + 0x5B) & 0x01):
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out_text, error = process.communicate(timeout=30)
    assert (process.returncode, out_text, error) == (130, "", "kernel-port: interrupted\n")
    assert out.read_text() == "old"


@pytest.mark.slow
def test_census_workers_are_deaf_to_the_interrupt_of_the_terminal():
    engine = Processes(3)
    try:
        taken = [engine.submit(Job.of(f"example:{name}", KernelChoice(8))) for name in ("vga", "ari", "nothing")]
        workers = multiprocessing.active_children()
        assert len(workers) == 3
        for worker in workers:
            blocked = re.search(r"^SigBlk:\s*(\w+)$", Path(f"/proc/{worker.pid}/status").read_text(), re.MULTILINE)[1]
            assert int(blocked, 16) >> signal.SIGINT - 1 & 1
        assert [json.loads(each.result())["error"] is None for each in taken] == [True, True, False]
    finally:
        engine.close(at_once=True)


def byte(path, offset):
    with path.open("rb") as file:
        return os.pread(file.fileno(), 1, offset)[0]
