# SPDX-License-Identifier: GPL-2.0-only
"""The source text of kernel functions: syntax trees, and the comments that belong to a statement."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
from functools import cache
from pathlib import Path
from tokenize import TokenError
from types import CodeType

from ..review.port.definitions import PACKAGE
from ..trace.site import Site, origin_of

Condition = ast.If | ast.For | ast.While


class Source:
    """The source of one function."""

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.path = code.co_filename
        #: None for code without statements: a lambda, a generator expression, code made from a string.
        self.node = definition(code)
        nodes = ast.walk(self.node) if self.node else ()
        self._parents = {child: parent for parent in nodes for child in ast.iter_child_nodes(parent)}
        #: All statements of the function, outer before inner.
        self.statements = [node for node in self._parents if isinstance(node, ast.stmt)]
        self._texts: dict[ast.AST, str] = {}
        path = Path(self.path)
        self._file = path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else str(path)
        self._origin = origin_of(code)

    def enclosing(self, statement: ast.stmt) -> list[Condition]:
        """Return the tests and loops around *statement*, outermost first."""
        around: list[Condition] = []
        node: ast.AST = statement
        while (parent := self._parents.get(node)) is not None:
            if isinstance(parent, Condition) and node is not parent:
                around.insert(0, parent)
            node = parent
        return around

    def in_else(self, condition: Condition, statement: ast.stmt) -> bool:
        """Return whether *statement*, which is inside *condition*, is in its else branch."""
        inside = {id(node) for branch in condition.orelse for node in ast.walk(branch)}
        return id(statement) in inside

    def text(self, node: ast.expr | ast.stmt) -> str:
        """Return the source of an expression or statement, on one line."""
        if node not in self._texts:
            # ast.get_source_segment() does the same, but splits the whole file into lines each time.
            lines = [line.encode() for line in linecache.getlines(self.path)[node.lineno - 1 : node.end_lineno]]
            lines[-1] = lines[-1][: node.end_col_offset]
            lines[0] = lines[0][node.col_offset :]
            segment = b"".join(lines).decode()
            line = re.sub(r"\s+", " ", re.sub(r"(?m)\s*#.*$", "", segment))
            self._texts[node] = line.replace("( ", "(").replace(" )", ")")
        return self._texts[node]

    def header(self, condition: Condition) -> str:
        """Return the first line of a test or loop, without the colon."""
        if isinstance(condition, ast.For):
            return f"for {self.text(condition.target)} in {self.text(condition.iter)}"
        return f"{'while' if isinstance(condition, ast.While) else 'if'} {self.text(condition.test)}"

    def comment(self, statement: ast.stmt) -> str:
        """Return the comment directly above *statement*, or else the one behind its first lines."""
        above = statement.lineno - 1
        while self._line(above).startswith("#"):
            above -= 1
        block = [self._line(line).lstrip("# ") for line in range(above + 1, statement.lineno)]
        said = " ".join(block).partition("PORT:")[0].strip()
        return said or self._trailing(statement)

    def _trailing(self, statement: ast.stmt) -> str:
        """Return the comment at the end of the line where the head of *statement* ends."""
        head: ast.AST = statement
        if isinstance(statement, Condition):
            head = statement.iter if isinstance(statement, ast.For) else statement.test
        line, column = getattr(head, "end_lineno", 0), getattr(head, "end_col_offset", 0)
        rest = linecache.getline(self.path, line).encode()[column:].decode()
        match = re.match(r"\)*:?\s*# (?!PORT:)(.*)", rest.strip())
        return match[1] if match else ""

    def _line(self, number: int) -> str:
        return linecache.getline(self.path, number).strip()

    def site(self, line: int) -> Site:
        """Return line *line* of the function as a place in the port."""
        return Site(self._file, line, self.code.co_name, self._origin)


def definition(code: CodeType) -> ast.FunctionDef | None:
    """Return the `def` that *code* was made of; None if it was made of something else. Parses no more than that."""
    try:
        block = inspect.getblock(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 :])
        indented = bool(block) and block[0][:1].isspace()
        tree = ast.parse("".join(["if True:\n" if indented else "", *block]))
    except (SyntaxError, TokenError):  # a piece of an expression: a lambda, a generator
        return None
    ast.increment_lineno(tree, code.co_firstlineno - 1 - indented)
    found = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == code.co_name)
    return next(found, None)


@cache
def source(code: CodeType) -> Source:
    """Return the source of the function that *code* belongs to."""
    return Source(code)
