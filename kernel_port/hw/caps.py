# SPDX-License-Identifier: GPL-2.0-only
"""The register table, capabilities: rows relative to the start of the capability.

A row has everything that a function may implement; layout.py picks the rows that a function has. Offsets and clauses
are in registers.py.
"""

from __future__ import annotations

from ..pci_regs import (
    PCI_AF_CTRL_FLR,
    PCI_AF_STATUS_TP,
    PCI_ERR_CAP_ECRC_CHKE,
    PCI_ERR_CAP_ECRC_GENE,
    PCI_ERR_ROOT_CMD_COR_EN,
    PCI_ERR_ROOT_CMD_FATAL_EN,
    PCI_ERR_ROOT_CMD_NONFATAL_EN,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_EXP_DEVCTL_PAYLOAD,
    PCI_EXP_DEVSTA_CED,
    PCI_EXP_DEVSTA_FED,
    PCI_EXP_DEVSTA_NFED,
    PCI_EXP_DEVSTA_TRPND,
    PCI_EXP_DEVSTA_URD,
    PCI_EXP_LNKSTA_LABS,
    PCI_EXP_LNKSTA_LBMS,
    PCI_EXP_RTSTA_PME,
    PCI_EXP_SLTCTL_EIC,
    PCI_EXP_SLTSTA_ABP,
    PCI_EXP_SLTSTA_CC,
    PCI_EXP_SLTSTA_DLLSC,
    PCI_EXP_SLTSTA_MRLSC,
    PCI_EXP_SLTSTA_PDC,
    PCI_EXP_SLTSTA_PFD,
    PCI_MSI_FLAGS_ENABLE,
    PCI_MSI_FLAGS_QSIZE,
    PCI_MSIX_FLAGS_ENABLE,
    PCI_MSIX_FLAGS_MASKALL,
    PCI_PM_CTRL_PME_ENABLE,
    PCI_PM_CTRL_PME_STATUS,
    PCI_PM_CTRL_STATE_MASK,
)
from .regs import Register

PM = (
    Register("PCI_PM_CTRL",             rw=PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE, w1c=PCI_PM_CTRL_PME_STATUS),
)
#: PME from D3cold survives resets. The golden hardware clears it.
PM_D3COLD = (
    Register("PCI_PM_CTRL",             rw=PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE, w1c=PCI_PM_CTRL_PME_STATUS,
                                        sticky=PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS),
)

#: Type 0 headers only: relaxed ordering, four split transactions.
PCIX = (
    Register("PCI_X_CMD",               rw=0x007f, reset=0x0032),
)

AF = (
    Register("PCI_AF_STATUS",           raised=PCI_AF_STATUS_TP),
)
#: Functions that advertise FLR here.
AF_FLR = (
    *AF,
    Register("PCI_AF_CTRL",             w1t=PCI_AF_CTRL_FLR),
)

MSI_32 = (
    Register("PCI_MSI_FLAGS",           rw=PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE),
    Register("PCI_MSI_ADDRESS_LO",      rw=0xfffffffc),
    Register("PCI_MSI_DATA_32",         rw=0xffff),
)
MSI_64 = (
    *MSI_32[:2],
    Register("PCI_MSI_ADDRESS_HI",      rw=0xffffffff),
    Register("PCI_MSI_DATA_64",         rw=0xffff),
)
MSI_MASK_32 = (
    Register("PCI_MSI_MASK_32",         rw=0xffffffff),
)
MSI_MASK_64 = (
    Register("PCI_MSI_MASK_64",         rw=0xffffffff),
)

MSIX = (
    Register("PCI_MSIX_FLAGS",          rw=PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL),
)

#: Every PCI Express function. Max_Payload_Size belongs to the whole path.
EXP = (
    Register("PCI_EXP_DEVCTL",          rw=0x7fff, reset=0x2810, shared=PCI_EXP_DEVCTL_PAYLOAD),
    Register("PCI_EXP_DEVSTA",          w1c=PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_FED
                                        | PCI_EXP_DEVSTA_URD,
                                        raised=PCI_EXP_DEVSTA_TRPND),
)
#: Functions that advertise FLR; elsewhere bit 15 of Device Control does something else or nothing.
EXP_FLR = (
    Register("PCI_EXP_DEVCTL",          rw=0x7fff, w1t=PCI_EXP_DEVCTL_BCR_FLR, reset=0x2810,
                                        shared=PCI_EXP_DEVCTL_PAYLOAD),
    EXP[1],
)

