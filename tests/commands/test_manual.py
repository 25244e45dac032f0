# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port manual: the page as man and mandoc read it, the completion as the shells do."""

import os
import pty
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest

from kernel_port.cli import COMMANDS, main
from kernel_port.commands.manual import roff


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Each form as a file."""
    folder = tmp_path_factory.mktemp("manual")

    def write(form, capsys):
        path = (
            folder
            / {"man": "kernel-port.1", "bash": "kernel-port", "zsh": "_kernel-port", "fish": "kernel-port.fish"}[form]
        )
        if not path.exists():
            assert main(["manual", form]) == 0
            path.write_text(capsys.readouterr().out)
        return path

    return write


def run(*argv, **options):
    if shutil.which(argv[0]) is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_manual_without_a_form_is_the_page(capsys):
    assert main(["manual"]) == 0
    assert capsys.readouterr().out.startswith('.TH KERNEL\\-PORT 1 ""')


def test_page_is_what_man_reads_without_a_warning(written, capsys):
    path = written("man", capsys)
    text = run("man", "--warnings", "-E", "UTF-8", "-l", path, env={"MANWIDTH": "100", "PATH": "/usr/bin:/bin"})
    for name in COMMANDS:
        assert f"\n   {name}\n" in text
    assert "\n       --patches N\n              0-8, default 8\n" in text
    assert "\n       -o, --output FILE\n" in text


def test_page_is_what_mandoc_reads_without_an_error(written, capsys):
    assert run("mandoc", "-T", "lint", "-W", "error", written("man", capsys)) == ""


def complete(script, *words):
    """What bash offers for the last of the words."""
    line = " ".join(words)
    typed = f"COMP_LINE='{line}'; COMP_POINT={len(line)}; COMP_WORDBREAKS=' :='"
    asked = f'kernel-port() {{ {sys.executable} -m kernel_port "$@"; }}'
    show = "_kernel_port; printf '%s\\n' \"${COMPREPLY[@]}\""
    return run("bash", "-c", f"source '{script}'; {asked}; {typed}; {show}", cwd=script.parent).split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["res"], ["reset"]),
        (["reset", "--pat"], ["--patches"]),
        (["reset", "--patches", ""], list("012345678")),
        (["convert", "--format", "e"], ["ecam"]),
        (["manual", "z"], ["zsh"]),
        (["tree", "mach"], ["machine.txt"]),  # a file
        (["nothing", "--x"], []),
        (["run", "mess-n"], ["mess-no-power"]),
        (["reset", "example:vga", "01:00."], ["00.0", "00.1"]),  # bash keeps what stands before a colon
        *(
            pytest.param(words, offered, marks=pytest.mark.slow)
            for words, offered in (
                (["tree", "example:tw"], ["twoslots"]),
                (["reset", "example:vga", "sl"], ["slot:1"]),
                (["run", "mess", "--with", "wait-for"], ["wait-for-link-below"]),
                (["show", "pci_reset_bridge_s"], ["pci_reset_bridge_secondary_bus"]),
                (["watch", "mess-p"], ["mess-polled"]),
            )
        ),
    ],
)
def test_bash_offers(written, capsys, words, offered):
    script = written("bash", capsys)
    script.with_name("machine.txt").touch()
    assert complete(script, "kernel-port", *words) == offered


def test_bash_offers_every_command(written, capsys):
    assert set(complete(written("bash", capsys), "kernel-port", "")) == {*COMMANDS, "--help", "--version"}


def test_zsh_reads_its_function(written, capsys):
    path = written("zsh", capsys)
    assert run("zsh", "-n", path) == ""
    text = path.read_text()
    assert text.startswith("#compdef kernel-port\n")
    assert "'--patches[0-8, default 8]:N:(0 1 2 3 4 5 6 7 8)'" in text


def typed_into_zsh(folder, *lines):
    """What kernel-port is given when each line is typed at a terminal, with a Tab and a Return at its end."""
    asked = f"kernel-port() {{ [[ $2 == words ]] && {sys.executable} -m kernel_port $@ || print -r -- $@ >> given }}"
    setup = "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D"
    (folder / ".zshrc").write_text(f"{setup}\n{asked}\n")
    environment = {"ZDOTDIR": str(folder), "TERM": "dumb", "PATH": "/usr/bin:/bin"}
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(["timeout", "--foreground", "60", "zsh", "-d", "-i"], cwd=folder, env=environment,
                          stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True):  # fmt: skip
        os.close(terminal)
        os.write(keyboard, "".join(f"kernel-port {line}\t\n" for line in lines).encode() + b"exit\n")
        with suppress(OSError):  # which is how a terminal ends
            while os.read(keyboard, 4096):
                continue
    os.close(keyboard)
    return (folder / "given").read_text().splitlines()


@pytest.mark.slow
def test_fish_completes(written, capsys):
    script = written("fish", capsys)
    script.with_name("machine.txt").touch()
    asked = f"function kernel-port; {sys.executable} -m kernel_port $argv; end"

    def offered(typed):
        line = f"{asked}; source {script.name}; complete --do-complete 'kernel-port {typed}'"
        found = run("fish", "--no-config", "-c", line, cwd=script.parent)
        return [each.partition("\t")[0] for each in found.splitlines()]

    assert offered("res") == ["reset"]
    assert offered("reset --pat") == ["--patches"]
    assert offered("convert --format e") == ["ecam"]
    assert offered("run mess-n") == ["mess-no-power"]
    assert offered("tree mach") == ["machine.txt"]
    assert offered("reset example:vga 01") == ["01:00.0", "01:00.1"]


@pytest.mark.parametrize("argv", [["man", "x"], ["bash", "reset"]])
def test_words_after_a_form_are_refused(capsys, argv):
    assert main(["manual", *argv]) == 2
    assert capsys.readouterr().err == f"kernel-port: no words follow the form: {argv[1]}\n"


def test_words_of_an_argument_without_names_are_none(capsys):
    for argv in ([], ["reset"], ["reset", "seed"], ["reset", "target", "nothing"]):
        assert main(["manual", "words", *argv]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(written, capsys):
    folder = written("zsh", capsys).parent
    (folder / "machine.txt").touch()
    completed = {
        "res": "reset", "reset --pat": "reset --patches", "convert --format e": "convert --format ecam",
        "manual z": "manual zsh", "run mess-n": "run mess-no-power", "tree mach": "tree machine.txt",
        "tree --zz": "tree --zz",
    }  # fmt: skip
    assert typed_into_zsh(folder, *completed) == list(completed.values())


def test_what_troff_would_take_for_its_own_is_shown():
    assert roff(".so x\n'tis a \\fB -o") == "\\&.so x\n\\&'tis a \\efB \\-o"
