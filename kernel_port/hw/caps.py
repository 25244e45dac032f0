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
    PCI_EXP_DEVCTL_AUX_PME,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_EXP_DEVCTL_PAYLOAD,
    PCI_EXP_DEVSTA_CED,
    PCI_EXP_DEVSTA_FED,
    PCI_EXP_DEVSTA_NFED,
    PCI_EXP_DEVSTA_TRPND,
    PCI_EXP_DEVSTA_URD,
    PCI_EXP_LNKCTL_RL,
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
    PCI_SRIOV_CTRL_ARI,
    PCI_SRIOV_CTRL_MSE,
    PCI_SRIOV_CTRL_VFE,
)
from .regs import Register

PM = (
    Register("PCI_PM_CTRL",             rw=PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE, w1c=PCI_PM_CTRL_PME_STATUS),
)
#: PME context survives the reset of a wake-up where the function supports PME from D3hot,
PM_D3HOT = (
    Register("PCI_PM_CTRL",             rw=PCI_PM_CTRL_STATE_MASK | PCI_PM_CTRL_PME_ENABLE, w1c=PCI_PM_CTRL_PME_STATUS,
                                        context=PCI_PM_CTRL_PME_ENABLE | PCI_PM_CTRL_PME_STATUS),
)
#: and every reset except power loss where it supports PME from D3cold.
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
    Register("PCI_EXP_DEVCTL",          rw=0x7fff, reset=0x2810, shared=PCI_EXP_DEVCTL_PAYLOAD,
                                        sticky=PCI_EXP_DEVCTL_AUX_PME),
    Register("PCI_EXP_DEVSTA",          w1c=PCI_EXP_DEVSTA_CED | PCI_EXP_DEVSTA_NFED | PCI_EXP_DEVSTA_FED
                                        | PCI_EXP_DEVSTA_URD,
                                        raised=PCI_EXP_DEVSTA_TRPND),
)
#: Functions that advertise FLR; elsewhere bit 15 of Device Control does something else or nothing.
EXP_FLR = (
    Register("PCI_EXP_DEVCTL",          rw=0x7fff, w1t=PCI_EXP_DEVCTL_BCR_FLR, reset=0x2810,
                                        shared=PCI_EXP_DEVCTL_PAYLOAD, sticky=PCI_EXP_DEVCTL_AUX_PME),
    EXP[1],
)

#: Functions that have a link.
EXP_LINK = (
    Register("PCI_EXP_LNKCTL",          rw=0x01cb, shared=0x01cb),
    Register("PCI_EXP_LNKSTA",          w1c=PCI_EXP_LNKSTA_LBMS | PCI_EXP_LNKSTA_LABS),
)

#: The upper end of a link can disable and retrain it.
EXP_LINK_PORT = (
    Register("PCI_EXP_LNKCTL",          rw=0x01db, w1t=PCI_EXP_LNKCTL_RL, shared=0x01db),
    EXP_LINK[1],
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
#: Target Link Speed etc.; de-emphasis (0x40) is implementation-specific.
EXP_2_LINK = (
    Register("PCI_EXP_LNKCTL2",         rw=0xffbf, sticky=0xffbf),
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

#: The first channel: it is always on, has ID 0, and carries at least the first traffic class. It belongs to the link,
#: so FLR leaves it alone.
VC = (
    Register("PCI_VC_PORT_CTRL",        rw=0x000e, w1t=0x0001, shared=0x000e),
    Register("PCI_VC_RES_CTRL",         rw=0x000e00fe, w1t=0x00010000, reset=0x000000fe, shared=0x000e00fe),
)
#: A channel beyond the first.
VC_FURTHER = (
    Register("PCI_VC_RES_CTRL",         rw=0x870e00fe, w1t=0x00010000, shared=0x870e00fe),
)
LTR = (
    Register("PCI_LTR_MAX_SNOOP_LAT",   rw=0x1fff),
    Register("PCI_LTR_MAX_NOSNOOP_LAT", rw=0x1fff),
)
#: Page sizes: only supported ones can be set; 4 KiB after reset.
SRIOV = (
    Register("PCI_SRIOV_CTRL",          rw=PCI_SRIOV_CTRL_VFE | PCI_SRIOV_CTRL_MSE | PCI_SRIOV_CTRL_ARI),
    Register("PCI_SRIOV_NUM_VF",        rw=0xffff),
    Register("PCI_SRIOV_SYS_PGSIZE",    rw=0xffffffff, reset=0x00000001),
)
#: The size after reset is device-specific. The BAR itself does not change its size here.
REBAR = (
    Register("PCI_REBAR_CTRL",          rw=0x1f00),
)
#: FLR leaves it alone, as it does the control of other link power states.
L1SS = (
    Register("PCI_L1SS_CTL1",           rw=0xe3ff000f, shared=0xe3ff000f),
    Register("PCI_L1SS_CTL2",           rw=0x000000fb, shared=0x000000fb),
)
#: The upper end of the link sets the time to restore common mode.
L1SS_PORT = (
    Register("PCI_L1SS_CTL1",           rw=0xe3ffff0f, shared=0xe3ffff0f),
    L1SS[1],
)
#: Triggering by software is not modelled.
DPC = (
    Register("PCI_EXP_DPC_CTL",         rw=0x00bf, w1t=0x0040),
    Register("PCI_EXP_DPC_STATUS",      w1c=0x0009, sticky=0x0009),
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
