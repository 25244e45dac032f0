# SPDX-License-Identifier: GPL-2.0-only
"""The only place where kernel and hardware meet: boot a machine and call its kernel.

Configuration cycles go from pci_ops down to the fabric, interrupts from the fabric up to do_IRQ. The clock is shared.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from ._shims import lib
from .choice import KernelChoice
from .hw.address import Address
from .hw.clock import Clock, RealClock
from .hw.description import MachineDescription
from .hw.errors import MachineError
from .hw.fabric import Fabric
from .hw.image import ConfigImage
from .hw.layout import switched_on
from .hw.messages import SILENT, messages
from .images.complete import complete
from .images.load import load
from .kernel.sched import NSEC_PER_MSEC
from .kernel.structs import PCI_CFG_SPACE_SIZE, pci_bus, pci_dev, pci_slot
from .kernel.system import Event, System
from .kernel.timer import HZ
from .link import Kernel, foreign, link
from .pci_regs import PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS
from .qemu import QemuFabric
from .wiring import Wiring

#: Bridges may be 255 deep, and the C recurses from each bus to the next.
RECURSION_LIMIT = 5000
#: Larger machines boot untraced: each function has some hundred events of half a kilobyte or more.
TRACED_BOOT = 1024
#: The driver of a function described with MSI or MSI-X on; the description does not say which driver enabled it.
UNKNOWN_DRIVER = "unknown"
#: Accesses and delays for each function that a thread may have in a row without sleeping; a boot has some 500.
ACTS_PER_FUNCTION = 4000
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
        self.system.sched.limit += ACTS_PER_FUNCTION * len(description.functions)
        self.wiring = Wiring(self.system, self.kernel, fabric)
        self._closed = False

    def __repr__(self) -> str:
        what = f"{len(self.description.functions)} functions, {self.clock.now / NSEC_PER_MSEC:.3f} ms since power on"
        return f"<machine {self.description.name}, {self.kernel.__name__}: {'closed' if self._closed else what}>"

    @property
    def events(self) -> list[Event]:
        """What has happened since boot, oldest first."""
        return self.system.events

    # -- boot ----------------------------------------------------------------------------------------------------

    def start(self, *, poll_mode: bool, trace_boot: bool, hz: int = HZ) -> None:
        """Boot: find all functions by configuration cycles, bind drivers, wait until all threads are idle."""
        kernel = self.kernel
        vars(kernel).update(pciehp_poll_mode=int(poll_mode), HZ=hz)
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
        self.call("pci_scan_root_buses", roots, self.wiring.pci_ops())
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

        :raises MachineError: the kernel has no such function at this point of the series, or an argument is of another
            machine
        :raises RuntimeError: the machine was closed, or another thread or process uses it"""
        self.system.sched.check()
        try:
            function = getattr(self.kernel, name)
        except AttributeError:
            raise MachineError(f"{self.kernel.__name__} has no function {name}") from None
        if foreign(args, self.kernel.pci_root_buses):
            raise MachineError(f"{name}: an argument is of another machine; look it up in this one")
        with _deep_recursion():
            result = function(*args)
            self.system.sched.settle()
        return result

    def close(self) -> None:
        """Switch the machine off, which ends delays in real time of other threads. May be called again."""
        self._closed = True
        self.clock.stop()
        self.system.sched.shutdown()
        self.fabric.close()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if not self.__dict__.get("_closed", True):
            warnings.warn(
                f"machine {self.description.name} was never closed", ResourceWarning, stacklevel=2, source=self
            )
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
        named = re.fullmatch(r"(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2})", number, re.IGNORECASE | re.ASCII)
        if named is None:
            raise MachineError(f"{number!r} is not a bus such as 01 or 0000:01")
        found = self.kernel.pci_find_bus(int(named[1] or "0", 16), int(named[2], 16))
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
    patches: int | KernelChoice = 8,
    *,
    extra: Iterable[str | Path] = (),
    seed: int | None = None,
    real_time: bool = False,
    poll_mode: bool = False,
    trace_boot: bool = True,
    images: dict[int, ConfigImage] | None = None,
    hz: int = HZ,
) -> Machine:
    """Boot a machine with the kernel that has the first *patches* of the series, and *extra* on top.

    :param source: a machine description, or what images.load() takes: a path, ``example:NAME``, ``host``,
        ``qemu:WORDS``
    :param patches: a number, or a KernelChoice
    :param extra: mends by name ("try-reset"), by version ("v3.12"), or paths of your own modules
    :param seed: decides which of several runnable threads goes next; None: the oldest
    :param real_time: delays take as long as they say; otherwise time is virtual
    :param poll_mode: load pciehp with pciehp_poll_mode=1
    :param trace_boot: keep what happens while it boots in boot_events; without, it boots faster
    :param images: where the registers live, by domain; they are closed with the machine
    :param hz: jiffies a second, CONFIG_HZ: msleep() lasts a jiffy longer than asked, timers fire at the next one
    :raises LinkError: what is on top does not fit
    :raises MachineError: the machine cannot be read, or none like it is possible; or a module cannot be loaded; or
        Python's global lock is off
    :raises ValueError: the series has no such point, or Linux no such HZ"""
    if not getattr(sys, "_is_gil_enabled", lambda: True)():  # since Python 3.13
        raise MachineError("kernel_port has not been tried without Python's global lock: run it with PYTHON_GIL=1")
    if not 12 <= hz < 12288:  # as include/linux/jiffies.h demands
        raise ValueError(f"HZ is {hz}, not 12 to 12287")
    choice = KernelChoice.of(patches, extra)
    description = source if isinstance(source, MachineDescription) else load(source)
    if description.recorded:
        description = complete(description)
    clock = RealClock(lib) if real_time else Clock()
    choose = None if seed is None else Random(seed).randrange
    fabric = _hardware(description, clock, images)
    machine = Machine(description, lambda system: link(choice, system), clock, fabric, choose)
    try:
        machine.start(poll_mode=poll_mode, trace_boot=trace_boot, hz=hz)
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


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Let the body recurse as deep as bridges can be; then put the limit back."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


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
