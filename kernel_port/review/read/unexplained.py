# SPDX-License-Identifier: GPL-2.0-only
"""What the C has and the port has not, or the other way, without a reason; and what stands elsewhere.

A statement needs a counterpart (counterparts.py) or a reason, which is

- a kind (port/kinds.py): the statement calls its function first of all;
- a `# PORT:` comment, or `PORT:` in the docstring, of the function or of its module. Of the C it explains the
  statements that it names: by a name with `_`, by `name()`, or in backquotes a variable (`len`), a member (`dev->vpd`),
  or part of the statement, word for word (`if (ret)`). Of the Python it explains the statement beside it, or those
  below it up to an empty line or the next comment.

A test that has a counterpart has all its members, constants and calls there, or a reason names them.

What explains a test or loop explains all in it, what explains a call explains the test of its result, and what follows
a label is explained if nothing else leads there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ..port.definitions import Definition
from ..port.kinds import EVENTS, Kind, kind_of
from ..port.ported import Ported, ported
from ..upstream.c_statements import WORD
from ..upstream.statements import Statement, canonical
from .c_side import CText, KernelSide
from .columns import Column
from .counterparts import Counterparts
from .reading import PORT, c_column, code, module_reasons, port_reasons

#: A variable or a member: dev->vpd.
PATH = re.compile(r"\*?[\w.>-]+")
QUOTED = re.compile(r"`([^`]+)`")
NAMED = re.compile(r"\b(\w+)\(\)|\b(\w*_\w+)\b")
GOTO = re.compile(r"goto\s+(\w+)")
#: A mark in C; in the body of a macro a part of the name is a parameter's.
EXPORT = re.compile(r"^(EXPORT_SYMBOL(?:_GPL)?)\((\w+)(##\w+)?\);?", re.MULTILINE)
#: Names in a test of a result, besides the result.
TESTS = frozenset(("IS_ERR", "PTR_ERR", "unlikely", "likely", "None", "0", "WARN_ON"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement, or function, without its like."""

    #: "c", "python", or "place".
    side: str
    name: str
    #: File and line.
    where: str
    #: The statement, or what differs.
    what: str


@dataclass(frozen=True, slots=True)
class Unexplained:
    """All of it."""

    findings: tuple[Finding, ...]
    #: How many functions and statements of the C were read.
    functions: int
    statements: int
    #: Reason of a kind -> how many statements of the C it explains.
    kinds: Counter[str]
    #: How many statements of the C a comment explains.
    told: int


def unexplained(side: KernelSide) -> Unexplained:
    """Compare every ported function of base and patches, as of the kernel's age, with its C."""
    findings: list[Finding] = []
    kinds: Counter[str] = Counter()
    functions = statements = told = 0
    compared = list(current(side))
    for each, c in compared:
        compare = Comparison(each, c)
        findings += compare.findings()
        kinds += compare.kinds
        told += compare.told
        functions += 1
        statements += len(compare.both.left)
    findings += places(side, compared)
    return Unexplained(tuple(findings), functions, statements, kinds, told)


def current(side: KernelSide) -> Iterator[tuple[Ported, CText]]:
    """Yield the functions of base and patches at the point that the kernel is at, each with its C."""
    last = 0 if side.age is not None and side.age < (3, 12) else 8
    newest = {
        each.name: each
        for each in ported()
        if each.kind == "function" and not each.definition.module.startswith("kernel.") and each.point <= last
    }
    for each in newest.values():
        yield each, side.find(each)


