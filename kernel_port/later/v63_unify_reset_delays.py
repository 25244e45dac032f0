# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Unify delay handling for reset and resume

Why: the wait after a bus reset asked the bridge, not what is below it (wait-after-bus-reset), and every reset took a
second first, needed or not.
What: in drivers/pci/pci.c, the second is gone; pci_reset_bridge_secondary_bus() calls the new
pci_bridge_wait_for_secondary_bus(): conventional buses get 1000 ms and their delay, ports of up to 5 GT/s their delay,
faster ones wait for the link first; then the first device on the bus is waited for, for up to a minute.
Look at: one device stands for all on the bus. Nothing is waited for below the bus (wait-for-link-below), nor on a bus
that is not below a root port or a downstream port, as that in a switch. A device that is pulled meanwhile is waited for
in vain.
Upstream: ac91e6980563 in v6.3 (id and title in a mail and a list of revisions; the code is in 6.5.0 and not in 5.8.1).
Adapted: from v6.1.192, which has it in its first form, on top of wait-after-bus-reset. # PORT: no device is marked
disconnected, nothing counts references to the first device. The speed of a port and whether it reports its link are
read from its registers: struct pci_dev has no link_active_reporting here. Devices without power management have no
d3cold_delay, and get the 100 ms that later kernels give all. The result is only said in the log, as in
wait-after-bus-reset.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.access import (
    pci_read_config_word,
    pci_write_config_word,
    pcie_capability_read_dword,
    pcie_capability_read_word,
)
from ..base.search import pci_bus_sem
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_read, up_read
from ..kernel.printk import dev_info
from ..kernel.structs import *
from ..pci_regs import *
from .v417_wait_after_bus_reset import PCIE_RESET_READY_POLL_MS, pci_dev_wait

ADDS = (
    "pci_bus_max_d3cold_delay", "pcie_is_slow", "pcie_wait_for_link_delay", "pci_bridge_wait_for_secondary_bus",
)  # fmt: skip
MODIFIES = ("pci_reset_bridge_secondary_bus",)
REQUIRES = ("wait-after-bus-reset",)

#: How long a link may take to train, ms.
PCIE_LINK_RETRAIN_TIMEOUT_MS = 1000


def pci_bus_max_d3cold_delay(bus: pci_bus) -> int:
    """Return how long the slowest device on *bus* needs after a reset, ms: 100 by default.

    C: drivers/pci/pci.c, static, v6.3"""
    min_delay = 100
    max_delay = 0

    for pdev in bus.devices:
        delay = pdev.d3cold_delay if pdev.pm_cap else PCI_PM_D3COLD_WAIT  # PORT: pci_pm_init() sets it for all
        if delay < min_delay:
            min_delay = delay
        if delay > max_delay:
            max_delay = delay

    return max(min_delay, max_delay)


def pcie_is_slow(dev: pci_dev) -> bool:
    """Return whether a port does at most 5 GT/s.

    C: drivers/pci/pci.c pcie_get_speed_cap(), exported, v6.3; PORT: only what its caller asks"""
    _, lnkcap2 = pcie_capability_read_dword(dev, PCI_EXP_LNKCAP2)
    if lnkcap2:
        return not lnkcap2 & ~(PCI_EXP_LNKCAP2_SLS_2_5GB | PCI_EXP_LNKCAP2_SLS_5_0GB | 1)

    _, lnkcap = pcie_capability_read_dword(dev, PCI_EXP_LNKCAP)
    return (lnkcap & PCI_EXP_LNKCAP_SLS) in (PCI_EXP_LNKCAP_SLS_2_5GB, PCI_EXP_LNKCAP_SLS_5_0GB)


def pcie_wait_for_link_delay(pdev: pci_dev, active: bool, delay: int) -> bool:
    """Wait for the link below a port, and then *delay* ms.

    C: drivers/pci/pci.c, static, v6.3
    :return: whether the link is as *active* says"""
    # a port may not tell whether its link is up
    _, lnkcap = pcie_capability_read_dword(pdev, PCI_EXP_LNKCAP)
    if not lnkcap & PCI_EXP_LNKCAP_DLLLARC:
        msleep(PCIE_LINK_RETRAIN_TIMEOUT_MS + delay)
        return True

    # the link begins to train within 20 ms (PCIe 4.0, 6.6.1)
    if active:
        msleep(20)
    timeout = PCIE_LINK_RETRAIN_TIMEOUT_MS
    while True:
        _, lnk_status = pcie_capability_read_word(pdev, PCI_EXP_LNKSTA)
        ret = bool(lnk_status & PCI_EXP_LNKSTA_DLLLA)
        if ret == active or timeout <= 0:
            break
        msleep(10)
        timeout -= 10
    if active and ret:
        msleep(delay)

    return ret == active


def pci_bridge_wait_for_secondary_bus(dev: pci_dev, reset_type: str) -> int:
    """Wait until what is on the bus below *dev* may be accessed.

    C: drivers/pci/pci.c, global, v6.3
    :return: 0, or -ENOTTY if the link or the first device on the bus did not come up"""
    if not pci_is_bridge(dev):
        return 0

    down_read(pci_bus_sem)

    # devices that are added later are waited for by who adds them
    if not dev.subordinate or not dev.subordinate.devices:
        up_read(pci_bus_sem)
        return 0

    delay = pci_bus_max_d3cold_delay(dev.subordinate)
    if not delay:
        up_read(pci_bus_sem)
        return 0

    child = dev.subordinate.devices[0]
    up_read(pci_bus_sem)

    # conventional PCI: Tpvrh and Trhfa
    if not pci_is_pcie(dev):
        msleep(1000 + delay)
        return 0

    if pci_pcie_type(dev) not in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM):
        return 0

    if pcie_is_slow(dev):
        msleep(delay)
    elif not pcie_wait_for_link_delay(dev, True, delay):
        dev_info(dev.dev, "the link did not come up within 1000 ms")
        return -ENOTTY

    return pci_dev_wait(child, reset_type, PCIE_RESET_READY_POLL_MS - delay)


def pci_reset_bridge_secondary_bus(dev: pci_dev) -> None:
    """Reset the bus below a bridge: 2 ms held, then wait for what is on it. Takes no lock.

    C: drivers/pci/pci.c pci_bridge_secondary_bus_reset(), exported, v6.3; PORT: pci_reset_secondary_bus(), which it
    calls through pcibios_reset_secondary_bus(), is in here
    :param dev: the bridge, ``struct pci_dev *``"""
    ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    # at least 1 ms (PCI 3.0, Trst); doubled to be sure
    msleep(2)

    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)

    pci_bridge_wait_for_secondary_bus(dev, "bus reset")


EXPORT_SYMBOL_GPL(pci_reset_bridge_secondary_bus)
