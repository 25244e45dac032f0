# SPDX-License-Identifier: GPL-2.0-only
"""What a survey cannot know: it is made again on machines that differ in the bits that nobody stated.

Each such machine is booted whole, and its kernel's probes run: verdicts that are the same on all of them stand, the
others are unknown. There are few machines: in each, every function has another one of its fillings (hw/fillings.py),
functions an even number of bridges below the root and those an odd number in turns, so that it shows whether a function
itself decides or the bridge above it; and one is without the bridges that are not in the file. A machine on which the
scan does not reach what the recorded kernel reached is none that the file can be of.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..hw.address import Address
from ..hw.config_space import header_type
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.errors import MachineError
from ..hw.fillings import filled, fillings
from ..hw.known import unstated
from ..machine import Machine, boot
from ..pci_regs import (
    PCI_CAP_LIST_NEXT,
    PCI_EXP_TYPE_PCI_BRIDGE,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_SECONDARY_BUS,
    PCI_SUBORDINATE_BUS,
)
from ..trace.decode import parts

if TYPE_CHECKING:
    from .ladder import Ladder, ResetGroup, Rung, Survey

#: How often a machine is tried with fewer differences, and how many functions it may not hide are looked at each time.
ATTEMPTS, LOOKED_AT = 4, 64
#: The registers of a header by which a kernel tells what a function is; the others say where it is and what it does.
TELLING = (
    "", "PCI_VENDOR_ID", "PCI_DEVICE_ID", "PCI_CLASS_DEVICE", "PCI_HEADER_TYPE", "PCI_STATUS", "PCI_CAPABILITY_LIST",
    "PCI_CB_CAPABILITY_LIST", "PCI_SECONDARY_BUS", "PCI_SUBORDINATE_BUS",
)  # fmt: skip
#: The methods that reset a function by the bridge above it.
BY_BUS = ("pci_dev_reset_slot_function", "pci_parent_bus_reset")
#: What reads where nothing answers.
ALL_ONES = 0xFFFFFFFF
BRIDGES = (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS)
#: The functions that are other than in the first machine, with their registers.
Ways = dict[Address, bytes]
#: What a verdict is of: ("rung", address, method), ("probe", address), ("slot", bus, place), ("bus", bus).
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A register that decides and that the source does not state."""

    bdf: str
    offset: int
    size: int
    """Bytes."""
    register: str
    """Its name, "PCI_EXP_DEVCAP"; "" for all of a function that is not in the source, or does not answer."""
    why: str
    """"not stated", "not in the file: the port above 01:00.0", "reads all ones"."""

    @property
    def kind(self) -> str:
        """It without any address, for sums."""
        if self.register:
            return self.register
        missing = self.why.endswith("not in the file")
        return f"a function that {'is not in the file' if missing else 'reads all ones'}"

    @property
    def text(self) -> str:
        """It in words."""
        return f"{self.own_text} of {short(self.bdf)}" if self.register else self.why

    @property
    def own_text(self) -> str:
        """It in words, without the address of the function."""
        if self.register == "PCI_CAP_LIST_ID":
            return f"capabilities from {self.offset:#x} on"
        if not self.register:
            return self.why
        return self.register if self.register.startswith("PCI_") else f"register {self.register}"


