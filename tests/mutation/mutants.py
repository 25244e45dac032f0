# SPDX-License-Identifier: GPL-2.0-only
"""The mutants of a module: what cosmic-ray can break in it, one place at a time.

cosmic-ray exchanges each operator for every other one, which says the same thing ten times: the likely mix-ups of each
are enough, and one number beside the right one. It cannot leave out a statement, such as an unlock that somebody
forgot; that one operator is added here. What is only said (docstrings, messages, annotations, export marks) is left
alone.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.boolean_replacer import AddNot
from cosmic_ray.operators.number_replacer import NumberReplacer
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword
from parso.tree import search_ancestor

NAMES = """
    AddNot ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse ReplaceFalseWithTrue NumberReplacer
    ZeroIterationForLoop ReplaceBreakWithContinue ReplaceContinueWithBreak ExceptionReplacer
    ReplaceUnaryOperator_Delete_Not ReplaceUnaryOperator_Delete_Invert ReplaceUnaryOperator_Delete_USub
    ReplaceComparisonOperator_Eq_NotEq ReplaceComparisonOperator_NotEq_Eq ReplaceComparisonOperator_Is_IsNot
    ReplaceComparisonOperator_IsNot_Is ReplaceComparisonOperator_Lt_LtE ReplaceComparisonOperator_LtE_Lt
    ReplaceComparisonOperator_Gt_GtE ReplaceComparisonOperator_GtE_Gt ReplaceBinaryOperator_BitAnd_BitOr
    ReplaceBinaryOperator_BitOr_BitAnd ReplaceBinaryOperator_BitXor_BitOr ReplaceBinaryOperator_Add_Sub
    ReplaceBinaryOperator_Sub_Add ReplaceBinaryOperator_LShift_RShift ReplaceBinaryOperator_RShift_LShift
    ReplaceBinaryOperator_Mul_FloorDiv ReplaceBinaryOperator_FloorDiv_Mul ReplaceBinaryOperator_Mod_FloorDiv
""".split()  # noqa: SIM905
#: Calls that only say something, which no test need hold word for word.
SAID = re.compile(
    r"(?:\w+\.)*(?:(?:dev|ctrl)_(?:err|warn|info|dbg|printk)|info|warn|err|dbg|printk|WARN_ON|EXPORT_SYMBOL\w*|might_sleep|cast|MachineError|happened)\("
)


class RemoveStatement(Operator):
    """Put `pass` in the place of a statement of a function, unless a name would be unknown without it."""

    KINDS = ("expr_stmt", "atom_expr", "return_stmt", "raise_stmt", "del_stmt")

    def mutation_positions(self, node):
        if node.type != "simple_stmt" or not in_function(node):
            return
        statement = node.children[0]
        names = statement.type == "expr_stmt" and statement.children[0].type == "name" and statement.children[1] == "="
        if statement.type in self.KINDS and not names and not SAID.match(statement.get_code(include_prefix=False)):
            yield statement.start_pos, statement.end_pos

    def mutate(self, node, index):
        old = node.children[0]
        lines = old.get_code(include_prefix=False).count("\n")  # what follows keeps its line number
        node.children[0] = Keyword("pass" + "\n" * lines, old.start_pos, old.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls):
        return (Example("def f():\n    g(1,\n      2)\n    h()\n", "def f():\n    pass\n\n    h()\n"),)


OPERATORS = [*(get_operator(f"core/{name}")() for name in NAMES), RemoveStatement()]


def in_function(node) -> bool:
    """Whether the innermost definition around a statement is a function."""
    scope = search_ancestor(node, "funcdef", "classdef")
    return scope is not None and scope.type == "funcdef"


class Mutant(NamedTuple):
    """A module with one place broken."""

    module: str
    #: Number of the line that was broken.
    line: int
    #: Function or class: that line -> what is there instead. It stays the same when lines move.
    name: str
    #: The text of the whole module.
    text: str


def mutants(module: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module. The code between two top-level statements is mutated by itself, which is faster."""
    pieces = [child.get_code() for child in get_ast(source).children]
    for number, piece in enumerate(pieces):
        before, after = "".join(pieces[:number]), "".join(pieces[number + 1 :])
        seen = {piece}
        for operator, occurrence, where in places(piece):
            changed = mutate_code(piece, operator, occurrence)
            if changed in seen or not is_python(changed):
                continue
            seen.add(changed)
            lines = zip(piece.splitlines(), changed.splitlines(), strict=True)
            at, was, now = next((at, was, now) for at, (was, now) in enumerate(lines, 1) if was != now)
            name = f"{where}: {was.strip()} -> {now.strip()}"
            yield Mutant(module, before.count("\n") + at, name, before + changed + after)


def is_python(text: str) -> bool:
    """Whether it compiles: cosmic-ray knows neither patterns nor `:=`."""
    try:
        compile(text, "", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def places(piece: str) -> Iterator[tuple[Operator, int, str]]:
    """Where something does something: the operator that fits, its how many-th place, and the function around it."""
    nodes = list(ast_nodes(get_ast(piece)))
    for operator in OPERATORS:
        found = [node for node in nodes for _ in operator.mutation_positions(node)]
        for occurrence, node in enumerate(found):
            if not is_said(node) and not is_twice(operator, node, node is found[occurrence - 1] and occurrence > 0):
                yield operator, occurrence, ASTQuery(node).get_definition_name() or "top level"


def is_said(node) -> bool:
    """Whether the node is only there for readers."""
    while (parent := node.parent) is not None:
        annotates = (
            parent.type == "tfpdef"
            or (parent.type == "annassign" and node is parent.children[1])
            or (parent.type == "funcdef" and node is parent.annotation)
        )
        calls = node.type == "atom_expr" and SAID.match(node.get_code(include_prefix=False))
        types = node.type == "if_stmt" and node.children[1].get_code(include_prefix=False) == "TYPE_CHECKING"
        if annotates or calls or types or node.type in ("fstring", "decorator"):
            return True
        node = parent
    return False


def is_twice(operator: Operator, node, again: bool) -> bool:
    """Whether another mutant says the same: a lone comparison or `not` turned round, a number to the other side."""
    if isinstance(operator, AddNot):
        return node.children[2 if node.type == "test" else 1].type in ("comparison", "not_test")
    return again and isinstance(operator, NumberReplacer)
