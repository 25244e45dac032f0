# SPDX-License-Identifier: GPL-2.0-only
"""The contents and their order: patches with their definitions, each beside its C; then the functions they call."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from textwrap import fill

from ...hw.errors import MachineError, did_you_mean
from ...link import SERVICES
from ...mends import Mend, is_path
from ...series import PATCHES, Patch
from ...terminal import clean
from ..port.definitions import Definition, module
from ..port.kinds import kind_of
from ..port.mails import WIDTH, message
from ..port.ported import Ported, describe
from ..port.symbols import Symbols, Use, symbols
from ..upstream.c_statements import c_members, c_statements
from ..upstream.check_series import everything
from ..upstream.statements import Statement
from .align import MESSAGE
from .c_side import CSide, CText, changed
from .columns import Column, Row, SourceLine, is_code, lay_out
from .py_statements import py_statements

PORT = re.compile(r"#:?.*?\bPORT:\s*(.*)")
#: What a user's file may be called and an anchor, or the file of a page, may not.
UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
#: Limits, characters and statements, beyond which C is not compared.
LONGEST, MOST = 20_000, 500
NAME = re.compile(r"\b\w*_\w+\b")
CALLED = re.compile(r"\b(\w+)\(")
QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')
#: In a message: a value, in C or Python, or an escape.
VALUE = re.compile(r"%[-+ #0]*[\d.*]*(?:hh?|ll?|z)?(?:p\w*|[a-zA-Z%])|\{[^}]*\}|\\.")
WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One definition beside its C."""

    definition: Definition
    #: Its counterpart; None if it has no C.
    ported: Ported | None
    #: What the patch does: adds, modifies, or "" for older definitions.
    how: str
    c: CText | None
    rows: tuple[Row, ...]
    #: What its docstring says, without the line with the C file.
    about: str
    #: Why it differs from the C as a whole.
    reasons: tuple[str, ...]
    #: Where it is used.
    uses: tuple[Use, ...]
    #: The last point of the series at which it is current.
    last_point: int

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    @property
    def has_c(self) -> bool:
        """Whether there is C to show."""
        return self.c is not None and bool(self.c.lines)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Passages that belong together."""

    title: str
    #: Its name in links.
    anchor: str
    #: The commit message of a patch, or a sentence.
    message: str
    passages: tuple[Passage, ...]
    patch: Patch | None = None
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything to read."""

    title: str
    #: Title of the C; "" if there is none.
    c_title: str
    chapters: tuple[Chapter, ...]
    #: What is on top of the series.
    mends: tuple[Mend, ...] = ()

    @property
    def passages(self) -> list[Passage]:
        """All passages in order."""
        return [passage for chapter in self.chapters for passage in chapter.passages]


def reading(what: str, side: CSide | None, beneath: bool = True, mends: tuple[Mend, ...] = ()) -> Reading:
    """Return what a user asked for: the number of a patch, a mend, a symbol, or "all".

    :param beneath: also include what it uses, as separate chapters
    :param mends: what is on top of the series, in link order
    :raises MachineError: there is no such thing; names the nearest ones"""
    author = Author(side, mends)
    named = [each for each in mends if what in (each.name, each.version) or (is_path(what) and each.path == Path(what))]
    if what == "all":
        chapters, title = [author.patch(patch) for patch in PATCHES], "The series, side by side"
        chapters += [author.mend(mend) for mend in mends]
    elif named:
        chapters, title = [author.mend(mend) for mend in named], f"{what}, side by side"
    elif what.isdigit() and 1 <= int(what) <= len(PATCHES):
        chapters = [author.patch(PATCHES[int(what) - 1])]
        title = chapters[0].title
    else:
        chapters, title = [author.symbol(what)], f"{what}, side by side"
    if beneath:
        chapters += list(author.beneath(chapters, every=what == "all"))
    return Reading(title, side.title if side else "", tuple(chapters), mends)


