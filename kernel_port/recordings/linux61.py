# SPDX-License-Identifier: GPL-2.0-only
"""The same reset twice, aligned access by access: by the port on the captured machine, and by the captured Linux."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from errno import ENOTTY
from typing import Any

from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..hw.layout import Layout
from ..kernel.system import Event
from ..machine import Machine, boot
from ..pci_regs import PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX, PCI_EXP_TYPE_RC_EC, PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_ROOT_PORT
from ..trace import decode
from ..why.ladder import rungs
from .capture_phases import Access, windows
from .linux61_reasons import NEW, OLD, VALUE, reason
from .qemu_capture import describe, states

#: Value written to a function's reset_method -> the methods of __pci_dev_reset it allows.
METHODS = {
    "flr": ("pcie_flr",),
    "af_flr": ("pci_af_flr",),
    "pm": ("pci_pm_reset",),
    "bus": ("pci_dev_reset_slot_function", "pci_parent_bus_reset"),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of the comparison: what each kernel did, and why they differ."""

    side: str
    """"same", "2013", "6.1", "value" (both, with another value) or "pause"."""
    old: Access | None
    new: Access | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CallComparison:
    """One reset of a capture, in both kernels."""

    test: str
    call: str
    """The call the port made."""
    old_result: int | str
    new_result: str
    rows: tuple[Pair, ...]

    def count(self, side: str) -> int:
        """Return how many rows are of one side."""
        return sum(row.side == side for row in self.rows)

    @property
    def unexplained(self) -> int:
        """How many rows differ without a known reason."""
        return sum(row.side in (OLD, NEW, VALUE) and not row.reason for row in self.rows)


def compare_calls(capture: dict[str, Any], patches: int) -> Iterator[CallComparison]:
    """Compare every reset of *capture* with the port's.

    :param patches: the point of the series the port runs at
    :raises MachineError: the capture's tests do not follow FORMAT.md"""
    captured = list(windows(capture["ops"]))
    tests, results = (capture.get(key, []) for key in ("tests", "return_codes"))
    if not (isinstance(tests, list) and isinstance(results, list) and all(isinstance(e, str) for e in tests + results)):
        raise MachineError("tests and return_codes are not each an array of strings")
    if not len(tests) == len(results) == len(captured):
        raise MachineError(f"{len(tests)} tests, {len(results)} results, {len(captured)} resets: not as many")
    found = states(capture, [window.start for window in captured])
    for test, result, new, state in zip(tests, results, captured, found, strict=True):
        with boot(describe(capture), patches) as machine:
            for address, config in state.items():
                machine.fabric.put(address, config)
            machine.events.clear()
            call, old_result = perform(machine, test)
            old = [access for event in machine.events for access in as_access(event)]
            rows = [
                *added(new.wake, machine, "wake"),
                *align(old, new.reset, machine),
                *added(new.sleep, machine, "sleep"),
            ]
            yield CallComparison(test, call, old_result, str(result), tuple(rows))


def as_access(event: Event) -> Iterator[Access]:
    """Return the config cycle or the sleep that an event of the port's trace is, if it is one."""
    if event.op in ("r", "w"):
        yield Access(event.op, *event.args)
    elif event.op in ("msleep", "mdelay"):
        yield Access("pause", value=1000 * event.args[0])


def perform(machine: Machine, test: str) -> tuple[str, int]:
    """Do in the port what the test did.

    :return: the call as text, and its result"""
    what, _, rest = test.partition(" ")
    if what == "hot":
        return vfio_hot_reset(machine, machine.function(rest.partition(" ")[0]))
    if rest not in METHODS:
        raise MachineError(f"test {test!r}: the series has no reset method {rest!r}; known are {', '.join(METHODS)}")
    dev = machine.function(what)
    allowed = [method for method in rungs(machine) if method in METHODS[rest]]
    call = f"pci_reset_function({what})"
    if all(machine.call(method, dev, 1) for method in allowed):
        # A write of a method that the function does not have is refused, and the other methods stay.
        return f"{call}, which has no {rest}", machine.call("pci_reset_function", dev)
    for method in set(rungs(machine)) - set(allowed):
        vars(machine.kernel)[method] = lambda dev, probe: -ENOTTY  # what reset_method does since v5.15
    machine.events.clear()
    return f"{call}, only {' or '.join(METHODS[rest])}", machine.call("pci_reset_function", dev)


def vfio_hot_reset(machine: Machine, dev: Any) -> tuple[str, int]:
    """Do what VFIO does for VFIO_DEVICE_PCI_HOT_RESET when the user owns all affected functions: slot, else bus."""
    if dev.slot and machine.call("pci_slot_reset", dev.slot, 1) == 0:
        return f"pci_reset_slot({dev.slot.kobj_name})", machine.call("pci_reset_slot", dev.slot)
    return f"pci_reset_bus({dev.bus.number:02x})", machine.call("pci_reset_bus", dev.bus)


def align(old: list[Access], new: list[Access], machine: Machine) -> Iterator[Pair]:
    """Pair equal accesses; give the others a reason."""
    matcher = SequenceMatcher(None, [a.key for a in old], [a.key for a in new], autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from (same(a, b, machine) for a, b in zip(old[i1:i2], new[j1:j2], strict=True))
            continue
        for a in old[i1:i2]:
            yield Pair("pause", a, None) if a.op == "pause" else Pair(OLD, a, None, why(OLD, a, machine))
        yield from added(new[j1:j2], machine)


def added(new: list[Access], machine: Machine, phase: str = "") -> Iterator[Pair]:
    """Yield the rows of accesses that only the later kernel makes."""
    for b in new:
        yield Pair("pause", None, b) if b.op == "pause" else Pair(NEW, None, b, why(NEW, b, machine, phase))


def same(old: Access, new: Access, machine: Machine) -> Pair:
    """Return the row of an access that both make."""
    if old.op == "pause":
        return Pair("pause", old, new)
    if old.value == new.value:
        return Pair("same", old, new)
    return Pair(VALUE, old, new, why(VALUE, old, machine))


def why(side: str, access: Access, machine: Machine, phase: str = "") -> str:
    """Return the known reason for an access that only one side makes, or makes differently."""
    address = Address.parse(access.bdf)
    if not machine.fabric.has(address):
        return ""
    config = machine.fabric.config(address)
    registers = tuple(part.name for part in decode.parts(config, access.where, access.size, access.value))
    return reason(side, access.op, access.size, registers, traits(address, config), phase)


def traits(address: Address, config: bytes) -> frozenset[str]:
    """Return the traits of a function for rules: "bridge", "slot" (a port with one), "root" (has Root Control), "link",
    "messages" (no bridge, and interrupts by MSI or MSI-X)."""
    layout = Layout(FunctionDescription(address, config, size=len(config)))
    messages = {PCI_CAP_ID_MSI, PCI_CAP_ID_MSIX} & layout.capabilities.keys()
    root_complex = layout.port_type in (PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_RC_EC)
    return frozenset(trait for trait, has in (
        ("bridge", layout.is_bridge),
        ("slot", layout.has_slot),
        ("root", layout.port_type in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_RC_EC)),
        ("link", layout.port_type is not None and not root_complex),
        ("messages", messages and not layout.is_bridge),
    ) if has)  # fmt: skip
