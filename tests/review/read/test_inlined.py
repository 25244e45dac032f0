# SPDX-License-Identifier: GPL-2.0-only
"""What is behind a label of the C and at the goto in Python is matched to it. All C here is invented."""

import pytest

from kernel_port.review.read.columns import Column, SourceLine, lay_out
from kernel_port.review.read.py_statements import py_statements
from kernel_port.review.upstream.c_statements import c_statements

C = """\
int toy_start(struct toy *toy)
{
	int rc;

	rc = toy_wind(toy);
	if (rc)
		goto err;
	if (toy_flat(toy)) {
		rc = -EIO;
		goto err;
	}
	return 0;
err:
	toy_stop(toy);
	toy_light(toy, TOY_RED);
	return rc;
}
"""
PYTHON = """\
def toy_start(toy: toy) -> int:
    rc = toy_wind(toy)
    if rc:
        toy_stop(toy)
        toy_light(toy, TOY_RED)
        return rc
    if toy_flat(toy):
        toy_stop(toy)
        toy_light(toy, TOY_RED)
        return -EIO
    return 0
"""


def rows(c, python):
    """(kind, lines of C, lines of Python, where it is inlined); lines are counted from 1, empty ones left out."""
    sides = [[SourceLine(number, text) for number, text in enumerate(whole.split("\n"), 1)] for whole in (c, python)]
    laid = lay_out(Column(sides[0], c_statements(c)), Column(sides[1], py_statements(python)))
    return [
        (row.kind, *([line.number for line in side if line.text.strip()] for side in (row.left, row.right)), row.at)
        for row in laid
    ]


def test_goto_stands_beside_all_that_python_has_in_its_place():
    found = rows(C, PYTHON)
    assert ("same", [7], [4, 5, 6], ()) in found
    # -EIO of line 9 is in the return itself.
    assert any(kind == "same" and right == [8, 9, 10] and left[-1] == 11 for kind, left, right, _ in found)
    assert [row for row in found if row[0] == "right"] == []


def test_what_is_behind_the_label_says_where_python_has_it():
    found = {tuple(left): (kind, at) for kind, left, _, at in rows(C, PYTHON) if left}
    assert found[14,] == ("inlined", (4, 8))
    assert found[15,] == ("inlined", (5, 9))
    assert found[16, 17] == ("inlined", (6, 10))


@pytest.mark.parametrize(
    ("old", "new", "only"),
    [
        ("        toy_light(toy, TOY_RED)\n", "", [15]),  # nowhere in the Python
        ("toy_stop(toy)", "toy_oil(toy)", [14]),  # something else at the goto
    ],
)
def test_what_python_leaves_out_behind_the_label_is_only_in_c(old, new, only):
    found = rows(C, PYTHON.replace(old, new))
    assert [left for kind, left, _, _ in found if kind == "left" and left[0] > 13] == [only]


def test_goto_back_is_a_loop_and_takes_nothing():
    c = "int f(void)\n{\nagain:\n\ttoy_spin(toy);\n\tif (toy_flat(toy))\n\t\tgoto again;\n\treturn 0;\n}\n"
    python = "def f():\n    while True:\n        toy_spin(toy)\n        if not toy_flat(toy):\n            return 0\n"
    assert [row for row in rows(c, python) if row[3]] == []


def test_label_that_python_keeps_is_beside_it():
    c = "int f(void)\n{\n\tif (toy->flat)\n\t\tgoto out;\n\ttoy_spin(toy);\nout:\n\treturn toy_end(toy);\n}\n"
    python = "def f():\n    if toy.flat:\n        return toy_end(toy)\n    toy_spin(toy)\n    return toy_end(toy)\n"
    found = rows(c, python)
    assert ("same", [4], [3], ()) in found
    assert ("same", [7, 8], [5], ()) in found
