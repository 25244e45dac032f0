# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/setup-bus.c: only the part that enables bridges, after addresses were assigned.

# PORT: addresses stay as firmware left them: none are sized, assigned or logged (pci_bus_dump_resources()).
"""

from __future__ import annotations

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_err
from ..kernel.structs import *
from .bus import pci_enable_bridges
from .pci import pci_reenable_device, pci_set_master
from .probe import pci_root_buses


def pci_assign_unassigned_resources() -> None:
    """Enable every bridge.

    C: drivers/pci/setup-bus.c, global, base"""
    # PORT: nothing is sized and assigned, so no try fails and none is repeated: add_list, fail_head, type_mask,
    # rel_type, tried_times, pci_try_num, pci_realloc_detect(), pci_realloc_enabled(), __pci_bus_size_bridges(),
    # __pci_bus_assign_resources(), free_list(), printk(), `goto again;`, `goto enable_and_dump;`,
    # `list_for_each_entry(bus, &pci_root_buses, node)`; and nothing is logged: pci_bus_dump_resources()
    for bus in pci_root_buses:
        pci_enable_bridges(bus)


def pci_assign_unassigned_bridge_resources(bridge: pci_dev) -> None:
    """Enable *bridge* again, and every bridge below it.

    C: drivers/pci/setup-bus.c, exported, base"""
    parent = bridge.subordinate

    # PORT: as above: add_list, fail_head, type_mask, tried_times, __pci_bus_size_bridges(),
    # __pci_bridge_assign_resources(), free_list(), printk(), `goto again;`
    retval = pci_reenable_device(bridge)
    if retval:
        dev_err(bridge.dev, f"cannot enable this bridge again: {retval}")
    pci_set_master(bridge)
    pci_enable_bridges(parent)


EXPORT_SYMBOL_GPL(pci_assign_unassigned_bridge_resources)
