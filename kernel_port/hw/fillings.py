# SPDX-License-Identifier: GPL-2.0-only
"""What the unstated bits of a function may be: a few fillings that between them hold every value a kernel tests for.

Each keeps what is stated, and what a function that was found must have: an identity, and its way to what is below. The
capabilities that offer a reset (Power Management, PCI Express, Advanced Features) are put wherever the capability list
leads into the unknown: all with what a probe asks for, all without, each alone if they do not fit together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from ..pci_regs import (
    PCI_AF_CAP,
    PCI_AF_CAP_FLR,
    PCI_AF_CAP_TP,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_CAP_LIST_NEXT,
    PCI_CLASS_DEVICE,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_FLAGS,
    PCI_EXP_FLAGS_SLOT,
    PCI_EXP_FLAGS_TYPE,
    PCI_EXP_FLAGS_VERS,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_HPC,
    PCI_EXP_TYPE_ENDPOINT,
    PCI_EXP_TYPE_ROOT_PORT,
    PCI_HEADER_TYPE,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_NORMAL,
    PCI_PM_CAP_VER_MASK,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_PMC,
    PCI_STATUS,
    PCI_STATUS_CAP_LIST,
    PCI_STD_HEADER_SIZEOF,
    PCI_VENDOR_ID,
)
from .config_space import header_type
from .description import FunctionDescription
from .form import Bits, Form, chain_from, first_link
from .known import unstated
from .registers import HEADER_LAYOUT

#: The device IDs that a kernel has a reset of its own for: any will do, all are asked for in the same way.
SPECIFIC = (0x10ED_8086, 0x0156_8086)
#: Length of each capability as far as a probe reads it.
_LENGTH = {PCI_CAP_ID_PM: 8, PCI_CAP_ID_EXP: 0x3C, PCI_CAP_ID_AF: 6}
#: The bit of a version of Power Management that the kernel does not know, above 3.
_PM_TOO_NEW = 4
#: An ID that means nothing to a probe: vendor-specific.
_OTHER = 0x09


def fillings(function: FunctionDescription, port: int = PCI_EXP_TYPE_ROOT_PORT) -> list[bytes]:
    """Return other registers that *function* may have, each of its whole size; nothing if all is stated.

    :param port: its type of PCI Express port, if it is a bridge: one with a link has only device 0 below"""
    if function.found:
        config, hidden = function.found, b"\xff" * function.size
    elif not unstated(function):
        return []
    else:
        config = function.config.ljust(function.size, b"\0")
        hidden = unstated(function).to_bytes(function.size, "little")
    found = dict.fromkeys(_all(config, hidden, port))
    found.pop(config, None)
    return list(found)


def filled(function: FunctionDescription, config: bytes) -> FunctionDescription:
    """Return *function* with other registers, one of its fillings."""
    return replace(function, found=config) if function.found else replace(function, config=config)


def _all(config: bytes, hidden: bytes, port: int) -> Iterator[bytes]:
    def sheet() -> Form:
        return Form(config, hidden, port)

    offers = _composed(sheet(), tuple(_LENGTH), True)
    yield offers.done()
    yield _composed(sheet().fill(0xFF), tuple(_LENGTH), False).done()
    for capability in _LENGTH.keys() - offers.placed:
        yield _composed(sheet(), (capability,), True).done()
    for capability in _LENGTH.keys() & {identity for identity, _ in sheet().listed()}:
        # one that is found first, and hides one that is stated
        yield _composed(sheet(), (capability,), False).done()
    yield sheet().fill(0).done()
    yield from _other_header(config, hidden, port)


def _other_header(config: bytes, hidden: bytes, port: int) -> Iterator[bytes]:
    """Yield *config* as a device if it was a bridge and the other way round, if it can be."""
    for layout, class_code in ((PCI_HEADER_TYPE_NORMAL, 0xFF00), (PCI_HEADER_TYPE_BRIDGE, 0x0604)):
        sheet = Form(config, hidden, port)
        kind = [Bits(PCI_HEADER_TYPE, 1, HEADER_LAYOUT, layout), Bits(PCI_CLASS_DEVICE, 2, 0xFFFF, class_code)]
        if header_type(config) != layout and all(map(sheet.allows, kind)):
            for bits in kind:
                sheet.put(bits)
            yield sheet.done()


def _composed(sheet: Form, wanted: Sequence[int], offers: bool) -> Form:
    """Put the capabilities *wanted* where the list is unknown, as far as there is room.

    :param offers: with what a probe asks for, or without"""
    if offers:
        identity = next((each for each in SPECIFIC if sheet.allows(Bits(PCI_VENDOR_ID, 4, 0xFFFFFFFF, each))), None)
        if identity is not None:
            sheet.put(Bits(PCI_VENDOR_ID, 4, 0xFFFFFFFF, identity))
    listed = Bits(PCI_STATUS, 1, PCI_STATUS_CAP_LIST, PCI_STATUS_CAP_LIST)
    if not sheet.allows(listed):
        return sheet
    sheet.put(listed)
    left = [capability for capability in wanted if capability not in _stated_ids(sheet)]
    link, seen = first_link(sheet.config), set[int]()
    while True:
        at = _follow(sheet, link, left, seen, offers)
        if at < PCI_STD_HEADER_SIZEOF or at in seen:
            return sheet
        seen.add(at)
        identity = _identify(sheet, at, left, offers)
        if identity in left:
            left.remove(identity)
        if identity in _LENGTH and identity not in sheet.placed:
            sheet.placed.add(identity)
            for bits in (*_usual(sheet, identity), *chain.from_iterable(_asked(sheet, identity, offers))):
                sheet.put(bits, at)
            if (
                not offers
                and identity == PCI_CAP_ID_PM
                and not sheet.get(at + PCI_PM_CTRL, 2) & PCI_PM_CTRL_NO_SOFT_RESET
            ):
                sheet.put(Bits(PCI_PM_PMC, 2, _PM_TOO_NEW, _PM_TOO_NEW), at)
        sheet.taken.update(range(at, at + _LENGTH.get(identity, 2)))
        link = at + PCI_CAP_LIST_NEXT


def _stated_ids(sheet: Form) -> set[int]:
    """Return the capabilities on the part of the list that is stated."""
    found, link, seen = set[int](), first_link(sheet.config), set[int]()
    while not sheet.free(link, 1) & 0xFC:
        at = sheet.config[link] & ~3
        if at < PCI_STD_HEADER_SIZEOF or at in seen or sheet.free(at, 1):
            break
        seen.add(at)
        found.add(sheet.config[at])
        link = at + PCI_CAP_LIST_NEXT
    return found


def _follow(sheet: Form, link: int, left: list[int], seen: set[int], offers: bool) -> int:
    """Choose where the list goes on, as far as that is unknown, and return it: 0 at its end."""
    if not sheet.hidden[link] & 0xFC:
        return sheet.config[link] & ~3
    places = _places(sheet, link, seen)
    ends = [0] if sheet.allows(Bits(link, 1, 0xFC, 0)) else sorted(places, key=lambda at: _offered(sheet.config, at))
    routes = (_route(sheet, places, capability, seen, offers) for capability in left)
    sheet.put(Bits(link, 1, 0xFF, next(chain(filter(None, routes), ends, (0,)))))
    return sheet.config[link] & ~3


def _places(sheet: Form, link: int, seen: set[int]) -> list[int]:
    """Return where a link of the list may lead to, except its end and where the list has been."""
    stated = 0xFC & ~sheet.hidden[link]
    now = sheet.config[link] & stated
    return [at for at in range(PCI_STD_HEADER_SIZEOF, 0x100, 4) if at & stated == now and at not in seen]


def _route(sheet: Form, places: list[int], capability: int, seen: set[int], offers: bool) -> int | None:
    """Return the one of *places* from which the list soonest gets to where *capability* can be; None if it cannot."""
    first = {at: at for at in places}
    for at in (pending := list(places)):
        if _fits(sheet, capability, at, offers):
            return first[at]
        hides = not sheet.free(at, 1) and sheet.config[at] in (capability, 0xFF)
        if offers and not hides:  # what is to hide another has to be the first
            further = [place for place in _places(sheet, at + PCI_CAP_LIST_NEXT, seen) if place not in first]
            first.update(dict.fromkeys(further, first[at]))
            pending += further
    return None


def _offered(config: bytearray, at: int) -> int:
    """Count the capabilities that a probe asks for on the list from an offset on."""
    return sum(capability in _LENGTH for capability, _ in chain_from(config, at))


def _fits(sheet: Form, capability: int, at: int, offers: bool) -> bool:
    """Return whether *capability* can be at an offset, with what a probe asks for or without."""
    if (sheet.config[at] ^ capability) & ~sheet.hidden[at]:
        return False
    if not sheet.taken.isdisjoint(range(at, at + _LENGTH[capability])):
        return False
    alternatives = _asked(sheet, capability, offers)
    return (any if offers else all)(all(sheet.allows(bits, at) for bits in asked) for asked in alternatives)


def _identify(sheet: Form, at: int, left: list[int], offers: bool) -> int:
    """Choose the ID of a capability, as far as it is unknown, and return it: one of *left*, or else one that means
    nothing to a probe."""
    free = sheet.free(at, 1)
    fitting = (each for each in left if _fits(sheet, each, at, offers))
    now = sheet.config[at] & ~free
    others = (now | each & free for each in (_OTHER, 0, *(1 << bit for bit in range(8))))
    meaningless = (each for each in others if each not in _LENGTH and each != 0xFF)
    if free:
        sheet.put(Bits(0, 1, 0xFF, next(chain(fitting, meaningless), now)), at)
    return sheet.config[at]


def _asked(sheet: Form, capability: int, offers: bool) -> list[list[Bits]]:
    """Return what a probe asks of a capability, or the opposite: for each probe all that it asks together."""
    if capability == PCI_CAP_ID_PM:
        if offers:
            return [[Bits(PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, 0), Bits(PCI_PM_PMC, 2, _PM_TOO_NEW, 0)]]
        return [[Bits(PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET, PCI_PM_CTRL_NO_SOFT_RESET)]]
    if capability == PCI_CAP_ID_AF:
        both = PCI_AF_CAP_TP | PCI_AF_CAP_FLR
        return [[Bits(PCI_AF_CAP, 1, both, both if offers else 0)]]
    resets = [Bits(PCI_EXP_DEVCAP, 4, PCI_EXP_DEVCAP_FLR, offers * PCI_EXP_DEVCAP_FLR)]
    slot = [
        Bits(PCI_EXP_FLAGS, 2, PCI_EXP_FLAGS_SLOT, offers * PCI_EXP_FLAGS_SLOT),
        Bits(PCI_EXP_SLTCAP, 4, PCI_EXP_SLTCAP_HPC, offers * PCI_EXP_SLTCAP_HPC),
    ]
    return [resets, slot] if header_type(sheet.config) != PCI_HEADER_TYPE_NORMAL else [resets]


def _usual(sheet: Form, capability: int) -> list[Bits]:
    """Return what else a capability has, as far as it can."""
    if capability == PCI_CAP_ID_PM:
        return [Bits(PCI_PM_PMC, 2, PCI_PM_CAP_VER_MASK, 3)]
    port = PCI_EXP_TYPE_ENDPOINT if header_type(sheet.config) == PCI_HEADER_TYPE_NORMAL else sheet.port
    flags = Bits(PCI_EXP_FLAGS, 2, PCI_EXP_FLAGS_VERS | PCI_EXP_FLAGS_TYPE, 2 | port << 4)
    return [flags] if capability == PCI_CAP_ID_EXP else []
