# SPDX-License-Identifier: GPL-2.0-only
"""What the search of the pages looks in: names, and the words of each function's C, Python and description."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ..port.definitions import Definition
from .names import Names
from .reading import Chapter

WORD = re.compile(r"[A-Za-z_]\w{2,}")
#: A word in more of the entries than this says nothing.
COMMON = 1 / 4
#: So few entries that no word is too common.
FEW = 20


def search_data(chapters: Iterable[Chapter], names: Names, listed: Iterable[Definition] = ()) -> dict[str, Any]:
    """Return as data, small as every page has it:

    - `places`: [file of the page, title];
    - `entries`: [name, number of its place, anchor, or "" if that is the name];
    - `words`: words with the numbers of their entries, each less the one before: "word 3 1 12;other 40".

    :param listed: what has no passage, and is in the index of names"""
    places: dict[tuple[str, str], int] = {}
    entries: list[list[str | int]] = []
    found: dict[str, list[int]] = defaultdict(list)

    def enter(definition: Definition, title: str) -> None:
        file, _, anchor = names.href(definition, everywhere=True).partition("#")
        place = places.setdefault((file, title), len(places))
        entries.append([definition.name, place, "" if anchor == definition.name else anchor])

    for chapter in chapters:
        for passage in chapter.passages:
            lines = [line.text for row in passage.rows for line in (*row.left, *row.right)]
            for word in dict.fromkeys(WORD.findall("\n".join((passage.about, *lines)).lower())):
                found[word].append(len(entries))
            enter(passage.definition, chapter.title)
    most = max(len(entries) * COMMON, FEW)
    for definition in listed:
        enter(definition, "Other names")
    words = ";".join(f"{word} {steps(found[word])}" for word in sorted(found) if len(found[word]) <= most)
    return {"places": list(places), "entries": entries, "words": words}


def steps(numbers: list[int]) -> str:
    """Return ascending numbers as text, each less the one before."""
    return " ".join(str(number - before) for before, number in zip([0, *numbers], numbers, strict=False))
