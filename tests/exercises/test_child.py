# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E501
"""Checks in a child process: whatever the file does, the answer is a plain remark."""

import os
import select
import time

import pytest
from wrong_answers import written

from kernel_port.exercises.child import check
from kernel_port.exercises.judge import judge
from kernel_port.exercises.table import EXERCISES, exercise

FIRST = "    rc = -ENOTTY\n"


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Judge our solution of exercise 4 with something put in, or another file; in a child process if it has *limits*."""
    monkeypatch.chdir(tmp_path)

    def judged(first="", whole="", limits=None):
        path = tmp_path / "mine.py"
        path.write_text(whole or written(exercise("4"), [(FIRST, f"{FIRST}    {first}\n")]))
        path = path.relative_to(tmp_path)
        verdict = judge(exercise("4"), path) if limits is None else check(4, path, **limits)
        return verdict.status, verdict.remark

    return judged


@pytest.mark.parametrize(
    ("first", "limits", "said", "where"),
    [
        pytest.param(
            "while True: pass", {"processor": 3},
            "Your code does not come to an end in the time that a check may take: a loop without an end?",
            "mine.py:31, in pci_hp_reset_slot", marks=pytest.mark.slow,
        ),
        pytest.param(
            "import time; time.sleep(60)", {"clock": 3},
            "Your code does not come to an end in the time that a check may take: a loop without an end?",
            "mine.py:31, in pci_hp_reset_slot", marks=pytest.mark.slow,
        ),
        pytest.param(
            "hog = bytearray(3 << 29)", {},
            "Your code wants more memory than a check may have.", "mine.py:31, in pci_hp_reset_slot", marks=pytest.mark.slow,
        ),
        (
            "exit()", None, "Your code calls exit(). A kernel does not: a function returns 0 or a negative errno.",
            "mine.py:31, in pci_hp_reset_slot",
        ),
        ("1 / 0", None, "Your code fails: ZeroDivisionError: division by zero.", "mine.py:31, in pci_hp_reset_slot"),
        (
            "return pci_hp_reset_slot(hotplug, probe)", None, "Your code calls itself without end.",
            "mine.py:31, in pci_hp_reset_slot",
        ),
        pytest.param(
            "import os; os._exit(0)", {},
            "Your code ends the program (exit status 0). A kernel does not: a function returns.", "mine.py", marks=pytest.mark.slow,
        ),
        pytest.param(
            "import os; os.closerange(3, 100); os._exit(0)", {},
            "Your code ends the program (exit status 0). A kernel does not: a function returns.", "mine.py", marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_check_of_code_that_misbehaves_is_not_solved(judged, first, limits, said, where):
    status, remark = judged(first, limits=limits)
    assert (status, remark.text, remark.where) == (1, said, where)


@pytest.mark.parametrize(
    ("whole", "limits", "said"),
    [
        ("def f(:\n", None, "The file cannot be used: mine.py:1: invalid syntax."),
        ("exit(3)\n", None, "The file cannot be used: mine.py:1: SystemExit: 3."),
        ("hop\n", None, "The file cannot be used: mine.py:1: NameError: name 'hop' is not defined."),
        pytest.param(
            "while True: pass\n", {"processor": 3},
            "Your code does not come to an end in the time that a check may take: a loop without an end?", marks=pytest.mark.slow,
        ),
        (
            "ADDS = ()\n", None,
            "The file cannot be used: mine.py: ADDS and MODIFIES do not name pci_hp_reset_slot; put it back.",
        ),
        (
            'ADDS = ("pci_hp_reset_slot",)\nMODIFIES = ()\n', None,
            "The file cannot be used: mine.py:1: ADDS names pci_hp_reset_slot, which is not defined here.",
        ),
    ],
)  # fmt: skip
def test_check_of_file_that_cannot_be_used_says_so(judged, whole, limits, said):
    status, remark = judged(whole=whole, limits=limits)
    assert (status, remark.text) == (2, said)


def test_check_of_name_that_does_not_exist_names_the_nearest(judged):
    status, remark = judged("try_module_gett(0)")
    assert status == 2
    assert remark.text.startswith("The file cannot be used: mine.py:31: pci_hp_reset_slot uses try_module_gett, which")
    assert remark.text.endswith("the nearest is try_module_get.")


@pytest.mark.slow
def test_check_shows_what_the_file_prints_apart_from_the_answer(judged, capfd):
    status, remark = judged('print("here I am")', limits={})
    assert (status, remark.text[:7]) == (0, "Solved.")
    assert "here I am\n" in capfd.readouterr().err


@pytest.mark.slow
def test_check_imports_nothing_else_from_the_students_folder(judged, tmp_path):
    (tmp_path / "lzma.py").write_text("raise SystemExit(9)\n")
    assert judged("pass", limits={})[0] == 0


@pytest.mark.skipif("LD_PRELOAD" in os.environ, reason="a sanitizer needs more memory than a check may have")
@pytest.mark.parametrize(
    "each",
    [pytest.param(each, id=f"{each.number}", marks=() if each.number == 3 else pytest.mark.slow) for each in EXERCISES],
)
def test_check_has_room_for_our_solution(tmp_path, each):
    path = tmp_path / f"mine{each.suffix}"
    path.write_text(written(each))
    assert check(each.number, path).remark.text.startswith("Solved.")


@pytest.mark.slow
@pytest.mark.parametrize("apart", ["", "os.setsid(); "])
def test_check_does_not_wait_for_what_the_file_forked(judged, tmp_path, apart):
    begun = time.monotonic()
    status, remark = judged(whole=f"import os, time\nif not os.fork():\n    {apart}time.sleep(30)\n", limits={})
    assert time.monotonic() - begun < 20
    assert (status, remark.text[:24]) == (2, "The file cannot be used:")


@pytest.mark.slow
def test_check_ends_what_the_file_forked(judged, tmp_path):
    fifo = tmp_path / "held"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    judged(
        whole=f"import os, time\nheld = os.open({str(fifo)!r}, os.O_WRONLY)\nif not os.fork(): time.sleep(30)\n",
        limits={},
    )
    assert select.select([reader], [], [], 10)[0]
    assert os.read(reader, 1) == b""  # no process has it open
    os.close(reader)


@pytest.mark.slow
@pytest.mark.parametrize(
    "written_there",
    [
        "b'[]\\n'",
        "b'no JSON\\n'",
        "b'\\xff\\n'",
        "b'[' * 50000 + b'\\n'",
        'b\'{"status": 0, "remark": 5}\\n\'',
        "b'{}\\n'",
    ],
)
def test_check_of_file_that_writes_into_the_answer_is_not_solved(judged, written_there):
    whole = f"""import os
for fd in range(3, 40):
    try: os.write(fd, {written_there})
    except OSError: pass
os._exit(0)
"""
    status, remark = judged(whole=whole, limits={})
    assert (status, remark.text[:38]) == (2, "Your code ends the program (exit statu")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ("import sys\nsys.settrace(lambda *a: 1 / 0)\n", "Your code stops what judges it: ZeroDivisionError."),
        ("import os\nos.closerange(3, 100)\n", "Your code ends the program (exit status 2). A kernel does not: a function returns."),
    ],
    ids=["trace", "closed"],
)  # fmt: skip
def test_check_of_file_that_breaks_the_judge_shows_no_traceback(judged, capfd, whole, said):
    status, remark = judged(whole=whole, limits={})
    assert (status, remark.text) == (2, said)
    assert "Traceback" not in capfd.readouterr().err
