# SPDX-License-Identifier: GPL-2.0-only
"""drivers/vfio/pci/vfio_pci.c: the driver that gives a PCI device to a user, who resets it. The series is for it.

Opening the device, VFIO_DEVICE_RESET and closing it reset the function. v3.11 has no more than that; the reset of a
slot or a bus (VFIO_DEVICE_PCI_HOT_RESET) came with v3.12, on top of the series.

# PORT: users get no interrupts, no memory and no information: VFIO_DEVICE_RESET is their only request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import EINVAL, ENODEV, ENOTTY
from typing import Any

from ..kernel.module import module_put, try_module_get
from ..kernel.printk import printk
from ..kernel.structs import *
from ..pci_regs import *
from .access import (
    pci_cfg_access_trylock,
    pci_cfg_access_unlock,
    pci_read_config_byte,
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_word,
)
from .pci import (
    __pci_reset_function_locked,
    pci_disable_device,
    pci_enable_device,
    pci_intx_mask_supported,
    pci_load_and_free_saved_state,
    pci_reset_function,
    pci_restore_state,
    pci_save_state,
    pci_saved_state,
    pci_store_saved_state,
)
from .vfio import vfio_add_group_dev, vfio_del_group_dev, vfio_device_ops
from .vfio_pci_config import vfio_config_free, vfio_config_init

#: include/uapi/linux/vfio.h: _IO(VFIO_TYPE, VFIO_BASE + 11)
VFIO_DEVICE_RESET = ord(";") << 8 | 100 + 11


@dataclass(eq=False, slots=True)
class vfio_pci_device:
    """struct vfio_pci_device: a device that users may have.

    C: drivers/vfio/pci/vfio_pci_private.h, struct, base"""

    pdev: pci_dev
    pci_config_map: bytearray = NULL
    vconfig: bytearray = NULL
    msix_bar: int = 0
    msix_size: int = 0
    msix_offset: int = 0
    pci_2_3: bool = False
    reset_works: bool = False
    extended_caps: bool = False
    #: PORT: a list of one stands for the pointer that pci_load_and_free_saved_state() takes.
    pci_saved_state: list[pci_saved_state] = field(default_factory=lambda: [NULL])
    #: How many times it is open.
    refcnt: int = 0


def vfio_pci_enable(vdev: vfio_pci_device) -> int:
    """Enable the device for its first user, reset it, and store its state.

    C: drivers/vfio/pci/vfio_pci.c, static, base
    :return: 0, or an error of pci_enable_device() or vfio_config_init()"""
    pdev = vdev.pdev

    ret = pci_enable_device(pdev)
    if ret:
        return ret

    vdev.reset_works = pci_reset_function(pdev) == 0
    pci_save_state(pdev)
    vdev.pci_saved_state[0] = pci_store_saved_state(pdev)
    if not vdev.pci_saved_state[0]:
        printk("debug", f"{pci_name(pdev)}: cannot keep its state")

    ret = vfio_config_init(vdev)
    if ret:
        pci_load_and_free_saved_state(pdev, vdev.pci_saved_state)
        pci_disable_device(pdev)
        return ret

    # PORT: `nointxmask`, a parameter of the module, is false
    vdev.pci_2_3 = pci_intx_mask_supported(pdev)

    cmd = pci_read_config_word(pdev, PCI_COMMAND)
    if vdev.pci_2_3 and (cmd & PCI_COMMAND_INTX_DISABLE):
        cmd &= ~PCI_COMMAND_INTX_DISABLE
        pci_write_config_word(pdev, PCI_COMMAND, cmd)

    msix_pos = pdev.msix_cap
    if msix_pos:
        flags = pci_read_config_word(pdev, msix_pos + PCI_MSIX_FLAGS)
        table = pci_read_config_dword(pdev, msix_pos + PCI_MSIX_TABLE)

        vdev.msix_bar = table & PCI_MSIX_TABLE_BIR
        vdev.msix_offset = table & PCI_MSIX_TABLE_OFFSET
        vdev.msix_size = ((flags & PCI_MSIX_FLAGS_QSIZE) + 1) * 16
    else:
        vdev.msix_bar = 0xFF

    # PORT: no has_vga for PCI_CLASS_DISPLAY_VGA: users get no memory

    return 0


def vfio_pci_disable(vdev: vfio_pci_device) -> None:
    """Disable the device after its last user: reset it if possible, and restore the state before its first user.

    C: drivers/vfio/pci/vfio_pci.c, static, base"""
    pdev = vdev.pdev

    pci_disable_device(pdev)

    # PORT: no vfio_pci_set_irqs_ioctl(), virq_disabled: no user has interrupts

    vfio_config_free(vdev)

    # PORT: no pci_iounmap(), pci_release_selected_regions() from PCI_STD_RESOURCES on: no user has memory

    # load the stored state to restore it; if that fails, the current state is better than none, as long as the device
    # is reset in between
    if pci_load_and_free_saved_state(pdev, vdev.pci_saved_state):
        printk("info", f"{pci_name(pdev)}: its earlier state is lost")

        if not vdev.reset_works:
            return

        pci_save_state(pdev)

    # as in pci_reset_function(): no INTx and no MSI during the reset
    pci_write_config_word(pdev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)

    # only try to get locks: when this driver is unbound, the driver core holds the device lock and waits for this
    # function
    if vdev.reset_works:
        reset_done = False

        if pci_cfg_access_trylock(pdev):
            if device_trylock(pdev.dev):
                __pci_reset_function_locked(pdev)
                reset_done = True
                device_unlock(pdev.dev)
            pci_cfg_access_unlock(pdev)

        if not reset_done:
            printk("warning", f"{pci_name(pdev)}: not reset, a lock is held")

    pci_restore_state(pdev)


def vfio_pci_release(device_data: Any) -> None:
    """Close the device for a user.

    C: drivers/vfio/pci/vfio_pci.c, static, base"""
    vdev: vfio_pci_device = device_data

    vdev.refcnt -= 1
    if not vdev.refcnt:
        vfio_pci_disable(vdev)

    module_put(NULL)  # PORT: THIS_MODULE, which is NULL: built in


def vfio_pci_open(device_data: Any) -> int:
    """Open the device for a user.

    C: drivers/vfio/pci/vfio_pci.c, static, base
    :return: 0, -ENODEV while the module is being removed, or as vfio_pci_enable()"""
    vdev: vfio_pci_device = device_data

    if not try_module_get(NULL):  # PORT: THIS_MODULE is NULL: built in
        return -ENODEV

    vdev.refcnt += 1
    if vdev.refcnt == 1:
        ret = vfio_pci_enable(vdev)
        if ret:
            module_put(NULL)
            return ret

    return 0


def vfio_pci_ioctl(device_data: Any, cmd: int, arg: int) -> int:
    """Handle a request of a user.

    C: drivers/vfio/pci/vfio_pci.c, static, base
    :param cmd: VFIO_DEVICE_RESET
    :return: as pci_reset_function(); -EINVAL if the reset on opening failed; -ENOTTY for any other *cmd*"""
    vdev: vfio_pci_device = device_data

    # PORT: none of VFIO_DEVICE_GET_INFO, VFIO_DEVICE_GET_REGION_INFO, VFIO_DEVICE_GET_IRQ_INFO, VFIO_DEVICE_SET_IRQS
    if cmd == VFIO_DEVICE_RESET:
        return pci_reset_function(vdev.pdev) if vdev.reset_works else -EINVAL

    return -ENOTTY


vfio_pci_ops: vfio_device_ops = vfio_device_ops("vfio-pci", vfio_pci_open, vfio_pci_release, vfio_pci_ioctl)


def vfio_pci_probe(pdev: pci_dev) -> int:
    """Bind the driver to *pdev*, for users to open. This neither enables nor resets it.

    C: drivers/vfio/pci/vfio_pci.c, static, base
    :return: 0, or -EINVAL if it is a CardBus bridge; any bridge is what the C intends"""
    type_ = pci_read_config_byte(pdev, PCI_HEADER_TYPE)
    # only an ordinary function; the mask is the offset of the register, 0x0e, without bit 0: header type 1 passes
    if (type_ & PCI_HEADER_TYPE) != PCI_HEADER_TYPE_NORMAL:
        return -EINVAL

    # PORT: no iommu_group_get(), iommu_group_put(): each device has its own IOMMU group. No irq_type, and a new device
    # is open 0 times: atomic_set()
    vdev = vfio_pci_device(pdev)

    # PORT: vfio_add_group_dev() does not fail, and is returned at once: `return ret;`
    return vfio_add_group_dev(pdev.dev, vfio_pci_ops, vdev)


def vfio_pci_remove(pdev: pci_dev) -> None:
    """Unbind the driver from *pdev*, after its users have closed it.

    C: drivers/vfio/pci/vfio_pci.c, static, base; called with the device lock held"""
    vfio_del_group_dev(pdev.dev)  # PORT: there is one: no `if (!vdev)`
    # PORT: no iommu_group_put(), no kfree(vdev): Python counts references


vfio_pci_driver: device_driver = device_driver("vfio-pci", vfio_pci_probe, vfio_pci_remove)
