# SPDX-License-Identifier: GPL-2.0-only
"""What the recorded kernel must have had, though the file does not show it.

lspci and sysfs list the functions that a kernel had found. So function 0 is beside function 1, and above an endpoint's
bus there is a bridge: where the file leaves one out, a stand-in takes its place, of which nothing is stated but what
the others prove. A function that reads all ones answered when the kernel found it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from ..hw.address import Address
from ..hw.config_space import all_ones, dword, header_type, word
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.known import unstated
from ..hw.layout import Layout
from ..hw.registers import HEADER_LAYOUT, MULTIFUNCTION
from ..pci_regs import (
    PCI_CLASS_DEVICE,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_ENDPOINT,
    PCI_EXP_TYPE_LEG_END,
    PCI_EXP_TYPE_PCI_BRIDGE,
    PCI_EXP_TYPE_RC_EC,
    PCI_EXP_TYPE_RC_END,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXP_TYPE_UPSTREAM,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_PRIMARY_BUS,
    PCI_SECONDARY_BUS,
    PCI_SUBORDINATE_BUS,
    PCI_VENDOR_ID,
)

#: Identity of a function of which none is known: any that a kernel accepts.
NO_ID = bytes.fromhex("01000100")
#: Classes: of the host's own function, of a bridge, and of a function of which none is known, "unassigned".
HOST_BRIDGE, PCI_BRIDGE, NO_CLASS = 0x0600, 0x0604, 0xFF00
#: Types of PCI Express functions that the root complex has on a root bus, ...
_IN_THE_ROOT = (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_RC_EC)
#: ... and of those that have a port above them.
_BELOW_A_PORT = (
    PCI_EXP_TYPE_ENDPOINT, PCI_EXP_TYPE_LEG_END, PCI_EXP_TYPE_UPSTREAM, PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_PCI_BRIDGE,
)  # fmt: skip
_BRIDGES = (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS)

#: (domain, bus number)
Bus = tuple[int, int]


def complete(machine: MachineDescription) -> MachineDescription:
    """Return *machine* with all that the kernel which recorded it had found; what is missing has a stand-in."""
    domains: dict[int, dict[int, list[FunctionDescription]]] = defaultdict(lambda: defaultdict(list))
    for function in machine.functions:
        domains[function.address.domain][function.address.bus].append(_remembered(function))
    for domain, buses in domains.items():
        _Domain(domain, buses, machine.roots).complete()
    functions = [each for buses in domains.values() for members in buses.values() for each in members]
    functions.sort(key=lambda function: function.address)
    listed = {function.address for function in machine.functions}
    added = (each for each in functions if each.address not in listed)
    told = [f"{each.address}: stands for {each.stand_in}, which is not in the file" for each in added]
    return replace(machine, functions=functions, warnings=[*machine.warnings, *told])


def does_not_answer(function: FunctionDescription) -> bool:
    """Return whether a function read all ones when it was recorded."""
    return all_ones(function.config) or header_type(function.config) > PCI_HEADER_TYPE_CARDBUS


def is_root(functions: Iterable[FunctionDescription]) -> bool:
    """Return whether *functions*, all those on a bus, show that it is a root bus."""
    return any(
        word(each.config, PCI_CLASS_DEVICE) == HOST_BRIDGE or Layout(each).port_type in _IN_THE_ROOT
        for each in functions
        if not does_not_answer(each)
    )


def _remembered(function: FunctionDescription) -> FunctionDescription:
    """Give a function that a kernel could not find as it reads now what it may have been found by."""
    if function.found:
        return function
    if does_not_answer(function):
        found = bytearray(function.size)
        found[PCI_VENDOR_ID : PCI_VENDOR_ID + 4] = NO_ID
        _put(found, PCI_CLASS_DEVICE, 2, NO_CLASS)
        return replace(function, config=b"\xff" * function.size, stated=None, found=bytes(found))
    if dword(function.config, PCI_VENDOR_ID) in (0, 0xFFFFFFFF):
        if unstated(function) >> 8 * PCI_VENDOR_ID & 0xFFFFFFFF:
            return replace(function, config=NO_ID + function.config[4:])
        # a virtual function
        return replace(function, found=NO_ID + function.config[4:].ljust(function.size - 4, b"\0"))
    return function


class _Domain:
    """The functions of a PCI domain, by their buses' numbers."""

    def __init__(self, domain: int, buses: dict[int, list[FunctionDescription]], roots: Collection[Bus]) -> None:
        self._domain, self._buses, self._roots = domain, buses, roots

    def complete(self) -> None:
        """Add what is missing."""
        self._add_functions_0()
        self._number_bridges()
        self._add_bridges()

    def _add_functions_0(self) -> None:
        """Add function 0 of devices without one, unless all their functions are virtual ones."""
        for bus, functions in self._buses.items():
            devices: dict[int, list[FunctionDescription]] = defaultdict(list)
            for function in functions:
                devices[function.address.device].append(function)
            for device, members in devices.items():
                if all(each.address.function for each in members) and not all(map(_is_virtual, members)):
                    missing = f"function 0 beside {short(members[0].address)}"
                    at = Address(self._domain, bus, device, 0)
                    functions.append(_stand_in(at, missing, MULTIFUNCTION, MULTIFUNCTION))

    def _number_bridges(self) -> None:
        """Guess bus numbers that the file does not state from the buses that no bridge leads to."""
        orphans = self._orphans()
        for bus, functions in self._buses.items():
            for index, function in enumerate(functions):
                if _lacks_numbers(function) and not unstated(function) >> 8 * PCI_HEADER_TYPE & HEADER_LAYOUT:
                    below = next((each for each in orphans if each > bus), None)
                    if below is not None:
                        orphans.remove(below)
                        functions[index] = _numbered(function, (bus, below, self._last_below(below)))

    def _add_bridges(self) -> None:
        """Add the bridge above each bus that has none and is no root bus."""
        for bus in self._orphans():
            members = self._buses[bus]
            if (self._domain, bus) in self._roots or all(map(_is_virtual, members)) or is_root(members):
                continue
            around = [numbers for numbers in self._bridges() if 0 < numbers[0] < bus <= numbers[1]]
            linked = any(Layout(each).port_type in _BELOW_A_PORT for each in members if not does_not_answer(each))
            if not around and not linked and not self._roots and self._is_whole() and not self._any_lacks_numbers():
                continue  # firmware gave the root complex more buses than one
            parent, end = max(around, default=(0, 0))
            silent = all(map(does_not_answer, members))
            if silent and self._lead_on(parent, bus, end):
                continue
            taken = self._buses.get(parent, [])
            at = self._free(parent) if taken or not around else Address(self._domain, parent, 0, 0)
            if at:
                place = f"the port above {short(members[0].address)}" if linked else f"the bridge above bus {bus:02x}"
                last = max(end if silent else 0, self._last_below(bus))
                self._buses[parent].append(_bridge(at, place, (parent, bus, last)))

    def _free(self, bus: int) -> Address | None:
        """Return where on a bus a bridge can be added: as a device of its own, or beside other stand-ins."""
        members = self._buses[bus]
        taken, listed = (
            {each.address for each in members},
            {each.address.device for each in members if not each.stand_in},
        )
        places = (Address(self._domain, bus, device, number) for number in range(8) for device in range(31, -1, -1))
        return next((at for at in places if at not in taken and at.device not in listed), None)

    def _any_lacks_numbers(self) -> bool:
        """Return whether the file names a bridge without saying where it leads."""
        return any(_lacks_numbers(each) for members in self._buses.values() for each in members)

    def _lead_on(self, parent: int, bus: int, end: int) -> bool:
        """Have a function that does not answer be the bridge to a bus where none does; return whether there is one.

        :param end: the last bus that the bridge above leads to: all are below the only one that does not answer"""
        functions = self._buses.get(parent, [])
        silent = [at for at, each in enumerate(functions) if does_not_answer(each) and not _numbers(each)]
        for index in silent[:1]:
            found = bytearray(functions[index].found)
            _put(found, PCI_CLASS_DEVICE, 2, PCI_BRIDGE)
            found[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE
            last = max(end, bus) if len(silent) == 1 else bus
            found[PCI_PRIMARY_BUS : PCI_PRIMARY_BUS + 3] = bytes((parent, bus, last))
            functions[index] = replace(functions[index], found=bytes(found))
        return bool(silent)

    def _bridges(self) -> Iterator[tuple[int, int]]:
        """Yield the secondary and subordinate bus of every bridge."""
        return (numbers for members in self._buses.values() for each in members if (numbers := _numbers(each)))

    def _orphans(self) -> list[int]:
        """Return the buses, other than 0, that no bridge leads to, ascending."""
        led_to = {secondary for secondary, last in self._bridges() if secondary <= last}
        return sorted(bus for bus in self._buses if bus and bus not in led_to)

    def _last_below(self, bus: int) -> int:
        """Return the highest bus number that the bridges on *bus* lead to, at least *bus*."""
        return max((bus, *(numbers[1] for each in self._buses[bus] if (numbers := _numbers(each)))))

    def _is_whole(self) -> bool:
        """Return whether bus 0 seems to be in the file as a whole: its host bridge is."""
        return any(each.address[2:] == (0, 0) and is_root([each]) for each in self._buses.get(0, ()))


def _numbered(function: FunctionDescription, numbers: tuple[int, int, int]) -> FunctionDescription:
    """Return a bridge with other bus numbers, as far as they are not stated."""
    config = bytearray(function.config.ljust(function.size, b"\0"))
    for where, number in zip((PCI_PRIMARY_BUS, PCI_SECONDARY_BUS, PCI_SUBORDINATE_BUS), numbers, strict=True):
        free = unstated(function) >> 8 * where & 0xFF
        config[where] = config[where] & ~free | number & free
    return replace(function, config=bytes(config))


def _bridge(address: Address, missing: str, numbers: tuple[int, int, int]) -> FunctionDescription:
    """Return a bridge of which only the first two of its bus *numbers* are known."""
    bridge = _stand_in(address, missing, PCI_HEADER_TYPE_BRIDGE, HEADER_LAYOUT)
    config, stated = bytearray(bridge.config), bytearray(bridge.stated or b"")
    _put(config, PCI_CLASS_DEVICE, 2, PCI_BRIDGE)
    config[PCI_PRIMARY_BUS : PCI_PRIMARY_BUS + 3] = bytes(numbers)
    for where, size in ((PCI_CLASS_DEVICE, 2), (PCI_PRIMARY_BUS, 1), (PCI_SECONDARY_BUS, 1)):
        stated[where : where + size] = b"\xff" * size
    return replace(bridge, config=bytes(config), stated=bytes(stated))


def _stand_in(address: Address, missing: str, header: int, proven: int) -> FunctionDescription:
    """Return a function of which only the bits *proven* of its header type are known."""
    config, stated = bytearray(4096), bytearray(64)
    config[PCI_VENDOR_ID : PCI_VENDOR_ID + 4] = NO_ID
    _put(config, PCI_CLASS_DEVICE, 2, NO_CLASS)
    config[PCI_HEADER_TYPE], stated[PCI_HEADER_TYPE] = header, proven
    return FunctionDescription(address, bytes(config), size=4096, stated=bytes(stated), stand_in=missing)


def short(address: Address) -> str:
    """Return an address as lspci prints it, without the domain if that is 0."""
    return str(address) if address.domain else str(address)[5:]


def _put(config: bytearray, where: int, size: int, value: int) -> None:
    config[where : where + size] = value.to_bytes(size, "little")


def _is_virtual(function: FunctionDescription) -> bool:
    """Return whether a function answers, but not with an identity of its own."""
    return bool(function.found) and not does_not_answer(function)


def _numbers(function: FunctionDescription) -> tuple[int, int] | None:
    """Return the secondary and subordinate bus of a bridge, as the kernel that found it read them; None of others."""
    config = function.found or function.config
    if header_type(config) not in _BRIDGES:
        return None
    return config[PCI_SECONDARY_BUS], config[PCI_SUBORDINATE_BUS]


def _lacks_numbers(function: FunctionDescription) -> bool:
    """Return whether a function is a bridge, and where it leads is not stated."""
    return bool(unstated(function) >> 8 * PCI_SECONDARY_BUS & 0xFFFF and _numbers(function))
