# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/access.c: how kernel code reaches config space.

Four families: pci_bus_* return (status, value) or a status; pci_read_config_* and pci_write_config_* (these from
include/linux/pci.h) are the same for a pci_dev, and the reads return the value alone; pci_user_* wait while a function
is locked; pcie_capability_* know which registers of the PCI Express capability a function has. Values are masked to
width here, and nowhere else.

# PORT: no pci_lock: one thread runs at a time, and none sleeps within an access.
# PORT: PCI_byte_BAD is 0: any address will do for a byte.
# PORT: only the VPD capability is found; no reset reads Vital Product Data.
"""

from __future__ import annotations

from errno import EINVAL, ENODEV
from typing import TYPE_CHECKING

from ..kernel.bug import WARN_ON, might_sleep
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.mutex import lock_acquired, lock_contended, lock_released
from ..kernel.structs import *
from ..kernel.wait import wait_event, wait_queue_head, wake_up
from ..pci_regs import *

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_find_capability

# What a C cast to u8, u16, u32 keeps
U8_MAX = 0xFF
U16_MAX = 0xFFFF
U32_MAX = 0xFFFFFFFF

#: Threads that wait for a function's config space to be unlocked sleep here.
pci_cfg_wait: wait_queue_head = wait_queue_head("pci_cfg_wait")


def pci_bus_read_config_byte(bus: pci_bus, devfn: int, pos: int) -> tuple[int, int]:
    """Read a byte of config space.

    C: drivers/pci/access.c, exported, base
    :return: (0 or a PCIBIOS_* error, value)"""
    res, data = bus.ops.read(bus, devfn, pos, 1)
    return res, data & U8_MAX


EXPORT_SYMBOL(pci_bus_read_config_byte)


def pci_bus_read_config_word(bus: pci_bus, devfn: int, pos: int) -> tuple[int, int]:
    """Read a word of config space.

    C: drivers/pci/access.c, exported, base
    :return: (0 or a PCIBIOS_* error, value); BAD_REGISTER_NUMBER without an access if *pos* is odd"""
    if pos & 1:  # PORT: PCI_word_BAD, a macro that takes pos
        return PCIBIOS_BAD_REGISTER_NUMBER, 0  # PORT: the C does not set the caller's variable, here it is 0
    res, data = bus.ops.read(bus, devfn, pos, 2)
    return res, data & U16_MAX


EXPORT_SYMBOL(pci_bus_read_config_word)


def pci_bus_read_config_dword(bus: pci_bus, devfn: int, pos: int) -> tuple[int, int]:
    """Read a dword of config space.

    C: drivers/pci/access.c, exported, base
    :return: (0 or a PCIBIOS_* error, value); BAD_REGISTER_NUMBER without an access if *pos* is no multiple of 4"""
    if pos & 3:  # PORT: PCI_dword_BAD, a macro that takes pos
        return PCIBIOS_BAD_REGISTER_NUMBER, 0  # PORT: as for a word
    res, data = bus.ops.read(bus, devfn, pos, 4)
    return res, data & U32_MAX


EXPORT_SYMBOL(pci_bus_read_config_dword)


def pci_bus_write_config_byte(bus: pci_bus, devfn: int, pos: int, value: int) -> int:
    """Write a byte of config space.

    C: drivers/pci/access.c, exported, base
    :return: 0 or a PCIBIOS_* error"""
    return bus.ops.write(bus, devfn, pos, 1, value & U8_MAX)


EXPORT_SYMBOL(pci_bus_write_config_byte)


def pci_bus_write_config_word(bus: pci_bus, devfn: int, pos: int, value: int) -> int:
    """Write a word of config space.

    C: drivers/pci/access.c, exported, base
    :return: 0 or a PCIBIOS_* error; BAD_REGISTER_NUMBER without an access if *pos* is odd"""
    if pos & 1:  # PORT: PCI_word_BAD
        return PCIBIOS_BAD_REGISTER_NUMBER
    return bus.ops.write(bus, devfn, pos, 2, value & U16_MAX)


EXPORT_SYMBOL(pci_bus_write_config_word)


def pci_bus_write_config_dword(bus: pci_bus, devfn: int, pos: int, value: int) -> int:
    """Write a dword of config space.

    C: drivers/pci/access.c, exported, base
    :return: 0 or a PCIBIOS_* error; BAD_REGISTER_NUMBER without an access if *pos* is no multiple of 4"""
    if pos & 3:  # PORT: PCI_dword_BAD
        return PCIBIOS_BAD_REGISTER_NUMBER
    return bus.ops.write(bus, devfn, pos, 4, value & U32_MAX)


EXPORT_SYMBOL(pci_bus_write_config_dword)


def pci_read_config_byte(dev: pci_dev, where: int) -> int:
    """Read a byte of the config space of *dev*, status ignored.

    C: include/linux/pci.h, static inline, base"""
    return pci_bus_read_config_byte(dev.bus, dev.devfn, where)[1]


def pci_read_config_word(dev: pci_dev, where: int) -> int:
    """Read a word of the config space of *dev*, status ignored.

    C: include/linux/pci.h, static inline, base"""
    return pci_bus_read_config_word(dev.bus, dev.devfn, where)[1]


def pci_read_config_dword(dev: pci_dev, where: int) -> int:
    """Read a dword of the config space of *dev*, status ignored.

    C: include/linux/pci.h, static inline, base"""
    return pci_bus_read_config_dword(dev.bus, dev.devfn, where)[1]


def pci_write_config_byte(dev: pci_dev, where: int, val: int) -> int:
    """Write a byte of the config space of *dev*.

    C: include/linux/pci.h, static inline, base
    :return: 0 or a PCIBIOS_* error"""
    return pci_bus_write_config_byte(dev.bus, dev.devfn, where, val)


def pci_write_config_word(dev: pci_dev, where: int, val: int) -> int:
    """Write a word of the config space of *dev*.

    C: include/linux/pci.h, static inline, base
    :return: 0 or a PCIBIOS_* error"""
    return pci_bus_write_config_word(dev.bus, dev.devfn, where, val)


def pci_write_config_dword(dev: pci_dev, where: int, val: int) -> int:
    """Write a dword of the config space of *dev*.

    C: include/linux/pci.h, static inline, base
    :return: 0 or a PCIBIOS_* error"""
    return pci_bus_write_config_dword(dev.bus, dev.devfn, where, val)


def pci_wait_cfg(dev: pci_dev) -> None:
    """Sleep until the config access lock of *dev* is free.

    C: drivers/pci/access.c, static, base"""
    # PORT: wait_event() is the C's loop: DECLARE_WAITQUEUE(), __add_wait_queue(), set_current_state(), schedule() and
    # __remove_wait_queue() `while` (dev->block_cfg_access)
    wait_event(pci_cfg_wait, lambda: not dev.block_cfg_access)


def pci_user_read_config_byte(dev: pci_dev, pos: int) -> tuple[int, int]:
    """Read a byte for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: (0 or -EINVAL, value)"""
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret, data = dev.bus.ops.read(dev.bus, dev.devfn, pos, 1)
    if ret > 0:
        ret = -EINVAL
    return ret, data & U8_MAX


EXPORT_SYMBOL_GPL(pci_user_read_config_byte)


def pci_user_read_config_word(dev: pci_dev, pos: int) -> tuple[int, int]:
    """Read a word for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: (0 or -EINVAL, value); -EINVAL without an access if *pos* is odd"""
    if pos & 1:  # PORT: PCI_word_BAD
        return -EINVAL, 0
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret, data = dev.bus.ops.read(dev.bus, dev.devfn, pos, 2)
    if ret > 0:
        ret = -EINVAL
    return ret, data & U16_MAX


EXPORT_SYMBOL_GPL(pci_user_read_config_word)


def pci_user_read_config_dword(dev: pci_dev, pos: int) -> tuple[int, int]:
    """Read a dword for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: (0 or -EINVAL, value); -EINVAL without an access if *pos* is no multiple of 4"""
    if pos & 3:  # PORT: PCI_dword_BAD
        return -EINVAL, 0
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret, data = dev.bus.ops.read(dev.bus, dev.devfn, pos, 4)
    if ret > 0:
        ret = -EINVAL
    return ret, data & U32_MAX


EXPORT_SYMBOL_GPL(pci_user_read_config_dword)


def pci_user_write_config_byte(dev: pci_dev, pos: int, val: int) -> int:
    """Write a byte for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: 0 or -EINVAL"""
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret = dev.bus.ops.write(dev.bus, dev.devfn, pos, 1, val & U8_MAX)
    if ret > 0:
        ret = -EINVAL
    return ret


EXPORT_SYMBOL_GPL(pci_user_write_config_byte)


def pci_user_write_config_word(dev: pci_dev, pos: int, val: int) -> int:
    """Write a word for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: 0 or -EINVAL; -EINVAL without an access if *pos* is odd"""
    if pos & 1:  # PORT: PCI_word_BAD
        return -EINVAL
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret = dev.bus.ops.write(dev.bus, dev.devfn, pos, 2, val & U16_MAX)
    if ret > 0:
        ret = -EINVAL
    return ret


EXPORT_SYMBOL_GPL(pci_user_write_config_word)


def pci_user_write_config_dword(dev: pci_dev, pos: int, val: int) -> int:
    """Write a dword for user space; waits while *dev* is locked.

    C: drivers/pci/access.c, exported, base
    :return: 0 or -EINVAL; -EINVAL without an access if *pos* is no multiple of 4"""
    if pos & 3:  # PORT: PCI_dword_BAD
        return -EINVAL
    if dev.block_cfg_access:
        pci_wait_cfg(dev)
    ret = dev.bus.ops.write(dev.bus, dev.devfn, pos, 4, val & U32_MAX)
    if ret > 0:
        ret = -EINVAL
    return ret


EXPORT_SYMBOL_GPL(pci_user_write_config_dword)


def pci_vpd_pci22_init(dev: pci_dev) -> int:
    """Find the Vital Product Data capability of *dev*.

    C: drivers/pci/access.c, global, base
    :return: 0, or -ENODEV if *dev* has none"""
    cap = pci_find_capability(dev, PCI_CAP_ID_VPD)
    if not cap:
        return -ENODEV
    # PORT: no `dev->vpd`, with its `vpd->base`, `vpd->cap` and `vpd->busy`: nothing reads it.
    return 0


def pci_cfg_access_lock(dev: pci_dev) -> None:
    """Lock the config space of *dev* against user space. Not recursive.

    C: drivers/pci/access.c, exported, base"""
    might_sleep()

    if dev.block_cfg_access:
        lock_contended("cfg", pci_name(dev))
        pci_wait_cfg(dev)
    dev.block_cfg_access = 1
    lock_acquired("cfg", pci_name(dev))


EXPORT_SYMBOL_GPL(pci_cfg_access_lock)


def pci_cfg_access_trylock(dev: pci_dev) -> bool:
    """Take the config access lock of *dev* if it is free; never sleeps.

    C: drivers/pci/access.c, exported, base
    :return: True if taken, False if it is held"""
    locked = True

    if dev.block_cfg_access:
        locked = False
    else:
        dev.block_cfg_access = 1
        lock_acquired("cfg", pci_name(dev))

    return locked


EXPORT_SYMBOL_GPL(pci_cfg_access_trylock)


def pci_cfg_access_unlock(dev: pci_dev) -> None:
    """Unlock the config space of *dev*.

    C: drivers/pci/access.c, exported, base"""
    WARN_ON(not dev.block_cfg_access, f"{pci_name(dev)}: config access is not locked")

    dev.block_cfg_access = 0
    lock_released("cfg", pci_name(dev))
    wake_up(pci_cfg_wait)  # PORT: wake_up_all(); wake_up() wakes all


EXPORT_SYMBOL_GPL(pci_cfg_access_unlock)


def pcie_cap_version(dev: pci_dev) -> int:
    """Return the version of the PCI Express capability, from the cached register.

    C: drivers/pci/access.c, static inline, base"""
    return pcie_caps_reg(dev) & PCI_EXP_FLAGS_VERS


def pcie_cap_has_devctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Device registers: always.

    C: drivers/pci/access.c, static inline, base"""
    return True


