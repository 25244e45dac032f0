# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci.c, last part: resetting one function.

Capabilities, power states and saved state, which are in the same C file, are in pci_capability, pci_power, pci_state.
"""

from __future__ import annotations

from errno import EINVAL, ENOTTY

from ..kernel.bug import might_sleep
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_err
from ..kernel.structs import (
    PCI_D0,
    PCI_D3hot,
    device_lock,
    device_unlock,
    pci_bus,
    pci_dev,
    pci_is_root_bus,
)
from ..pci_regs import (
    PCI_AF_CAP,
    PCI_AF_CAP_FLR,
    PCI_AF_CAP_TP,
    PCI_AF_CTRL,
    PCI_AF_CTRL_FLR,
    PCI_AF_STATUS,
    PCI_AF_STATUS_TP,
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_AF,
    PCI_COMMAND,
    PCI_COMMAND_INTX_DISABLE,
    PCI_EXP_DEVCAP,
    PCI_EXP_DEVCAP_FLR,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL_BCR_FLR,
    PCI_EXP_DEVSTA,
    PCI_EXP_DEVSTA_TRPND,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_STATE_MASK,
)
from .access import (
    pci_cfg_access_lock,
    pci_cfg_access_unlock,
    pci_read_config_byte,
    pci_read_config_word,
    pci_write_config_byte,
    pci_write_config_word,
    pcie_capability_read_dword,
    pcie_capability_read_word,
    pcie_capability_set_word,
)
from .pci_capability import pci_find_capability
from .pci_power import pci_dev_d3_sleep
from .pci_state import pci_restore_state, pci_save_state
from .quirks import pci_dev_specific_reset


def pci_bus_max_busnr(bus: pci_bus) -> int:
    """The highest bus number at and below *bus*.

    C: drivers/pci/pci.c, exported, base"""
    max_ = bus.busn_res.end
    for tmp in bus.children:
        n = pci_bus_max_busnr(tmp)
        if n > max_:
            max_ = n
    return max_


EXPORT_SYMBOL_GPL(pci_bus_max_busnr)


def pcie_flr(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by PCI Express Function Level Reset.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if the device does not offer it"""
    _, cap = pcie_capability_read_dword(dev, PCI_EXP_DEVCAP)
    # the device does not offer a Function Level Reset, or is not PCI Express at all
    if not cap & PCI_EXP_DEVCAP_FLR:
        return -ENOTTY
    if probe:
        return 0
    # What the device has asked for must have come back before it forgets.
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)
        _, status = pcie_capability_read_word(dev, PCI_EXP_DEVSTA)
        if not status & PCI_EXP_DEVSTA_TRPND:
            break
    else:
        dev_err(dev.dev, "transaction is not cleared; proceeding with reset anyway")
    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)
    msleep(100)
    return 0


def pci_af_flr(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by the Function Level Reset of the Advanced Features capability.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if the device does not offer it"""
    pos = pci_find_capability(dev, PCI_CAP_ID_AF)
    # the device has no Advanced Features capability, the way conventional devices offer a function level reset
    if not pos:
        return -ENOTTY
    cap = pci_read_config_byte(dev, pos + PCI_AF_CAP)
    # it has Advanced Features, but among them no reset, or no way to see that its transactions are done
    if not cap & PCI_AF_CAP_TP or not cap & PCI_AF_CAP_FLR:
        return -ENOTTY
    if probe:
        return 0
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)
        status = pci_read_config_byte(dev, pos + PCI_AF_STATUS)
        if not status & PCI_AF_STATUS_TP:
            break
    else:
        dev_err(dev.dev, "transaction is not cleared; proceeding with reset anyway")
    pci_write_config_byte(dev, pos + PCI_AF_CTRL, PCI_AF_CTRL_FLR)
    msleep(100)
    return 0


def pci_pm_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by sending it to D3hot and back to D0. Sleeps twice the D3 delay, 2 x 10 ms.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if the device cannot be reset so; -EINVAL if it is not in D0, which ends the search for a way"""
    # the device has no Power Management capability
    if not dev.pm_cap:
        return -ENOTTY
    csr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    # the device says that it keeps its state on the way from D3hot to D0 (No_Soft_Reset), so this resets nothing
    if csr & PCI_PM_CTRL_NO_SOFT_RESET:
        return -ENOTTY
    if probe:
        return 0
    # the kernel does not believe the device to be awake: it is in a low power state, or no driver has enabled it yet
    if dev.current_state != PCI_D0:
        return -EINVAL
    csr &= ~PCI_PM_CTRL_STATE_MASK
    csr |= PCI_D3hot
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, csr)
    pci_dev_d3_sleep(dev)
    csr &= ~PCI_PM_CTRL_STATE_MASK
    csr |= PCI_D0
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, csr)
    pci_dev_d3_sleep(dev)
    return 0


