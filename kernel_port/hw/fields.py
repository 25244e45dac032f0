# SPDX-License-Identifier: GPL-2.0-only
"""The data sheet, fields: which bits of a register belong together, what they are called, and their values.

A name of pci_regs.py that begins with a register's name and an underscore is a field of it (a mask), or a value of the
field whose name it begins with; the tables here say only what those names do not. Fields are written lspci's way,
without the register's name: MASTER+ is set, MASTER- is clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from .. import pci_regs
from .registers import HEADER_LAYOUT, MULTIFUNCTION, SHEET

#: Masks of fields that pci_regs.py does not name. Where a later pci_regs.h does, the name is from there.
FURTHER_FIELDS = {
    "PCI_HEADER_TYPE_LAYOUT": HEADER_LAYOUT, "PCI_HEADER_TYPE_MFD": MULTIFUNCTION, "PCI_BRIDGE_CTL_VGA_16BIT": 0x10,
    "PCI_BRIDGE_CTL_DISCARD": 0x100, "PCI_BRIDGE_CTL_SEC_DISCARD": 0x200, "PCI_BRIDGE_CTL_DISCARD_STATUS": 0x400,
    "PCI_BRIDGE_CTL_DISCARD_SERR": 0x800, "PCI_STATUS_DEVSEL": 0x600, "PCI_EXP_DEVCTL2_COMP_TIMEOUT": 0x0F,
    "PCI_EXP_DEVCTL2_COMP_TMOUT_DIS": 0x10,
    "PCI_EXP_DEVCTL2_ATOMIC_REQ": 0x40, "PCI_EXP_DEVCTL2_ATOMIC_EGRESS_BLOCK": 0x80,
    "PCI_EXP_DEVCTL2_IDO_REQ_EN": 0x100, "PCI_EXP_DEVCTL2_IDO_CMP_EN": 0x200,
    "PCI_EXP_DEVCTL2_LTR_EN": 0x400, "PCI_EXP_DEVCTL2_OBFF_EN": 0x6000,
    "PCI_EXP_LNKCTL2_TLS": 0x0F, "PCI_EXP_LNKCTL2_ENTER_COMP": 0x10, "PCI_EXP_LNKCTL2_HASD": 0x20,
    "PCI_EXP_LNKCTL2_DEEMPHASIS": 0x40, "PCI_EXP_LNKCTL2_TX_MARGIN": 0x380, "PCI_EXP_RTSTA_PENDING": 0x20000,
    "PCI_EXP_RTSTA_REQUESTER": 0xFFFF, "PCI_EXP_DEVCAP2_COMP_TIMEOUT": 0x0F, "PCI_EXP_DEVCAP2_COMP_TMOUT_DIS": 0x10,
    "PCI_EXT_CAP_HEADER_CAP": 0xFFFF, "PCI_EXT_CAP_HEADER_VERSION": 0xF0000, "PCI_EXT_CAP_HEADER_NEXT": 0xFFF00000,
    "PCI_CAP_LIST_ID_CAP": 0xFF, "PCI_VC_PORT_CTRL_LOAD_TABLE": 0x1, "PCI_VC_RES_CTRL_LOAD_TABLE": 0x10000,
    "PCI_VC_RES_CTRL_ARB_SELECT": 0xE0000, "PCI_VC_RES_CTRL_ID": 0x7000000, "PCI_VC_RES_CTRL_ENABLE": 0x80000000,
    "PCI_LTR_VALUE_MASK": 0x3FF, "PCI_LTR_SCALE_MASK": 0x1C00, "PCI_REBAR_CTRL_BAR_IDX": 0x7,
    "PCI_REBAR_CTRL_NBAR_MASK": 0xE0, "PCI_REBAR_CTRL_BAR_SIZE": 0x1F00, "PCI_L1SS_CTL1_PCIPM_L1_2": 0x1,
    "PCI_L1SS_CTL1_PCIPM_L1_1": 0x2, "PCI_L1SS_CTL1_ASPM_L1_2": 0x4, "PCI_L1SS_CTL1_ASPM_L1_1": 0x8,
    "PCI_L1SS_CTL1_CM_RESTORE_TIME": 0xFF00, "PCI_L1SS_CTL1_LTR_L12_TH_VALUE": 0x3FF0000,
    "PCI_L1SS_CTL1_LTR_L12_TH_SCALE": 0xE0000000, "PCI_EXP_DPC_CTL_EN_FATAL": 0x1, "PCI_EXP_DPC_CTL_EN_NONFATAL": 0x2,
    "PCI_EXP_DPC_CTL_INT_EN": 0x8, "PCI_EXP_DPC_STATUS_TRIGGER": 0x1, "PCI_EXP_DPC_STATUS_TRIGGER_RSN": 0x6,
    "PCI_EXP_DPC_STATUS_INTERRUPT": 0x8,
}  # fmt: skip

#: Names that look like fields but are not, or that only combine other fields.
NOT_FIELDS = {
    "PCI_HEADER_TYPE_NORMAL", "PCI_HEADER_TYPE_BRIDGE", "PCI_HEADER_TYPE_CARDBUS",
    "PCI_ROM_ADDRESS_MASK", "PCI_PM_CAP_PME_MASK", "PCI_PM_CAP_PME_SHIFT", "PCI_EXP_LNKCTL_ASPMC",
    "PCI_EXP_LNKSTA_NLW_SHIFT", "PCI_VPD_ADDR_MASK",
}  # fmt: skip
#: Field -> prefix of its values' names, if it is not the field's name.
VALUE_PREFIXES = {
    "PCI_EXP_FLAGS_TYPE": "PCI_EXP_TYPE_", "PCI_CAP_LIST_ID_CAP": "PCI_CAP_ID_",
    "PCI_EXT_CAP_HEADER_CAP": "PCI_EXT_CAP_ID_", "PCI_EXP_LNKCTL2_TLS": "PCI_EXP_LNKCAP_SLS_",
}  # fmt: skip

BYTES = {code: f"{128 << code}" for code in range(6)}
WIDTHS = {width: f"x{width}" for width in (1, 2, 4, 8, 12, 16, 32)}
SPEEDS = {3: "8_0GB", 4: "16_0GB", 5: "32_0GB", 6: "64_0GB"}
INDICATOR = {1: "on", 2: "blink", 3: "off"}
#: Values without a name in pci_regs.py.
VALUES = {
    "PCI_HEADER_TYPE_LAYOUT": {0: "NORMAL", 1: "BRIDGE", 2: "CARDBUS"},
    "PCI_PM_CTRL_STATE_MASK": {0: "D0", 1: "D1", 2: "D2", 3: "D3hot"},
    "PCI_EXP_DEVCAP_PAYLOAD": BYTES, "PCI_EXP_DEVCTL_PAYLOAD": BYTES, "PCI_EXP_DEVCTL_READRQ": BYTES,
    "PCI_EXP_LNKCAP_ASPMS": {1: "L0s", 2: "L1", 3: "L0s,L1"}, "PCI_EXP_LNKCAP_MLW": WIDTHS,
    "PCI_EXP_LNKSTA_NLW": WIDTHS,
    "PCI_EXP_LNKCAP_SLS": SPEEDS, "PCI_EXP_LNKSTA_CLS": SPEEDS, "PCI_EXP_LNKCTL2_TLS": SPEEDS,
    "PCI_EXP_SLTCTL_AIC": INDICATOR, "PCI_EXP_SLTCTL_PIC": INDICATOR,
}  # fmt: skip

NAMES: dict[str, int] = {
    **{name: value for name, value in vars(pci_regs).items() if name.startswith("PCI_") and isinstance(value, int)},
    **FURTHER_FIELDS,
}


@dataclass(frozen=True, slots=True)
class Field:
    """Some bits of a register."""

    name: str
    """As in pci_regs.py: "PCI_EXP_SLTCTL_PDCE"."""
    short: str
    """Without the register's name: "PDCE"."""
    mask: int
    values: Mapping[int, str]
    """Names of values (shifted down); empty for a bit that is just set or clear."""

    @property
    def plain(self) -> bool:
        """Whether it is one bit without names for its values."""
        return self.mask.bit_count() == 1 and not self.values

    def of(self, value: int) -> int:
        """Return the field's value in the register's *value*, shifted down."""
        return (value & self.mask) >> lowest(self.mask)

    def says_something(self, value: int) -> bool:
        """Return whether the field is set in *value*, or has a name for 0."""
        return bool(value & self.mask) or 0 in self.values

    def show(self, value: int) -> str:
        """Format the field in the register's *value*: "PDCE+", "READRQ=512", "STATE=D3hot"."""
        own = self.of(value)
        return f"{self.short}{'-+'[own]}" if self.plain else f"{self.short}={self.call(own)}"

    def call(self, own: int) -> str:
        """Return the name of the field's own value, shifted down."""
        return self.values.get(own, f"{own:#x}" if own > 9 else str(own))


