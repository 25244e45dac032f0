# SPDX-License-Identifier: GPL-2.0-only
"""The command itself, and as a process: standard streams that are closed or full, and a reader that goes away."""

import importlib.metadata
import io
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest
from paths import ROOT

from kernel_port import cli
from kernel_port.cli import main

COMMAND = f"{sys.executable} -m kernel_port"


def shell(line):
    return subprocess.run(["bash", "-c", line], cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("list <&- >&- 2>&-", 0),
        ("tree nothing 2> /dev/full", 2),
        *(
            pytest.param(line, status, marks=pytest.mark.slow)
            for line, status in (
                ("tree example:vga >&-", 0),
                ("list 2>&-", 0),
                ("tree - <&-", 2),
                ("tree nothing 2>&-", 2),
            )
        ),
    ],
)
def test_closed_streams_are_as_good_as_dev_null(line, status):
    done = shell(f"{COMMAND} {line}")
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_full_disk_is_one_line():
    done = shell(f"{COMMAND} list > /dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "line",
    [
        "reset example:vga slot:1",
        *(pytest.param(line, marks=pytest.mark.slow) for line in (
            "why example:vga --json", "export 8",
            "census example:vga", "run mess", "read 4", "show --doc base/pci.py", "diff 7", "list --json",
            "tree example:nested", "manual", "scenarios", "check tests/series/merged.mbox",
            "compare tests/live/hp.json",
        )),
    ],
)  # fmt: skip
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
    for module in Path(main.__code__.co_filename).with_name("commands").glob("[a-z]*.py"):
        assert f"\n  {module.stem} " in listed


def test_unknown_command_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["rest", "example:vga"])
    assert ended.value.code == 2
    said = "kernel-port: there is no command 'rest'; did you mean reset? (see kernel-port --help)\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_terminal_without_letters_for_something_gets_it_spelled_out(monkeypatch, encoding):
    # Its rules are box-drawing lines, U+2500.
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr("sys.stdout", out)
    assert main(["read", "2"]) == 0
    assert rb"\u2500\u2500" in out.buffer.getvalue()


def test_without_docstrings_it_says_so():
    done = shell(f"PYTHONOPTIMIZE=2 {COMMAND} why example:vga")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "-OO" in done.stderr


@pytest.mark.usefixtures("interruptible")
def test_interrupt_during_an_import_waits_for_its_end(monkeypatch, capsys):
    # Until Python 3.12 an interrupt in __set_name__ becomes a RuntimeError.
    def interrupted(*name):
        try:
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            return import_module(*name)
        except KeyboardInterrupt:
            raise RuntimeError from None

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert cli.main(["list"]) == 130
    assert capsys.readouterr() == ("", "kernel-port: interrupted\n")
