# SPDX-License-Identifier: GPL-2.0-only
"""The skeleton of a module of one's own: functions of a kernel as they are, to be changed."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ...choice import KernelChoice
from ...hw.errors import MachineError, did_you_mean
from ...link import link
from .definitions import PACKAGE, Definition, Module, modules
from .flat import modules_at
from .symbols import local_names

HEAD = '''\
"""pci: What it does, in a line

Why: what is wrong with the kernel as it is.
What: in {files}, {functions}.
Look at: what a reviewer should ask.
"""

'''


def skeleton(choice: KernelChoice, name: str, functions: Sequence[str]) -> str:
    """Return the text of a module *name* that modifies *functions* of a kernel, and so far changes nothing.

    :raises LinkError: what is on top of the series does not fit
    :raises MachineError: the kernel has no such function"""
    link(choice)
    found = [newest(choice, function) for function in dict.fromkeys(functions)]
    files = ", ".join(dict.fromkeys(each.origin.file for _, each in found if each.origin)) or "the kernel"
    names = [each.name for _, each in found]
    head = HEAD.format(files=files, functions=", ".join(f"{each}()" for each in names))
    on_top = {mend.module: mend.name for mend in choice.mends}
    requires = dict.fromkeys(on_top[module.name] for module, _ in found if module.name in on_top)
    declared = f"ADDS = ()\nMODIFIES = {listed(names)}\n" + (f"REQUIRES = {listed(requires)}\n" if requires else "")
    texts = (f"\n\n{text_of(each, name)}\n" for _, each in found)
    return head + "".join(imports(choice, found)) + "\n" + declared + "".join(texts)


def newest(choice: KernelChoice, function: str) -> tuple[Module, Definition]:
    """Return the version of a function that a kernel has, and its module.

    :raises MachineError: it has none"""
    all_ = {each.name: (module, each) for module in modules_at(choice) for each in module.definitions}
    if function not in all_ or all_[function][1].kind != "function":
        known = [name for name, (_, each) in all_.items() if each.kind == "function"]
        hint = did_you_mean(function, known, "kernel-port show finds a function")
        raise MachineError(f"{choice.name} has no function {function} to modify; {hint}")
    return all_[function]


def text_of(definition: Definition, name: str) -> str:
    """Return a function as it is, with the module *name* in its "C:" line, and its export."""
    text = definition.text
    if definition.origin and definition.origin.since:
        text = text.replace(f", {definition.origin.since}", f", {name}", 1)
    return f"{text}\n\n\n{definition.export}({definition.name})" if definition.export else text


def imports(choice: KernelChoice, found: list[tuple[Module, Definition]]) -> Iterator[str]:
    """Yield the statements that import what functions use, each name from the last module of ours that defines it."""
    defined = [(each.name, module.name) for module in (*modules(), *modules_at(choice)) for each in module.definitions]
    at = {name: module for name, module in defined if not module.startswith("yours.")}
    by_users = {name for name, module in defined if module.startswith("yours.")} - at.keys()  # the linker finds them
    names: dict[str, set[str]] = defaultdict(set)
    own = {each.name for _, each in found}
    for module, each in found:
        used = (each.uses | {each.export}) - local_names(each.node) - own - by_users - {""}
        for name in used:
            if name in at:
                names[f"{PACKAGE.name}.{at[name]}"].add(name)
            elif name in module.imports and module.imports[name][1]:
                source, original = module.imports[name]
                names[source].add(original if original == name else f"{original} as {name}")
            elif not hasattr(builtins, name):
                names[f"{PACKAGE.name}.kernel.structs"].add(name)
    for source in sorted(names, key=lambda source: (source.startswith(f"{PACKAGE.name}."), source)):
        line = f"from {source} import {', '.join(sorted(names[source]))}"
        if len(line) > 120:
            line = f"from {source} import (\n" + "".join(f"    {name},\n" for name in sorted(names[source])) + ")"
        yield line + "\n"


def listed(names: Iterable[str]) -> str:
    """Return names as the text of a tuple."""
    quoted = [f'"{name}"' for name in names]
    return f"({', '.join(quoted)}{',' * (len(quoted) == 1)})"
