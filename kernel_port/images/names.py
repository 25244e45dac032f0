# SPDX-License-Identifier: GPL-2.0-only
"""Names of vendors, devices and classes: from pci.ids where it is installed, else as the machine's source has them.

The file is searched, not parsed: 40,000 lines are too many for a machine of a few functions. Classes have names of our
own, for computers without the file.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

#: Where distributions keep pci.ids.
PLACES = (Path("/usr/share/misc/pci.ids"), Path("/usr/share/hwdata/pci.ids"))

#: Classes, and classes with their subclasses (PCI Code and ID Assignment), for where there is no pci.ids.
CLASSES = {
    0x00: "Old device", 0x01: "Storage controller", 0x02: "Network controller", 0x03: "Display controller",
    0x04: "Multimedia controller", 0x05: "Memory controller", 0x06: "Bridge", 0x07: "Communication controller",
    0x08: "System peripheral", 0x09: "Input device", 0x0A: "Docking station", 0x0B: "Processor",
    0x0C: "Serial bus controller", 0x0D: "Wireless controller", 0x0E: "Intelligent controller",
    0x0F: "Satellite controller", 0x10: "Encryption controller", 0x11: "Signal processing controller",
    0x12: "Processing accelerator", 0x13: "Instrumentation", 0x40: "Coprocessor", 0xFF: "Unassigned class",
}  # fmt: skip
SUBCLASSES = {
    0x0100: "SCSI controller", 0x0101: "IDE controller", 0x0104: "RAID controller", 0x0106: "SATA controller",
    0x0107: "SAS controller", 0x0108: "NVMe controller", 0x0200: "Ethernet controller", 0x0207: "InfiniBand controller",
    0x0300: "VGA controller", 0x0302: "3D controller", 0x0401: "Audio controller", 0x0403: "Audio device",
    0x0600: "Host bridge", 0x0601: "ISA bridge", 0x0604: "PCI bridge", 0x0607: "CardBus bridge",
    0x0609: "Semi-transparent bridge", 0x0700: "Serial controller", 0x0780: "Communication controller",
    0x0800: "Interrupt controller", 0x0801: "DMA controller", 0x0805: "SD host controller", 0x0806: "IOMMU",
    0x0807: "Event collector", 0x0C00: "FireWire controller", 0x0C03: "USB controller", 0x0C04: "Fibre Channel",
    0x0C05: "SMBus controller", 0x1101: "Performance counters", 0x1300: "Dummy function",
}  # fmt: skip

_NUMBERS = re.compile(r"(Class )?[0-9a-f]{4}: [0-9a-f]{4}:[0-9a-f]{4}", re.IGNORECASE)
_FROM_LSPCI = re.compile(r"(?P<kind>.*?)(?: \[[0-9a-f]{4}\])?: (?P<name>.*?)(?: \[[0-9a-f]{4}:[0-9a-f]{4}\])?"
                         r"(?: \((?:rev|prog-if) .*)?", re.IGNORECASE)  # fmt: skip
#: Most words in a vendor's name, to look for it.
_LONGEST = 16

_VENDOR = re.compile(rb"\n([0-9a-f]{4})  ([^\n]*)")
_NEXT_ENTRY = re.compile(rb"\n[^\t#\n]")
_NEXT_SUBENTRY = re.compile(rb"\n\t?[^\t#\n]")


class Names:
    """The names in one pci.ids file; "" for what is not in it."""

    def __init__(self, text: bytes) -> None:
        self._text = b"\n" + text
        self._blocks: dict[bytes, bytes] = {}
        self._named: dict[bytes, list[bytes]] = {}

    def vendor(self, vendor: int) -> str:
        """Return the name of a vendor."""
        return _title(self._block(b"%04x" % vendor))

    def device(self, vendor: int, device: int) -> str:
        """Return the name of a vendor's device."""
        return _title(_section(self._block(b"%04x" % vendor), b"\n\t%04x  " % device, _NEXT_SUBENTRY))

    def ids(self, title: str) -> tuple[int | None, int | None]:
        """Return the IDs of a vendor and its device whose names *title* is; None where no or several IDs have it.

        The vendor's may be all of it. The reverse of vendor() and device()."""
        words = title.encode("utf-8", "replace").split(b" ")
        for count in range(min(len(words), _LONGEST), 0, -1):
            if vendors := self._vendors().get(b" ".join(words[:count])):
                break
        else:
            return None, None
        if len(vendors) > 1:
            return None, None
        devices = _keys(self._block(vendors[0]), b" ".join(words[count:]))
        return int(vendors[0], 16), int(devices[0], 16) if len(devices) == 1 else None

    def _vendors(self) -> dict[bytes, list[bytes]]:
        """Return the IDs of the vendors by name; several may have one name."""
        if not self._named:
            for key, name in _VENDOR.findall(self._text):
                self._named.setdefault(name.strip(), []).append(key)
        return self._named

    def class_name(self, code: int) -> str:
        """Return the name of a class code of two bytes (class, subclass): the subclass's, else the class's."""
        block = self._block(b"C %02x" % (code >> 8))
        return _title(_section(block, b"\n\t%02x  " % (code & 0xFF), _NEXT_SUBENTRY)) or _title(block)

    def _block(self, key: bytes) -> bytes:
        """Return an entry with its sub-entries, cached."""
        if key not in self._blocks:
            self._blocks[key] = _section(self._text, b"\n" + key + b"  ", _NEXT_ENTRY)
        return self._blocks[key]


@cache
def installed() -> Names:
    """Return the names of this computer's pci.ids; no names if it has none."""
    for place in PLACES:
        try:
            return Names(place.read_bytes())
        except OSError:
            continue
    return Names(b"")


def class_name(code: int) -> str:
    """Return the name of a class code of two bytes (class, subclass)."""
    known = installed().class_name(code) or SUBCLASSES.get(code) or CLASSES.get(code >> 8)
    return known or f"class {code:04x}"


def title(vendor: int, device: int, class_: int, said: str = "") -> str:
    """Name a function: "Ethernet controller: Intel Corporation 82574L [8086:10d3]".

    :param class_: class, subclass and programming interface
    :param said: what its source says after the address, for what pci.ids does not know"""
    ids, numbers = installed(), f"[{vendor:04x}:{device:04x}]"
    product = ids.device(vendor, device)
    named = None if product or _NUMBERS.match(said) else _FROM_LSPCI.fullmatch(said)
    if named:
        return f"{named['kind']}: {named['name']} {numbers}"
    return (
        f"{class_name(class_ >> 8)}: {ids.vendor(vendor) or f'vendor {vendor:04x}'} "
        f"{product or f'device {device:04x}'} {numbers}"
    )


def _section(text: bytes, key: bytes, following: re.Pattern[bytes]) -> bytes:
    """Return what is after *key* up to the next entry of its level, empty if there is no such key."""
    start = text.find(key)
    if start < 0:
        return b""
    start += len(key)
    end = following.search(text, start)
    return text[start : end.start() if end else len(text)]


def _keys(block: bytes, name: bytes) -> list[bytes]:
    """Return the IDs of all devices of a vendor's block that are called *name*."""
    if not name or name not in block:  # much faster than the expression
        return []
    return re.findall(rb"\n\t([0-9a-f]{4})  " + re.escape(name) + rb"\r?(?=\n|$)", block)


def _title(section: bytes) -> str:
    """Return the first line, without control characters."""
    line = section.partition(b"\n")[0].decode("utf-8", "replace")
    return "".join(filter(str.isprintable, line)).strip()
