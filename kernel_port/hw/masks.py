# SPDX-License-Identifier: GPL-2.0-only
"""Rows of the register table turned into bytes: what a write may change and what a reset does, by offset."""

from __future__ import annotations

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
    """The columns of all registers of a function, shared by all functions with the same registers.

    :param size: bytes of configuration space
    :param storage: (offset, length) of bytes without a register that keep what is written to them"""

    def __init__(self, registers: tuple[Register, ...], size: int, storage: tuple[tuple[int, int], ...] = ()) -> None:
        self._registers = registers
        self._accesses: dict[tuple[int, int], tuple[int, int, tuple[Register, ...]]] = {}
        columns = {}
        for column in ("rw", "w1c", "reset", "sticky", "shared", "raised"):
            image = bytearray(size)
            for register in self._registers:
                image[register.start:register.start + register.size] = (
                    getattr(register, column).to_bytes(register.size, "little"))
            columns[column] = int.from_bytes(image, "little")
        self._w1c, self._defaults = columns["w1c"], columns["reset"]
        self._rw = columns["rw"] | self._unregistered(size, storage)
        writable = columns["rw"] | columns["w1c"] | columns["raised"]
        kept = columns["sticky"] | columns["shared"]
        self._lost = {
            Reset.POWER: writable,
            Reset.HOT: writable & ~columns["sticky"],
            Reset.FLR: writable & ~kept,
            Reset.SOFT: writable & ~kept,
        }

    def _unregistered(self, size: int, storage: tuple[tuple[int, int], ...]) -> int:
        image = bytearray(size)
        for offset, length in storage:
            image[offset:offset + length] = bytes([0xff]) * (min(offset + length, size) - offset)
        for register in self._registers:
            image[register.start:register.start + register.size] = bytes(register.size)
        return int.from_bytes(image, "little")

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
def masks_of(registers: tuple[Register, ...], size: int, storage: tuple[tuple[int, int], ...] = ()) -> Masks:
    """The masks of these registers, made once for all functions that have the same."""
    return Masks(registers, size, storage)