def pcie_cap_has_lnkctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Link registers. Version 1 has only those that its kind of function needs.

    C: drivers/pci/access.c, static inline, base"""
    type_ = pci_pcie_type(dev)

    return (
        pcie_cap_version(dev) > 1
        or type_ == PCI_EXP_TYPE_ROOT_PORT
        or type_ == PCI_EXP_TYPE_ENDPOINT
        or type_ == PCI_EXP_TYPE_LEG_END
    )


def pcie_cap_has_sltctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Slot registers.

    C: drivers/pci/access.c, static inline, base"""
    type_ = pci_pcie_type(dev)

    return (
        pcie_cap_version(dev) > 1
        or type_ == PCI_EXP_TYPE_ROOT_PORT
        or (type_ == PCI_EXP_TYPE_DOWNSTREAM and bool(pcie_caps_reg(dev) & PCI_EXP_FLAGS_SLOT))
    )


def pcie_cap_has_rtctl(dev: pci_dev) -> bool:
    """Whether *dev* has the Root registers.

    C: drivers/pci/access.c, static inline, base"""
    type_ = pci_pcie_type(dev)

    return pcie_cap_version(dev) > 1 or type_ == PCI_EXP_TYPE_ROOT_PORT or type_ == PCI_EXP_TYPE_RC_EC


