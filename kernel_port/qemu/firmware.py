# SPDX-License-Identifier: GPL-2.0-only
"""What firmware does before a kernel starts: number the buses, and give each function addresses to decode.

The numbers are those that a kernel gives which finds none: depth first, in order of device and function. Addresses have
no use here, where nobody accesses memory; but a reset takes them away, and so has something to show.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..hw.address import Address
from ..hw.config_space import (
    PCI_CFG_SPACE_SIZE,
    ROM,
    all_ones,
    bar_count,
    header_type,
    is_64_bit,
    is_multifunction,
    lowest_bit,
    rom_register,
)
from ..hw.description import FunctionDescription
from ..hw.image import FUNCTION_SIZE
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_IO_MASK,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_BASE_ADDRESS_SPACE_IO,
    PCI_COMMAND,
    PCI_COMMAND_IO,
    PCI_COMMAND_MASTER,
    PCI_COMMAND_MEMORY,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_IO_BASE,
    PCI_IO_LIMIT,
    PCI_MEMORY_BASE,
    PCI_MEMORY_LIMIT,
    PCI_PREF_MEMORY_BASE,
    PCI_PREF_MEMORY_LIMIT,
    PCI_PRIMARY_BUS,
    PCI_ROM_ADDRESS_MASK,
    PCI_SECONDARY_BUS,
    PCI_STD_HEADER_SIZEOF,
    PCI_SUBORDINATE_BUS,
)
from .process import Qemu

_ONES, _LAST_BUS = 0xFFFF_FFFF, 0xFF


def start(qemu: Qemu) -> list[FunctionDescription]:
    """Find every function, number the buses and assign addresses.

    :return: descriptions of the functions, in order of address"""
    return _Firmware(qemu).start()


def forget_numbers(qemu: Qemu, functions: list[FunctionDescription]) -> None:
    """Leave the numbering to the kernel: no bridge leads anywhere any more."""
    for function in sorted(functions, key=lambda function: function.address, reverse=True):
        if header_type(function.config) == PCI_HEADER_TYPE_BRIDGE:
            qemu.write(function.address.bus, function.address.devfn, PCI_PRIMARY_BUS, 1, 0)
            qemu.write(function.address.bus, function.address.devfn, PCI_SECONDARY_BUS, 1, 0)
            qemu.write(function.address.bus, function.address.devfn, PCI_SUBORDINATE_BUS, 1, 0)


class _Pool:
    """Addresses to give away, in ascending order."""

    def __init__(self, start: int, end: int, page: int) -> None:
        self.next, self._end, self._page = start, end, page

    def take(self, size: int) -> int:
        """Return the address of *size* bytes, 0 if there are not as many left."""
        start = -(-self.next // size) * size
        if start + size > self._end:
            return 0
        self.next = start + size
        return start

    def new_page(self) -> int:
        """Go on at a page of what a bridge can pass on; return its address."""
        self.next = -(-self.next // self._page) * self._page
        return self.next


class _Firmware:
    def __init__(self, qemu: Qemu) -> None:
        self._qemu = qemu
        self._io = _Pool(0x1000, 0x1_0000, 0x1000)
        self._memory = _Pool(0xC000_0000, 0xFEC0_0000, 1 << 20)
        self._last = 0
        self._sizes: dict[Address, dict[int, int]] = {}

    def start(self) -> list[FunctionDescription]:
        self._bus(0)
        return [self._described(address, sizes) for address, sizes in sorted(self._sizes.items())]

    def _bus(self, bus: int) -> None:
        bridges = []
        for address in self._found(bus):
            head = self._qemu.dump(bus, address.devfn, PCI_STD_HEADER_SIZEOF)
            self._sizes[address] = self._assign(bus, address.devfn, head)
            if header_type(head) == PCI_HEADER_TYPE_BRIDGE:
                bridges.append(address.devfn)
        for devfn in bridges:
            if self._last < _LAST_BUS:
                self._bridge(bus, devfn)

    def _found(self, bus: int) -> Iterator[Address]:
        for device in range(32):
            for function in range(8):
                address = Address(0, bus, device, function)
                head = self._qemu.dump(bus, address.devfn, PCI_STD_HEADER_SIZEOF)
                if not all_ones(head):
                    yield address
                if function == 0 and (all_ones(head) or not is_multifunction(head)):
                    break

    def _assign(self, bus: int, devfn: int, head: bytes) -> dict[int, int]:
        """Find the size of each BAR, and give it an address; return the sizes, by number."""
        sizes, command = {}, PCI_COMMAND_MASTER if header_type(head) == PCI_HEADER_TYPE_BRIDGE else 0
        numbers = iter(range(bar_count(head)))
        for number in numbers:
            where = PCI_BASE_ADDRESS_0 + 4 * number
            low = self._probe(bus, devfn, where)
            io = bool(low & PCI_BASE_ADDRESS_SPACE_IO)
            bits = low & (PCI_BASE_ADDRESS_IO_MASK if io else PCI_BASE_ADDRESS_MEM_MASK) & _ONES
            if not io and is_64_bit(low):
                bits |= self._probe(bus, devfn, where + 4) << 32
                next(numbers)
            if size := lowest_bit(bits):
                sizes[number] = size
                self._qemu.write(bus, devfn, where, 4, (self._io if io else self._memory).take(size))
                command |= PCI_COMMAND_IO if io else PCI_COMMAND_MEMORY
        rom = rom_register(head)
        if rom and (size := lowest_bit(self._probe(bus, devfn, rom.offset) & PCI_ROM_ADDRESS_MASK & _ONES)):
            sizes[ROM] = size
            self._qemu.write(bus, devfn, rom.offset, 4, self._memory.take(size))
        self._qemu.write(bus, devfn, PCI_COMMAND, 2, command)
        return sizes

    def _probe(self, bus: int, devfn: int, where: int) -> int:
        """Return what of a base address can be written; 0 is left in it."""
        self._qemu.write(bus, devfn, where, 4, _ONES)
        found = self._qemu.read(bus, devfn, where, 4)
        self._qemu.write(bus, devfn, where, 4, 0)
        return found

    def _bridge(self, bus: int, devfn: int) -> None:
        """Go on behind a bridge, and have it pass on what is assigned there."""
        self._last += 1
        numbers = ((PCI_PRIMARY_BUS, bus), (PCI_SECONDARY_BUS, self._last), (PCI_SUBORDINATE_BUS, _LAST_BUS))
        for where, number in numbers:
            self._qemu.write(bus, devfn, where, 1, number)
        io, memory = self._io.new_page(), self._memory.new_page()
        self._bus(self._last)
        self._qemu.write(bus, devfn, PCI_SUBORDINATE_BUS, 1, self._last)
        # A window ends with the page before the next one; if nothing was assigned, it ends before it begins: closed.
        io_end, memory_end = self._io.new_page() - 1, self._memory.new_page() - 1
        for where, size, value in (
            (PCI_IO_BASE, 1, io >> 8), (PCI_IO_LIMIT, 1, io_end >> 8 & 0xFF),
            (PCI_MEMORY_BASE, 2, memory >> 16), (PCI_MEMORY_LIMIT, 2, memory_end >> 16),
            (PCI_PREF_MEMORY_BASE, 2, 0xFFF0), (PCI_PREF_MEMORY_LIMIT, 2, 0),
        ):  # fmt: skip
            self._qemu.write(bus, devfn, where, size, value)
        command = PCI_COMMAND_IO * (io_end > io) | PCI_COMMAND_MEMORY * (memory_end > memory) | PCI_COMMAND_MASTER
        self._qemu.write(bus, devfn, PCI_COMMAND, 2, command | self._qemu.read(bus, devfn, PCI_COMMAND, 2))

    def _described(self, address: Address, sizes: dict[int, int]) -> FunctionDescription:
        config = self._qemu.dump(address.bus, address.devfn, FUNCTION_SIZE)
        if all_ones(config[PCI_CFG_SPACE_SIZE:]):
            config = config[:PCI_CFG_SPACE_SIZE]
        bars = {number: size for number, size in sizes.items() if number != ROM}
        return FunctionDescription(address, config, size=len(config), bars=bars, rom=sizes.get(ROM, 0))
