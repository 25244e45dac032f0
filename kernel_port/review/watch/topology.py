# SPDX-License-Identifier: GPL-2.0-only
"""The machine of a run as a tree, to draw and to list: bridges, links, slots, functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from ...hw.config_space import dword, word
from ...hw.description import FunctionDescription, MachineDescription
from ...hw.layout import Layout
from ...images import names
from ...pci_regs import (
    PCI_CLASS_REVISION,
    PCI_DEVICE_ID,
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
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_PCI_BRIDGE,
    PCI_EXP_TYPE_PCIE_BRIDGE,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXP_TYPE_UPSTREAM,
    PCI_SECONDARY_BUS,
    PCI_VENDOR_ID,
)

#: Kinds of bridges in words, by the type in their PCI Express capability.
BRIDGES = {
    PCI_EXP_TYPE_ROOT_PORT: "root port", PCI_EXP_TYPE_UPSTREAM: "upstream port",
    PCI_EXP_TYPE_DOWNSTREAM: "downstream port", PCI_EXP_TYPE_PCI_BRIDGE: "PCI Express to PCI bridge",
    PCI_EXP_TYPE_PCIE_BRIDGE: "PCI to PCI Express bridge", None: "PCI bridge",
}  # fmt: skip
#: What a slot can do, in words.
SLOT = {
    PCI_EXP_SLTCAP_HPC: "hot-plug", PCI_EXP_SLTCAP_HPS: "surprise removal", PCI_EXP_SLTCAP_PCP: "power controller",
    PCI_EXP_SLTCAP_ABP: "attention button", PCI_EXP_SLTCAP_AIP: "attention indicator",
    PCI_EXP_SLTCAP_PIP: "power indicator", PCI_EXP_SLTCAP_MRLSP: "retention latch",
    PCI_EXP_SLTCAP_EIP: "interlock", PCI_EXP_SLTCAP_NCCS: "no command completed",
}  # fmt: skip
#: What is said of a function elsewhere, or is no behaviour.
NOT_BEHAVIOUR = frozenset({
    "address", "config", "size", "bars", "rom", "driver", "iommu_group", "reset_method", "guessed", "stated", "found",
    "stand_in", "title", "storage",
})  # fmt: skip
#: The most functions that are listed one by one.
MOST = 64


def parents(machine: MachineDescription) -> dict[str, str]:
    """Map the address of each function to that of the bridge above it; those on root buses are not in it."""
    layouts = {str(function.address): Layout(function) for function in machine.functions}
    above = {
        (layout.description.address.domain, layout.config[PCI_SECONDARY_BUS]): bdf
        for bdf, layout in layouts.items()
        if layout.is_bridge and layout.config[PCI_SECONDARY_BUS]
    }
    found = {bdf: above.get(layout.description.address[:2]) for bdf, layout in layouts.items()}
    return {bdf: bridge for bdf, bridge in found.items() if bridge and bridge != bdf}


def ancestors(bdf: str, above: dict[str, str]) -> list[str]:
    """Return the bridges above a function, the nearest first."""
    found: list[str] = []
    while bdf in above and above[bdf] not in found:
        bdf = above[bdf]
        found.append(bdf)
    return found


def drawn(machine: MachineDescription, involved: Iterable[str]) -> list[dict[str, Any]]:
    """Return the functions to draw, in order of address: those involved, the bridges above, and what is below them.

    Each has the keys bdf; up, the bridge above among them, or null; kind; slot, its number, or null; link, whether one
    leads down from it; title."""
    above, taken = parents(machine), set(involved)
    wanted = taken | {bridge for bdf in taken for bridge in ancestors(bdf, above)}
    wanted |= {bdf for bdf in above if taken & set(ancestors(bdf, above))}
    nodes = []
    for function in machine.functions:
        bdf, layout = str(function.address), Layout(function)
        if bdf in wanted:
            nodes.append(
                {
                    "bdf": bdf,
                    "up": above.get(bdf),
                    "kind": kind(layout),
                    "slot": (layout.exp(PCI_EXP_SLTCAP) & PCI_EXP_SLTCAP_PSN) >> 19 if layout.has_slot else None,
                    "link": layout.has_link,
                    "title": title(function),
                }
            )
    return nodes


def kind(layout: Layout) -> str:
    """Return what a function is, in a word or two."""
    if layout.is_bridge:
        return BRIDGES.get(layout.port_type, "bridge")
    return names.class_name(dword(layout.config, PCI_CLASS_REVISION) >> 16)


def title(function: FunctionDescription) -> str:
    """Name a function."""
    config = function.config
    return names.title(
        word(config, PCI_VENDOR_ID),
        word(config, PCI_DEVICE_ID),
        dword(config, PCI_CLASS_REVISION) >> 8,
        function.title,
    )


def listed(machine: MachineDescription) -> list[str]:
    """Return the machine as lines of text, a function each, with what it does that others do not."""
    above = parents(machine)
    branch = {
        str(each.address): [str(each.address), *ancestors(str(each.address), above)] for each in machine.functions
    }
    ordered = sorted(machine.functions, key=lambda function: branch[str(function.address)][::-1])
    lines = []
    for function in ordered[:MOST]:
        indent = "  " * (len(branch[str(function.address)]) - 1)
        driver = f", driver {function.driver}" if function.driver else ""
        lines.append(f"{indent}{function.address}  {title(function)}{driver}")
        lines += [f"{indent}    {line}" for line in (*slot(Layout(function)), *behaviour(function))]
    if len(machine.functions) > MOST:
        lines.append(f"and {len(machine.functions) - MOST} more functions")
    return lines


def slot(layout: Layout) -> list[str]:
    """Return what the slot of a port can do, in a line; nothing if it has none."""
    if not layout.has_slot:
        return []
    capabilities = layout.exp(PCI_EXP_SLTCAP)
    can = [words for bit, words in SLOT.items() if capabilities & bit]
    return [", ".join([f"slot {(capabilities & PCI_EXP_SLTCAP_PSN) >> 19}", *can])]


def behaviour(function: FunctionDescription) -> list[str]:
    """Return the behaviour of a function that is not the usual one, as a machine description has it."""
    usual = FunctionDescription(function.address, function.config)
    return [
        f"{field.name} = {getattr(function, field.name)}"
        for field in fields(function)
        if field.name not in NOT_BEHAVIOUR and getattr(function, field.name) != getattr(usual, field.name)
    ]
