# SPDX-License-Identifier: GPL-2.0-only
"""A cover letter as git writes it: the list of subjects below the author's name, and the statistics of the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

#: "Alex Williamson (8):", above the subjects.
AUTHOR = re.compile(r"(\S.*) \((\d{1,6})\):")
#: "313 ++++--", after file and bar; signs are left out if there would be less than one.
COUNT = re.compile(r"(\d{1,9})(?: ([+-]+))?")
#: " 7 files changed, 370 insertions(+), 26 deletions(-)"; git leaves out zeros.
TOTAL = re.compile(r"\s*(\d{1,9}) files? changed(?:, (\d{1,9}) insertions?\(\+\))?(?:, (\d{1,9}) deletions?\(-\))?\s*")


@dataclass(slots=True)
class Letter:
    """What a cover letter says of its series."""

    author: str = ""
    #: Number of patches by the author; 0 if not given.
    patches: int = 0
    subjects: list[str] = field(default_factory=list)
    #: File -> lines, added and removed together.
    lines: dict[str, int] = field(default_factory=dict)
    #: File -> "+", "-" or "+-", from the bar beside its count; "" if there is none.
    signs: dict[str, str] = field(default_factory=dict)
    #: Files, insertions and deletions; None if there are no statistics.
    total: tuple[int, int, int] | None = None


def read_letter(text: str) -> Letter:
    """Read the list and the statistics in *text*; each is empty if it is not there."""
    letter = Letter()
    lines = iter(text.splitlines())
    for line in lines:
        path, _, count = line.rpartition("|")
        if (total := TOTAL.fullmatch(line)) and letter.lines:
            letter.total = (int(total[1]), int(total[2] or 0), int(total[3] or 0))
            return letter
        if path.strip() and (counted := COUNT.fullmatch(" ".join(count.split()))):
            letter.lines[path.strip()] = int(counted[1])
            letter.signs[path.strip()] = "".join(sorted(set(counted[2] or "")))
            continue
        # What looks like statistics and does not lead to their last line is prose.
        letter.lines.clear()
        letter.signs.clear()
        if not letter.subjects and (author := AUTHOR.fullmatch(line.rstrip())):
            letter.author, letter.patches = author[1], int(author[2])
            for subject in lines:
                if not subject.strip():
                    break
                letter.subjects.append(" ".join(subject.split()))
    return letter
