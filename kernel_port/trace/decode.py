# SPDX-License-Identifier: GPL-2.0-only
"""Registers by name: what an access of configuration space touched, which fields are set, which bits changed.

Names are those of pci_regs.py. A name that begins with a register's name and an underscore is a field of it (a mask),
or a value of the field whose name it begins with; hw/registers.py says only what those names do not. Fields are
written lspci's way, without the register's name: MASTER+ is set, MASTER- is clear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from .. import pci_regs
from ..hw import registers
from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..hw.layout import Layout
from ..pci_regs import PCI_CAP_ID_EXP, PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT, PCI_MSI_FLAGS_MASKBIT

NAMES: dict[str, int] = {
    **{name: value for name, value in vars(pci_regs).items() if name.startswith("PCI_") and isinstance(value, int)},
    **registers.FURTHER_REGISTERS,
    **registers.FURTHER_FIELDS,
}


class Location(NamedTuple):
    """Where a register of a function is."""

    name: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Field:
    """Some bits of a register."""

    name: str
    """As in pci_regs.py: "PCI_EXP_SLTCTL_PDCE"."""
    short: str
    """Without the register's name: "PDCE"."""
    mask: int
    values: Mapping[int, str]
    """What values (shifted down) are called; empty for a bit that is just set or clear."""

    @property
    def plain(self) -> bool:
        """Whether it is one bit without names for its values."""
        return self.mask.bit_count() == 1 and not self.values

    def of(self, value: int) -> int:
        """The field's value in the register's *value*, shifted down."""
        return (value & self.mask) >> lowest(self.mask)

    def says_something(self, value: int) -> bool:
        """Whether the field is set in *value*, or has a name for not being set."""
        return bool(value & self.mask) or 0 in self.values

    def show(self, value: int) -> str:
        """The field in the register's *value*: "PDCE+", "READRQ=512", "STATE=D3hot"."""
        own = self.of(value)
        return f"{self.short}{'-+'[own]}" if self.plain else f"{self.short}={self.call(own)}"

    def call(self, own: int) -> str:
        """What the field's own value, shifted down, is called."""
        return self.values.get(own, f"{own:#x}" if own > 9 else str(own))


@dataclass(frozen=True, slots=True)
class Part:
    """The part of an access that fell on one register, or on bytes that no register is known for."""

    name: str
    """The register's name, or "0x58"."""
    offset: int
    """Where the register begins in configuration space."""
    size: int
    """Bytes of the whole register."""
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
        """Name, value and the fields that are set; with *clear*, the others too."""
        told = [field.show(self.value) for field in self.fields if clear or field.says_something(self.value)]
        return " ".join([self.name_and_value, *told])

    def changed(self, old: int) -> list[str]:
        """What is different from *old*, field by field; the whole value where the bits have no names."""
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
    """The text of an access: "PCI_COMMAND=0x0406 MEMORY+ MASTER+ INTX_DISABLE+".

    :param config: registers of the function; its capability lists say what is where
    :param offset: where the access began
    :param size: bytes of the access; it may touch several registers, or a part of one
    :param clear: name the fields that are 0, too"""
    touched = parts(config, offset, size, value)
    if size > 1 and value == (1 << 8 * size) - 1:
        return f"{' '.join(part.title for part in touched)}={value:#x} (all ones)"
    return "; ".join(part.show(clear) for part in touched)


def changed(config: bytes, offset: int, size: int, old: int, new: int) -> str:
    """What is different between two values of an access, by name: "PDCE- AIC off->on"; "" if nothing.

    Where the access touches several registers, each difference is led by its register's name."""
    pairs = zip(parts(config, offset, size, old), parts(config, offset, size, new), strict=True)
    differences = [(now.title, " ".join(now.changed(was.value))) for was, now in pairs]
    if len(differences) == 1:
        return differences[0][1]
    return "; ".join(f"{title} {changes}" for title, changes in differences if changes)


