# SPDX-License-Identifier: GPL-2.0-only
"""Who may import whom. Kernel and hardware meet on the wire: config cycles, interrupts and time, nothing else."""

import ast
import sys
from functools import cache
from importlib.util import resolve_name

from paths import ROOT

PACKAGE = ROOT / "kernel_port"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, ROOT / "setup.py", *ROOT.glob("tests/**/*.py"), *ROOT.glob("c_shims/*.*")]

KERNEL_SIDE = {"kernel", "base", "patch"}
HARDWARE_SIDE = {"hw", "images"}
#: Rooms that know both sides: the composer, those that play one side's part to the other, and those that show both.
COMPOSERS = {
    "__init__", "__main__", "machine", "calls", "trace", "why", "recordings", "bench", "review", "commands", "cli",
    "scenarios", "bisect", "checkpoint",
}  # fmt: skip


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


def wings(names):
    return {name.split(".")[0] for name in names}


def offenders(allows, *wanted):
    """The modules of the *wanted* packages, or of all, that *allows* does not allow."""
    paths = [path for path in MODULES if not wanted or name_of(path).split(".")[0] in wanted]
    return [name_of(path) for path in paths if not allows(path)]


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


def test_hw_imports_hw_and_registers_alone():
    def allows(path):
        return wings(project_imports(path)) <= {"hw", "pci_regs"} | ({"_shims"} if path.name == "image.py" else set())

    assert offenders(allows, "hw") == []


def test_both_sides_need_the_standard_library_alone():
    def allows(path):
        package = ".".join(path.parent.relative_to(ROOT).parts)
        return wings(imports(path.read_text(), package)) <= sys.stdlib_module_names | {"kernel_port"}

    assert offenders(allows, "hw", "kernel", "base", "patch") == []


def test_kernel_side_never_imports_hardware():
    # _stack is the part of kernel.system that is written in C.
    allowed = KERNEL_SIDE | {"pci_regs", "_stack"}
    assert offenders(lambda path: wings(project_imports(path)) <= allowed, *KERNEL_SIDE) == []


def test_images_never_import_the_kernel_side():
    assert offenders(lambda path: wings(project_imports(path)) <= HARDWARE_SIDE | {"pci_regs", "files"}, "images") == []


def test_only_composers_import_both_sides():
    def allows(path):
        seen = wings(project_imports(path))
        return name_of(path).split(".")[0] in COMPOSERS or not (seen & KERNEL_SIDE and seen & HARDWARE_SIDE)

    assert offenders(allows) == []


def test_the_shim_has_few_users():
    # The image for the bytes, the composer for the delays, and the one that measures both.
    users = {"hw.image", "machine", "commands.bench"}
    assert offenders(lambda path: "_shims" not in wings(project_imports(path)) or name_of(path) in users) == []


def test_sources_begin_with_their_licence():
    code = [path for path in SOURCES if path.suffix in {".py", ".h", ".c"}]
    line = "SPDX-License-Identifier: GPL-2.0-only"
    assert [path for path in code if line not in path.read_text().split("\n")[0]] == []
