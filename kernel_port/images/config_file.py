# SPDX-License-Identifier: GPL-2.0-only
"""One function's `config` file of sysfs, as bytes. Its address is in its path, or given."""

from __future__ import annotations

import re
from pathlib import Path

from ..hw.address import Address
from ..hw.config_space import capabilities, word
from ..hw.description import FunctionDescription
from ..pci_regs import PCI_CAP_ID_EXP, PCI_STATUS, PCI_STATUS_CAP_LIST

#: Bytes that such a file has: what everybody may read, a CardBus header, all of PCI, all of PCI Express.
LENGTHS = (64, 128, 256, 4096)

#: Some file systems have no colons in names.
_ADDRESS = re.compile(r"(?<![0-9a-f])(?:([0-9a-f]{4,8})[:_-])?([0-9a-f]{2})[:_-]([01][0-9a-f])\.([0-7])(?![0-9a-f])",
                      re.IGNORECASE)  # fmt: skip


def address_in(path: Path) -> Address | None:
    """Return the address in a file's own name or in that of its folder, None if there is none."""
    for name in (path.name, path.absolute().parent.name):
        if found := list(_ADDRESS.finditer(name)):
            domain, bus, device, function = found[-1].groups("0")
            return Address.parse(f"{int(domain, 16):04x}:{bus}:{device}.{function}")
    return None


def largest_size(config: bytes) -> int:
    """Return how large the configuration space can be that begins with *config*: a tool may have shown a part of it."""
    if len(config) == 256:
        express = any(capability == PCI_CAP_ID_EXP for capability, _ in capabilities(config))
    else:
        express = len(config) > 256 or bool(word(config, PCI_STATUS) & PCI_STATUS_CAP_LIST)
    return 4096 if express else 256


def read(data: bytes, address: Address) -> FunctionDescription:
    """Describe the function whose configuration space is *data*, of one of LENGTHS."""
    size = largest_size(data)
    return FunctionDescription(address, data, size=size, stated=b"\xff" * len(data) if len(data) < size else None)
