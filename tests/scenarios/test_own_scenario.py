# SPDX-License-Identifier: GPL-2.0-only
"""docs/your-own-scenario.md as a reader follows it, and what is said of files that are wrong."""

import re
import shlex

import pytest
from paths import ROOT

from kernel_port.cli import main

PAGE = (ROOT / "docs" / "your-own-scenario.md").read_text()
(MINE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def test_page_example_is_short_and_ends_as_it_says(capsys):
    assert len([line for line in MINE.splitlines() if line]) <= 20
    (console,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    command, _, said = console.removeprefix("$ kernel-port ").partition("\n")
    assert main(shlex.split(command)) == 1  # a false removal
    assert capsys.readouterr().out == said


def test_every_command_takes_the_file(capsys, folder):
    assert main(["explore", "./mine.py"]) == 1
    assert "kernel-port run ./mine.py --patches 8 --schedule 0\n" in capsys.readouterr().out
    assert main(["bisect", "./mine.py"]) == 0
    assert "+6    no such call" in capsys.readouterr().out  # since=7
    assert main(["watch", "./mine.py", "-o", "page.html"]) == 0
    assert "pressed while its card is reset?" in (folder / "page.html").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("def answer(outcome, patches):", "def answer(outcome, patches)", 7, "expected ':'"),
        ("press_button(m, ", "m.press(", 16, "'Machine' object has no attribute 'press'"),
        ("outcome.removed", "outcome.gone", 8, "'Outcome' object has no attribute 'gone'"),
        ("SCENARIO = Scenario(", "SCENARIO = dict(", 12, "SCENARIO is to be a Scenario"),
        ("since=7", "until=7", 12, "unexpected keyword argument 'until'"),
        ("example:vga", "example:vgaa", 12, "example:vgaa: no such built-in example"),
        ("answer=answer", "answer='text'", 12, "answer is to be a function"),
        ("threads={", "threads={'hand': 3,", 12, "threads is to be a dict of functions"),
    ],
)
def test_a_wrong_file_is_one_line_that_names_the_place(capsys, folder, right, wrong, line, words):
    (folder / "mine.py").write_text(MINE.replace(right, wrong))
    assert main(["run", "./mine.py", "-q"]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"kernel-port: mine.py:{line}: ")
    assert words in said