def pcie_capability_reg_implemented(dev: pci_dev, pos: int) -> bool:
    """Whether *dev* has the register at *pos* of the PCI Express capability.

    C: drivers/pci/access.c, static, base"""
    if not pci_is_pcie(dev):
        return False

    if pos == PCI_EXP_FLAGS:
        return True
    if pos in (PCI_EXP_DEVCAP, PCI_EXP_DEVCTL, PCI_EXP_DEVSTA):
        return pcie_cap_has_devctl(dev)
    if pos in (PCI_EXP_LNKCAP, PCI_EXP_LNKCTL, PCI_EXP_LNKSTA):
        return pcie_cap_has_lnkctl(dev)
    if pos in (PCI_EXP_SLTCAP, PCI_EXP_SLTCTL, PCI_EXP_SLTSTA):
        return pcie_cap_has_sltctl(dev)
    if pos in (PCI_EXP_RTCTL, PCI_EXP_RTCAP, PCI_EXP_RTSTA):
        return pcie_cap_has_rtctl(dev)
    if pos in (PCI_EXP_DEVCAP2, PCI_EXP_DEVCTL2, PCI_EXP_LNKCAP2, PCI_EXP_LNKCTL2, PCI_EXP_LNKSTA2):
        return pcie_cap_version(dev) > 1
    return False  # SLTCAP2, SLTCTL2 and SLTSTA2 too, whatever the version


