# SPDX-License-Identifier: GPL-2.0-only
"""Links out of the pages: to the commits, and to the series on the lists. They fetch nothing until one follows them.

Only to what is known: an id that is verified (series.py, or the docstring of a mend that ships), and the archives where
the two cover letters are. The Message-IDs of the mails are not known, so none leads to lore.kernel.org.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...mends import COMMIT, Mend
from ...series import COVER_LETTER, PATCHES, Patch
from ..pages.html import text

#: kernel.org's page of a commit.
COMMITS = "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/commit/?id="
#: How much of an id is shown.
SHORT = 12


def out(address: str, words: str) -> str:
    """Return a link out of the page."""
    return f'<a class=out href="{text(address)}" rel="external noreferrer">{text(words)}</a>'


def archives() -> str:
    """Return links to the cover letters of the series, each of which begins its thread."""
    return ", ".join(out(address, name) for name, address in COVER_LETTER.archives.items())


def fate(patch: Patch) -> str:
    """Return what became of a patch, with its commit."""
    merged = PATCHES[patch.merged_with - 1] if patch.merged_with else patch
    if not merged.merged_as:
        return "in v3.12, the id of the commit is not verified"
    commit = out(f"{COMMITS}{merged.merged_as}", merged.merged_as[:SHORT])
    return f"{commit} in v3.12{f', with patch {patch.merged_with}' if patch.merged_with else ''}"


class Ids:
    """The ids of commits that are verified."""

    def __init__(self, mends: Iterable[Mend]) -> None:
        said = " ".join(mend.paragraphs.get("Upstream", "") for mend in mends if not mend.is_users)
        self._known = {*COMMIT.findall(said), *(patch.merged_as for patch in PATCHES if patch.merged_as)}

    def linked(self, escaped: str) -> str:
        """Return text, escaped already, with each known id in it a link."""
        return COMMIT.sub(lambda found: self._link(found[0]), escaped)

    def _link(self, commit: str) -> str:
        return out(f"{COMMITS}{commit}", commit[:SHORT]) if commit in self._known else commit
