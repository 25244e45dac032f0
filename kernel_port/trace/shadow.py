# SPDX-License-Identifier: GPL-2.0-only
"""What is known of registers along a trace: the values last seen in them, and what the hardware made of those."""

from __future__ import annotations

from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..hw.layout import Layout
from ..hw.masks import Masks, Reset, masks_of

RESETS = {kind.value: kind for kind in Reset}


class Shadows:
    """The registers of all functions of a trace, as far as they can be followed."""

    def __init__(self, configs: dict[str, bytes]) -> None:
        #: Registers of each function when the trace began, by address.
        self.configs = configs
        #: As the kernel last saw them. A reset does not change these.
        self._seen = {bdf: bytearray(config) for bdf, config in configs.items()}
        #: As they should be according to the register table.
        self._held = {bdf: bytearray(config) for bdf, config in configs.items()}
        self._masks: dict[str, Masks] = {}

    def masks(self, bdf: str) -> Masks:
        """Return what writes and resets do to the registers of a function."""
        if bdf not in self._masks:
            config = self.configs[bdf]
            layout = Layout(FunctionDescription(Address.parse(bdf), config, size=len(config)))
            self._masks[bdf] = masks_of(layout.registers(), len(config))
        return self._masks[bdf]

    def read(self, bdf: str, where: int, size: int, value: int) -> tuple[int, int]:
        """Note a read of *value*. Return the value last seen there, and *value*; all ones are not register contents."""
        old = self._get(self._seen, bdf, where, size, value)
        if value != (1 << 8 * size) - 1:
            self._put(bdf, where, size, value)
        return old, value

    def write(self, bdf: str, where: int, size: int, value: int) -> tuple[int, int]:
        """Note a write of *value*. Return what the register held before and after it.

        A bit that is written to clear it counts as set before: the hardware may have set it since the last read."""
        old = self._get(self._held, bdf, where, size, value)
        if bdf not in self.configs:
            return old, value
        masks = self.masks(bdf)
        _, w1c = masks.access(where, size)
        old |= value & w1c
        new = masks.written(where, size, old, value)
        self._put(bdf, where, size, new)
        trigger = 0
        for register in masks.registers(where, size):
            shift = 8 * (register.start - where)
            trigger |= register.w1t << shift if shift >= 0 else register.w1t >> -shift
        return old, new | value & trigger & ((1 << 8 * size) - 1)

    def happened(self, what: str, bdf: str) -> None:
        """Note a hardware event; a reset gives the function's registers their defaults."""
        if what in RESETS and bdf in self.configs:
            self._held[bdf][:] = self.masks(bdf).after(RESETS[what], bytes(self._held[bdf]))

    def _get(self, images: dict[str, bytearray], bdf: str, where: int, size: int, unknown: int) -> int:
        data = images.get(bdf, b"")[where : where + size]
        return int.from_bytes(data, "little") if len(data) == size else unknown

    def _put(self, bdf: str, where: int, size: int, value: int) -> None:
        for images in (self._seen, self._held):
            image = images.get(bdf, bytearray())
            if where + size <= len(image):
                image[where : where + size] = value.to_bytes(size, "little")
