# SPDX-License-Identifier: GPL-2.0-only
"""Registers as setpci(8) names them: COMMAND, CAP_EXP+8.w, ECAP_AER+4.l, 3e.w, CAP11@2, and values as it takes them.

Numbers are hexadecimal. Besides, the names of the kernel's pci_regs.h are known: PCI_EXP_SLTCTL, or EXP_SLTCTL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..hw.config_space import capabilities, extended_capabilities
from ..hw.errors import MachineError, did_you_mean
from ..hw.locations import locations

#: Width letter -> bytes.
WIDTHS = {"B": 1, "W": 2, "L": 4}
#: Name -> offset: the standard header, and that of bridges (PCI 3.0, 6.1; PCI-to-PCI bridge 1.2, 3.2), by width.
BYTES = {
    "REVISION": 0x08, "CLASS_PROG": 0x09, "CACHE_LINE_SIZE": 0x0C, "LATENCY_TIMER": 0x0D, "HEADER_TYPE": 0x0E,
    "BIST": 0x0F, "CAPABILITIES": 0x34, "INTERRUPT_LINE": 0x3C, "INTERRUPT_PIN": 0x3D, "MIN_GNT": 0x3E, "MAX_LAT": 0x3F,
    "PRIMARY_BUS": 0x18, "SECONDARY_BUS": 0x19, "SUBORDINATE_BUS": 0x1A, "SEC_LATENCY_TIMER": 0x1B, "IO_BASE": 0x1C,
    "IO_LIMIT": 0x1D,
}  # fmt: skip
WORDS = {
    "VENDOR_ID": 0x00, "DEVICE_ID": 0x02, "COMMAND": 0x04, "STATUS": 0x06, "CLASS_DEVICE": 0x0A,
    "SUBSYSTEM_VENDOR_ID": 0x2C, "SUBSYSTEM_ID": 0x2E, "SEC_STATUS": 0x1E, "MEMORY_BASE": 0x20, "MEMORY_LIMIT": 0x22,
    "PREF_MEMORY_BASE": 0x24, "PREF_MEMORY_LIMIT": 0x26, "IO_BASE_UPPER16": 0x30, "IO_LIMIT_UPPER16": 0x32,
    "BRIDGE_CONTROL": 0x3E,
}  # fmt: skip
DWORDS = {
    "BASE_ADDRESS_0": 0x10, "BASE_ADDRESS_1": 0x14, "BASE_ADDRESS_2": 0x18, "BASE_ADDRESS_3": 0x1C,
    "BASE_ADDRESS_4": 0x20, "BASE_ADDRESS_5": 0x24, "CARDBUS_CIS": 0x28, "ROM_ADDRESS": 0x30,
    "PREF_BASE_UPPER32": 0x28, "PREF_LIMIT_UPPER32": 0x2C, "BRIDGE_ROM_ADDRESS": 0x38,
}  # fmt: skip
#: Name -> (offset, bytes).
HEADER = {
    name: (offset, size) for size, names in ((1, BYTES), (2, WORDS), (4, DWORDS)) for name, offset in names.items()
}
#: Name -> ID of a capability (PCI Code and ID Assignment 1.11, 2).
CAPABILITIES = {
    "PM": 0x01, "AGP": 0x02, "VPD": 0x03, "SLOTID": 0x04, "MSI": 0x05, "CHSWP": 0x06, "PCIX": 0x07, "HT": 0x08,
    "VNDR": 0x09, "DBG": 0x0A, "CCRC": 0x0B, "HOTPLUG": 0x0C, "SSVID": 0x0D, "AGP3": 0x0E, "SECURE": 0x0F, "EXP": 0x10,
    "MSIX": 0x11, "SATA": 0x12, "AF": 0x13, "EA": 0x14,
}  # fmt: skip
#: Name -> ID of an extended capability (the same, 3).
EXTENDED = {
    "AER": 0x01, "VC": 0x02, "DSN": 0x03, "PB": 0x04, "RCLINK": 0x05, "RCILINK": 0x06, "RCEC": 0x07, "MFVC": 0x08,
    "VC2": 0x09, "RBCB": 0x0A, "VNDR": 0x0B, "ACS": 0x0D, "ARI": 0x0E, "ATS": 0x0F, "SRIOV": 0x10, "MRIOV": 0x11,
    "MCAST": 0x12, "PRI": 0x13, "REBAR": 0x15, "DPA": 0x16, "TPH": 0x17, "LTR": 0x18, "SECPCI": 0x19, "PMUX": 0x1A,
    "PASID": 0x1B, "LNR": 0x1C, "DPC": 0x1D, "L1PM": 0x1E, "PTM": 0x1F, "M_PCIE": 0x20, "FRS": 0x21, "RTR": 0x22,
    "DVSEC": 0x23, "VF_REBAR": 0x24, "DLNK": 0x25, "16GT": 0x26, "LMR": 0x27, "HIER_ID": 0x28, "NPEM": 0x29,
}  # fmt: skip

#: base[+offset][.width][@number], setpci(8).
REGISTER = re.compile(r"(\w+)(?:\+([0-9a-f]+))?(?:\.([bwl]))?(?:@([0-9]))?", re.IGNORECASE | re.ASCII)
#: CAP_EXP or CAP10, ECAP_AER or ECAP0001.
CAPABILITY = re.compile(r"(E?)CAP(?:_(\w+)|([0-9A-F]{1,4}))", re.ASCII)
#: value[:mask]
VALUE = re.compile(r"(?:0x)?([0-9a-f]{1,8})(?::(?:0x)?([0-9a-f]{1,8}))?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Register:
    """A place in configuration space."""

    offset: int
    size: int
    """Bytes: 1, 2 or 4."""


def find(config: bytes, text: str) -> Register:
    """Return the register of a function that *text* names.

    :param config: the function's configuration space, with its capability lists
    :raises MachineError: it has no such register, or the text does not name one"""
    matched = REGISTER.fullmatch(text)
    if not matched:
        raise MachineError(f"{text!r} is not a register such as COMMAND, CAP_EXP+8.w or 3e.w")
    base, plus, width, number = matched.groups()
    offset, size = start(config, base.upper(), int(number or "0"))
    offset += int(plus or "0", 16)
    size = WIDTHS[width.upper()] if width else size
    if not size:
        raise MachineError(f"{text}: how wide? Add .b, .w or .l")
    if offset % size:
        raise MachineError(f"{text}: a register of {size} bytes begins at a multiple of {size}, not at {offset:#x}")
    if offset + size > len(config):
        raise MachineError(f"{text}: {offset:#x} is beyond the end of the configuration space, {len(config):#x}")
    return Register(offset, size)


def start(config: bytes, base: str, number: int) -> tuple[int, int]:
    """Return offset and size of what a register's text begins with; size 0: it has none of its own.

    :param number: which one, of capabilities with one ID
    :raises MachineError: there is none of that name"""
    if base in HEADER:
        return HEADER[base]
    if matched := CAPABILITY.fullmatch(base):
        is_extended, name, code = matched.groups()
        wanted = int(code, 16) if code else (EXTENDED if is_extended else CAPABILITIES).get(name)
        found = extended_capabilities(config) if is_extended else capabilities(config)
        places = [where for each, where in found if each == wanted]
        if wanted is not None and number < len(places):
            return places[number], 0
        if wanted is not None:
            raise MachineError(f"{base}: the function has {len(places) or 'no'} such capability")
    known = {place.name: (place.start, place.size) for place in locations(config)}
    if (full := base if base in known else f"PCI_{base}") in known:
        return known[full]
    if re.fullmatch("[0-9A-F]{1,3}", base):
        return int(base, 16), 0
    names = [*HEADER, *(f"CAP_{name}" for name in CAPABILITIES), *(f"ECAP_{name}" for name in EXTENDED), *known]
    raise MachineError(f"{base}: no register of the function; {did_you_mean(base, names, 'see setpci --dumpregs')}")


def value(text: str, size: int) -> tuple[int, int]:
    """Return the value and the mask of the bits to write.

    :raises MachineError: the text is not VALUE or VALUE:MASK, or too wide for the register"""
    matched = VALUE.fullmatch(text)
    if not matched:
        raise MachineError(f"{text!r} is not a value such as 6 or 6:2 (hexadecimal; bits not in the mask are kept)")
    new, mask = int(matched[1], 16), int(matched[2], 16) if matched[2] else (1 << 8 * size) - 1
    if max(new, mask) >> 8 * size:
        raise MachineError(f"{text}: too large for a register of {size} byte{'s' * (size > 1)}")
    return new, mask
