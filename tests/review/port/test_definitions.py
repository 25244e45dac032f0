# SPDX-License-Identifier: GPL-2.0-only
"""Our own source as data. Oracles: Python's own inspect and import, and "C:" lines written out by hand."""

import inspect
from importlib import import_module
from types import FunctionType

import pytest

from kernel_port.link import link
from kernel_port.review.port.definitions import Origin, included, module, modules, origin


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("C: drivers/pci/pci.c, static, patch 1", ("drivers/pci/pci.c", "", "static", "function", "patch 1")),
        ("C: include/linux/pci.h, static inline, base", ("include/linux/pci.h", "", "static", "function", "base")),
        ("C: include/linux/pci.h, struct, base", ("include/linux/pci.h", "", "", "struct", "base")),
        ("C: lib/x.c, static variable, service", ("lib/x.c", "", "static", "variable", "service")),
        ("C: a/b.h, macro, base; PORT: no macro", ("a/b.h", "", "", "macro", "base")),
        ("C: a/b.c f() for each, exported, base; PORT: a, b", ("a/b.c", "f", "exported", "function", "base")),
        ("C: arch/x86/kernel/entry.S, service", ("arch/x86/kernel/entry.S", "", "", "function", "service")),
    ],
)
def test_origin_is_what_the_c_line_says(line, expected):
    found = origin(f"Do it.\n\n    {line}\n    :return: C: nothing")
    assert found == Origin(line.removeprefix("C: "), *expected)
    assert str(found) == line.removeprefix("C: ")


def test_origin_lasting_says_nothing_of_the_patch():
    assert origin("C: drivers/pci/pci.c, static, patch 5").lasting == "drivers/pci/pci.c, static"
    assert origin("C: a.c f(), base; PORT: as in base").lasting == "a.c f(); PORT: as in base"


def test_origin_of_a_docstring_without_c_is_none():
    assert origin("Do it.\n\n:param x: C: none") is None


def test_modules_define_what_python_finds_in_them():
    for each in modules():
        found = import_module(f"kernel_port.{each.name}")
        own = {
            name: inspect.getsourcelines(value)[1]
            for name, value in vars(found).items()
            if isinstance(value, FunctionType) and value.__module__ == found.__name__
        }
        assert own == {d.name: d.line for d in each.definitions if d.kind == "function"}
        assert (found.__doc__ or "").startswith(each.doc.partition("\n")[0])


def test_definition_has_the_lines_of_its_file():
    for definition in module("patch.p07_add_slot_and_bus_reset_interfaces").definitions:
        function = getattr(import_module(f"kernel_port.{definition.module}"), definition.name)
        assert inspect.getsource(function) == f"{definition.text}\n"
        assert definition.node.lineno == definition.line == inspect.getsourcelines(function)[1]


def test_export_marks_are_those_the_linker_collects():
    marked = {d.name for each in modules() for d in each.definitions if d.export}
    assert marked == set(link(8).exports)


def test_star_import_of_our_own_leads_to_where_the_names_are_from():
    found = dict(included("kernel_port.base.pciehp"))
    assert found["controller"] == ("kernel_port.base.pciehp", "controller")
    assert found["mutex"] == ("kernel_port.kernel.mutex", "mutex")
    assert [name for name in found if name.startswith("_")] == []


def test_star_import_of_a_library_is_all_its_public_names():
    import errno

    assert dict(included("errno")) == {name: ("errno", name) for name in dir(errno) if not name.startswith("_")}
