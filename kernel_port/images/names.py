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

#: Most words in a vendor's name, to look for it.
_LONGEST = 16

_VENDOR = re.compile(rb"\n([0-9a-f]{4})  ([^\n]*)")
_NEXT_ENTRY = re.compile(rb"\n[^\t#\n]")
_NEXT_SUBENTRY = re.compile(rb"\n\t?[^\t#\n]")


class Names:
    """The names in one pci.ids file; "" for what is not in it."""

    def __init__(self, text: bytes) -> None:
        self._text = b"\n" + text
        self._blocks: dict[bytes, bytes] = {}
        self._named: dict[bytes, list[bytes]] = {}

    def vendor(self, vendor: int) -> str:
        """Return the name of a vendor."""
        return _title(self._block(b"%04x" % vendor))

    def device(self, vendor: int, device: int) -> str:
        """Return the name of a vendor's device."""
        return _title(_section(self._block(b"%04x" % vendor), b"\n\t%04x  " % device, _NEXT_SUBENTRY))

    def ids(self, title: str) -> tuple[int | None, int | None]:
        """Return the IDs of a vendor and its device whose names *title* is; None where no or several IDs have it.

        The vendor's may be all of it. The reverse of vendor() and device()."""
        words = title.encode("utf-8", "replace").split(b" ")
        for count in range(min(len(words), _LONGEST), 0, -1):
            if vendors := self._vendors().get(b" ".join(words[:count])):
                break
        else:
            return None, None
        if len(vendors) > 1:
            return None, None
        devices = _keys(self._block(vendors[0]), b" ".join(words[count:]))
        return int(vendors[0], 16), int(devices[0], 16) if len(devices) == 1 else None

    def _vendors(self) -> dict[bytes, list[bytes]]:
        """Return the IDs of the vendors by name; several may have one name."""
        if not self._named:
            for key, name in _VENDOR.findall(self._text):
                self._named.setdefault(name.strip(), []).append(key)
        return self._named

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


def _keys(block: bytes, name: bytes) -> list[bytes]:
    """Return the IDs of all devices of a vendor's block that are called *name*."""
    if not name or name not in block:  # much faster than the expression
        return []
    return re.findall(rb"\n\t([0-9a-f]{4})  " + re.escape(name) + rb"\r?(?=\n|$)", block)


def _title(section: bytes) -> str:
    """Return the first line, without control characters."""
    line = section.partition(b"\n")[0].decode("utf-8", "replace")
    return "".join(filter(str.isprintable, line)).strip()
