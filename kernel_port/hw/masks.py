# SPDX-License-Identifier: GPL-2.0-only
"""Rows of the register table turned into bytes: what a write may change and what a reset does, by offset."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache

from .image import register_masks
from .regs import Register


class Reset(Enum):
    """Kinds of reset, by how much they reset; the value is what traces call it."""

    POWER = "power on reset"
    HOT = "hot reset"
    FLR = "function level reset"
    SOFT = "soft reset"


class Masks:
    """The columns of all registers of a function, shared by all functions with the same registers.

    The shim writes and resets registers by the same masks: image and what lost() returns.

    :param size: bytes of configuration space
    :param storage: (offset, length) of bytes without a register that keep what is written to them
    :param acting: names of registers where a write has side effects"""

    def __init__(
        self, registers: tuple[Register, ...], size: int, storage: tuple[tuple[int, int], ...] = (),
        acting: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._registers = registers
        self._names = acting
        self._acting: dict[tuple[int, int], tuple[Register, ...]] = {}
        columns = {
            name: self._column(name, size) for name in ("rw", "w1c", "reset", "sticky", "shared", "raised", "context")
        }
        self._rw, self._w1c = columns["rw"] | self._unregistered(size, storage), columns["w1c"]
        #: For the shim.
        self.image = register_masks(self._rw.to_bytes(size, "little"), self._w1c.to_bytes(size, "little"))
        writable = columns["rw"] | columns["w1c"] | columns["raised"]
        kept = columns["sticky"] | columns["shared"]
        self._defaults = columns["reset"].to_bytes(size, "little")
        self._lost = {
            kind: mask.to_bytes(size, "little")
            for kind, mask in {
                Reset.POWER: writable,
                Reset.HOT: writable & ~columns["sticky"],
                Reset.FLR: writable & ~kept,
                Reset.SOFT: writable & ~(kept | columns["context"]),
            }.items()
        }

    def _column(self, name: str, size: int) -> int:
        image = bytearray(size)
        for register in self._registers:
            image[register.start : register.start + register.size] = getattr(register, name).to_bytes(
                register.size, "little"
            )
        return int.from_bytes(image, "little")

    def _unregistered(self, size: int, storage: tuple[tuple[int, int], ...]) -> int:
        image = bytearray(size)
        for offset, length in storage:
            image[offset : offset + length] = bytes([0xFF]) * (min(offset + length, size) - offset)
        for register in self._registers:
            image[register.start : register.start + register.size] = bytes(register.size)
        return int.from_bytes(image, "little")

    def acting(self, where: int, size: int) -> tuple[Register, ...]:
        """Return the registers among *size* bytes at *where* where a write has side effects."""
        found = self._acting.get((where, size))
        if found is None:
            found = tuple(register for register in self.registers(where, size) if register.name in self._names)
            self._acting[where, size] = found
        return found

    def registers(self, where: int, size: int) -> Iterator[Register]:
        """Return the registers that overlap *size* bytes at *where*."""
        return (r for r in self._registers if r.start < where + size and where < r.start + r.size)

    def access(self, where: int, size: int) -> tuple[int, int]:
        """Return the read-write bits and the write-1-to-clear bits of *size* bytes at *where*."""
        mask = (1 << 8 * size) - 1
        return self._rw >> 8 * where & mask, self._w1c >> 8 * where & mask

    def written(self, where: int, size: int, old: int, value: int) -> int:
        """Return what *size* bytes at *where* are after a write of *value* over *old*, as the shim writes."""
        rw, w1c = self.access(where, size)
        return (old & ~rw | value & rw) & ~(value & w1c)

    def lost(self, kind: Reset) -> tuple[bytes, bytes]:
        """Return which bits a reset of this *kind* changes, and their new values."""
        return self._lost[kind], self._defaults

    def after(self, kind: Reset, config: bytes) -> bytes:
        """Return *config* after a reset of this *kind*, as the shim's config_image_merge() does it."""
        lost, defaults, value = (int.from_bytes(image, "little") for image in (*self.lost(kind), config))
        return (value & ~lost | defaults & lost).to_bytes(len(config), "little")


@lru_cache(maxsize=1024)
def masks_of(
    registers: tuple[Register, ...], size: int, storage: tuple[tuple[int, int], ...] = (),
    acting: frozenset[str] = frozenset(),
) -> Masks:  # fmt: skip
    """Return the masks of these registers, made once for all functions that have the same."""
    return Masks(registers, size, storage, acting)
