# SPDX-License-Identifier: GPL-2.0-only
"""The rows of listing_fields.py: what lspci prints of a register -> which of its bits that states.

lspci prints a bit as a name with + or -, and a field of several bits as a number or in words. A word that does not say
which value the field has (two values may share it) states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..hw.fields import fields, lowest
from ..hw.registers import SHEET

#: A register: its name in the data sheet, or offset and size in bytes of one that is not in there.
Place = str | tuple[int, int]

#: What is known of the bits of a register: their mask and their values.
Stated = tuple[int, int]

_SIZE = 4096
_LIST = re.compile(r"(\w+)\(([^()]*)\)")
_BETWEEN = re.compile(r"[\s(),;]+")


@dataclass(slots=True)
class Registers:
    """A configuration space, as far as a text states it."""

    #: The values; 0 where nothing is stated.
    config: bytearray = field(default_factory=lambda: bytearray(_SIZE))
    #: The bits that are stated, as a mask.
    stated: bytearray = field(default_factory=lambda: bytearray(_SIZE))

    def state(self, place: Place, mask: int, value: int, base: int = 0) -> None:
        """Take the bits *mask* of a register as known to be *value*; *base* is the start of its capability."""
        offset, size = whereabouts(place)
        where = base + offset
        if where + size > _SIZE:
            return
        for shift in range(size):
            bits = mask >> 8 * shift & 0xFF
            self.config[where + shift] = self.config[where + shift] & ~bits | value >> 8 * shift & bits
            self.stated[where + shift] |= bits


def whereabouts(place: Place) -> tuple[int, int]:
    """Return offset and size of a register in bytes."""
    return (SHEET[place].offset, SHEET[place].size) if isinstance(place, str) else place


def mask_of(place: Place, name: str) -> int:
    """Return the mask of a field: by its short name in fields.py, in hexadecimal, or "" for the whole register."""
    if name.startswith("0x"):
        return int(name, 16)
    if not name:
        return (1 << 8 * whereabouts(place)[1]) - 1
    if not isinstance(place, str):
        raise ValueError(f"{place}: not in the data sheet, so it has no field {name}")
    return next(each.mask for each in fields(place) if each.short == name)


class Flags(NamedTuple):
    """Bits that lspci prints as name+ or name-."""

    place: Place
    #: What lspci calls each bit -> its mask.
    masks: Mapping[str, int]

    def read(self, text: str) -> Iterator[Stated]:
        """Yield the bits that *text* states."""
        for word in _BETWEEN.split(_LIST.sub(_spread, text)):
            if word[-1:] in {"+", "-"} and (mask := self.masks.get(word[:-1].rstrip(":"))):
                yield mask, mask if word[-1] == "+" else 0


class Field(NamedTuple):
    """A field of several bits."""

    place: Place
    mask: int
    #: Finds it in the text, in group 1.
    pattern: re.Pattern[str]
    #: From that to the field's value; None: it does not say.
    value: Callable[[str], int | None]

    def read(self, text: str) -> Iterator[Stated]:
        """Yield the field, if *text* states it."""
        if (match := self.pattern.search(text)) is None:
            return
        value, shift = self.value(match[1]), lowest(self.mask)
        if value is not None and 0 <= value <= self.mask >> shift:
            yield self.mask, value << shift


Row = Flags | Field
#: What begins a line -> what the line states.
Lines = Mapping[str, tuple[Row, ...]]


def _spread(match: re.Match[str]) -> str:
    """Turn PME(D0+,D1-) into PME.D0+ PME.D1-."""
    return " ".join(f"{match[1]}.{name.strip()}" for name in match[2].split(","))


def flags(place: Place, names: str) -> Flags:
    """Make a row of flags from words such as "Mem=MEMORY SERR": lspci's name, and the field's if it is another."""
    masks = {}
    for word in names.split():
        printed, _, name = word.partition("=")
        masks[printed] = mask_of(place, name or printed)
    return Flags(place, masks)


def number(place: Place, name: str, pattern: str, base: int = 10, less: int = 0, unit: int = 1) -> Field:
    """Make the row of a field that is printed as a number: its value in units, and *less*."""
    return Field(place, mask_of(place, name), re.compile(pattern), lambda digits: _integer(digits, base, less, unit))


def power(place: Place, name: str, pattern: str, unit: int = 1) -> Field:
    """Make the row of a field that is printed as *unit* << its value."""
    return Field(place, mask_of(place, name), re.compile(pattern), lambda digits: _logarithm(digits, unit))


def words(place: Place, name: str, pattern: str, values: Mapping[str, int]) -> Field:
    """Make the row of a field that is printed in words."""
    return Field(place, mask_of(place, name), re.compile(pattern), values.get)


def always(place: Place, name: str, value: int) -> Field:
    """Make the row of a field that needs no word: the line is there, and so it has this value."""
    return Field(place, mask_of(place, name), re.compile("()"), lambda _nothing: value)


def _integer(digits: str, base: int, less: int = 0, unit: int = 1) -> int | None:
    try:
        value, rest = divmod(int(digits, base) - less, unit)
    except ValueError:
        return None
    return None if rest else value


def _logarithm(digits: str, unit: int) -> int | None:
    count = _integer(digits, 10)
    if not count or count % unit or (count // unit).bit_count() != 1:
        return None
    return (count // unit).bit_length() - 1
