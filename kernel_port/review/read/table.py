# SPDX-License-Identifier: GPL-2.0-only
"""One passage as a table of the page: rows, lines, and their parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..pages.highlight import Mark, marks
from ..pages.html import text
from .columns import Row, SourceLine
from .links import NameLink, c_links, python_links
from .names import Names
from .reading import Passage

#: Kind of a row -> the sign between the columns and its meaning.
BETWEEN = {
    "left": ("&lt;", "only in C"),
    "right": ("&gt;", "only in Python"),
    "words": ("&quot;", "a message: the words are ours"),
    "inlined": ("↑", "behind a label, in Python where the goto is"),
    "differs": ("≠", "differs"),
}
SIGNS = {"+": ("add", "added"), "-": ("del", "removed")}


@dataclass(frozen=True, slots=True)
class Side:
    """What the lines of one column consist of, by line."""

    marks: dict[int, list[Mark]]
    links: dict[int, list[NameLink]]


class Table:
    """The two columns of a passage."""

    def __init__(self, passage: Passage, names: Names) -> None:
        self.passage, self.names = passage, names
        self.anchor = names.anchor(passage.definition)
        self.point = passage.last_point
        left = [line for row in passage.rows for line in row.left]
        right = [line for row in passage.rows for line in row.right]
        in_c = c_links("\n".join(line.text for line in left), names.symbols)
        in_python = python_links(passage.definition, names.symbols)
        self.sides = (
            Side(coloured(left, "c"), {id(line): in_c.get(number, []) for number, line in enumerate(left)}),
            Side(coloured(right, "python"), {id(line): in_python.get(line.number, []) for line in right}),
        )

    def whole(self) -> str:
        """Return the table."""
        name = text(self.passage.name)
        if self.passage.has_c:
            rows = "".join(self.row(row) for row in self.passage.rows)
            return f'<div class=sides role=table aria-label="{name}: C and Python">{self.head()}{rows}</div>'
        lines = "".join(self.lines(row.right, 1) + self.why(row) for row in self.passage.rows)
        cells = cell("c none", self.prototype()) + cell("mid", "") + cell("py", lines)
        only = f"<div class=row role=row>{cells}</div>"
        return f'<div class="sides alone" role=table aria-label="{name}: Python">{self.head()}{only}</div>'

    def head(self) -> str:
        """Return the headings: the origin of both sides."""
        definition, c, ported = self.passage.definition, self.passage.c, self.passage.ported
        c_place = c.place if c and c.place else ported.c_file if ported else "no C"
        note = f" <span class=note>{text(c.note)}</span>" if c and c.note else ""
        places = (
            ("c", text(c_place) + note),
            ("mid", "<span class=hidden>What differs</span>"),
            ("py", f"{text(definition.path)}<span class=spot>:{definition.line}</span>"),
        )
        cells = "".join(f"<div class={kind} role=columnheader>{heading}</div>" for kind, heading in places)
        return f'<div class="row heads" role=row>{cells}</div>'

    def prototype(self) -> str:
        """Return what is known of missing C."""
        ported = self.passage.ported
        if ported is None:
            return "<p>a service of the port, with no C of its own</p>"
        return f"<code>{text(f'{ported.prototype};' if ported.prototype else f'{ported.kind} {ported.c_name}')}</code>"

    def row(self, row: Row) -> str:
        """Return a row of the two columns."""
        kind = "differs" if row.reason and row.kind != "inlined" else row.kind
        sign, meaning = BETWEEN.get(kind, ("", ""))
        between = f'<span aria-hidden=true title="{meaning}">{sign}</span><span class=hidden>{meaning}</span>'
        cells = cell("c", self.lines(row.left, 0)) + cell("mid", between if sign else "")
        return f'<div class="row {kind}" role=row>{cells}{cell("py", self.python(row))}</div>'

    def python(self, row: Row) -> str:
        """Return the Python of a row, with what is to be said of it."""
        lines = "".join(self.line(line, 1, row.kind == "words" and line is row.right[0]) for line in row.right)
        numbers = (f'<a href="#{self.anchor}.{line}">{line}</a>' for line in row.at)
        at = f"<p class=at>at each goto: {', '.join(numbers)}</p>" if row.at else ""
        return lines + at + self.why(row)

    def why(self, row: Row) -> str:
        """Return why a row differs, unless its Python says so itself."""
        return f"<p class=reason>{text(row.reason)}</p>" if row.reason and not row.right else ""

    def lines(self, lines: Sequence[SourceLine], side: int) -> str:
        """Return the lines of one column."""
        return "".join(self.line(line, side) for line in lines)

    def line(self, line: SourceLine, side: int, is_ours: bool = False) -> str:
        """Return a line with its number, which has a name, its sign, links and colours.

        :param is_ours: say that the words of its message are ours"""
        number, kind = "<span class=n></span>", ""
        if line.number:
            name = f"{self.anchor}.{line.number}" if side else f"{self.anchor}.c{line.number}"
            number = f'<span class=n id="{name}">{line.number}</span>'
        sign = "<span class=sign></span>"
        if line.sign in SIGNS:
            kind, meaning = SIGNS[line.sign]
            sign = f"<span class=sign aria-hidden=true>{line.sign}</span><span class=hidden>{meaning} </span>"
        code = "".join(self.segments(line, self.sides[side]))
        ours = "<span class=ours aria-hidden=true>our words</span>" if is_ours else ""
        return f'<div class="line {kind}">{number}{sign}<code>{code}</code>{ours}</div>'

    def segments(self, line: SourceLine, side: Side) -> Iterator[str]:
        """Yield the text of a line, with links and colours."""
        at, found = 0, side.marks.get(id(line), [])
        for link in side.links.get(id(line), []):
            if link.start >= at:
                yield from painted(line.text, at, link.start, found)
                yield self.names.link(line.text[link.start : link.end], link, self.point)
                at = link.end
        yield from painted(line.text, at, len(line.text), found)


def cell(kind: str, content: str) -> str:
    """Return a cell of a row."""
    return f'<div class="{kind}" role=cell>{content}</div>'


def coloured(lines: Sequence[SourceLine], language: str) -> dict[int, list[Mark]]:
    """Return the marks of each line."""
    found = marks("\n".join(line.text for line in lines), language)
    return {id(line): found.get(number, []) for number, line in enumerate(lines)}


def painted(whole: str, first: int, last: int, found: Sequence[Mark]) -> Iterator[str]:
    """Yield the elements of a part of a line."""
    at = first
    for start, end, kind in found:
        if end > at and start < last:
            yield plain(whole[at : max(start, at)])
            yield f"<span class=py-{kind}>{plain(whole[max(start, at) : min(end, last)])}</span>"
            at = min(max(end, at), last)
    yield plain(whole[at:last])


def plain(part: str) -> str:
    """Return text of a line. Tabs stay tabs, so that the page can set their width. Arrows are never broken in two."""
    return "\t".join(text(piece) for piece in part.split("\t")).replace("-&gt;", "<span class=to>-&gt;</span>")