def pci_parent_bus_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev*, alone on its bus, by resetting the bus.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if there is no bridge to do it or the reset would hit others"""
    # the device is on a root bus, or is a bridge itself, or no bridge is known above it: no bus reset hits it alone
    if pci_is_root_bus(dev.bus) or dev.subordinate or not dev.bus.self:
        return -ENOTTY
    for pdev in dev.bus.devices:
        # another function is on the same bus, and a bus reset would reset it too
        if pdev is not dev:
            return -ENOTTY
    if probe:
        return 0
    ctrl = pci_read_config_word(dev.bus.self, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev.bus.self, PCI_BRIDGE_CONTROL, ctrl)
    msleep(100)
    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev.bus.self, PCI_BRIDGE_CONTROL, ctrl)
    msleep(100)
    return 0


def __pci_dev_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* in the first way that it offers.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether one would work
    :return: 0; -ENOTTY if it offers none; another error from a way ends the search"""
    might_sleep()
    rc = pci_dev_specific_reset(dev, probe)
    if rc != -ENOTTY:
        return rc
    rc = pcie_flr(dev, probe)
    if rc != -ENOTTY:
        return rc
    rc = pci_af_flr(dev, probe)
    if rc != -ENOTTY:
        return rc
    rc = pci_pm_reset(dev, probe)
    if rc != -ENOTTY:
        return rc
    return pci_parent_bus_reset(dev, probe)


def pci_dev_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* while nobody else touches it.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work, without locks
    :return: as __pci_dev_reset()"""
    if not probe:
        pci_cfg_access_lock(dev)
        # Keep drivers from coming and going, and the system from suspending.
        device_lock(dev.dev)
    rc = __pci_dev_reset(dev, probe)
    if not probe:
        device_unlock(dev.dev)
        pci_cfg_access_unlock(dev)
    return rc


def __pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, whose config space is lost; the caller sets it up again.

    C: drivers/pci/pci.c, exported, base
    :return: as __pci_dev_reset()"""
    return pci_dev_reset(dev, 0)


EXPORT_SYMBOL_GPL(__pci_reset_function)


def __pci_reset_function_locked(dev: pci_dev) -> int:
    """Reset *dev*, which the caller has locked; its config space is lost.

    C: drivers/pci/pci.c, exported, base
    :return: as __pci_dev_reset()"""
    return __pci_dev_reset(dev, 0)


EXPORT_SYMBOL_GPL(__pci_reset_function_locked)


def pci_probe_reset_function(dev: pci_dev) -> int:
    """Say whether *dev* can be reset.

    C: drivers/pci/pci.c, global, base
    :return: 0, or -ENOTTY if it offers no way"""
    return pci_dev_reset(dev, 1)


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after.

    C: drivers/pci/pci.c, exported, base
    :return: 0; -ENOTTY if it offers no way; -EINVAL if it would need to be in D0"""
    rc = pci_dev_reset(dev, 1)
    if rc:
        return rc
    pci_save_state(dev)
    # INTx is disabled by its bit, MSI with bus mastering.
    pci_write_config_word(dev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)
    rc = pci_dev_reset(dev, 0)
    pci_restore_state(dev)
    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)
