# SPDX-License-Identifier: GPL-2.0-only
"""The only place where kernel and hardware meet: boot a machine and call its kernel.

Configuration cycles go from pci_ops down to the fabric, interrupts from the fabric up to do_IRQ. The clock is shared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from ._shims import lib
from .hw.address import Address, bdf
from .hw.clock import Clock, RealClock
from .hw.description import MachineDescription
from .hw.errors import MachineError
from .hw.fabric import Fabric
from .hw.image import ConfigImage
from .hw.layout import switched_on
from .hw.messages import SILENT, messages
from .images.complete import complete
from .images.load import load
from .kernel.structs import PCI_CFG_SPACE_SIZE, pci_bus, pci_dev, pci_slot
from .kernel.system import Event, System
from .link import Kernel, link
from .pci_regs import PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS
from .qemu import QemuFabric

#: Rounds of interrupt handling after which an asserted line is taken as stuck.
INTERRUPT_ROUNDS = 8
#: Bridges may be 255 deep, and the C recurses from each bus to the next.
RECURSION_LIMIT = 5000
#: Larger machines boot untraced: each function has some hundred events of half a kilobyte or more.
TRACED_BOOT = 1024
#: The driver of a function described with MSI or MSI-X on; the description does not say which driver enabled it.
UNKNOWN_DRIVER = "unknown"
#: How many addresses an error message lists.
LISTED = 12


class Machine:
    """A booted machine: hardware, and a kernel that runs on it. Made by boot()."""

    def __init__(
        self, description: MachineDescription, kernel: Callable[[System], Kernel], clock: Clock, fabric: Fabric,
        choose: Callable[[int], int] | None,
    ) -> None:  # fmt: skip
        self.description = description
        self.clock = clock
        self.fabric = fabric
        self.system = System(clock, choose)
        self.kernel = kernel(self.system)
        #: What happened while the machine booted; nothing if it is large (TRACED_BOOT).
        self.boot_events: list[Event] = []
        #: Address -> (offset, size) of what the kernel read of it while it booted and nobody stated.
        self.boot_guesses: dict[str, dict[tuple[int, int], None]] = {}
        #: The functions that our scan did not reach, and that the kernel was told of (description.recorded).
        self.recalled: list[Address] = []
        #: Ports whose interrupt is pending, and those of them that sent a message for it.
        self._asking: set[str] = set()
        self._sent: set[str] = set()
        self._accessing = False
        fabric.interrupt = self._interrupt
        fabric.message = self._message
        fabric.stall = self._stall
        fabric.observe = lambda what, where: self.system.emit("hw", what, where)

    @property
    def events(self) -> list[Event]:
        """What has happened since boot, oldest first."""
        return self.system.events

    # -- configuration cycles ------------------------------------------------------------------------------------

    def _pci_ops(self) -> Any:
        """Make the two functions that every configuration cycle goes through. A hot path."""
        fabric_read, fabric_write, system, asking = self.fabric.read, self.fabric.write, self.system, self._asking
        record = system.record

        def read(bus: Any, devfn: int, where: int, size: int) -> tuple[int, int]:
            domain, number = bus.sysdata.domain, bus.number
            value = fabric_read(domain, number, devfn, where, size)
            if system.tracing:
                record("r", (bdf(domain, number, devfn), where, size, value))
            if asking:
                self._serve()
            return 0, value

        def write(bus: Any, devfn: int, where: int, size: int, value: int) -> int:
            domain, number = bus.sysdata.domain, bus.number
            if system.tracing:
                record("w", (bdf(domain, number, devfn), where, size, value))
            self._accessing = True
            fabric_write(domain, number, devfn, where, size, value)
            self._accessing = False
            if asking:
                self._serve()
            return 0

        return self.kernel.pci_ops(read=read, write=write)

    def _stall(self, until: int) -> None:
        """Let time pass while the processor waits for a completion; interrupts are handled after the access."""
        outer, self._accessing = self._accessing, True
        try:
            self.system.sched.delay_until(until)
        finally:
            self._accessing = outer

    # -- interrupts ----------------------------------------------------------------------------------------------

    def _interrupt(self, port: str) -> None:
        """Handle the interrupt of *port*: at once, or after the access that caused it."""
        self._asking.add(port)
        if not self._accessing:
            self._serve()

    def _message(self, port: str) -> None:
        """Handle a message of *port* once, even if its request is gone by then. Without a handler it is ignored."""
        if _irq(port) in self.system.irq_actions:
            self._sent.add(port)
            self._interrupt(port)

    def _serve(self) -> None:
        """Serve the ports that assert an interrupt, in order of address, until none does; handlers do not nest."""
        if self.system.sched.in_interrupt:
            return
        for _ in range(INTERRUPT_ROUNDS):
            served = [port for port in sorted(self._asking) if _irq(port) in self.system.irq_actions]
            if not served:
                return
            for port in served:
                self._asking.discard(port)
                if port in self._sent or self.fabric.pulls(port):
                    self._sent.discard(port)
                    self.kernel.do_IRQ(_irq(port), port)
                    if self.fabric.pulls(port):
                        self._asking.add(port)
        self._asking.difference_update(served)

    def _described_message(self, irq: int) -> tuple[int, int, int] | None:
        """Return the message that the function with interrupt *irq* was described with."""
        address = Address(irq >> 16, irq >> 8 & 0xFF, irq >> 3 & 0x1F, irq & 7)
        return messages(self.fabric.function(address).description.config).msi if self.fabric.has(address) else None

    # -- boot ----------------------------------------------------------------------------------------------------

    def start(self, *, poll_mode: bool, trace_boot: bool) -> None:
        """Boot: find all functions by configuration cycles, bind drivers, wait until all threads are idle."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
        kernel = self.kernel
        vars(kernel)["pciehp_poll_mode"] = int(poll_mode)
        self.system.msi_message = self._described_message
        for function in self.description.functions:
            driver, used = function.driver, messages(function.config)
            if not driver and used != SILENT and not self.fabric.function(function.address).layout.is_bridge:
                driver = UNKNOWN_DRIVER
            if driver not in ("", "pcieport"):
                kernel.pci_drivers[str(function.address)] = kernel.device_driver(
                    driver, msi_vectors=used.msi_vectors, msix=used.msix
                )
        roots = [(kernel.pci_sysdata(domain), bus) for domain, bus in self.fabric.roots()]
        self.system.tracing = trace_boot and len(self.description.functions) <= TRACED_BOOT
        self.call("pci_scan_root_buses", roots, self._pci_ops())
        self._virtualize()
        if self.description.recorded:
            self._recall()
        self.system.tracing = True
        self.boot_events, self.system.events = self.system.events, []
        self.boot_guesses = dict(self.fabric.guesses)
        self.fabric.guesses.clear()

    def _virtualize(self) -> None:
        """Enable SR-IOV and ATS where the description has them enabled. Firmware leaves both off: drivers did it."""
        described = {str(each.address): each for each in self.description.functions if each.size > PCI_CFG_SPACE_SIZE}
        for dev in self.functions if described else ():
            if dev.dev.name in described:
                virtual_functions, page_shift = switched_on(described[dev.dev.name])
                if virtual_functions:
                    self.kernel.pci_iov_init(dev)
                    self.kernel.pci_enable_sriov(dev, virtual_functions)
                if page_shift:
                    self.kernel.pci_enable_ats(dev, page_shift)

    def _recall(self) -> None:
        """Tell the kernel of the functions that the recorded one knew and our scan does not reach, in order."""
        pending = [each.address for each in self.description.functions]
        before = len(pending) + 1
        while len(pending) < before:
            later: list[Address] = []
            before = len(pending)
            for address in pending:
                bus = self.kernel.pci_find_bus(address.domain, address.bus)
                if bus is None:  # the bridge that leads there may be among those to come
                    later.append(address)
                elif all(dev.devfn != address.devfn for dev in bus.devices):
                    self._look_at(bus, address)
            pending = later

    def _look_at(self, bus: pci_bus, address: Address) -> None:
        """Have the kernel scan one function and what is behind it, as it does after a hot-plug. The function answers
        meanwhile, as it did when the recorded kernel found it."""
        self.recalled.append(address)
        with self.fabric.lending(address):
            dev = self.call("pci_scan_single_device", bus, address.devfn)
            if dev and dev.hdr_type in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
                last = max(each.number for each in self.buses() if each.sysdata is bus.sysdata)
                for pass_ in range(2):
                    self.call("pci_scan_bridge", bus, dev, last, pass_)
                self.call("pci_enable_bridges", bus)
            self.call("pci_bus_add_devices", bus)

    def call(self, name: str, *args: Any) -> Any:
        """Run a kernel function as the main thread, then let the other threads finish their work.

        :raises MachineError: the kernel has no such function at this point of the series"""
        try:
            function = getattr(self.kernel, name)
        except AttributeError:
            raise MachineError(f"{self.kernel.__name__} has no function {name}") from None
        result = function(*args)
        self.system.sched.settle()
        return result

    def close(self) -> None:
        """Switch the machine off, which ends delays in real time of other threads."""
        self.clock.stop()
        self.system.sched.shutdown()
        self.fabric.close()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # -- look-ups ------------------------------------------------------------------------------------------------

    def buses(self) -> Iterator[pci_bus]:
        """Every bus that the kernel knows (struct pci_bus), each before the buses below it."""
        pending = list(reversed(self.kernel.pci_root_buses))
        while pending:
            bus = pending.pop()
            yield bus
            pending += reversed(bus.children)

    @property
    def functions(self) -> list[pci_dev]:
        """Every function that the kernel knows (struct pci_dev), in order of address."""
        devices = (dev for bus in self.buses() for dev in bus.devices)
        return sorted(devices, key=lambda dev: (dev.bus.sysdata.domain, dev.bus.number, dev.devfn))

    def function(self, address: str) -> pci_dev:
        """Return the struct pci_dev at 01:00.0 or 0000:01:00.0.

        :raises MachineError: the kernel knows none"""
        try:
            wanted = Address.parse(address)
        except ValueError as error:
            raise MachineError(str(error)) from None
        bus = self.kernel.pci_find_bus(wanted.domain, wanted.bus)
        for dev in bus.devices if bus else ():
            if dev.devfn == wanted.devfn:
                return dev
        if any(function.address == wanted for function in self.description.functions):
            raise MachineError(
                f"{wanted} is in {self.description.name}, but the kernel did not find it: "
                "no bridge leads to its bus, or function 0 beside it is missing or not multifunction"
            )
        raise MachineError(f"there is no function {wanted}; {_listed(map(_name, self.functions))}")

    def bus(self, number: str) -> pci_bus:
        """Return the struct pci_bus 01 or 0000:01.

        :raises MachineError: the kernel knows none"""
        domain, _, bus = number.rpartition(":")
        try:
            found = self.kernel.pci_find_bus(int(domain or "0", 16), int(bus, 16))
        except ValueError:
            raise MachineError(f"{number!r} is not a bus such as 01 or 0000:01") from None
        if found is None:
            raise MachineError(f"there is no bus {number}; {_listed(map(_bus_name, self.buses()))}")
        return found

    def slot(self, name: str) -> pci_slot:
        """Return the struct pci_slot with this name in /sys/bus/pci/slots.

        :raises MachineError: there is none"""
        slots = {slot.kobj_name: slot for bus in self.buses() for slot in bus.slots}
        if name not in slots:
            raise MachineError(f"there is no slot {name}; {_listed(slots)}")
        return slots[name]

    def target(self, text: str) -> tuple[str, Any]:
        """Return what *text* names: 01:00.0, slot:1 or bus:01.

        :return: "function", "slot" or "bus", and the struct
        :raises MachineError: there is no such thing"""
        kind, _, name = text.partition(":")
        if kind == "slot":
            return kind, self.slot(name)
        if kind == "bus":
            return kind, self.bus(name)
        return "function", self.function(text)


