# SPDX-License-Identifier: GPL-2.0-only
"""The side by side as a page: one file that needs no network, and no script for reading."""

from __future__ import annotations

import re

from ..pages.html import page, text
from .names import Names, emphasised
from .reading import Chapter, Passage, Reading
from .table import Table

HOW = {"adds": ("+", "new"), "modifies": ("~", "modified")}
FIELD = re.compile(r"^:(param \w+|return|raises \w+): ?", re.MULTILINE)
LABEL = re.compile(r"(Why|What|Look at|Merged): ")
KEYS = "Keys: <kbd>j</kbd> <kbd>k</kbd> next and previous function, <kbd>n</kbd> <kbd>p</kbd> next and previous patch."
LEGEND = (
    "&lt; only in C",
    "&gt; only in Python",
    "&quot; a message, in other words",
    "≠ differs, with the reason",
    "+ added and - removed by the patch",
)
VIEWS = {"both": "Both", "c": "C", "py": "Python"}


def read_page(reading: Reading, how_to: str, command: str) -> str:
    """Return the page.

    :param how_to: how to get the C, shown if there is none
    :param command: the command line that makes this page"""
    return Page(reading, how_to, command).whole()


class Page:
    """Writes the elements of the page."""

    def __init__(self, reading: Reading, how_to: str, command: str) -> None:
        self.reading, self.how_to, self.command = reading, how_to, command
        self.names = Names(reading.passages, reading.mends)

    def whole(self) -> str:
        """Return the page."""
        chapters = "\n".join(self.chapter(chapter) for chapter in self.reading.chapters)
        source = f"C from {text(self.reading.c_title)}" if self.reading.c_title else "without the C"
        about = f"<p class=about>The series “pci: bus and slot reset interface” of 2013, {source}.</p>"
        made = f"Made by <code>{text(self.command)}</code>. The C is the Linux kernel's, GPL-2.0. No network is needed."
        text_itself = f'<main id="text">{self.key()}{chapters}{self.names.index()}</main>'
        body = [
            '<a class="hidden skip" href="#text">To the text</a>',
            f"<header class=title><h1>{text(self.reading.title)}</h1>{about}{self.views()}</header>",
            f"<div class=frame>{self.contents()}{text_itself}</div>",
            f"<footer><p>{made}</p></footer>",
        ]
        return page(self.reading.title, "\n".join(body), ["page.css", "read.css"], ["read.js"])

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
        if not self.reading.c_title:
            lines = "".join(f"<p>{text(line)}</p>" for line in self.how_to.split("\n"))
            return f'<aside class="panel key"><h3>Where is the C?</h3>{lines}<p class=keys>{KEYS}</p></aside>'
        legend = "".join(f"<span>{words}</span>" for words in LEGEND)
        return f"<p class=key>{legend}<span class=keys>{KEYS}</span></p>"

    def contents(self) -> str:
        """Return the table of contents."""
        parts = "".join(self.entry(chapter) for chapter in self.reading.chapters)
        return f'<nav aria-label="Contents"><details class=all open><summary>Contents</summary>{parts}</details></nav>'

    def entry(self, chapter: Chapter) -> str:
        """Return a chapter in the table of contents."""
        is_open = " open" if chapter.patch or chapter.anchor == "symbol" else ""
        items = [f'<li><a class=start href="#{chapter.anchor}">{"message" if chapter.patch else "file"}</a></li>']
        for passage in chapter.passages:
            sign, meaning = HOW.get(passage.how, ("", ""))
            how = f'<span class=how title="{meaning}">{sign}</span> ' if sign else ""
            anchor = self.names.anchor(passage.definition)
            items.append(f'<li><a href="#{anchor}">{how}{text(passage.name)}</a></li>')
        return f"<details{is_open}><summary>{text(chapter.title)}</summary><ul>{''.join(items)}</ul></details>"

    def chapter(self, chapter: Chapter) -> str:
        """Return a patch or a file."""
        passages = "\n".join(self.passage(passage) for passage in chapter.passages)
        message = "".join(map(paragraph, chapter.message.split("\n\n")))
        title = f'<h2><a href="#{chapter.anchor}">{text(chapter.title)}</a></h2>'
        return f'<section id="{chapter.anchor}">{title}<div class=message>{message}</div>{passages}</section>'

    def passage(self, passage: Passage) -> str:
        """Return a definition beside its C."""
        anchor = self.names.anchor(passage.definition)
        static = "static" if passage.ported and passage.ported.is_static else ""
        tags = filter(None, (HOW.get(passage.how, ("", ""))[1], static, passage.definition.export))
        labels = "".join(f"<span class=tag>{text(tag)}</span>" for tag in tags)
        title = f'<h3><a href="#{anchor}">{text(passage.name)}</a>{labels}</h3>'
        reasons = "".join(f"<p class=reason>≠ {text(why)}</p>" for why in passage.reasons)
        used = f"<p class=used>Used by {self.names.used(passage.uses)}</p>" if passage.uses else ""
        table = Table(passage, self.names).whole()
        return f'<article id="{anchor}"><header>{title}{about(passage)}{reasons}</header>{table}{used}</article>'


def paragraph(part: str) -> str:
    """Return a paragraph of a commit message; the list of files keeps its lines, labels are marked."""
    if part.startswith("Upstream:"):
        lines = "\n".join(map(text, part.split("\n")))
        return f"<pre>{lines}</pre>"
    words = LABEL.sub(r"<strong>\1:</strong> ", text(" ".join(part.split())), count=1)
    return f"<p>{words}</p>"


def about(passage: Passage) -> str:
    """Return what the docstring says: a sentence, and the parameters and result."""
    words, *fields = FIELD.split(passage.about)
    pairs = zip(fields[::2], fields[1::2], strict=True)
    rows = "".join(f"<dt>{text(name.removeprefix('param '))}</dt><dd>{emphasised(what)}</dd>" for name, what in pairs)
    return f"<p class=says>{emphasised(words)}</p>" + (f"<dl>{rows}</dl>" if rows else "")
