# SPDX-License-Identifier: GPL-2.0-only
"""Whatever ends a command in the middle, a file that it was to write is the old one or the new one, whole.

kill_at.c, preloaded, kills the process right before its Nth call that changes a file.
"""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_port.cli import main
from kernel_port.files import write_text
from kernel_port.hw.errors import MachineError

BUS_RESET = ("00:1c.0", "--call", "pci_reset_bridge_secondary_bus")
#: What is run, in a folder where machine.ecam and the old file are; OUT is the file that is to be whole.
COMMANDS = {
    "reset -o": ("reset", "example:vga", *BUS_RESET, "-o", "OUT.ecam"),
    "reset -o toml": ("reset", "example:vga", *BUS_RESET, "-o", "OUT.toml"),
    "reset --trace": ("reset", "example:vga", "slot:1", "--trace", "OUT.jsonl"),
    "reset --perfetto": ("reset", "example:vga", "slot:1", "--perfetto", "OUT.json"),
    "reset --in-place": ("reset", "OUT.ecam", *BUS_RESET, "--in-place"),
    "convert": ("convert", "example:vga", "-o", "OUT.txt"),
    "generate": ("generate", "--functions", "300", "-o", "OUT.toml"),
    "export": ("export", "8", "-o", "OUT.py"),
    "run --trace": ("run", "mess", "--trace", "OUT.jsonl"),
    "watch": ("watch", "example:vga", "slot:1", "-o", "OUT.html"),
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
    "argv",
    [
        ("reset", "example:vga", "slot:1", "--trace", "old"),
        pytest.param(("reset", "example:vga", "slot:1", "-o", "old", "--live", "live"), marks=pytest.mark.slow),
        pytest.param(("generate", "--functions", "1000", "--format", "toml", "-o", "old"), marks=pytest.mark.slow),
        pytest.param(("watch", "example:vga", "slot:1", "-o", "old"), marks=pytest.mark.slow),
        pytest.param(("export", "8", "-o", "old"), marks=pytest.mark.slow),
    ],
)
def test_full_disk_is_one_line_and_leaves_the_old_file(full_disk, argv):
    argv = [*argv, "--patches", "7"] if argv[0] == "watch" else [*argv]
    if "--live" in argv:
        argv[argv.index("-o") + 1] = "old.toml"
        (full_disk / "old").rename(full_disk / "old.toml")
        (full_disk / "live").write_bytes(b"l" * 12_000)
    before = {path.name: path.read_bytes() for path in full_disk.iterdir()}
    done = start(argv, full_disk)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "No space left on device" in done.stderr
    assert {path.name: path.read_bytes() for path in full_disk.iterdir()} == before


def test_read_only_folder_is_one_line(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):
        folder = Path("/proc")  # root writes anywhere but where nobody can
    path = str(folder / "x.txt")
    for argv in (["convert", "example:vga", "-o", path], ["reset", "example:vga", "slot:1", "--live", path]):
        done = start(argv, tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert path in done.stderr


def test_interrupt_is_one_line_and_status_130(tmp_path):
    # The reset takes 200 ms of real time and more; the live view tells when it is under way.
    out, live = tmp_path / "out.toml", tmp_path / "live.ecam"
    out.write_text("old")
    argv = ["reset", "example:vga", "slot:1", "--real-time", "-o", str(out), "--live", str(live)]
    process = subprocess.Popen([sys.executable, "-m", "kernel_port", *argv], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)  # fmt: skip
    # Bridge Control of the port at 0x1c << 15 | 0x3e: the bus is held in reset.
    while process.poll() is None and not (live.exists() and byte(live, (0x1C << 15) + 0x3E) & 0x40):
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out_text, error = process.communicate(timeout=60)
    assert (process.returncode, out_text, error) == (130, "", "kernel-port: interrupted\n")
    assert out.read_text() == "old"


def byte(path, offset):
    with path.open("rb") as file:
        return os.pread(file.fileno(), 1, offset)[0]
