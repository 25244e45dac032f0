# SPDX-License-Identifier: GPL-2.0-only
"""Finds comments, strings and keywords in Python source, for pages to mark."""

from __future__ import annotations

import io
import keyword
import tokenize
from functools import cache

#: A part of a line: from column, to column, "c" comment, "s" string or "k" keyword.
Mark = tuple[int, int, str]
KINDS = {tokenize.COMMENT: "c", tokenize.STRING: "s"}
#: Since Python 3.12 a format string is several tokens; its text is a string.
KINDS |= {getattr(tokenize, name): "s" for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
          if hasattr(tokenize, name)}  # fmt: skip


@cache
def marks(path: str) -> dict[int, list[Mark]]:
    """Return the marks of a source file: line number -> what to mark in it, from left to right."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a name as in code objects
        source = file.read()
    lines = source.splitlines()
    found: dict[int, list[Mark]] = {}
    for kind, text, (first, start), (last, end), _ in tokenize.generate_tokens(io.StringIO(source).readline):
        mark = "k" if kind == tokenize.NAME and keyword.iskeyword(text) else KINDS.get(kind)
        if mark is None:
            continue
        for line in range(first, last + 1):
            begin = start if line == first else 0
            stop = end if line == last else len(lines[line - 1])
            if stop > begin:
                found.setdefault(line, []).append((begin, stop, mark))
    return found
