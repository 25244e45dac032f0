# SPDX-License-Identifier: GPL-2.0-only
"""The eight patches in order, as far as the cover letter and the merged form tell (patches/BASE.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch of "[PATCH v2 0/8] pci: bus and slot reset interface"."""

    number: int
    subject: str
    #: The room in kernel_port/patch, without .py.
    room: str
    #: The commit it became in v3.12, "" where not verified, and that commit's title.
    merged_as: str
    merged_title: str
    #: C file -> lines (added, removed) in the merged commit.
    files: dict[str, tuple[int, int]]