def settle(machine: Machine, found: Survey) -> Survey:
    """Return *found* with every verdict unknown that is another on a machine that the source may be of.

    :param found: what each rung has in `unknown` is what its probe read"""
    if not (machine.boot_guesses or found.unknown or any(map(is_missing, machine.description.functions))):
        return found  # nobody read what is not stated: it could be anything
    first = verdicts(machine, found)
    decided_by: dict[Key, frozenset[str]] = {}
    undecided: set[Address] = set()
    varied: set[Address] = set()
    for ways in variants(machine.description):
        undecided |= ways.keys()
        if there := on_variant(machine, found, ways):
            varied |= ways.keys()
            for key, rc in first.items():
                if there.get(key) != rc:
                    decided_by.setdefault(key, frozenset(map(str, ways)))
    for key in depending(machine, found, frozenset(map(str, undecided - varied))):
        decided_by.setdefault(key, frozenset({key[1]}))
    bridges = {each.address for each in machine.description.functions if each.stand_in and leads_on(each)}
    if bridges:
        without = [each for each in machine.description.functions if each.address not in bridges]
        description = replace(machine.description, functions=without, recorded=False)
        with boot(description, machine.kernel.choice, trace_boot=False) as other:
            for key, rc in verdicts(other, found).items():
                if first.get(key) != rc:
                    decided_by.setdefault(key, frozenset(map(str, bridges)))
    ladders = tuple(settled_ladder(machine, ladder, decided_by) for ladder in found.ladders)
    named_slots = zip(found.slots, slot_keys(machine), strict=True)
    slots = tuple(settled_group(machine, slot, decided_by, key) for slot, key in named_slots)
    buses = tuple(settled_group(machine, bus, decided_by, ("bus", bus.name)) for bus in found.buses)
    return replace(found, ladders=ladders, slots=slots, buses=buses)


def depending(machine: Machine, found: Survey, names: Container[str]) -> Iterator[Key]:
    """Yield the verdicts on functions that could be made other on no machine, and on what is reset by them."""
    for dev, ladder in zip(machine.functions, found.ladders, strict=True):
        own, above = ladder.bdf in names, bool(dev.bus.self and dev.bus.self.dev.name in names)
        if own or above:
            yield "probe", ladder.bdf
            yield from (("rung", ladder.bdf, rung.function) for rung in ladder.rungs if own or rung.function in BY_BUS)


def is_missing(function: FunctionDescription) -> bool:
    """Return whether a function is not in the source, or had other registers when it was found."""
    return bool(function.found or function.stand_in)


def variants(machine: MachineDescription) -> Iterator[Ways]:
    """Yield the ways in which other machines differ that a source may be of."""
    depths = depth_of_buses(machine.functions)
    shared = {each.address[:2] for each in machine.functions if each.address.device}
    others = {each.address: fillings(each, port_type(each, shared)) for each in machine.functions}
    odd = {address for address in others if depths.get(address[:2], 0) % 2}
    for number in range(max(map(len, others.values()), default=0)):
        for chosen in (odd, others.keys() - odd) if number == 0 else (others.keys(),):
            ways = {address: others[address][number] for address in chosen if number < len(others[address])}
            if ways:
                yield ways


def port_type(function: FunctionDescription, shared: Container[tuple[int, int]]) -> int:
    """Return the type of PCI Express port that a bridge may be.

    :param shared: the buses that have other devices than device 0, which no link has"""
    below = function.address.domain, (function.found or function.config)[PCI_SECONDARY_BUS]
    return PCI_EXP_TYPE_PCI_BRIDGE if below in shared else PCI_EXP_TYPE_ROOT_PORT


def on_variant(machine: Machine, found: Survey, ways: Ways) -> dict[Key, int]:
    """Survey another machine. A bridge that would hide what *machine* shows stays as it is.

    :param ways: is left with those in which the other machine differs
    :return: the verdicts, none if no such machine is possible"""
    for _ in range(ATTEMPTS):
        functions = [
            filled(each, ways[each.address]) if each.address in ways else each for each in machine.description.functions
        ]
        description = replace(machine.description, functions=functions)
        try:
            other = boot(description, machine.kernel.choice, trace_boot=False)
        except MachineError:
            break
        with other:
            hidden = sorted(out_of_reach(other) - out_of_reach(machine))[:LOOKED_AT]
            if not hidden:
                return verdicts(other, found)
        culprits = {each.address for each in machine.description.functions if any(hides(each, one) for one in hidden)}
        culprits = culprits & ways.keys() or {at for at, config in ways.items() if header_type(config) in BRIDGES}
        for address in culprits:
            del ways[address]
        if not ways or not culprits:
            break
    return {}


