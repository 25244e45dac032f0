# SPDX-License-Identifier: GPL-2.0-only
"""The statements of a C function or a part of one, such as a hunk of a patch. Accepts any text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import reduce
from itertools import pairwise
from operator import or_

from .csource import DIRECTIVE, QUIET, blank, members
from .statements import Statement, canonical

WORD = re.compile(r"0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*")
#: A type before a declared name; and the name with what may follow.
TYPE = re.compile(
    r"(?:unsigned\s+(?=\w+\s*[,;=]|\w+$)|(?:(?:const|static|unsigned|signed|volatile|struct|union|enum)\s+)*+"
    r"(?:\w+\s+(?:__iomem\s+|__user\s+)?\**\s*|\w+\s*\*+\s*))(?=\w)"
)
DECLARED = re.compile(r"\w+\s*(?:\[[^\]]*\]\s*)?(?:[,;=]|$)")
ASSIGNED = re.compile(r"[^=(]*?(\w+)\s*(?:\[[^]]*\]\s*)?(?:[-+*/%&|^]|<<|>>)?=")
CAST = re.compile(r"\(\s*(?:(?:const|unsigned|struct)\s+)*\w+\s*\*+\s*\)")
KEYWORD = re.compile(r"(if|else|for|while|do|switch|case|default|return|goto|break|continue)\b")
IF = re.compile(r"if\b")
#: Braces, parentheses of all kinds, and a semicolon.
MARK = re.compile(r"[][(){};]")
LABEL = re.compile(r"(\w+)\s*:")
CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
#: What follows the head of a loop by a macro such as list_for_each_entry().
BODY = re.compile(r"\s*(?:\{|[A-Za-z_])")
#: Words without meaning here.
SILENT = {
    *("struct", "union", "enum", "const", "static", "unsigned", "signed", "inline", "register", "extern", "volatile"),
    *("sizeof", "if", "else", "for", "while", "do", "switch", "case", "default", "return", "goto", "break", "continue"),
    *("int", "char", "long", "short", "void", "u8", "u16", "u32", "u64", "bool", "size_t", "ssize_t"),
}


#: Deeper than any real code.
DEEPEST = 60
#: More statements than any real code has between a label and its return.
LONGEST_WAY = 40


def c_statements(text: str) -> list[Statement]:
    """Return the statements of *text*, in order."""
    reader = Reader(blank(DIRECTIVE, blank(QUIET, text)).replace("\\\n", " \n"))
    reader.all()
    return reader.found


def c_members(text: str) -> list[Statement]:
    """Return the members of a struct, each as a statement, after its head."""
    code = blank(DIRECTIVE, blank(QUIET, text))
    opening = code.find("{")
    found = [Statement(0, 0, "header", Counter(WORD.findall(code[:opening])[-1:]), frozenset())]
    at = opening + 1
    for declaration in code[at : code.rfind("}")].split(";"):
        first = at + len(declaration) - len(declaration.lstrip())
        lines = code.count("\n", 0, first), code.count("\n", 0, at + len(declaration))
        names = Counter(members(f"{declaration};"))
        found += [Statement(*lines, "assign", names, frozenset())] if names else []
        at += len(declaration) + 1
    return found


class Reader:
    """Reads statements from left to right, and recursively in tests and loops."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.at = 0
        self.found: list[Statement] = []
        self._starts = [0, *(match.end() for match in re.finditer("\n", code))]
        self._gotos: list[tuple[Statement, str]] = []
        self._labels: dict[str, int] = {}
        self._nesting = 0

    def all(self) -> None:
        """Read the head of a function up to its brace, if there is one, and everything after."""
        self.blanks()
        head, brace, _ = self.code[self.at :].partition("{")
        if brace and ";" not in head and CALL.search(head) and not KEYWORD.match(head) and not LABEL.match(head):
            self.add("header", self.at, self.at + len(head), 0, None)
            self.at += len(head)
        while self.blanks() < len(self.code):
            if self.code[self.at] == "}":
                self.at += 1
            else:
                self.statement(0, None)
        self.resolve()

    def blanks(self) -> int:
        """Skip white space."""
        while self.at < len(self.code) and self.code[self.at].isspace():
            self.at += 1
        return self.at

    def add(self, kind: str, start: int, end: int, depth: int, within: Statement | None) -> Statement:
        """Add a statement."""
        text = self.code[start:end].rstrip()
        first, last = (bisect_right(self._starts, offset) - 1 for offset in (start, max(start, start + len(text) - 1)))
        target = ASSIGNED.match(text) if kind == "assign" else None
        name = canonical(target[1]) if target else ""
        self.found.append(Statement(first, last, kind, *words(text, kind), depth, within, name))
        return self.found[-1]

    def statement(self, depth: int, within: Statement | None) -> None:
        """Read one statement, with everything in it; skip what is nested too deep."""
        if self._nesting == DEEPEST:
            self.at = len(self.code)
            return
        self._nesting += 1
        self.one(depth, within)
        self._nesting -= 1

    def one(self, depth: int, within: Statement | None) -> None:
        """Read one statement like statement(), without the check of depth."""
        start = self.blanks()
        rest = self.code[start : start + 1]
        if rest == "{":
            self.at += 1
            while self.blanks() < len(self.code) and self.code[self.at] != "}":
                self.statement(depth, within)
            self.at += 1
        elif rest == ";":
            self.at += 1
        elif rest in ("", "}"):
            return
        elif match := KEYWORD.match(self.code, start):
            self.keyword(match[1], start, depth, within)
        elif match := LABEL.match(self.code, start):
            self.at = match.end()
            self._labels[match[1]] = len(self.found)
            self.add("label", start, self.at, depth, within)
        elif (match := CALL.match(self.code, start)) and BODY.match(self.code, end := self.closing(match.end() - 1)):
            self.compound("loop", start, end, depth, within)
        else:
            self.simple("", start, depth, within)

    def keyword(self, word: str, start: int, depth: int, within: Statement | None) -> None:
        """Read a statement that begins with a keyword."""
        if word in ("if", "for", "while", "switch"):
            end = self.closing(self.code.find("(", start))
            self.compound("loop" if word in ("for", "while") else "if", start, end, depth, within)
        elif word == "else":
            self.at, number = start + len(word), len(self.found)
            tests = (each for each in reversed(self.found) if each.kind == "if" and each.depth == depth)
            test = next(tests, None)
            if IF.match(self.code, self.blanks()):
                self.keyword("if", self.at, depth, within)
            else:
                self.compound("else", start, start + len(word), depth, within)
                self.found[number].tokens = Counter(test.tokens) if test is not None else Counter()
        elif word == "do":
            self.compound("loop", start, start + len(word), depth, within)
            self.simple("loop", self.blanks(), depth, within)
        elif word in ("case", "default"):
            self.at = (self.code.find(":", start) + 1) or len(self.code)
            self.add("case", start, self.at, depth, within)
        else:
            self.simple(word, start, depth, within)

    def compound(self, kind: str, start: int, end: int, depth: int, within: Statement | None) -> None:
        """Read a test or loop, whose head ends at *end*, and its body."""
        self.at = end
        self.statement(depth + 1, self.add(kind, start, end, depth, within))

    def simple(self, kind: str, start: int, depth: int, within: Statement | None) -> None:
        """Read a statement up to its semicolon."""
        end = self.semicolon(start)
        text = self.code[start:end]
        self.at = end + (self.code[end : end + 1] == ";")
        statement = self.add(kind or simple_kind(text), start, end, depth, within)
        if kind == "goto":
            self._gotos.append((statement, text.split()[-1]))

    def semicolon(self, start: int) -> int:
        """Return the end of the statement that begins at *start*: its semicolon, or before a brace if it lacks one."""
        nesting = 0
        for match in MARK.finditer(self.code, start):
            nesting += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(match[0], 0)
            if nesting < 0 or (match[0] == ";" and not nesting):
                return match.start() + (nesting < 0 and match[0] != "}")
        return len(self.code)

    def closing(self, opening: int) -> int:
        """Return the offset after the parenthesis that closes the one at *opening*."""
        nesting = 0
        for match in MARK.finditer(self.code, opening) if opening >= 0 else ():
            nesting += {"(": 1, ")": -1}.get(match[0], 0)
            if not nesting:
                return match.end()
        return len(self.code)

    def resolve(self) -> None:
        """Give a goto the names after its label, up to the return: Python has that code in its place."""
        behind: dict[str, list[Statement]] = {}
        for label, first in self._labels.items():
            block = self.found[first : first + LONGEST_WAY]
            last = next((i for i, statement in enumerate(block) if statement.kind in ("return", "goto")), len(block))
            behind[label] = [statement for statement in block[: last + 1] if statement.kind != "label"]
        names: dict[str, tuple[Counter[str], frozenset[str]]] = {}
        for label, block in behind.items():
            tokens = reduce(or_, (each.tokens for each in block), Counter[str]())
            names[label] = tokens, frozenset().union(*(each.calls for each in block))
        for goto, label in self._gotos:
            goto.behind = behind.get(label, [])
            goto.tokens, goto.calls = names.get(label, (Counter(), frozenset()))
        done = False
        for statement in self.found:
            statement.is_way_out = done and (statement.kind == "label" or statement.is_way_out)
            done = done or (statement.kind == "return" and not statement.depth)
        for before, statement in pairwise(self.found):
            statement.is_way_out = statement.is_way_out or before.is_way_out


def simple_kind(text: str) -> str:
    """Return the kind of a statement that does not begin with a keyword."""
    text = " ".join(text.split())
    if "=" in re.sub(r"(?<![<>])[=!<>]=", "", text) or re.search(r"\+\+|--", text):
        return "assign"
    declared = TYPE.match(text)
    if declared and DECLARED.match(text, declared.end()):
        return "declaration"
    return "call" if "(" in text else "other"


def words(text: str, kind: str) -> tuple[Counter[str], frozenset[str]]:
    """Return names and constants in a statement, and which of them are called."""
    if kind in ("declaration", "label", "goto"):
        return Counter(), frozenset()
    text = " ".join(text.split())
    if kind == "header":
        name, _, parameters = text.partition("(")
        last = (WORD.findall(parameter)[-1:] for parameter in parameters.split(","))
        return Counter([*WORD.findall(name)[-1:], *(word for found in last for word in found)]), frozenset()
    declared = TYPE.match(text)
    if kind == "assign" and declared and DECLARED.match(text, declared.end()):
        text = text[declared.end() :]
    text = CAST.sub("", text)
    found = (word for word in WORD.findall(text) if word not in SILENT)
    return Counter(map(canonical, found)), frozenset(CALL.findall(text)) - SILENT
