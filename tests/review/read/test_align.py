# SPDX-License-Identifier: GPL-2.0-only
"""Statements of C and Python, and which stands for which. All C here is invented, but for that of Debian's kernel.

alignment.json has what a reader of both found: for functions of Linux 6.1, (line of the C, line of the Python) by hand,
counted from the line each function begins in; of the Python lines only those with code count. Several pairs with the
same C line are alternatives, null is "none". The C itself is not there; a digest tells whether Debian's is the same.
"""

import hashlib
import json
import random
from collections import Counter
from pathlib import Path

import pytest

from kernel_port.review.port.symbols import symbols
from kernel_port.review.read.align import align
from kernel_port.review.read.columns import Column, SourceLine, lay_out
from kernel_port.review.read.py_statements import py_statements
from kernel_port.review.read.reading import code
from kernel_port.review.upstream.c_statements import c_members, c_statements
from kernel_port.review.upstream.check_series import everything
from kernel_port.review.upstream.csource import CSource
from kernel_port.review.upstream.tree import open_tree

DEBIAN = Path("/usr/src/linux-source-6.1.tar.xz")
LABELS = Path(__file__).with_name("alignment.json")

C = """\
static int toy_spin(struct toy *toy, int probe)
{
	u16 ctrl = 0, left;
	struct wheel *wheel;

	/* nobody there */
	if (!toy || !toy->box)
		goto out;
	list_for_each_entry(wheel, &toy->wheels, list) {
		if (wheel->flat)
			return -EIO;
		toy_turn(wheel, TOY_LEFT,
				0x10);
	}
	toy_read(toy, TOY_CTRL, &ctrl);
	toy_dbg("ctrl; { %x", ctrl);
	toy->ops->rest(toy);
out:
	return ctrl;
}
"""
PYTHON = """\
def toy_spin(toy: toy, probe: int) -> int:
    \"\"\"Invented.\"\"\"
    ctrl = 0
    # nobody there
    if toy is None or not toy.box:
        return ctrl
    for wheel in toy.wheels:
        if wheel.flat:
            return -EIO
        toy_turn(wheel, TOY_LEFT, 16)
    ctrl = toy_read(toy, TOY_CTRL)
    toy_log("something else")
    toy.ops.rest(toy)
    return ctrl
"""
#: (line of C, line of PYTHON), counted from 0.
MATCHES = [(0, 0), (2, 2), (6, 4), (7, 5), (8, 6), (9, 7), (10, 8), (11, 9), (14, 10), (16, 12), (18, 13)]


def matches(c, python):
    left, right = c_statements(c), py_statements(python)
    return [(left[i].line, right[j].line) for i, j in align(left, right)]


def test_c_statements_kinds_and_lines():
    found = [(each.kind, each.line, each.end_line, each.depth) for each in c_statements(C)]
    assert found == [
        ("header", 0, 0, 0), ("assign", 2, 2, 0), ("declaration", 3, 3, 0), ("if", 6, 6, 0), ("goto", 7, 7, 1),
        ("loop", 8, 8, 0), ("if", 9, 9, 1), ("return", 10, 10, 2), ("call", 11, 12, 1), ("call", 14, 14, 0),
        ("call", 15, 15, 0), ("call", 16, 16, 0), ("label", 17, 17, 0), ("return", 18, 18, 0),
    ]  # fmt: skip


def test_c_statements_goto_has_the_names_of_its_label():
    goto = next(each for each in c_statements(C) if each.kind == "goto")
    assert goto.tokens == Counter(["ctrl"])


def test_c_statements_numbers_are_the_same_in_every_base():
    tokens = [next(iter(each.tokens)) for each in c_statements("0x10;\n020;\n16U;")]
    assert tokens == ["16", "16", "16"]


def test_c_statements_else_switch_and_do():
    tests = "if (a)\n x();\nelse if (b)\n y();\nelse\n z();\n"
    text = f"{tests}switch (c) {{\ncase D:\n break;\n}}\ndo {{\n w();\n}} while (--n);"
    kinds = [(each.kind, each.line) for each in c_statements(text)]
    assert kinds == [
        ("if", 0), ("call", 1), ("if", 2), ("call", 3), ("else", 4), ("call", 5), ("if", 6), ("case", 7), ("break", 8),
        ("loop", 10), ("call", 11), ("loop", 12),
    ]  # fmt: skip


def test_c_statements_what_is_behind_the_last_return_is_the_way_out():
    found = c_statements("int f(void)\n{\n\tif (a())\n\t\tgoto err;\n\treturn 0;\nerr:\n\tb();\n\treturn -1;\n}\n")
    assert [each.line for each in found if each.is_way_out] == [5, 6, 7]


def test_c_members_of_a_struct():
    found = c_members("struct toy {\n\tint a, b;\n\t/* a; comment */\n\tint (*spin) (struct toy *toy, int probe);\n};")
    assert [(each.line, sorted(each.tokens)) for each in found] == [(0, ["toy"]), (1, ["a", "b"]), (3, ["spin"])]


@pytest.mark.parametrize(
    "text",
    ["", "{", "}" * 9, "{" * 9000, "if (" * 3000, "if (a) " * 3000, "do " * 2000, "x = {" * 99, "case", "else", "goto"],
)
def test_c_statements_of_garbage_are_some(text):
    assert isinstance(c_statements(text), list)


def test_c_statements_of_random_pieces_are_in_order():
    pieces = ["if", "(", ")", "{", "}", ";", "else", "goto", "x", ":", "return", "for", "do", "while", "case", "\n"]
    pieces += ["/*", "*/", '"', "'", "#", "\\", "=", ",", "++", "->", "list_for_each(a)"]
    seed = random.Random(6)
    for _ in range(500):
        lines = [each.line for each in c_statements(" ".join(seed.choices(pieces, k=40)))]
        assert lines == sorted(lines)


