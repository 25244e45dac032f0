# SPDX-License-Identifier: GPL-2.0-only
"""A booted machine as a tree of plain data: buses, functions, links, slots, and how each function can be reset."""

from __future__ import annotations

from typing import Any

from ..hw.address import Address
from ..machine import Machine
from ..pci_regs import (
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_DLLLARC,
    PCI_EXP_LNKCAP_MLW,
    PCI_EXP_LNKCAP_SLS,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_CLS,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_LNKSTA_NLW,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_ABP,
    PCI_EXP_SLTCAP_AIP,
    PCI_EXP_SLTCAP_EIP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_SLTCAP_HPS,
    PCI_EXP_SLTCAP_MRLSP,
    PCI_EXP_SLTCAP_NCCS,
    PCI_EXP_SLTCAP_PCP,
    PCI_EXP_SLTCAP_PIP,
    PCI_EXP_SLTCAP_PSN,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_PDS,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_RC_EC,
    PCI_EXP_TYPE_RC_END,
    PCI_EXP_TYPE_ROOT_PORT,
)
from .ladder import Ladder, bus_name
from .silence import identity
from .verdict import Verdicts

#: Speed fields of the link registers, GT/s.
SPEEDS = {1: 2.5, 2: 5.0, 3: 8.0, 4: 16.0, 5: 32.0, 6: 64.0}

#: The features of a slot, as in lspci's SltCap line but in words.
SLOT_FEATURES = {
    PCI_EXP_SLTCAP_HPC: "hot-plug",
    PCI_EXP_SLTCAP_HPS: "surprise removal",
    PCI_EXP_SLTCAP_PCP: "power controller",
    PCI_EXP_SLTCAP_ABP: "attention button",
    PCI_EXP_SLTCAP_AIP: "attention indicator",
    PCI_EXP_SLTCAP_PIP: "power indicator",
    PCI_EXP_SLTCAP_MRLSP: "retention latch",
    PCI_EXP_SLTCAP_EIP: "interlock",
    PCI_EXP_SLTCAP_NCCS: "no command completed",
}


def tree(machine: Machine, judged: Verdicts) -> list[dict[str, Any]]:
    """Return the root buses, with everything below them."""
    ladders = {ladder.bdf: ladder for ladder in judged.survey.ladders}
    drivers = {str(function.address): function.driver for function in machine.description.functions}
    return [bus_node(machine, judged, ladders, drivers, bus) for bus in machine.kernel.pci_root_buses]


def bus_node(
    machine: Machine, judged: Verdicts, ladders: dict[str, Ladder], drivers: dict[str, str], bus: Any
) -> dict[str, Any]:
    """Return a bus, its slots, and the functions on it."""
    return {
        "bus": bus_name(bus),
        "slots": [slot.kobj_name for slot in bus.slots],
        "functions": [function_node(machine, judged, ladders, drivers, dev) for dev in bus.devices],
    }


def function_node(
    machine: Machine, judged: Verdicts, ladders: dict[str, Ladder], drivers: dict[str, str], dev: Any
) -> dict[str, Any]:
    """Return one function, and the bus below it if it is a bridge."""
    bdf = dev.dev.name
    ladder = ladders[bdf]
    config = machine.fabric.config(Address.parse(bdf))
    return {
        "bdf": bdf,
        **identity(machine, dev),
        "driver": dev.driver.name if dev.driver else drivers.get(bdf) or None,
        "slot": dev.slot.kobj_name if dev.slot else None,
        "link": link(dev, config),
        "port": port(dev, config),
        "rc": ladder.rc,
        "outcome": judged.outcome(ladder),
        "fault": judged.fault(bdf) or None,
        "stand_in": machine.fabric.function(Address.parse(bdf)).description.stand_in or None,
        "resets": [rung.function for rung in ladder.rungs if rung.rc == 0],
        "unknown": [rung.function for rung in ladder.rungs if rung.rc is None],
        "together": [{"kind": group.kind, "name": group.name} for group in judged.survey.together(bdf)],
        "below": bus_node(machine, judged, ladders, drivers, dev.subordinate) if dev.subordinate else None,
    }


def register(dev: Any, config: bytes, offset: int, size: int) -> int:
    """Return a register of the PCI Express capability as the device holds it now."""
    where = dev.pcie_cap + offset
    return int.from_bytes(config[where : where + size], "little")


def link(dev: Any, config: bytes) -> dict[str, Any] | None:
    """Return the link of a PCI Express function: GT/s and lanes, now and at best; whether it is up (None: it cannot
    tell)."""
    type_ = dev.pcie_flags_reg >> 4 & 0xF
    if not dev.pcie_cap or type_ in (PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_RC_EC):
        return None
    capabilities = register(dev, config, PCI_EXP_LNKCAP, 4)
    status = register(dev, config, PCI_EXP_LNKSTA, 2)
    return {
        "speed": SPEEDS.get(status & PCI_EXP_LNKSTA_CLS),
        "width": (status & PCI_EXP_LNKSTA_NLW) >> 4,
        "max_speed": SPEEDS.get(capabilities & PCI_EXP_LNKCAP_SLS),
        "max_width": (capabilities & PCI_EXP_LNKCAP_MLW) >> 4,
        "up": bool(status & PCI_EXP_LNKSTA_DLLLA) if capabilities & PCI_EXP_LNKCAP_DLLLARC else None,
    }


def port(dev: Any, config: bytes) -> dict[str, Any] | None:
    """Return the physical slot of a port: its number, its features, whether it holds a card."""
    type_ = dev.pcie_flags_reg >> 4 & 0xF
    if type_ not in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM) or not dev.pcie_flags_reg & PCI_EXP_FLAGS_SLOT:
        return None
    capabilities = register(dev, config, PCI_EXP_SLTCAP, 4)
    return {
        "number": (capabilities & PCI_EXP_SLTCAP_PSN) >> 19,
        "features": [words for bit, words in SLOT_FEATURES.items() if capabilities & bit],
        "occupied": bool(register(dev, config, PCI_EXP_SLTSTA, 2) & PCI_EXP_SLTSTA_PDS),
    }
