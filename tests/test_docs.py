# SPDX-License-Identifier: GPL-2.0-only
"""Docstrings, as far as no rule of ruff knows: methods that override nothing; kernel code names its C source."""

import importlib
import inspect
import pkgutil
import re
from types import FunctionType

from paths import ROOT

import kernel_port
from kernel_port.mends import shipped
from kernel_port.review.port.definitions import modules, origin

MODULES = [name for _, name, _ in pkgutil.walk_packages(kernel_port.__path__, "kernel_port.")
           if name.rpartition(".")[2] not in ("__main__", "_shims", "_stack")]  # fmt: skip
#: Kernel code, where every function and struct stands for one of the C. The services' linker has no C.
KERNEL = {f"kernel_port.{each.name}": each.point for each in modules() if each.name != "pci_regs"}


def own(module):
    """What a module defines itself, functions and classes, private ones left out unless it is kernel code."""
    for name, each in vars(module).items():
        is_own = isinstance(each, (FunctionType, type)) and each.__module__ == module.__name__
        if is_own and (module.__name__ in KERNEL or not name.startswith("_")):
            yield name, each


def methods(cls):
    for name, each in vars(cls).items():
        function = each.fget if isinstance(each, property) else getattr(each, "__func__", each)
        if isinstance(function, FunctionType) and not name.startswith("_"):
            yield name, inspect.getdoc(getattr(cls, name))


def silent(module):
    """The public methods in a module that have no docstring, nor does a protocol have one for them."""
    protocols = [each for _, each in own(module) if getattr(each, "_is_protocol", False)]
    told = {method for protocol in protocols for method, doc in methods(protocol) if doc}
    for symbol, each in own(module):
        if isinstance(each, type):
            yield from (f"{symbol}.{method}" for method, doc in methods(each) if not doc and method not in told)


def test_public_methods_say_what_they_do():
    assert {name: found for name in MODULES if (found := list(silent(importlib.import_module(name))))} == {}


def test_kernel_code_names_its_c_source():
    symbols = [(name, symbol, each) for name in KERNEL for symbol, each in own(importlib.import_module(name))]
    origins = [(name, symbol, origin(inspect.getdoc(each) or "")) for name, symbol, each in symbols]
    assert [(name, symbol) for name, symbol, found in origins if not (found and found.since)] == []


def test_patch_functions_name_their_patch():
    for name, number in KERNEL.items():
        for symbol, each in own(importlib.import_module(name)):
            assert (origin(inspect.getdoc(each)).since == f"patch {number}") == (number > 0), symbol


def test_functions_of_mends_name_their_c_source_and_version():
    for mend in shipped().values():
        for symbol, each in own(mend.code):
            found = origin(inspect.getdoc(each) or "")
            assert found, symbol
            assert found.since == mend.version, symbol


def test_contributing_names_what_exists():
    named = re.findall(r"`((?:kernel_port|tests|c_shims)/[\w/.]*)`", (ROOT / ".github/CONTRIBUTING.md").read_text())
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_reading_order_names_ten_modules_that_exist():
    _, _, section = (ROOT / "docs/series.md").read_text().partition("\n## Reading order\n")
    lines = re.findall(r"^(\d+)\. `kernel_port/([\w/.]+)`: .+$", section.partition("\n## ")[0], re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 11))
    for _, file in lines:
        assert (ROOT / "kernel_port" / file).exists(), file
