# SPDX-License-Identifier: GPL-2.0-only
"""A kernel as one flat source file, each definition where the C has it.

Base modules are in link order. What a patch modifies is replaced in place; what it adds goes where the C's hunk has it.
Nothing in the text depends on the point of the series: two points differ only where the kernels do.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from ...choice import KernelChoice
from ...link import BASE, link
from .definitions import PACKAGE, Definition, Module, modules, on_top

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


def modules_at(choice: KernelChoice) -> list[Module]:
    """Return the modules whose definitions the flat source of a kernel has: base, its patches, what is on top."""
    series = [each for each in modules() if each.name in BASE or 0 < each.point <= choice.patches]
    return [*series, *on_top(choice.mends)]


def definitions_at(choice: KernelChoice) -> list[Definition]:
    """Return all definitions of a kernel, in the order of the flat source."""
    flat: list[Definition] = []
    for module in modules_at(choice):
        if module.point:
            apply(flat, module)
        else:
            flat += module.definitions
    return flat


def apply(flat: list[Definition], patch: Module) -> None:
    """Apply the definitions of a *patch* to *flat*."""
    previous = ""
    for number, new in enumerate(patch.definitions):
        at = {each.name: index for index, each in enumerate(flat)}
        if new.name not in at:
            following = (each.name for each in patch.definitions[number:] if each.name in at)
            flat.insert(place(flat, at, new, previous, next(following, "")), new)
        elif new.kind == "struct":
            flat[at[new.name]] = grown(flat[at[new.name]], new)
        else:
            flat[at[new.name]] = new
        previous = new.name


def place(flat: list[Definition], at: dict[str, int], new: Definition, previous: str, following: str) -> int:
    """Return the index for an added definition: behind what is before it in C; else behind the *previous* one of its
    module, before the *following* one that exists, at the end of its C file, or at the end."""
    if (behind := BEHIND.get(new.name, previous)) in at:
        return at[behind] + 1
    if following:
        return at[following]
    file = new.origin.file if new.origin else ""
    same = (index + 1 for index, each in enumerate(flat) if each.origin and each.origin.file == file)
    return max(same, default=len(flat))


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


def imports(choice: KernelChoice, definitions: list[Definition]) -> Iterator[str]:
    """Yield import statements for what *definitions* use from outside, one name per line to keep differences small."""
    known = {
        name: where for module in modules_at(choice) for name, where in module.imports.items() if is_outside(where[0])
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
    """Return whether a module's definitions are outside the flat source, which has all but the services."""
    return module.removeprefix(f"{PACKAGE.name}.").partition(".")[0] not in ("base", "patch", "later", "yours")


def source(choice: int | KernelChoice) -> str:
    """Return the flat source of a kernel: a point of the series, 0 (base) to 8, or a KernelChoice.

    :raises LinkError: what is on top does not fit
    :raises ValueError: the series has no such point"""
    choice = KernelChoice.of(choice)
    if choice.extra:
        link(choice)
    definitions = definitions_at(choice)
    texts = (f"\n\n{flat_text(each)}\n" for each in definitions)
    return HEAD + "".join(imports(choice, definitions)) + "".join(texts)