def test_py_statements_kinds_and_lines():
    text = """\
def f(a):
    '''Doc.'''
    global b
    if a:
        b = 0x10
    elif b:
        f(
            1)
    else:
        return
"""
    found = [(each.kind, each.line, each.end_line, each.depth) for each in py_statements(text)]
    assert found == [
        ("header", 0, 0, 0), ("if", 3, 3, 0), ("assign", 4, 4, 1), ("if", 5, 5, 0), ("call", 6, 7, 1),
        ("else", 8, 8, 0), ("return", 9, 9, 1),
    ]  # fmt: skip


def test_align_pairs_what_is_meant():
    assert matches(C, PYTHON) == MATCHES


def test_align_does_not_care_for_line_breaks():
    left = c_statements(C)
    broken = C.replace("(", "(\n").replace(", ", ",\n").replace(" = ", " =\n")
    again, right = c_statements(broken), py_statements(PYTHON)
    assert len(again) == len(left)
    assert align(again, right) == align(left, right)


def test_align_goes_forward_on_both_sides():
    pairs = matches(C, PYTHON.replace("    toy.ops.rest(toy)\n", "") + "    toy_turn(wheel)\n")
    assert pairs == sorted(pairs)
    assert all(len(set(side)) == len(side) for side in zip(*pairs, strict=True))


def test_align_knows_later_names():
    # pci_reset_hotplug_slot() is what v3.12 calls patch 3's function (kernel_port/review/port/renames.py).
    python = "def f(slot):\n    a(slot)\n    return pci_hp_reset_slot(slot)\n"
    c = "int f(struct slot *slot)\n{\n\treturn pci_reset_hotplug_slot(slot);\n}\n"
    assert matches(c, python) == [(0, 0), (2, 2)]


def test_lay_out_keeps_every_line_once_and_in_order():
    sides = [[SourceLine(number, text) for number, text in enumerate(whole.split("\n"), 1)] for whole in (C, PYTHON)]
    rows = lay_out(Column(sides[0], c_statements(C)), Column(sides[1], py_statements(PYTHON)))
    assert [line for row in rows for line in row.left] == sides[0]
    assert [line for row in rows for line in row.right] == sides[1]


def test_lay_out_puts_statements_side_by_side_and_the_rest_alone():
    sides = [[SourceLine(number, text) for number, text in enumerate(whole.split("\n"))] for whole in (C, PYTHON)]
    rows = lay_out(Column(sides[0], c_statements(C)), Column(sides[1], py_statements(PYTHON)))
    begin = [(row.left[0].number, row.right[0].number) for row in rows if row.kind == "same"]
    assert begin == MATCHES
    assert [row.left[0].number for row in rows if row.kind == "left"] == [15]
    assert [row.right[0].number for row in rows if row.kind == "right"] == [11]
    assert [row.left[0].number for row in rows if row.kind == "quiet"] == [3, 17]


def test_lay_out_lines_taken_away_stay_with_what_is_below():
    left = [
        SourceLine(1, "int f(void)"),
        SourceLine(2, "{"),
        SourceLine(0, "\told();", "-"),
        SourceLine(3, "\tnew();", "+"),
        SourceLine(4, "}"),
    ]
    text = "\n".join(line.text for line in left if line.sign != "-")
    right = [SourceLine(7, "def f():"), SourceLine(8, "    new()")]
    rows = lay_out(Column(left, c_statements(text)), Column(right, py_statements("def f():\n    new()")))
    assert [(row.kind, [line.text.strip() for line in row.left]) for row in rows] == [
        ("same", ["int f(void)", "{"]), ("above", ["old();"]), ("same", ["new();", "}"]),
    ]  # fmt: skip


def test_labels_name_lines_that_statements_begin_in():
    for label in json.loads(LABELS.read_text()):
        begin = code_starts(label["function"])
        assert {line for _, line in label["pairs"] if line is not None} <= begin.keys(), label["function"]


def code_starts(name):
    """Number among the lines with code -> number of the statement that begins there."""
    lines, statements = code(symbols().definitions[name][-1])
    coded = [index for index, line in enumerate(lines) if line.text.strip() and not line.text.strip().startswith("#")]
    return {coded.index(each.line): number for number, each in enumerate(statements)}


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN.exists(), reason="needs Debian's linux-source-6.1")
def test_align_finds_what_a_reader_found_in_linux_6_1():
    source = CSource(open_tree(DEBIAN))
    ported = {each.name: each for each in everything()}
    right = told = functions = 0
    wrong = []
    for label in json.loads(LABELS.read_text()):
        name = label["function"]
        c = source.find(ported[name].c_name, label["file"])
        if hashlib.sha256(c.text.encode()).hexdigest()[:12] != label["digest"]:
            continue  # a later update of Debian's changed it
        functions += 1
        number = code_starts(name)
        expected = {}
        for c_line, py_line in label["pairs"]:
            expected.setdefault(c_line, set()).add(None if py_line is None else number[py_line])
        left, python = c_statements(c.text), code(symbols().definitions[name][-1])[1]
        found = dict(align(left, python))
        for i, statement in enumerate(left):
            if statement.kind == "declaration":  # it never has a counterpart: no merit
                continue
            told += 1
            if found.get(i) in expected.get(statement.line, {None}):
                right += 1
            else:
                wrong.append(f"{name}+{statement.line}")
    print(f"{right} of {told} statements in {functions} functions: {right / told:.1%}; wrong: {', '.join(wrong)}")
    assert functions >= 30
    assert right / told >= 0.95
