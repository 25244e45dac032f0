# SPDX-License-Identifier: GPL-2.0-only
"""The registers of QEMU's device models, as of QEMU 7.2: fewer writable bits, and less that a reset touches.

A reset in QEMU sets back the command and status registers, cache line size, interrupt line, base addresses, MSI and
MSI-X, and what the model of the device names; everything else keeps its value, as if it were sticky.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..pci_regs import (
    PCI_BRIDGE_CTL_FAST_BACK,
    PCI_BRIDGE_CTL_MASTER_ABORT,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_CAP_ID_PM,
    PCI_CAP_ID_SATA,
    PCI_CAP_ID_SHPC,
    PCI_CAP_ID_SLOTID,
    PCI_CAP_ID_SSVID,
    PCI_CAP_ID_VNDR,
    PCI_CAP_ID_VPD,
    PCI_COMMAND_PARITY,
    PCI_EXP_DEVCTL2_ARI,
    PCI_EXP_DEVCTL_CERE,
    PCI_EXP_DEVCTL_FERE,
    PCI_EXP_DEVCTL_NFERE,
    PCI_EXP_DEVCTL_URRE,
    PCI_EXP_LNKCTL_CCC,
    PCI_EXP_LNKCTL_ES,
    PCI_EXP_LNKCTL_LD,
    PCI_EXP_RTCTL_SECEE,
    PCI_EXP_RTCTL_SEFEE,
    PCI_EXP_RTCTL_SENFEE,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_PCP,
    PCI_EXP_SLTCTL_ABPE,
    PCI_EXP_SLTCTL_AIC,
    PCI_EXP_SLTCTL_CCIE,
    PCI_EXP_SLTCTL_EIC,
    PCI_EXP_SLTCTL_HPIE,
    PCI_EXP_SLTCTL_PCC,
    PCI_EXP_SLTCTL_PDCE,
    PCI_EXP_SLTCTL_PIC,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_ABP,
    PCI_EXP_SLTSTA_CC,
    PCI_EXP_SLTSTA_EIS,
    PCI_EXP_SLTSTA_PDC,
    PCI_EXP_SLTSTA_PDS,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_PCI_BRIDGE,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXP_TYPE_UPSTREAM,
    PCI_EXT_CAP_ID_DSN,
    PCI_EXT_CAP_ID_ERR,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSI_FLAGS_MASKBIT,
    PCI_MSI_FLAGS_QMASK,
    PCI_PM_CTRL_PME_ENABLE,
    PCI_PM_CTRL_PME_STATUS,
    PCI_PM_CTRL_STATE_MASK,
    PCI_STD_HEADER_SIZEOF,
    PCI_VENDOR_ID,
)
from .config_space import PCI_CFG_SPACE_SIZE, extended_capabilities
from .fields import FURTHER_FIELDS
from .layout import Layout
from .regs import BRIDGE_CONVENTIONAL, BRIDGE_CTL, COMMAND, Register

_DISCARD_TIMERS = (
    FURTHER_FIELDS["PCI_BRIDGE_CTL_DISCARD"]
    | FURTHER_FIELDS["PCI_BRIDGE_CTL_SEC_DISCARD"]
    | FURTHER_FIELDS["PCI_BRIDGE_CTL_DISCARD_SERR"]
)
_DISCARD_STATUS = FURTHER_FIELDS["PCI_BRIDGE_CTL_DISCARD_STATUS"]
_PREFIX_BLOCKING = 0x8000
_VENDOR_SPECIFIC_LENGTH = 2  # PCI 6.8, Vendor Specific: the byte after the pointer
_POWER_INDICATOR_ON = 0x0100
_VIRTIO_VENDOR = 0x1AF4
_E1000E = 0x10D38086
_DATA_SELECT = 0x1E00  # PM 3.2.4
#: Bytes of capabilities that have no row and can be written: SHPC's DWORD Select, and the number of the chassis.
_WRITABLE = {PCI_CAP_ID_SHPC: 2, PCI_CAP_ID_SLOTID: 3}
#: What of Link Control virtio's device models let be written.
_LINK_CLOCKS = PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES
#: Multiple Header Recording Capable, and its enable (PCIe 7.10.7).
_MULTIPLE_HEADERS, _RECORD_MULTIPLE = 0x200, 0x400
_ERROR_REPORTING = PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE
_SLOT_CONTROL = (
    PCI_EXP_SLTCTL_PIC
    | PCI_EXP_SLTCTL_AIC
    | PCI_EXP_SLTCTL_HPIE
    | PCI_EXP_SLTCTL_CCIE
    | PCI_EXP_SLTCTL_PDCE
    | PCI_EXP_SLTCTL_ABPE
)

#: Columns that differ from silicon's, in every device that has the register.
COLUMNS: dict[str, dict[str, Any]] = {
    "PCI_COMMAND": {"rw": COMMAND & ~PCI_COMMAND_PARITY},
    "PCI_LATENCY_TIMER": {"rw": 0},
    "PCI_BRIDGE_CONTROL": {
        "rw": (BRIDGE_CONVENTIONAL[-1].rw | PCI_BRIDGE_CTL_MASTER_ABORT | PCI_BRIDGE_CTL_FAST_BACK | _DISCARD_TIMERS),
        "w1c": _DISCARD_STATUS,
    },
    # The upper halves of the I/O window are never implemented.
    "PCI_IO_BASE_UPPER16": {"rw": 0},
    "PCI_IO_LIMIT_UPPER16": {"rw": 0},
    "PCI_SEC_LATENCY_TIMER": {"rw": 0xFF},
    "PCI_EXP_DEVCTL": {"rw": _ERROR_REPORTING, "reset": 0, "shared": 0, "sticky": 0},
    "PCI_EXP_LNKCTL": {"rw": 0, "w1t": 0, "shared": 0},
    "PCI_EXP_LNKSTA": {"w1c": 0},
    # Data Link Layer State Changed Enable is not writable, nor are power fault and latch.
    "PCI_EXP_SLTSTA": {
        "w1c": PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC,
        "raised": PCI_EXP_SLTSTA_EIS,
    },
    "PCI_EXP_RTCTL": {"rw": PCI_EXP_RTCTL_SECEE | PCI_EXP_RTCTL_SENFEE | PCI_EXP_RTCTL_SEFEE},
    "PCI_EXP_RTSTA": {"w1c": 0},
    "PCI_EXP_LNKCTL2": {"rw": 0, "reset": 0, "sticky": 0},
    # What is masked does not show, and cannot be changed.
    "PCI_ERR_UNCOR_MASK": {"rw": 0, "sticky": 0},
}

#: Registers that keep their value through a reset, whatever the device.
KEPT = {"PCI_PM_CTRL", "PCI_X_CMD", "PCI_EXP_DEVSTA", "PCI_EXP_DEVCTL2", "PCI_ARI_CTRL", "PCI_ATS_CTRL"}

_PORTS = (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_UPSTREAM, PCI_EXP_TYPE_DOWNSTREAM)
_SLOT_PORTS = (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM)


#: Capability ID -> its length in bytes. EXP, MSI and VNDR give their own; any other has at least 4.
LENGTHS = {
    PCI_CAP_ID_PM: 8,
    PCI_CAP_ID_VPD: 8,
    PCI_CAP_ID_SLOTID: 4,
    PCI_CAP_ID_SHPC: 8,
    PCI_CAP_ID_SSVID: 8,
    PCI_CAP_ID_MSIX: 12,
    PCI_CAP_ID_SATA: 8,
    PCI_CAP_ID_AF: 6,
}

#: Extended capability ID -> its length in bytes; any other has 8.
EXTENDED_LENGTHS = {PCI_EXT_CAP_ID_ERR: 0x48, PCI_EXT_CAP_ID_DSN: 12}


def storage(layout: Layout) -> tuple[tuple[int, int], ...]:
    """Return the bytes that are plain memory: after the header and in no capability, and a few that are in one."""
    taken = {byte for where, length in _capabilities(layout) for byte in range(where, where + length)}
    taken -= {position + _WRITABLE[identity] for identity, position in layout.capability_list if identity in _WRITABLE}
    if layout.config[PCI_CFG_SPACE_SIZE:]:
        taken |= {*range(PCI_CFG_SPACE_SIZE, PCI_CFG_SPACE_SIZE + 4)}  # the list begins here, if there is one or not
        for identity, position in extended_capabilities(layout.config):
            taken |= {*range(position, position + EXTENDED_LENGTHS.get(identity, 8))}
    return tuple((byte, 1) for byte in range(PCI_STD_HEADER_SIZEOF, len(layout.config)) if byte not in taken)


def _capabilities(layout: Layout) -> Iterator[tuple[int, int]]:
    for identity, position in layout.capability_list:
        if identity == PCI_CAP_ID_EXP:
            yield position, 0x3C if layout.exp_version >= 2 else 0x14
        elif identity == PCI_CAP_ID_MSI:
            flags = layout.word(position + PCI_MSI_FLAGS)
            masked = 0x0A if flags & PCI_MSI_FLAGS_MASKBIT else 0
            yield position, (0x0E if flags & PCI_MSI_FLAGS_64BIT else 0x0A) + masked
        elif identity == PCI_CAP_ID_VNDR:
            yield position, max(4, layout.config[position + _VENDOR_SPECIFIC_LENGTH])
        else:
            yield position, LENGTHS.get(identity, 4)


def registers(layout: Layout) -> tuple[Register, ...]:
    """Return all rows of a function, as QEMU emulates them."""
    return tuple(_emulated(layout))


def registers_with_links(layout: Layout) -> tuple[Register, ...]:
    """Return the same for the QEMU whose links follow a reset: there Link Disable of ports with a slot is writable."""
    return tuple(
        replace(row, rw=PCI_EXP_LNKCTL_LD) if row.name == "PCI_EXP_LNKCTL" and layout.has_slot else row
        for row in _emulated(layout)
    )


def _emulated(layout: Layout) -> Iterator[Register]:
    rows = layout.registers()
    if layout.is_bridge and not any(row.name == "PCI_SEC_LATENCY_TIMER" for row in rows):
        # It is beside the bus numbers, and as writable as they are.
        rows += (Register("PCI_SEC_LATENCY_TIMER"),)
    virtio = layout.word(PCI_VENDOR_ID) == _VIRTIO_VENDOR
    for register in rows:
        row = replace(register, **COLUMNS.get(register.name, {}))
        match row.name:
            case "PCI_EXP_DEVCTL":
                # Most device models do not report errors, so there is nothing to enable.
                reports = virtio or layout.port_type in (*_PORTS, PCI_EXP_TYPE_PCI_BRIDGE)
                row = row if reports else replace(row, rw=0)
                yield row if virtio or layout.port_type in _PORTS else _kept(row)
            case "PCI_EXP_LNKCTL" if virtio:
                yield replace(row, rw=_LINK_CLOCKS)
            case "PCI_BRIDGE_CONTROL" if layout.port_type in _PORTS:
                # Hardwired to 0: what only conventional PCI has.
                yield replace(row, rw=BRIDGE_CTL, w1c=0)
            case "PCI_ERR_CAP" if layout.dword(row.start) & _MULTIPLE_HEADERS:
                yield _kept(replace(row, rw=row.rw | _RECORD_MULTIPLE))
            case "PCI_EXP_DEVCTL2":
                forwarding = row.rw & PCI_EXP_DEVCTL2_ARI
                row = replace(row, rw=_PREFIX_BLOCKING | forwarding)
                yield replace(row, sticky=row.rw & ~(forwarding if layout.port_type in _SLOT_PORTS else 0))
            case "PCI_EXP_SLTCTL":
                yield _slot_control(row, layout)
            case "PCI_PM_CTRL":
                yield _power_control(row, layout)
            case "PCI_MSI_MASK_32" | "PCI_MSI_MASK_64":
                # One bit per message.
                messages = layout.word(row.base + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_QMASK
                yield replace(row, rw=(1 << (1 << (messages >> 1))) - 1 & 0xFFFFFFFF)
            case "PCI_IO_BASE" | "PCI_MEMORY_BASE" | "PCI_PREF_MEMORY_BASE":
                # Root ports come out of reset with closed windows, other bridges with windows at 0.
                yield replace(row, reset=row.rw if layout.port_type == PCI_EXP_TYPE_ROOT_PORT else 0)
            case _:
                yield _kept(row) if row.name in KEPT else row


def _kept(row: Register) -> Register:
    return replace(row, sticky=row.rw | row.w1c)


def _power_control(row: Register, layout: Layout) -> Register:
    """Return the row of PMCSR: the power state alone, and of bridges not even that; only virtio resets it."""
    row = replace(row, rw=0 if layout.is_bridge else PCI_PM_CTRL_STATE_MASK, w1c=0, sticky=0, context=0)
    if layout.word(PCI_VENDOR_ID) == _VIRTIO_VENDOR:
        return row
    if layout.dword(PCI_VENDOR_ID) == _E1000E:
        row = replace(row, rw=row.rw | PCI_PM_CTRL_PME_ENABLE | _DATA_SELECT, w1c=PCI_PM_CTRL_PME_STATUS)
    return _kept(row)


def _slot_control(row: Register, layout: Layout) -> Register:
    """Return the row of Slot Control. A reset turns on the power of an occupied slot with a power controller."""
    rw, reset = _SLOT_CONTROL, PCI_EXP_SLTCTL_AIC
    if layout.exp(PCI_EXP_SLTCAP) & PCI_EXP_SLTCAP_PCP:
        rw |= PCI_EXP_SLTCTL_PCC
        occupied = layout.exp(PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS
        reset |= _POWER_INDICATOR_ON if occupied else PCI_EXP_SLTCTL_PIC | PCI_EXP_SLTCTL_PCC
    return replace(row, rw=rw, w1t=PCI_EXP_SLTCTL_EIC, reset=reset)