class Comparison:
    """One function and its C."""

    def __init__(self, each: Ported, c: CText) -> None:
        self.ported, self.c = each, c
        left = c_column(c)
        lines, python = code(each.definition)
        self.both = Counterparts(left, Column(lines, python))
        self.columns = left, Column(lines, python)
        told = (port_reasons(each.definition.text), docstring_reasons(each.definition))
        self.reasons = [Reason(reason) for reason in chain(*told, module_reasons(each.definition.module))]
        #: Every name in a reason.
        self.named = {name for reason in self.reasons for names in reason.names for name in names}
        self.named |= {name for reason in self.reasons for each in reason.statements for name in WORD.findall(each)}
        self.kinds: Counter[str] = Counter()
        self.told = 0

    def findings(self) -> Iterator[Finding]:
        """Yield what is unexplained."""
        name, definition = self.ported.name, self.ported.definition
        if not self.c.lines:
            yield Finding("c", name, self.ported.c_file, f"no such function: {self.c.note}")
            return
        file = self.c.place.rpartition(":")[0]
        explained = self.explained()
        only = list(self.both.only_c())
        for i in only:
            if i not in explained:
                line = self.columns[0].lines[self.both.left[i].line].number
                yield Finding("c", name, f"{file}:{line}", self.both.c[i])
            elif isinstance(why := explained[i], Kind):
                self.kinds[why.reason] += 1
            else:
                self.told += 1
        for i in range(len(self.both.left)):
            if lost := self.both.lost(i) - self.named:
                line = self.columns[0].lines[self.both.left[i].line].number
                yield Finding("c", name, f"{file}:{line}", f"{self.both.c[i]} (without {', '.join(sorted(lost))})")
        beside = set(self.beside())
        for j in self.both.only_python():
            one = self.both.right[j]
            if one.kind == "call" and one.calls & EVENTS.calls:
                self.kinds[EVENTS.reason] += 1
            elif not self.is_within(one, beside):
                line = self.columns[1].lines[self.both.right[j].line].number
                yield Finding("python", name, f"kernel_port/{definition.file}:{line}", self.both.python[j])

    def explained(self) -> dict[int, Kind | bool]:
        """Return the C statements that have a reason -> their kind, or True for one of the function's own."""
        found: dict[int, Kind | bool] = {}
        number = {id(each): i for i, each in enumerate(self.both.left)}
        for i, each in enumerate(self.both.left):
            around = found.get(number[id(each.within)]) if each.within is not None else None
            if around is not None:
                found[i] = around
            elif any(is_named(each, self.both.c[i], reason) for reason in self.reasons):
                found[i] = True
            elif (mine := self.kind(i)) is not None:
                found[i] = mine
            elif (above := self.tested(i)) in found and takes_test(found[above]):
                found[i] = found[above]
        self.way_out(found)
        return found

    def kind(self, i: int) -> Kind | None:
        """Return the kind of a C statement."""
        one, mine = self.both.left[i], kind_of(self.both.c[i])
        return mine if mine is not None and (one.kind in ("call", "assign") or mine.cannot_fail) else None

    def tested(self, i: int) -> int:
        """Return the assignment before a C statement that does nothing but test its result; -1 if there is none."""
        one = self.both.left[i]
        before = next((k for k in range(i - 1, -1, -1) if self.both.left[k].within is one.within), None)
        if before is None or not (one.kind == "if" or self.both.c[i].startswith(("WARN_ON", "BUG_ON"))):
            return -1
        target = names_of(self.both.c[before]) if self.both.left[before].kind == "assign" else set()
        return before if target and target >= one.tokens.keys() - TESTS else -1

    def way_out(self, found: dict[int, Kind | bool]) -> None:
        """Explain what follows a label if only explained statements lead there."""
        left, c = self.both.left, self.both.c
        gotos: dict[str, list[int]] = {}
        for i, each in enumerate(left):
            if each.kind == "goto" and (match := GOTO.match(c[i])):
                gotos.setdefault(match[1], []).append(i)
        dead = False
        for i, each in enumerate(left):
            if each.kind == "label":
                reached = any(k not in found for k in gotos.get(c[i].partition(":")[0].strip(), []))
                before = left[i - 1] if i else None
                falls = before is not None and not (before.kind in ("return", "goto") and not before.depth) and not dead
                dead = not reached and not falls and each.is_way_out
            elif dead:
                found.setdefault(i, True)

    def beside(self) -> Iterator[int]:
        """Yield the Python statements beside or below a `# PORT:` comment."""
        lines = self.columns[1].lines
        covered: set[int] = set()
        for index, line in enumerate(lines):
            if not PORT.search(line.text):
                continue
            covered.add(index)
            if not line.text.lstrip().startswith("#"):
                continue
            below = index + 1
            while below < len(lines) and lines[below].text.lstrip().startswith("#"):
                below += 1
            while below < len(lines) and (stripped := lines[below].text.strip()) and not stripped.startswith("#"):
                covered.add(below)
                below += 1
        for j, each in enumerate(self.both.right):
            if covered & set(range(each.line, each.end_line + 1)):
                yield j

    def is_within(self, one: Statement | None, beside: set[int]) -> bool:
        """Return whether a Python statement, or a test or loop that it is in, has a reason."""
        explained = [self.both.right[j] for j in beside]
        while one is not None:
            if any(one is each for each in explained):
                return True
            one = one.within
        return False


