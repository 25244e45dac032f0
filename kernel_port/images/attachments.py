# SPDX-License-Identifier: GPL-2.0-only
"""Texts that a mail holds in base64, put where they are in the mail.

Each keeps the number of its first line: it is put there with vertical tabs for line ends, and the lines that it takes
in the mail stay as empty ones.
"""

from __future__ import annotations

import base64
import binascii
import re

from ..limits import ATTACHMENT

_HEADER = re.compile(r"content-transfer-encoding:[ \t]*base64\s*$", re.IGNORECASE)
_LINE = re.compile(r"[A-Za-z0-9+/]{1,76}={0,2}")


class Attachments:
    """Follows a mail through its chunks."""

    def __init__(self) -> None:
        self._state = "outside"
        self._held: list[str] = []
        self._size = 0

    def unpacked(self, text: str) -> str:
        """Return *text*, whole lines of a mail or of anything else, with its attachments as text."""
        if self._state == "outside" and "base64" not in text:
            return text
        out: list[str] = []
        for raw in text.split("\n"):
            line = kept = raw.removesuffix("\r")
            if self._state == "outside":
                if _HEADER.match(line):
                    self._state = "headers"
            elif self._state == "headers":
                if not line:
                    self._state = "inside"
            elif _LINE.fullmatch(line) and self._size < ATTACHMENT:
                self._held.append(line)
                self._size += len(line)
                kept = ""
            elif line or self._held:
                kept = f"{self._text()}\v{line}"
                self._state = "outside"
            out.append(kept)
        return "\n".join(out)

    def rest(self) -> str:
        """Return the attachment in which the mail ends."""
        return self._text() if self._held else ""

    def _text(self) -> str:
        """Return the attachment that has ended, nothing if it is no text."""
        held, self._held, self._size = "".join(self._held), [], 0
        try:
            data = base64.b64decode(held)
        except binascii.Error:
            return ""
        if b"\0" in data:
            return ""
        return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\n", "\v")
