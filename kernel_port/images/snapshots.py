# SPDX-License-Identifier: GPL-2.0-only
"""Put together what a text has of one function in several places: a listing and a dump, or before and after.

Bytes that agree are one dump. Where they differ, the function was recorded twice: the last time counts, alone, and the
registers that differ are named.
"""

from __future__ import annotations

from collections import defaultdict

from ..hw.address import Address
from ..hw.config_space import word
from ..hw.locations import register_map
from ..pci_regs import PCI_DEVICE_ID, PCI_STD_HEADER_SIZEOF, PCI_VENDOR_ID
from .entry import Bytes, Entry

#: Registers of one function, and functions, that a warning names.
_NAMED = 12


def merged(entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Return one entry for each function, in the order of their first places, and what is to be said of it."""
    places: dict[Address, list[Entry]] = defaultdict(list)
    for entry in entries:
        places[entry.address].append(entry)
    warnings: list[str] = []
    found = []
    left = 0
    for several in places.values():
        whole = several[0]
        for later in several[1:]:
            whole, said = _joined(whole, later)
            left += bool(said) and len(warnings) >= _NAMED
            warnings += [said] if said and len(warnings) < _NAMED else []
        found.append(whole)
    return found, warnings + (
        [f"{left} more functions are there twice, with other bytes: the last are taken"] if left else []
    )


def _joined(earlier: Entry, later: Entry) -> tuple[Entry, str]:
    """Return what two places say of a function, and what is to be said of that, "" for nothing."""
    texts = earlier.text_lines + later.text_lines
    if is_listing(earlier.text_lines) and is_listing(later.text_lines):
        texts = max(later.text_lines, earlier.text_lines, key=len)  # the more of -v, -vv and -vvv
    title = later.title or earlier.title
    differing = _differing(earlier.rows, later.rows)
    if differing:
        said = f"{later.address}: recorded twice, in lines {earlier.line} and {later.line}; the last is taken: "
        return Entry(later.address, title, later.text_lines or texts, later.rows, later.line), said + _told(
            earlier.rows, later.rows, differing
        )
    if earlier.rows.stated is None and later.rows.stated is None:
        longest = max(earlier.rows, later.rows, key=lambda rows: len(rows.config))
        return Entry(later.address, title, texts, longest, earlier.line), ""
    rows = earlier.rows
    for offset, known in enumerate(later.rows.known()):
        if known and not _states(rows, offset):
            rows.put(offset, bytes(later.rows.config[offset : offset + 1]))
    return Entry(later.address, title, texts, rows, earlier.line), ""


def is_listing(lines: list[str]) -> bool:
    """Return whether -v text is of lspci -v or more: it has a line of the Command register, or of flags."""
    return any(line.lstrip().startswith(("Control: ", "Flags: ")) for line in lines)


def _states(rows: Bytes, offset: int) -> bool:
    return offset < len(rows.config) and (rows.stated is None or bool(rows.stated[offset]))


def _differing(earlier: Bytes, later: Bytes) -> list[int]:
    """Return the offsets of the bytes that both state, and differently."""
    if earlier.config == later.config and earlier.stated == later.stated:
        return []
    both = zip(earlier.config, later.config, earlier.known(), later.known(), strict=False)
    return [offset for offset, (was, now, knew, knows) in enumerate(both) if was != now and knew and knows]


def _told(earlier: Bytes, later: Bytes, differing: list[int]) -> str:
    """Name the registers that differ."""
    was, now = ([word(rows.config, at) for at in (PCI_VENDOR_ID, PCI_DEVICE_ID)] for rows in (earlier, later))
    if was != now and {0, 1, 2, 3} & set(differing):
        return "{:04x}:{:04x} before, {:04x}:{:04x} now; if they are two machines, cut the text in two".format(
            *was, *now
        )
    known = register_map(bytes(later.config.ljust(PCI_STD_HEADER_SIZEOF, b"\0")))
    names = list(dict.fromkeys(known[at].name if at in known else f"{at:#04x}" for at in differing))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} differ{'s' * (len(names) == 1)}"
