# SPDX-License-Identifier: GPL-2.0-only
"""The kernel at a point of the series as one flat source file, each definition where the C has it.

Base modules are in link order. What a patch modifies is replaced in place; what it adds goes where the C's hunk has it.
Nothing in the text depends on the point of the series: two points differ only where the kernels do.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ...link import BASE
from ...series import PATCHES
from .definitions import PACKAGE, Definition, Module, modules

#: Added function -> what is before it in C. Other added functions follow the previous one of their patch.
BEHIND = {
    "pci_reset_bridge_secondary_bus": "pci_pm_reset",
    "pci_hp_reset_slot": "pci_hp_change_slot_info",
    "reset_slot": "get_adapter_status",
    "pciehp_reset_slot": "pcie_disable_notification",
    "pci_dev_reset_slot_function": "pci_parent_bus_reset",
    "pci_dev_lock": "__pci_dev_reset",
    "pci_bus_lock": "pci_reset_function",
}
HEAD = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Linux 3.11 as ported. Written by kernel-port export."""

from __future__ import annotations

'''


def modules_at(point: int) -> list[Module]:
    """Return the modules whose definitions the flat source of *point* has: base, and the patches up to there."""
    return [each for each in modules() if each.name in BASE or 0 < each.point <= point]


def definitions_at(point: int) -> list[Definition]:
    """Return all definitions of the kernel at *point*, in the order of the flat source."""
    flat: list[Definition] = []
    for module in modules_at(point):
        if module.point:
            apply(flat, module)
        else:
            flat += module.definitions
    return flat


def apply(flat: list[Definition], patch: Module) -> None:
    """Apply the definitions of a *patch* to *flat*."""
    previous = ""
    for new in patch.definitions:
        at = {each.name: index for index, each in enumerate(flat)}
        if new.name not in at:
            flat.insert(at[BEHIND.get(new.name, previous)] + 1, new)
        elif new.kind == "struct":
            flat[at[new.name]] = grown(flat[at[new.name]], new)
        else:
            flat[at[new.name]] = new
        previous = new.name


def grown(old: Definition, new: Definition) -> Definition:
    """Return a struct with the members that its subclass adds, and the subclass's docstring."""
    base, subclass = old.node, new.node
    assert isinstance(base, ast.ClassDef)
    assert isinstance(subclass, ast.ClassDef)
    head = old.text.splitlines()[: base.body[0].lineno - old.first]
    members = [lines_of(old, node) for node in base.body[1:]]
    added = [lines_of(new, node) for node in subclass.body if isinstance(node, ast.AnnAssign)]
    return replace(new, text="\n".join([*head, lines_of(new, subclass.body[0]), "", *members, *added]))


def lines_of(definition: Definition, node: ast.stmt) -> str:
    """Return the lines of a statement in a definition."""
    lines = definition.text.splitlines()
    return "\n".join(lines[node.lineno - definition.first : (node.end_lineno or 0) - definition.first + 1])


def flat_text(definition: Definition) -> str:
    """Return a definition as it is in the flat source, with the mark that exports it."""
    text = definition.text
    if definition.origin:
        text = text.replace(f"C: {definition.origin.text}", f"C: {definition.origin.lasting}", 1)
    return f"{text}\n\n\n{definition.export}({definition.name})" if definition.export else text


def imports(point: int, definitions: list[Definition]) -> Iterator[str]:
    """Yield import statements for what *definitions* use from outside, one name per line to keep differences small."""
    known = {
        name: where for module in modules_at(point) for name, where in module.imports.items() if is_outside(where[0])
    }
    used = {name for each in definitions for name in (*each.uses, each.export)}
    names: dict[str, set[str]] = defaultdict(set)
    for name in used & known.keys() - {each.name for each in definitions}:
        module, original = known[name]
        names[module].add(original if original == name else f"{original} as {name}" if original else "")
    for module in sorted(names, key=lambda module: (module.startswith("kernel_port."), module)):
        if names[module] == {""}:
            yield f"import {module}\n"
        else:
            yield f"from {module} import (\n" + "".join(f"    {name},\n" for name in sorted(names[module])) + ")\n"


def is_outside(module: str) -> bool:
    """Return whether a module's definitions are outside the flat source, which has all of base and patches."""
    return module.removeprefix(f"{PACKAGE.name}.").partition(".")[0] not in ("base", "patch")


def source(point: int) -> str:
    """Return the flat source of the kernel at *point* of the series, 0 (base) to 8.

    :raises ValueError: the series has no such point"""
    if not 0 <= point <= len(PATCHES):
        raise ValueError(f"there is no point {point} of the series: it runs from 0 (base) to {len(PATCHES)}")
    definitions = definitions_at(point)
    texts = (f"\n\n{flat_text(each)}\n" for each in definitions)
    return HEAD + "".join(imports(point, definitions)) + "".join(texts)