def takes_test(why: Kind | bool) -> bool:
    """Return whether the reason for a call is one for the test of its result, too."""
    return not isinstance(why, Kind) or why.cannot_fail


def docstring_reasons(definition: Definition) -> Iterator[str]:
    """Yield the reasons in a docstring, each up to the end of its paragraph."""
    for match in re.finditer(r"(?<!# )\bPORT:\s*((?:[^\n]|\n(?!\s*(?:\n|:|C: )))*)", definition.doc):
        yield match[1]


class Reason:
    """What a reason names."""

    def __init__(self, reason: str) -> None:
        quoted = QUOTED.findall(reason)
        rest = QUOTED.sub(" ", reason)
        #: Statements, or parts of them, word for word.
        self.statements = frozenset(squeezed(each) for each in quoted if not PATH.fullmatch(each))
        #: Sets of names, each of which a statement must have whole.
        self.names = [frozenset([canonical(one or other)]) for one, other in NAMED.findall(rest)]
        words = (frozenset(canonical(word) for word in WORD.findall(each)) for each in quoted if PATH.fullmatch(each))
        self.names += [each for each in words if each]


def is_named(one: Statement, code: str, reason: Reason) -> bool:
    """Return whether a reason names a statement, whose text is *code*."""
    code = squeezed(code)
    return any(each in code for each in reason.statements) or any(names <= one.tokens.keys() for names in reason.names)


def squeezed(code: str) -> str:
    """Return a statement without its blanks and its semicolon."""
    return "".join(code.split()).rstrip(";{")


def names_of(code: str) -> set[str]:
    """Return the names before the sign of an assignment."""
    return {canonical(word) for word in WORD.findall(code.partition("=")[0])}


def places(side: KernelSide, compared: list[tuple[Ported, CText]]) -> Iterator[Finding]:
    """Yield functions whose order in their file, export or linkage differs from the C; not those of another name."""
    last: dict[tuple[str, str], tuple[int, str]] = {}
    exports: dict[str, list[tuple[str, str, str]]] = {}
    for each, c in compared:
        file, _, number = c.place.rpartition(":")
        if not file or each.c_name != each.name:
            continue
        definition = each.definition
        where = f"kernel_port/{definition.file}:{definition.line}"
        if not each.point:
            before = last.get((definition.module, file), (0, ""))
            if int(number) < before[0]:
                yield Finding("place", each.name, where, f"stands before {before[1]} in {file}")
            else:
                last[definition.module, file] = int(number), each.name
        if file not in exports:
            exports[file] = EXPORT.findall(side.source.tree.text(file) or "")
        mark = next((mark for mark, name, rest in exports[file] if is_name(each.c_name, name, rest)), "")
        if mark != definition.export:
            yield Finding("place", each.name, where, f"{definition.export or 'not exported'}, in C {mark or 'not'}")
        function = side.source.find(each.c_name, file)
        linkage = "exported" if mark else "static" if function is not None and function.is_static else ""
        ours = definition.origin.linkage if definition.origin else ""
        if function is not None and ours != linkage:
            yield Finding("place", each.name, where, f"{ours or 'global'}, in C {linkage or 'global'}")


def is_name(name: str, start: str, rest: str) -> bool:
    """Return whether a mark exports *name*."""
    return name.startswith(start) if rest else name == start
