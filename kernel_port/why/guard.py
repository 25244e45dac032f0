# SPDX-License-Identifier: GPL-2.0-only
"""Why a kernel function refused: the statement that produced the negative result, found by running the function.

Nothing here knows what any function decides. follow() follows a call; guard() goes down the calls that passed the
result up, to the statement that made it, and collects the tests around it (or, where a function falls through to a
refusal at its end, the earlier tests that would have led elsewhere).
"""

from __future__ import annotations

import ast
import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from ..kernel.system import Event
from ..trace.decode import decode, parts
from ..trace.site import ACCESSORS, Site, line_at, locate
from .follow import FollowedCall
from .scope import Scope, show
from .source import Condition, Source, source

#: Returns the configuration space of a function (by address), which says where each register is.
Config = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Read:
    """A configuration read that the refusing function made."""

    bdf: str
    offset: int
    size: int
    value: int
    #: Register, value and fields by name.
    text: str


@dataclass(frozen=True, slots=True)
class Guard:
    """The test that refused."""

    rc: int
    #: "if not (cap & PCI_EXP_DEVCAP_FLR): return -ENOTTY"; a test that was false is followed by "...".
    text: str
    site: Site
    #: The comment at the test.
    explanation: str
    #: The operand of an `and` or `or` that decided the test; "" if there is no choice.
    because: str = ""
    #: Variables, members and calls in the test -> their values, as text.
    values: dict[str, str] = field(default_factory=dict)
    reads: tuple[Read, ...] = ()


def errno_name(rc: int) -> str:
    """Return "-ENOTTY" for -25, or the number as text if it has no name."""
    return f"-{errno.errorcode[-rc]}" if -rc in errno.errorcode else str(rc)


def guard(call: FollowedCall, config: Config | None) -> Guard | None:
    """Return the test that made *call* return a negative number; None if it did not.

    :param config: None: find only the test, without values and reads, in a third of the time"""
    if not isinstance(call.result, int) or call.result >= 0:
        return None
    while (callee := passed_on(call)) is not None:
        call = callee
    return Refusal(call, config).guard()


def passed_on(call: FollowedCall) -> FollowedCall | None:
    """Return the callee whose result *call* passed up; None if *call* made the result itself."""
    made_by = maker(source(call.code), tuple(call.lines))
    if made_by is None:
        return None
    lines = range(made_by.lineno, (made_by.end_lineno or made_by.lineno) + 1)
    callees = [callee for callee in call.calls if callee.caller_line in lines and callee.result == call.result]
    return callees[-1] if callees else None


@cache
def maker(text: Source, lines: tuple[int, ...]) -> ast.stmt | None:
    """Return the statement that made the result: the last `return` run, or the assignment to the variable it
    returns."""
    returned = last_run(lines, returns(text))
    if returned is None or not isinstance(returned, ast.Return) or not isinstance(returned.value, ast.Name):
        return returned
    return last_run(lines, setters(text, returned.value.id)) or returned


def result_expression(statement: ast.stmt) -> ast.expr | None:
    """Return the expression that a `return` or an assignment evaluates."""
    return getattr(statement, "value", None)


@cache
def stores(statement: ast.stmt, name: str) -> bool:
    """Return whether the head of *statement* assigns *name*."""
    heads: Iterable[ast.AST] = [statement]
    if isinstance(statement, ast.For):
        heads = [statement.target, statement.iter]
    elif isinstance(statement, ast.If | ast.While):
        heads = [statement.test]
    elif hasattr(statement, "body"):
        return False
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for head in heads
        for node in ast.walk(head)
    )


@cache
def returns(text: Source) -> dict[int, ast.stmt]:
    """Return the `return` statement of each line that has one."""
    return by_line(statement for statement in text.statements if isinstance(statement, ast.Return))


@cache
def setters(text: Source, name: str) -> dict[int, ast.stmt]:
    """Return the statement that assigns *name*, for each line that has one."""
    return by_line(statement for statement in text.statements if stores(statement, name))


