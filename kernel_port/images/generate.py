# SPDX-License-Identifier: GPL-2.0-only
"""Generate machines of any size from a seed, up to a full segment: 256 buses x 32 devices x 8 functions = 65,536.

A tree of buses grows first, then the remaining functions are spread over it as devices. 00:00.0 is a host bridge.
Kinds of buses:

    root          host bridge, root ports, conventional bridges, devices of the chipset
    link          below a port: one card of up to 8 functions, or by Alternative Routing-ID up to 256. Its function 0
                  may be a bridge: the upstream port of a switch, or a bridge to conventional PCI
    switch        inside a switch: downstream ports; if all else is full, also endpoints of the switch itself
    conventional  up to 32 devices of up to 8 functions, some of them bridges to more such buses

A machine is drawn as tables of a machine description (grammar.py). The same size and seed give the same machine with
every Python, because all randomness is bits of the Mersenne Twister.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from ..hw.address import Address
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from . import machine_toml, parts
from .capabilities import BARE
from .grammar import CAPABILITIES, KINDS
from .parts import Table

T = TypeVar("T")

#: Buses of a segment, functions of a bus, functions of a device.
BUSES, ON_BUS, IN_DEVICE = 256, 256, 8
#: Functions of a full segment.
MOST = BUSES * ON_BUS
#: Functions per bus, until there are no more buses.
PER_BUS = 4
#: Deepest bus, counted from the root bus.
DEPTH = 8
#: Kind of bus -> its possible bridges, with the kind of bus below. A repeated one is drawn more often.
_LEADS_TO = {
    "root": [("root-port", "link")] * 5 + [("pci-bridge", "conventional")],
    "link": [("upstream-port", "switch")] * 2 + [("express-to-pci-bridge", "conventional")],
    "switch": [("downstream-port", "link")],
    "conventional": [("pci-bridge", "conventional")],
}
#: Most functions on a bus by kind: as in real machines; when all are full, as in the specifications; then the maximum.
_LIMITS = (
    {"root": 40, "link": IN_DEVICE, "switch": 0, "conventional": 24},
    {"root": ON_BUS, "link": ON_BUS, "switch": 0, "conventional": ON_BUS},
    dict.fromkeys(_LEADS_TO, ON_BUS),
)
#: Options of a slot, all off by default.
_SLOT = sorted(name for name, key in CAPABILITIES["slot"].items() if key.default is False and name != "interlock")
#: Names of capabilities that every function may have, and of those in PCI Express.
_CONVENTIONAL = [name for name, about in BARE.items() if not about.extended]
_EXTENDED = [name for name, about in BARE.items() if about.extended]
#: What the draws of capabilities begin with, so that the machine around them does not depend on them.
_OTHER_SEED = 1 << 40
#: Hexadecimal digits of keys that are written in hexadecimal.
_DIGITS = {"vendor": 4, "device": 4, "class": 6, "revision": 2}


class _Dice:
    """Random draws that are the same with every version of Python."""

    def __init__(self, seed: int) -> None:
        self._bits = Random(seed).getrandbits

    def below(self, count: int) -> int:
        """Draw from 0 to *count* - 1."""
        return self._bits(32) * count >> 32

    def chance(self, percent: int) -> bool:
        """Return True in *percent* of all draws."""
        return self.below(100) < percent

    def one(self, of: list[T]) -> T:
        """Draw an element of *of*."""
        return of[self.below(len(of))]


@dataclass(eq=False, slots=True)
class _Bus:
    """A bus: its bridges with the buses below, and how many other functions."""

    kind: str
    depth: int = 0
    bridges: list[tuple[str, _Bus]] = field(default_factory=list)
    others: int = 0
    number: int = 0
    #: The last bus below.
    last: int = 0

    @property
    def functions(self) -> int:
        """How many functions are on it."""
        return (self.kind == "root") + len(self.bridges) + self.others

    @property
    def leads_on(self) -> bool:
        """Whether there can be one more bridge."""
        return self.depth < DEPTH and len(self.bridges) < (1 if self.kind == "link" else ON_BUS - 1)


def generate(functions: int, seed: int) -> MachineDescription:
    """Generate a machine of so many functions.

    :raises MachineError: as draw()"""
    return machine_toml.build(draw(functions, seed), f"generated machine {seed}")


def text(document: Table) -> Iterator[str]:
    """Yield the lines of the machine description for a document of draw()."""
    for key, value in document.items():
        if key != "function":
            yield f"{key} = {machine_toml.value_text(value)}\n"
    for table in document["function"]:
        yield "\n[[function]]\n"
        for key, value in table.items():
            digits = _DIGITS.get(key)
            yield f"{key} = {f'{value:#0{digits + 2}x}' if digits else machine_toml.value_text(value)}\n"


def draw(functions: int, seed: int) -> Table:
    """Draw the document of a machine description.

    :raises MachineError: a segment cannot have that many functions, or the seed is negative"""
    if seed < 0:  # the Mersenne Twister ignores the sign: two seeds would give one machine
        raise MachineError(f"seed {seed}: give 0 or more")
    if not 1 <= functions <= MOST:
        raise MachineError(f"{functions} functions: a segment has 1 to {MOST}; choose a number between")
    dice = _Dice(seed)
    buses = _grow(dice, min(BUSES, max(1, functions // PER_BUS)))
    _populate(dice, buses, functions)
    _number(buses[0], 0)
    buses.sort(key=lambda bus: bus.number)
    slots = iter(range(1, BUSES))
    tables = [table for bus in buses for table in _tables(dice, bus, slots)]
    _add_capabilities(_Dice(seed + _OTHER_SEED), tables)
    return {
        "name": f"generated-{functions}-{seed}",
        "about": f"{functions} functions from seed {seed}: kernel-port generate",
        "function": tables,
    }


def _add_capabilities(dice: _Dice, tables: list[Table]) -> None:
    """Give a third of the functions some of all the capabilities that there are; so rare ones occur, too."""
    for table in tables:
        if dice.chance(33):
            names = [dice.one(_CONVENTIONAL) for _ in range(dice.below(3))]
            if KINDS[table.get("kind", "endpoint")].express is not None:
                names += [dice.one(_EXTENDED) for _ in range(dice.below(4))]
            if names:
                table["also"] = list(dict.fromkeys(names))


def _grow(dice: _Dice, count: int) -> list[_Bus]:
    """Grow a tree of *count* buses, the root bus first. Each switch has a port."""
    root = _Bus("root")
    buses = [root]
    while len(buses) < count:
        last = buses[-1]
        if last.kind == "switch":
            bus = last
        else:
            bus = root if dice.chance(25) else dice.one([bus for bus in buses if bus.leads_on])
        kinds = _LEADS_TO[bus.kind]
        fits_switch = count - len(buses) > 1 and bus.depth < DEPTH - 1
        kind, below = dice.one([pair for pair in kinds if pair[1] != "switch" or fits_switch])
        buses.append(_Bus(below, bus.depth + 1))
        bus.bridges.append((kind, buses[-1]))
    return buses


def _populate(dice: _Dice, buses: list[_Bus], functions: int) -> None:
    """Spread the functions that are not bridges: first the chipset, then some on every bus, except for empty slots."""
    left = functions - len(buses)  # as many bridges as buses, counting the host bridge
    buses[0].others = min(left // IN_DEVICE, len(parts.DEVICES["root"]))
    left -= buses[0].others
    for bus in buses:
        if left and not bus.bridges and not (bus.kind == "link" and dice.chance(10)):
            bus.others, left = bus.others + 1, left - 1
    for limits in _LIMITS:
        free = [bus for bus in buses if bus.functions < limits[bus.kind]]
        while left and free:
            at = dice.below(len(free))
            bus = free[at]
            more = min(left, limits[bus.kind] - bus.functions, 1 + dice.below(IN_DEVICE))
            bus.others, left = bus.others + more, left - more
            if bus.functions == limits[bus.kind]:
                free[at] = free[-1]
                free.pop()


def _number(bus: _Bus, number: int) -> int:
    """Assign numbers to a bus and all below it, depth first; return the last number."""
    bus.number = last = number
    for _kind, below in bus.bridges:
        last = _number(below, last + 1)
    bus.last = last
    return last


def _tables(dice: _Dice, bus: _Bus, slots: Iterator[int]) -> Iterator[Table]:
    """Yield the functions of a bus in order of address: bridges first."""
    ari = bus.kind == "link" and bus.functions > IN_DEVICE
    # One card is one device; with Alternative Routing-ID the device number is part of the function number.
    places = iter(range(ON_BUS)) if bus.kind == "link" else _places(dice, bus)
    if bus.kind == "root":
        yield _placed(bus, next(places), parts.HOST_BRIDGE)
    for kind, below in bus.bridges:
        yield _placed(bus, next(places), _bridge(dice, kind, below, slots), ari)
    for _ in range(bus.others):
        yield _placed(bus, next(places), dice.one(parts.DEVICES[bus.kind]), ari)


def _placed(bus: _Bus, devfn: int, table: Table, ari: bool = False) -> Table:
    """Add an address to a table."""
    return {"address": str(Address.of(0, bus.number, devfn)), **table, **({"ari": {}} if ari else {})}


def _bridge(dice: _Dice, kind: str, below: _Bus, slots: Iterator[int]) -> Table:
    """Draw the table of a bridge."""
    part = dice.one(parts.BRIDGES[kind])
    table: Table = {"kind": kind, **part, "bus": [below.number, below.last]}
    if kind != "pci-bridge":
        table["pm"] = {"no_soft_reset": True} if dice.chance(90) else {}
        table["express"] = {"speed": 1 + dice.below(3), "width": 1 << dice.below(5)}
    if below.kind == "link":
        if below.functions > IN_DEVICE or dice.chance(20):
            table["express"]["ari"] = True
        if not below.functions or dice.chance(60):
            options = {name: True for name in _SLOT if dice.chance(40)}
            table["slot"] = {"number": next(slots), **({} if dice.chance(80) else {"hotplug": False}), **options}
    return table


def _places(dice: _Dice, bus: _Bus) -> Iterator[int]:
    """Yield places for the functions of a bus, ascending: a host bridge and switch ports are devices of their own if
    there are enough, others have one to eight functions."""
    left = bus.functions
    for device in range(ON_BUS // IN_DEVICE):
        devices_after = ON_BUS // IN_DEVICE - 1 - device
        wanted = 1 if bus.kind == "switch" or not device or dice.chance(60) else 1 + dice.below(IN_DEVICE)
        count = max(min(wanted, left), left - devices_after * IN_DEVICE)
        yield from range(device * IN_DEVICE, device * IN_DEVICE + count)
        left -= count
