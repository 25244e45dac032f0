# SPDX-License-Identifier: GPL-2.0-only
"""Rows of the register table turned into bytes: what a write may change and what a reset does, by offset."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache

from .regs import Register


class Reset(Enum):
    """Kinds of reset, by how much they reset; the value is how it is told."""

    POWER = "power on reset"
    HOT = "hot reset"
    FLR = "function level reset"
    SOFT = "soft reset"


class Masks:
    """The columns of all registers of a function, shared by all functions with the same registers."""

    def __init__(self, registers: Iterable[Register], size: int) -> None:
        self._registers = tuple(registers)
        self._accesses: dict[tuple[int, int], tuple[int, int, tuple[Register, ...]]] = {}
        columns = {}
        for column in ("rw", "w1c", "reset", "sticky", "shared", "raised"):
            image = bytearray(size)
            for register in self._registers:
                image[register.start:register.start + register.size] = (
                    getattr(register, column).to_bytes(register.size, "little"))
            columns[column] = int.from_bytes(image, "little")
        self._rw, self._w1c, self._defaults = columns["rw"], columns["w1c"], columns["reset"]
        writable = self._rw | self._w1c | columns["raised"]
        kept = columns["sticky"] | columns["shared"]
        self._lost = {
            Reset.POWER: writable,
            Reset.HOT: writable & ~columns["sticky"],
            Reset.FLR: writable & ~kept,
            Reset.SOFT: writable & ~kept,
        }

    def access(self, where: int, size: int) -> tuple[int, int, tuple[Register, ...]]:
        """What *size* bytes at *where* are made of: read-write bits, write-1-to-clear bits, and the registers there."""
        found = self._accesses.get((where, size))
        if found is None:
            mask = (1 << 8 * size) - 1
            touched = (r for r in self._registers if r.start < where + size and where < r.start + r.size)
            found = self._rw >> 8 * where & mask, self._w1c >> 8 * where & mask, tuple(touched)
            self._accesses[where, size] = found
        return found

    def after(self, kind: Reset, config: bytes) -> bytes:
        """What a reset of this *kind* makes of *config*."""
        lost = self._lost[kind]
        value = int.from_bytes(config, "little")
        return (value & ~lost | self._defaults & lost).to_bytes(len(config), "little")


@lru_cache(maxsize=1024)
def masks_of(registers: tuple[Register, ...], size: int) -> Masks:
    """The masks of these registers in configuration space of *size* bytes, made once."""
    return Masks(registers, size)
