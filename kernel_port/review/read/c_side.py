# SPDX-License-Identifier: GPL-2.0-only
"""The reader's C for a definition of the port: from a kernel, from two of them, or from the mails of the series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Protocol

from ...hw.errors import MachineError
from ...terminal import clean
from ..port.ported import Ported
from ..upstream import check_tree
from ..upstream.check_series import MERGED_NAMES, counterpart
from ..upstream.csource import AGGREGATE, CFunction, CSource, CStruct, function_name, read
from ..upstream.given import ends, open_source
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
    #: Whether it is all there; a hunk of a patch shows what is near its changes.
    is_whole: bool = True


class CSide(Protocol):
    """A source of C."""

    #: Its title.
    title: str

    def find(self, each: Ported) -> CText:
        """Return the C of a definition."""


def open_side(source: str, revision: str = "") -> CSide:
    """Open the C at *source*, as open_source() takes it, or two kernels, A..B.

    :raises MachineError: there is none"""
    named = [open_source(*end) for end in ends(source, revision)]
    kernels = [KernelSide(each) for each in named if not isinstance(each, list)]
    if len(named) == 2:
        if len(kernels) < 2:
            raise MachineError(f"{clean(source)}: mails at one end of ..; name two kernels, such as linux@v3.11..v3.12")
        return KernelsSide(*kernels)
    (given,) = named
    if isinstance(given, list) and not any(mail.changes for mail in given):
        raise MachineError(f"{clean(source)}: a cover letter and no patch; name the mailbox of the series")
    name = "standard input" if source == "-" else source
    return SeriesSide(given, name) if isinstance(given, list) else kernels[0]


class KernelSide:
    """A kernel's sources."""

    def __init__(self, tree: Tree) -> None:
        self.source = CSource(tree)
        self.age = version(tree)
        #: What remarks call it.
        self.name = f"Linux v{self.age[0]}.{self.age[1]}" if self.age else tree.name
        self.title = f"{self.name if self.age else 'a kernel of unknown version'}, {tree.name}"

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


class KernelsSide:
    """Two kernels: the older has what is of base, the newer what is of the series and the mends, beside what was there
    before."""

    def __init__(self, old: KernelSide, new: KernelSide) -> None:
        self.old, self.new = old, new
        self.title = f"{old.title}, to {new.title}"

    def find(self, each: Ported) -> CText:
        old, new = self.old.find(each), self.new.find(each)
        if not new.lines:
            return noted(old, f"not in {self.new.name}") if old.lines else new
        if not each.point and old.lines:
            return old if texts(old.lines) == texts(new.lines) else noted(old, f"differs in {self.new.name}")
        if not old.lines:
            return new
        both = noted(new, f"{self.old.name} to {self.new.name}")
        return replace(both, lines=tuple(changed(old.lines, new.lines)), is_signed=True)


def noted(c: CText, remark: str) -> CText:
    """Return C with one more remark."""
    return replace(c, note="; ".join(filter(None, (c.note, remark))))


def changed(old: Sequence[SourceLine], new: Sequence[SourceLine]) -> Iterator[SourceLine]:
    """Yield the lines of *new* with those of *old* that are gone before what is in their place, each with its sign."""
    for tag, i, j, k, m in SequenceMatcher(None, texts(old), texts(new), autojunk=False).get_opcodes():
        if tag == "equal":
            yield from new[k:m]
        else:
            yield from (SourceLine(0, line.text, "-") for line in old[i:j])
            yield from (replace(line, sign="+") for line in new[k:m])


def texts(lines: Sequence[SourceLine]) -> list[str]:
    """Return lines without their numbers."""
    return [line.text for line in lines]


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
                    return CText(lines, path, note, True, each.kind, is_whole=False)
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
