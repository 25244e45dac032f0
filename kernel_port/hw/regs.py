# SPDX-License-Identifier: GPL-2.0-only
"""The register table, headers: which bits software may change, and what a reset makes of them.

One row per register. Bits no column names are read-only and keep the value of the machine's description, whatever
happens. Clauses in the comments: PCI = PCI Local Bus 3.0, BR = PCI-to-PCI Bridge Architecture 1.2, PCIe = PCI Express
Base 3.0, CB = PC Card Standard 8. Where silicon of different makes differs, a row follows what the golden traces'
hardware does, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import pci_regs
from ..pci_regs import (
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_BRIDGE_CTL_ISA,
    PCI_BRIDGE_CTL_MASTER_ABORT,
    PCI_BRIDGE_CTL_PARITY,
    PCI_BRIDGE_CTL_SERR,
    PCI_BRIDGE_CTL_VGA,
    PCI_COMMAND_INTX_DISABLE,
    PCI_COMMAND_INVALIDATE,
    PCI_COMMAND_IO,
    PCI_COMMAND_MASTER,
    PCI_COMMAND_MEMORY,
    PCI_COMMAND_PARITY,
    PCI_COMMAND_SERR,
    PCI_STATUS_DETECTED_PARITY,
    PCI_STATUS_INTERRUPT,
    PCI_STATUS_PARITY,
    PCI_STATUS_REC_MASTER_ABORT,
    PCI_STATUS_REC_TARGET_ABORT,
    PCI_STATUS_SIG_SYSTEM_ERROR,
    PCI_STATUS_SIG_TARGET_ABORT,
)


@dataclass(frozen=True, slots=True)
class Register:
    """One register: a name of pci_regs, a size in bytes, and columns of bits. rw, w1c and w1t are disjoint."""

    name: str
    size: int
    #: Written as given.
    rw: int = 0
    #: Cleared by writing 1; 0 after a reset.
    w1c: int = 0
    #: Writing 1 triggers something; reads 0.
    w1t: int = 0
    #: What the rw bits are after a reset.
    reset: int = 0
    #: rw and w1c bits that only the loss of power resets.
    sticky: int = 0
    #: Read-only bits that hardware raises and a reset clears.
    raised: int = 0
    #: rw bits that a function level reset leaves alone, because they belong to the link or to all functions.
    shared: int = 0
    #: Where the header or capability begins.
    base: int = 0
    #: Offset of the register in configuration space, bytes.
    start: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.base + getattr(pci_regs, self.name))

    @property
    def ro(self) -> int:
        """The bits that nothing changes."""
        return ((1 << 8 * self.size) - 1) & ~(self.rw | self.w1c | self.w1t)


COMMAND = (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR
           | PCI_COMMAND_INTX_DISABLE)
ERRORS = (PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT
          | PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)
BRIDGE_CTL_VGA_16BIT = 0x10  # BR 3.2.5.18; pci_regs.h of Linux 3.11 has no name for it
LATENCY = 0xf8  # PCI 6.2.4: the low three bits may be read-only, and are

#: PCI 6.2: what all header types share, on PCI Express.
COMMON = (
    Register("PCI_COMMAND", 2, rw=COMMAND),                      # PCI 6.2.2, PCIe 7.5.1.1
    Register("PCI_STATUS", 2, w1c=ERRORS, raised=PCI_STATUS_INTERRUPT),  # PCI 6.2.3
    Register("PCI_CACHE_LINE_SIZE", 1, rw=0xff),                 # PCI 6.2.4; PCIe 7.5.1.3: no effect
    Register("PCI_INTERRUPT_LINE", 1, rw=0xff),                  # PCI 6.2.4; its reset value is nobody's business
)

#: The same on conventional PCI.
COMMON_CONVENTIONAL = (
    Register("PCI_COMMAND", 2, rw=COMMAND | PCI_COMMAND_INVALIDATE),
    *COMMON[1:],
    Register("PCI_LATENCY_TIMER", 1, rw=LATENCY),                # PCI 6.2.4; PCIe 7.5.1.4: hardwired to 0
)

#: BR 3.2: a bridge on PCI Express.
BRIDGE = (
    Register("PCI_PRIMARY_BUS", 1, rw=0xff),                     # BR 3.2.5.2
    Register("PCI_SECONDARY_BUS", 1, rw=0xff),                   # BR 3.2.5.3
    Register("PCI_SUBORDINATE_BUS", 1, rw=0xff),                 # BR 3.2.5.4
    Register("PCI_IO_BASE", 1, rw=0xf0),                         # BR 3.2.5.6: the low nibble says 16 or 32 bit
    Register("PCI_IO_LIMIT", 1, rw=0xf0),
    Register("PCI_SEC_STATUS", 2, w1c=ERRORS),                   # BR 3.2.5.7
    Register("PCI_MEMORY_BASE", 2, rw=0xfff0),                   # BR 3.2.5.8
    Register("PCI_MEMORY_LIMIT", 2, rw=0xfff0),
    Register("PCI_PREF_MEMORY_BASE", 2, rw=0xfff0),              # BR 3.2.5.9: the low nibble says 32 or 64 bit
    Register("PCI_PREF_MEMORY_LIMIT", 2, rw=0xfff0),
    Register("PCI_BRIDGE_CONTROL", 2,                            # PCIe 7.5.3.6; Master Abort Mode is hardwired to 0
             rw=PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_ISA | PCI_BRIDGE_CTL_VGA
             | BRIDGE_CTL_VGA_16BIT | PCI_BRIDGE_CTL_BUS_RESET),
)

#: The same on conventional PCI. BR 3.2.5.18 also has fast back-to-back and discard timers; the golden hardware has not.
BRIDGE_CONVENTIONAL = (
    *BRIDGE[:-1],
    Register("PCI_SEC_LATENCY_TIMER", 1, rw=LATENCY),            # BR 3.2.5.5
    Register("PCI_BRIDGE_CONTROL", 2, rw=BRIDGE[-1].rw | PCI_BRIDGE_CTL_MASTER_ABORT),
)

#: Only where the low nibble of the base says so.
BRIDGE_IO_32 = (
    Register("PCI_IO_BASE_UPPER16", 2, rw=0xffff),               # BR 3.2.5.11
    Register("PCI_IO_LIMIT_UPPER16", 2, rw=0xffff),
)
BRIDGE_PREF_64 = (
    Register("PCI_PREF_BASE_UPPER32", 4, rw=0xffffffff),         # BR 3.2.5.10
    Register("PCI_PREF_LIMIT_UPPER32", 4, rw=0xffffffff),
)

#: CB 4.5.2: CardBus bridges, as far as routing and reset go; their windows are left out (read-only).
CARDBUS = (
    Register("PCI_CB_PRIMARY_BUS", 1, rw=0xff),
    Register("PCI_CB_CARD_BUS", 1, rw=0xff),
    Register("PCI_CB_SUBORDINATE_BUS", 1, rw=0xff),
    Register("PCI_CB_BRIDGE_CONTROL", 2, rw=BRIDGE[-1].rw | PCI_BRIDGE_CTL_MASTER_ABORT),
)

#: Number of base address registers by header type.
BARS = {0: 6, 1: 2, 2: 1}