@cache
def fields(register: str) -> tuple[Field, ...]:
    """Return the fields of a register, lowest bit first; empty if no register has that name."""
    if register not in SHEET:
        return ()
    prefix = SHEET[register].fields
    own = {name: mask for name, mask in NAMES.items() if name.startswith(prefix)}
    own = {name: mask for name, mask in own.items() if name not in NOT_FIELDS and name not in SHEET}
    wide = [name for name, mask in own.items() if mask.bit_count() > 1]  # a single bit has no values, but namesakes
    masks = {name: mask for name, mask in own.items() if not any(name.startswith(f"{other}_") for other in wide)}
    found = [
        Field(name, name[len(prefix) :].removesuffix("_MASK"), mask, _values(name)) for name, mask in masks.items()
    ]
    return tuple(sorted(found, key=lambda field: lowest(field.mask)))


def _values(field: str) -> Mapping[int, str]:
    """Return the names of a field's values."""
    if NAMES[field].bit_count() == 1:
        return {}
    prefix = VALUE_PREFIXES.get(field, f"{field}_")
    named = {value: name[len(prefix) :] for name, value in NAMES.items() if name.startswith(prefix)}
    return named | VALUES.get(field, {})


def lowest(mask: int) -> int:
    """Return the number of the lowest bit of a mask."""
    return (mask & -mask).bit_length() - 1
