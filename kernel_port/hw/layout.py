# SPDX-License-Identifier: GPL-2.0-only
"""Which registers a function has: rows picked from the table by what its configuration space says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from .. import pci_regs
from ..pci_regs import (
    PCI_ACS_CAP,
    PCI_AF_CAP,
    PCI_AF_CAP_FLR,
    PCI_ATS_CTRL,
    PCI_ATS_CTRL_ENABLE,
    PCI_CAP_ID_EXP,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP2,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_FLAGS,
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_FLAGS_TYPE,
    PCI_EXP_FLAGS_VERS,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_SLS,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_AIP,
    PCI_EXP_SLTCAP_PIP,
    PCI_EXP_SLTCTL_AIC,
    PCI_EXP_SLTCTL_PIC,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_RC_EC,
    PCI_EXP_TYPE_RC_END,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_HEADER_TYPE_NORMAL,
    PCI_IO_BASE,
    PCI_IO_RANGE_TYPE_32,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSI_FLAGS_MASKBIT,
    PCI_PM_CAP_PME_D3,
    PCI_PM_PMC,
    PCI_PREF_MEMORY_BASE,
    PCI_PREF_RANGE_TYPE_64,
    PCI_SRIOV_CTRL,
    PCI_SRIOV_CTRL_VFE,
    PCI_SRIOV_NUM_VF,
    PCI_SRIOV_SUP_PGSIZE,
    PCI_VENDOR_ID,
    PCI_PM_CAP_PME_D3cold,
)
from . import caps, regs
from .bars import base_addresses
from .config_space import capabilities, dword, extended_capabilities, header_type, word
from .description import FunctionDescription
from .registers import SHEET
from .regs import Register

#: Extended virtual channels, and the distance between their registers; the same for resizable BARs.
_VC_PORT_CAP1, _VC_CAP1_EVCC, _VC_RESOURCE = 0x04, 0x00000007, 0x0C
_REBAR_CTRL_NBAR, _REBAR_ENTRY = 0x000000E0, 0x08
#: Device and vendor ID of functions that have a Function Level Reset without announcing it: virtual functions of the
#: 82599 (its data sheet, 9.5).
UNSAID_FLR = (0x10ED_8086,)
#: ATS Control's Smallest Translation Unit, and the bytes that 0 means, log2 (ATS 1.1, 5.1.3).
ATS_SMALLEST_UNIT, LEAST_ATS_PAGE = 0x1F, 12


class Layout:
    """The registers of one function, found by reading its configuration space as described.

    A capability list that loops or leaves configuration space ends where it goes wrong."""

    def __init__(self, description: FunctionDescription) -> None:
        self.config = description.config.ljust(description.size, b"\0")
        self.description = description
        self.header_type = header_type(self.config)
        known = self.header_type <= PCI_HEADER_TYPE_CARDBUS
        #: (capability ID, offset) of each capability in the list, in the list's order.
        self.capability_list = tuple(capabilities(self.config)) if known else ()
        #: Capability ID -> offset; of several with the same ID the first, as software finds them.
        self.capabilities: dict[int, int] = {}
        for capability, position in self.capability_list:
            self.capabilities.setdefault(capability, position)
        self.extended: dict[int, int] = {}
        for capability, position in extended_capabilities(self.config):
            self.extended.setdefault(capability, position)
        flags = self.exp(PCI_EXP_FLAGS)
        #: The port type of a PCI Express function, None on conventional PCI.
        self.port_type = None if PCI_CAP_ID_EXP not in self.capabilities else (flags & PCI_EXP_FLAGS_TYPE) >> 4
        self.exp_version = flags & PCI_EXP_FLAGS_VERS
        #: The port leads to a link: root ports and downstream ports of switches.
        self.has_link = self.is_bridge and self.port_type in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM)
        #: There is a slot at the end of that link.
        self.has_slot = self.has_link and bool(flags & PCI_EXP_FLAGS_SLOT)

    @property
    def is_bridge(self) -> bool:
        """The function leads to another bus."""
        return self.header_type in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS)

    def word(self, offset: int) -> int:
        """Return a 16-bit register as described."""
        return word(self.config, offset)

    def dword(self, offset: int) -> int:
        """Return a 32-bit register as described."""
        return dword(self.config, offset)

    def exp(self, register: int) -> int:
        """Return a register of the PCI Express capability as described, 32 bits; 0 on conventional PCI."""
        position = self.capabilities.get(PCI_CAP_ID_EXP)
        return 0 if position is None else self.dword(position + register)

    def registers(self) -> tuple[Register, ...]:
        """Return all rows of this function, at their offsets."""
        rows = [*self._header(), *base_addresses(self.description)]
        for capability, position in self.capabilities.items():
            rows += [_placed(row, position) for row in self._capability(capability, position)]
        for capability, position in self.extended.items():
            rows += [_placed(row, position + row.base) for row in self._extended_capability(capability, position)]
        return tuple(row for row in rows if row.start + row.size <= len(self.config))

    def _header(self) -> Iterator[Register]:
        conventional = self.port_type is None
        if self.header_type <= PCI_HEADER_TYPE_CARDBUS:
            yield from regs.COMMON_CONVENTIONAL if conventional else regs.COMMON
        if self.header_type == PCI_HEADER_TYPE_BRIDGE:
            yield from regs.BRIDGE_CONVENTIONAL if conventional else regs.BRIDGE
            if self.config[PCI_IO_BASE] & PCI_IO_RANGE_TYPE_32:
                yield from regs.BRIDGE_IO_32
            if self.config[PCI_PREF_MEMORY_BASE] & PCI_PREF_RANGE_TYPE_64:
                yield from regs.BRIDGE_PREF_64
        elif self.header_type == PCI_HEADER_TYPE_CARDBUS:
            yield from regs.CARDBUS

    def _capability(self, capability: int, position: int) -> tuple[Register, ...]:
        match capability:
            case pci_regs.PCI_CAP_ID_PM:
                wakes = self.word(position + PCI_PM_PMC)
                hot = caps.PM_D3HOT if wakes & PCI_PM_CAP_PME_D3 else caps.PM
                return caps.PM_D3COLD if wakes & PCI_PM_CAP_PME_D3cold else hot
            case pci_regs.PCI_CAP_ID_PCIX:
                return caps.PCIX if self.header_type == PCI_HEADER_TYPE_NORMAL else ()
            case pci_regs.PCI_CAP_ID_AF:
                return caps.AF_FLR if self.config[position + PCI_AF_CAP] & PCI_AF_CAP_FLR else caps.AF
            case pci_regs.PCI_CAP_ID_MSIX:
                return caps.MSIX
            case pci_regs.PCI_CAP_ID_MSI:
                flags = self.word(position + PCI_MSI_FLAGS)
                wide = flags & PCI_MSI_FLAGS_64BIT
                masks = caps.MSI_MASK_64 if wide else caps.MSI_MASK_32
                return (caps.MSI_64 if wide else caps.MSI_32) + (masks if flags & PCI_MSI_FLAGS_MASKBIT else ())
            case pci_regs.PCI_CAP_ID_EXP:
                return tuple(self._express())
        return ()

    def _express(self) -> Iterator[Register]:
        """PCIe 7.8: which parts of the capability exist depends on port type and version."""
        resets = self.exp(PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR or self.dword(PCI_VENDOR_ID) in UNSAID_FLR
        yield from caps.EXP_FLR if resets else caps.EXP
        on_a_link = self.port_type not in (PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_RC_EC)
        if on_a_link:
            yield from caps.EXP_LINK_PORT if self.has_link else caps.EXP_LINK
        if self.has_slot:
            slot_control, slot_status = caps.EXP_SLOT
            capability = self.exp(PCI_EXP_SLTCAP)
            indicators_off = (PCI_EXP_SLTCTL_AIC if capability & PCI_EXP_SLTCAP_AIP else 0) | (
                PCI_EXP_SLTCTL_PIC if capability & PCI_EXP_SLTCAP_PIP else 0
            )
            yield replace(slot_control, reset=indicators_off)
            yield slot_status
        if self.port_type in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_RC_EC):
            yield from caps.EXP_ROOT
        if self.exp_version >= 2:
            (device_control_2,) = caps.EXP_2
            yield replace(device_control_2, rw=device_control_2.rw | caps.device_control_2(self.exp(PCI_EXP_DEVCAP2)))
            if on_a_link:
                (link_control_2,) = caps.EXP_2_LINK
                yield replace(link_control_2, reset=self.exp(PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_SLS)

    def _extended_capability(self, capability: int, position: int) -> tuple[Register, ...]:
        match capability:
            case pci_regs.PCI_EXT_CAP_ID_ERR:
                root = self.port_type in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_RC_EC)
                return caps.AER + (caps.AER_ROOT if root else ())
            case pci_regs.PCI_EXT_CAP_ID_ACS:
                (control,) = caps.ACS
                return (replace(control, rw=control.rw & self.word(position + PCI_ACS_CAP)),)
            case pci_regs.PCI_EXT_CAP_ID_ARI:
                return caps.ARI
            case pci_regs.PCI_EXT_CAP_ID_ATS:
                return caps.ATS
            case pci_regs.PCI_EXT_CAP_ID_VC:
                further = self.dword(position + _VC_PORT_CAP1) & _VC_CAP1_EVCC
                (resource,) = caps.VC_FURTHER
                return (*caps.VC, *(replace(resource, base=_VC_RESOURCE * number) for number in range(1, further + 1)))
            case pci_regs.PCI_EXT_CAP_ID_LTR:
                return caps.LTR
            case pci_regs.PCI_EXT_CAP_ID_SRIOV:
                control, number, page_size = caps.SRIOV
                supported = self.dword(position + PCI_SRIOV_SUP_PGSIZE) | page_size.reset
                return control, number, replace(page_size, rw=supported)
            case pci_regs.PCI_EXT_CAP_ID_REBAR:
                return tuple(self._resizable(position))
            case pci_regs.PCI_EXT_CAP_ID_L1SS:
                return caps.L1SS_PORT if self.has_link else caps.L1SS
            case pci_regs.PCI_EXT_CAP_ID_DPC:
                return caps.DPC
        return ()

    def _resizable(self, position: int) -> Iterator[Register]:
        """Yield the control register of each resizable BAR; the first says how many there are."""
        (control,) = caps.REBAR
        where = position + SHEET[control.name].offset
        for number in range((self.dword(where) & _REBAR_CTRL_NBAR) >> 5):
            at = _REBAR_ENTRY * number
            yield replace(control, base=at, reset=self.dword(where + at) & control.rw)


@lru_cache(maxsize=4096)
def _placed(row: Register, position: int) -> Register:
    """Return the row in a capability at *position*: the same object for all functions that have it there."""
    return replace(row, base=position)


def switched_on(description: FunctionDescription) -> tuple[int, int]:
    """Return what a driver had enabled when the registers of the function were read.

    :return: the number of virtual functions, and the page size of ATS, log2 of bytes; 0 for what was off"""
    config, virtual_functions, page_shift = description.config, 0, 0
    for capability, at in extended_capabilities(config):
        if capability == pci_regs.PCI_EXT_CAP_ID_SRIOV and word(config, at + PCI_SRIOV_CTRL) & PCI_SRIOV_CTRL_VFE:
            virtual_functions = word(config, at + PCI_SRIOV_NUM_VF)
        elif capability == pci_regs.PCI_EXT_CAP_ID_ATS and word(config, at + PCI_ATS_CTRL) & PCI_ATS_CTRL_ENABLE:
            page_shift = LEAST_ATS_PAGE + (word(config, at + PCI_ATS_CTRL) & ATS_SMALLEST_UNIT)
    return virtual_functions, page_shift
