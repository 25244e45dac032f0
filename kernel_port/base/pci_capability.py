# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci.c, first part: finding capabilities. Every search is on the bus, nothing is remembered."""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.structs import (
    PCI_CFG_SPACE_EXP_SIZE,
    PCI_CFG_SPACE_SIZE,
    PCIBIOS_SUCCESSFUL,
    pci_bus,
    pci_dev,
)
from ..pci_regs import (
    PCI_CAP_LIST_ID,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_CB_CAPABILITY_LIST,
    PCI_EXT_CAP_ID,
    PCI_EXT_CAP_NEXT,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_MASK,
    PCI_HEADER_TYPE_NORMAL,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
)
from .access import U8_MAX, pci_bus_read_config_byte, pci_bus_read_config_dword, pci_bus_read_config_word

#: How many capabilities a list may have before it counts as a loop.
PCI_FIND_CAP_TTL = 48


def __pci_find_next_cap_ttl(bus: pci_bus, devfn: int, pos: int, cap: int, ttl: int) -> int:
    """Follow the capability list from the pointer at *pos*, at most *ttl* steps.

    C: drivers/pci/pci.c, static, base
    # PORT: the remaining ttl is not handed back; only HyperTransport searches ask for it
    :return: offset of the capability, 0 if there is none"""
    while ttl:
        ttl -= 1
        _, pos = pci_bus_read_config_byte(bus, devfn, pos)
        if pos < PCI_STD_HEADER_SIZEOF:
            break
        pos &= ~3
        _, id_ = pci_bus_read_config_byte(bus, devfn, pos + PCI_CAP_LIST_ID)
        if id_ == U8_MAX:
            break
        if id_ == cap:
            return pos
        pos += PCI_CAP_LIST_NEXT
    return 0


def __pci_find_next_cap(bus: pci_bus, devfn: int, pos: int, cap: int) -> int:
    """Follow the capability list from the pointer at *pos*.

    C: drivers/pci/pci.c, static, base
    :return: offset of the capability, 0 if there is none"""
    return __pci_find_next_cap_ttl(bus, devfn, pos, cap, PCI_FIND_CAP_TTL)


def pci_find_next_capability(dev: pci_dev, pos: int, cap: int) -> int:
    """Find the next capability *cap* behind the one at *pos*.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    return __pci_find_next_cap(dev.bus, dev.devfn, pos + PCI_CAP_LIST_NEXT, cap)


EXPORT_SYMBOL_GPL(pci_find_next_capability)


def __pci_bus_find_cap_start(bus: pci_bus, devfn: int, hdr_type: int) -> int:
    """Find where the pointer to the first capability is.

    C: drivers/pci/pci.c, static, base
    :return: its offset, 0 if the function has no capability list"""
    _, status = pci_bus_read_config_word(bus, devfn, PCI_STATUS)
    if not status & PCI_STATUS_CAP_LIST:
        return 0
    if hdr_type in (PCI_HEADER_TYPE_NORMAL, PCI_HEADER_TYPE_BRIDGE):
        return PCI_CAPABILITY_LIST
    if hdr_type == PCI_HEADER_TYPE_CARDBUS:
        return PCI_CB_CAPABILITY_LIST
    return 0


def pci_find_capability(dev: pci_dev, cap: int) -> int:
    """Find the capability *cap* (PCI_CAP_ID_*) of *dev*.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    pos = __pci_bus_find_cap_start(dev.bus, dev.devfn, dev.hdr_type)
    if pos:
        pos = __pci_find_next_cap(dev.bus, dev.devfn, pos, cap)
    return pos


EXPORT_SYMBOL(pci_find_capability)


def pci_bus_find_capability(bus: pci_bus, devfn: int, cap: int) -> int:
    """Find the capability *cap* of a function that has no pci_dev yet.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    _, hdr_type = pci_bus_read_config_byte(bus, devfn, PCI_HEADER_TYPE)
    pos = __pci_bus_find_cap_start(bus, devfn, hdr_type & PCI_HEADER_TYPE_MASK)
    if pos:
        pos = __pci_find_next_cap(bus, devfn, pos, cap)
    return pos


EXPORT_SYMBOL(pci_bus_find_capability)


def pci_find_next_ext_capability(dev: pci_dev, start: int, cap: int) -> int:
    """Find the next extended capability *cap* (PCI_EXT_CAP_ID_*) behind the one at *start* (0: from the first).

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    pos = PCI_CFG_SPACE_SIZE
    ttl = (PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) // 8  # none is shorter than 8 bytes
    if dev.cfg_size <= PCI_CFG_SPACE_SIZE:
        return 0
    if start:
        pos = start
    status, header = pci_bus_read_config_dword(dev.bus, dev.devfn, pos)
    if status != PCIBIOS_SUCCESSFUL:
        return 0
    # An empty list is one header of zeros.
    if header == 0:
        return 0
    while ttl > 0:
        ttl -= 1
        if PCI_EXT_CAP_ID(header) == cap and pos != start:
            return pos
        pos = PCI_EXT_CAP_NEXT(header)
        if pos < PCI_CFG_SPACE_SIZE:
            break
        status, header = pci_bus_read_config_dword(dev.bus, dev.devfn, pos)
        if status != PCIBIOS_SUCCESSFUL:
            break
    return 0


EXPORT_SYMBOL_GPL(pci_find_next_ext_capability)


def pci_find_ext_capability(dev: pci_dev, cap: int) -> int:
    """Find the extended capability *cap* (PCI_EXT_CAP_ID_*) of *dev*.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    return pci_find_next_ext_capability(dev, 0, cap)


EXPORT_SYMBOL_GPL(pci_find_ext_capability)
