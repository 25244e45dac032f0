# SPDX-License-Identifier: GPL-2.0-only
"""Check a machine's source: refuse the impossible, guess BAR sizes, and warn.

Each warning names its functions and says what follows from it. What no booted machine can have is refused: an endless
capability list, a bridge that leads back to where it comes from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from ..hw.address import Address
from ..hw.config_space import (
    PCI_CFG_SPACE_SIZE,
    ROM,
    all_ones,
    base_addresses,
    capabilities,
    dword,
    fault_in_capabilities,
    fault_in_extended_capabilities,
    header_type,
    is_multifunction,
    lowest_bit,
    word,
)
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..hw.known import unstated
from ..pci_regs import (
    PCI_CAP_ID_EXP,
    PCI_CAPABILITY_LIST,
    PCI_COMMAND,
    PCI_EXP_DEVCAP2,
    PCI_EXP_DEVCTL2,
    PCI_EXP_DEVCTL2_ARI,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_NORMAL,
    PCI_PRIMARY_BUS,
    PCI_SECONDARY_BUS,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_SUBORDINATE_BUS,
    PCI_VENDOR_ID,
)

#: Functions a warning names before it says how many more there are.
_NAMED = 64
#: What helps if bytes are missing; the reader may hold the dump of somebody else's machine.
_REMEDY = "whoever has the machine can send: sudo lspci -xxxx"
#: Where capability lists are, from their first pointer on, as a mask.
_LISTS = (1 << 8 * (PCI_CFG_SPACE_SIZE - PCI_CAPABILITY_LIST)) - 1


def refuse_nonsense(functions: list[FunctionDescription], name: str) -> None:
    """Refuse an impossible machine.

    :param name: of the source, for the message
    :raises MachineError: a function cannot be like that; the message has the function, the fault and the remedy"""
    for function in functions:
        config, address = function.config, function.address
        if all_ones(config) or header_type(config) > PCI_HEADER_TYPE_CARDBUS:
            continue
        hidden = unstated(function)  # what is not stated is no fault
        fault = "" if hidden >> 8 * PCI_CAPABILITY_LIST & _LISTS else fault_in_capabilities(config)
        numbered = not hidden >> 8 * PCI_PRIMARY_BUS & 0xFFFFFF
        if numbered and header_type(config) in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
            fault = fault or _fault_in_numbers(address.bus, config[PCI_SECONDARY_BUS], config[PCI_SUBORDINATE_BUS])
        if fault:
            raise MachineError(f"{name}: {address}: {fault}; record it again, or fix or remove this function")


def _fault_in_numbers(bus: int, secondary: int, subordinate: int) -> str:
    """Say what is wrong with the bus numbers of one bridge, as a clause; "" if nothing is."""
    numbers = f"{secondary:02x}..{subordinate:02x}"
    if not secondary and not subordinate:
        return ""
    if secondary <= bus:
        return f"a bridge on bus {bus:02x} that leads back to buses {numbers}"
    return f"a bridge whose buses {numbers} end before they begin" if subordinate < secondary else ""


def guess_sizes(functions: list[FunctionDescription]) -> None:
    """Guess the size of each BAR and ROM with an address but no known size: the largest that the address allows.

    Their numbers are kept in `guessed`."""
    for function in functions:
        if all_ones(function.config):
            continue
        for bar in base_addresses(function.config):
            if not bar.address or bar.number in function.bars or (bar.number == ROM and function.rom):
                continue
            size = lowest_bit(bar.address)
            function.guessed.append(bar.number)
            if bar.number == ROM:
                function.rom = size
            else:
                function.bars[bar.number] = size


def warnings(functions: list[FunctionDescription], recorded: bool = False) -> list[str]:
    """Return everything doubtful about a machine, one line each.

    :param functions: in address order, after `guess_sizes`
    :param recorded: a kernel had found them, so ours is told of those that its scan does not find"""
    doubts: dict[str, list[Address]] = defaultdict(list)
    live = []
    for function in functions:
        if all_ones(function.config):
            doubts["reads all ones: it was off or unreachable when recorded, its resets are unknown"].append(
                function.address
            )
            continue
        live.append(function)
        for text in _about_function(function, recorded):
            doubts[text].append(function.address)
    for text, address in _about_siblings(functions):
        doubts[text].append(address)
    for survey in (_about_bridges,) if recorded else (_about_unseen, _about_bridges, _about_parents):
        for text, address in survey(live):
            doubts[text].append(address)
    lines = [f"{_names(addresses)}: {text}" for text, addresses in doubts.items()]
    return lines + _about_guesses(functions)


def _names(addresses: list[Address]) -> str:
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return ", ".join(map(str, addresses[:_NAMED])) + more


def _about_function(function: FunctionDescription, recorded: bool) -> Iterator[str]:
    config, known = function.config, len(function.config)
    if dword(config, PCI_VENDOR_ID) in (0, 0xFFFFFFFF) and not recorded:
        yield "has no vendor and device ID (a virtual function?): the kernel does not find it when it scans the bus"
    if header_type(config) > PCI_HEADER_TYPE_CARDBUS:
        yield f"has no valid header type ({header_type(config):#04x}): it was not answering, the kernel ignores it"
        return
    if _looks_reset(function):
        yield (
            "Command and all base addresses are 0, and yet their sizes are known (lspci marks such regions [virtual]): "
            "it was recorded after a reset or a loss of power that nobody restored it from, or was never enabled. "
            "What usually did it: its registers were written back before it answered, or by nobody (setpci on Bridge "
            "Control, a driver's own reset)"
        )
    if known < min(function.size, 256):
        if word(config, PCI_STATUS) & PCI_STATUS_CAP_LIST:
            yield f"only {known} bytes are known, without its capabilities: see what is unknown; {_REMEDY}"
        else:
            yield f"only {known} bytes are known, and it has no capabilities; {_REMEDY}"
    elif known < function.size and function.stated is None:
        yield f"only {known} bytes of {function.size} are known: extended capabilities are missing; {_REMEDY}"
    if fault := fault_in_extended_capabilities(config):
        yield f"its {fault}: the kernel finds nothing after that"


def _looks_reset(function: FunctionDescription) -> bool:
    """Return whether a function reads as after power on, although it has had addresses."""
    config = function.config
    if header_type(config) != PCI_HEADER_TYPE_NORMAL or dword(config, PCI_VENDOR_ID) in (0, 0xFFFFFFFF):
        return False
    return (
        bool(function.bars.keys() - function.guessed)
        and not word(config, PCI_COMMAND)
        and not any(bar.address for bar in base_addresses(config))
    )


def _about_siblings(functions: list[FunctionDescription]) -> Iterator[tuple[str, Address]]:
    for first, *others in _devices(functions):
        config = first.config
        if not others and not first.address.function and is_multifunction(config) and not all_ones(config):
            text = "says multifunction but has no sibling here: others may be hidden or left out, and be reset too"
            yield text, first.address


def _about_unseen(functions: list[FunctionDescription]) -> Iterator[tuple[str, Address]]:
    """Yield what a scan leaves out; a kernel that had found it is told of it."""
    for first, *others in _devices(functions):
        if first.address.function:
            for member in (first, *others):
                yield "there is no function 0: the kernel does not look for it", member.address
        elif not is_multifunction(first.config):
            for member in others:
                yield "function 0 does not say multifunction: the kernel does not look for it", member.address


def _devices(functions: list[FunctionDescription]) -> Iterator[list[FunctionDescription]]:
    """Yield the functions of each device; a bus that ARI makes one device has only device 0."""
    devices: dict[tuple[int, int, int], list[FunctionDescription]] = defaultdict(list)
    for function in functions:
        devices[function.address[:3]].append(function)
    ports = filter(_forwards_ari, functions)
    ari = {(port.address.domain, port.config[PCI_SECONDARY_BUS]) for port in ports}
    for (domain, bus, _device), members in devices.items():
        if (domain, bus) not in ari or (members[0].address.function and not members[0].address.device):
            yield members


def _forwards_ari(function: FunctionDescription) -> bool:
    """Return whether a port treats its secondary bus as one device of up to 256 functions."""
    if header_type(function.config) != PCI_HEADER_TYPE_BRIDGE:
        return False
    for cap, where in capabilities(function.config):
        if cap == PCI_CAP_ID_EXP:
            return bool(
                (word(function.config, where + PCI_EXP_DEVCTL2) | word(function.config, where + PCI_EXP_DEVCAP2))
                & PCI_EXP_DEVCTL2_ARI
            )
    return False


def _bridges(functions: list[FunctionDescription]) -> Iterator[tuple[Address, int, int]]:
    """Yield each bridge whose bus numbers are stated: its address, secondary and subordinate bus."""
    for function in functions:
        numbered = not unstated(function) >> 8 * PCI_SECONDARY_BUS & 0xFFFF
        if numbered and header_type(function.config) in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
            yield function.address, function.config[PCI_SECONDARY_BUS], function.config[PCI_SUBORDINATE_BUS]


def _about_bridges(functions: list[FunctionDescription]) -> Iterator[tuple[str, Address]]:
    leads_to: dict[tuple[int, int], Address] = {}
    ranges: dict[tuple[int, int], list[tuple[int, int, Address]]] = defaultdict(list)
    last_bus: dict[Address, int] = {}
    for address, secondary, subordinate in _bridges(functions):
        if not secondary and not subordinate:
            yield "a bridge without bus numbers: nothing below it can be reached", address
        else:
            other = leads_to.setdefault((address.domain, secondary), address)
            if other != address:
                yield f"leads to bus {secondary:02x} as {other} does: which one answers is undefined", address
                continue
            ranges[address.domain, address.bus].append((secondary, subordinate, address))
            last_bus[address] = subordinate
    for (domain, bus), siblings in ranges.items():
        siblings.sort()
        for (_, end, before), (begin, last, address) in pairwise(siblings):
            if begin <= end:
                yield f"its buses {begin:02x}..{last:02x} overlap those of {before}: both claim them", address
        above = leads_to.get((domain, bus))
        limit = last_bus[above] if above else 255
        for begin, last, address in siblings:
            if last > limit:
                yield f"its buses {begin:02x}..{last:02x} go past {limit:02x}, the last bus below {above}", address


def _about_parents(functions: list[FunctionDescription]) -> Iterator[tuple[str, Address]]:
    reached = {(address.domain, secondary) for address, secondary, last in _bridges(functions) if secondary <= last}
    for function in functions:
        address = function.address
        if address.bus and (address.domain, address.bus) not in reached:
            bus = f"{address.domain:04x}:{address.bus:02x}"
            yield f"no bridge leads to bus {bus}: it is treated as a root bus, which cannot be reset", address


def _about_guesses(functions: list[FunctionDescription]) -> list[str]:
    guessed = [function for function in functions if function.guessed]
    if not guessed:
        return []
    count = sum(len(function.guessed) for function in guessed)
    names = _names([function.address for function in guessed])
    return [f"{names}: sizes of {count} BARs guessed from their addresses (lspci -vv text or a sysfs tree has them)"]
