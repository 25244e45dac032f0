# SPDX-License-Identifier: GPL-2.0-only
"""The command, and docs/exercises.md as a student follows it."""

import json
import os
import re
import shlex
from fnmatch import fnmatchcase

import pack_exercises
import pytest
from paths import ROOT

from kernel_port.cli import main
from kernel_port.exercises import traces
from kernel_port.exercises.exercise import PatchExercise
from kernel_port.exercises.judge import WRONG, judge
from kernel_port.exercises.table import EXERCISES

PAGE = (ROOT / "docs" / "exercises.md").read_text()
BLOCKS = re.findall(r"^```(console|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_page_is_a_session_that_ends_as_it_says(folder, capsys):
    for language, text in BLOCKS:
        if language == "python":
            written = (folder / "mine.py").read_text()
            head = written[: written.index("def pci_hp_reset_slot")]
            (folder / "mine.py").write_text(f"{head}{text}\n\nEXPORT_SYMBOL_GPL(pci_hp_reset_slot)\n")
            continue
        command, _, said = text.removeprefix("$ kernel-port ").partition("\n")
        assert main(shlex.split(command)) == int("--check" in command and not said.startswith("Solved"))
        assert capsys.readouterr().out == said


@pytest.mark.parametrize("each", EXERCISES, ids=lambda each: each.number)
def test_exercise_written_is_not_solved_and_says_what_it_is_about(folder, capsys, each):
    name = f"mine{each.suffix}"
    assert main(["exercise", str(each.number), "-o", name]) == 0
    text = (folder / name).read_text()
    assert f"Exercise {each.number}: {each.title}" in text
    assert f"kernel-port exercise {each.number} --check ./{name}" in text
    solution = [line for line in each.solution.read_text().splitlines() if line.startswith("    ")]
    given = [line for line in solution if line in text.splitlines()]
    if isinstance(each, PatchExercise) and not each.given:
        # No statement of ours is left: what is, is in docstrings and declarations.
        assert [line for line in given if re.match(r" +(rc = |for |return rc|pci_write|msleep)", line)] == []
    verdict = judge(each, folder / name)
    assert (verdict.status, verdict.remark.where[:4]) == (WRONG, "mine"), verdict.remark.text
    capsys.readouterr()
    assert main(["exercise", str(each.number)]) == 0
    assert f"What judges it: {each.judges}\n" in capsys.readouterr().out


def test_exercise_list_as_json_has_all(capsys):
    assert main(["exercise", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["number"], row["level"]) for row in rows] == [(each.number, each.level) for each in EXERCISES]


def test_exercise_solution_is_beside_the_students(folder, capsys):
    (folder / "mine.py").write_text('"""Mine."""\n\nADDS = ()\n')
    assert main(["exercise", "4", "--solution", "mine.py"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"mine\.py +┃ ours", lines[0])
    assert any(re.fullmatch(r"ADDS = \(\) +┃ .*", line) for line in lines)
    assert any(re.fullmatch(r" +┃     module_put\(hotplug\.ops\.owner\)", line) for line in lines)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["19"], "there is no exercise '19'; there are 1 to 18"),
        (["--hint"], "which exercise? Give its number first: kernel-port exercise 2 --hint"),
        (["4", "-o", "a-b.py"], "a-b.py: name a file such as mine.py"),
        (["13", "-o", "mine.py"], "mine.py: name a file such as mine.toml"),
        (["4", "-o", "there.py"], "there.py: exists; choose another name, or move it away"),
        (["4", "--solution", "none.py"], "none.py: No such file or directory"),
    ],
)
def test_exercise_refuses_in_one_line(folder, capsys, argv, said):
    (folder / "there.py").write_text("mine\n")
    assert main(["exercise", *argv]) == 2
    assert capsys.readouterr().err == f"kernel-port: {said}\n"
    assert (folder / "there.py").read_text() == "mine\n"


def test_data_is_what_the_recordings_say():
    # written by tests/pack_exercises.py
    assert [line.rstrip("\n") for _, line in traces.lines(traces.GOLDEN)] == list(pack_exercises.golden_lines())
    assert [line.rstrip("\n") for _, line in traces.lines(traces.REAL)] == list(pack_exercises.real_lines())


def test_every_pattern_of_an_exercise_finds_a_trace_at_its_patch():
    for each in EXERCISES:
        for pattern in each.traces if isinstance(each, PatchExercise) else ():
            found = [trace for trace in traces.traces() if fnmatchcase(trace.name, pattern)]
            assert any(traces.level_for(each.patch, trace.level) is not None for trace in found), pattern


@pytest.mark.parametrize(
    "words", [("exercise", "1", "--check"), ("exercise", "1", "--solution"), ("tree", "example:vga", "--with")]
)
def test_pipe_or_endless_file_in_the_place_of_an_answer_is_refused(folder, capsys, words):
    os.mkfifo(folder / "mine.py")
    os.close(os.open("mine.py", os.O_RDWR | os.O_NONBLOCK))
    for name in (f"{folder}/mine.py", "/dev/zero"):
        assert main([*words, name]) == 2
        assert f"{name}: not a regular file; name another file" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--check", "--solution"])
def test_answer_too_long_is_refused(folder, capsys, option):
    (folder / "mine.py").write_bytes(b"\n" * (1 << 20))
    assert main(["exercise", "1", option, "mine.py"]) == 2
    assert "mine.py: too long; name another file" in capsys.readouterr().err
