# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Enable the bridges above a device when it is enabled

Why: every bridge was enabled at boot, whether anything below it was used or not, and before the resources of slots that
are filled later are known.
What: in drivers/pci/pci.c, pci_enable_device_flags() enables the bridges above first, from the root down, with the new
pci_enable_bridge(). pci_enable_bridges() and its calls in probe.c and setup-bus.c go.
Look at: a bridge without a driver stays as firmware left it until a driver below is bound: not a bus master, perhaps
asleep. pcieport does not disable its port when it is unbound any more: what is below may need it.
Upstream: 928bea964827 in v3.12 (seen in mails, as what takes pci_enable_bridges() away), with others whose ids are not
verified. The title is ours.
Adapted: from v3.12.10. # PORT: a module takes nothing away, so pci_assign_unassigned_resources(), of which nothing but
the walk was ported, stays and does nothing, and pci_enable_bridges() has no caller.
"""

from __future__ import annotations

from ..base.access import pci_read_config_word
from ..base.pci import do_pci_enable_device, pci_enable_device, pci_reenable_device, pci_set_master
from ..base.portdrv_core import pcie_port_device_remove
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_err, dev_warn
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ("pci_upstream_bridge", "pci_enable_bridge")
MODIFIES = (
    "pci_enable_device_flags",
    "pci_assign_unassigned_resources",
    "pci_assign_unassigned_bridge_resources",
    "pcie_portdrv_remove",
)
REQUIRES = ()


def pci_upstream_bridge(dev: pci_dev) -> pci_dev:
    """Return the bridge above *dev*.

    C: include/linux/pci.h, static inline, v3.12
    :return: struct pci_dev *, or NULL on a root bus"""
    # PORT: no pci_physfn(): virtual functions are not found by this kernel
    if pci_is_root_bus(dev.bus):
        return NULL  # type: ignore[no-any-return]

    return dev.bus.self


def pci_enable_bridge(dev: pci_dev) -> None:
    """Enable the bridges above *dev*, and then *dev* itself, a bridge.

    C: drivers/pci/pci.c, static, v3.12"""
    bridge = pci_upstream_bridge(dev)
    if bridge:
        pci_enable_bridge(bridge)

    if pci_is_enabled(dev):
        if not dev.is_busmaster:
            dev_warn(dev.dev, "its driver should have made it a bus master")
            pci_set_master(dev)
        return

    retval = pci_enable_device(dev)
    if retval:
        dev_err(dev.dev, f"cannot enable this bridge: {retval}")
    pci_set_master(dev)


def pci_enable_device_flags(dev: pci_dev, flags: int) -> int:
    """Enable *dev*, with its resources of the types in *flags*.

    C: drivers/pci/pci.c, static, v3.12
    :param flags: IORESOURCE_*
    :return: as do_pci_enable_device(); 0 if it was enabled before"""
    bars = 0

    # an earlier driver may have left it in any state
    if dev.pm_cap:
        pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
        dev.current_state = pmcsr & PCI_PM_CTRL_STATE_MASK

    dev.enable_cnt += 1
    if dev.enable_cnt > 1:
        return 0

    bridge = pci_upstream_bridge(dev)
    if bridge:
        pci_enable_bridge(bridge)

    for i in range(PCI_ROM_RESOURCE + 1):
        if dev.resource[i].flags & flags:
            bars |= 1 << i
    for i in range(PCI_BRIDGE_RESOURCES, DEVICE_COUNT_RESOURCE):
        if dev.resource[i].flags & flags:
            bars |= 1 << i

    err = do_pci_enable_device(dev, bars)
    if err < 0:
        dev.enable_cnt -= 1
    return err


def pci_assign_unassigned_resources() -> None:
    """Do nothing: no bridge is enabled here any more.

    C: drivers/pci/setup-bus.c, global, v3.12"""


def pci_assign_unassigned_bridge_resources(bridge: pci_dev) -> None:
    """Enable *bridge* again.

    C: drivers/pci/setup-bus.c, exported, v3.12"""
    retval = pci_reenable_device(bridge)
    if retval:
        dev_err(bridge.dev, f"cannot enable this bridge again: {retval}")
    pci_set_master(bridge)


EXPORT_SYMBOL_GPL(pci_assign_unassigned_bridge_resources)


def pcie_portdrv_remove(dev: pci_dev) -> None:
    """Unbind from the port *dev*.

    C: drivers/pci/pcie/portdrv_pci.c, static, v3.12"""
    pcie_port_device_remove(dev)
