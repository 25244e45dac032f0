# SPDX-License-Identifier: GPL-2.0-only
"""Steps for scenario threads: kernel calls, as drivers and users make them, and hands on the hardware."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENOSYS
from typing import Any
from weakref import WeakKeyDictionary

from .. import users
from ..hw.address import Address
from ..hw.bridge import Bridge
from ..hw.errors import MachineError
from ..kernel.sched import NSEC_PER_MSEC
from ..machine import Machine
from ..pci_regs import PCI_EXP_SLTSTA_ABP, PCI_EXP_SLTSTA_PDC, PCI_EXP_SLTSTA_PDS
from ..users import poke

#: Keys of Scenario.knobs for the card that a scenario is about, and for the port above it.
CARD, PORT = "card", "port"


@dataclass(frozen=True, slots=True)
class Target:
    """What a scenario is about on a machine: a card, and what is around it ("" for what there is not)."""

    card: str
    port: str
    slot: str
    bus: str
    siblings: tuple[str, ...]
    """All functions on the bus of the card, the card among them."""


#: Machine -> what the scenario that is played on it is about.
_targets: WeakKeyDictionary[Machine, Target] = WeakKeyDictionary()


def aim(machine: Machine, function: str, needs: str) -> None:
    """Make a scenario be about a function of *machine*.

    :param needs: what there must be: "card", "port" above it, a "slot" that pciehp drives, "siblings" in one
    :raises MachineError: the machine lacks it"""
    dev = machine.function(function)
    bus, name = dev.bus, dev.dev.name
    slot = next((slot.kobj_name for slot in bus.slots if slot.hotplug), "")
    above = bus.self.dev.name if bus.self else ""
    number = f"{bus.sysdata.domain:04x}:{bus.number:02x}"
    found = Target(name, above, slot, number, tuple(other.dev.name for other in bus.devices))
    if needs != CARD and not above:
        raise MachineError(f"this scenario needs a port above its card, and {name} is on a root bus")
    if needs in ("slot", "siblings") and not slot:
        raise MachineError(f"this scenario needs a card in a slot that pciehp drives, and {name} is in none")
    if needs == "siblings" and len(found.siblings) < 2:
        raise MachineError(f"this scenario needs a card of several functions, and {name} is alone")
    _targets[machine] = found


def card(machine: Machine) -> str:
    """Return the address of the card that the scenario is about."""
    return _targets[machine].card


def port(machine: Machine) -> str:
    """Return the address of the port above the card."""
    return _targets[machine].port


def slot(machine: Machine) -> str:
    """Return the name of the card's slot."""
    return _targets[machine].slot


def bus(machine: Machine) -> str:
    """Return the bus that the card is on."""
    return _targets[machine].bus


def siblings(machine: Machine) -> tuple[str, ...]:
    """Return the addresses of all functions of the card."""
    return _targets[machine].siblings


def reset_function(machine: Machine, function: str) -> int:
    """Reset a function, as `echo 1 > reset` in its sysfs directory does."""
    rc: int = machine.kernel.pci_reset_function(machine.function(function))
    return rc


def reset_slot(machine: Machine, slot: str) -> int:
    """Reset a slot; -ENOSYS where the kernel has no such call yet."""
    rc: int = machine.kernel.pci_reset_slot(machine.slot(slot)) if machine.kernel.point >= 7 else -ENOSYS
    return rc


def reset_bus(machine: Machine, bus: str) -> int:
    """Reset a bus; -ENOSYS where the kernel has no such call yet. From v4.19 on the call takes a function of it."""
    if machine.kernel.point < 7:
        return -ENOSYS
    return users.reset_bus(machine, machine.bus(bus))


def reset_together(machine: Machine, bus: str) -> int:
    """Reset a bus and save and restore its functions; where the kernel has no call for that, reset it by hand, which
    saves nothing."""
    if machine.kernel.point >= 7:
        return reset_bus(machine, bus)
    return poke(machine, machine.bus(bus).self.dev.name)


def sleep(machine: Machine, ms: int) -> None:
    """Let *ms* pass for a user or a hand, neither of which counts in jiffies."""
    machine.system.sched.sleep(ms * NSEC_PER_MSEC)


def controller(machine: Machine, slot: str) -> Any:
    """Return the struct controller of a pciehp slot."""
    return machine.slot(slot).hotplug.private.ctrl


def before_poll(machine: Machine, slot: str, ms: int) -> None:
    """Let time pass until *ms* before the poll timer of a slot fires."""
    kernel = machine.kernel
    left = kernel.jiffies_to_msecs(controller(machine, slot).poll_timer.expires - kernel.jiffies())
    sleep(machine, left - ms)


def switch(machine: Machine, slot: str, power: int) -> int:
    """Switch a slot on (1) or off (0), as a write to its power file does. Success is 0, not the length."""
    rc: int = machine.kernel.power_write_file(machine.slot(slot), str(power))
    return min(rc, 0)


def write_file(machine: Machine, function: str, name: str, text: str) -> int:
    """Write to a sysfs file of a function. Success is 0, not the length; -ENOENT where there is no such file."""
    rc: int = machine.kernel.dev_attr_store(machine.function(function), name, text)
    return min(rc, 0)


def after(ms: int, act: Callable[[Machine], int | None]) -> Callable[[Machine], int | None]:
    """Return a thread that acts *ms* after the script began."""

    def thread(machine: Machine) -> int | None:
        sleep(machine, ms)
        return act(machine)

    return thread


def press_button(machine: Machine, port: str) -> None:
    """Press the attention button of a port's slot."""
    _port(machine, port).slot.event(PCI_EXP_SLTSTA_ABP)


def slot_event(machine: Machine, port: str, status: int) -> None:
    """Make events happen in a port's slot: bits of Slot Status."""
    _port(machine, port).slot.event(status)


def move_card(machine: Machine, port: str) -> None:
    """Pull the card out of a port's slot, or put it back in."""
    _port(machine, port).slot.event(PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC)


def _port(machine: Machine, port: str) -> Any:
    bridge = machine.fabric.function(Address.parse(port))
    assert isinstance(bridge, Bridge)
    return bridge
