# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port read --unexplained: nothing of the C is left out without a reason.

The C here is invented, but for that of the kernel that the environment variable KERNEL_PORT_V3_11 names: a tree of
Linux 3.11, as `read --c` takes it.
"""

import ast
import os
import re
from collections import defaultdict

import pytest
import toys

from kernel_port.cli import main
from kernel_port.review.port.definitions import PACKAGE, Definition, modules
from kernel_port.review.port.kinds import KINDS
from kernel_port.review.port.ported import Ported
from kernel_port.review.read.c_side import CText, KernelSide, open_side
from kernel_port.review.read.columns import SourceLine
from kernel_port.review.read.unexplained import Comparison, current, places, unexplained
from kernel_port.review.upstream.tree import Texts

V3_11 = os.environ.get("KERNEL_PORT_V3_11", "")
needs_v3_11 = pytest.mark.skipif(not V3_11, reason="KERNEL_PORT_V3_11 names no tree of Linux 3.11")


def found(c, python, module="base.pci"):
    """What is unexplained of a C function and its Python: (side, statement)."""
    definition = Definition("toy_spin", module, 0, "base", "function", docstring(python), 1, 1, python, "")
    ported = Ported(definition, "toy.c", "toy_spin", "function", True, "")
    lines = tuple(SourceLine(number, text) for number, text in enumerate(c.split("\n"), 1))
    return [(each.side, each.what) for each in Comparison(ported, CText(lines, "toy.c:1", "")).findings()]


def docstring(python):
    return ast.get_docstring(ast.parse(python).body[0]) or ""


def c(*body):
    return "\n".join(["static int toy_spin(struct toy *toy)", "{", *(f"\t{line}" for line in body), "}"])


def python(*body):
    return "\n".join(["def toy_spin(toy: toy) -> int:", *(f"    {line}" for line in body)])


def test_unexplained_statement_of_c_is_told():
    mine = python("toy_stop(toy)", "return 0")
    assert found(c("toy_stop(toy);", "toy_oil(toy);", "return 0;"), mine) == [("c", "toy_oil(toy);")]


def test_unexplained_statement_of_python_is_told():
    mine = python("toy_stop(toy)", "toy_oil(toy)", "return 0")
    assert found(c("toy_stop(toy);", "return 0;"), mine) == [("python", "toy_oil(toy)")]


@pytest.mark.parametrize(
    ("its", "mine"),
    [
        (["int rc = 0;", "struct box *box;", "rc = toy_stop(toy);", "return rc;"], ["rc = toy_stop(toy)", "return rc"]),
        (
            ["if (toy->flat)", "\tgoto out;", "toy_stop(toy);", "out:", "toy_oil(toy);", "return toy->speed;"],
            ["if toy.flat:", "    toy_oil(toy)", "    return toy.speed", "toy_stop(toy)", "toy_oil(toy)",
             "return toy.speed"],
        ),
        (
            ["switch (toy->kind) {", "case CAR:", "case BUS:", "\treturn 4;", "default:", "\tbreak;", "}", "return 0;"],
            ["if toy.kind in (CAR, BUS):", "    return 4", "return 0"],
        ),
        (
            ["for (i = 0; i < 4; i++)", "\ttoy_stop(toy, i);"],
            ["i = 0", "while i < 4:", "    toy_stop(toy, i)", "    i += 1"],
        ),
        (
            ["if (pci_read_config_word(toy, SPEED, &word))", "\treturn -EIO;"],
            ["rc, word = pci_bus_read_config_word(toy, SPEED)", "if rc:", "    return -EIO"],
        ),
        (
            ["wheel = kzalloc(sizeof(*wheel), GFP_KERNEL);", "if (!wheel)", "\treturn -ENOMEM;", "wheel->size = size;"],
            ["wheel = struct_wheel(size=size)"],
        ),
        (["list_add_tail(&wheel->list, &toy->wheels);"], ["toy.wheels.append(wheel)"]),
        (["BUG_ON(toy->flat);"], ["if toy.flat:", "    raise system.sched.oops('flat')"]),
        (["*value = toy->speed;", "return 0;"], ["return 0, toy.speed"]),
        (["rc = toy_stop(toy);", "return rc;"], ["return toy_stop(toy)"]),
        (["spin_lock_irq(&toy->lock);", "toy_stop(toy);"], ["toy_stop(toy)"]),
    ],
)  # fmt: skip
def test_unexplained_grammar_is_not(its, mine):
    assert found(c(*its), python(*mine)) == []


@pytest.mark.parametrize(
    ("its", "mine", "left"),
    [
        # a kind explains what it calls, not what stands beside it
        (["kfree(wheel);", "toy_stop(toy);"], ["return"], [("c", "toy_stop(toy);"), ("python", "return")]),
        # only memory does not run out: another test of the same value stays
        (["wheel = toy_find(toy);", "if (!wheel)", "\treturn -ENOMEM;"], ["wheel = toy_find(toy)"],
         [("c", "if (!wheel)"), ("c", "return -ENOMEM;")]),
        # a break out of a loop is no grammar
        (["while (toy->speed) {", "\ttoy_stop(toy);", "\tbreak;", "}"], ["while toy.speed:", "    toy_stop(toy)"],
         [("c", "break;")]),
        # half of a test
        (["if (!toy || toy->flat)", "\ttoy_stop(toy);"], ["if not toy:", "    toy_stop(toy)"],
         [("c", "if (!toy || toy->flat) (without flat)")]),
        (["if (toy_kind(toy) == TOY_CAR)", "\ttoy_stop(toy);"], ["if toy.kind == TOY_CAR:", "    toy_stop(toy)"],
         [("c", "if (toy_kind(toy) == TOY_CAR) (without toy_kind)")]),
        # a message for another
        (["toy_stop(toy);"], ["toy_start(toy)"], [("c", "toy_stop(toy);"), ("python", "toy_start(toy)")]),
    ],
)  # fmt: skip
def test_unexplained_grammar_is_no_more_than_it_says(its, mine, left):
    assert found(c(*its), python(*mine)) == left


C = c(
    "if (toy->lamp) {",
    "\ttoy_shine(toy);",
    "\trc = -EIO;",
    "}",
    "rc = toy_oil(toy);",
    "if (rc)",
    "\treturn rc;",
    "return 0;",
)


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        ("# PORT: no lamp", 6),  # names nothing
        ("# PORT: no `toy->lamp`", 3),  # the test, and what is in it
        ("# PORT: no `toy->lamp`; toy_oil() cannot fail", 0),  # the call, and the test of its result
        ("# PORT: no toy_shine()", 5),
        ("# PORT: `rc = toy_oil(toy)` cannot fail", 3),
    ],
)
def test_unexplained_reason_explains_what_it_names(reason, left):
    assert len(found(C, python(reason, "return 0"))) == left


def test_unexplained_reason_after_the_last_statement_counts():
    text = python("toy_stop(toy)", "# PORT: no toy_oil()") + "\n"
    assert found(c("toy_stop(toy);", "toy_oil(toy);"), text) == []


def test_unexplained_reason_in_the_docstring_counts():
    mine = python('"""Spin.', "", 'C: toy.c, static, base; PORT: no toy_oil()"""', "toy_stop(toy)")
    assert found(c("toy_stop(toy);", "toy_oil(toy);"), mine) == []


def test_unexplained_reason_explains_python_beside_and_below_it():
    body = ["# PORT: twice", "toy_shine(toy)", "toy_shine(toy, 2)", "", "toy_oil(toy)", "toy_wash(toy)  # PORT: dirty"]
    assert found(c("toy_stop(toy);"), python("toy_stop(toy)", *body)) == [("python", "toy_oil(toy)")]


def test_unexplained_way_out_that_nothing_leads_to_is_explained():
    its = c("rc = toy_oil(toy);", "if (rc)", "\tgoto dry;", "return 0;", "dry:", "toy_squeak(toy);", "return rc;")
    assert found(its, python("# PORT: toy_oil() cannot fail", "return 0")) == []


def test_unexplained_lists_what_a_kernel_lacks(capsys, tmp_path):
    assert main(["read", "--unexplained", "--c", str(toys.make_tree(tmp_path))]) == 1
    out = capsys.readouterr().out
    assert re.search(r"^drivers/pci/probe\.c: only in C, next_fn: no such function", out, re.MULTILINE)
    assert re.search(r"^\d+ unexplained; \d+ functions, \d+ statements of C$", out, re.MULTILINE)


@pytest.mark.parametrize("argv", [[], ["--c", "v2.mbox"], ["pci_reset_slot", "--c", "v2.mbox"]])
def test_unexplained_refuses_what_is_no_kernel(capsys, argv):
    from paths import SERIES

    argv = [str(SERIES / "v2.mbox") if each == "v2.mbox" else each for each in argv]
    assert main(["read", "--unexplained", *argv]) == 2
    assert "--unexplained" in capsys.readouterr().err


def test_places_tells_order_export_and_linkage():
    text = "int pci_hp_b(void)\n{\n}\nEXPORT_SYMBOL(pci_hp_b);\n\nstatic int pci_hp_a(void)\n{\n}\n"
    side = KernelSide(Texts("toy", {"drivers/pci/toy.c": text}))
    compared = []
    for name, linkage in (("pci_hp_a", "exported"), ("pci_hp_b", "static")):
        doc = f"Toy.\n\nC: drivers/pci/toy.c, {linkage}, base"
        definition = Definition(name, "base.toy", 0, "base", "function", doc, 1, 1, f"def {name}(): pass", "")
        each = Ported(definition, "drivers/pci/toy.c", name, "function", False, "")
        compared.append((each, side.find(each)))
    assert [(each.name, each.what) for each in places(side, compared)] == [
        ("pci_hp_a", "exported, in C static"),
        ("pci_hp_b", "stands before pci_hp_a in drivers/pci/toy.c"),
        ("pci_hp_b", "not exported, in C EXPORT_SYMBOL"),
        ("pci_hp_b", "static, in C exported"),
    ]


@pytest.mark.slow
@needs_v3_11
def test_unexplained_of_v3_11_is_nothing():
    report = unexplained(open_side(V3_11))
    assert report.findings == ()
    assert report.functions > 350
    assert report.statements > 5000


@pytest.mark.slow
@needs_v3_11
def test_every_function_of_a_kind_is_called_by_v3_11():
    called = {
        name
        for each, text in current(open_side(V3_11))
        for one in Comparison(each, text).both.left
        for name in one.calls
    }
    assert {name for kind in KINDS for name in kind.calls} - called == set()


@pytest.mark.slow
@needs_v3_11
def test_fields_that_nobody_reads_are_written_where_v3_11_writes_them():
    """A field without a reader is there because the ported C writes it: in the same functions."""
    fields, loads, stores = set(), set(), defaultdict(set)
    for module in modules():
        for definition in module.definitions:
            if module.name == "kernel.structs" and isinstance(definition.node, ast.ClassDef) and definition.origin:
                fields |= {node.target.id for node in definition.node.body if isinstance(node, ast.AnnAssign)}
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                loads.add(node.attr)
            if isinstance(node, ast.FunctionDef) and path.parent.name == "base":
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                        stores[inner.attr].add(node.name)
    unread = fields - loads
    written = defaultdict(set)
    for each, text in current(open_side(V3_11)):
        compare = Comparison(each, text)
        for one, code in zip(compare.both.left, compare.both.c, strict=True):
            for field in unread & {one.target}:
                if re.search(rf"(?:->|\.){field}\s*=", code):
                    written[field].add(each.name)
    assert {field: sorted(stores[field]) for field in unread} == {field: sorted(written[field]) for field in unread}
