# SPDX-License-Identifier: GPL-2.0-only
"""The register table, headers: which bits software may change, and what a reset makes of them.

One row per register of the data sheet (registers.py has its offset, size and clause). Bits in no column are read-only
and always keep the value of the machine's description. Where silicon differs, a row does what the golden traces'
hardware does, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
from .fields import FURTHER_FIELDS
from .registers import SHEET


@dataclass(frozen=True, slots=True)
class Register:
    """One register: its name in the data sheet, and columns of bits. rw, w1c and w1t are disjoint."""

    name: str
    #: Written as given.
    rw: int = 0
    #: Cleared by writing 1; 0 after a reset.
    w1c: int = 0
    #: Writing 1 triggers something; reads 0.
    w1t: int = 0
    #: The rw bits after a reset.
    reset: int = 0
    #: rw and w1c bits that only the loss of power resets.
    sticky: int = 0
    #: Read-only bits that hardware raises and a reset clears.
    raised: int = 0
    #: rw bits that a function level reset leaves alone: they belong to the link or to all functions.
    shared: int = 0
    #: rw and w1c bits that a wake-up from D3hot does not change.
    context: int = 0
    #: Where the header or capability begins.
    base: int = 0
    #: Bytes, as the data sheet says.
    size: int = field(init=False, compare=False)
    #: Offset of the register in configuration space, bytes.
    start: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        row = SHEET[self.name]
        object.__setattr__(self, "size", row.size)
        object.__setattr__(self, "start", self.base + row.offset)

    @property
    def ro(self) -> int:
        """The bits that nothing changes."""
        return ((1 << 8 * self.size) - 1) & ~(self.rw | self.w1c | self.w1t)


COMMAND = (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY | PCI_COMMAND_SERR
           | PCI_COMMAND_INTX_DISABLE)
ERRORS = (PCI_STATUS_PARITY | PCI_STATUS_SIG_TARGET_ABORT | PCI_STATUS_REC_TARGET_ABORT | PCI_STATUS_REC_MASTER_ABORT
          | PCI_STATUS_SIG_SYSTEM_ERROR | PCI_STATUS_DETECTED_PARITY)
BRIDGE_CTL = (PCI_BRIDGE_CTL_PARITY | PCI_BRIDGE_CTL_SERR | PCI_BRIDGE_CTL_ISA | PCI_BRIDGE_CTL_VGA
              | FURTHER_FIELDS["PCI_BRIDGE_CTL_VGA_16BIT"] | PCI_BRIDGE_CTL_BUS_RESET)
LATENCY = 0xf8  # the low three bits may be read-only, and are here

#: What all header types share, on PCI Express.
COMMON = (
    Register("PCI_COMMAND",             rw=COMMAND),
    Register("PCI_STATUS",              w1c=ERRORS, raised=PCI_STATUS_INTERRUPT),
    Register("PCI_CACHE_LINE_SIZE",     rw=0xff),                   # without effect
    Register("PCI_INTERRUPT_LINE",      rw=0xff),                   # no reset value is specified
)

#: The same on conventional PCI; PCI Express has the latency timer hardwired to 0.
COMMON_CONVENTIONAL = (
    Register("PCI_COMMAND",             rw=COMMAND | PCI_COMMAND_INVALIDATE),
    *COMMON[1:],
    Register("PCI_LATENCY_TIMER",       rw=LATENCY),
)

#: A bridge on PCI Express.
BRIDGE = (
    Register("PCI_PRIMARY_BUS",         rw=0xff),
    Register("PCI_SECONDARY_BUS",       rw=0xff),
    Register("PCI_SUBORDINATE_BUS",     rw=0xff),
    Register("PCI_IO_BASE",             rw=0xf0),                   # the low nibble says 16 or 32 bit
    Register("PCI_IO_LIMIT",            rw=0xf0),
    Register("PCI_SEC_STATUS",          w1c=ERRORS),
    Register("PCI_MEMORY_BASE",         rw=0xfff0),
    Register("PCI_MEMORY_LIMIT",        rw=0xfff0),
    Register("PCI_PREF_MEMORY_BASE",    rw=0xfff0),                 # the low nibble says 32 or 64 bit
    Register("PCI_PREF_MEMORY_LIMIT",   rw=0xfff0),
    Register("PCI_BRIDGE_CONTROL",      rw=BRIDGE_CTL),             # Master Abort Mode is hardwired to 0
)

#: The same on conventional PCI. There are also fast back-to-back and discard timers; the golden hardware has none.
BRIDGE_CONVENTIONAL = (
    *BRIDGE[:-1],
    Register("PCI_SEC_LATENCY_TIMER",   rw=LATENCY),
    Register("PCI_BRIDGE_CONTROL",      rw=BRIDGE_CTL | PCI_BRIDGE_CTL_MASTER_ABORT),
)

#: Only where the low nibble of the base says so.
BRIDGE_IO_32 = (
    Register("PCI_IO_BASE_UPPER16",     rw=0xffff),
    Register("PCI_IO_LIMIT_UPPER16",    rw=0xffff),
)
BRIDGE_PREF_64 = (
    Register("PCI_PREF_BASE_UPPER32",   rw=0xffffffff),
    Register("PCI_PREF_LIMIT_UPPER32",  rw=0xffffffff),
)

#: CardBus bridges, as far as routing and reset go; their windows are left out (read-only).
CARDBUS = (
    Register("PCI_CB_PRIMARY_BUS",      rw=0xff),
    Register("PCI_CB_CARD_BUS",         rw=0xff),
    Register("PCI_CB_SUBORDINATE_BUS",  rw=0xff),
    Register("PCI_CB_BRIDGE_CONTROL",   rw=BRIDGE_CTL | PCI_BRIDGE_CTL_MASTER_ABORT),
)
