# SPDX-License-Identifier: GPL-2.0-only
"""Every test in the ladder that refuses a reset has a comment, which is what why prints. Oracle: the syntax trees."""

import ast
from errno import ENOTTY
from types import FunctionType

import pytest

from kernel_port.link import link
from kernel_port.why.source import Condition, source

#: What a user calls, or asks: each may refuse, itself or by what it calls.
CALLS = ("pci_probe_reset_function", "pci_reset_function", "pci_reset_slot", "pci_reset_bus")


def is_error(value):
    """Whether an expression is -E..."""
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub) and isinstance(value.operand, ast.Name)


def results(text):
    """Each `return` of a function, and what it returns: of a variable, all that it is set to; with what sets it."""
    for statement in text.statements:
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
            for setter in text.statements:
                if isinstance(setter, ast.Assign) and ast.unparse(setter.targets[0]) == statement.value.id:
                    yield statement, setter, setter.value
        elif isinstance(statement, ast.Return):
            yield statement, statement, statement.value


def has_comment(text, returned, setter):
    """Whether a comment tells why the literal error of *setter* is the result at *returned*."""
    around = text.enclosing(setter) or text.enclosing(returned)
    if not around:  # what is left when no test before led elsewhere
        around = [each for each in text.statements if isinstance(each, Condition) and each.lineno < returned.lineno]
    return any(text.comment(each) for each in (*around[-1:], returned, setter))


def uncommented(symbols, name, seen):
    """The errors that function *name*, or one whose result it passes on, returns without comment: (function, line)."""
    function = symbols.get(name)
    if name in seen or not isinstance(function, FunctionType):
        return
    seen.add(name)
    text = source(function.__code__)
    for returned, setter, value in results(text):
        if is_error(value) and not has_comment(text, returned, setter):
            yield name, text.text(returned)
        elif isinstance(value, ast.Call):
            callee = value.func.attr if isinstance(value.func, ast.Attribute) else ast.unparse(value.func)
            yield from uncommented(symbols, callee, seen)


@pytest.mark.parametrize("point", range(9))
def test_every_guard_of_a_reset_has_a_comment(point):
    seen = set()
    assert [each for name in CALLS for each in uncommented(vars(link(point)), name, seen)] == []
    ladder = {"pci_dev_specific_reset", "pcie_flr", "pci_af_flr", "pci_pm_reset", "pci_parent_bus_reset"}
    later = {4: {"pci_reset_function"}, 5: {"pci_dev_reset_slot_function", "pci_hp_reset_slot", "pciehp_reset_slot"}}
    assert seen >= ladder.union(*(names for since, names in later.items() if point >= since))


def told(value):
    # nobody is there
    if not value:
        return -ENOTTY
    rc = -ENOTTY
    # somebody is there, and cannot
    if value > 1:
        rc = told(value - 1)
    return rc


def untold(value):
    if not value:
        return -ENOTTY
    rc = told(value)
    if rc:
        return rc
    return -ENOTTY  # for want of a better idea


def test_uncommented_finds_the_guard_without_a_comment():
    symbols = {"told": told, "untold": untold}
    assert list(uncommented(symbols, "told", set())) == []
    assert list(uncommented(symbols, "untold", set())) == [("untold", "return -ENOTTY")]
