# SPDX-License-Identifier: GPL-2.0-only
"""Compose the bytes of a described function as hardware has them: header and capability lists.

Addresses and windows, which firmware adds, are in firmware.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..hw.address import Address
from ..hw.config_space import PCI_CFG_SPACE_SIZE
from ..hw.registers import MULTIFUNCTION
from ..pci_regs import (
    PCI_AF_CAP,
    PCI_AF_CAP_FLR,
    PCI_AF_CAP_TP,
    PCI_AF_LENGTH,
    PCI_AF_STATUS,
    PCI_AF_STATUS_TP,
    PCI_ARI_CAP,
    PCI_CACHE_LINE_SIZE,
    PCI_CAP_FLAGS,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_PCIX,
    PCI_CAP_ID_PM,
    PCI_CAP_ID_SSVID,
    PCI_CAP_LIST_NEXT,
    PCI_CAPABILITY_LIST,
    PCI_CB_CAPABILITY_LIST,
    PCI_CLASS_PROG,
    PCI_DEVICE_ID,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP2,
    PCI_EXP_DEVCAP2_ARI,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_DEVCAP_RBER,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_NOSNOOP_EN,
    PCI_EXP_DEVCTL_RELAX_EN,
    PCI_EXP_DEVSTA,
    PCI_EXP_DEVSTA_TRPND,
    PCI_EXP_FLAGS,
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP2,
    PCI_EXP_LNKCAP_DLLLARC,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL2,
    PCI_EXP_LNKCTL_CCC,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_CLS_2_5GB,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_LNKSTA_NLW_SHIFT,
    PCI_EXP_LNKSTA_SLC,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_ABP,
    PCI_EXP_SLTCAP_AIP,
    PCI_EXP_SLTCAP_EIP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_SLTCAP_HPS,
    PCI_EXP_SLTCAP_MRLSP,
    PCI_EXP_SLTCAP_NCCS,
    PCI_EXP_SLTCAP_PCP,
    PCI_EXP_SLTCAP_PIP,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_AIC,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_PDS,
    PCI_EXP_TYPE_DOWNSTREAM,
    PCI_EXP_TYPE_RC_EC,
    PCI_EXP_TYPE_RC_END,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_EXT_CAP_ID_ARI,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_INTERRUPT_LINE,
    PCI_INTERRUPT_PIN,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSI_FLAGS_ENABLE,
    PCI_PM_CAP_D1,
    PCI_PM_CAP_D2,
    PCI_PM_CAP_PME_D0,
    PCI_PM_CAP_PME_D3,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_PMC,
    PCI_PRIMARY_BUS,
    PCI_REVISION_ID,
    PCI_SECONDARY_BUS,
    PCI_SSVID_DEVICE_ID,
    PCI_SSVID_VENDOR_ID,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
    PCI_SUBORDINATE_BUS,
    PCI_SUBSYSTEM_ID,
    PCI_SUBSYSTEM_VENDOR_ID,
    PCI_VENDOR_ID,
    PCI_X_CMD,
    PCI_X_STATUS,
    PCI_PM_CAP_PME_D3cold,
)
from .capabilities import BARE, SAYS_LENGTH, Bare
from .grammar import KINDS, Kind

_READ_REQUEST_512 = 0x2000
#: Bytes of the header of a CardBus bridge, and of the capability ARI.
_CARDBUS_HEADER, _ARI_SIZE = 0x80, 8
_STATES = ("D0", "D1", "D2", "D3hot")
_INDICATOR_ON = 1
_INDICATOR_OFF = 3

#: Bits of Slot Capabilities by option.
_SLOT_BITS = {
    "button": PCI_EXP_SLTCAP_ABP,
    "power_controller": PCI_EXP_SLTCAP_PCP,
    "latch": PCI_EXP_SLTCAP_MRLSP,
    "attention_indicator": PCI_EXP_SLTCAP_AIP,
    "power_indicator": PCI_EXP_SLTCAP_PIP,
    "surprise": PCI_EXP_SLTCAP_HPS,
    "hotplug": PCI_EXP_SLTCAP_HPC,
    "interlock": PCI_EXP_SLTCAP_EIP,
    "no_command_completed": PCI_EXP_SLTCAP_NCCS,
}


@dataclass(slots=True)
class Draft:
    """A function being composed: its checked keys, its neighbours, its bytes."""

    address: Address
    keys: dict[str, Any]
    config: bytearray
    #: Devices and functions on the same bus, ascending.
    neighbours: list[int]
    #: Whether a function is on its secondary bus.
    occupied: bool = False

    @property
    def kind(self) -> Kind:
        """What kind of function it is."""
        return KINDS[self.keys["kind"]]

    @property
    def faces_down(self) -> bool:
        """Whether it is a port whose link leads away from the root: only these have slots."""
        return self.kind.express in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM)


def put(config: bytearray, where: int, size: int, value: int) -> None:
    """Store *value* at *where*, little-endian, in *size* bytes."""
    config[where : where + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")


def compose(draft: Draft) -> None:
    """Write header and capabilities of one function; addresses and windows are the firmware's.

    :raises ValueError: keys contradict each other; the message says which, and what to do"""
    keys, config, kind = draft.keys, draft.config, draft.kind
    _check(draft)
    put(config, PCI_VENDOR_ID, 2, keys["vendor"])
    put(config, PCI_DEVICE_ID, 2, keys["device"])
    put(config, PCI_REVISION_ID, 1, keys["revision"])
    put(config, PCI_CLASS_PROG, 3, kind.class_code if keys["class"] is None else keys["class"])
    put(config, PCI_CACHE_LINE_SIZE, 1, keys["cache_line"])
    siblings = sum(devfn >> 3 == draft.address.device for devfn in draft.neighbours)
    multifunction = siblings > 1 if keys["multifunction"] is None else keys["multifunction"]
    layout = PCI_HEADER_TYPE_CARDBUS if kind.cardbus else kind.bridge * PCI_HEADER_TYPE_BRIDGE
    put(config, PCI_HEADER_TYPE, 1, layout | multifunction * MULTIFUNCTION)
    put(config, PCI_INTERRUPT_LINE, 1, keys["interrupt"])
    put(config, PCI_INTERRUPT_PIN, 1, bool(keys["interrupt"]))
    if kind.bridge:  # a CardBus bridge has its numbers at the same place
        put(config, PCI_PRIMARY_BUS, 1, draft.address.bus)
        put(config, PCI_SECONDARY_BUS, 1, keys["bus"][0])
        put(config, PCI_SUBORDINATE_BUS, 1, keys["bus"][1])
    elif keys["subsystem"]:
        put(config, PCI_SUBSYSTEM_VENDOR_ID, 2, keys["subsystem"][0])
        put(config, PCI_SUBSYSTEM_ID, 2, keys["subsystem"][1])
    _chain(draft)


def _check(draft: Draft) -> None:
    keys, kind = draft.keys, draft.kind
    if kind.bridge and keys["bus"] is None:
        raise ValueError(f'kind "{keys["kind"]}" needs bus = [secondary, subordinate]')
    wrong = {
        "bus": not kind.bridge,
        "slot": not draft.faces_down,
        "express": kind.express is None,
        "ari": kind.express is None,
        "pcix": kind.express is not None or kind.bridge,
    }
    for key, bad in wrong.items():
        if bad and keys[key] is not None:
            raise ValueError(f'kind "{keys["kind"]}" cannot have {key}; remove it or choose another kind')


def _chain(draft: Draft) -> None:
    """Lay the capabilities out from 0x40 on, behind a CardBus header from 0x80, each pointing to the next."""
    keys, config, link, where = draft.keys, draft.config, PCI_CAPABILITY_LIST, PCI_STD_HEADER_SIZEOF
    if draft.kind.cardbus:
        link, where = PCI_CB_CAPABILITY_LIST, _CARDBUS_HEADER
    made: list[tuple[int, bytearray]] = []
    for name, (cap, build) in _CAPABILITIES.items():
        options = keys[name]
        if options is not None and (name != "subsystem" or draft.kind.bridge):
            made.append((cap, build(draft, options)))
    also = [(name, BARE[name]) for name in keys["also"]]
    made += [(each.number, _bare(name, each)) for name, each in also if not each.extended]
    for cap, data in made:
        if where + len(data) > PCI_CFG_SPACE_SIZE:
            raise ValueError("also: no room for so many capabilities in 256 bytes; remove some")
        put(config, link, 1, where)
        put(config, PCI_STATUS, 2, PCI_STATUS_CAP_LIST)
        config[where : where + len(data)] = data
        put(config, where, 1, cap)
        link, where = where + PCI_CAP_LIST_NEXT, where + (len(data) + 3 & ~3)
    extended = [(each.number, bytearray(each.length)) for _, each in also if each.extended]
    if keys["ari"] is not None:
        ari = bytearray(_ARI_SIZE)
        put(ari, PCI_ARI_CAP, 2, _next_function(draft) << 8)
        extended.insert(0, (PCI_EXT_CAP_ID_ARI, ari))
    _chain_extended(config, extended)


def _bare(name: str, about: Bare) -> bytearray:
    data = bytearray(about.length)
    if name in SAYS_LENGTH:
        put(data, PCI_CAP_FLAGS, 1, about.length)
    return data


def _chain_extended(config: bytearray, made: list[tuple[int, bytearray]]) -> None:
    """Lay the extended capabilities out from 0x100 on."""
    if made and len(config) == PCI_CFG_SPACE_SIZE:
        raise ValueError("also: extended capabilities need size = 4096; remove them, or choose a kind of PCI Express")
    where = PCI_CFG_SPACE_SIZE
    for cap, data in made:
        following = where + len(data) if cap is not made[-1][0] or data is not made[-1][1] else 0
        if where + len(data) > len(config):
            raise ValueError("also: no room for so many extended capabilities; remove some")
        config[where : where + len(data)] = data
        put(config, where, 4, following << 20 | 1 << 16 | cap)
        where += len(data)


def _next_function(draft: Draft) -> int:
    given: int | None = draft.keys["ari"]["next"]
    if given is not None:
        return given
    return next((devfn for devfn in draft.neighbours if devfn > draft.address.devfn), 0)


def _pm(_draft: Draft, options: dict[str, Any]) -> bytearray:
    data = bytearray(8)
    events = PCI_PM_CAP_PME_D0 | PCI_PM_CAP_PME_D3 | PCI_PM_CAP_PME_D3cold
    states = options["d1"] * PCI_PM_CAP_D1 | options["d2"] * PCI_PM_CAP_D2
    put(data, PCI_PM_PMC, 2, options["version"] | states | events)
    state = _STATES.index(options["state"])
    put(data, PCI_PM_CTRL, 2, state | options["no_soft_reset"] * PCI_PM_CTRL_NO_SOFT_RESET)
    return data


def _msi(_draft: Draft, options: dict[str, Any]) -> bytearray:
    data = bytearray(14)
    exponent = int(options["vectors"]).bit_length() - 1
    put(data, PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_64BIT | exponent << 1 | options["enabled"] * PCI_MSI_FLAGS_ENABLE)
    return data


def _pcix(draft: Draft, options: dict[str, Any]) -> bytearray:
    data = bytearray(8)
    put(data, PCI_X_CMD, 2, options["max_read"] << 2)
    put(data, PCI_X_STATUS, 4, draft.address.bus << 8 | draft.address.devfn)
    return data


def _express(draft: Draft, options: dict[str, Any]) -> bytearray:
    version, slot = options["version"], draft.keys["slot"]
    data = bytearray(0x3C if version > 1 else 0x24)
    port_type = draft.kind.express or 0
    put(data, PCI_EXP_FLAGS, 2, version | port_type << 4 | (slot is not None) * PCI_EXP_FLAGS_SLOT)
    payload = int(options["payload"]).bit_length() - 8
    put(data, PCI_EXP_DEVCAP, 4, payload | PCI_EXP_DEVCAP_RBER | options["flr"] * PCI_EXP_DEVCAP_FLR)
    control = _READ_REQUEST_512 | PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_NOSNOOP_EN
    put(data, PCI_EXP_DEVCTL, 2, control | payload << 5)
    put(data, PCI_EXP_DEVSTA, 2, options["pending"] * PCI_EXP_DEVSTA_TRPND)
    if port_type not in (PCI_EXP_TYPE_RC_END, PCI_EXP_TYPE_RC_EC):
        _link(draft, options, data)
    if slot is not None:
        _slot(draft, slot, data)
    if version > 1:
        put(data, PCI_EXP_DEVCAP2, 4, options["ari"] * PCI_EXP_DEVCAP2_ARI)
    return data


def _link(draft: Draft, options: dict[str, Any], data: bytearray) -> None:
    speed, width = options["speed"], options["width"]
    reports = draft.faces_down and options["link_active"]
    port = draft.address.devfn << 24
    put(data, PCI_EXP_LNKCAP, 4, speed | width << 4 | reports * PCI_EXP_LNKCAP_DLLLARC | port)
    if draft.faces_down and not draft.occupied:
        put(data, PCI_EXP_LNKSTA, 2, PCI_EXP_LNKSTA_CLS_2_5GB)
    else:
        put(data, PCI_EXP_LNKCTL, 2, PCI_EXP_LNKCTL_CCC)
        up = speed | width << PCI_EXP_LNKSTA_NLW_SHIFT | PCI_EXP_LNKSTA_SLC | reports * PCI_EXP_LNKSTA_DLLLA
        put(data, PCI_EXP_LNKSTA, 2, up)
    if options["version"] > 1:
        put(data, PCI_EXP_LNKCAP2, 4, ((1 << speed) - 1) << 1)
        put(data, PCI_EXP_LNKCTL2, 2, speed)


def _slot(draft: Draft, options: dict[str, Any], data: bytearray) -> None:
    bits = sum(bit for name, bit in _SLOT_BITS.items() if options[name])
    put(data, PCI_EXP_SLTCAP, 4, options["number"] << 19 | bits)
    occupied = draft.occupied if options["occupied"] is None else options["occupied"]
    power = _INDICATOR_ON if occupied else _INDICATOR_OFF
    control = options["attention_indicator"] * PCI_EXP_SLTCTL_AIC | options["power_indicator"] * power << 8
    put(data, PCI_EXP_SLTCTL, 2, control)
    put(data, PCI_EXP_SLTSTA, 2, occupied * PCI_EXP_SLTSTA_PDS)


def _af(_draft: Draft, options: dict[str, Any]) -> bytearray:
    data = bytearray(6)
    put(data, PCI_AF_LENGTH, 1, len(data))
    put(data, PCI_AF_CAP, 1, PCI_AF_CAP_TP | options["flr"] * PCI_AF_CAP_FLR)
    put(data, PCI_AF_STATUS, 1, options["pending"] * PCI_AF_STATUS_TP)
    return data


def _bridge_subsystem(_draft: Draft, ids: tuple[int, int]) -> bytearray:
    data = bytearray(8)
    put(data, PCI_SSVID_VENDOR_ID, 2, ids[0])
    put(data, PCI_SSVID_DEVICE_ID, 2, ids[1])
    return data


#: ID and builder of each capability, in the order they are laid out.
_CAPABILITIES: dict[str, tuple[int, Callable[[Draft, Any], bytearray]]] = {
    "pm": (PCI_CAP_ID_PM, _pm),
    "msi": (PCI_CAP_ID_MSI, _msi),
    "express": (PCI_CAP_ID_EXP, _express),
    "pcix": (PCI_CAP_ID_PCIX, _pcix),
    "af": (PCI_CAP_ID_AF, _af),
    "subsystem": (PCI_CAP_ID_SSVID, _bridge_subsystem),
}
