# SPDX-License-Identifier: GPL-2.0-only
"""The registers of a function being filled in: what is stated stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_CB_CAPABILITY_LIST,
    PCI_CLASS_DEVICE,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL_LD,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_PCC,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_PM_CTRL,
    PCI_PM_CTRL_STATE_MASK,
    PCI_PRIMARY_BUS,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
    PCI_VENDOR_ID,
)
from .config_space import header_type


class Bits(NamedTuple):
    """Bits of a register, by its offset from a capability or from the start, and a value for them."""

    offset: int
    size: int
    mask: int
    value: int


#: Bits that a filling leaves as they are: an unknown identity stays one that is accepted.
_KEPT = (
    Bits(PCI_VENDOR_ID, 4, 0xFFFFFFFF, 0), Bits(PCI_CLASS_DEVICE, 2, 0xFFFF, 0), Bits(PCI_HEADER_TYPE, 1, 0xFF, 0),
    Bits(PCI_PRIMARY_BUS, 3, 0xFFFFFF, 0),
)  # fmt: skip
#: Registers that would hide what is below a bridge, or the function itself.
_OPEN = {
    PCI_CAP_ID_PM: (Bits(PCI_PM_CTRL, 2, PCI_PM_CTRL_STATE_MASK, 0),),
    PCI_CAP_ID_EXP: (Bits(PCI_EXP_LNKCTL, 2, PCI_EXP_LNKCTL_LD, 0), Bits(PCI_EXP_SLTCTL, 2, PCI_EXP_SLTCTL_PCC, 0)),
    PCI_CAP_ID_AF: (),
}


class Form:
    """Registers being filled in: a stated bit stays."""

    def __init__(self, config: bytes, hidden: bytes, port: int) -> None:
        self.port = port
        self.config = bytearray(config)
        #: A set bit is not stated.
        self.hidden = hidden
        self.placed: set[int] = set()
        #: Offsets that a capability has taken.
        self.taken: set[int] = set()

    def get(self, where: int, size: int) -> int:
        """Return a register of *size* bytes as it is filled in so far."""
        return int.from_bytes(self.config[where : where + size], "little")

    def free(self, where: int, size: int) -> int:
        """Return the unstated bits of a register."""
        return int.from_bytes(self.hidden[where : where + size], "little")

    def allows(self, bits: Bits, base: int = 0) -> bool:
        """Return whether *bits*, of the capability at *base*, can still get their value."""
        where = base + bits.offset
        if where + bits.size > len(self.config):
            return False
        return not (self.get(where, bits.size) ^ bits.value) & bits.mask & ~self.free(where, bits.size)

    def put(self, bits: Bits, base: int = 0) -> None:
        """Set those of *bits* that are not stated."""
        where = base + bits.offset
        if where + bits.size > len(self.config):
            return
        mask = bits.mask & self.free(where, bits.size)
        value = self.get(where, bits.size) & ~mask | bits.value & mask
        self.config[where : where + bits.size] = value.to_bytes(bits.size, "little")

    def fill(self, byte: int) -> Form:
        """Set all unstated bits but those that identify the function."""
        size = len(self.config)
        kept = sum(bits.mask << 8 * bits.offset for bits in _KEPT)
        mask = int.from_bytes(self.hidden, "little") & ~kept
        value = int.from_bytes(self.config, "little") & ~mask | int.from_bytes(bytes([byte]) * size, "little") & mask
        self.config[:] = value.to_bytes(size, "little")
        return self

    def listed(self) -> list[tuple[int, int]]:
        """Return the capabilities that the kernel finds, (ID, offset)."""
        if not self.config[PCI_STATUS] & PCI_STATUS_CAP_LIST:
            return []
        return list(chain_from(self.config, self.config[first_link(self.config)] & ~3))

    def done(self) -> bytes:
        """Return the registers, with nothing that hides what was found."""
        if header_type(self.config) in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
            self.put(Bits(PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_CTL_BUS_RESET, 0))
        for capability, at in self.listed():
            for bits in _OPEN.get(capability, ()):
                self.put(bits, at)
        return bytes(self.config)


def chain_from(config: bytearray, at: int) -> Iterator[tuple[int, int]]:
    """Yield the capabilities, (ID, offset), that the kernel finds from an offset on."""
    seen = set[int]()
    while at >= PCI_STD_HEADER_SIZEOF and at not in seen and config[at] != 0xFF:
        seen.add(at)
        yield config[at], at
        at = config[at + PCI_CAP_LIST_NEXT] & ~3


def first_link(config: bytearray) -> int:
    """Return where the capability list begins."""
    return PCI_CB_CAPABILITY_LIST if header_type(config) == PCI_HEADER_TYPE_CARDBUS else PCI_CAPABILITY_LIST
