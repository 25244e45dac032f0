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
from .layout import Layout


class Message(NamedTuple):
    """What is written, and where."""

    address_lo: int
    address_hi: int
    data: int


def msi_vectors(layout: Layout) -> int:
    """How many messages a function may send by MSI, 0 if that is not enabled."""
    position = layout.capabilities.get(PCI_CAP_ID_MSI)
    flags = 0 if position is None else layout.word(position + PCI_MSI_FLAGS)
    return 1 << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4) if flags & PCI_MSI_FLAGS_ENABLE else 0


def msix_enabled(layout: Layout) -> bool:
    """Whether a function sends the messages of its table, MSI-X."""
    position = layout.capabilities.get(PCI_CAP_ID_MSIX)
    return position is not None and bool(layout.word(position + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE)


def msi_message(layout: Layout) -> Message | None:
    """The message of MSI, None if that is not enabled."""
    if not msi_vectors(layout):
        return None
    position = layout.capabilities[PCI_CAP_ID_MSI]
    low = layout.dword(position + PCI_MSI_ADDRESS_LO)
    if layout.word(position + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_64BIT:
        return Message(low, layout.dword(position + PCI_MSI_ADDRESS_HI), layout.word(position + PCI_MSI_DATA_64))
    return Message(low, 0, layout.word(position + PCI_MSI_DATA_32))
