# SPDX-License-Identifier: GPL-2.0-only
"""Every capability that lspci knows, for machines that are made up: ID and length, with nothing but its list entry.

Those that a description says something of are composed in compose.py.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import pci_regs


class Bare(NamedTuple):
    """A capability without content."""

    number: int
    length: int
    extended: bool


#: Name -> a conventional capability, and an extended one.
_CONVENTIONAL = {
    "agp": (pci_regs.PCI_CAP_ID_AGP, 12), "vpd": (pci_regs.PCI_CAP_ID_VPD, 8),
    "slotid": (pci_regs.PCI_CAP_ID_SLOTID, 4),
    "chswp": (pci_regs.PCI_CAP_ID_CHSWP, 4), "ht": (pci_regs.PCI_CAP_ID_HT, 20), "vndr": (pci_regs.PCI_CAP_ID_VNDR, 8),
    "dbg": (pci_regs.PCI_CAP_ID_DBG, 4), "ccrc": (pci_regs.PCI_CAP_ID_CCRC, 4), "shpc": (pci_regs.PCI_CAP_ID_SHPC, 8),
    "ssvid": (pci_regs.PCI_CAP_ID_SSVID, 8), "agp3": (pci_regs.PCI_CAP_ID_AGP3, 12),
    "secdev": (pci_regs.PCI_CAP_ID_SECDEV, 20), "msix": (pci_regs.PCI_CAP_ID_MSIX, 12),
    "sata": (pci_regs.PCI_CAP_ID_SATA, 8), "ea": (pci_regs.PCI_CAP_ID_EA, 8), "fpb": (0x15, 36),
}  # fmt: skip
_EXTENDED = {
    "err": (pci_regs.PCI_EXT_CAP_ID_ERR, 72), "vc": (pci_regs.PCI_EXT_CAP_ID_VC, 28),
    "dsn": (pci_regs.PCI_EXT_CAP_ID_DSN, 12), "pwr": (pci_regs.PCI_EXT_CAP_ID_PWR, 16),
    "rcld": (pci_regs.PCI_EXT_CAP_ID_RCLD, 32), "rcilc": (pci_regs.PCI_EXT_CAP_ID_RCILC, 12),
    "rcec": (pci_regs.PCI_EXT_CAP_ID_RCEC, 12), "mfvc": (pci_regs.PCI_EXT_CAP_ID_MFVC, 28),
    "vc9": (pci_regs.PCI_EXT_CAP_ID_VC9, 28), "rcrb": (pci_regs.PCI_EXT_CAP_ID_RCRB, 20),
    "vsec": (pci_regs.PCI_EXT_CAP_ID_VNDR, 16), "cac": (pci_regs.PCI_EXT_CAP_ID_CAC, 8),
    "acs": (pci_regs.PCI_EXT_CAP_ID_ACS, 8), "ats": (pci_regs.PCI_EXT_CAP_ID_ATS, 8),
    "sriov": (pci_regs.PCI_EXT_CAP_ID_SRIOV, 64), "mriov": (pci_regs.PCI_EXT_CAP_ID_MRIOV, 32),
    "mcast": (pci_regs.PCI_EXT_CAP_ID_MCAST, 48), "pri": (pci_regs.PCI_EXT_CAP_ID_PRI, 16),
    "rebar": (pci_regs.PCI_EXT_CAP_ID_REBAR, 52), "dpa": (pci_regs.PCI_EXT_CAP_ID_DPA, 48),
    "tph": (pci_regs.PCI_EXT_CAP_ID_TPH, 12), "ltr": (pci_regs.PCI_EXT_CAP_ID_LTR, 8),
    "secpci": (pci_regs.PCI_EXT_CAP_ID_SECPCI, 44), "pmux": (pci_regs.PCI_EXT_CAP_ID_PMUX, 24),
    "pasid": (pci_regs.PCI_EXT_CAP_ID_PASID, 8), "lnr": (0x1C, 8), "dpc": (pci_regs.PCI_EXT_CAP_ID_DPC, 64),
    "l1ss": (pci_regs.PCI_EXT_CAP_ID_L1SS, 20), "ptm": (pci_regs.PCI_EXT_CAP_ID_PTM, 12), "mpcie": (0x20, 28),
    "frs": (0x21, 16), "rtr": (0x22, 12), "dvsec": (pci_regs.PCI_EXT_CAP_ID_DVSEC, 16), "vf-rebar": (0x24, 52),
    "dlf": (pci_regs.PCI_EXT_CAP_ID_DLF, 12), "pl-16gt": (pci_regs.PCI_EXT_CAP_ID_PL_16GT, 48),
    "margin": (0x27, 72), "hierarchy": (0x28, 16), "npem": (0x29, 16), "pl-32gt": (0x2A, 64),
    "doe": (pci_regs.PCI_EXT_CAP_ID_DOE, 24),
    "ide": (0x30, 64), "pl-64gt": (0x31, 32),
}  # fmt: skip

BARE = {
    **{name: Bare(*about, extended=False) for name, about in _CONVENTIONAL.items()},
    **{name: Bare(*about, extended=True) for name, about in _EXTENDED.items()},
}
#: Those whose length is a byte after their list entry.
SAYS_LENGTH = ("vndr",)
