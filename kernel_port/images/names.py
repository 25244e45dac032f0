# SPDX-License-Identifier: GPL-2.0-only
"""Names of vendors, devices and classes from pci.ids, where it is installed.

The file is searched, not parsed: 40,000 lines are too many for a machine of a few functions.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

#: Where distributions keep pci.ids.
PLACES = (Path("/usr/share/misc/pci.ids"), Path("/usr/share/hwdata/pci.ids"))

_NEXT_ENTRY = re.compile(rb"\n[^\t#\n]")
_NEXT_SUBENTRY = re.compile(rb"\n\t?[^\t#\n]")


class Names:
    """The names in one pci.ids file; "" for what is not in it."""

    def __init__(self, text: bytes) -> None:
        self._text = b"\n" + text
        self._blocks: dict[bytes, bytes] = {}

    def vendor(self, vendor: int) -> str:
        """Return the name of a vendor."""
        return _title(self._block(b"%04x" % vendor))

    def device(self, vendor: int, device: int) -> str:
        """Return the name of a vendor's device."""
        return _title(_section(self._block(b"%04x" % vendor), b"\n\t%04x  " % device, _NEXT_SUBENTRY))

    def class_name(self, code: int) -> str:
        """Return the name of a class code of two bytes (class, subclass): the subclass's, else the class's."""
        block = self._block(b"C %02x" % (code >> 8))
        return _title(_section(block, b"\n\t%02x  " % (code & 0xFF), _NEXT_SUBENTRY)) or _title(block)

    def _block(self, key: bytes) -> bytes:
        """Return an entry with its sub-entries, cached."""
        if key not in self._blocks:
            self._blocks[key] = _section(self._text, b"\n" + key + b"  ", _NEXT_ENTRY)
        return self._blocks[key]


@cache
def installed() -> Names:
    """Return the names of this computer's pci.ids; no names if it has none."""
    for place in PLACES:
        try:
            return Names(place.read_bytes())
        except OSError:
            continue
    return Names(b"")


def _section(text: bytes, key: bytes, following: re.Pattern[bytes]) -> bytes:
    """Return what is after *key* up to the next entry of its level, empty if there is no such key."""
    start = text.find(key)
    if start < 0:
        return b""
    start += len(key)
    end = following.search(text, start)
    return text[start : end.start() if end else len(text)]


def _title(section: bytes) -> str:
    """Return the first line, without control characters."""
    line = section.partition(b"\n")[0].decode("utf-8", "replace")
    return "".join(filter(str.isprintable, line)).strip()
