# SPDX-License-Identifier: GPL-2.0-only
"""The fabric: brings each configuration cycle to the function it is for, as bridges forward it now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from ..pci_regs import (
    PCI_EXT_CAP_ID_SRIOV,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_SECONDARY_BUS,
    PCI_SRIOV_CTRL,
    PCI_SRIOV_CTRL_VFE,
    PCI_SRIOV_NUM_VF,
    PCI_SRIOV_VF_OFFSET,
    PCI_SRIOV_VF_STRIDE,
    PCI_STD_HEADER_SIZEOF,
)
from .address import Address
from .board import Board
from .bridge import Bridge
from .clock import NSEC_PER_MSEC, Clock
from .config_space import extended_capabilities, header_type, word
from .description import FunctionDescription, MachineDescription
from .errors import MachineError
from .function import Function
from .image import ConfigImage
from .policy import policy_of
from .slot import Slot

_ALL_ONES = {1: 0xFF, 2: 0xFFFF, 4: 0xFFFFFFFF}
#: A root complex may stop retrying a request after an implementation-specific time (PCIe 2.3.2): here a second, in
#: which every function has to be ready (PCIe 6.6.1).
RETRY_LIMIT_MS = 1000
_LEADS_ON = (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS)

#: (domain, bus number at power on)
Bus = tuple[int, int]


class Fabric(Board):
    """All hardware of a machine.

    :param images: where the registers of a domain live, by domain; private memory for the others
    :raises MachineError: the description is of no possible machine"""

    def __init__(
        self, description: MachineDescription, clock: Clock, images: dict[int, ConfigImage] | None = None
    ) -> None:
        super().__init__(clock, policy_of(description.quirks))
        self._images = dict(images or {})
        self._functions: dict[Address, Function] = {}
        self._bridges: dict[Bus, list[Bridge]] = defaultdict(list)
        self._on_bus: dict[Bus, dict[int, Function]] = defaultdict(dict)
        self._leads_to: dict[Bus, Bridge] = {}
        #: The function that answers although no cycle would reach it (lending()).
        self._lent: Function | None = None
        for function in sorted(description.functions, key=lambda f: f.address):
            self._add(function)
        for bus, bridge in self._leads_to.items():
            bridge.below = list(self._on_bus.get(bus, {}).values())
            for below in bridge.below:
                below.above = bridge
        self._roots = sorted(bus for bus in self._on_bus if bus not in self._leads_to)
        for found in self._functions.values():
            self._find_virtual(found)
        self._refuse_loops()
        for bridges in self._bridges.values():
            for bridge in bridges:
                bridge.power_on()

    def _add(self, description: FunctionDescription) -> None:
        address = description.address
        if address in self._functions:
            raise MachineError(f"{address} is described twice: remove one")
        if len(description.config) < PCI_STD_HEADER_SIZEOF or description.size not in (256, 4096):
            raise MachineError(
                f"{address}: {len(description.config)} of {description.size} bytes are described: "
                f"give at least {PCI_STD_HEADER_SIZEOF} of 256 or 4096"
            )
        if address.domain not in self._images:
            self._images[address.domain] = ConfigImage()
        kind = Bridge if header_type(_as_found(description)) in _LEADS_ON else Function
        function = kind(description, self._images[address.domain], self)
        bus = address.domain, address.bus
        self._functions[address] = self._on_bus[bus][address.devfn] = function
        if isinstance(function, Bridge):
            self._bridges[bus].append(function)
            secondary = _as_found(description)[PCI_SECONDARY_BUS]
            if secondary:
                # Of several bridges that claim a bus, the first one has it: a cycle meets it first.
                self._leads_to.setdefault((address.domain, secondary), function)

    def _find_virtual(self, function: Function) -> None:
        """Find the virtual functions of *function* by their routing IDs (SR-IOV 2.1.2)."""
        config = function.description.config
        found = (where for identity, where in extended_capabilities(config) if identity == PCI_EXT_CAP_ID_SRIOV)
        at = next(found, 0)
        if not at or not word(config, at + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE:
            return
        domain, bus = function.description.address[:2]
        first, stride = word(config, at + PCI_SRIOV_VF_OFFSET), word(config, at + PCI_SRIOV_VF_STRIDE)
        for number in range(word(config, at + PCI_SRIOV_NUM_VF)):
            routing = (bus << 8 | function.devfn) + first + number * stride
            virtual = self._on_bus.get((domain, routing >> 8), {}).get(routing & 0xFF)
            if virtual is not None and virtual is not function:
                virtual.physical = function
                function.virtual.append(virtual)

    def _refuse_loops(self) -> None:
        """Refuse a bus that no root leads to: no cycle could get there."""
        for bus in sorted(set(self._on_bus) - set(self._hanging())):
            bridge = self._leads_to[bus]
            raise MachineError(f"{bridge.name}: its secondary bus {bus[1]:02x} is above it: correct the numbers")

    def _hanging(self) -> list[Bus]:
        """Return every bus that can be reached from a root bus by the bridges' initial numbers."""
        found = list(self._roots)
        for domain, bus in found:
            for bridge in self._bridges.get((domain, bus), ()):
                secondary = domain, _as_found(bridge.description)[PCI_SECONDARY_BUS]
                if self._leads_to.get(secondary) is bridge:
                    found.append(secondary)
        return found

    def read(self, domain: int, bus: int, devfn: int, where: int, size: int) -> int:
        """Read *size* bytes, 1, 2 or 4, at register *where* of the function that has this address now.

        :return: the value; all ones if nothing answers"""
        functions = self.reach.get(domain << 8 | bus)
        if functions is None:
            functions = self._find(domain, bus)
        function = functions.get(devfn)
        if function is None or function.silent or where + size > function.size:
            if function is not None and function.silent and self._retried(function):
                return self.read(domain, bus, devfn, where, size)
            return _ALL_ONES[size]
        return function.read(where, size)

    def write(self, domain: int, bus: int, devfn: int, where: int, size: int, value: int) -> None:
        """Write the low *size* bytes of *value*, 1, 2 or 4; dropped if nothing answers at this address now."""
        functions = self.reach.get(domain << 8 | bus)
        if functions is None:
            functions = self._find(domain, bus)
        function = functions.get(devfn)
        if function is None:
            return
        if function.silent:
            if self._retried(function):
                self.write(domain, bus, devfn, where, size, value)
            return
        if 0 <= where <= function.size - size and where % size == 0:
            function.write(where, size, value & _ALL_ONES[size])

    def _retried(self, function: Function) -> bool:
        """Retry a request while *function* responds with Configuration Request Retry Status, up to RETRY_LIMIT_MS.

        Software does not see this unless it enables CRS Software Visibility, which Linux 3.11 does not.
        :return: whether the function is ready now"""
        if function.description.not_ready != "crs":
            return False
        self.happened("request retried", function.name)
        limit = self.clock.now + RETRY_LIMIT_MS * NSEC_PER_MSEC
        while function.silent and self.clock.now < limit and self._reaches(function):
            due = self.clock.next_deadline()
            self.stall(limit if due is None else min(due, limit))
        return not function.silent

    def _reaches(self, function: Function) -> bool:
        """Return whether a cycle reaches *function* at the address it had at power on."""
        address = function.description.address
        return self.on(address.domain, address.bus).get(function.devfn) is function

    def target(self, domain: int, bus: int, devfn: int) -> Function | None:
        """Return the function that a cycle for this address reaches now, silent or not; None if there is none."""
        return self.on(domain, bus).get(devfn)

    def on(self, domain: int, bus: int) -> dict[int, Function]:
        """Return the functions on *bus* now, by devfn."""
        functions = self.reach.get(domain << 8 | bus)
        return self._find(domain, bus) if functions is None else functions

    def _find(self, domain: int, bus: int) -> dict[int, Function]:
        """Go down from the root buses, as a cycle does, and cache the functions found on *bus*."""
        found: dict[int, Function] = {}
        if (domain, bus) in self._roots:
            found = self._on_bus[domain, bus]
        else:
            for root in self._roots:
                if root[0] == domain and (bridge := self._descend(root, bus)) is not None:
                    found = bridge.reached()
                    break
        if self._lent is not None and self._lent.description.address[:2] == (domain, bus):
            found = {**found, self._lent.devfn: self._lent}
        self.reach[domain << 8 | bus] = found
        return found

    def _descend(self, root: Bus, bus: int) -> Bridge | None:
        """Return the bridge whose secondary side is *bus* now, for a cycle that starts on *root*."""
        bridges = self._bridges.get(root, [])
        while True:
            for bridge in bridges:
                secondary = bridge.forwards(bus)
                if secondary is not None:
                    break
            else:
                return None
            if secondary == bus:
                return bridge
            bridges = [function for function in bridge.below if isinstance(function, Bridge)]

    def obstacle(self, address: Address) -> tuple[str, str]:
        """Return what keeps cycles from the function at *address* now, and at which function; two "" for nothing.

        :return: of the first one on the way down: "slot power", "reset" (it is held there), "link" (it is not up),
            "asleep" (a bridge in D3hot), "not ready", or "bus numbers" (no bridge has its bus any more)"""
        function = self.function(address)
        above = []
        bridge = function.above
        while bridge is not None:
            above.append(bridge)
            bridge = bridge.above
        for bridge in reversed(above):
            if obstacle := bridge.obstacle:
                return obstacle, bridge.name
        if function.silent:
            return "not ready", function.name
        if self._reaches(function):
            return "", ""
        lost = (bridge for bridge in reversed(above) if bridge.forwards(address.bus) is None)
        return "bus numbers", next(lost, function).name

    def roots(self) -> list[Bus]:
        """Return the buses that no bridge leads to, as firmware tells the kernel: (domain, bus), ascending."""
        return list(self._roots)

    def function(self, address: Address) -> Function:
        """Return the function that has *address* at power on.

        :raises MachineError: there is none"""
        try:
            return self._functions[address]
        except KeyError:
            raise MachineError(f"there is no function {address} in this machine") from None

    def has(self, address: Address) -> bool:
        """Return whether the machine has a function with *address* at power on."""
        return address in self._functions

    def config(self, address: Address) -> bytes:
        """Return the registers of the function at *address*, reachable or not."""
        return self.function(address).dump()

    @contextmanager
    def lending(self, address: Address) -> Iterator[None]:
        """Let the function at *address* answer meanwhile as it did when the recorded kernel found it."""
        function = self.function(address)
        now, then, silent = function.dump(), function.description.found, function.silent
        if then:
            function.load(then)
        self._lent, function.silent = function, False
        self.reroute()
        try:
            yield
        finally:
            self._lent, function.silent = None, silent
            if then:
                function.load(now)
            self.reroute()

    def put(self, address: Address, config: bytes) -> None:
        """Set the registers of the function at *address* to *config*, without side effects."""
        self._images[address.domain].load(address, config)
        self.reroute()

    def close(self) -> None:
        """Switch the machine off, and free the registers."""
        for image in self._images.values():
            image.close()

    def asserted(self, bdf: str) -> bool:
        """Return whether the port at this address requests a hot-plug interrupt now, and the request gets through."""
        slot = self._heard(bdf)
        return slot is not None and slot.asserted

    def pulls(self, bdf: str) -> bool:
        """Return whether the port at this address asserts INTx for a hot-plug event now, and that gets through."""
        slot = self._heard(bdf)
        return slot is not None and slot.pulls

    def _heard(self, bdf: str) -> Slot | None:
        """Return the slot of the port at this address, None if there is none or cycles do not reach it."""
        port = self._functions.get(Address.parse(bdf))
        if not isinstance(port, Bridge):
            return None
        return port.slot if self._reaches(port) else None


def _as_found(function: FunctionDescription) -> bytes:
    """Return the registers that a kernel found a function by: one that does not answer now may have been a bridge."""
    return function.found or function.config