def boot(
    source: MachineDescription | str | Path,
    patches: int = 8,
    *,
    seed: int | None = None,
    real_time: bool = False,
    poll_mode: bool = False,
    trace_boot: bool = True,
    images: dict[int, ConfigImage] | None = None,
) -> Machine:
    """Boot a machine with the kernel that has the first *patches* of the series.

    :param source: a machine description, or what images.load() takes: a path, ``example:NAME``, ``host``,
        ``qemu:WORDS``
    :param seed: decides which of several runnable threads goes next; None: the oldest
    :param real_time: delays take as long as they say; otherwise time is virtual
    :param poll_mode: load pciehp with pciehp_poll_mode=1
    :param trace_boot: keep what happens while it boots in boot_events; without, it boots faster
    :param images: where the registers live, by domain; they are closed with the machine
    :raises MachineError: the machine cannot be read, or none like it is possible
    :raises ValueError: the series has no such point"""
    description = source if isinstance(source, MachineDescription) else load(source)
    if description.recorded:
        description = complete(description)
    clock = RealClock(lib) if real_time else Clock()
    choose = None if seed is None else Random(seed).randrange
    fabric = _hardware(description, clock, images)
    machine = Machine(description, lambda system: link(patches, system), clock, fabric, choose)
    try:
        machine.start(poll_mode=poll_mode, trace_boot=trace_boot)
    except BaseException:
        machine.close()
        raise
    return machine


def _hardware(description: MachineDescription, clock: Clock, images: dict[int, ConfigImage] | None) -> Fabric:
    """Switch the hardware on: our model, or the devices of a QEMU that is started for it."""
    if not description.qemu:
        return Fabric(description, clock, images)
    if images:
        raise MachineError("qemu: the registers are in QEMU and can be nowhere else")
    fabric = QemuFabric(description, clock)
    fabric.forget_numbers()
    return fabric


def _irq(port: str) -> int:
    """Return the number of a port's interrupt, as pci_read_irq() sets it."""
    domain, bus, device, function = Address.parse(port)
    return domain << 16 | bus << 8 | device << 3 | function


def _name(dev: pci_dev) -> str:
    return str(dev.dev.name)


def _bus_name(bus: pci_bus) -> str:
    return f"{bus.sysdata.domain:04x}:{bus.number:02x}"


def _listed(names: Iterable[str]) -> str:
    """List the existing names for an error message, not too many."""
    names = list(names)
    if not names:
        return "there is none at all"
    more = f", ... ({len(names)} in all)" if len(names) > LISTED else ""
    return f"there is {', '.join(names[:LISTED])}{more}"
