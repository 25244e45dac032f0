# SPDX-License-Identifier: GPL-2.0-only
"""Who may import whom. Kernel and hardware meet on the wire: config cycles, interrupts and time, nothing else."""

import ast
import sys
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "kernel_port"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, ROOT / "setup.py", *ROOT.glob("tests/**/*.py"), *ROOT.glob("c_shims/*.*")]

KERNEL_SIDE = {"kernel", "base", "patch"}
HARDWARE_SIDE = {"hw", "images"}
#: Rooms that know both sides: the composer, those that play one side's part to the other, and those that show both.
COMPOSERS = {"__init__", "__main__", "machine", "trace", "review", "commands", "cli", "scenarios",
             "bisect", "checkpoint"}  # fmt: skip


def name_of(path):
    """hw.image for kernel_port/hw/image.py."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


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
def project_imports(path):
    """What a module imports from this project, without the project's name: hw.image.ConfigImage."""
    package = ".".join(path.parent.relative_to(ROOT).parts)
    found = imports(path.read_text(), package)
    return {name.removeprefix("kernel_port.") for name in found if name.startswith("kernel_port.")}


def rooms(names):
    return {name.split(".")[0] for name in names}


def parametrize(*rooms):
    """Run a test with each module of the rooms; all of them if none is named."""
    paths = [path for path in MODULES if not rooms or name_of(path).split(".")[0] in rooms]
    return pytest.mark.parametrize("path", paths, ids=name_of)


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


@parametrize("hw")
def test_hw_imports_hw_and_registers_alone(path):
    allowed = {"hw", "pci_regs"} | ({"_shims"} if path.name == "image.py" else set())
    assert rooms(project_imports(path)) <= allowed


@parametrize("hw", "kernel", "base", "patch")
def test_both_sides_need_the_standard_library_alone(path):
    package = ".".join(path.parent.relative_to(ROOT).parts)
    assert rooms(imports(path.read_text(), package)) <= sys.stdlib_module_names | {"kernel_port"}


@parametrize("kernel", "base", "patch")
def test_kernel_side_never_imports_hardware(path):
    assert rooms(project_imports(path)) <= KERNEL_SIDE | {"pci_regs"}


@parametrize("images")
def test_images_never_import_the_kernel_side(path):
    assert rooms(project_imports(path)) <= HARDWARE_SIDE | {"pci_regs", "files"}


@parametrize()
def test_only_composers_import_both_sides(path):
    seen = rooms(project_imports(path))
    assert name_of(path).split(".")[0] in COMPOSERS or not (seen & KERNEL_SIDE and seen & HARDWARE_SIDE)


@parametrize()
def test_the_shim_has_few_users(path):
    # The image for the bytes, the composer for the delays, and the one that measures both.
    assert "_shims" not in rooms(project_imports(path)) or name_of(path) in {"hw.image", "machine", "commands.bench"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_begins_with_its_licence(path):
    if path.suffix in {".py", ".h", ".c"}:
        assert "SPDX-License-Identifier: GPL-2.0-only" in path.read_text().split("\n")[0]
