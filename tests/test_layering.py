# SPDX-License-Identifier: GPL-2.0-only
"""Who may import whom. Kernel and hardware meet on the wire: config cycles, interrupts and time, nothing else."""

import ast
import sys
from functools import cache
from graphlib import TopologicalSorter
from importlib.util import resolve_name

import pytest
from paths import ROOT

PACKAGE = ROOT / "kernel_port"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: What each folder, and each module at the top, may import besides itself. A name stands for all that is in it; of two
#: rows, that with the longer name is meant.
MAY_IMPORT = {
    "pci_regs": "",
    "terminal": "",
    "series": "",
    "hw.errors": "",
    # the kernel side
    "kernel.stack": "_stack",
    "kernel": "pci_regs",
    "base": "kernel pci_regs",
    "patch": "base kernel pci_regs",
    "mends": "files hw.errors limits series",
    "choice": "mends series",
    "later": "base kernel patch pci_regs",
    "link": "choice face kernel mends series",
    # the hardware side
    "hw.image": "_shims",
    "hw": "pci_regs",
    "limits": "hw.errors",
    "files": "hw.errors hw.image limits",
    "archives": "hw.errors limits terminal",
    "qemu": "hw pci_regs",
    "images": "archives files hw limits pci_regs qemu terminal",
    # where they meet
    "wiring": "hw kernel link",
    "machine": "_shims choice hw images kernel link pci_regs qemu wiring",
    "users": "hw kernel machine pci_regs",
    "checkpoint": "hw kernel link machine",
    "calls": "hw.errors kernel link machine mends series terminal",
    # what is made of a run
    "trace": "hw kernel machine mends pci_regs review.port terminal",
    "why": """calls checkpoint choice hw hw.address hw.errors images kernel link machine pci_regs review.port series
              terminal trace users""",
    "recordings": "archives choice files hw kernel limits link machine pci_regs trace why",
    "scenarios": "choice hw images kernel machine mends pci_regs series trace users",
    "pool": "",
    "explore": "checkpoint choice hw kernel link machine pool scenarios",
    "exercises.solutions": "base kernel patch",
    "exercises": """choice explore files hw images kernel limits link machine mends patch pci_regs recordings
                    review.port scenarios series trace""",
    "matrix": "choice mends review scenarios terminal",
    "bisect": "calls choice hw.description kernel machine scenarios series terminal trace",
    "census": "choice files hw.errors hw.image images limits machine mends pool terminal why",
    "bench": "hw images machine pci_regs why",
    # our own source, and somebody's C
    "review.pages": "terminal",
    "review.port": "choice files hw.errors link mends series terminal",
    "review.upstream": "archives files hw.errors limits review.port series terminal",
    "review.read": "choice hw.errors link mends review.pages review.port review.upstream series terminal",
    "review.watch": """hw images kernel machine pci_regs review.pages review.port review.read review.upstream terminal
                        trace""",
    "prompt": """calls choice hw hw.errors images kernel machine review.watch terminal trace why""",
    "teach": "hw.errors review.pages terminal",
    # the doors: cli finds the commands by their names, and nobody else imports one
    "__init__": "hw.errors kernel.system link machine prompt",
    "cli": "__init__ hw.errors mends terminal",
    "commands.bench": "_shims bench explore hw images machine pci_regs scenarios terminal",
    "commands._completion": "choice cli hw.errors images link machine mends scenarios series",
    "commands.manual": "__init__ cli hw.errors terminal",
    "commands": """bisect calls census choice exercises explore files hw images limits link machine matrix mends pool
                   prompt recordings review scenarios series teach terminal trace users why""",
    "__main__": "cli",
}  # fmt: skip
#: Modules without a Python source: two in C, and a stub for type checkers.
EXTENSIONS = {"_shims", "_stack", "face"}

KERNEL_SIDE = ("kernel", "base", "patch", "later")
HARDWARE_SIDE = ("hw", "qemu", "images")


def name_of(path):
    """hw.image for kernel_port/hw/image.py, review for kernel_port/review/__init__.py."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def within(name, *prefixes):
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in prefixes)


def row_of(name):
    """The row of MAY_IMPORT for a module, or for what is in it."""
    return max((row for row in MAY_IMPORT if within(name, row)), key=len, default=None)


def allowed(row):
    """The names that the modules of a row may import: their own folder, and what the row says."""
    return [each for each in MAY_IMPORT if within(row, each)] + MAY_IMPORT[row].split()


def imports(source, package):
    """The modules that *source*, in *package*, imports, wherever in it: absolute names, and names within modules."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module
            # What is imported may be a module, as in "from . import pci_regs", or a name within one.
            yield from (f"{module}.{alias.name}" for alias in node.names)


@cache
def imports_of(path):
    """What a module imports from this project, without the project's name (hw.image.ConfigImage), and from others."""
    package = ".".join(path.parent.relative_to(ROOT).parts)
    found = set(imports(path.read_text(), package))
    ours = {name.removeprefix("kernel_port.") for name in found if within(name, "kernel_port")}
    others = {name for name in found if not within(name, "kernel_port")}
    return {name if within(name, *MAY_IMPORT, *EXTENSIONS) else "__init__" for name in ours}, others


def test_imports_sees_every_form():
    source = """
import os.path
from kernel_port.hw import clock
def f():
    from ..hw.fabric import Fabric
    from . import pci
"""
    assert set(imports(source, "kernel_port.base")) == {
        "os.path",
        "kernel_port.hw.clock",
        "kernel_port.hw.fabric.Fabric",
        "kernel_port.base.pci",
    }


def test_every_module_has_a_row_and_every_row_a_module():
    # A folder of folders has nothing but a docstring, so it needs none.
    names = {name_of(path) for path in MODULES if any(imports_of(path)) or path.name != "__init__.py"}
    assert [name for name in names if row_of(name) is None] == []
    assert [row for row in MAY_IMPORT if not any(within(name, row) for name in names)] == []


def test_modules_import_what_their_row_says():
    wrong = {
        f"{name_of(path)} imports {name}"
        for path in MODULES
        for name in imports_of(path)[0]
        if not within(name, *allowed(row_of(name_of(path))))
    }
    assert wrong == set()


def graph():
    """Row -> the rows that it may import, longer names included."""
    return {row: {each for each in MAY_IMPORT if within(each, *MAY_IMPORT[row].split())} for row in MAY_IMPORT}


def test_rows_go_in_no_circle():
    TopologicalSorter(graph()).prepare()


@pytest.mark.parametrize(("side", "other"), [(KERNEL_SIDE, HARDWARE_SIDE), (HARDWARE_SIDE, KERNEL_SIDE)])
def test_no_way_leads_from_one_side_to_the_other(side, other):
    reached, more = set(), {row for row in MAY_IMPORT if within(row, *side)}
    while more:
        reached |= more
        more = set().union(*(graph()[row] for row in more)) - reached
    assert {row for row in reached if within(row, *other, "machine")} == set()


def test_both_sides_need_the_standard_library_alone():
    paths = [path for path in MODULES if within(name_of(path), *KERNEL_SIDE, *HARDWARE_SIDE)]
    others = {name.split(".")[0] for path in paths for name in imports_of(path)[1]}
    assert others <= sys.stdlib_module_names


def test_c_sources_begin_with_their_licence():
    # Those in Python are ruff's (CPY001).
    code = [path for path in ROOT.glob("*/**/*.[ch]") if path.parts[len(ROOT.parts)] in ("c_shims", "tests")]
    line = "SPDX-License-Identifier: GPL-2.0-only"
    assert [path for path in code if line not in path.read_text().split("\n")[0]] == []
