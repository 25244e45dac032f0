# SPDX-License-Identifier: GPL-2.0-only
"""Which statements of a function have a counterpart in the other language: the alignment, and what grammar adds to it.

The alignment (align.py) pairs statements one by one and in order. Each of the two languages has ways to say in one
statement what the other says in several, or elsewhere; these are the rules for them:

- Names need no declaration in Python, and no first value (`int rc = 0;`) before they are assigned. A label, `else`,
  `do`, `default:`, and the `break` that ends a `case` are grammar, and so are `else`, `try` and `finally`.
- A `case` is part of the test for its constant.
- What follows a label stands in Python where the `goto` is; a statement after a label may stand in it several times.
- Lists are Python's: `list_add_tail(&thing->list, &box)` is `box.append(thing)`.
- What a test or loop in C does besides (`i++`, `ttl--`, an assignment, a call) is a statement of its own in Python.
- An object gets its first values from its constructor: `x->len = len;` is part of `x = thing(len)`.
- `BUG_ON(test)` is a test that ends the run.
- What C stores through a pointer, `*value = data;`, is returned; and so is at once what C only keeps to return it.
- `x &= ~bit;` and the like may be one expression with the statement next to it, if it has all of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..upstream.c_statements import DECLARED, TYPE
from ..upstream.statements import Statement, canonical
from .align import SAME, Likeness, Translation, align
from .columns import Column

#: What is in the same place, and less alike than this, is not a pair. Context and place, which align() counts, do not
#: make one.
PAIR = 0.42
#: What is done with a list.
LISTS = {
    "list_add": "insert",
    "list_add_tail": "append",
    "hlist_add_head": "insert",
    "list_del": "remove",
    "INIT_LIST_HEAD": "clear",
}
#: A jump that ends a loop.
JUMPS = (("goto", "break"), ("goto", "continue"))
#: A first value that says nothing.
PLAIN_VALUE = re.compile(r"(?:NULL|0|1|false|true|-?\s*\d+|-E[A-Z]+|0x[0-9a-f]+)")
#: What changes a variable within a test.
EFFECT = re.compile(r"\+\+|--|[^=!<>]=[^=]|_(?:inc|dec|add|sub)\w*\(")
#: BUG_ON(list_empty(list)) is `if not list: raise ...`.
BUGS = frozenset(("BUG", "BUG_ON", "list_empty"))
MEMBER = re.compile(r"\*?(\w+)(?:(?:->|\.)(\w+))+\s*=\s*(.*)", re.DOTALL)
#: A member or a constant.
ASKED = re.compile(r"(?:(?<=->)|(?<=\.)|\b(?=[A-Z][A-Z\d_]+\b))(?!\d)\w+")
#: What a test of the C calls for which Python has a sign, or nothing.
SAID_OTHERWISE = frozenset((
    "likely", "unlikely", "IS_ERR", "strcmp", "list_empty", "NULL", "None",
    "atomic_read", "atomic_inc_return", "atomic_dec_return", "atomic_dec_and_test",
))  # fmt: skip
WORD = re.compile(r"[A-Za-z_]\w*")
COMMENT = re.compile(r"/\*.*?(?:\*/|$)|//[^\n]*", re.DOTALL)


class Counterparts:
    """The statements of a C function and of its Python, and which of them have a counterpart."""

    def __init__(self, left: Column, right: Column) -> None:
        self.left, self.right = left.statements, right.statements
        self.c = [text(left, each) for each in self.left]
        self.python = [text(right, each) for each in self.right]
        self._likeness = Likeness(self.left, self.right)
        self.pairs = [(i, j) for i, j in align(self.left, self.right) if self.is_pair(i, j)]
        self._known = {token for each in self.right for token in each.tokens}
        self._translate = Translation(self._known)
        self._label = next((i for i, each in enumerate(self.left) if each.kind == "label"), len(self.left))
        self._partner = dict(self.pairs)
        self._source = {j: i for i, j in self.pairs}

    def is_pair(self, i: int, j: int) -> bool:
        """Return whether two statements that are in the same place say the same."""
        one, other = self.left[i], self.right[j]
        if one.kind == other.kind == "call" and any(LISTS.get(call) in other.calls for call in one.calls):
            return True
        if one.kind == other.kind == "call" and not self._likeness.calls(one, other):
            return False
        return self._likeness.alone(one, other) >= PAIR or (one.kind, other.kind) in JUMPS

    def only_c(self) -> Iterator[int]:
        """Yield the numbers of the C statements without a counterpart."""
        return (i for i in range(len(self.left)) if i not in self._partner and not self.is_said(i))

    def only_python(self) -> Iterator[int]:
        """Yield the numbers of the Python statements without a counterpart."""
        return (j for j in range(len(self.right)) if j not in self._source and not self.comes_from(j))

    def alike(self, i: int, j: int) -> bool:
        """Return whether two statements are the same, wherever they stand."""
        return self._likeness.alone(self.left[i], self.right[j]) >= SAME

    def is_said(self, i: int) -> bool:
        """Return whether grammar, or another statement of the Python, stands for an unpaired C statement."""
        one, code = self.left[i], self.c[i]
        if one.kind in ("declaration", "label", "else") or code.startswith(("do ", "default")) or code == "do":
            return True
        if one.kind == "assign" and is_first_value(code):
            return True
        if one.kind == "break":
            return self.is_in_switch(one)
        if one.kind == "case" or code.startswith("switch"):
            return any(each.kind == "if" and self.tokens(i) <= set(each.tokens) for each in self.right)
        if i >= self._label and any(self.alike(i, j) for j in range(len(self.right))):
            return True
        if one.kind in ("if", "loop") and one.calls and any(self.does_besides(i, j) for j in self.results()):
            return True
        if code.startswith(("BUG(", "BUG_ON(")):
            return any(
                self.tokens(i) - BUGS <= self.tokens_of_test(j) for j in range(len(self.right)) if self.is_oops(j)
            )
        if one.kind == "return" and self.returns_call(i):
            return True
        return self.is_constructed(i) or self.is_returned(i) or self.is_merged(i)

    def results(self) -> Iterator[int]:
        """Yield the numbers of the Python statements that keep the result of a call."""
        return (j for j, each in enumerate(self.right) if each.kind == "assign" and each.calls)

    def tokens(self, i: int) -> set[str]:
        """Return names and constants of a C statement, as the Python has them."""
        return {self.translated(token) for token in self.left[i].tokens}

    def translated(self, word: str) -> str:
        """Return a name as the Python has it."""
        return word if word in self._known else self._translate(word)

    def lost(self, i: int) -> set[str]:
        """Return the members, constants and calls in a test of the C that its counterpart does not ask for."""
        if self.left[i].kind != "if" or i not in self._partner or self.c[i].startswith("switch"):
            return set()
        j = self._partner[i]
        has = set(self.right[j].tokens) | (set(self.right[j - 1].tokens) if j else set())
        asked = {canonical(each) for each in (*ASKED.findall(self.c[i]), *self.left[i].calls)}
        return {
            each
            for each in asked - SAID_OTHERWISE
            if not bare(frozenset([self.translated(each)])) & bare(frozenset(has))
        }

    def is_in_switch(self, one: Statement) -> bool:
        """Return whether a `break` leaves a switch, not a loop."""
        around = one.within
        while around is not None and around.kind != "loop":
            if self.c[self.left.index(around)].startswith("switch"):
                return True
            around = around.within
        return False

    def is_constructed(self, i: int) -> bool:
        """Return whether a constructor in the Python gives a member its first value."""
        match = MEMBER.match(self.c[i])
        if self.left[i].kind != "assign" or match is None:
            return False
        for other in self.right:
            is_made = other.target == match[1] if other.kind == "assign" else self.left[-1].tokens.keys() == {match[1]}
            if not is_made or not other.calls or other.kind not in ("assign", "return"):
                continue
            value = {self.translated(word) for word in WORD.findall(match[3])} & set(self.left[i].tokens)
            if match[2] in other.tokens or (value and value <= set(other.tokens)):
                return True
        return False

    def returns_call(self, i: int) -> bool:
        """Return whether Python returns at once what C puts into a variable before."""
        before = next((k for k in range(i - 1, -1, -1) if k in self._partner), None)
        if before is None or self.left[before].kind != "assign":
            return False
        return self.right[self._partner[before]].kind == "return" and set(self.left[i].tokens) <= {
            self.left[before].target
        }

    def is_oops(self, j: int) -> bool:
        """Return whether a statement of the Python ends the run as BUG() does."""
        return self.python[j].startswith("raise system.sched.oops(")

    def tokens_of_test(self, j: int) -> set[str]:
        """Return names and constants of the test that a Python statement is in."""
        test = self.right[j].within
        return set(test.tokens) if test is not None else set()

    def is_returned(self, i: int) -> bool:
        """Return whether what C stores through a pointer is part of a result in Python."""
        one = self.left[i]
        if one.kind != "assign" or not self.c[i].startswith("*"):
            return False
        value = self.tokens(i) - {one.target}
        return bool(value) and any(each.kind == "return" and value <= set(each.tokens) for each in self.right)

    def is_merged(self, i: int) -> bool:
        """Return whether the Python of the paired statement before or after says all of this one, too."""
        if self.left[i].kind not in ("assign", "call"):
            return False
        before = next((self._partner[k] for k in range(i - 1, -1, -1) if k in self._partner), None)
        after = next((self._partner[k] for k in range(i + 1, len(self.left)) if k in self._partner), None)
        tokens = self.tokens(i)
        return bool(tokens) and any(self.is_in(i, j) for j in (before, after) if j is not None)

    def is_in(self, i: int, j: int) -> bool:
        """Return whether a Python statement has all names of an unpaired C statement, and most of its own partner's."""
        has, own = set(self.right[j].tokens), self.tokens(self._source[j]) - self.tokens(i)
        return self.tokens(i) <= has and 2 * len(own & has) >= len(own)

    def comes_from(self, j: int) -> bool:
        """Return whether grammar, or another statement of the C, accounts for an unpaired Python statement."""
        one, code = self.right[j], self.python[j]
        if one.kind == "else" or code.startswith("try:"):
            return True
        oops = j if self.is_oops(j) else j + 1
        if oops < len(self.right) and self.is_oops(oops) and (oops == j or self.right[oops].within is one):
            return any(code.startswith(("BUG(", "BUG_ON(")) for code in self.c)
        if one.kind == "if" and any(each.kind == "case" and each.tokens <= one.tokens for each in self.left):
            return True
        if any(self.alike(i, j) for i in range(self._label, len(self.left))):
            return True
        return any(self.does_besides(i, j) for i in range(len(self.left)) if self.left[i].kind in ("if", "loop"))

    def does_besides(self, i: int, j: int) -> bool:
        """Return whether a test or loop of the C does what a statement of the Python does alone."""
        head, one = self.left[i], self.right[j]
        if one.kind == "assign" and EFFECT.search(self.c[i]):
            return bool(one.target) and one.target in self.tokens(i)
        if one.kind == "assign" and one.calls:
            is_near = i not in self._partner or i in (self._source.get(j + 1), self._source.get(j - 1))
            return is_near and bare(one.calls) <= bare(head.calls)
        before = self.right[j - 1] if j else one
        if one.kind == "if" and before.kind == "assign" and before.calls:
            tests = set(WORD.findall(self.python[j - 1].partition("=")[0])) & one.tokens.keys()
            return bool(tests) and (self._source.get(j - 1) == i or bare(before.calls) <= bare(head.calls))
        return False


def bare(calls: frozenset[str]) -> set[str]:
    """Return the names of functions called; pci_bus_read_config_word() returns the status, too, and is the same."""
    return {name.replace("pci_bus_", "pci_") for name in calls}


def text(column: Column, statement: Statement) -> str:
    """Return a statement in one line."""
    kept = [line for line in column.lines if line.sign != "-"]
    lines = (line.text for line in kept[statement.line : statement.end_line + 1])
    return " ".join(COMMENT.sub(" ", "\n".join(lines)).split()).lstrip("} ")


def is_first_value(code: str) -> bool:
    """Return whether C declares variables and gives them a value that says nothing."""
    declared = TYPE.match(code)
    if not declared or not DECLARED.match(code, declared.end()):
        return False
    values = re.findall(r"=\s*([^,;]*)", code)
    return all(PLAIN_VALUE.fullmatch(value.strip()) for value in values)
