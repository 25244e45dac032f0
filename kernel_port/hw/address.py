# SPDX-License-Identifier: GPL-2.0-only
"""Where a function sits: domain, bus, device and function number, as in 0000:01:00.0."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

_TEXT = re.compile(r"(?:([0-9a-f]{4,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])", re.IGNORECASE)


class Address(NamedTuple):
    """The address of a PCI function; sorts as lspci does."""

    domain: int
    bus: int
    device: int
    function: int

    @classmethod
    @lru_cache(maxsize=1024)  # each interrupt of a port looks it up by name
    def parse(cls, text: str) -> Address:
        """Parse 01:00.0 or 0000:01:00.0.

        :raises ValueError: *text* is not an address; the message quotes it."""
        match = _TEXT.fullmatch(text)
        if match is None or int(match[3], 16) > 31:
            raise ValueError(f"{text!r} is not a PCI address such as 01:00.0 or 0000:01:00.0")
        return cls(int(match[1] or "0", 16), int(match[2], 16), int(match[3], 16), int(match[4]))

    @classmethod
    def of(cls, domain: int, bus: int, devfn: int) -> Address:
        """Decode the kernel's *devfn* (device << 3 | function)."""
        return cls(domain, bus, devfn >> 3, devfn & 7)

    @property
    def devfn(self) -> int:
        """Device and function number as the kernel packs them: device << 3 | function."""
        return self.device << 3 | self.function

    def __str__(self) -> str:
        return f"{self.domain:04x}:{self.bus:02x}:{self.device:02x}.{self.function}"


@cache
def bdf(domain: int, bus: int, devfn: int) -> str:
    """Return an address as text, cached: a trace names the same few functions again and again."""
    return str(Address.of(domain, bus, devfn))