class Author:
    """Writes chapters."""

    def __init__(self, side: CSide | None, mends: tuple[Mend, ...]) -> None:
        self.side = side
        self.symbols: Symbols = symbols(mends)
        self._ported = {each.definition: each for each in everything()}

    def patch(self, patch: Patch) -> Chapter:
        """Return a patch: its commit message and what it adds and modifies."""
        found = [each for each in self._all() if each.point == patch.number and each.kind != "variable"]
        passages = (self.passage(each, "modifies" if each.name in patch.modifies else "adds") for each in found)
        title = f"{patch.number}/{len(PATCHES)} {patch.subject}"
        return Chapter(title, f"patch-{patch.number}", message(patch), tuple(passages), patch)

    def mend(self, mend: Mend) -> Chapter:
        """Return a mend: its docstring and what it adds and modifies."""
        found = [each for each in self._all() if each.module == mend.module and each.kind != "variable"]
        found.sort(key=lambda each: each.line)
        passages = (self.passage(each, "modifies" if each.name in mend.modifies else "adds") for each in found)
        words = "\n\n".join(fill(clean(f"{label}: {text}"), WIDTH) for label, text in mend.paragraphs.items())
        anchor = f"mend-{UNFIT.sub('-', mend.name)}"
        return Chapter(clean(f"{mend.name}: {mend.title}"), anchor, words, tuple(passages), mend=mend)

    def symbol(self, name: str) -> Chapter:
        """Return a symbol at every point where it is defined."""
        definitions = self.symbols.definitions.get(name)
        if not definitions:
            hint = did_you_mean(name, [*self.symbols.definitions, "all"], "kernel-port list has patches and mends")
            raise MachineError(f"{clean(name)}: not a symbol, number of a patch, mend, or all; {hint}")
        hows = ["" if not each.point else "modifies" if index else "adds" for index, each in enumerate(definitions)]
        passages = tuple(self.passage(each, how) for each, how in zip(definitions, hows, strict=True))
        points = ", ".join(each.layer.replace("+", "patch ") for each in definitions)
        return Chapter(name, "symbol", f"Defined in: {points}.", passages)

    def beneath(self, chapters: list[Chapter], every: bool) -> Iterator[Chapter]:
        """Return what these chapters use of base, by module.

        :param every: also include what that uses in turn"""
        shown = [passage.definition for chapter in chapters for passage in chapter.passages]
        seen = {definition.name for definition in shown}
        found: dict[str, Definition] = {}
        last = max((definition.point for definition in shown), default=0)
        todo = list(shown)
        while todo:
            for name in self.named(todo.pop()):
                each = self.symbols.at(name, last)
                if name in seen or each is None or not self.symbols.is_function(name):
                    continue
                seen.add(name)
                if each.module not in SERVICES:
                    found[name] = each
                    todo += [each] if every else []
        used = [each for each in self._all() if found.get(each.name) is each]
        for name in dict.fromkeys(each.module for each in used):
            title, _, _ = module(name).doc.partition("\n")
            passages = tuple(self.passage(each, "") for each in used if each.module == name)
            yield Chapter(
                module(name).file, f"module-{name.replace('.', '-')}", f"Used by what is above: {title}", passages
            )

    def named(self, definition: Definition) -> Iterator[str]:
        """Yield the names that a definition uses, and the functions its pointers lead to."""
        for node in ast.walk(definition.node):
            match node:
                case ast.Name(id=name):
                    yield name
                case ast.Attribute(attr=member):
                    yield from self.symbols.pointers.get(member, ())

    def passage(self, definition: Definition, how: str) -> Passage:
        """Return a definition beside its C."""
        ported = self._ported.get(definition) or next(describe(definition), None)
        c = self.side.find(ported) if self.side and ported else None
        about, reasons = said(definition.doc)
        rows = tuple(self.rows(definition, how, c))
        last = self.last_point(definition)
        uses = tuple(self.symbols.callers(definition.name, last))
        return Passage(definition, ported, how, c, rows, about, reasons, uses, last)

    def last_point(self, definition: Definition) -> int:
        """Return the last point at which a definition is current."""
        later = [each.point for each in self.symbols.definitions[definition.name] if each.point > definition.point]
        return later[0] - 1 if later else self.symbols.last

    def rows(self, definition: Definition, how: str, c: CText | None) -> Iterator[Row]:
        """Return the rows of a passage."""
        right = self.python(definition, how)
        if c and how == "adds" and not c.is_signed:
            c = replace(c, lines=tuple(replace(line, sign="+") for line in c.lines), is_signed=True)
        left = c_column(c) if c else Column((), ())
        rows = lay_out(left, right)
        if c and c.lines and not c.is_signed and how:
            rows = [signed(row) for row in rows]
        if c and not c.is_whole and how == "modifies":
            rows = [unseen(row) for row in rows]
        pool = [*port_reasons(definition.text), *module_reasons(definition.module)]
        for row in rows:
            yield replace(row, kind="words" if says(row) else row.kind, reason=reason(row, pool))

    def python(self, definition: Definition, how: str) -> Column:
        """Return the lines of a definition without its docstring, and those of the previous version where they
        differ."""
        lines, statements = code(definition)
        if how == "adds":
            return Column([replace(line, sign="+") for line in lines], statements)
        before = [each for each in self.symbols.definitions[definition.name] if each.point < definition.point]
        if how != "modifies" or not before:
            return Column(lines, statements)
        return Column(list(changed(code(before[-1])[0], lines)), statements)

    def _all(self) -> Iterator[Definition]:
        """Return all definitions."""
        for definitions in self.symbols.definitions.values():
            yield from definitions


