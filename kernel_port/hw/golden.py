# SPDX-License-Identifier: GPL-2.0-only
"""The registers of the hardware behind the golden traces (golden/HARDWARE.md), where they differ from silicon's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .layout import Layout
from .regs import Register

#: Nothing there is sticky except what wakes a function from D3cold; Link Control is plain storage.
COLUMNS: dict[str, dict[str, Any]] = {
    "PCI_EXP_DEVCTL": {"sticky": 0},
    "PCI_EXP_LNKCTL": {"rw": 0x01FB, "w1t": 0, "shared": 0x01FB},
    "PCI_EXP_LNKCTL2": {"rw": 0x1FFF, "sticky": 0, "shared": 0x1FFF},
    "PCI_PM_CTRL": {"context": 0},
}
#: Capabilities whose registers read as described.
WITHOUT = ("PCI_VC_", "PCI_SRIOV_", "PCI_LTR_", "PCI_REBAR_", "PCI_L1SS_", "PCI_EXP_DPC_")


def registers(layout: Layout) -> tuple[Register, ...]:
    """Return all rows of a function, as the golden hardware has them."""
    return tuple(
        replace(row, **COLUMNS.get(row.name, {})) for row in layout.registers() if not row.name.startswith(WITHOUT)
    )
