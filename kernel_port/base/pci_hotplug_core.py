# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/hotplug/pci_hotplug_core.c: the list of hotplug slots, and their files in sysfs.

- A write to a file returns the number of characters taken or -errno, a read returns the text or -errno.
- The module that owns a slot's operations is held while one of them runs.

# PORT: no module parameter debug, so no dbg() messages
# PORT: no kobject_uevent(): there is no user space
"""

from __future__ import annotations

import re
from errno import EINVAL, ENODEV

from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.module import module, module_put, try_module_get
from ..kernel.mutex import mutex, mutex_lock, mutex_unlock
from ..kernel.printk import printk
from ..kernel.structs import *
from .pci_hotplug import *
from .slot import pci_create_slot, pci_destroy_slot

#: Newest first. PORT: a list instead of the links in struct hotplug_slot
pci_hotplug_slot_list: list[hotplug_slot] = []
pci_hp_mutex: mutex = mutex("pci_hp_mutex")


def GET_STATUS(slot: hotplug_slot, name: str) -> tuple[int, int]:
    """Get a value of *slot* from the driver, or from the slot's info if the driver has no getter.

    C: drivers/pci/hotplug/pci_hotplug_core.c, macro, base
    :param name: power_status, attention_status, latch_status or adapter_status
    :return: (0, value), or -ENODEV if the module is going away, or the driver's error"""
    # PORT: the macro makes get_power_status() ... get_adapter_status(); pciehp_core.c has these names too
    ops = slot.ops
    if not try_module_get(ops.owner):
        return -ENODEV, 0
    getter = getattr(ops, f"get_{name}")
    retval, value = getter(slot) if getter else (0, getattr(slot.info, name))
    module_put(ops.owner)
    return retval, value


def simple_strtoul(buf: str) -> int:
    """Read a decimal number off the front of *buf*; 0 if there is none.

    C: lib/vsprintf.c, exported, service; PORT: simple_strtoull(), in any base"""
    digits = re.match("[0-9]*", buf)  # PORT: simple_strtoull()
    return int((digits and digits[0]) or "0")  # PORT: simple_strtoull()


EXPORT_SYMBOL(simple_strtoul)


def power_read_file(slot: pci_slot) -> int | str:
    """Show whether the slot has power, 1 or 0.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    retval, value = GET_STATUS(slot.hotplug, "power_status")
    return retval or f"{value}\n"  # PORT: `goto exit` if `retval`, else sprintf()


def power_write_file(pci_slot: pci_slot, buf: str) -> int:
    """Turn the slot on (1) or off (0).

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base
    :return: len(buf), -ENODEV if the module is going away, -EINVAL for other numbers, or the driver's error"""
    slot = pci_slot.hotplug
    retval = 0

    power = simple_strtoul(buf) & 0xFF  # PORT: `lpower = simple_strtoul (buf, NULL, 10)`

    if not try_module_get(slot.ops.owner):
        return -ENODEV  # PORT: `goto exit` leads to this
    if power == 0:
        if slot.ops.disable_slot:
            retval = slot.ops.disable_slot(slot)
    elif power == 1:
        if slot.ops.enable_slot:
            retval = slot.ops.enable_slot(slot)
    else:
        printk("err", "pci_hotplug: power must be 0 or 1")
        retval = -EINVAL
    module_put(slot.ops.owner)

    return retval or len(buf)  # PORT: `if (retval)` `return retval`, `return count`


def attention_read_file(slot: pci_slot) -> int | str:
    """Show the attention indicator: 0 off, 1 on, 2 blinking.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    retval, value = GET_STATUS(slot.hotplug, "attention_status")
    return retval or f"{value}\n"  # PORT: `goto exit` if `retval`, else sprintf()


def attention_write_file(slot: pci_slot, buf: str) -> int:
    """Set the attention indicator.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base
    :return: len(buf), -ENODEV if the module is going away, or the driver's error"""
    ops = slot.hotplug.ops
    retval = 0

    attention = simple_strtoul(buf) & 0xFF  # PORT: `lattention = simple_strtoul (buf, NULL, 10)`

    if not try_module_get(ops.owner):
        return -ENODEV  # PORT: `goto exit` leads to this
    if ops.set_attention_status:
        retval = ops.set_attention_status(slot.hotplug, attention)
    module_put(ops.owner)

    return retval or len(buf)  # PORT: `if (retval)` `return retval`, `return count`


