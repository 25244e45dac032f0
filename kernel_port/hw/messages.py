# SPDX-License-Identifier: GPL-2.0-only
"""Interrupts that are messages, MSI and MSI-X, as the registers of a function describe them."""

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
    """How many messages it may send by MSI, 0 if that is not enabled."""
    msi: tuple[int, int, int] | None = None
    """The first of them: address, its upper half, data."""
    msix: bool = False
    """It sends the messages of its table, by MSI-X."""


#: It sends no messages.
SILENT = Messages()


def messages(config: bytes) -> Messages:
    """Find out how a function with these registers interrupts; of two capabilities of a kind the first counts."""
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
