# SPDX-License-Identifier: GPL-2.0-only
"""The side by side as files: one page with everything, or a page for each patch, mend and file, with an index."""

from __future__ import annotations

from collections.abc import Sequence

from ..pages.html import text
from .names import NAMES, Names
from .page import Page, sign
from .reading import Chapter, Reading
from .references import fate
from .search import search_data

INDEX = "index.html"


def one_page(reading: Reading, how_to: str, command: str) -> str:
    """Return everything as one page.

    :param how_to: how to get the C, shown if there is none
    :param command: the command line that makes this page"""
    names = Names(reading.passages, reading.mends)
    page = Page(reading, names, how_to, command)
    main = page.key() + "\n".join(page.chapter(chapter) for chapter in reading.chapters) + names.index()
    return page.whole(reading.title, main, reading.chapters, search_data(reading.chapters, names, names.listed))


def pages(reading: Reading, how_to: str, command: str) -> dict[str, str]:
    """Return a page for each chapter, one for the other names, and the index, which comes last: file name -> text.

    The parameters are those of one_page()."""
    return Book(reading, how_to, command).files()


class Book:
    """A page for each chapter."""

    def __init__(self, reading: Reading, how_to: str, command: str) -> None:
        self.reading = reading
        files = {each.definition: file(chapter) for chapter in reading.chapters for each in chapter.passages}
        self.names = Names(reading.passages, reading.mends, files)
        self.page = Page(reading, self.names, how_to, command)
        self.page.is_one = False

    def files(self) -> dict[str, str]:
        """Return the pages."""
        texts = {file(chapter): self.chapter(chapter) for chapter in self.reading.chapters}
        self.names.here = NAMES
        texts[NAMES] = self.names.index() or "<p class=about>Every name has its page.</p>"
        search = search_data(self.reading.chapters, self.names, self.names.listed)
        found = {}
        for chapter in self.reading.chapters:
            self.names.here = file(chapter)
            main = self.page.key() + texts[file(chapter)] + self.neighbours(chapter)
            found[file(chapter)] = self.page.whole(chapter.title, main, [chapter], search)
        self.names.here = ""
        found[NAMES] = self.page.whole("Other names", texts[NAMES], [], search)
        found[INDEX] = self.page.whole(self.reading.title, self.index(), [], search)
        return found

    def chapter(self, chapter: Chapter) -> str:
        """Return the text of a page."""
        self.names.here = file(chapter)
        return self.page.chapter(chapter)

    def neighbours(self, chapter: Chapter) -> str:
        """Return the links to the chapters before and after."""
        chapters = self.reading.chapters
        at = chapters.index(chapter)
        around = [("prev", "Before", chapters[at - 1])] if at else []
        around += [("next", "Next", each) for each in chapters[at + 1 : at + 2]]
        links = (f'<a rel={rel} href="{file(each)}">{word}: {text(each.title)}</a>' for rel, word, each in around)
        return f'<nav class=turn aria-label="Before and next">{"".join(links)}</nav>'

    def index(self) -> str:
        """Return the list of patches, mends and files."""
        kinds = (
            ("The series", [each for each in self.reading.chapters if each.patch]),
            ("Symbol", [each for each in self.reading.chapters if each.anchor == "symbol"]),
            ("On top of it", [each for each in self.reading.chapters if each.mend]),
            ("What these use", [each for each in self.reading.chapters if each.anchor.startswith("module-")]),
        )
        parts = (self.part(title, chapters) for title, chapters in kinds if chapters)
        return self.page.key() + "".join(parts)

    def part(self, title: str, chapters: Sequence[Chapter]) -> str:
        """Return one kind of chapters."""
        entries = "".join(map(self.entry, chapters))
        return f"<section><h2>{title}</h2><ul class=cards>{entries}</ul></section>"

    def entry(self, chapter: Chapter) -> str:
        """Return a chapter: its page, what it is, its functions."""
        why = next((part for part in chapter.message.split("\n\n") if part.startswith("Why:")), chapter.message)
        words = " ".join(why.removeprefix("Why:").removeprefix("Used by what is above:").split())
        functions = "".join(
            f'<li><a href="{self.names.href(each.definition)}">{sign(each)}{text(each.name)}</a></li>'
            for each in chapter.passages
        )
        commit = f"<p class=links>Commit: {fate(chapter.patch)}</p>" if chapter.patch else ""
        head = f'<h3><a href="{file(chapter)}">{text(chapter.title)}</a></h3>'
        listed = f"<ul class=functions>{functions}</ul>"
        if not (chapter.patch or chapter.mend):
            listed = f"<details><summary>{len(chapter.passages)} functions and structs</summary>{listed}</details>"
        return f"<li class=panel>{head}<p>{text(words[:1].upper() + words[1:])}</p>{commit}{listed}</li>"


def file(chapter: Chapter) -> str:
    """Return the file of a chapter's page."""
    return f"{chapter.anchor}.html"
