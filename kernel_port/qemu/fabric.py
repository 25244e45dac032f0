# SPDX-License-Identifier: GPL-2.0-only
"""QEMU in the place of the fabric: configuration cycles go to its devices, and what they set off is seen there.

What cannot be seen over the test protocol is concluded from registers, which are read after each write:

- Interrupts. A message of a root port never leaves QEMU (its vector is in MSI-X's table, which is in memory and which
  the port of the kernel leaves out), and one that does goes to a processor that is stopped. So a port asks for an
  interrupt when its Slot Control and Slot Status say so, as in the model.
- Resets. A write that may reset functions is told as the reset of those whose registers it changed besides its own.

Cards and buttons cannot be moved from here. Time is ours: QEMU's devices do at once what they do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from ..hw.address import Address
from ..hw.bridge import Bridge
from ..hw.clock import Clock
from ..hw.config_space import all_ones
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from ..hw.fabric import Fabric
from ..hw.function import D0, D3HOT, Function
from ..hw.image import ConfigImage
from ..hw.masks import Reset
from ..pci_regs import (
    PCI_AF_CTRL,
    PCI_AF_CTRL_FLR,
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_STATE_MASK,
)
from . import firmware
from .process import Qemu
from .words import checked

#: How a MACHINE begins that is QEMU's.
PREFIX = "qemu:"
QUIRKS = "qemu"


def describe(source: str) -> MachineDescription:
    """Describe the machine that the words behind "qemu:" make, as firmware leaves it; boot() starts it.

    :raises MachineError: the words are not allowed, or QEMU is not installed or refuses them"""
    text = source.removeprefix(PREFIX)
    with Qemu(checked(text)) as qemu:
        functions = firmware.start(qemu)
    return MachineDescription("qemu", functions, text, QUIRKS, qemu=text)


class QemuFabric(Fabric):
    """A QEMU of its own, from now until it is closed, that has the devices of a machine description.

    :raises MachineError: as describe()"""

    def __init__(self, description: MachineDescription, clock: Clock) -> None:
        self._qemu = Qemu(checked(description.qemu))
        try:
            firmware.start(self._qemu)
            super().__init__(description, clock, {0: _Registers(self._qemu)})
        except BaseException:
            self._qemu.close()
            raise
        bridges = (function for function in self._functions.values() if isinstance(function, Bridge))
        self._ports = [(port, port.slot) for port in bridges if port.slot is not None]

    def forget_numbers(self) -> None:
        """Have the kernel number the buses, which it does as they are numbered now."""
        firmware.forget_numbers(self._qemu, [function.description for function in self._functions.values()])

    def read(self, domain: int, bus: int, devfn: int, where: int, size: int) -> int:
        return (1 << 8 * size) - 1 if domain else self._qemu.read(bus, devfn, where, size)

    def write(self, domain: int, bus: int, devfn: int, where: int, size: int, value: int) -> None:
        if domain:
            return
        kind, functions = self._reset_by(Address.of(domain, bus, devfn), where, size, value)
        before = [self._others(function, devfn, where, size) for function in functions]
        self._qemu.write(bus, devfn, where, size, value & (1 << 8 * size) - 1)
        self.reroute()
        for function, registers in zip(functions, before, strict=True):
            if self._others(function, devfn, where, size) != registers:
                self.happened(kind.value, function.name)
            elif kind is Reset.SOFT:
                self.happened("soft reset ignored", function.name)
        if self.interrupt is not None:
            self._check_interrupts(bus, devfn, where, size)

    def _check_interrupts(self, bus: int, devfn: int, where: int, size: int) -> None:
        """Have every port that can be reached see whether it asks for an interrupt after a write to (bus, devfn)."""
        for port, slot in self._ports:
            if _answers(port):
                commanded = (port.bus, port.devfn) == (bus, devfn) and slot.is_control(where, size)
                (slot.control_written if commanded else slot.check_interrupt)()

    def close(self) -> None:
        self._qemu.close()

    def _others(self, function: Function, devfn: int, where: int, size: int) -> bytes:
        """Return the registers of a function, without those that are written to the one at *devfn*."""
        registers = self._qemu.dump(function.bus, function.devfn, function.size)
        return registers[:where] + registers[where + size :] if function.devfn == devfn else registers

    def _reset_by(self, address: Address, where: int, size: int, value: int) -> tuple[Reset, list[Function]]:
        """Return which reset a write asks for, and of which functions; of none for most writes."""
        function = self._functions.get(address)
        if function is None:
            return Reset.HOT, []

        def written(register: int) -> int:
            """Return the bits that are written to the two bytes at *register*."""
            shift = 8 * (where - register)
            return (value << shift if shift >= 0 else value >> -shift) & 0xFFFF if -4 < where - register < 2 else 0

        positions = function.layout.capabilities
        if isinstance(function, Bridge) and written(PCI_BRIDGE_CONTROL) & PCI_BRIDGE_CTL_BUS_RESET:
            held = function.get(PCI_BRIDGE_CONTROL, 2) & PCI_BRIDGE_CTL_BUS_RESET
            return Reset.HOT, [] if held else _below(function)
        if (exp := positions.get(PCI_CAP_ID_EXP)) and written(exp + PCI_EXP_DEVCTL) & PCI_EXP_DEVCTL_BCR_FLR:
            return Reset.FLR, [function, *_below(function)]
        if (af := positions.get(PCI_CAP_ID_AF)) and written(af + PCI_AF_CTRL) & PCI_AF_CTRL_FLR:
            return Reset.FLR, [function]
        if (pm := positions.get(PCI_CAP_ID_PM)) and where == pm + PCI_PM_CTRL and function.power_state == D3HOT:
            keeps = function.get(where, 2) & PCI_PM_CTRL_NO_SOFT_RESET
            return Reset.SOFT, [function] if value & PCI_PM_CTRL_STATE_MASK == D0 and not keeps else []
        return Reset.HOT, []


class _Registers(ConfigImage):
    """The registers of a domain, where QEMU has them."""

    __slots__ = ("_qemu", "_seen")

    def __init__(self, qemu: Qemu) -> None:  # there is no image
        self._qemu = qemu
        self._seen: dict[Address, bytes] = {}

    def reader(self, bus: int, devfn: int) -> Callable[[int, int], int]:
        return lambda where, size: self._qemu.read(bus, devfn, where, size)

    def writer(self, bus: int, devfn: int) -> Callable[[int, int, int], object]:
        def refuse(_where: int, _size: int, _value: int) -> NoReturn:
            raise MachineError("qemu: cards and buttons of QEMU's machine cannot be moved from here")

        return refuse

    def load(self, address: Address, data: bytes) -> None:
        """Leave everything as it is: QEMU has made the machine that is described."""

    def dump(self, address: Address, size: int = 0) -> bytes:
        """Return the registers of a function; as they were last seen if nobody can reach it."""
        found = self._qemu.dump(address.bus, address.devfn, size)
        if all_ones(found):
            return self._seen.get(address, found)
        self._seen[address] = found
        return found


def _answers(function: Function) -> bool:
    return function.get(0, 4) != 0xFFFF_FFFF


def _below(function: Function) -> list[Function]:
    """Everything below a bridge, nearest first; nothing if it is none."""
    found = list(function.below) if isinstance(function, Bridge) else []
    for each in found:
        found += each.below if isinstance(each, Bridge) else []
    return found