def latch_read_file(slot: pci_slot) -> int | str:
    """Show whether the latch is open, 1 or 0.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    retval, value = GET_STATUS(slot.hotplug, "latch_status")
    return retval or f"{value}\n"  # PORT: `goto exit` if `retval`, else sprintf()


def presence_read_file(slot: pci_slot) -> int | str:
    """Show whether there is a card in the slot, 1 or 0.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    retval, value = GET_STATUS(slot.hotplug, "adapter_status")
    return retval or f"{value}\n"  # PORT: `goto exit` if `retval`, else sprintf()


def test_write_file(pci_slot: pci_slot, buf: str) -> int:
    """Run one of the driver's own tests.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base
    :return: len(buf), -ENODEV if the module is going away, or the driver's error"""
    slot = pci_slot.hotplug
    retval = 0

    test = simple_strtoul(buf) & 0xFFFFFFFF  # PORT: `ltest = simple_strtoul (buf, NULL, 10)`

    if not try_module_get(slot.ops.owner):
        return -ENODEV  # PORT: `goto exit` leads to this
    if slot.ops.hardware_test:
        retval = slot.ops.hardware_test(slot, test)
    module_put(slot.ops.owner)

    return retval or len(buf)  # PORT: `if (retval)` `return retval`, `return count`


def has_power_file(pci_slot: pci_slot) -> bool:
    """Return whether the slot's driver has an operation for power.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    slot = pci_slot.hotplug
    if (not slot) or (not slot.ops):
        return False
    if (slot.ops.enable_slot) or (slot.ops.disable_slot) or (slot.ops.get_power_status):
        return True
    return False


def has_attention_file(pci_slot: pci_slot) -> bool:
    """Return whether the slot's driver has an operation for the attention indicator.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    slot = pci_slot.hotplug
    if (not slot) or (not slot.ops):
        return False
    if (slot.ops.set_attention_status) or (slot.ops.get_attention_status):
        return True
    return False


def has_latch_file(pci_slot: pci_slot) -> bool:
    """Return whether the slot's driver can read the latch.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    slot = pci_slot.hotplug
    if (not slot) or (not slot.ops):
        return False
    if slot.ops.get_latch_status:
        return True
    return False


def has_adapter_file(pci_slot: pci_slot) -> bool:
    """Return whether the slot's driver can read presence.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    slot = pci_slot.hotplug
    if (not slot) or (not slot.ops):
        return False
    if slot.ops.get_adapter_status:
        return True
    return False