def out_of_reach(machine: Machine) -> set[Address]:
    """Return the functions that the scan does not reach, or that do not answer any more."""
    listed = (each.address for each in machine.description.functions if not each.found)
    read = machine.fabric.read
    return {each for each in listed if read(each.domain, each.bus, each.devfn, 0, 4) == ALL_ONES} | set(
        machine.recalled
    )


def hides(function: FunctionDescription, address: Address) -> bool:
    """Return whether it depends on a function that a scan reaches *address*: it, function 0, or a bridge above."""
    own = function.address
    if own in (address, address._replace(function=0)):
        return True
    config = function.found or function.config
    below = range(config[PCI_SECONDARY_BUS], config[PCI_SUBORDINATE_BUS] + 1)
    return header_type(config) in BRIDGES and own.domain == address.domain and address.bus in below


def leads_on(function: FunctionDescription) -> bool:
    """Return whether a function is a bridge."""
    return header_type(function.config) in BRIDGES


def depth_of_buses(functions: Iterable[FunctionDescription]) -> dict[tuple[int, int], int]:
    """Return how many bridges are above each bus that a bridge leads to, by domain and number."""
    bridges = [each for each in functions if leads_on(each)]
    above = {(each.address.domain, each.config[PCI_SECONDARY_BUS]): each.address[:2] for each in reversed(bridges)}
    depths: dict[tuple[int, int], int] = {}
    for bus in above:
        depth, at = 0, bus
        while at in above and depth <= len(above):
            depth, at = depth + 1, above[at]
        depths[bus] = depth
    return depths


def verdicts(machine: Machine, found: Survey) -> dict[Key, int]:
    """Run the kernel's probes. Return what each returns."""
    kernel = machine.kernel
    names = [rung.function for rung in found.ladders[0].rungs] if found.ladders else []
    before, machine.system.tracing = machine.system.tracing, False
    seen: dict[Key, int] = {}
    for dev in machine.functions:
        seen["probe", dev.dev.name] = kernel.pci_probe_reset_function(dev)
        for name in names:
            seen["rung", dev.dev.name, name] = getattr(kernel, name)(dev, 1)
    if hasattr(kernel, "pci_bus_reset"):
        for bus in machine.buses():
            seen["bus", bus.dev.name] = kernel.pci_bus_reset(bus, 1)
        for key, slot in zip(slot_keys(machine), all_slots(machine), strict=True):
            seen[key] = kernel.pci_slot_reset(slot, 1)
    machine.system.tracing = before
    return seen


def all_slots(machine: Machine) -> list[Any]:
    """Return the slots in the order of a survey."""
    return [slot for bus in machine.buses() for slot in sorted(bus.slots, key=lambda slot: slot.number)]


def slot_keys(machine: Machine) -> list[Key]:
    """Return what the slots are called here: their names depend on registers."""
    return [("slot", slot.bus.dev.name, slot.number) for slot in all_slots(machine)]


def settled_ladder(machine: Machine, ladder: Ladder, decided_by: dict[Key, frozenset[str]]) -> Ladder:
    """Return a ladder with what is unknown of it."""

    def settled(rung: Rung) -> Rung:
        key = ("rung", ladder.bdf, rung.function)
        if key not in decided_by:
            return replace(rung, unknown=())
        who = rung.unknown or registers(machine, responsible(machine, ladder.bdf, decided_by[key]))
        return replace(rung, rc=None, guard=None, unknown=who)

    rungs = tuple(map(settled, ladder.rungs))
    results = {rung.rc for rung in rungs}
    # Two unknown ones never refuse together on the machines that were tried; on another they may.
    unsettled = ("probe", ladder.bdf) in decided_by or (None in results and 0 not in results)
    return replace(ladder, rc=None if unsettled else ladder.rc, rungs=rungs)


def settled_group(machine: Machine, group: ResetGroup, decided_by: dict[Key, frozenset[str]], key: Key) -> ResetGroup:
    """Return a slot or bus with what is unknown of it."""
    if key not in decided_by:
        return group
    return replace(group, rc=None, guard=None, unknown=registers(machine, [group.bridge] if group.bridge else []))


