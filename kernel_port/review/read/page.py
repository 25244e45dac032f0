# SPDX-License-Identifier: GPL-2.0-only
"""The elements of the pages: header, contents, chapters. They need no network, and no script for reading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..pages.html import data, page, text
from .names import Names, emphasised
from .reading import Chapter, Passage, Reading
from .references import Ids, archives, fate
from .table import BETWEEN, Table

HOW = {"adds": ("+", "new"), "modifies": ("~", "modified")}
FIELD = re.compile(r"^:(param \w+|return|raises \w+): ?", re.MULTILINE)
LABEL = re.compile(r"^([A-Z][a-z]+(?: [a-z]+)?): ")
KEYS = (
    "<kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> next and previous function, "
    "<kbd>n</kbd> <kbd>p</kbd> next and previous patch"
)
#: What stands between the columns, or before a line, and what it means.
LEGEND = (
    *(BETWEEN[kind] for kind in ("left", "right", "words", "inlined")),
    ("≠", "differs, with the reason"),
    ("+", "added by the patch"),
    ("-", "removed by it"),
)
VIEWS = {"both": "Both", "c": "C", "py": "Python"}
#: The parts of the contents: a title, and how the anchors of their chapters begin.
PARTS = (("The series", ("patch-", "symbol")), ("Mends", ("mend-",)), ("What these use", ("module-",)))
STYLES, SCRIPTS = ("page.css", "read.css"), ("dom.js", "read.js", "search.js")


class Page:
    """Writes the elements of pages.

    Each chapter is in a file of its own, or all are in the only one, ""."""

    def __init__(self, reading: Reading, names: Names, how_to: str, command: str) -> None:
        self.reading, self.names = reading, names
        self.how_to, self.command = how_to, command
        self.is_one = True
        self._ids = Ids(reading.mends)

    def whole(self, title: str, main: str, shown: Sequence[Chapter], search: dict[str, Any]) -> str:
        """Return a page.

        :param main: the elements of its text
        :param shown: the chapters that it has
        :param search: what its search looks in"""
        source = f"C from {text(self.reading.c_title)}" if self.reading.c_title else "without the C"
        about = f"The series “pci: bus and slot reset interface” of 2013 ({archives()}), {source}."
        made = f"Made by <code>{text(self.command)}</code>. The C is the Linux kernel's, GPL-2.0. No network is needed."
        tools = f"<div class=tools>{FIND}{self.views() if shown else ''}</div>"
        body = [
            '<a class="hidden skip" href="#text">To the text</a>',
            f"<header class=title><div><h1>{text(title)}</h1><p class=about>{about}</p></div>{tools}</header>",
            f'<div class=frame>{self.contents(shown)}<main id="text">{main}</main></div>',
            f"<footer><p>{made}</p></footer>",
            data("search", search),
        ]
        return page(title, "\n".join(body), STYLES, SCRIPTS)

    def views(self) -> str:
        """Return the buttons that select columns."""
        if not self.reading.c_title:
            return ""
        buttons = (
            f'<input type=radio name=view id="view-{key}"{" checked" * (key == "both")}>'
            f'<label for="view-{key}">{name}</label>'
            for key, name in VIEWS.items()
        )
        return f"<fieldset class=views><legend class=hidden>Columns</legend>{''.join(buttons)}</fieldset>"

    def key(self) -> str:
        """Return the legend, and how to get the C if it is missing."""
        keys = f"<p class=keys>Keys: {KEYS}.</p>"
        if not self.reading.c_title:
            lines = "".join(f"<p>{text(line)}</p>" for line in self.how_to.split("\n"))
            return f'<aside class="panel key" aria-label="Key"><p class=first>Where is the C?</p>{lines}{keys}</aside>'
        legend = "".join(f"<li><span class=mark>{sign}</span> {words}</li>" for sign, words in LEGEND)
        return f'<aside class=key aria-label="Key"><ul>{legend}</ul>{keys}</aside>'

    # -- contents ------------------------------------------------------------------------------------------------------

    def contents(self, shown: Sequence[Chapter]) -> str:
        """Return the table of contents; the chapters of this page have their functions there."""
        parts = [] if self.is_one else ['<p><a class=chapter href="index.html">All patches</a></p>']
        for title, starts in PARTS:
            chapters = [each for each in self.reading.chapters if each.anchor.startswith(starts)]
            if chapters:
                entries = "".join(self.entry(each, each in shown) for each in chapters)
                parts.append(f"<p class=part>{title}</p>{entries}")
        if not self.is_one:
            parts.append('<p><a class=chapter href="names.html">Other names</a></p>')
        return (
            '<nav aria-label="Contents"><details class=all><summary>Contents</summary>'
            f"<div class=list>{''.join(parts)}</div></details></nav>"
        )

    def entry(self, chapter: Chapter, is_shown: bool) -> str:
        """Return a chapter in the table of contents."""
        if not is_shown:
            return f'<p><a class=chapter href="{chapter.anchor}.html">{text(chapter.title)}</a></p>'
        is_open = " open" if chapter.patch or not chapter.anchor.startswith("module-") or not self.is_one else ""
        start = "message" if chapter.patch or chapter.mend else "file"
        items = [f'<li><a class=start href="#{chapter.anchor}">{start}</a></li>']
        for passage in chapter.passages:
            href = self.names.href(passage.definition)
            items.append(f'<li><a href="{href}">{sign(passage)}{text(passage.name)}</a></li>')
        return f"<details{is_open}><summary>{text(chapter.title)}</summary><ul>{''.join(items)}</ul></details>"

    # -- chapters ------------------------------------------------------------------------------------------------------

    def chapter(self, chapter: Chapter) -> str:
        """Return a patch, a mend or a file."""
        passages = "\n".join(self.passage(passage) for passage in chapter.passages)
        message = "".join(map(self.paragraph, filter(None, chapter.message.split("\n\n"))))
        title = f'<h2><a href="#{chapter.anchor}">{text(chapter.title)}</a></h2>'
        links = f"<p class=links>{'; '.join(self.links(chapter))}</p>" if chapter.patch else ""
        return f'<section id="{chapter.anchor}">{title}{links}<div class=message>{message}</div>{passages}</section>'

    def links(self, chapter: Chapter) -> Iterator[str]:
        """Yield where a patch is upstream."""
        if chapter.patch:
            yield f"Commit: {fate(chapter.patch)}"
            yield f"thread: {archives()}"

    def paragraph(self, part: str) -> str:
        """Return a paragraph of a commit message; the list of files keeps its lines, labels are marked."""
        if part.startswith("Upstream:") and "\n  " in part:
            lines = "\n".join(map(text, part.split("\n")))
            return f'<pre tabindex=0 aria-label="Lines added and removed upstream">{lines}</pre>'
        words = LABEL.sub(r"<strong>\1:</strong> ", text(" ".join(part.split())), count=1)
        words = words.replace("-&gt;", "<span class=to>-&gt;</span>")  # an arrow is never broken in two
        return f"<p>{self._ids.linked(words)}</p>"

    def passage(self, passage: Passage) -> str:
        """Return a definition beside its C."""
        anchor = self.names.anchor(passage.definition)
        static = "static" if passage.ported and passage.ported.is_static else ""
        tags = filter(None, (HOW.get(passage.how, ("", ""))[1], static, passage.definition.export))
        labels = "".join(f"<span class=tag>{text(tag)}</span>" for tag in tags)
        title = f'<h3><a href="#{anchor}">{text(passage.name)}</a>{labels}</h3>'
        reasons = "".join(f"<p class=reason><span class=mark>≠</span> {text(why)}</p>" for why in passage.reasons)
        used = f"<p class=used>Used by {self.names.used(passage.uses)}</p>" if passage.uses else ""
        table = Table(passage, self.names).whole()
        return f'<article id="{anchor}"><header>{title}{about(passage)}{reasons}</header>{table}{used}</article>'


#: The search; it is shown when its script runs.
FIND = (
    '<search class=find hidden><label class=hidden for="find">Search names and code</label>'
    '<input id="find" type=search placeholder="Search names and code" autocomplete=off spellcheck=false>'
    '<p class=hidden role=status></p><ul class=found aria-label="Found" hidden></ul></search>'
)


def sign(passage: Passage) -> str:
    """Return whether a passage is new or modified, for lists."""
    mark, meaning = HOW.get(passage.how, ("", ""))
    return f'<span class=how title="{meaning}">{mark}</span> ' if mark else ""


def about(passage: Passage) -> str:
    """Return what the docstring says: a sentence, and the parameters and result."""
    words, *fields = FIELD.split(passage.about)
    pairs = zip(fields[::2], fields[1::2], strict=True)
    rows = "".join(f"<dt>{text(name.removeprefix('param '))}</dt><dd>{emphasised(what)}</dd>" for name, what in pairs)
    return f"<p class=says>{emphasised(words)}</p>" + (f"<dl>{rows}</dl>" if rows else "")
