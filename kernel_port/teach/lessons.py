# SPDX-License-Identifier: GPL-2.0-only
"""The lessons and the glossary: Markdown in docs/, which an installed package has in a folder of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..hw.errors import MachineError

PACKAGE = Path(__file__).parents[1]
#: A lesson's first line, and the line below it that says how long it takes.
TITLE = re.compile(r"# Lesson (\d+): (.+)\n\n(.+?)\n\n")
#: An entry of the glossary: its heading, and what is below it.
ENTRY = re.compile(r"^## ([^\n]+)\n\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson."""

    number: int
    title: str
    about: str
    """One line: how long it takes, and what it is about."""
    text: str
    """All of it, Markdown."""


def folder() -> Path:
    """Return the folder of the texts: in the package (setup.py puts it there), or beside it in a checkout."""
    installed = PACKAGE / "docs"
    return installed if installed.is_dir() else PACKAGE.parent / "docs"


@cache
def lessons() -> tuple[Lesson, ...]:
    """Return all lessons, in order.

    :raises MachineError: they are not there"""
    paths = sorted((folder() / "lessons").glob("[0-9]*.md"))
    if not paths:
        raise MachineError(f"{folder() / 'lessons'}: there are no lessons; install the package again")
    return tuple(map(_read, paths))


def _read(path: Path) -> Lesson:
    text = path.read_text(encoding="utf-8")
    begins = TITLE.match(text)
    if not begins:
        raise MachineError(f"{path}: line 1: a lesson begins with '# Lesson N: TITLE' and a line about it")
    return Lesson(int(begins[1]), begins[2], begins[3], text)


def lesson(number: int) -> Lesson:
    """Return one lesson.

    :raises MachineError: there is none of that number"""
    found = next((each for each in lessons() if each.number == number), None)
    if found is None:
        raise MachineError(f"there is no lesson {number}; there are 1 to {len(lessons())}")
    return found


def glossary() -> str:
    """Return the whole glossary, Markdown."""
    return (folder() / "glossary.md").read_text(encoding="utf-8")


def terms() -> dict[str, str]:
    """Return each heading of the glossary ("FLR, Function Level Reset") with the Markdown below it."""
    return dict(ENTRY.findall(glossary()))


def entries(term: str) -> str:
    """Return what the glossary says of a term, Markdown: of the term itself, else of all whose heading has it.

    :param term: in any case
    :raises MachineError: there is no such term"""
    wanted = term.casefold()
    headings = {heading: heading.casefold() for heading in terms()}
    found = [heading for heading, low in headings.items() if wanted in low.split(", ")]
    found = found or [heading for heading, low in headings.items() if wanted in low]
    if not found:
        raise MachineError(
            f"the glossary does not have {term!r}; kernel-port lesson glossary lists its {len(headings)} terms"
        )
    return "".join(f"## {heading}\n\n{terms()[heading]}" for heading in found)
