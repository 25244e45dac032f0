# SPDX-License-Identifier: GPL-2.0-only
"""The glossary: its registers are those of the data sheet, its places are in the code."""

import ast
import re

import pytest
from paths import ROOT

from kernel_port import pci_regs
from kernel_port.hw.errors import MachineError
from kernel_port.hw.registers import SHEET
from kernel_port.scenarios import names
from kernel_port.teach.lessons import entries, glossary, terms

TEXT = " ".join(glossary().split())
REGISTERS = re.findall(r"`(PCI_\w+)` at (\+?0x\w+) \((.+?)\)", TEXT)
BITS = re.findall(r"bits? (\d+)(?::(\d+))?, `(PCI_\w+)`", TEXT)
PLACES = re.findall(r"((?:`\w+`(?:,| and|) )+)in (?:`([\w/]+\.py)`)(?: and in `([\w/]+\.py)`)?", TEXT)


def defined(file):
    """What a module defines at its top."""
    for node in ast.parse((ROOT / "kernel_port" / file).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_registers_are_where_the_data_sheet_has_them():
    assert len(REGISTERS) > 50
    assert [(name, int(offset, 16), clause) for name, offset, clause in REGISTERS] == [
        (name, SHEET[name].offset, SHEET[name].clause) for name, _, _ in REGISTERS
    ]


def test_bits_are_those_of_the_header():
    assert len(BITS) > 40
    for high, low, name in BITS:
        mask = (2 << int(high)) - (1 << int(low or high))
        assert getattr(pci_regs, name) == mask, name


def test_every_register_and_bit_has_its_place():
    placed = {name for name, _, _ in REGISTERS} | {name for _, _, name in BITS}
    assert set(re.findall(r"`(PCI_\w+)`", TEXT)) == placed


def test_code_places_exist():
    assert len(PLACES) > 60
    for named, *files in PLACES:
        for file in filter(None, files):
            for name in re.findall(r"`(\w+)`", named):
                assert name in defined(file), (name, file)
    assert len(re.findall(r"`[\w/]+\.py`", TEXT)) == sum(len(list(filter(None, files))) for _, *files in PLACES)


def test_every_term_has_code_and_the_terms_are_in_order():
    assert len(terms()) >= 60
    assert [term for term, text in terms().items() if "\n- Code: " not in text] == []
    order = [term.casefold().replace("_", " ") for term in terms()]
    assert order == sorted(order)


def test_scenarios_named_exist():
    named = re.findall(r"scenarios? `([\w-]+)`(?: and `([\w-]+)`)?", TEXT)
    assert named
    assert [name for pair in named for name in pair if name and name not in names()] == []


@pytest.mark.parametrize(
    ("term", "headings"),
    [
        ("flr", ["FLR, Function Level Reset"]),
        ("Function Level Reset", ["FLR, Function Level Reset"]),
        ("function", ["Function"]),  # itself, not all that have the word
        ("indicator", ["Attention indicator", "Power indicator"]),
    ],
)
def test_entries_are_found_by_term_or_word(term, headings):
    assert re.findall(r"^## (.+)$", entries(term), re.MULTILINE) == headings


def test_unknown_term_is_said_in_one_line():
    with pytest.raises(MachineError, match="does not have 'frobnicate'; kernel-port lesson glossary lists its"):
        entries("frobnicate")
