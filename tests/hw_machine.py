# SPDX-License-Identifier: GPL-2.0-only
"""Small machines for the tests of the hardware: functions put together byte by byte."""

from kernel_port.hw.address import Address
from kernel_port.hw.clock import Clock
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.fabric import Fabric

MS = 1_000_000

#: Where the builders put capabilities.
PM, EXP, AF, PCIX, MSI = 0x40, 0x50, 0xA0, 0xB0, 0xC0

ENDPOINT, ROOT_PORT, UPSTREAM, DOWNSTREAM = 0, 4, 5, 6


def config(size=256, **registers):
    """Bytes from registers: x04_2=6 is the value 6 in the two bytes at offset 4."""
    image = bytearray(size)
    for name, value in registers.items():
        offset, width = name[1:].split("_")
        image[int(offset, 16) : int(offset, 16) + int(width)] = value.to_bytes(int(width), "little")
    return image


def capabilities(image, *found):
    """Link capabilities: (position, ID, bytes behind the two that begin it)."""
    image[0x06] |= 0x10
    link = 0x34
    for position, identity, body in found:
        image[link] = position
        image[position : position + 2 + len(body)] = bytes([identity, 0]) + body
        link = position + 1


def words(*values):
    """Sixteen-bit registers in a row."""
    return b"".join(value.to_bytes(2, "little") for value in values)


def pm(control=0x0000, capability=0x0003):
    """PM: version 3, D0 and D3hot only, a soft reset on waking."""
    return PM, 1, words(capability, control)


def exp(
    port_type, devcap=0x8000, sltcap=0, sltctl=0, sltsta=0, slot=False, lnkcap=0x00100011, lnksta=0x2011, message=0
):  # fmt: skip
    """PCI Express, version 2: 0x3c bytes."""
    image = bytearray(0x3A)
    for offset, size, value in (
        (0x02, 2, 2 | port_type << 4 | slot << 8 | message << 9),
        (0x04, 4, devcap),
        (0x08, 2, 0x2810),
        (0x0C, 4, lnkcap),
        (0x12, 2, lnksta),
        (0x14, 4, sltcap),
        (0x18, 2, sltctl),
        (0x1A, 2, sltsta),
    ):
        image[offset - 2 : offset - 2 + size] = value.to_bytes(size, "little")
    return EXP, 0x10, bytes(image)


def function(address, *caps, size=256, registers=None, **knobs):
    """A type 0 function with a 64 KiB BAR at 0xe0000000."""
    image = config(size, **{"x00_4": 0x12348086, "x04_2": 0x0006, "x10_4": 0xE0000000, **(registers or {})})
    capabilities(image, *caps)
    knobs.setdefault("bars", {0: 0x10000})
    return FunctionDescription(Address.parse(address), bytes(image), size, **knobs)


def bridge(address, secondary, subordinate, *caps, registers=None, **knobs):
    """A type 1 function."""
    numbers = {
        "x00_4": 0x55558086, "x04_2": 0x0007, "x0e_1": 1, "x19_1": secondary, "x1a_1": subordinate, "x3e_2": 0x0003,
        "x20_2": 0xE000, "x22_2": 0xE010,
    }  # fmt: skip
    image = config(256, **{**numbers, **(registers or {})})
    capabilities(image, *caps)
    return FunctionDescription(Address.parse(address), bytes(image), 256, bars={}, **knobs)


def port(address, secondary, subordinate, sltcap=0x60, sltctl=0, port_type=ROOT_PORT, slot=True, **knobs):
    """A root port with an occupied slot, hot-plug capable with surprise."""
    body = exp(port_type, sltcap=sltcap, sltctl=sltctl, sltsta=0x40 if slot else 0, slot=slot)
    return bridge(address, secondary, subordinate, pm(), body, **knobs)


class Bench:
    """A machine on a bench, and a diary of what happens in it."""

    def __init__(self, *functions, quirks="", images=None):
        self.clock = Clock()
        self.fabric = Fabric(MachineDescription("bench", list(functions), quirks=quirks), self.clock, images)
        self.happened, self.interrupts = [], []
        self.fabric.observe = lambda what, where: self.happened.append((what, where))
        self.fabric.interrupt = self.fabric.message = self.interrupts.append

    def read(self, address, where, size):
        at = Address.parse(address)
        return self.fabric.read(at.domain, at.bus, at.devfn, where, size)

    def write(self, address, where, size, value):
        at = Address.parse(address)
        self.fabric.write(at.domain, at.bus, at.devfn, where, size, value)

    def held(self, address, where, size):
        """A register as the function holds it, reachable or not."""
        return int.from_bytes(self.fabric.config(Address.parse(address))[where : where + size], "little")

    def wait(self, ms):
        self.clock.advance(self.clock.now + round(ms * MS))
