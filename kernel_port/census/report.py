# SPDX-License-Identifier: GPL-2.0-only
"""Tell the reports of an earlier census from machines, by what is in them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..files import opened
from ..hw.errors import MachineError
from ..images.load import is_name
from . import ledger, page, table

#: How each kind of report begins.
STARTS = (ledger.START, page.START.encode(), ",".join(table.COLUMNS[:6]).encode())
_LONGEST = max(map(len, STARTS))


def is_report(name: str) -> bool:
    """Return whether the file *name* is one that a census wrote."""
    if not is_name(name):
        with suppress(OSError, ValueError, MachineError), opened(Path(name)) as file:
            return file.read(_LONGEST).startswith(STARTS)
    return False
