# SPDX-License-Identifier: GPL-2.0-only
"""The values of a kernel function's expressions when it returned: looked up, never computed by calling anything.

A call in an expression has the value it returned when the function ran.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Any

from ..kernel.structs import pci_bus, pci_dev, pci_slot
from .follow import FollowedCall

#: The value of what is unknown without calling something.
UNKNOWN = object()

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class Scope:
    """The variables of one call, and the results of the calls it made."""

    def __init__(self, call: FollowedCall) -> None:
        self.call = call

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression, or UNKNOWN."""
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self.call.variables.get(node.id, self.call.symtab.get(node.id, UNKNOWN))
            case ast.NamedExpr():
                return self.value(node.target)
            case ast.Attribute():
                return attribute(self.value(node.value), node.attr)
            case ast.Call():
                return self.result(node)
            case ast.BoolOp():
                decisive = self.decisive(node)
                return UNKNOWN if decisive is None else self.value(decisive)
            case ast.UnaryOp():
                return apply(_UNARY.get(type(node.op)), self.value(node.operand))
            case ast.BinOp():
                return apply(_BINARY.get(type(node.op)), self.value(node.left), self.value(node.right))
            case ast.Compare(ops=[op], comparators=[right]):
                return apply(_COMPARE.get(type(op)), self.value(node.left), self.value(right))
        return UNKNOWN

    def decisive(self, node: ast.BoolOp) -> ast.expr | None:
        """Return the operand that decides an `and` or `or`; None if that is unknown."""
        for operand in node.values:
            value = self.value(operand)
            if value is UNKNOWN:
                return None
            if bool(value) is isinstance(node.op, ast.Or):
                return operand
        return node.values[-1]

    def result(self, node: ast.Call) -> Any:
        """Return the result of a call in the source, the last time it ran."""
        code = getattr(self.value(node.func), "__code__", None)
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        made = [call for call in self.call.calls if call.code is code and call.caller_line in lines]
        return made[-1].result if made else UNKNOWN

    def operands(self, node: ast.AST) -> Iterator[ast.expr]:
        """Yield what an expression looks at: variables, members, calls and their arguments; not constants or
        functions."""
        match node:
            case ast.Name() | ast.Attribute():
                constant = node.id if isinstance(node, ast.Name) else ""
                value = self.value(node)
                if not (constant.isupper() or constant.startswith("PCI_") or unshowable(value)):
                    yield node
                elif isinstance(node, ast.Attribute):
                    yield from self.operands(node.value)
            case ast.Call():
                if self.value(node) is not UNKNOWN:
                    yield node
                for argument in node.args:
                    yield from self.operands(argument)
            case _:
                for child in ast.iter_child_nodes(node):
                    yield from self.operands(child)


def attribute(thing: Any, name: str) -> Any:
    """Return a member of a struct, module or instance; a property is not evaluated."""
    found = getattr(type(thing), name, None)
    if isinstance(found, MemberDescriptorType) or name in getattr(thing, "__dict__", {}):
        return getattr(thing, name, UNKNOWN)
    return UNKNOWN


def apply(function: Callable[..., Any] | None, *operands: Any) -> Any:
    """Return function(*operands), if all of them are known plain values."""
    if function is None or any(operand is UNKNOWN for operand in operands):
        return UNKNOWN
    try:
        return function(*operands)
    except TypeError:
        return UNKNOWN


def unshowable(value: Any) -> bool:
    """Return whether a name says more than its value."""
    return value is UNKNOWN or isinstance(value, FunctionType | type | ModuleType)


def show(value: Any) -> str:
    """Return a value for people: addresses for devices, buses and slots; numbers in hexadecimal from 10 on."""
    if value is None:
        return "NULL"
    if isinstance(value, pci_dev):
        return value.dev.name
    if isinstance(value, pci_bus):
        return f"bus {value.sysdata.domain:04x}:{value.number:02x}" if value.sysdata else f"bus {value.number:02x}"
    if isinstance(value, pci_slot):
        return f"slot {value.kobj_name}"
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:#x}" if abs(value) > 9 else str(value)
    if isinstance(value, list | tuple):
        rest = f", ... ({len(value)} in all)" if len(value) > 4 else ""
        return f"[{', '.join(map(show, value[:4]))}{rest}]"
    return f"{value.__name__}()" if isinstance(value, FunctionType) else f"a struct {type(value).__name__}"
