# SPDX-License-Identifier: GPL-2.0-only
"""Random machines, and the target that runs hardware without a kernel: configuration cycles, resets and time."""

from dataclasses import replace
from functools import cache

from kernel_port.hw.address import bdf
from kernel_port.hw.clock import NSEC_PER_MSEC, Clock
from kernel_port.hw.description import MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.hw.fabric import Fabric
from kernel_port.images import example_names, load
from kernel_port.images.doubts import refuse_nonsense
from kernel_port.images.generate import generate
from kernel_port.pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_CAP_ID_PM,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_COMMAND,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_NORMAL,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSIX_FLAGS,
    PCI_PM_CTRL,
    PCI_PM_CTRL_STATE_MASK,
    PCI_PRIMARY_BUS,
    PCI_SECONDARY_BUS,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_SUBORDINATE_BUS,
)

ALL = 0xFFFFFFFF
#: Bits that no write and no reset changes, by the specifications: offset and mask of four bytes, in all headers, ...
FIXED = {0x00: ALL, 0x04: 0x06F7F800, 0x08: ALL, 0x0C: 0x00FF0000, 0x34: 0x000000FF, 0x3C: 0x0000FF00}
#: ... in a header by its type: subsystem, grants; what the low bits of windows tell, ...
FIXED_IN_HEADER = {
    PCI_HEADER_TYPE_NORMAL: {0x28: ALL, 0x2C: ALL, 0x30: 0x000007FE, 0x3C: 0xFFFFFF00},
    PCI_HEADER_TYPE_BRIDGE: {0x1C: 0x06F70F0F, 0x20: 0x000F000F, 0x24: 0x000F000F, 0x38: 0x000007FE},
}
#: ... and in a capability.
FIXED_IN = {
    PCI_CAP_ID_PM: {0: ALL, 4: 0xFFFF60FC},
    PCI_CAP_ID_MSI: {0: 0xFF8EFFFF},
    PCI_CAP_ID_MSIX: {0: 0x3FFFFFFF, 4: ALL, 8: ALL},
    PCI_CAP_ID_EXP: {0: ALL, 4: ALL, 8: 0xFFC00000, 0xC: ALL},
    PCI_CAP_ID_AF: {0: ALL},
}
#: Where in a capability a write makes something happen: power state, function level reset, link, slot.
ACTS = {PCI_CAP_ID_PM: (4,), PCI_CAP_ID_EXP: (8, 0x10, 0x18, 0x1A), PCI_CAP_ID_AF: (4,)}


@cache
def bases():
    """Small machines, most with bridges: a generated one has a bus to every four functions."""
    examples = (load(f"example:{name}") for name in example_names())
    generated = [generate(1 + seed % 14, seed) for seed in range(60)]
    return (*examples, *generated, *map(with_msix, generated[1::2]))


def with_msix(machine):
    """*machine* with MSI-X of 8 entries where it has MSI with 64-bit addresses, which takes as much room."""
    return replace(machine, functions=[replace(each, config=msix(each.config)) for each in machine.functions])


