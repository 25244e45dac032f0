# SPDX-License-Identifier: GPL-2.0-only
"""Random machines of QEMU's devices, and random cycles for them."""

from kernel_port.hw.address import Address
from kernel_port.hw.config_space import PCI_CFG_SPACE_SIZE, capabilities, header_type, word
from kernel_port.pci_regs import (
    PCI_AF_CTRL,
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_PM,
    PCI_CAP_ID_SHPC,
    PCI_CAP_ID_VNDR,
    PCI_COMMAND,
    PCI_DEVICE_ID,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL_LD,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTSTA,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_ENABLE,
    PCI_PM_CTRL,
    PCI_PRIMARY_BUS,
    PCI_SEC_LATENCY_TIMER,
    PCI_SUBORDINATE_BUS,
)

EXPRESS = ("e1000e", "qemu-xhci", "nec-usb-xhci", "nvme,serial=1", "virtio-net-pci", "virtio-rng-pci",
           "virtio-serial-pci", "virtio-scsi-pci", "VGA", "bochs-display", "vmxnet3")  # fmt: skip
CONVENTIONAL = ("e1000", "rtl8139", "VGA", "secondary-vga", "intel-hda", "virtio-net-pci", "nvme,serial=2", "e1000e")
ROOT_PORTS = ("pcie-root-port", "ioh3420")


VIRTIO_PCI_CAP_PCI_CFG, IOH3420 = 5, 0x3420


class Words:
    """Makes up a machine: ports, switches, conventional bridges, and what is in them."""

    def __init__(self, random):
        self._random = random
        self._count = 0
        self.words = []

    def text(self):
        for device in self._random.sample(range(1, 0x1E), self._random.randint(2, 5)):
            kind = self._random.choice(("port", "port", "port", "endpoint", "bridge"))
            if kind == "port":
                port = self._add(self._random.choice(ROOT_PORTS), "pcie.0", f"addr={device:x}", chassis=True)
                self._below_port(port, 0)
            elif kind == "endpoint":
                self._endpoint(EXPRESS, "pcie.0", device)
            else:
                self._conventional(self._add("i82801b11-bridge", "pcie.0", f"addr={device:x}"), 0)
        return " ".join(self.words)

    def _add(self, model, bus, *properties, chassis=False):
        self._count += 1
        name = f"d{self._count}"
        number = (f"chassis={self._count}",) if chassis else ()
        self.words += ["-device", ",".join((model, f"id={name}", f"bus={bus}", *properties, *number))]
        return name

    def _endpoint(self, models, bus, device):
        count = self._random.choice((1, 1, 1, 2, 3))
        for function in range(count):
            multifunction = ("multifunction=on",) if count > 1 and function == 0 else ()
            self._add(self._random.choice(models), bus, f"addr={device:x}.{function}", *multifunction)

    def _below_port(self, port, depth):
        kind = self._random.choice(("endpoint", "endpoint", "switch", "conventional", "nothing"))
        if kind == "endpoint" or (kind == "switch" and depth):
            self._endpoint(EXPRESS, port, 0)
        elif kind == "switch":
            upstream = self._add("x3130-upstream", port)
            for device in range(self._random.randint(1, 3)):
                below = self._add("xio3130-downstream", upstream, f"addr={device:x}", chassis=True)
                self._below_port(below, depth + 1)
        elif kind == "conventional":
            self._conventional(self._add("pcie-pci-bridge", port), 0)

    def _conventional(self, bus, depth):
        for device in self._random.sample(range(1, 8), self._random.randint(1, 2)):
            if depth < 2 and self._random.random() < 0.4:
                self._conventional(
                    self._add("pci-bridge", bus, f"addr={device:x}", f"chassis_nr={self._count + 1}"), depth + 1
                )
            else:
                self._endpoint(CONVENTIONAL, bus, device)


def unmodelled(function):
    """Ranges of registers that lead to something behind them, which is not configuration space.

    A bridge's hot-plug controller (SHPC) has its working registers there, virtio all of its device's memory."""
    if header_type(function.config) == PCI_HEADER_TYPE_BRIDGE:
        # Which of two bridges has a bus that both claim is decided by the order in which QEMU made them: see Cycles.
        yield PCI_PRIMARY_BUS, PCI_SEC_LATENCY_TIMER
    for identity, where in capabilities(function.config):
        if identity == PCI_CAP_ID_SHPC:
            yield where + 4, where + 8
        if identity == PCI_CAP_ID_MSI and word(function.config, PCI_DEVICE_ID) == IOH3420:
            # It aborts QEMU when it is given more messages than it has.
            yield where + PCI_MSI_FLAGS, where + PCI_MSI_FLAGS + 2
        if identity == PCI_CAP_ID_VNDR and function.config[where + 3] == VIRTIO_PCI_CAP_PCI_CFG:
            yield where + 4, where + function.config[where + 2]
        if identity == PCI_CAP_ID_EXP and header_type(function.config) == PCI_HEADER_TYPE_BRIDGE:
            # A kernel writes Slot Control and Slot Status each by itself, as two bytes: see Cycles.
            yield where + PCI_EXP_SLTCTL, where + PCI_EXP_SLTSTA + 2


