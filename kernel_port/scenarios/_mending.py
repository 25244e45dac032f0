# SPDX-License-Identifier: GPL-2.0-only
"""What mends the flaw of a scenario: a module here, the commit of Linux that it is a port of, and its version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..mends import shipped
from ..series import PATCHES

#: What Scenario.unmended says of flaws that Linux has to this day.
NOT_MERGED = "not merged by v7.1.5"
#: How many digits of a commit's id are shown.
DIGITS = 12
#: A patch of the series as Scenario.mended_by names it.
PATCH = re.compile(r"p0([1-8])")
#: The version that has the series.
MERGED_IN = "v3.12"


@dataclass(frozen=True, slots=True)
class Mending:
    """A module that mends a flaw."""

    module: str
    """"later/v616_ignore_link_changes.py", "patch/p05_add_reset_slot_option_to_pci_dev_reset.py"."""
    commit: str
    """The id, 12 digits; "" where it is not verified."""
    version: str
    """"v6.16", or "v5.1 or v5.2"."""

    def __str__(self) -> str:
        return f"{self.module}: {self.commit or 'commit not verified'} ({self.version})"


def mending(name: str) -> Mending:
    """Return the module that Scenario.mended_by calls *name*."""
    if match := PATCH.fullmatch(name):
        patch = PATCHES[int(match[1]) - 1]
        return Mending(f"patch/{patch.module}.py", patch.merged_as[:DIGITS], MERGED_IN)
    mend = shipped()[name]
    return Mending(f"later/{mend.path.name}", mend.commit[:DIGITS], mend.released)


def as_json(mendings: list[Mending], unmended: str) -> dict[str, Any]:
    """Return what mends a flaw as data."""
    found = [{"module": each.module, "commit": each.commit or None, "version": each.version} for each in mendings]
    return {"mended_by": found, "unmended": unmended or None}
