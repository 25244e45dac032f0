# SPDX-License-Identifier: GPL-2.0-only
"""The reader of kernel C. Oracle: what is written here, by line, and time."""

import random
import time

import pytest

from kernel_port.review.upstream.csource import CSource, read
from kernel_port.review.upstream.tree import Texts

PCI_C = """\
#include <linux/pci.h>
/* int in_comment(void)
{
} */
#define PCI_OP(size, type) \\
int pci_op_##size(struct pci_dev *dev, type *value) \\
{ \\
	return 0; \\
}

PCI_OP(byte, u8)
PCI_OP(word, u16);

#define ATTN(ctrl) ((ctrl)->cap & 1)
#define PLAIN 1

static const struct toy table[] = {
	{ 1, "}" },
};

/**
 * pci_two - a comment is not part of it
 */
static int __must_check
pci_two(struct pci_dev *dev,
	int probe)
{
	if (probe) {
		char c = '{';
		return c; // }
	}
	return 0;
}
EXPORT_SYMBOL_GPL(pci_two);

static noinline void pci_wait(struct pci_dev *dev)
	__must_hold(&pci_lock)
{
	list_for_each_entry(dev, &head, list) {
	}
}

#ifdef CONFIG_TOY
static inline bool one_line(void) { return true; }
#else
static inline bool other(void) { return false; }
#endif
"""
PCI_H = """\
#ifndef PCI_H
struct hotplug_slot_ops {
	struct module *owner;
	int (*enable_slot) (struct hotplug_slot *slot);
	u8 a, b[4], c:1;
	struct { int nested; } inner;
};
int pci_two(struct pci_dev *dev, int probe);
static inline void pci_wait(struct pci_dev *dev) { }
#endif
"""


@pytest.fixture
def source():
    return CSource(Texts("toy", {"drivers/pci/pci.c": PCI_C, "drivers/pci/pci.h": PCI_H}))


def test_functions_of_a_file_in_order(source):
    names = [(function.name, function.kind) for function in source.functions("drivers/pci/pci.c")]
    assert names == [
        ("PCI_OP", "macro"), ("pci_op_byte", "generated"), ("pci_op_word", "generated"), ("ATTN", "macro"),
        ("pci_two", "function"), ("pci_wait", "function"), ("one_line", "function"), ("other", "function"),
    ]  # fmt: skip


def test_find_gives_lines_text_and_prototype(source):
    found = source.find("pci_two")
    lines = PCI_C.splitlines()
    assert found.prototype == "static int __must_check pci_two(struct pci_dev *dev, int probe)"
    assert (lines[found.line - 1], lines[found.end_line]) == ("static int __must_check", "EXPORT_SYMBOL_GPL(pci_two);")
    assert found.text.splitlines() == lines[found.line - 1 : found.end_line]
    assert found.is_static


def test_find_prefers_the_named_file_then_code_over_headers(source):
    assert source.find("pci_wait").file == "drivers/pci/pci.c"
    assert source.find("pci_wait", "drivers/pci/pci.h").file == "drivers/pci/pci.h"
    assert source.find("pci_missing") is None


def test_generated_function_has_its_own_prototype_and_the_macros_lines(source):
    found = source.find("pci_op_word")
    assert found.prototype == "int pci_op_word(struct pci_dev *dev, u16 *value)"
    assert (found.line, found.end_line) == (5, 9)


def test_annotation_after_the_parameters_does_not_hide_the_name(source):
    assert source.find("pci_wait").prototype.startswith("static noinline void pci_wait(struct pci_dev *dev)")
    assert source.find("__must_hold") is None


def test_struct_members(source):
    found = source.find_struct("hotplug_slot_ops")
    assert found.members == ("owner", "enable_slot", "a", "b", "c", "inner")
    assert (found.line, found.end_line) == (2, 7)


def test_piece_of_a_file_that_begins_and_ends_within_functions():
    piece = " * the rest of a comment { */\nint first(void)\n{\n}\n\nint second(int a)\n{\n\treturn a;\n"
    assert [(f.name, f.line, f.end_line) for f in read(piece, unfinished=True).functions] == [
        ("first", 2, 4), ("second", 6, 8),
    ]  # fmt: skip
    assert read(piece).functions == ()


def test_piece_that_begins_in_a_loop_has_no_function_of_the_loops_name():
    piece = "\tlist_for_each_entry(dev, head, list) {\n\t\treset(dev);\n\t}\n}\n\nint after(void)\n{\n}\n"
    assert [f.name for f in read(piece, unfinished=True).functions] == ["after"]


def test_brace_in_column_0_ends_a_body_whatever_went_before():
    text = "int a(void)\n{\n#if X\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\t}\n}\n\nint b(void)\n{\n}\n"
    assert [f.name for f in read(text).functions] == ["a", "b"]


@pytest.mark.parametrize(
    "piece",
    ["/*", "a(", "{", "\n{}", "a(b)\n", "#\\\n", '"', "x", " ", "a(" + " " * 9, "\n", ")\n\n", "struct s {\n", "a,b;\n",
     "[", "*", "\\\n", "#define a(b) c##b {\n", "a(b);\n", "'", "//", "=", "\r", "\0", "é"],
)  # fmt: skip
def test_read_takes_time_in_proportion_to_the_length(piece):
    def seconds(length):
        text = (piece * (length // len(piece) + 1))[:length] + "(){"
        start = time.process_time()
        read(text, unfinished=True)
        return time.process_time() - start

    # Ten times as long: ten times the time, a hundred times if it were quadratic. Very short times are noise.
    assert seconds(75_000) < 40 * max(seconds(7_500), 0.0025)


@pytest.mark.parametrize("seed", range(4))
def test_read_garbage_gives_names_within_it(seed):
    tokens = ["/*", "*/", "{", "}", "\n}", "(", ")", ";", "\n", "\\\n", "#define ", '"', "'", "a(", "x ", "struct s {"]
    text = "".join(random.Random(seed).choices(tokens, k=50_000))
    found = read(text, unfinished=True)
    lines = text.count("\n") + 1
    assert all(1 <= function.line <= function.end_line <= lines for function in found.functions)
    assert all(function.name in text for function in found.functions if function.kind == "function")
