# SPDX-License-Identifier: GPL-2.0-only
"""Registers by name: which registers an access touched, which fields are set, which bits changed.

Names, sizes and fields are the data sheet's: hw/registers.py and hw/fields.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..hw.fields import Field, fields, lowest
from ..hw.locations import Location, register_map


@dataclass(frozen=True, slots=True)
class Part:
    """The part of an access in one register, or in bytes without a known register."""

    name: str
    """The register's name, or "0x58"."""
    offset: int
    """Offset of the register in configuration space."""
    size: int
    """Size of the register, bytes."""
    covered: int
    """Bits of the register that the access touched."""
    value: int
    """The register's value; bits that were not touched are 0."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that the access touched, lowest bit first."""
        return tuple(field for field in fields(self.name) if field.mask & self.covered)

    @property
    def title(self) -> str:
        """The register's name, with the bits touched if not all were: "PCI_COMMAND[15:8]"."""
        low, high = lowest(self.covered), self.covered.bit_length() - 1
        return self.name if high - low + 1 == 8 * self.size else f"{self.name}[{high}:{low}]"

    @property
    def name_and_value(self) -> str:
        """What was touched of the register: "PCI_COMMAND=0x0406"."""
        digits = self.covered.bit_count() // 4
        return f"{self.title}={self.value >> lowest(self.covered):#0{digits + 2}x}"

    def show(self, clear: bool = False) -> str:
        """Format name, value and the fields that are set; with *clear*, the others too."""
        shown = [field.show(self.value) for field in self.fields if clear or field.says_something(self.value)]
        return " ".join([self.name_and_value, *shown])

    def changed(self, old: int) -> list[str]:
        """Return what is different from *old*, field by field; the whole value if bits have no names."""
        rest, changes = (self.value ^ old) & self.covered, []
        for field in self.fields:
            if rest & field.mask:
                was_to_is = f"{field.short} {field.call(field.of(old))}->{field.call(field.of(self.value))}"
                changes.append(field.show(self.value) if field.plain else was_to_is)
                rest &= ~field.mask
        if rest and changes:
            changes.append(f"bits {rest:#x}")
        elif rest:
            width = 2 * self.size + 2
            changes.append(f"{old & self.covered:#0{width}x}->{self.value:#0{width}x}")
        return changes


def decode(config: bytes, offset: int, size: int, value: int, clear: bool = False) -> str:
    """Format an access: "PCI_COMMAND=0x0406 MEMORY+ MASTER+ INTX_DISABLE+".

    :param config: registers of the function, with its capability lists
    :param offset: offset of the access
    :param size: bytes of the access; it may touch several registers, or a part of one
    :param clear: name the fields that are 0, too"""
    touched = parts(config, offset, size, value)
    if size > 1 and value == (1 << 8 * size) - 1:
        return f"{' '.join(part.title for part in touched)}={value:#x} (all ones)"
    return "; ".join(part.show(clear) for part in touched)


def changed(config: bytes, offset: int, size: int, old: int, new: int) -> str:
    """Format the difference between two values of an access, by name: "PDCE- AIC off->on"; "" if nothing.

    If the access touches several registers, each difference begins with its register's name."""
    pairs = zip(parts(config, offset, size, old), parts(config, offset, size, new), strict=True)
    differences = [(now.title, " ".join(now.changed(was.value))) for was, now in pairs]
    if len(differences) == 1:
        return differences[0][1]
    return "; ".join(f"{title} {changes}" for title, changes in differences if changes)


def parts(config: bytes, offset: int, size: int, value: int) -> tuple[Part, ...]:
    """Split an access into its parts, register by register, lowest offset first."""
    registers, end = register_map(config), offset + size
    found, where = [], offset
    while where < end:
        register = registers.get(where)
        if register is None:
            nameless = next((other for other in range(where + 1, end) if other in registers), end) - where
            register = Location(f"{where:#04x}", where, nameless)
        stop = min(end, register.start + register.size)
        mask, shift = (1 << 8 * (stop - where)) - 1, 8 * (where - register.start)
        found.append(Part(*register, mask << shift, (value >> 8 * (where - offset) & mask) << shift))
        where = stop
    return tuple(found)