def by_line(statements: Iterable[ast.stmt]) -> dict[int, ast.stmt]:
    """Map each line of the statements' heads to its statement."""
    found: dict[int, ast.stmt] = {}
    for statement in statements:
        end = statement.lineno if hasattr(statement, "body") else statement.end_lineno or statement.lineno
        found.update(dict.fromkeys(range(statement.lineno, end + 1), statement))
    return found


def last_run(lines: Sequence[int], statements: dict[int, ast.stmt]) -> ast.stmt | None:
    """Return the last one of *statements*, which are by line, that a call ran."""
    return next((statements[line] for line in reversed(lines) if line in statements), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything about a refusal that needs no values."""

    text: str
    site: Site
    explanation: str = ""
    #: The test around the statement that made the result; None for none.
    innermost: Condition | None = None
    #: The expressions tested.
    heads: tuple[ast.expr, ...] = ()


@cache
def verdict(text: Source, lines: tuple[int, ...]) -> Verdict:
    """Return the verdict of a call that ran *lines*. Cached: a fleet has few different refusals."""
    return Course(text, lines).verdict()


class Course:
    """The lines that a call ran until it made a negative result itself."""

    def __init__(self, text: Source, lines: tuple[int, ...]) -> None:
        self.source = text
        self.lines = lines
        self.ran = set(lines)

    def verdict(self) -> Verdict:
        """Assemble the verdict."""
        returned = last_run(self.lines, returns(self.source))
        made = maker(self.source, self.lines)
        if returned is None or made is None:  # code without statements of its own
            return Verdict("", self.source.site(self.source.code.co_firstlineno))
        anchor = made if self.source.enclosing(made) else returned
        around = self.source.enclosing(anchor)
        conditions = around or list(self.failed(returned))
        innermost = around[-1] if around else None
        heads = [self.head(condition, anchor) for condition in conditions]
        return Verdict(
            " ".join([*heads, self.source.text(anchor)]),
            self.source.site((innermost or anchor).lineno),
            next((c for c in map(self.source.comment, [innermost or anchor, anchor, *reversed(conditions)]) if c), ""),
            innermost,
            (*map(test_of, conditions), *computed(anchor)),
        )

    def head(self, condition: Condition, anchor: ast.stmt) -> str:
        """Return a test as it reads on the way to *anchor*."""
        header = self.source.header(condition)
        if condition not in self.source.enclosing(anchor):
            runs_on = isinstance(condition, ast.For | ast.While) and self.entered(condition)
            return f"{header}:" if runs_on else f"{header}: ...;"
        return f"{header}: ... else:" if self.source.in_else(condition, anchor) else f"{header}:"

    def failed(self, returned: ast.stmt) -> Iterator[Condition]:
        """Yield the tests before *returned* that were false and would have led to another result."""
        name = returned.value.id if isinstance(returned, ast.Return) and isinstance(returned.value, ast.Name) else ""
        for statement in self.source.statements:
            if not isinstance(statement, Condition) or statement.lineno not in self.ran:
                continue
            if isinstance(statement, ast.If) and self.entered(statement):
                continue
            if leads_elsewhere(statement, name):
                yield statement

    def entered(self, condition: Condition) -> bool:
        """Return whether the body of *condition* ran."""
        return condition.body[0].lineno in self.ran


class Refusal:
    """A call that made a negative result itself, and the values it tested."""

    def __init__(self, call: FollowedCall, config: Config | None) -> None:
        self.call = call
        self.source = source(call.code)
        self.scope = Scope(call)
        self.config = config or (lambda bdf: b"")
        self.explains = config is not None

    def guard(self) -> Guard:
        """Assemble the guard."""
        said = verdict(self.source, tuple(self.call.lines))
        return Guard(
            self.call.result,
            said.text,
            said.site,
            said.explanation,
            self.because(said.innermost),
            self.values(said.heads) if self.explains else {},
            tuple(self.reads()) if self.explains else (),
        )

    def because(self, condition: Condition | None) -> str:
        """Return the operand that alone decided the test; "" where all of them were needed."""
        test = getattr(condition, "test", None)
        if not isinstance(test, ast.BoolOp):
            return ""
        operand = self.scope.decisive(test)
        if operand is None or bool(self.scope.value(operand)) is not isinstance(test.op, ast.Or):
            return ""
        return self.source.text(operand)

    def values(self, heads: Iterable[ast.expr]) -> dict[str, str]:
        """Return the operands of the tests with their values."""
        shown: dict[str, str] = {}
        tested = {name for head in heads for name in names(head)}
        for head in heads:
            for node in self.scope.operands(head):
                shown[self.source.text(node)] = self.show(node, self.scope.value(node), tested)
        return shown

    def show(self, node: ast.expr, value: object, tested: set[str]) -> str:
        """Return a value as text, with the register's name and the tested bits if it was read from a register."""
        if isinstance(value, int) and (event := self.read_by(node, value)) is not None:
            bdf, offset, size, _ = event.args
            named = parts(self.config(bdf), offset, size, value)
            bits = [field.show(value) for part in named for field in part.fields if field.name in tested]
            return f"{value:#0{2 * size + 2}x} ({' '.join([', '.join(part.title for part in named), *bits])})"
        return show(value)

    def read_by(self, node: ast.expr, value: int) -> Event | None:
        """Return the register read that gave *node* its value, if there is one."""
        statement: ast.AST | None = node
        if isinstance(node, ast.Name):
            statement = last_run(self.call.lines, setters(self.source, node.id))
        if statement is None:
            return None
        lines = range(getattr(statement, "lineno", 0), (getattr(statement, "end_lineno", 0) or 0) + 1)
        reads = (event for event in reversed(self.call.events) if event.op == "r" and event.args[3] == value)
        return next((event for event in reads if self.line_of(event) in lines), None)

    def line_of(self, event: Event) -> int:
        """Return the line that made an access; 0 if a function that decides something itself made it."""
        for code, lasti in event.stack:
            if code is self.call.code:
                return line_at(code, lasti)
            site = locate(code, lasti)
            if site is None or not site.file.startswith(ACCESSORS):
                break
        return 0

    def reads(self) -> Iterator[Read]:
        """Yield every read between the call and its return."""
        for event in self.call.events:
            if event.op == "r":
                bdf, offset, size, value = event.args
                yield Read(bdf, offset, size, value, decode(self.config(bdf), offset, size, value))


@cache
def names(expression: ast.expr) -> frozenset[str]:
    """Return the variables that an expression names."""
    return frozenset(node.id for node in ast.walk(expression) if isinstance(node, ast.Name))


def test_of(condition: Condition) -> ast.expr:
    """Return the expression that decides whether the body of *condition* runs."""
    return condition.iter if isinstance(condition, ast.For) else condition.test


def computed(anchor: ast.stmt) -> list[ast.expr]:
    """Return the expression that a `return` or an assignment computes; nothing if it only names a variable."""
    expression = result_expression(anchor)
    return [] if expression is None or isinstance(expression, ast.Name) else [expression]


@cache
def leads_elsewhere(condition: Condition, name: str) -> bool:
    """Return whether the body of *condition* returns anything but a literal error or *name*, or sets *name*."""
    inside = (node for child in condition.body for node in ast.walk(child) if isinstance(node, ast.stmt))
    return any(differs(statement, name) for statement in inside)


def differs(statement: ast.stmt, name: str) -> bool:
    """Return whether *statement* returns anything but a literal error or variable *name*, or sets *name*."""
    if not isinstance(statement, ast.Return):
        return name != "" and stores(statement, name)
    value = statement.value
    if isinstance(value, ast.Name):
        return value.id != name
    return not (isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub))
