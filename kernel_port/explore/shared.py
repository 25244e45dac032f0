# SPDX-License-Identifier: GPL-2.0-only
"""What threads of a scenario share outside the machine: Python variables of the script, which nobody watches."""

from __future__ import annotations

import dis
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from ..scenarios import Scenario

#: What does not change, or is watched.
_CONSTANT = (str, bytes, int, float, type(None), type, ModuleType, BuiltinFunctionType, Enum, Scenario)


def shared_variables(scenario: Scenario) -> str:
    """Return why the threads of *scenario* are not seen to share nothing but the machine; "" if they are.

    What its preparation leaves behind, such as a driver, runs on any thread."""
    users = [*scenario.threads.values(), *([scenario.prepare] * 2 if scenario.prepare else [])]
    times = Counter(key for user in users for key in set(_variables(user)))
    names = sorted({name for (_, name), count in times.items() if count > 1})
    return f"threads of the script share {', '.join(names)}" if names else ""


def _variables(function: Any) -> Iterator[tuple[int, str]]:
    """Yield the variables and containers that a function can change, and what it calls in its own module."""
    pending, seen = [("", function)], set()
    while pending:
        name, thing = pending.pop()
        if id(thing) in seen or (isinstance(thing, _CONSTANT) and not isinstance(thing, tuple)):
            continue
        seen.add(id(thing))
        if isinstance(thing, FunctionType):
            codes = list(_codes(thing.__code__))
            for code in codes:
                for each in dis.get_instructions(code):
                    if each.opname == "STORE_GLOBAL":
                        yield id(thing.__globals__), each.argval
            stored = {each.argval for code in codes for each in dis.get_instructions(code)
                      if each.opname in ("STORE_DEREF", "DELETE_DEREF")}  # fmt: skip
            for free, cell in zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True):
                if free in stored:
                    yield id(cell), free
                pending.append((free, _content(cell)))
            for used in {each for code in codes for each in code.co_names} & thing.__globals__.keys():
                value = thing.__globals__[used]
                if not isinstance(value, FunctionType) or value.__globals__ is thing.__globals__:
                    pending.append((used, value))
        elif isinstance(thing, (tuple, frozenset)):
            pending += [(name, each) for each in thing]
        elif name and not _ours(thing):
            yield id(thing), name


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing has been put there yet
        return None


def _ours(thing: Any) -> bool:
    """Return whether something is of this package, or of the language: no state of the script."""
    package, *inner = type(thing).__module__.split(".")
    return package in ("typing", "__future__", "weakref") or (package == "kernel_port" and inner[:1] != ["yours"])
