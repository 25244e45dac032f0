# SPDX-License-Identifier: GPL-2.0-only
"""Facts in words, for the answers of scenarios."""

from __future__ import annotations

from collections.abc import Iterable
from errno import errorcode

from ._outcome import Outcome


def code(rc: int | None) -> str:
    """Return a result as text: "0", "-ENOTTY"."""
    return f"-{errorcode[-rc]}" if rc is not None and -rc in errorcode else str(rc)


def listed(names: Iterable[str], otherwise: str = "nothing") -> str:
    """List functions without the domain they share: "01:00.0 and 01:00.1"."""
    short = [name.removeprefix("0000:") for name in names]
    if len(short) < 2:
        return "".join(short) or otherwise
    return f"{', '.join(short[:-1])} and {short[-1]}"


def lost(outcome: Outcome) -> str:
    """Say which functions did not get which registers back: "COMMAND of 01:00.0"."""
    texts = []
    for bdf, differences in outcome.lost.items():
        names = [difference.where.name.removeprefix("PCI_") for difference in differences]
        shown = f"{names[0]} and {len(names) - 1} more" if len(names) > 2 else " and ".join(names)
        texts.append(f"{shown} of {bdf.removeprefix('0000:')}")
    return "; ".join(texts) or "nothing"


def accident(outcome: Outcome) -> str:
    """Say what false presence events led to."""
    if not outcome.spurious:
        return "pciehp noticed nothing"
    events = ", ".join(f"{event} at {ms:g} ms" for ms, _, event in outcome.spurious)
    effects = [
        f"{listed(outcome.removed)} removed for good" * bool(outcome.removed),
        f"{listed(outcome.recreated)} removed and re-added" * bool(outcome.recreated),
        f"{listed(outcome.added_twice)} added twice" * bool(outcome.added_twice),
    ]
    return f"pciehp queued {events}: {', '.join(filter(None, effects)) or 'dropped later'}"
