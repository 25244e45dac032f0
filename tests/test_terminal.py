# SPDX-License-Identifier: GPL-2.0-only
"""terminal.py: colour only where it is wanted, and nothing from a file reaches the terminal as a command."""

import io
import sys
from pathlib import Path

import pytest

from kernel_port import cli, terminal
from kernel_port.terminal import Paint, Progress, clean, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "on"),
    [
        ({}, Terminal(), True),
        ({}, io.StringIO(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),  # no-color.org: present and not empty
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_paint_only_on_a_terminal_that_wants_it(monkeypatch, environment, stream, on):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Paint(stream)("red", "x") == ("\033[31mx\033[m" if on else "x")


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("plain text, é, 漢", "plain text, é, 漢"),
        ("\033[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),  # CSI in one byte
        ("a\tb\r\nc", "a\\tb\\r\\nc"),
        ("a\u00a0b\u3000c", "a b c"),  # spaces of other widths
        ("\u202egnp", "\\u202egnp"),  # right-to-left override
        ("\udc80", "\\udc80"),  # a byte of a file name that is no UTF-8
    ],
)
def test_clean_spells_control_characters_out(text, harmless):
    assert clean(text) == harmless


def test_progress_says_nothing_within_a_second(capsys):
    assert list(progress([1, 2, 3], "counting")) == [1, 2, 3]
    assert capsys.readouterr().err == ""


def test_progress_speaks_after_a_second_and_not_at_every_step(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with Progress("counting") as bar:
        for now[0] in (0.9, 1.1, 1.2, 7.0):
            bar.at(f"{now[0]} s")
    assert capsys.readouterr().err == "counting: 1.1 s\ncounting: 7.0 s\n"


def test_progress_on_a_terminal_stays_in_one_line_and_goes(monkeypatch):
    now, stream = [0.0], Terminal()
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    monkeypatch.setattr("sys.stderr", stream)
    with Progress("counting") as bar:
        for now[0] in (1.1, 7.0):
            bar.at(f"{now[0]} s")
    erase = "\r\x1b[K"
    assert stream.getvalue() == f"{erase}counting: 1.1 s{erase}counting: 7.0 s{erase}"


def test_progress_with_nobody_listening_stops_nothing(monkeypatch):
    monkeypatch.setattr(terminal, "PATIENCE", 0)
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr("sys.stderr", io.TextIOWrapper(full, write_through=True))
        assert list(progress([1, 2], "counting")) == [1, 2]
        with pytest.raises(OSError, match="No space left"):
            print("to see that nobody does", file=sys.stderr)


@pytest.mark.parametrize(
    ("pager", "wanted", "paged"),
    [("tr a b", True, True), ("tr a b", False, False), ("cat", True, False), ("", True, False)],
)
def test_page_goes_through_the_pager_on_a_terminal_only_if_it_is_wanted(monkeypatch, capfd, pager, wanted, paged):
    monkeypatch.setenv("PAGER", pager)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    terminal.page(["a", "ab"], wanted)
    assert capfd.readouterr().out == ("b\nbb\n" if paged else "a\nab\n")


def test_page_gives_less_the_options_that_git_gives_it(monkeypatch, capfd):
    monkeypatch.setenv("PAGER", 'echo "$LESS"; cat > /dev/null')
    monkeypatch.delenv("LESS", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    terminal.page(["a"])
    assert capfd.readouterr().out == "FRX\n"


def test_page_prints_without_a_pager_that_does_not_exist(monkeypatch, capfd):
    monkeypatch.setenv("PAGER", "no-such-pager-here")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    terminal.page(["a"])
    assert capfd.readouterr().out == "a\n"


def test_page_is_not_for_a_pipe(monkeypatch, capfd):
    monkeypatch.setenv("PAGER", "tr a b")
    terminal.page(["a"])
    assert capfd.readouterr().out == "a\n"


def test_door_lets_colours_and_lines_through_and_escapes_the_rest():
    stream = io.StringIO()
    print("\x1b[1mbold\x1b[m\tx\n\r\x1b[Kanew \x1b[2J\x9b31m\u202e\udc80\x07", file=terminal.Door(stream))
    assert stream.getvalue() == "\x1b[1mbold\x1b[m\tx\n\r\x1b[Kanew \\x1b[2J\\x9b31m\\u202e\\udc80\\x07\n"


def test_command_writes_through_doors_alone(monkeypatch, capsys):
    def say(argv):
        print("out \x1b[2J")
        print("err \x1b[2J", file=sys.stderr)
        terminal.page(["page \x1b[2J"])
        return 0

    monkeypatch.setattr(cli, "run", say)
    before = sys.stdout, sys.stderr
    assert cli.main([]) == 0
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("out \\x1b[2J\npage \\x1b[2J\n", "err \\x1b[2J\n")
