# SPDX-License-Identifier: GPL-2.0-only
"""The command itself, and as a process: standard streams that are closed or full, and a reader that goes away."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_port.cli import main

COMMAND = f"{sys.executable} -m kernel_port"


def shell(line):
    return subprocess.run(["bash", "-c", line], check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("tree example:vga >&-", 0),
        ("list 2>&-", 0),
        ("tree - <&-", 2),
        ("tree nothing 2>&-", 2),
        ("tree example:vga <&- >&- 2>&-", 0),
    ],
)
def test_closed_streams_are_as_good_as_dev_null(line, status):
    done = shell(f"{COMMAND} {line}")
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_full_disk_is_one_line():
    done = shell(f"{COMMAND} list > /dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("line", ["reset example:vga slot:1", "why example:vga --json", "export 8"])
def test_reader_that_goes_away_is_no_error(line):
    done = shell(f"set -o pipefail; {COMMAND} {line} | head -1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1


def test_version_is_that_of_the_installed_package(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"kernel-port {importlib.metadata.version('kernel_port')}\n"


def test_no_command_lists_the_commands(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    for room in Path(main.__code__.co_filename).with_name("commands").glob("[a-z]*.py"):
        assert f"\n  {room.stem} " in listed


def test_unknown_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["rest", "example:vga"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "kernel-port: there is no command 'rest' (see kernel-port --help)\n"
