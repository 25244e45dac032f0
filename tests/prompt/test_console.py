# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port shell: lines of its own, Python, and what is wrong with either in one line."""

import io
import sys

import pytest

from kernel_port.cli import main
from kernel_port.prompt import Session
from kernel_port.prompt.console import Console


@pytest.fixture
def shell(monkeypatch, capsys):
    """Types lines at the prompt, and returns what is printed: prompts aside, then what is said of errors."""

    def type_(*lines, argv=("example:vga",)):
        monkeypatch.setitem(sys.modules, "IPython.terminal.embed", None)
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # IPython, once imported, has its own
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        assert main(["shell", *argv]) == 0
        out, err = capsys.readouterr()
        return out.replace(">>> ", ""), err

    return type_


def test_shell_reads_writes_and_takes_back(shell):
    out, _ = shell("01:00.0 COMMAND", "01:00.0 COMMAND=3", "undo", "01:00.0 COMMAND", "wait 5", "session.now")
    assert out.splitlines() == [
        "PCI_COMMAND=0x0007 IO+ MEMORY+ MASTER+",
        "PCI_COMMAND=0x0003 IO+ MEMORY+",
        "PCI_COMMAND=0x0007 IO+ MEMORY+ MASTER+",
        "5.0",
    ]


def test_shell_resets_and_shows_the_events(shell):
    out, _ = shell("reset slot:1", "trace")
    assert "Result\n  pci_reset_slot took 202.000 ms, 200 events, and returned\n0\n" in out
    assert "PCI_BRIDGE_CONTROL=0x0040  [BUS_RESET+]" in out


def test_shell_is_python_besides(shell):
    out, _ = shell("for n in range(2):", "    print(n)", "", "kernel.PCI_COMMAND", "reset = 3", "reset", "tree")
    assert out.replace("... ", "").startswith("0\n1\n4\n3\nvga, Linux 3.11 with patches 1 to 8 of 8\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("01:00.0 COMAND", "COMAND: no register of the function; did you mean COMMAND or PCI_COMMAND?"),
        ("02:00.0 COMMAND", "there is no function 0000:02:00.0; there is 0000:00:00.0"),
        ("01:00.0 COMMAND=zz", "'zz' is not a value such as 6 or 6:2"),
        ("reset slot:2", "there is no slot 2; there is 1"),
        ("wait x", "'x' is not a number of ms"),
        ("wait nan", "'nan' is not a number of ms"),
        ("wait 1e400", "'1e400' is not a number of ms"),
        ("undo", "there is nothing to undo"),
    ],
)
def test_shell_says_what_is_wrong_in_one_line_and_goes_on(shell, line, said):
    out, err = shell(line, "1 + 1")
    assert out.strip() == "2"
    assert any(each.startswith(said) for each in err.splitlines())
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "line", ["tree", "undo", "01:00.0 COMMAND", "01:00.0 COMMAND=0", "reset slot:1", "wait 1", "why 01:00.0"]
)
def test_shell_with_machine_closed_says_so_and_goes_on(shell, line):
    out, err = shell("01:00.0 COMMAND=3", "session.close()", line, "1 + 1")
    assert out.splitlines()[1:] == ["2"]
    assert "this machine was closed: boot another one\n" in err


def test_shell_shows_an_error_of_python_without_ours_around_it(shell):
    _, err = shell("x")
    assert "NameError: name 'x' is not defined" in err
    assert "During handling" not in err


def test_console_takes_no_python_for_its_own():
    with Session("example:single") as session:
        console = Console(session)
        for line in ("reset", "reset = 1", "reset(1)", "wait", "undo()", "x = 3", "why.x", "print(1)", "1:2", "a.b c"):
            assert not console.understands(line), line
        for line in ("reset 01:00.0", "wait 5", "undo", "why bus:01", "1:0.0 COMMAND", " 0000:01:00.0  3e.w "):
            assert console.understands(line), line


def test_shell_takes_kernel_and_mends(shell):
    _, err = shell(argv=("example:vga", "--patches", "4"))
    assert err.startswith("vga, linux-3.11+4: 4 functions.\n")