def responsible(machine: Machine, bdf: str, varied: frozenset[str]) -> list[str]:
    """Return which functions decide about *bdf*, of those that were other when its verdict was.

    That is: itself, or the bridge above it, or its neighbours."""
    dev = machine.function(bdf)
    above = [dev.bus.self.dev.name] if dev.bus.self else []
    nearby = [bdf] if bdf in varied else [each for each in above if each in varied]
    return nearby or [each.dev.name for each in dev.bus.devices if each.dev.name in varied] or sorted(varied)


def registers(machine: Machine, names: Iterable[str]) -> tuple[Unknown, ...]:
    """Return the registers of some functions that the kernel read while it booted, and nobody stated: those by which it
    tells functions apart and finds their capabilities, if there are any."""
    read = [each for name in names for each in named(machine, {name: machine.boot_guesses.get(name, {})})]
    telling = tuple(each for each in read if each.register in TELLING or 0x40 <= each.offset < 0x100)
    return telling or tuple(read)


def remedies(unknown: Iterable[Unknown]) -> list[str]:
    """Say what is not known, and what to send so that it is, a clause each."""
    said = []
    for why in dict.fromkeys(each.why for each in unknown if not each.register):
        if why.endswith("not in the file"):
            said.append(f"{why}; to see: lspci -xxxx -s ADDRESS (lspci -t has it), or the whole machine, as root")
        else:
            said.append(f"{why}; to see: the same file while it answers")
    partly = dict.fromkeys(short(each.bdf) for each in unknown if each.register)
    if partly:
        named = ", ".join(dict.fromkeys(each.text for each in unknown if each.register))
        first, *rest = partly
        also = f" (and -s {', -s '.join(rest)})" if rest else ""
        said.append(f"{named}: not in the file; to see: lspci -xxxx -s {first}{also}, or the whole machine, as root")
    return said


def assumptions(machine: MachineDescription) -> list[str]:
    """Say what a run on a machine takes for granted that its source does not state."""
    partly = [short(str(each.address)) for each in machine.functions if unstated(each) and not each.stand_in]
    said = [f"what is not in the file of {', '.join(partly)} reads as 0"] if partly else []
    said += [f"{each.stand_in} is like {short(str(each.address))}" for each in machine.functions if each.stand_in]
    silent = [short(str(each.address)) for each in machine.functions if each.found]
    return [*said, *([f"{', '.join(silent)} read as recorded, and the kernel knows them"] if silent else [])]


def short(bdf: str) -> str:
    """Leave out domain 0."""
    return bdf.removeprefix("0000:")


def named(machine: Machine, reads: dict[str, dict[tuple[int, int], None]]) -> Iterator[Unknown]:
    """Yield registers that were read, by name; one for all of a function that is not in the source or does not
    answer."""
    for bdf, places in reads.items():
        function = machine.fabric.function(Address.parse(bdf)).description
        if function.stand_in:
            yield Unknown(bdf, 0, function.size, "", f"{function.stand_in} is not in the file")
        elif function.found:
            yield Unknown(bdf, 0, function.size, "", f"{short(bdf)} reads all ones")
        else:
            yield from of_registers(function, places)


def of_registers(function: FunctionDescription, places: Iterable[tuple[int, int]]) -> Iterator[Unknown]:
    """Yield the registers at *places*, (offset, size) each, that are not stated in full; of a capability list, where it
    becomes unknown."""
    config, hidden = function.config.ljust(function.size, b"\0"), unstated(function)
    read = dict.fromkeys(part for place in places for part in parts(config, *place, 0))
    unknown = {part.offset: part for part in read if hidden >> 8 * part.offset & part.covered}
    for offset, part in unknown.items():
        if offset - PCI_CAP_LIST_NEXT not in unknown or part.name != "PCI_CAP_LIST_NEXT":
            yield Unknown(str(function.address), offset, part.size, part.name, "not stated")