def parts(config: bytes, offset: int, size: int, value: int) -> tuple[Part, ...]:
    """An access taken apart, register by register, lowest offset first."""
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


@lru_cache(maxsize=1024)
def register_map(config: bytes) -> Mapping[int, Location]:
    """Offset of each byte that belongs to a known register -> that register."""
    return {where: register for register in locations(config) for where in range(register.start, sum(register[1:]))}


def locations(config: bytes) -> Iterator[Location]:
    """Every register of a function that has a name."""
    layout = Layout(FunctionDescription(Address(0, 0, 0, 0), config, size=max(len(config), 256)))
    yield from _place(registers.HEADERS.get(layout.header_type, registers.COMMON), 0)
    for capability, position in layout.capability_list:
        yield from _place(registers.CAPABILITY, position)
        if position != layout.capabilities[capability]:
            continue  # software looks no further than the first with this ID
        yield from _place(registers.CAPABILITIES.get(capability, {}), position)
        if capability == PCI_CAP_ID_MSI:
            yield from _place(_msi(layout.word(position + PCI_MSI_FLAGS)), position)
        elif capability == PCI_CAP_ID_EXP and layout.exp_version >= 2:
            yield from _place(registers.EXPRESS_2, position)
    for capability, position in layout.extended.items():
        further = registers.EXTENDED_CAPABILITIES.get(capability, {})
        yield from _place(registers.EXTENDED_CAPABILITY | further, position)


def _place(sizes: Mapping[str, int], base: int) -> Iterator[Location]:
    for name, size in sizes.items():
        yield Location(name, base + NAMES[name], size)


def _msi(flags: int) -> dict[str, int]:
    masks = registers.MSI_MASK_64 if flags & PCI_MSI_FLAGS_64BIT else registers.MSI_MASK_32
    address = registers.MSI_64 if flags & PCI_MSI_FLAGS_64BIT else registers.MSI_32
    return address | (masks if flags & PCI_MSI_FLAGS_MASKBIT else {})


@cache
def fields(register: str) -> tuple[Field, ...]:
    """The fields of a register, lowest bit first."""
    prefix = registers.FIELD_PREFIXES.get(register, f"{register}_")
    own = {name: mask for name, mask in NAMES.items() if name.startswith(prefix)}
    own = {name: mask for name, mask in own.items() if name not in registers.NOT_FIELDS and name not in REGISTERS}
    wide = [name for name, mask in own.items() if mask.bit_count() > 1]  # a single bit has no values, but namesakes
    masks = {name: mask for name, mask in own.items() if not any(name.startswith(f"{other}_") for other in wide)}
    found = [
        Field(name, name[len(prefix) :].removesuffix("_MASK"), mask, _values(name)) for name, mask in masks.items()
    ]
    return tuple(sorted(found, key=lambda field: lowest(field.mask)))


def _values(field: str) -> Mapping[int, str]:
    """Names of a field's values."""
    if NAMES[field].bit_count() == 1:
        return {}
    prefix = registers.VALUE_PREFIXES.get(field, f"{field}_")
    named = {value: name[len(prefix) :] for name, value in NAMES.items() if name.startswith(prefix)}
    return named | registers.VALUES.get(field, {})


def lowest(mask: int) -> int:
    """Number of the lowest bit of a mask."""
    return (mask & -mask).bit_length() - 1


#: Every name that is a register's.
REGISTERS = frozenset(
    name
    for table in (
        *registers.HEADERS.values(),
        registers.CAPABILITY,
        *registers.CAPABILITIES.values(),
        registers.EXPRESS_2,
        registers.MSI_64,
        registers.MSI_32,
        registers.MSI_MASK_64,
        registers.MSI_MASK_32,
        registers.EXTENDED_CAPABILITY,
        *registers.EXTENDED_CAPABILITIES.values(),
    )
    for name in table
)
