# SPDX-License-Identifier: GPL-2.0-only
"""Finds comments, strings, keywords and numbers in C and Python, with Pygments, if it is installed.

Without it (it is the optional extra "highlight") the text stays plain.
"""

from __future__ import annotations

from collections.abc import Iterator

try:
    import pygments.lexers
    import pygments.token

    KINDS = {
        pygments.token.Comment: "c",
        pygments.token.String: "s",
        pygments.token.Keyword: "k",
        pygments.token.Operator.Word: "k",
        pygments.token.Number: "n",
    }
except ImportError:
    pygments = None
    KINDS = {}

#: A part of a line: from column, to column, "c" comment, "s" string, "k" keyword or "n" number.
Mark = tuple[int, int, str]


def marks(text: str, language: str) -> dict[int, list[Mark]]:
    """Return the marks of each line, from 0 on, from left to right.

    :param language: "c" or "python" """
    found: dict[int, list[Mark]] = {}
    if pygments is None:
        return found
    line = column = 0
    for kind, value in tokens(text, language):
        for number, part in enumerate(value.split("\n")):
            if number:
                line, column = line + 1, 0
            if kind and part.strip():
                found.setdefault(line, []).append((column, column + len(part), kind))
            column += len(part)
    return found


def tokens(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens of a text with the kind of each, "" for unmarked ones."""
    lexer = pygments.lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    for token, value in lexer.get_tokens(text):
        yield next((KINDS[each] for each in KINDS if token in each), ""), value
