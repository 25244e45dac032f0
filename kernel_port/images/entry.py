# SPDX-License-Identifier: GPL-2.0-only
"""A function as one place of a text has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..hw.address import Address


class Bytes:
    """Bytes of a function, as its rows give them."""

    __slots__ = ("config", "stated")

    def __init__(self) -> None:
        self.config = bytearray()
        #: A byte 0xff for each that is stated, 0 for the others; None while all are.
        self.stated: bytearray | None = None

    def put(self, offset: int, data: bytes, stated: bool = True) -> None:
        """Put *data* at *offset*, which may be past the end: what is between is not stated."""
        end = len(self.config)
        if self.stated is None and (offset != end or not stated):
            self.stated = bytearray(b"\xff" * end)
        if self.stated is not None:
            gap = max(0, offset + len(data) - end)
            self.stated += bytes(gap)
            self.stated[offset : offset + len(data)] = (b"\xff" if stated else b"\0") * len(data)
            self.config += bytes(gap)
        self.config[offset : offset + len(data)] = data

    def known(self) -> bytes:
        """Return the mask of the bytes that are stated."""
        return bytes(self.stated) if self.stated is not None else b"\xff" * len(self.config)


@dataclass(slots=True)
class Entry:
    """A function as one place of the text has it."""

    address: Address
    #: What the text says after its address.
    title: str
    #: Its -v text, line by line, as lspci indents it.
    text_lines: list[str] = field(default_factory=list)
    rows: Bytes = field(default_factory=Bytes)
    #: The number of its first line.
    line: int = 0
    #: Whether its rows are those of a tool for any file, so that they may be of something else.
    doubtful: bool = False
