# SPDX-License-Identifier: GPL-2.0-only
"""What firmware does to a composed machine: assign BARs, open bridge windows, enable decoding.

Addresses are assigned in the order of functions. The buses below a bridge are one range, so its windows are too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..hw.config_space import bar_count, rom_register
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_MEM_PREFETCH,
    PCI_BASE_ADDRESS_MEM_TYPE_64,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_COMMAND,
    PCI_COMMAND_IO,
    PCI_COMMAND_MASTER,
    PCI_COMMAND_MEMORY,
    PCI_IO_BASE,
    PCI_IO_LIMIT,
    PCI_MEMORY_BASE,
    PCI_MEMORY_LIMIT,
    PCI_PREF_BASE_UPPER32,
    PCI_PREF_LIMIT_UPPER32,
    PCI_PREF_MEMORY_BASE,
    PCI_PREF_MEMORY_LIMIT,
    PCI_PREF_RANGE_TYPE_64,
)
from .compose import Draft, put
from .grammar import Bar

IO, MEMORY, PREFETCHABLE = "I/O ports", "memory below 4 GiB", "memory"


class _Pool:
    """Free addresses, ascending: each aligned to its size, each bus in pages of its own."""

    def __init__(self, name: str, start: int, end: int, page: int) -> None:
        self.name, self.next, self.end, self.page = name, start, end, page

    def take(self, size: int) -> int:
        """Assign an address.

        :raises ValueError: there is not that much left"""
        start = -(-self.next // size) * size
        if start + size > self.end:
            raise ValueError(f'no {self.name} left for {size:#x} bytes; make it smaller, or "64-bit prefetchable"')
        self.next = start + size
        return start

    def new_page(self) -> None:
        """Start the next bus, whose bridge can only open whole pages."""
        self.next = -(-self.next // self.page) * self.page


class _Taken(NamedTuple):
    """A range of addresses in use."""

    pool: str
    start: int
    end: int


#: (domain, bus) -> pool -> the range of everything in use on the bus.
_Spans = dict[tuple[int, int], dict[str, tuple[int, int]]]


def assign(drafts: Sequence[Draft]) -> None:
    """Assign addresses and windows, and set Command.

    :param drafts: composed functions in address order
    :raises ValueError: a BAR does not fit; the message begins with the function's address"""
    pools = {
        IO: _Pool(IO, 0x1000, 0x1_0000, 0x1000),
        MEMORY: _Pool(MEMORY, 0x8000_0000, 0xFEC0_0000, 1 << 20),
        PREFETCHABLE: _Pool(PREFETCHABLE, 0x38_0000_0000, 1 << 62, 1 << 20),
    }
    spans: _Spans = {}
    previous = (0, 0)
    for draft in drafts:
        if draft.address[:2] != previous:
            previous = draft.address[:2]
            for pool in pools.values():
                pool.new_page()
        try:
            taken = _place(draft, pools)
        except ValueError as error:
            raise ValueError(f"{draft.address}: {error}") from None
        span = spans.setdefault(draft.address[:2], {})
        for one in taken:
            _widen(span, one.pool, one.start, one.end)
    for draft in drafts:
        if draft.kind.bridge and not draft.kind.cardbus:
            _open_windows(draft, spans)


def _place(draft: Draft, pools: dict[str, _Pool]) -> list[_Taken]:
    """Assign a function's BARs and ROM, and enable its decoding."""
    taken = []
    upper_halves = {number + 1 for number, bar in draft.keys["bars"].items() if bar.wide}
    for number, bar in sorted(draft.keys["bars"].items()):
        if number + bar.wide >= bar_count(draft.config) or number in upper_halves:
            raise ValueError(f"bars: BAR {number} does not fit; a 64-bit BAR takes two, and a bridge has two")
        if bar.size < (4 if bar.io else 16):
            raise ValueError(f"bars: BAR {number} has {bar.size} bytes; I/O ports have at least 4, memory 16")
        pool = IO if bar.io else PREFETCHABLE if bar.wide and bar.prefetchable else MEMORY
        start = pools[pool].take(bar.size)
        taken.append(_Taken(pool, start, start + bar.size))
        put(draft.config, PCI_BASE_ADDRESS_0 + 4 * number, 8 if bar.wide else 4, start | _low_bits(bar))
    if rom := draft.keys["rom"]:
        register = rom_register(draft.config)
        if register is None or rom < 2048:
            raise ValueError("rom: at least 2K")
        start = pools[MEMORY].take(rom)
        taken.append(_Taken(MEMORY, start, start + rom))
        put(draft.config, register.offset, register.size, start)
    command = draft.keys["command"]
    put(draft.config, PCI_COMMAND, 2, _command(draft, taken) if command is None else command)
    return taken


def _low_bits(bar: Bar) -> int:
    if bar.io:
        return PCI_BASE_ADDRESS_SPACE_IO
    return bar.wide * PCI_BASE_ADDRESS_MEM_TYPE_64 | bar.prefetchable * PCI_BASE_ADDRESS_MEM_PREFETCH


def _command(draft: Draft, taken: list[_Taken]) -> int:
    if draft.kind.bridge:
        return PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER
    pools = {one.pool for one in taken}
    return (IO in pools) * PCI_COMMAND_IO | bool(pools - {IO}) * PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER


def _widen(span: dict[str, tuple[int, int]], pool: str, start: int, end: int) -> None:
    """Widen the range of a pool to include another."""
    before = span.get(pool, (start, end))
    span[pool] = (min(before[0], start), max(before[1], end))


def _open_windows(draft: Draft, spans: _Spans) -> None:
    """Open a bridge's windows for what is in use on the buses below it; a closed window begins after its end."""
    first, last = draft.keys["bus"]
    below: dict[str, tuple[int, int]] = {}
    for bus in range(first, last + 1):
        for pool, (start, end) in spans.get((draft.address.domain, bus), {}).items():
            _widen(below, pool, start, end)
    config = draft.config
    start, end = below.get(IO, (0xF000, 1))
    put(config, PCI_IO_BASE, 1, start >> 8 & 0xF0)
    put(config, PCI_IO_LIMIT, 1, end - 1 >> 8 & 0xF0)
    start, end = below.get(MEMORY, (0xFFF0_0000, 1))
    put(config, PCI_MEMORY_BASE, 2, start >> 16 & 0xFFF0)
    put(config, PCI_MEMORY_LIMIT, 2, end - 1 >> 16 & 0xFFF0)
    start, end = below.get(PREFETCHABLE, (0xFFF0_0000, 1))
    put(config, PCI_PREF_MEMORY_BASE, 2, start >> 16 & 0xFFF0 | PCI_PREF_RANGE_TYPE_64)
    put(config, PCI_PREF_MEMORY_LIMIT, 2, end - 1 >> 16 & 0xFFF0 | PCI_PREF_RANGE_TYPE_64)
    put(config, PCI_PREF_BASE_UPPER32, 4, start >> 32)
    put(config, PCI_PREF_LIMIT_UPPER32, 4, end - 1 >> 32)
