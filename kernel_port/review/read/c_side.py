# SPDX-License-Identifier: GPL-2.0-only
"""The reader's C for a definition of the port: from a kernel, or from the mails of the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...hw.errors import MachineError
from ...terminal import clean
from ..port.ported import Ported
from ..upstream import check_tree
from ..upstream.check_series import MERGED_NAMES, counterpart
from ..upstream.csource import AGGREGATE, CFunction, CSource, CStruct, function_name, read
from ..upstream.given import open_source
from ..upstream.mbox import Hunk, Mail
from ..upstream.touched import INNER, touched
from ..upstream.tree import Tree, version
from .columns import SourceLine


@dataclass(frozen=True, slots=True)
class CText:
    """The C of a definition of the port, or why there is none."""

    lines: tuple[SourceLine, ...]
    #: Its file and, if known, line.
    place: str
    #: A remark for the reader, or "".
    note: str
    #: Whether the lines have signs of a patch; if not, the Python decides.
    is_signed: bool = False
    #: function, struct, or macro, whose lines are not statements.
    kind: str = "function"


class CSide(Protocol):
    """A source of C."""

    #: Its title.
    title: str

    def find(self, each: Ported) -> CText:
        """Return the C of a definition."""


def open_side(source: str, revision: str = "") -> CSide:
    """Open the C at *source*, as open_source() takes it.

    :raises MachineError: there is none"""
    given = open_source(source, revision)
    if isinstance(given, list) and not any(mail.changes for mail in given):
        raise MachineError(f"{clean(source)}: a cover letter and no patch; name the mailbox of the series")
    name = "standard input" if source == "-" else source
    return SeriesSide(given, name) if isinstance(given, list) else KernelSide(given)


class KernelSide:
    """A kernel's sources."""

    def __init__(self, tree: Tree) -> None:
        self.source = CSource(tree)
        self.age = version(tree)
        self.title = f"Linux v{self.age[0]}.{self.age[1]}" if self.age else "a kernel of unknown version"
        self.title += f", {tree.name}"

    def find(self, each: Ported) -> CText:
        found = check_tree.look(self.source, each, self.age)
        since = f" since {found.since}" if found.since else ""
        if not found.file:
            gone = f"not there yet: {found.why}" if found.state == "not yet" else f"removed{since}"
            if found.state == "gone" and not found.why and self.source.tree.text(each.c_file) is None:
                gone = "no such file in this tree"
            return CText((), "", gone + (f": {found.why}" if found.why and found.state == "gone" else ""))
        place = f"{found.file}:{found.line}"
        note = {"moved": "has moved", "renamed": f"now {found.now}(){since}: {found.why}"}.get(found.state, "")
        struct = self.source.find_struct(found.now, found.file) if each.kind == "struct" else None
        function = None if struct else self.source.find(found.now, found.file)
        definition = struct or function
        assert definition is not None
        lines = definition.text.split("\n")
        numbered = (SourceLine(definition.line + index, text) for index, text in enumerate(lines))
        return CText(tuple(numbered), place, note, False, "struct" if function is None else function.kind)


class SeriesSide:
    """The mails of the series, as posted or as merged. They contain only what they touch."""

    def __init__(self, mails: Sequence[Mail], name: str) -> None:
        self.title = f"the patches in {name}"
        self.patches: dict[int, Mail] = {}
        for mail in mails:
            if mail.changes and (patch := counterpart(mail, touched(mail))) is not None:
                self.patches[patch.number] = mail

    def find(self, each: Ported) -> CText:
        if not each.point:
            return CText((), "", "the patches do not touch it")
        other, file = MERGED_NAMES.get(each.name, (each.c_name, each.c_file))
        own = self.patches.get(each.point)
        for mail in filter(None, (own, *self.patches.values())):
            for name, path in ((each.c_name, each.c_file), (other, file)):
                if lines := in_mail(mail, name, path):
                    note = "" if mail is own and name == each.c_name else f'{name}(), in "{mail.subject}"'
                    return CText(lines, path, note, True, each.kind)
        return CText((), "", "not in these patches")


def in_mail(mail: Mail, name: str, path: str) -> tuple[SourceLine, ...]:
    """Return the lines of the function or struct *name* that a patch shows; dots separate hunks."""
    found: list[SourceLine] = []
    for change in mail.changes:
        for hunk in change.hunks if change.path == path else ():
            lines = in_hunk(hunk, name)
            if any(line.sign != " " for line in lines):
                found += [*([SourceLine(0, "\t/* ... */")] if found else []), *lines]
    return tuple(found)


def in_hunk(hunk: Hunk, name: str) -> list[SourceLine]:
    """Return the lines of the function or struct *name* in a hunk, removed ones included."""
    numbered, old, new = [], hunk.old, hunk.new
    for raw in hunk.lines:
        if raw[:1] not in ("+", "-", " "):
            continue
        numbered.append(SourceLine(0 if raw[0] == "-" else new, raw[1:], raw[0]))
        new += raw[0] != "-"
        old += raw[0] != "+"
    after = [index for index, line in enumerate(numbered) if line.sign != "-"]
    defined = read("\n".join(numbered[index].text for index in after), unfinished=True)
    definitions: tuple[CFunction | CStruct, ...] = (*defined.functions, *defined.structs)
    for each in definitions:
        if each.name == name:
            first, last = after[each.line - 1], after[each.end_line - 1]
            return numbered[first : last + 1]
    aggregate = AGGREGATE.match(hunk.section)
    if name not in ({aggregate[1]} if aggregate else {function_name(hunk.section)}):
        return []
    end = next((index for index, line in enumerate(numbered) if not INNER.fullmatch(line.text)), len(numbered))
    return numbered[: end + (end < len(numbered) and numbered[end].text.startswith("}"))]
