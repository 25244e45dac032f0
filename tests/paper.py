# SPDX-License-Identifier: GPL-2.0-only
"""A machine on paper, for tests of the kernel side: registers are bytes that hold what was written, or what tests say.

Every act of the kernel is an entry of `acts`, in order: ("r", "01:00.0", 0x04, 2), ("w", "01:00.0", 0x04, 2, 0x400),
("msleep", 100), ("lock", "cfg", "01:00.0"), ...; messages are in `said`.
"""

import re
from collections import deque

from kernel_port.hw.clock import Clock
from kernel_port.kernel.system import System
from kernel_port.link import link


class Paper:
    def __init__(self, point=0):
        self.system = System(Clock())
        self.kernel = link(point, self.system)
        self.acts, self.said = [], []
        self.system.listen = self._listen
        self.config = {}
        #: (name, register) -> answers to the next reads, before what the bytes say; a tuple is (status, value).
        self.answers = {}
        #: (name, register) -> status of every write.
        self.write_status = {}
        self.ops = self.kernel.pci_ops(self._read, self._write)

    def bus(self, number=0, bridge=None):
        """A bus; *bridge* leads to it."""
        bus = self.kernel.pci_bus(number=number, ops=self.ops, sysdata=self.kernel.pci_sysdata(0))
        if bridge is not None:
            bridge.subordinate, bus.self, bus.parent = bus, bridge, bridge.bus
            bridge.bus.children.append(bus)
        return bus

    def dev(self, bus, devfn=0, registers=(), **fields):
        """A function on *bus*. *registers*: offset -> bytes."""
        dev = self.kernel.pci_dev(bus=bus, devfn=devfn, **fields)
        name = f"{bus.number:02x}:{devfn >> 3:02x}.{devfn & 7}"
        dev.dev.name = name
        self.kernel.mutex_init(dev.dev.mutex, "device", name)
        dev.resource = [self.kernel.resource() for _ in range(self.kernel.DEVICE_COUNT_RESOURCE)]
        config = self.config[name] = bytearray(4096)
        for offset, data in dict(registers).items():
            config[offset : offset + len(data)] = data
        bus.devices.append(dev)
        return dev

    def answer(self, dev, where, *values):
        """Have the next reads of a register give these values."""
        self.answers.setdefault((dev.dev.name, where), deque()).extend(values)

    def take(self):
        """The acts since the last take()."""
        acts, self.acts[:] = list(self.acts), []
        return acts

    def reads(self, size=None):
        """The offsets read since the last take(), in order (of one size)."""
        return [act[2] for act in self.take() if act[0] == "r" and size in (None, act[3])]

    def writes(self):
        """(offset, size, value) written since the last take(), in order."""
        return [act[2:] for act in self.take() if act[0] == "w"]

    def told(self):
        """The level of each message and the numbers in it, in order; its words may be any."""
        texts = ((level, text.partition(": ")[2]) for level, text in self.said)
        return [(level, [int(number, 0) for number in re.findall(r"0x[0-9a-f]+|\d+", text)]) for level, text in texts]

    def _listen(self, event):
        if event.op == "printk":
            self.said.append(event.args)
        elif event.args[:1] != ("workqueue",):  # no act: the lock that stands for a work queue
            self.acts.append((event.op, *event.args))

    def _name(self, bus, devfn):
        return f"{bus.number:02x}:{devfn >> 3:02x}.{devfn & 7}"

    def _read(self, bus, devfn, where, size):
        name = self._name(bus, devfn)
        self.acts.append(("r", name, where, size))
        scripted = self.answers.get((name, where))
        if scripted:
            answer = scripted.popleft()
            return answer if isinstance(answer, tuple) else (0, answer)
        return 0, int.from_bytes(self.config[name][where : where + size], "little")

    def _write(self, bus, devfn, where, size, value):
        name = self._name(bus, devfn)
        self.acts.append(("w", name, where, size, value))
        status = self.write_status.get((name, where), 0)
        if not status:
            self.config[name][where : where + size] = value.to_bytes(size, "little")
        return status


def listed(*capabilities):
    """Registers of a function with these capabilities, (offset, id, data after the pointer) each, in list order."""
    registers = {0x06: b"\x10\x00"}  # Status: capability list
    pointer = 0x34
    for offset, cap, data in capabilities:
        registers[pointer] = bytes([offset])
        registers[offset] = bytes([cap])
        registers[offset + 2] = bytes(data)
        pointer = offset + 1
    registers.setdefault(pointer, b"\x00")
    return registers


def pcie(version, port_type, slot=False):
    """Fields of a pci_dev with a PCI Express capability at 0x40; PCI Express Capabilities: version, type << 4, slot."""
    return {"pcie_cap": 0x40, "pcie_flags_reg": version | port_type << 4 | slot << 8}


def hotplug_slot(paper, bus, number=0, reset_slot=None):
    """A slot on *bus*, driven by a module "acme"; the devices with its number are in it."""
    ops = paper.kernel.hotplug_slot_ops(owner=paper.kernel.module("acme"))
    if paper.kernel.point >= 2:
        ops.reset_slot = reset_slot
    slot = paper.kernel.pci_slot(bus, number, hotplug=paper.kernel.hotplug_slot(ops=ops))
    bus.slots.append(slot)
    for dev in bus.devices:
        if dev.devfn >> 3 == number:
            dev.slot = slot
    return slot
