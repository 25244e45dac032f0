# SPDX-License-Identifier: GPL-2.0-only
"""What tools see of the kernel, which is linked when the program runs: stub files that name every symbol.

__init__.pyi is for `kernel_port.pci_reset_slot`, face.pyi for `machine.kernel.pci_reset_slot`. Both lead to the newest
definition, so signatures stand once. Names of registers are not in them: those are kernel_port.pci_regs's.

`python -m kernel_port.review.port.face` writes both; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...files import write_text
from .definitions import PACKAGE, Definition, modules

HEAD = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""{doc}

Written by `python -m kernel_port.review.port.face`; a test compares.
"""

{imports}
'''
PACKAGE_DOC = "What type checkers see of kernel_port: boot(), and the symbols of the fully patched kernel."
CLASS_DOC = "What type checkers see of a linked kernel, if it has all patches."
CLASS = '''\
class PatchedKernel:
    """The symbols of the fully patched kernel."""

    __name__: str

    def __init__(self, name: str) -> None: ...
'''


def newest() -> dict[str, list[Definition]]:
    """Return module -> its definitions that no patch replaces, in link order."""
    ours = [module for module in modules() if module.name != "pci_regs"]
    last = {each.name: each for module in ours for each in module.definitions}
    found = {module.name: [each for each in module.definitions if last[each.name] is each] for module in ours}
    return {name: definitions for name, definitions in found.items() if definitions}


def alias(module: str) -> str:
    """Return what a module is called in the stubs: base_pci for base.pci, patch_p06 for a patch."""
    folder, _, stem = module.partition(".")
    return f"{folder}_{stem.partition('_')[0] if folder == 'patch' else stem}"


def imports(*more: str) -> str:
    """Return the statements that import the modules of the kernel side, and *more* of them, sorted."""
    ours = (f"from .{name.replace('.', ' import ')} as {alias(name)}" for name in newest())
    return "\n".join(sorted([*ours, *more]))


def assignments(indent: str, function: str) -> Iterator[str]:
    """Yield a line for each symbol, by module.

    :param function: how to write one that is a function, with the function for %s"""
    for module, definitions in newest().items():
        yield f"\n{indent}# {definitions[0].file}"
        for each in definitions:
            symbol = f"{alias(module)}.{each.name}"
            yield f"{indent}{each.name} = {function % symbol if each.kind == 'function' else symbol}"


def files() -> dict[Path, str]:
    """Return the stub files and what is in them."""
    package = HEAD.format(doc=PACKAGE_DOC, imports=imports("from .machine import boot as boot"))
    package += "\n".join(["\n__version__: str", *assignments("", "%s"), ""])
    face = HEAD.format(doc=CLASS_DOC, imports=imports())
    face += "\n".join([f"\n{CLASS.rstrip()}", *assignments("    ", "staticmethod(%s)"), ""])
    return {PACKAGE / "__init__.pyi": package, PACKAGE / "face.pyi": face}


if __name__ == "__main__":
    for path, text in files().items():
        write_text(path, text)
