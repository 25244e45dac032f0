# SPDX-License-Identifier: GPL-2.0-only
"""Whether pciehp throws a card out when it is reset, for each way to reset it: found by running each on a copy.

Slot Capabilities and Slot Control are the machine's own. Whether presence goes with the link (in-band) or has pins of
its own cannot be read from registers, so each way runs with both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..hw.address import Address
from ..machine import Machine
from ..users import hot_reset, poke, reset_bus
from .rehearsal import Rehearsal, Stage


@dataclass(frozen=True, slots=True)
class Way:
    """One way to reset the card in a slot, tried with both kinds of presence."""

    name: str
    in_band: Rehearsal
    """If presence goes with the link."""
    pins: Rehearsal
    """If the slot has pins for it."""

    @property
    def differs(self) -> bool:
        """Whether it matters which kind the slot has."""
        return self.in_band.removed != self.pins.removed


@dataclass(frozen=True, slots=True)
class HotplugSlot:
    """A slot that pciehp drives, and what it does to the card."""

    name: str
    port: str
    ways: tuple[Way, ...]
    """None if they were not tried, as each trial would take a boot: of a machine that a QEMU has, or a large one."""


def pciehp_slot(dev: Any) -> Any:
    """Return the struct pci_slot that pciehp drives, which *dev* is in or below; None for none."""
    while dev is not None:
        if dev.slot and dev.slot.hotplug:
            return dev.slot
        dev = dev.bus.self
    return None


def hotplug_slot(stage: Stage, slot: Any) -> HotplugSlot | None:
    """Try each way to reset the card in *slot*; None if the slot is empty."""
    port = slot.bus.self.dev.name
    card = next((dev.dev.name for dev in slot.bus.devices if dev.slot is slot), None)
    if card is None:
        return None
    if not stage.is_cheap:
        return HotplugSlot(slot.kobj_name, port, ())
    tried = (
        Way(name, *(trial(stage, port, follows, name, slot.kobj_name, act) for follows in (True, False)))
        for name, act in ways(stage.machine, card, slot.kobj_name, port)
    )
    return HotplugSlot(slot.kobj_name, port, tuple(tried))


def ways(machine: Machine, card: str, slot: str, port: str) -> Iterator[tuple[str, Callable[[Machine], int]]]:
    """Yield the ways to reset a card that its probes allow, each with its name."""
    kernel, dev = machine.kernel, machine.function(card)
    if not kernel.pci_probe_reset_function(dev):
        yield "echo 1 > reset", lambda m: int(m.kernel.pci_reset_function(m.function(card)))
    if not kernel.pcie_flr(dev, 1):
        yield "FLR", lambda m: int(m.kernel.pcie_flr(m.function(card), 0))
    if hasattr(kernel, "pci_slot_reset"):
        if not kernel.pci_slot_reset(machine.slot(slot), 1):
            yield "slot reset", lambda m: int(m.kernel.pci_reset_slot(m.slot(slot)))
        if not kernel.pci_bus_reset(dev.bus, 1):
            yield "bus reset", lambda m: reset_bus(m, m.function(card).bus)
        owned = [each.dev.name for each in machine.functions]
        yield "VFIO hot reset", lambda m: hot_reset(m, card, owned)
    yield "setpci on Bridge Control, or a driver's own", lambda m: poke(m, port)


def trial(stage: Stage, port: str, follows: bool, name: str, slot: str, act: Callable[[Machine], int]) -> Rehearsal:
    """Reset a card in one way, with presence that follows the link or not."""
    with stage.copy() as copy, presence(copy, port, follows):
        return stage.perform(copy, name, f"slot:{slot}", lambda: act(copy))


@contextmanager
def presence(machine: Machine, port: str, follows: bool) -> Iterator[None]:
    """Give the slot of *port* one kind of presence meanwhile."""
    described = machine.fabric.function(Address.parse(port)).description
    before, described.presence_follows_link = described.presence_follows_link, follows
    try:
        yield
    finally:
        described.presence_follows_link = before
