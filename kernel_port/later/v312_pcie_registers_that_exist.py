# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Use the PCI Express registers that a function has

Why: version 2 of the capability made room for all registers, and 3.11 took that for having them: of an endpoint it
saved and restored Slot and Root Control, which are reserved there.
What: in drivers/pci/access.c, pcie_cap_has_lnkctl(), pcie_cap_has_sltctl() and pcie_cap_has_rtctl() go by the type of
the function and by the Slot Implemented bit, whatever the version.
Look at: version 1 gains, too: Link Control of switch ports and of bridges to and from PCI is saved now. Slot registers
of a root port without a slot read as 0 and are not written. Functions integrated into the root complex lose their link.
Upstream: c8b303d0206b ("PCI: Remove PCIe Capability version checks") in v3.12 (seen in mails), with others whose ids
are not verified. The title is ours.
Adapted: from v3.12.10, three commits as one. pcie_cap_has_devctl() stays: a module takes nothing away.
"""

from __future__ import annotations

from ..base.access import pcie_caps_reg
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ()
MODIFIES = ("pcie_cap_has_lnkctl", "pcie_cap_has_sltctl", "pcie_cap_has_rtctl")
REQUIRES = ()


def pcie_cap_has_lnkctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Link registers: whatever has a link does.

    C: drivers/pci/access.c, static inline, v3.12"""
    type_ = pci_pcie_type(dev)

    return (
        type_ == PCI_EXP_TYPE_ENDPOINT
        or type_ == PCI_EXP_TYPE_LEG_END
        or type_ == PCI_EXP_TYPE_ROOT_PORT
        or type_ == PCI_EXP_TYPE_UPSTREAM
        or type_ == PCI_EXP_TYPE_DOWNSTREAM
        or type_ == PCI_EXP_TYPE_PCI_BRIDGE
        or type_ == PCI_EXP_TYPE_PCIE_BRIDGE
    )


def pcie_cap_has_sltctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Slot registers: a port with a slot does.

    C: drivers/pci/access.c, static inline, v3.12"""
    type_ = pci_pcie_type(dev)

    return (type_ == PCI_EXP_TYPE_ROOT_PORT or type_ == PCI_EXP_TYPE_DOWNSTREAM) and bool(
        pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT
    )


def pcie_cap_has_rtctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Root registers: a root port or a collector of root complex events does.

    C: drivers/pci/access.c, static inline, v3.12"""
    type_ = pci_pcie_type(dev)

    return type_ == PCI_EXP_TYPE_ROOT_PORT or type_ == PCI_EXP_TYPE_RC_EC