class Cycles:
    """Makes up cycles for a machine: ("r", bus, devfn, where, size) and ("w", ..., value)."""

    def __init__(self, description, random):
        self._random = random
        self._functions = [f for f in description.functions if f.address.bus or 0 < f.address.device < 0x1F]
        self._bridges = [f for f in self._functions if header_type(f.config) == PCI_HEADER_TYPE_BRIDGE]

    def next(self):
        """A few cycles that belong together."""
        act = self._random.choices(
            (self._read, self._write, self._field, self._bus_reset, self._reset, self._slot, self._numbers),
            (30, 20, 20, 5, 5, 10, 10),
        )[0]
        return list(act())

    def sweep(self):
        """A read of every register."""
        for function in self._functions:
            beyond = list(unmodelled(function))
            for where in range(0, PCI_CFG_SPACE_SIZE, 4):
                if not any(start < where + 4 and where < end for start, end in beyond):
                    yield "r", function.address.bus, function.address.devfn, where, 4

    def numbers(self):
        """What a kernel does for a machine that lost its bus numbers."""
        for bridge in self._bridges:
            value = int.from_bytes(bridge.config[PCI_PRIMARY_BUS : PCI_PRIMARY_BUS + 4], "little")
            yield "w", bridge.address.bus, bridge.address.devfn, PCI_PRIMARY_BUS, 4, value

    def _place(self):
        while True:
            function = self._random.choice(self._functions)
            size = self._random.choice((1, 2, 4))
            where = self._random.randrange(0, PCI_CFG_SPACE_SIZE, size)
            if not any(start < where + size and where < end for start, end in unmodelled(function)):
                return function.address.bus, function.address.devfn, where, size

    def _value(self, size):
        bits = 8 * size
        kind = self._random.randrange(4)
        if kind == 0:
            return (1 << bits) - 1
        if kind == 1:
            return 0
        if kind == 2:
            return 1 << self._random.randrange(bits)
        return self._random.getrandbits(bits)

    def _read(self):
        yield "r", *self._place()

    def _write(self):
        place = self._place()
        yield "w", *place, self._value(place[-1])
        yield "r", *place[:2], place[2] & ~3, 4

    def _capability(self, identity):
        """(bus, devfn, position) of a function with this capability."""
        found = [
            (f.address.bus, f.address.devfn, where)
            for f in self._functions
            for cap, where in capabilities(f.config)
            if cap == identity
        ]
        return self._random.choice(found) if found else None

    def _field(self):
        """A write to a register of a capability or the header that does something."""
        identity, register, size, mask = self._random.choice(
            (
                (PCI_CAP_ID_PM, PCI_PM_CTRL, 2, 0x8103),
                (PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, 2, 0x7FFF),
                (PCI_CAP_ID_EXP, PCI_EXP_LNKCTL, 2, 0xFFFF),
                (PCI_CAP_ID_EXP, PCI_EXP_SLTCTL, 2, 0xFFFF),
                (PCI_CAP_ID_MSI, PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_ENABLE),
                (0, PCI_COMMAND, 2, 0x0547),
            )
        )
        if identity:
            place = self._capability(identity)
        else:
            address = self._random.choice(self._functions).address
            place = address.bus, address.devfn, 0
        if place is not None:
            yield "w", *place[:2], place[2] + register, size, self._random.getrandbits(16) & mask
            yield "r", *place[:2], place[2] + register, size

    def _bus_reset(self):
        if not self._bridges:
            return
        bridge = self._random.choice(self._bridges).address
        for value in (PCI_BRIDGE_CTL_BUS_RESET, 0):
            yield "w", bridge.bus, bridge.devfn, PCI_BRIDGE_CONTROL, 2, value
            for _ in range(2):
                yield "r", *self._place()

    def _reset(self):
        identity, register, value = self._random.choice(
            ((PCI_CAP_ID_EXP, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR), (PCI_CAP_ID_AF, PCI_AF_CTRL, 1))
        )
        place = self._capability(identity)
        if place is not None:
            yield "w", *place[:2], place[2] + register, 2, value
            yield "r", *place[:2], place[2] + register, 2

    def _slot(self):
        place = self._capability(PCI_CAP_ID_EXP)
        if place is not None:
            register = self._random.choice((PCI_EXP_SLTCTL, PCI_EXP_SLTSTA, PCI_EXP_LNKCTL))
            value = PCI_EXP_LNKCTL_LD if register == PCI_EXP_LNKCTL else self._random.getrandbits(16)
            yield "w", *place[:2], place[2] + register, 2, value
            for where in (PCI_EXP_SLTCTL, PCI_EXP_SLTSTA, PCI_EXP_LNKCTL, PCI_EXP_LNKCTL + 2):
                yield "r", *place[:2], place[2] + where, 2

    def _numbers(self):
        """Take a bridge's numbers away, all or the last, and give all bridges theirs, as a kernel does."""
        for bridge in self._random.sample(self._bridges, min(1, len(self._bridges))):
            where, size = self._random.choice(((PCI_PRIMARY_BUS, 4), (PCI_SUBORDINATE_BUS, 1)))
            yield "w", bridge.address.bus, bridge.address.devfn, where, size, 0
            yield "r", *self._place()
        yield from self.numbers()


def named(cycle):
    """A cycle for people."""
    kind, bus, devfn, where, size, *value = cycle
    written = f" <- {value[0]:#x}" if value else ""
    return f"{kind}{8 * size} {Address.of(0, bus, devfn)} {where:#04x}{written}"
