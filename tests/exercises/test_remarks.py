# SPDX-License-Identifier: GPL-2.0-only
"""What is said of typical wrong answers, word for word; remarks.txt has it, as a teacher has read it."""

import pytest
from paths import TESTS
from wrong_answers import WRONG, written

from kernel_port.exercises.judge import SOLVED, judge
from kernel_port.exercises.table import EXERCISES, exercise
from kernel_port.mends import yours
from kernel_port.trace.site import locate

SAID = dict(line.split(": ", 1) for line in (TESTS / "exercises" / "remarks.txt").read_text().splitlines())
#: They take seconds: many orders of threads.
LONG = {(11, "slot_only")}
CASES = [
    pytest.param(number, name, marks=pytest.mark.slow if (number, name) in LONG else ())
    for number, mistakes in WRONG.items()
    for name, _ in mistakes
]


@pytest.mark.parametrize(("number", "name"), CASES)
def test_wrong_answer_gets_its_remark(tmp_path, monkeypatch, number, name):
    monkeypatch.chdir(tmp_path)
    chosen = exercise(str(number))
    path = tmp_path / f"mine{chosen.suffix}"
    path.write_text(written(chosen, dict(WRONG[number])[name]))
    verdict = judge(chosen, path.relative_to(tmp_path))
    assert f"{verdict.status} {verdict.remark.text}" == SAID[f"{number} {name}"]


def test_every_exercise_has_three_wrong_answers_and_three_hints():
    assert [each.number for each in EXERCISES] == list(range(1, 19))
    assert {number: len(mistakes) for number, mistakes in WRONG.items() if len(mistakes) < 3} == {}
    assert {len(set(each.hints)) for each in EXERCISES} == {3}


@pytest.mark.parametrize("each", EXERCISES, ids=lambda each: each.number)
def test_remarks_have_no_line_of_the_solution(each):
    code = [line.strip() for line in each.solution.read_text().splitlines() if line.startswith(" ")]
    said = [text for key, text in SAID.items() if key.split()[0] == str(each.number)]
    # Short lines and words of the text are in many places: `return rc`, `pci_bus_unlock(bus)`.
    assert [line for line in code if len(line) > 20 and any(line in text for text in said)] == []


ALL = [
    pytest.param(each, id=f"{each.number}", marks=pytest.mark.slow if each.number <= 12 else ()) for each in EXERCISES
]


@pytest.mark.parametrize("each", ALL)
def test_our_solution_solves_it(tmp_path, each):
    path = tmp_path / f"mine{each.suffix}"
    path.write_text(written(each))
    verdict = judge(each, path)
    assert (verdict.status, verdict.remark.text.partition(" with ")[0]) == (SOLVED, "Solved. It agrees")


def test_statement_is_located_in_its_own_file_though_another_has_the_same_function(tmp_path):
    copies = [tmp_path / "mine.py", tmp_path / "other.py"]
    for path in copies:
        path.write_text("def f():\n    return 1\n")
    codes = [vars(yours(path).code)["f"].__code__ for path in copies]
    assert codes[0] == codes[1]
    assert [locate(code, 0).file for code in codes] == [str(path) for path in copies]
