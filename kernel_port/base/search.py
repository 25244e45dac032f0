# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/search.c: finding known buses and devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel.export import EXPORT_SYMBOL
from ..kernel.mutex import down_read, rw_semaphore, up_read
from ..kernel.structs import *

if TYPE_CHECKING:  # probe.py uses this; the C declares the list in a header
    from .probe import pci_root_buses

#: Guards the lists of buses and devices.
pci_bus_sem: rw_semaphore = rw_semaphore("pci_bus_sem")


def pci_do_find_bus(bus: pci_bus, busnr: int) -> pci_bus:
    """Look for bus number *busnr* at and below *bus*.

    C: drivers/pci/search.c, static, base
    :return: struct pci_bus *, NULL if it is not there"""
    if bus.number == busnr:
        return bus

    for tmp in bus.children:
        child = pci_do_find_bus(tmp, busnr)
        if child:
            return child
    return NULL  # type: ignore[no-any-return]


def pci_find_bus(domain: int, busnr: int) -> pci_bus:
    """Find a bus by domain and number.

    C: drivers/pci/search.c, exported, base
    :return: struct pci_bus *, NULL if there is none"""
    for bus in pci_root_buses:  # PORT: pci_find_next_bus(), which takes pci_bus_sem for each step
        if pci_domain_nr(bus) != domain:
            continue
        tmp_bus = pci_do_find_bus(bus, busnr)
        if tmp_bus:
            return tmp_bus
    return NULL  # type: ignore[no-any-return]


def pci_get_slot(bus: pci_bus, devfn: int) -> pci_dev:
    """Find a function of *bus* by device and function number.

    C: drivers/pci/search.c, exported, base; PORT: nothing is counted, there is no pci_dev_put()
    :return: struct pci_dev *, NULL if there is none"""
    # PORT: no WARN_ON(in_interrupt()): the model's interrupts do not look for devices
    down_read(pci_bus_sem)

    # PORT: in C the loop's own variable is the result; `goto out;` jumps over `dev = NULL`
    dev: pci_dev = NULL
    for tmp in bus.devices:
        if tmp.devfn == devfn:
            dev = tmp
            break
    up_read(pci_bus_sem)
    return dev


EXPORT_SYMBOL(pci_find_bus)
EXPORT_SYMBOL(pci_get_slot)
