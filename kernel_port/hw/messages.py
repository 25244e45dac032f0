# SPDX-License-Identifier: GPL-2.0-only
"""Message signaled interrupts, MSI and MSI-X, as the registers of a function have them."""

from __future__ import annotations

from typing import NamedTuple

from ..pci_regs import (
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_MSI_ADDRESS_HI,
    PCI_MSI_ADDRESS_LO,
    PCI_MSI_DATA_32,
    PCI_MSI_DATA_64,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSI_FLAGS_ENABLE,
    PCI_MSI_FLAGS_QSIZE,
    PCI_MSIX_FLAGS,
    PCI_MSIX_FLAGS_ENABLE,
)
from .config_space import capabilities, dword, word


class Messages(NamedTuple):
    """How a function interrupts."""

    msi_vectors: int = 0
    """How many MSI messages it may send, 0 if MSI is off."""
    msi: tuple[int, int, int] | None = None
    """The first one: address, its upper half, data."""
    msix: bool = False
    """Whether MSI-X is on."""


#: Neither MSI nor MSI-X is on.
SILENT = Messages()


def messages(config: bytes) -> Messages:
    """Return how a function with these registers interrupts; of two capabilities with one ID the first counts."""
    vectors, message, msix, seen = 0, None, False, set()
    for identity, position in capabilities(config):
        if identity in seen or position + PCI_MSI_DATA_64 + 2 > len(config):
            continue
        seen.add(identity)
        if identity == PCI_CAP_ID_MSI:
            flags = word(config, position + PCI_MSI_FLAGS)
            if flags & PCI_MSI_FLAGS_ENABLE:
                vectors = 1 << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4)
                low, high, data = dword(config, position + PCI_MSI_ADDRESS_LO), 0, PCI_MSI_DATA_32
                if flags & PCI_MSI_FLAGS_64BIT:
                    high, data = dword(config, position + PCI_MSI_ADDRESS_HI), PCI_MSI_DATA_64
                message = (low, high, word(config, position + data))
        elif identity == PCI_CAP_ID_MSIX:
            msix = bool(word(config, position + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE)
    return Messages(vectors, message, msix)