#: Functions with a link. Retrain Link (0x20) reads 0 in the specification; the golden hardware stores it.
EXP_LINK = (
    Register("PCI_EXP_LNKCTL",          rw=0x01fb, shared=0x01fb),
    Register("PCI_EXP_LNKSTA",          w1c=PCI_EXP_LNKSTA_LBMS | PCI_EXP_LNKSTA_LABS),
)

#: Ports with a slot.
EXP_SLOT = (
    Register("PCI_EXP_SLTCTL",          rw=0x17ff, w1t=PCI_EXP_SLTCTL_EIC),
    Register("PCI_EXP_SLTSTA",          w1c=PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC
                                        | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC | PCI_EXP_SLTSTA_DLLSC),
)

#: Root ports and root complex event collectors. The golden hardware has no PME status.
EXP_ROOT = (
    Register("PCI_EXP_RTCTL",           rw=0x001f),
    Register("PCI_EXP_RTSTA",           w1c=PCI_EXP_RTSTA_PME),
)

#: Capability version 2. Completion timeouts always; the rest where Device Capabilities 2 has it.
EXP_2 = (
    Register("PCI_EXP_DEVCTL2",         rw=0x001f),
)
#: Sticky in the specification; the golden hardware resets it to the highest speed.
EXP_2_LINK = (
    Register("PCI_EXP_LNKCTL2",         rw=0x1fff, shared=0x1fff),
)

#: All of it survives a hot reset. Bits for errors that a function cannot have are read-only in silicon.
AER_UNCORRECTABLE = 0x03fff030
AER_CORRECTABLE = 0x0000f1c1
AER_ECRC = PCI_ERR_CAP_ECRC_GENE | PCI_ERR_CAP_ECRC_CHKE
AER = (
    Register("PCI_ERR_UNCOR_STATUS",    w1c=AER_UNCORRECTABLE, sticky=AER_UNCORRECTABLE),
    Register("PCI_ERR_UNCOR_MASK",      rw=AER_UNCORRECTABLE, sticky=AER_UNCORRECTABLE),
    Register("PCI_ERR_UNCOR_SEVER",     rw=AER_UNCORRECTABLE, sticky=AER_UNCORRECTABLE, reset=0x00062030),
    Register("PCI_ERR_COR_STATUS",      w1c=AER_CORRECTABLE, sticky=AER_CORRECTABLE),
    Register("PCI_ERR_COR_MASK",        rw=AER_CORRECTABLE, sticky=AER_CORRECTABLE, reset=0x00002000),
    Register("PCI_ERR_CAP",             rw=AER_ECRC, sticky=AER_ECRC),
)
AER_ROOT_STATUS = 0x0000007f
AER_ROOT = (
    Register("PCI_ERR_ROOT_COMMAND",    rw=PCI_ERR_ROOT_CMD_COR_EN | PCI_ERR_ROOT_CMD_NONFATAL_EN
                                        | PCI_ERR_ROOT_CMD_FATAL_EN),
    Register("PCI_ERR_ROOT_STATUS",     w1c=AER_ROOT_STATUS, sticky=AER_ROOT_STATUS),
)

#: Writable where the capability register has the bit.
ACS = (
    Register("PCI_ACS_CTRL",            rw=0x007f),
)
ARI = (
    Register("PCI_ARI_CTRL",            rw=0x0073),
)
ATS = (
    Register("PCI_ATS_CTRL",            rw=0x801f),
)


def device_control_2(capability: int) -> int:
    """Return the writable bits of Device Control 2 for *capability*, Device Capabilities 2."""
    ari = 0x0020 if capability & 0x00000020 else 0
    atomic_operations = 0x00c0 if capability & 0x000003c0 else 0
    ordering = 0x0300
    latency_tolerance = 0x0400 if capability & 0x00000800 else 0
    buffer_flush = 0x6000 if capability & 0x000c0000 else 0
    prefixes = 0x8000 if capability & 0x00200000 else 0
    return ari | atomic_operations | (ordering if capability else 0) | latency_tolerance | buffer_flush | prefixes
