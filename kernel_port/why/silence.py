# SPDX-License-Identifier: GPL-2.0-only
"""A function that read all ones when it was recorded: what the bridge above says of it, and what that usually means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..hw.address import Address
from ..hw.config_space import all_ones
from ..hw.description import FunctionDescription
from ..hw.known import unstated
from ..hw.layout import Layout
from ..machine import Machine
from ..pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_DLLLARC,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL_LD,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_PCP,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_PCC,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_PDS,
    PCI_PM_CTRL,
    PCI_PM_CTRL_STATE_MASK,
)
from .unknown import short

STATES = ("D0", "D1", "D2", "D3hot")


def reads_all_ones(function: FunctionDescription) -> bool:
    """Return whether a function answered when its kernel found it, and does not any more."""
    return bool(function.found) and all_ones(function.config)


def silence(machine: Machine, dev: Any) -> list[str]:
    """Say what is known of a function that reads all ones, a sentence each; nothing of one that answers."""
    function = machine.fabric.function(Address.parse(dev.dev.name)).description
    if not reads_all_ones(function):
        return []
    above = dev.bus.self
    if above is None:
        return [
            "It reads all ones: it does not answer, and there is no bridge above to ask.",
            "Usually: firmware or a driver has switched it off; it comes back with the computer's next start.",
        ]
    bridge = machine.fabric.function(Address.parse(above.dev.name)).description
    if reads_all_ones(bridge):
        return [f"It reads all ones, and so does {short(above.dev.name)} above it: look there first."]
    if bridge.stand_in:
        return [f"It reads all ones; {bridge.stand_in} is not in the file, which would say more."]
    port = Port(bridge)
    said = ", ".join(port.says())
    others = [short(each.dev.name) for each in dev.bus.devices if each is not dev and not silent(machine, each)]
    return [
        f"It reads all ones: no request is answered. {short(above.dev.name)} above it says: {said}.",
        f"Usually: {port.means(others)}",
    ]


def silent(machine: Machine, dev: Any) -> bool:
    """Return whether a function reads all ones."""
    return reads_all_ones(machine.fabric.function(Address.parse(dev.dev.name)).description)


def identity(machine: Machine, dev: Any) -> dict[str, int]:
    """Return vendor, device and class of a function; all ones if it reads them."""
    if silent(machine, dev):
        return {"vendor": 0xFFFF, "device": 0xFFFF, "class": 0xFFFFFF}
    return {"vendor": dev.vendor, "device": dev.device, "class": dev.class_}


class Port:
    """The bridge above, as it was recorded."""

    def __init__(self, bridge: FunctionDescription) -> None:
        self._layout = Layout(bridge)
        self._unstated = unstated(bridge)
        self.held = self._bit(PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_BUS_RESET)
        self.state = self._register(PCI_CAP_ID_PM, PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK)
        reports = self._express(PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_DLLLARC) if self._layout.has_link else None
        self.active = self._express(PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA) if reports else None
        self.disabled = self._express(PCI_EXP_LNKCTL, PCI_EXP_LNKCTL_LD) if self._layout.has_link else None
        slot = self._layout.has_slot
        self.present = self._express(PCI_EXP_SLTSTA, PCI_EXP_SLTSTA_PDS) if slot else None
        controlled = self._express(PCI_EXP_SLTCAP, PCI_EXP_SLTCAP_PCP) if slot else None
        self.off = self._express(PCI_EXP_SLTCTL, PCI_EXP_SLTCTL_PCC) if controlled else None

    def _bit(self, where: int, mask: int) -> int | None:
        """Return bits of a word, None if nobody stated them."""
        return None if self._unstated >> 8 * where & mask else self._layout.word(where) & mask

    def _register(self, capability: int, where: int, mask: int) -> int | None:
        at = self._layout.capabilities.get(capability)
        return None if at is None else self._bit(at + where, mask)

    def _express(self, where: int, mask: int) -> int | None:
        at = self._layout.capabilities[PCI_CAP_ID_EXP] + where
        return None if self._unstated >> 8 * at & mask else self._layout.dword(at) & mask

    def says(self) -> Iterator[str]:
        """Yield what the registers say, each in words."""
        if self.state is not None:
            yield f"power state {STATES[self.state]}"
        elif self._unstated:
            yield "power state not stated"
        for value, yes, no in (
            (self.held, "bus held in reset", "bus not in reset"),
            (self.disabled, "link disabled", "link enabled"),
            (self.active, "link active", "link not active"),
            (self.present, "card present", "no card present"),
            (self.off, "slot power off", "slot power on"),
        ):
            if value is not None:
                yield yes if value else no
        if self.active is None and self._layout.has_link:
            yield "whether the link is active it does not say"

    def means(self, others: list[str]) -> str:
        """Say what that usually means, and what to do.

        :param others: functions beside it that answer"""
        if self.held:
            return "a reset was begun and not ended: clear Secondary Bus Reset in Bridge Control."
        if self.off:
            return "the slot is switched off: switch it on in /sys/bus/pci/slots, then rescan."
        if self.present == 0:
            return "the card was taken out, or lost its power."
        if self.disabled:
            return "somebody disabled the link: clear Link Disable, then rescan."
        if self.state == STATES.index("D3hot"):
            return "nothing below a bridge in D3hot can be reached: wake it (echo on to its power/control)."
        if others:
            return (
                f"it alone is off or hung, as {', '.join(others)} beside it answers: a reset or power state that it did"
                " not come back from. Remove the whole device and rescan; else only turning the power off helps."
            )
        if self.active == 0:
            return (
                "the link did not come back after a reset, or the card has no power: remove the device and rescan; "
                "else only turning the power off helps."
            )
        return (
            "the device is in D3cold, or hung, often after a reset that it did not come back from: set power/control "
            "to on, or remove the device and rescan; else only turning the power off helps."
        )
