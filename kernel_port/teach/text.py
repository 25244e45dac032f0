# SPDX-License-Identifier: GPL-2.0-only
"""A lesson for a terminal: paragraphs folded at its width, drawings and output as they are, answers at the end.

Markdown is made to be read as it is; what is left out are the marks that only a browser needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from textwrap import wrap as wrapped

from ..terminal import Paint

INDENT = "    "
LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
#: The mark of a list's item, which continuation lines are indented by.
ITEM = re.compile(r"(- |\d+\. )")
#: Names and command lines stay whole.
wrap = partial(wrapped, break_long_words=False, break_on_hyphens=False)
HEADING = re.compile(r"#+ ")
QUESTION = re.compile(r'<details markdown="1">\n<summary>(.*)</summary>')


def terminal(markdown: str, width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of a text.

    :param markdown: of the kind that docs/lessons has: headings, paragraphs, lists, fenced blocks, details
    :param width: columns; only lines of fenced blocks may be longer"""
    answers: list[str] = []
    folded = False
    for block in blocks(markdown):
        if question := QUESTION.fullmatch(block):
            folded = True
            lines = ["", *wrap(plain(question[1]), width, subsequent_indent=INDENT)]
            yield from lines
            answers += lines
        elif block == "</details>":
            folded = False
        elif folded:
            answers += list(shown(block, width, paint))[1:]
        else:
            yield from shown(block, width, paint)
    if answers:
        yield from ("", paint("bold", "Answers"), *answers)


def blocks(markdown: str) -> Iterator[str]:
    """Yield the blocks of a text: what empty lines part, and each fenced block whole."""
    block: list[str] = []
    fenced = False
    for line in [*markdown.splitlines(), ""]:
        fenced ^= line.startswith("```")
        if line or fenced:
            block.append(line)
        elif block:
            yield "\n".join(block)
            block = []


def shown(block: str, width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of one block, an empty one first."""
    yield ""
    if block.startswith("```"):
        yield from (f"  {line}".rstrip() for line in block.splitlines()[1:-1])
    elif HEADING.match(block):
        yield paint("bold", HEADING.sub("", block))
    elif ITEM.match(block):
        for item in re.split(r"\n(?=- |\d+\. )", block):
            (mark,) = ITEM.findall(item)[:1]
            text = plain(item[len(mark) :])
            yield from wrap(text, width, initial_indent=mark, subsequent_indent=" " * len(mark))
    else:
        yield from wrap(plain(block), width)


def plain(text: str) -> str:
    """Return text of a paragraph without what only a browser needs, in one line."""
    return " ".join(LINK.sub(r"\1", text).split())