def has_test_file(pci_slot: pci_slot) -> bool:
    """Return whether the slot's driver has tests of its own.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    slot = pci_slot.hotplug
    if (not slot) or (not slot.ops):
        return False
    if slot.ops.hardware_test:
        return True
    return False


def fs_add_slot(slot: pci_slot) -> int:
    """Make the files of *slot*, one for each thing that its driver can do.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base
    :return: 0"""
    # PORT: a file is an entry in slot.attrs, which cannot fail (`if (retval)`), so nothing is undone (`goto exit`;
    # sysfs_remove_file()); there is no link to the module (pci_hp_create_module_link(), pci_hp_remove_module_link())
    if has_power_file(slot):
        slot.attrs["power"] = (power_read_file, power_write_file)  # PORT: sysfs_create_file()

    if has_attention_file(slot):
        slot.attrs["attention"] = (attention_read_file, attention_write_file)  # PORT: sysfs_create_file()

    if has_latch_file(slot):
        slot.attrs["latch"] = (latch_read_file, NULL)  # PORT: sysfs_create_file()

    if has_adapter_file(slot):
        slot.attrs["adapter"] = (presence_read_file, NULL)  # PORT: sysfs_create_file()

    if has_test_file(slot):
        slot.attrs["test"] = (NULL, test_write_file)  # PORT: sysfs_create_file()

    return 0  # PORT: `return retval`, which is 0


def fs_remove_slot(slot: pci_slot) -> None:
    """Remove the files of *slot*.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base; PORT: no pci_hp_remove_module_link()"""
    if has_power_file(slot):
        del slot.attrs["power"]  # PORT: sysfs_remove_file()

    if has_attention_file(slot):
        del slot.attrs["attention"]  # PORT: sysfs_remove_file()

    if has_latch_file(slot):
        del slot.attrs["latch"]  # PORT: sysfs_remove_file()

    if has_adapter_file(slot):
        del slot.attrs["adapter"]  # PORT: sysfs_remove_file()

    if has_test_file(slot):
        del slot.attrs["test"]  # PORT: sysfs_remove_file()


def get_slot_from_name(name: str) -> hotplug_slot | None:
    """Find a registered slot. The caller holds pci_hp_mutex.

    C: drivers/pci/hotplug/pci_hotplug_core.c, static, base"""
    for slot in pci_hotplug_slot_list:
        if hotplug_slot_name(slot) == name:
            return slot
    return None


def __pci_hp_register(
    slot: hotplug_slot | None, bus: pci_bus, devnr: int, name: str, owner: module, mod_name: str
) -> int:
    """Register a slot with the PCI core and sysfs.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, base
    :param devnr: device number the slot stands for on *bus*
    :param name: preferred name, see pci_create_slot()
    :param owner: the module to hold while the slot's operations run
    :return: 0, -ENODEV without slot, -EINVAL if it is incomplete, -EBUSY if another driver has the slot"""
    if slot is None:
        return -ENODEV
    if (slot.info is None) or (slot.ops is None):
        return -EINVAL
    if slot.release is None:
        return -EINVAL

    slot.ops.owner = owner
    slot.ops.mod_name = mod_name

    mutex_lock(pci_hp_mutex)
    pci_slot = pci_create_slot(bus, devnr, name, slot)
    # PORT: IS_ERR() and PTR_ERR(): an error is the number itself
    if isinstance(pci_slot, int):
        mutex_unlock(pci_hp_mutex)
        return pci_slot

    slot.pci_slot = pci_slot
    pci_slot.hotplug = slot

    pci_hotplug_slot_list.insert(0, slot)

    result = fs_add_slot(pci_slot)
    mutex_unlock(pci_hp_mutex)
    return result


EXPORT_SYMBOL_GPL(__pci_hp_register)


def pci_hp_deregister(hotplug: hotplug_slot | None) -> int:
    """Unregister a slot. The driver's release() runs while the slot still points to it.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, base
    :return: 0, or -ENODEV without slot or if it is not the one registered under its name"""
    if not hotplug:
        return -ENODEV

    mutex_lock(pci_hp_mutex)
    temp = get_slot_from_name(hotplug_slot_name(hotplug))
    if temp is not hotplug:
        mutex_unlock(pci_hp_mutex)
        return -ENODEV

    pci_hotplug_slot_list.remove(hotplug)

    slot = hotplug.pci_slot
    fs_remove_slot(slot)

    hotplug.release(hotplug)
    slot.hotplug = NULL
    pci_destroy_slot(slot)
    mutex_unlock(pci_hp_mutex)

    return 0


EXPORT_SYMBOL_GPL(pci_hp_deregister)


def pci_hp_change_slot_info(hotplug: hotplug_slot | None, info: hotplug_slot_info | None) -> int:
    """Set the values that are shown if there is no getter.

    C: drivers/pci/hotplug/pci_hotplug_core.c, exported, base
    :return: 0, or -ENODEV if either is missing"""
    if not hotplug or not info:
        return -ENODEV

    # PORT: memcpy()
    for name in hotplug_slot_info.__slots__:
        setattr(hotplug.info, name, getattr(info, name))

    return 0


EXPORT_SYMBOL_GPL(pci_hp_change_slot_info)
