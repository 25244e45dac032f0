# SPDX-License-Identifier: GPL-2.0-only
"""The command as a process: standard streams that are closed or full, and a reader that goes away."""

import subprocess
import sys

import pytest

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
