# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug-pci.c: what hotplug drivers share: bridges on a card."""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import printk
from ..kernel.structs import *
from .probe import pci_scan_bridge
from .search import pci_find_bus


def pci_hp_add_bridge(dev: pci_dev) -> int:
    """Scan behind a new bridge, with bus numbers from the first free one on.

    C: drivers/pci/hotplug-pci.c, exported, base
    :return: 0, or -1 if no bus numbers are left or no bus was made"""
    parent = dev.bus
    start, end = parent.busn_res.start, parent.busn_res.end

    # PORT: `if (busnr-- > end)` is the loop's else; `start = parent->busn_res.start`
    for busnr in range(start, end + 1):
        if not pci_find_bus(pci_domain_nr(parent), busnr):
            break
    else:
        printk("err", f"{pci_name(dev)}: no bus number left for the bus behind it")
        return -1
    busnr -= 1
    for pass_ in range(2):
        busnr = pci_scan_bridge(parent, dev, busnr, pass_)
    if not dev.subordinate:
        return -1

    return 0


EXPORT_SYMBOL_GPL(pci_hp_add_bridge)