def pcie_capability_read_word(dev: pci_dev, pos: int) -> tuple[int, int]:
    """Read a word of the PCI Express capability; a register that *dev* lacks reads 0, without an access.

    C: drivers/pci/access.c, exported, base
    :param pos: offset in the capability, PCI_EXP_*
    :return: (0, value), (-EINVAL, 0) if *pos* is odd, or (PCIBIOS_* error, 0)"""
    if pos & 1:
        return -EINVAL, 0

    if pcie_capability_reg_implemented(dev, pos):
        ret, val = pci_bus_read_config_word(dev.bus, dev.devfn, pci_pcie_cap(dev) + pos)
        # A failed read may have returned all ones.
        if ret:
            val = 0
        return ret, val

    # PORT: `*val = 0` comes first in C; it is the 0 in each of these results
    # A port without a slot has no Slot registers, yet its card counts as present (PCIe 3.0, 7.8).
    if pci_is_pcie(dev) and pos == PCI_EXP_SLTSTA and pci_pcie_type(dev) == PCI_EXP_TYPE_DOWNSTREAM:
        return 0, PCI_EXP_SLTSTA_PDS

    return 0, 0


EXPORT_SYMBOL(pcie_capability_read_word)


def pcie_capability_read_dword(dev: pci_dev, pos: int) -> tuple[int, int]:
    """Read a dword of the PCI Express capability; a register that *dev* lacks reads 0, without an access.

    C: drivers/pci/access.c, exported, base
    :param pos: offset in the capability, PCI_EXP_*
    :return: (0, value), (-EINVAL, 0) if *pos* is no multiple of 4, or (PCIBIOS_* error, 0)"""
    if pos & 3:
        return -EINVAL, 0

    if pcie_capability_reg_implemented(dev, pos):
        ret, val = pci_bus_read_config_dword(dev.bus, dev.devfn, pci_pcie_cap(dev) + pos)
        if ret:
            val = 0
        return ret, val

    # PORT: `*val = 0` is in each of these results, too
    # As in the C: Slot Status is the upper half of this dword, but the bit lands in the lower one, Slot Control.
    if pci_is_pcie(dev) and pos == PCI_EXP_SLTCTL and pci_pcie_type(dev) == PCI_EXP_TYPE_DOWNSTREAM:
        return 0, PCI_EXP_SLTSTA_PDS

    return 0, 0