def code(definition: Definition) -> tuple[list[SourceLine], list[Statement]]:
    """Return the lines of a definition without its docstring, and its statements, numbered by these lines."""
    node, texts = definition.node, definition.text.split("\n")
    words: set[int] = set()
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and definition.doc:
        words = set(
            range(node.body[0].lineno - definition.first, (node.body[0].end_lineno or 0) - definition.first + 1)
        )
    kept = [index for index in range(len(texts)) if index not in words]
    place = {index: number for number, index in enumerate(kept)}
    statements = py_statements(definition.text)
    for each in statements:
        each.line, each.end_line = place[each.line], place[each.end_line]
    return [SourceLine(definition.first + index, texts[index]) for index in kept], statements


def c_column(c: CText) -> Column:
    """Return the lines of a C text and their statements."""
    after = "\n".join(line.text for line in c.lines if line.sign != "-")
    if not after.strip() or len(after) > LONGEST or c.kind == "macro":
        return Column(c.lines, ())
    statements = c_members(after) if c.kind == "struct" else c_statements(after)
    return Column(c.lines, statements if len(statements) <= MOST else ())


def signed(row: Row) -> Row:
    """Mark the C of a row as changed where its Python is: a kernel has no signs, and later kernels changed more."""
    changed = any(line.sign == "+" for line in row.right)
    if not changed or row.kind not in ("same", "above"):
        return row
    return replace(row, left=tuple(replace(line, sign="+") if line.number else line for line in row.left))


def unseen(row: Row) -> Row:
    """Mark a row of a patch's hunks, which do not show unchanged lines elsewhere."""
    if row.kind == "right" and not any(line.sign == "+" for line in row.right):
        return replace(row, kind="quiet")
    return row


def says(row: Row) -> bool:
    """Whether a row is a message of the C and the one that stands for it, in words of the port's own."""
    called = CALLED.findall("\n".join(line.text for line in row.right))
    is_message = row.kind == "same" and any(MESSAGE.fullmatch(name) for name in called)
    return is_message and wording(row.left) != wording(row.right)


def wording(lines: Iterable[SourceLine]) -> list[str]:
    """Return the words of a message, without values and how they are written."""
    quoted = " ".join(part for line in lines if line.sign != "-" for part in QUOTED.findall(line.text))
    return WORD.findall(VALUE.sub(" ", quoted).lower())


def said(docstring: str) -> tuple[str, tuple[str, ...]]:
    """Return a docstring without the line with the C file, and the reasons for departures in it."""
    reasons = tuple(re.findall(r"\bPORT:\s*([^\n)]*)", docstring))
    kept = (line for line in docstring.split("\n") if not line.strip().startswith(("C: ", "# PORT:", "PORT:")))
    return "\n".join(kept).strip(), reasons


def port_reasons(text: str) -> Iterator[str]:
    """Return the reasons of all `# PORT:` comments in a text, each with its continuation lines."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if match := PORT.search(line):
            words = [match[1]]
            if line.lstrip().startswith("#"):
                for below in lines[index + 1 :]:
                    if not below.lstrip().startswith("#") or PORT.search(below):
                        break
                    words.append(below.strip().lstrip("#: "))
            yield " ".join(words).strip()


@cache
def module_reasons(name: str) -> tuple[str, ...]:
    """Return the reasons that a file gives for itself, above its definitions."""
    return tuple(port_reasons("\n".join(line for line in module(name).text.split("\n") if line.startswith("#"))))


def reason(row: Row, pool: Iterable[str]) -> str:
    """Return why a row differs: from its own comment, or for C without a counterpart the comment that names its
    subject, or the kind of departure."""
    own = list(port_reasons("\n".join(line.text for line in row.right)))
    if own:
        return "; ".join(own)
    if row.kind != "left":
        return ""
    names = {name for line in row.left for name in NAME.findall(line.text)}
    told = next((each for each in pool if names & set(NAME.findall(each))), "")
    kind = kind_of(" ".join(line.text.strip() for line in row.left if is_code(line)))
    return told or (kind.reason if kind else "")
