# SPDX-License-Identifier: GPL-2.0-only
"""The cover letter, paragraph by paragraph: its claims, their code, and what runs found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from ..review.port.cover_letter import PARAGRAPHS, Claim
from ..series import COVER_LETTER
from ..terminal import Paint, width

LABEL = 10
LEAST_WIDTH, MOST_WIDTH = 60, 120


def show(as_json: bool) -> None:
    """Print the letter, as text or as data."""
    if as_json:
        print(json.dumps(letter_json(), indent=1))
        return
    paint = Paint()
    print(f"{paint('bold', COVER_LETTER.heading)}\n{COVER_LETTER.history}")
    for number, paragraph in enumerate(PARAGRAPHS, 1):
        print(f"\n{paint('bold', f'{number}  {paragraph.about}')}")
        for claim in paragraph.claims:
            print()
            for label, line in lines(claim):
                print(f"    {paint('dim', label.ljust(LABEL))}{line}")
    print("\nIn our words; the letter itself is in the archives of linux-pci. kernel-port check compares its list and")
    print("counts, kernel-port run SCENARIO runs what a claim is about, kernel-port list has the patches.")


def lines(claim: Claim) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a claim, line by line; the first line of each kind has a label."""
    columns = min(max(width(), LEAST_WIDTH), MOST_WIDTH) - LABEL - 4
    texts = {
        "claim": claim.says,
        "code": "; ".join(f"{file(module)}: {', '.join(names)}" for module, names in claim.code.items()),
        "scenarios": ", ".join(claim.scenarios),
        "found": claim.found,
    }
    for label, text in texts.items():
        for index, line in enumerate(wrap(text, columns, break_long_words=False, break_on_hyphens=False)):
            yield "" if index else label, line


def file(module: str) -> str:
    """Return the file of a module of the kernel side, within kernel_port."""
    return f"{module.replace('.', '/')}.py"


def letter_json() -> dict[str, Any]:
    """Return the letter as data."""
    return {
        "title": COVER_LETTER.title,
        "version": COVER_LETTER.version,
        "author": COVER_LETTER.author,
        "date": COVER_LETTER.date,
        "history": COVER_LETTER.history,
        "insertions": COVER_LETTER.insertions,
        "deletions": COVER_LETTER.deletions,
        "lines": COVER_LETTER.lines,
        "paragraphs": [
            {"about": paragraph.about, "claims": [claim_json(claim) for claim in paragraph.claims]}
            for paragraph in PARAGRAPHS
        ],
    }


def claim_json(claim: Claim) -> dict[str, Any]:
    """Return a claim as data."""
    return {
        "claim": claim.says,
        "code": [{"file": file(module), "functions": list(names)} for module, names in claim.code.items()],
        "scenarios": list(claim.scenarios),
        "found": claim.found,
    }
