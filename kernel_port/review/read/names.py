# SPDX-License-Identifier: GPL-2.0-only
"""Link targets of the side by side, on one page or several: passages, and the index of names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ...mends import Mend
from ..pages.html import text
from ..port.definitions import Definition
from ..port.symbols import Use, symbols
from .links import NameLink
from .reading import Passage

#: The page of the index, if there are several.
NAMES = "names.html"
EMPHASIS, CODE = re.compile(r"\*(\w+)\*"), re.compile(r"``(.+?)``")


class Names:
    """The names on all pages."""

    def __init__(
        self, passages: Sequence[Passage], mends: tuple[Mend, ...] = (), files: Mapping[Definition, str] | None = None
    ) -> None:
        """Begin without a name.

        :param files: the page that each definition is on; None if there is but one page"""
        self.symbols = symbols(mends)
        self._files = files
        #: The page that is being written.
        self.here = ""
        self._shown: dict[str, list[Definition]] = defaultdict(list)
        for passage in passages:
            self._shown[passage.name].append(passage.definition)
        #: Definitions that the page links to but that have no passage.
        self._listed: dict[str, Definition] = {}

    def anchor(self, definition: Definition) -> str:
        """Return the name of a passage in links: its own name; an older version has its point too."""
        newest = self._shown[definition.name][-1]
        return definition.name if definition == newest else f"{definition.name}.{definition.point}"

    def href(self, definition: Definition, line: int = 0, everywhere: bool = False) -> str:
        """Return the address of a definition: its passage, that of another version, or its line in the index.

        :param line: a line of its passage
        :param everywhere: with the page also if it is the one being written"""
        shown = self._shown.get(definition.name)
        if shown:
            definition = definition if definition in shown else shown[-1]
            file, anchor = (self._files or {}).get(definition, ""), self.anchor(definition)
        else:
            self._listed[definition.name] = definition
            file, anchor = NAMES if self._files is not None else "", f"name-{definition.name}"
        return f"{'' if file == self.here and not everywhere else file}#{anchor}{f'.{line}' if line else ''}"

    @property
    def listed(self) -> list[Definition]:
        """What is linked to and has no passage."""
        return list(self._listed.values())

    def link(self, word: str, link: NameLink, point: int) -> str:
        """Link a word to what it means at *point* of the series; a pointer to the functions it may lead to."""
        targets = [each for name in link.names if (each := self.symbols.at(name, point))]
        kind = " class=pointer" if link.alias in self.symbols.pointers else ""
        return f'<a{kind} href="{self.href(targets[0])}" title="{text(self.hint(link, targets))}">{text(word)}</a>'

    def hint(self, link: NameLink, targets: Sequence[Definition]) -> str:
        """Describe the target of a link in a line."""
        places = ", ".join(f"{each.name}, {each.file}:{each.line}" for each in targets)
        if link.alias in self.symbols.pointers:
            return f"function pointer: {places}"
        return f"in 2013: {places}" if link.alias else value(targets[0]) or places

    def used(self, uses: Sequence[Use]) -> str:
        """Return places as links, grouped by definition."""
        parts = []
        for name in dict.fromkeys(use.name for use in uses):
            at = [use for use in uses if use.name == name]
            definition = self.symbols.at(name, at[0].point)
            assert definition is not None
            lines = ", ".join(self._place(definition, line) for line in sorted({use.line for use in at}))
            through = dict.fromkeys(use.pointer for use in at if use.pointer)
            by = "".join(f" through <code>.{text(pointer)}()</code>" for pointer in through)
            parts.append(f'<a href="{self.href(definition)}">{text(name)}</a>{by} ({lines})')
        return ", ".join(parts)

    def _place(self, definition: Definition, line: int) -> str:
        """Return a line of a definition, as a link if it is on a page."""
        if definition in self._shown.get(definition.name, []):
            return f'<a href="{self.href(definition, line)}">{line}</a>'
        return str(line)

    def index(self) -> str:
        """Return the index of names without a passage: where each is defined, what it is, and who uses it on the
        pages."""
        entries: dict[str, str] = {}
        while new := [name for name in self._listed if name not in entries]:
            entries |= {name: self._entry(self._listed[name]) for name in new}  # they may link to further names
        if not entries:
            return ""
        parts = "".join(entries[name] for name in sorted(entries, key=str.lower))
        return f'<section class=names id="names"><h2><a href="#names">Names</a></h2><dl>{parts}</dl></section>'

    def _entry(self, definition: Definition) -> str:
        """Return one name of the index."""
        name, place = text(definition.name), f"{definition.path}:{definition.line}"
        uses = self.symbols.callers(definition.name, self.symbols.last)
        here = [use for use in uses if any(each.point == use.point for each in self._shown.get(use.name, []))]
        used = f"<dd class=used>Used by {self.used(here)}</dd>" if here else ""
        what = value(definition) or definition.doc.partition("\n")[0]
        head = f'<dt id="name-{name}"><code>{name}</code> <span class=place>{text(place)}</span></dt>'
        return f"{head}<dd>{emphasised(what)}</dd>{used}"


def value(definition: Definition) -> str:
    """Return the value of a constant or variable, "" for everything else."""
    return definition.text.split("\n")[-1] if definition.kind == "variable" else ""


def emphasised(words: str) -> str:
    """Return words of a docstring with parameters and code set apart."""
    return CODE.sub(r"<code>\1</code>", EMPHASIS.sub(r"<var>\1</var>", text(" ".join(words.split()))))