EXPORT_SYMBOL(pcie_capability_read_dword)


def pcie_capability_write_word(dev: pci_dev, pos: int, val: int) -> int:
    """Write a word of the PCI Express capability, if *dev* has it.

    C: drivers/pci/access.c, exported, base
    :return: 0 (also if nothing was written), -EINVAL if *pos* is odd, or a PCIBIOS_* error"""
    if pos & 1:
        return -EINVAL

    if not pcie_capability_reg_implemented(dev, pos):
        return 0

    return pci_write_config_word(dev, pci_pcie_cap(dev) + pos, val)


EXPORT_SYMBOL(pcie_capability_write_word)


def pcie_capability_write_dword(dev: pci_dev, pos: int, val: int) -> int:
    """Write a dword of the PCI Express capability, if *dev* has it.

    C: drivers/pci/access.c, exported, base
    :return: 0 (also if nothing was written), -EINVAL if *pos* is not a multiple of 4, or a PCIBIOS_* error"""
    if pos & 3:
        return -EINVAL

    if not pcie_capability_reg_implemented(dev, pos):
        return 0

    return pci_write_config_dword(dev, pci_pcie_cap(dev) + pos, val)


EXPORT_SYMBOL(pcie_capability_write_dword)


def pcie_capability_clear_and_set_word(dev: pci_dev, pos: int, clear: int, set: int) -> int:
    """Change bits of a word of the PCI Express capability; written back even if nothing changed.

    C: drivers/pci/access.c, exported, base
    :return: 0, -EINVAL if *pos* is odd, or a PCIBIOS_* error"""
    ret, val = pcie_capability_read_word(dev, pos)
    if not ret:
        val &= ~clear
        val |= set
        ret = pcie_capability_write_word(dev, pos, val)

    return ret


EXPORT_SYMBOL(pcie_capability_clear_and_set_word)


def pcie_capability_clear_and_set_dword(dev: pci_dev, pos: int, clear: int, set: int) -> int:
    """Change bits of a dword of the PCI Express capability. It is written back even if no bit changed.

    C: drivers/pci/access.c, exported, base
    :return: 0, -EINVAL if *pos* is not a multiple of 4, or a PCIBIOS_* error"""
    ret, val = pcie_capability_read_dword(dev, pos)
    if not ret:
        val &= ~clear
        val |= set
        ret = pcie_capability_write_dword(dev, pos, val)

    return ret


EXPORT_SYMBOL(pcie_capability_clear_and_set_dword)


def pcie_capability_set_word(dev: pci_dev, pos: int, set: int) -> int:
    """Set bits of a word of the PCI Express capability.

    C: include/linux/pci.h, static inline, base
    :return: 0, -EINVAL if *pos* is odd, or a PCIBIOS_* error"""
    return pcie_capability_clear_and_set_word(dev, pos, 0, set)


def pcie_capability_set_dword(dev: pci_dev, pos: int, set: int) -> int:
    """Set bits of a dword of the PCI Express capability.

    C: include/linux/pci.h, static inline, base
    :return: 0, -EINVAL if *pos* is not a multiple of 4, or a PCIBIOS_* error"""
    return pcie_capability_clear_and_set_dword(dev, pos, 0, set)


def pcie_capability_clear_word(dev: pci_dev, pos: int, clear: int) -> int:
    """Clear bits of a word of the PCI Express capability.

    C: include/linux/pci.h, static inline, base
    :return: 0, -EINVAL if *pos* is odd, or a PCIBIOS_* error"""
    return pcie_capability_clear_and_set_word(dev, pos, clear, 0)
