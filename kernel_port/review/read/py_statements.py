# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a Python function, in terms of its C."""

from __future__ import annotations

import ast
import re
from collections import Counter

from ..upstream.statements import Statement, canonical

Heads = ast.If | ast.For | ast.While | ast.With | ast.Try
HEAD_END = re.compile(r":\s*(?:#.*)?$")
KINDS: dict[type[ast.stmt], str] = {
    ast.If: "if",
    ast.For: "loop",
    ast.While: "loop",
    ast.With: "other",
    ast.Try: "other",
    ast.Return: "return",
    ast.Break: "break",
    ast.Continue: "continue",
    ast.Assign: "assign",
    ast.AugAssign: "assign",
    ast.AnnAssign: "assign",
}


def py_statements(text: str) -> list[Statement]:
    """Return the statements of the definition in *text*, in order, without docstring and `global`."""
    reader = Reader(text)
    for node in ast.parse(text).body:
        reader.statement(node, 0, None)
    return reader.found


class Reader:
    """Walks the syntax tree from top to bottom."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.found: list[Statement] = []

    def statement(self, node: ast.stmt, depth: int, within: Statement | None) -> None:
        """Read one statement and those in it."""
        match node:
            case ast.FunctionDef():
                self.function(node)
            case ast.ClassDef():
                self.add(node.lineno, node.lineno, "header", [ast.Name(node.name)], depth, within)
                self.block(node.body, 1, None)
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try():
                self.compound(node, depth, within)
            case ast.Global() | ast.Nonlocal() | ast.Pass() | ast.Import() | ast.ImportFrom():
                return
            case ast.Expr(value=ast.Constant(value=str())):
                return
            case _:
                kind = KINDS.get(type(node), "call" if isinstance(node, ast.Expr) else "other")
                last = node.end_lineno or node.lineno
                self.add(node.lineno, last, kind, meant(node), depth, within)

    def block(self, body: list[ast.stmt], depth: int, within: Statement | None) -> None:
        """Read statements one by one."""
        for node in body:
            self.statement(node, depth, within)

    def function(self, node: ast.FunctionDef) -> None:
        """Read a function's head and body."""
        arguments = [ast.Name(argument.arg) for argument in node.args.args]
        first = node.body[0].lineno - 1
        last = next(line for line in range(node.lineno, first + 2) if HEAD_END.search(self.lines[line - 1]))
        self.add(node.lineno, last, "header", [ast.Name(node.name), *arguments], 0, None)
        self.block(node.body, 0, None)

    def compound(self, node: Heads, depth: int, within: Statement | None) -> None:
        """Read a test or loop, its body, and its else."""
        last = max([node.lineno, *(getattr(part, "end_lineno", 0) for part in meant(node))])
        head = self.add(node.lineno, last, KINDS[type(node)], meant(node), depth, within)
        self.block(node.body, depth + 1, head)
        above = node.body
        if isinstance(node, ast.Try):
            for handler in node.handlers:
                self.block(handler.body, depth + 1, head)
            self.branch(node.finalbody, [], above, depth, within)
        if isinstance(node, (ast.If, ast.For, ast.While)):
            self.branch(node.orelse, meant(node), above, depth, within)

    def branch(
        self, body: list[ast.stmt], test: list[ast.AST], above: list[ast.stmt], depth: int, within: Statement | None
    ) -> None:
        """Read an else or finally, with its own line unless it is an elif."""
        if not body:
            return
        first, end = body[0].lineno, above[-1].end_lineno or 0
        line = next((n for n in range(end + 1, first) if self.lines[n - 1].strip().startswith(("else", "finally"))), 0)
        if not line:  # elif
            self.block(body, depth, within)
            return
        head = self.add(line, line, "else", test, depth, within)
        self.block(body, depth + 1, head)

    def add(
        self, line: int, last: int, kind: str, nodes: list[ast.AST], depth: int, within: Statement | None
    ) -> Statement:
        """Add a statement that consists of *nodes*."""
        inner = [each for node in nodes for each in ast.walk(node)]
        called = {name for each in inner if isinstance(each, ast.Call) for name in names(each.func)[-1:]}
        tokens = Counter(canonical(name) for each in inner for name in names(each)[-1:])
        target = assigned(nodes[0]) if kind == "assign" else ""
        self.found.append(Statement(line - 1, last - 1, kind, tokens, frozenset(called), depth, within, target))
        return self.found[-1]


def names(node: ast.AST) -> list[str]:
    """Yield the name or number of a node of the tree, for an attribute the last part only; not those of nodes in it."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return [name]
        case ast.Constant(value=None | bool() | int() as value):
            return [str(value)]
    return []


def assigned(node: ast.AST) -> str:
    """Return the target of an assignment; of several, the last, which is the value where the first is a status."""
    target = node
    match node:
        case ast.Assign(targets=[to]) | ast.AugAssign(target=to) | ast.AnnAssign(target=to):
            target = to
    while isinstance(target, (ast.Tuple, ast.Subscript)):
        target = target.elts[-1] if isinstance(target, ast.Tuple) else target.value
    return canonical(names(target)[-1]) if names(target) else ""


def meant(node: ast.stmt) -> list[ast.AST]:
    """Return the parts of a statement that count: not its annotation; for a test or loop only the head."""
    match node:
        case ast.While(test=ast.Constant()):
            return []
        case ast.If(test=test) | ast.While(test=test):
            return [test]
        case ast.For(target=target, iter=iterated):
            return [target, iterated]
        case ast.With(items=items):
            return [item.context_expr for item in items]
        case ast.Try():
            return []
        case ast.AnnAssign(target=target, value=value):
            return [target, value] if value else [target]
    return [node]