def msix(config):
    """*config* with its MSI capabilities made MSI-X ones."""
    changed = bytearray(config)
    for at in capabilities(config):
        if config[at] == PCI_CAP_ID_MSI and config[at + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_64BIT:
            changed[at] = PCI_CAP_ID_MSIX
            changed[at + PCI_MSIX_FLAGS : at + 12] = bytes((7, 0, 0, 0, 0, 0, 0, 8, 0, 0))
    return bytes(changed)


def machine(rng):
    """A small machine whose functions have random defects; and whether their registers are those of real devices."""
    base = rng.choice(bases())
    described = MachineDescription(base.name, [defective(rng, function) for function in base.functions],
                                   quirks="qemu" if not rng.randrange(8) else "")  # fmt: skip
    if rng.randrange(4):
        return described, True
    broken = replace(described, functions=[scribbled(rng, function) for function in described.functions])
    try:
        refuse_nonsense(broken.functions, "broken")
        Fabric(broken, Clock()).close()
    except MachineError:
        return described, True
    return broken, False


def defective(rng, function):
    """*function* with some of the defects that a description can ask for."""
    late = (0.1, 1, 60, 150, 1200, -1, -1)
    changes = {}
    for name in ("pending_ms", "ready_ms", "link_training_ms", "slot_status_ms", "command_ms"):
        if not rng.randrange(7):
            changes[name] = rng.choice(late) if name != "slot_status_ms" else abs(rng.choice(late))
    for name in ("soft_reset_works", "flr_works", "power_state_changes", "presence_follows_link"):
        if not rng.randrange(8):
            changes[name] = False
    if not rng.randrange(8) and changes.get("ready_ms") != -1:  # else every access takes a second, for ever
        changes["not_ready"] = "crs"
    if not rng.randrange(8):
        changes["writes_needed"] = {4 * rng.randrange(64): 1 + rng.randrange(12)}
    if not rng.randrange(8):
        times = [rng.choice((0.5, 20, 100, 5000)) for _ in range(1 + rng.randrange(4))]
        changes["slot_events"] = [(when, 1 << rng.randrange(9)) for when in times]
    if not rng.randrange(12):
        changes["slot_events_on_clear"] = 1 << rng.randrange(9)
    return replace(function, **changes)


def scribbled(rng, function):
    """*function* with a few bytes of its registers exchanged."""
    config = bytearray(function.config)
    for _ in range(rng.randrange(5)):
        telling = (0x06, 0x0E, 0x18, 0x19, 0x1A, 0x34, config[0x34] + 1, config[0x34] + 2, 0x101, 0x103)
        where = rng.choice((rng.choice(telling), rng.randrange(64), rng.randrange(256), rng.randrange(len(config))))
        where %= len(config)
        config[where] = rng.choice((rng.randrange(256), 0, 0xFF, 0x40, 0x10, config[where] ^ 1 << rng.randrange(8)))
    return replace(function, config=bytes(config))


def dword(config, where):
    return int.from_bytes(config[where : where + 4], "little")


def capabilities(config):
    """Where each capability of *config* begins, as a list that may loop."""
    if not config[PCI_STATUS] & PCI_STATUS_CAP_LIST or config[PCI_HEADER_TYPE] & 0x7F > 1:
        return []
    found, at = [], config[PCI_CAPABILITY_LIST] & ~3
    while at >= 0x40 and at not in found and config[at] != 0xFF:
        found.append(at)
        at = config[at + PCI_CAP_LIST_NEXT] & ~3
    return found


def fixed(function):
    """What no write and no reset changes: (offset, mask, value) of four bytes each. Only of registers that are those of
    a real device: in others capabilities may lie in each other."""
    config = function.config
    header_type = config[PCI_HEADER_TYPE] & 0x7F
    places = [*FIXED.items(), *FIXED_IN_HEADER.get(header_type, {}).items(), *fixed_in_bars(config, header_type)]
    for at in capabilities(config):
        places += [(at, 0xFFFF), *((at + where, mask) for where, mask in FIXED_IN.get(config[at], {}).items())]
    return [(where, mask, dword(config, where) & mask) for where, mask in places]


def fixed_in_bars(config, header_type):
    """The low bits of base addresses, which tell their types."""
    upper_half = False
    for where in range(0x10, {PCI_HEADER_TYPE_NORMAL: 0x28, PCI_HEADER_TYPE_BRIDGE: 0x18}.get(header_type, 0), 4):
        low = config[where]
        if not upper_half:
            yield where, 3 if low & 1 else 15
        upper_half = not upper_half and low & 7 == 4


def moved(description, fabric):
    """The first thing that has changed and never does; "" if there is none."""
    for function in description.functions:
        now = fabric.config(function.address)
        for where, mask, was in fixed(function) if not function.storage else ():
            if (found := dword(now, where) & mask) != was:
                return f"{function.address} {where:#x}: {was:#010x} is {found:#010x} of {mask:#010x}"
    return ""


class Routes:
    """Who could answer, by the registers of all bridges and what the hardware said happened: written anew here, and too
    generous rather than too strict."""

    def __init__(self, description, fabric):
        self.fabric = fabric
        self.real = description.quirks != "qemu"
        self.late = {str(function.address) for function in description.functions if function.ready_ms}
        #: Functions that initialize themselves after a reset, and ports whose link is down.
        self.silent, self.down = set(), set()
        fabric.observe = self.note
        self.on_bus, self.leads_to = {}, {}
        for function in sorted(description.functions, key=lambda function: function.address):
            address, config = function.address, function.config
            self.on_bus.setdefault((address.domain, address.bus), []).append(function)
            if config[PCI_HEADER_TYPE] & 0x7F in (1, 2) and config[PCI_SECONDARY_BUS]:
                self.leads_to.setdefault((address.domain, config[PCI_SECONDARY_BUS]), address)
        self.roots = [bus for bus in self.on_bus if bus not in self.leads_to]

    def note(self, what, where):
        """Something happened in hardware."""
        if what.endswith("reset") and where in self.late:
            self.silent.add(where)
        elif what == "ready":
            self.silent.discard(where)
        elif what == "link down":
            self.down.add(where)
        elif what == "link up":
            self.down.discard(where)

    def answers(self, domain, bus, devfn, end):
        """Whether somebody may answer for the register that ends at *end*."""
        there = [f for home, on_bus in self.on_bus.items() if home[0] == domain and self.leads(home, bus, True)
                 for f in on_bus]  # fmt: skip
        return any(f.address.devfn == devfn and end <= f.size and str(f.address) not in self.silent for f in there)

    def leads(self, home, bus, last):
        """Whether a cycle for *bus* gets to the wires that were bus *home* at power on."""
        if home in self.roots:
            return not last or bus == home[1]
        bridge = self.leads_to[home]
        now = self.fabric.config(bridge)
        secondary, subordinate = now[PCI_SECONDARY_BUS], now[PCI_SUBORDINATE_BUS]
        fits = bus == secondary if last else secondary < bus <= subordinate
        passes = str(bridge) not in self.silent | self.down and not (self.real and self.asleep_or_in_reset(now))
        return fits and passes and self.leads((bridge.domain, bridge.bus), bus, False)

    @staticmethod
    def asleep_or_in_reset(now):
        """Whether a bridge with these registers holds what is below in reset, or is in D3hot."""
        power = next((at for at in capabilities(now) if now[at] == PCI_CAP_ID_PM), None)
        asleep = power is not None and now[power + PCI_PM_CTRL] & PCI_PM_CTRL_STATE_MASK == 3
        return asleep or now[PCI_BRIDGE_CONTROL] & PCI_BRIDGE_CTL_BUS_RESET


def hardware(rng):
    """Configuration cycles, resets and time, all at random: what is fixed stays, nobody answers who cannot."""
    description, real = machine(rng)
    clock = Clock()
    fabric = Fabric(description, clock)
    try:
        routes = Routes(description, fabric)
        for _ in range(1 + rng.randrange(24)):
            cycle(rng, description, fabric, clock, routes)
        for function in description.functions:
            read(fabric, routes, function.address.domain, function.address.bus, function.address.devfn, 0, 4)
        told = moved(description, fabric) if real else ""
        assert not told, told
    finally:
        fabric.close()


def read(fabric, routes, domain, bus, devfn, where, size):
    """A read: all ones unless somebody can answer."""
    value = fabric.read(domain, bus, devfn, where, size)
    ones = (1 << 8 * size) - 1
    assert 0 <= value <= ones
    if value != ones:
        told = f"{bdf(domain, bus, devfn)} {where:#x} is {value:#x}"
        assert routes.answers(domain, bus, devfn, where + size), told


def register(rng, config, size):
    """Somewhere in a function's registers, mostly where something happens."""
    places = [PCI_COMMAND, PCI_BRIDGE_CONTROL, PCI_PRIMARY_BUS, *map(rng.randrange, (64, 256, 5000))]
    places += [at + where for at in capabilities(config) for where in ACTS.get(config[at], ())]
    where = rng.choice(places)
    return where - where % size


def cycle(rng, description, fabric, clock, routes):
    """A read or a write of whatever, or some time."""
    function = rng.choice(description.functions)
    address = function.address
    size = rng.choice((1, 2, 4))
    domain, bus, devfn = address.domain, address.bus, address.devfn
    if not rng.randrange(6):
        domain, bus, devfn = rng.randrange(2), rng.randrange(256), rng.randrange(256)
    where = register(rng, function.config, size)
    kind = rng.randrange(5)
    if kind == 0:
        clock.advance(clock.now + rng.randrange(1, 200 * NSEC_PER_MSEC))
    elif kind == 1:
        read(fabric, routes, domain, bus, devfn, where, size)
    else:
        value = rng.choice((0, 0xFFFFFFFF, rng.getrandbits(32), 1 << rng.randrange(32)))
        if kind == 2 and fabric.has(address):  # as it is, but for a bit
            domain, bus, devfn = address.domain, address.bus, address.devfn
            now = fabric.config(address)
            value = int.from_bytes(now[where : where + size], "little") ^ 1 << rng.randrange(8 * size)
        fabric.write(domain, bus, devfn, where, size, value)


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {"hardware": (hardware, 110)}
