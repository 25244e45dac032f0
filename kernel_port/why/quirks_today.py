# SPDX-License-Identifier: GPL-2.0-only
"""Which devices today's Linux resets in fewer ways than their registers offer, or in a way of its own.

Facts of drivers/pci/quirks.c, by hand: as of 28 November 2026 from Linux 7.1.5, the newest at hand, and from commits
of 7.2 known by id. A test compares the rows up to 6.1 with Debian's linux-source-6.1.

`since` is the version whose release has the row first; stable trees have it earlier. Where the commit was not found, it
is "" and `since` the oldest version at hand that has the row: the row may be older.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What was read, for people.
SOURCE: Final = "Linux 7.1.5 and commits of 7.2, as of 28 November 2026"

#: What a row does: it forbids a method, or adds one.
NO_FLR, NO_BUS, NO_PM, SPECIFIC = "no FLR", "no bus reset", "no PM reset", "device-specific"
#: A port whose link Linux trains again if a reset leaves it down, at 2.5 GT/s first.
RETRAIN = "link trained again"

#: Matches any device of the vendor.
ANY: Final = -1


@dataclass(frozen=True, slots=True)
class Quirk:
    """One row: a device, what Linux does about it, and since when."""

    effect: str
    vendor: int
    device: int
    since: str
    """Version: "5.8"."""
    commit: str
    """First 12 digits of the commit, "" if it was not found."""
    why: str
    mask: int = 0xFFFF
    """Bits of the device ID that *device* gives."""
    revision: int | None = None
    class_code: int | None = None
    """Class and subclass (0x0300), or with the programming interface (0x010802)."""
    needs_flr: bool = False
    """The way is an FLR with something around it, and needs one that is offered."""

    def matches(self, vendor: int, device: int, class_code: int, revision: int) -> bool:
        """Return whether the row is for a function.

        :param class_code: three bytes"""
        return (
            self.vendor == vendor
            and (self.device == ANY or device & self.mask == self.device)
            and self.revision in (None, revision)
            and self.class_code in (None, class_code, class_code >> 8)
        )


_HANGS = "an FLR hangs it"
_KEEPS = "waking from D3hot changes nothing in it, whatever it claims"
_LOST = "it does not come back after a bus reset"

QUIRKS: Final = (
    Quirk(NO_FLR, 0x1022, 0x1487, "5.8", "0d14f06cd665", _HANGS),
    Quirk(NO_FLR, 0x1022, 0x148C, "5.8", "5727043c73fd", _HANGS),
    Quirk(NO_FLR, 0x1022, 0x149C, "5.8", "0d14f06cd665", _HANGS),
    Quirk(NO_FLR, 0x1022, 0x7901, "6.3", "63ba51db24ed", "it does not work in a virtual machine after an FLR"),
    Quirk(NO_FLR, 0x1022, 0x1502, "7.1", "806140e9a332", _HANGS),
    Quirk(NO_FLR, 0x1022, 0x17F0, "7.1", "806140e9a332", _HANGS),
    Quirk(NO_FLR, 0x8086, 0x1502, "4.12", "f65fd1aa4f98", "it claims FLR, and an FLR hangs it"),
    Quirk(NO_FLR, 0x8086, 0x1503, "4.12", "f65fd1aa4f98", "it claims FLR, and an FLR hangs it"),
    Quirk(NO_FLR, 0x14C3, 0x0616, "6.14", "81f64e925c29", "after an FLR it does not answer"),
    Quirk(NO_FLR, 0xD063, 0x1000, "6.3", "d089d69cc1f8", _HANGS, revision=1),
    Quirk(NO_BUS, 0x168C, 0x0030, "3.19", "c3e59ee4e766", _LOST),
    Quirk(NO_BUS, 0x168C, 0x0032, "4.9", "", _LOST),
    Quirk(NO_BUS, 0x168C, 0x003C, "4.9", "", _LOST),
    Quirk(NO_BUS, 0x168C, 0x0033, "4.9", "", _LOST),
    Quirk(NO_BUS, 0x168C, 0x0034, "5.2", "6afb7e26978d", "the computer locks up when a virtual machine resets it"),
    Quirk(NO_BUS, 0x168C, 0x003E, "5.16", "e3f4bd3462f6", "the virtual machine hangs when its driver loads"),
    Quirk(NO_BUS, 0x17CB, 0x1103, "7.2", "6a4f64c3a3ad", _LOST),
    Quirk(NO_BUS, 0x17CB, 0x1107, "7.2", "6a4f64c3a3ad", _LOST),
    Quirk(NO_BUS, 0x17CB, 0x0308, "7.2", "6a4f64c3a3ad", _LOST),
    Quirk(NO_BUS, 0x177D, 0xA100, "4.16", "", "what is below this port may not answer after a reset of its bus"),
    Quirk(NO_BUS, 0x104C, 0xB005, "5.13", "b5cf198e74a9", "a bus reset turns its link off for good"),
    Quirk(NO_BUS, 0x10DE, 0x2340, "5.13", "4c207e7121fa", _LOST, mask=0xFFC0),
    Quirk(NO_BUS, 0x10DE, 0x22CE, "7.0", "c81a2ce6b6a8", "the link below this port may not train again, or narrower"),
    Quirk(NO_BUS, 0x10DE, 0x22D0, "7.0", "c81a2ce6b6a8", "the link below this port may not train again, or narrower"),
    Quirk(NO_BUS, 0x1B21, 0x1164, "7.0", "beb2f81792a8", "its link does not train again after a bus reset"),
    Quirk(NO_PM, 0x1002, ANY, "4.1", "", _KEEPS, class_code=0x0300),
    Quirk(NO_PM, 0x15B3, 0xCB84, "6.8", "3ed48c80b28d", _KEEPS),
    Quirk(NO_PM, 0x15B3, 0xCF6C, "6.8", "3ed48c80b28d", _KEEPS),
    Quirk(NO_PM, 0x15B3, 0xCF70, "6.8", "3ed48c80b28d", _KEEPS),
    Quirk(NO_PM, 0x15B3, 0xCF80, "6.8", "3ed48c80b28d", _KEEPS),
    Quirk(SPECIFIC, 0x8086, 0x10ED, "3.11", "", "an FLR that the virtual function offers and does not announce"),
    Quirk(SPECIFIC, 0x8086, 0x0156, "3.11", "", "by registers of the graphics"),
    Quirk(SPECIFIC, 0x8086, 0x0166, "3.11", "", "by registers of the graphics"),
    Quirk(SPECIFIC, 0x1425, 0x4000, "3.12", "", "an FLR with bus mastering and MSI-X kept on", mask=0xF000),
    Quirk(
        SPECIFIC, 0x144D, 0xA804, "4.19", "ffb0863426eb", "the NVMe controller is disabled before the FLR",
        class_code=0x010802, needs_flr=True,
    ),
    Quirk(SPECIFIC, 0x8086, 0x0953, "4.19", "51ba09452d11", "an FLR, and 250 ms more", needs_flr=True),
    Quirk(SPECIFIC, 0x8086, 0x0A54, "5.13", "0349a070881f", "an FLR, and 250 ms more", needs_flr=True),
    Quirk(SPECIFIC, 0x025E, 0xF1AC, "6.5", "0ac448e0d29d", "an FLR, and 250 ms more", needs_flr=True),
    Quirk(SPECIFIC, 0x19E5, 0x375E, "5.13", "ce00322c2365", "an FLR with a handshake with its firmware"),
    Quirk(RETRAIN, 0x1B21, 0x2824, "6.5", "a89c82249c37", "its link may stay down after a reset; by v7.1 for any port"),
)  # fmt: skip


def quirks(vendor: int, device: int, class_code: int, revision: int) -> tuple[Quirk, ...]:
    """Return the rows for a function."""
    return tuple(quirk for quirk in QUIRKS if quirk.matches(vendor, device, class_code, revision))
