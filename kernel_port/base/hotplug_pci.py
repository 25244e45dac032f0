# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug-pci.c: what every hotplug driver does with a bridge that comes with a card."""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import printk
from ..kernel.structs import *
from .probe import pci_scan_bridge
from .search import pci_find_bus


def pci_hp_add_bridge(dev: pci_dev) -> int:
    """Find what is behind a new bridge; it gets bus numbers from the first one that is free on its bus.

    C: drivers/pci/hotplug-pci.c, exported, base
    :return: 0, or -1 if there are no bus numbers left or no bus came of it"""
    parent = dev.bus
    start, end = parent.busn_res.start, parent.busn_res.end

    for busnr in range(start, end + 1):
        if not pci_find_bus(pci_domain_nr(parent), busnr):
            break
    else:
        printk("err", f"{pci_name(dev)} gets no bus behind it: every number is taken")
        return -1
    busnr -= 1
    for pass_ in range(2):
        busnr = pci_scan_bridge(parent, dev, busnr, pass_)
    if not dev.subordinate:
        return -1

    return 0


EXPORT_SYMBOL_GPL(pci_hp_add_bridge)
