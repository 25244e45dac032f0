# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci.c and pci.h: capabilities, power states, saved state, and resetting one function.

# PORT: no platform power management (ACPI), run-time power management or ASPM.
# PORT: a save buffer is one pci_cap_saved_data; the C has a list node around it.
# PORT: allocations never fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, EIO, ENODEV, ENOMEM, ENOTTY
from typing import TYPE_CHECKING

from ..kernel.bug import WARN_ON, might_sleep
from ..kernel.delay import mdelay, msleep, udelay
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_dbg, dev_err, dev_info
from ..kernel.structs import *
from ..pci_regs import *
from .access import (
    pci_bus_read_config_byte,
    pci_bus_read_config_dword,
    pci_bus_read_config_word,
    pci_cfg_access_lock,
    pci_cfg_access_unlock,
    pci_read_config_byte,
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_byte,
    pci_write_config_dword,
    pci_write_config_word,
    pcie_capability_clear_word,
    pcie_capability_read_dword,
    pcie_capability_read_word,
    pcie_capability_set_word,
    pcie_capability_write_word,
)
from .ats import pci_restore_ats_state
from .iov import pci_iov_resource_bar, pci_restore_iov_state
from .pcibios import pcibios_enable_device
from .quirks import pci_dev_specific_reset, pci_fixup_device, pci_fixup_enable
from .setup_res import pci_update_resource

if TYPE_CHECKING:  # this module is imported there
    from .msi import pci_restore_msi_state

#: The least time any device gets to settle in and after D3hot, ms.
pci_pm_d3_delay: int = 0

#: The longest latency timer that a conventional device may have, bus clocks.
pcibios_max_latency: int = 255

#: A capability list longer than this is taken as a loop.
PCI_FIND_CAP_TTL = 48

PCI_EXP_SAVE_REGS = 7
SIZEOF_U16 = 2


def pci_no_d1d2(dev: pci_dev) -> bool:
    """Return whether D1 and D2 must not be used, because of *dev* or the bridge above it.

    C: drivers/pci/pci.h, static inline, base"""
    parent_dstates = 0

    if dev.bus.self:
        parent_dstates = dev.bus.self.no_d1d2
    return bool(dev.no_d1d2 or parent_dstates)


def pci_dev_d3_sleep(dev: pci_dev) -> None:
    """Wait for *dev* to enter or leave D3hot.

    C: drivers/pci/pci.c, static, base"""
    delay = dev.d3_delay

    if delay < pci_pm_d3_delay:
        delay = pci_pm_d3_delay

    msleep(delay)


def pci_bus_max_busnr(bus: pci_bus) -> int:
    """Return the highest bus number at or below *bus*.

    C: drivers/pci/pci.c, exported, base"""
    max_ = bus.busn_res.end
    for tmp in bus.children:
        n = pci_bus_max_busnr(tmp)
        if n > max_:
            max_ = n
    return max_


EXPORT_SYMBOL_GPL(pci_bus_max_busnr)


def __pci_find_next_cap_ttl(bus: pci_bus, devfn: int, pos: int, cap: int, ttl: int) -> int:
    """Follow the capability list from the pointer at *pos*, at most *ttl* steps.

    C: drivers/pci/pci.c, static, base
    # PORT: the remaining ttl is not returned; only HyperTransport searches need it
    :return: offset of the capability, 0 if there is none"""
    while ttl:
        ttl -= 1
        _, pos = pci_bus_read_config_byte(bus, devfn, pos)
        if pos < 0x40:
            break
        pos &= ~3
        _, id_ = pci_bus_read_config_byte(bus, devfn, pos + PCI_CAP_LIST_ID)
        if id_ == 0xFF:
            break
        if id_ == cap:
            return pos
        pos += PCI_CAP_LIST_NEXT
    return 0


def __pci_find_next_cap(bus: pci_bus, devfn: int, pos: int, cap: int) -> int:
    """Follow the capability list from the pointer at *pos*.

    C: drivers/pci/pci.c, static, base
    :return: offset of the capability, 0 if there is none"""
    ttl = PCI_FIND_CAP_TTL

    return __pci_find_next_cap_ttl(bus, devfn, pos, cap, ttl)


def pci_find_next_capability(dev: pci_dev, pos: int, cap: int) -> int:
    """Find the next capability *cap* after the one at *pos*.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    return __pci_find_next_cap(dev.bus, dev.devfn, pos + PCI_CAP_LIST_NEXT, cap)


EXPORT_SYMBOL_GPL(pci_find_next_capability)


def __pci_bus_find_cap_start(bus: pci_bus, devfn: int, hdr_type: int) -> int:
    """Return the offset of the pointer to the first capability.

    C: drivers/pci/pci.c, static, base
    :return: its offset, 0 if the function has no capability list"""
    _, status = pci_bus_read_config_word(bus, devfn, PCI_STATUS)
    if not (status & PCI_STATUS_CAP_LIST):
        return 0

    if hdr_type in (PCI_HEADER_TYPE_NORMAL, PCI_HEADER_TYPE_BRIDGE):
        return PCI_CAPABILITY_LIST
    if hdr_type == PCI_HEADER_TYPE_CARDBUS:
        return PCI_CB_CAPABILITY_LIST
    # PORT: one `return 0` for the default and for the end of the function, which the C does not reach
    return 0


def pci_find_capability(dev: pci_dev, cap: int) -> int:
    """Find the capability *cap* (PCI_CAP_ID_*) of *dev*. Nothing is cached: each search reads the device.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    pos = __pci_bus_find_cap_start(dev.bus, dev.devfn, dev.hdr_type)
    if pos:
        pos = __pci_find_next_cap(dev.bus, dev.devfn, pos, cap)

    return pos


EXPORT_SYMBOL(pci_find_capability)


def pci_bus_find_capability(bus: pci_bus, devfn: int, cap: int) -> int:
    """Find the capability *cap* of a function that has no pci_dev yet.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    _, hdr_type = pci_bus_read_config_byte(bus, devfn, PCI_HEADER_TYPE)

    pos = __pci_bus_find_cap_start(bus, devfn, hdr_type & 0x7F)
    if pos:
        pos = __pci_find_next_cap(bus, devfn, pos, cap)

    return pos


EXPORT_SYMBOL(pci_bus_find_capability)


def pci_find_next_ext_capability(dev: pci_dev, start: int, cap: int) -> int:
    """Find the next extended capability *cap* (PCI_EXT_CAP_ID_*) after the one at *start* (0: from the first).

    C: drivers/pci/pci.c, exported, base
    # PORT: pci_bus_read_config_dword() for pci_read_config_dword(), which it is in C: the status is needed
    :return: its offset, 0 if there is none"""
    pos = PCI_CFG_SPACE_SIZE

    # none is shorter than 8 bytes
    ttl = (PCI_CFG_SPACE_EXP_SIZE - PCI_CFG_SPACE_SIZE) // 8

    if dev.cfg_size <= PCI_CFG_SPACE_SIZE:
        return 0

    if start:
        pos = start

    status, header = pci_bus_read_config_dword(dev.bus, dev.devfn, pos)
    if status != PCIBIOS_SUCCESSFUL:
        return 0

    # An empty list is one header of zeros.
    if header == 0:
        return 0

    while ttl > 0:
        ttl -= 1
        if PCI_EXT_CAP_ID(header) == cap and pos != start:
            return pos

        pos = PCI_EXT_CAP_NEXT(header)
        if pos < PCI_CFG_SPACE_SIZE:
            break

        status, header = pci_bus_read_config_dword(dev.bus, dev.devfn, pos)
        if status != PCIBIOS_SUCCESSFUL:
            break

    return 0


EXPORT_SYMBOL_GPL(pci_find_next_ext_capability)


def pci_find_ext_capability(dev: pci_dev, cap: int) -> int:
    """Find the extended capability *cap* (PCI_EXT_CAP_ID_*) of *dev*.

    C: drivers/pci/pci.c, exported, base
    :return: its offset, 0 if there is none"""
    return pci_find_next_ext_capability(dev, 0, cap)


EXPORT_SYMBOL_GPL(pci_find_ext_capability)


def pci_restore_bars(dev: pci_dev) -> None:
    """Write the addresses of all resources of *dev* to its BARs.

    C: drivers/pci/pci.c, static, base"""
    for i in range(PCI_BRIDGE_RESOURCES):
        pci_update_resource(dev, i)


def pci_raw_set_power_state(dev: pci_dev, state: int) -> int:
    """Set the power state of *dev* by its PM registers.

    C: drivers/pci/pci.c, static, base
    :param state: PCI_D0 .. PCI_D3hot
    :return: 0 also if the device refuses; -EIO without PM capability or if the device does not have the state;
        -EINVAL for an invalid state, or a transition to a lower state other than D0"""
    need_restore = False

    if dev.current_state == state:
        return 0

    if not dev.pm_cap:
        return -EIO

    if state < PCI_D0 or state > PCI_D3hot:
        return -EINVAL

    # From a low power state it can only go deeper, or to D0.
    if state != PCI_D0 and dev.current_state <= PCI_D3cold and dev.current_state > state:
        dev_err(dev.dev, f"no transition from power state {dev.current_state} to {state}")
        return -EINVAL

    # The device does not have the state.
    if (state == PCI_D1 and not dev.d1_support) or (state == PCI_D2 and not dev.d2_support):
        return -EIO

    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)

    # All zeros: D0, no wake-up enabled, and a pending wake-up status kept.
    if dev.current_state in (PCI_D0, PCI_D1, PCI_D2):
        pmcsr &= ~PCI_PM_CTRL_STATE_MASK
        pmcsr |= state
    else:
        if dev.current_state in (PCI_D3hot, PCI_D3cold, PCI_UNKNOWN):  # unknown, as after power on
            if (pmcsr & PCI_PM_CTRL_STATE_MASK) == PCI_D3hot and not (pmcsr & PCI_PM_CTRL_NO_SOFT_RESET):
                need_restore = True
        pmcsr = 0

    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, pmcsr)

    # PCI PM 1.1, 5.6.1, table 18
    if state == PCI_D3hot or dev.current_state == PCI_D3hot:
        pci_dev_d3_sleep(dev)
    elif state == PCI_D2 or dev.current_state == PCI_D2:
        udelay(PCI_PM_D2_DELAY)

    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    dev.current_state = pmcsr & PCI_PM_CTRL_STATE_MASK
    if dev.current_state != state:  # PORT: no printk_ratelimit()
        dev_info(dev.dev, f"power state did not change: still in D{dev.current_state}")

    # A device may reset itself on the way out of D3hot (PCI PM 1.2, 5.4.1); its driver needs the BARs at least.
    if need_restore:
        pci_restore_bars(dev)

    # PORT: no ASPM: no pcie_aspm_pm_state_change() `if (dev->bus->self)`

    return 0


def pci_update_current_state(dev: pci_dev, state: int) -> None:
    """Read the power state of *dev* and store it.

    C: drivers/pci/pci.c, global, base
    :param state: what to store if *dev* has no PM capability; PCI_D3cold: do not read"""
    if dev.pm_cap:
        # a device in D3cold does not respond
        if dev.current_state == PCI_D3cold:
            return
        if state == PCI_D3cold:
            dev.current_state = PCI_D3cold
            return
        pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
        dev.current_state = pmcsr & PCI_PM_CTRL_STATE_MASK
    else:
        dev.current_state = state


def pci_power_up(dev: pci_dev) -> None:
    """Put *dev* into D0, whatever its stored state is.

    C: drivers/pci/pci.c, global, base"""
    # PORT: no platform, so platform_pci_power_manageable() is false
    pci_raw_set_power_state(dev, PCI_D0)
    pci_update_current_state(dev, PCI_D0)


def pci_platform_power_transition(dev: pci_dev, state: int) -> int:
    """Let the platform set the power state of *dev*.

    C: drivers/pci/pci.c, static, base
    :return: -ENODEV"""
    # PORT: no platform, so platform_pci_power_manageable() is false
    error = -ENODEV

    if error and not dev.pm_cap:  # without power management it is always in D0
        dev.current_state = PCI_D0

    return error


def __pci_start_power_transition(dev: pci_dev, state: int) -> None:
    """Power on before the PM registers are written.

    C: drivers/pci/pci.c, static, base"""
    if state == PCI_D0:
        pci_platform_power_transition(dev, PCI_D0)
        # A device behind a bridge needs time after power on before it answers (PCIe 2.0, 6.6.1).
        if dev.runtime_d3cold:
            msleep(dev.d3cold_delay)
            # PORT: no pci_wakeup_bus(): no run-time power management


def __pci_complete_power_transition(dev: pci_dev, state: int) -> int:
    """Power off after the PM registers are written.

    C: drivers/pci/pci.c, exported, base
    :return: -EINVAL for D0, else the platform's status"""
    if state <= PCI_D0:
        return -EINVAL
    # PORT: the platform never succeeds, so no __pci_bus_set_current_state() `if (!ret && state == PCI_D3cold)`
    return pci_platform_power_transition(dev, state)


EXPORT_SYMBOL_GPL(__pci_complete_power_transition)


def pci_set_power_state(dev: pci_dev, state: int) -> int:
    """Set the power state of *dev*.

    C: drivers/pci/pci.c, exported, base
    :param state: PCI_D0 .. PCI_D3cold, clamped to these
    :return: 0, also if the device was in the state, or must not enter it; -EIO without PM capability or if the
        device does not have the state; -EINVAL for a transition to a lower state other than D0"""
    if state > PCI_D3cold:
        state = PCI_D3cold
    elif state < PCI_D0:
        state = PCI_D0
    elif (state == PCI_D1 or state == PCI_D2) and pci_no_d1d2(dev):
        return 0

    if dev.current_state == state:
        return 0

    __pci_start_power_transition(dev, state)

    if state >= PCI_D3hot and (dev.dev_flags & PCI_DEV_FLAGS_NO_D3):
        return 0

    # The PM registers go as far as D3hot; D3cold is up to the platform.
    error = pci_raw_set_power_state(dev, PCI_D3hot if state > PCI_D3hot else state)

    if not __pci_complete_power_transition(dev, state):
        error = 0
    # PORT: no ASPM: no pcie_aspm_powersave_config_link() for `error` and `dev->bus->self`

    return error


EXPORT_SYMBOL(pci_set_power_state)


@dataclass(eq=False, slots=True)
class pci_saved_state:
    """struct pci_saved_state: a copy of a device's saved state.

    C: drivers/pci/pci.c, struct, base"""

    config_space: list[int]
    cap: list[pci_cap_saved_data]


def pci_find_saved_cap(pci_dev: pci_dev, cap: int) -> pci_cap_saved_data:
    """Find the save buffer of a capability.

    C: drivers/pci/pci.c, static, base
    :return: the buffer, or NULL"""
    for tmp in pci_dev.saved_cap_space:
        if tmp.cap_nr == cap:
            return tmp
    return NULL  # type: ignore[no-any-return]


def pci_save_pcie_state(dev: pci_dev) -> int:
    """Save the control registers of the PCI Express capability; one that *dev* lacks is saved as 0.

    C: drivers/pci/pci.c, static, base
    :return: 0, or -ENOMEM if there is no buffer"""
    if not pci_is_pcie(dev):
        return 0

    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_EXP)
    if not save_state:
        dev_err(dev.dev, "pci_save_pcie_state: no save buffer")
        return -ENOMEM

    cap = save_state.data
    _, cap[0] = pcie_capability_read_word(dev, PCI_EXP_DEVCTL)
    _, cap[1] = pcie_capability_read_word(dev, PCI_EXP_LNKCTL)
    _, cap[2] = pcie_capability_read_word(dev, PCI_EXP_SLTCTL)
    _, cap[3] = pcie_capability_read_word(dev, PCI_EXP_RTCTL)
    _, cap[4] = pcie_capability_read_word(dev, PCI_EXP_DEVCTL2)
    _, cap[5] = pcie_capability_read_word(dev, PCI_EXP_LNKCTL2)
    _, cap[6] = pcie_capability_read_word(dev, PCI_EXP_SLTCTL2)

    return 0


def pci_restore_pcie_state(dev: pci_dev) -> None:
    """Restore the control registers of the PCI Express capability.

    C: drivers/pci/pci.c, static, base"""
    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_EXP)
    if not save_state:
        return

    cap = save_state.data
    pcie_capability_write_word(dev, PCI_EXP_DEVCTL, cap[0])
    pcie_capability_write_word(dev, PCI_EXP_LNKCTL, cap[1])
    pcie_capability_write_word(dev, PCI_EXP_SLTCTL, cap[2])
    pcie_capability_write_word(dev, PCI_EXP_RTCTL, cap[3])
    pcie_capability_write_word(dev, PCI_EXP_DEVCTL2, cap[4])
    pcie_capability_write_word(dev, PCI_EXP_LNKCTL2, cap[5])
    pcie_capability_write_word(dev, PCI_EXP_SLTCTL2, cap[6])


def pci_save_pcix_state(dev: pci_dev) -> int:
    """Save the command register of the PCI-X capability.

    C: drivers/pci/pci.c, static, base
    :return: 0, or -ENOMEM if there is no buffer"""
    pos = pci_find_capability(dev, PCI_CAP_ID_PCIX)
    if pos <= 0:
        return 0

    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_PCIX)
    if not save_state:
        dev_err(dev.dev, "pci_save_pcix_state: no save buffer")
        return -ENOMEM

    save_state.data[0] = pci_read_config_word(dev, pos + PCI_X_CMD)

    return 0


def pci_restore_pcix_state(dev: pci_dev) -> None:
    """Restore the command register of the PCI-X capability.

    C: drivers/pci/pci.c, static, base"""
    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_PCIX)
    pos = pci_find_capability(dev, PCI_CAP_ID_PCIX)
    if not save_state or pos <= 0:
        return
    cap = save_state.data

    pci_write_config_word(dev, pos + PCI_X_CMD, cap[0])


def pci_save_state(dev: pci_dev) -> int:
    """Save the header of *dev* and the capability registers that a driver does not restore.

    C: drivers/pci/pci.c, exported, base
    :return: 0, or -ENOMEM if a buffer is missing; the state is marked as saved even then"""
    for i in range(16):
        dev.saved_config_space[i] = pci_read_config_dword(dev, i * 4)
    dev.state_saved = True
    if (i := pci_save_pcie_state(dev)) != 0:
        return i
    if (i := pci_save_pcix_state(dev)) != 0:
        return i
    return 0


EXPORT_SYMBOL(pci_save_state)


def pci_restore_config_dword(pdev: pci_dev, offset: int, saved_val: int, retry: int) -> None:
    """Restore a dword of the header, if it has changed.

    C: drivers/pci/pci.c, static, base
    :param retry: how often to read back and rewrite, 1 ms apart; 0: write once, do not read back"""
    val = pci_read_config_dword(pdev, offset)
    if val == saved_val:
        return

    while True:
        dev_dbg(pdev.dev, f"header dword {offset:#x}: {val:#x} becomes {saved_val:#x}")
        pci_write_config_dword(pdev, offset, saved_val)
        if retry <= 0:
            return
        retry -= 1

        val = pci_read_config_dword(pdev, offset)
        if val == saved_val:
            return

        mdelay(1)


def pci_restore_config_space_range(pdev: pci_dev, start: int, end: int, retry: int) -> None:
    """Restore the dwords *end* down to *start* of the header.

    C: drivers/pci/pci.c, static, base"""
    for index in range(end, start - 1, -1):
        pci_restore_config_dword(pdev, 4 * index, pdev.saved_config_space[index], retry)


def pci_restore_config_space(pdev: pci_dev) -> None:
    """Restore the header, last dword first, so that the device decodes nothing before its BARs are right.

    C: drivers/pci/pci.c, static, base"""
    if pdev.hdr_type == PCI_HEADER_TYPE_NORMAL:
        pci_restore_config_space_range(pdev, 10, 15, 0)
        # The BARs come before the command register, and some take more than one write.
        pci_restore_config_space_range(pdev, 4, 9, 10)
        pci_restore_config_space_range(pdev, 0, 3, 0)
    else:
        pci_restore_config_space_range(pdev, 0, 15, 0)


def pci_restore_state(dev: pci_dev) -> None:
    """Restore what pci_save_state() saved, once; do nothing without a saved state.

    C: drivers/pci/pci.c, exported, base"""
    if not dev.state_saved:
        return

    # PCI Express first
    pci_restore_pcie_state(dev)
    pci_restore_ats_state(dev)

    pci_restore_config_space(dev)

    pci_restore_pcix_state(dev)
    pci_restore_msi_state(dev)
    pci_restore_iov_state(dev)

    dev.state_saved = False


EXPORT_SYMBOL(pci_restore_state)


def pci_store_saved_state(dev: pci_dev) -> pci_saved_state:
    """Copy the saved state of *dev*, for pci_load_saved_state().

    C: drivers/pci/pci.c, exported, base
    :return: the copy, or NULL if nothing is saved"""
    if not dev.state_saved:
        return NULL  # type: ignore[no-any-return]

    # PORT: a list of copies grows by itself. The C adds their sizes up (hlist_for_each_entry(), `size`), and then
    # puts one after another with memcpy() at `cap`
    state = pci_saved_state(list(dev.saved_config_space), [])

    for tmp in dev.saved_cap_space:
        # PORT: memcpy()
        state.cap.append(pci_cap_saved_data(tmp.cap_nr, tmp.size, list(tmp.data)))

    return state


EXPORT_SYMBOL_GPL(pci_store_saved_state)


def pci_load_saved_state(dev: pci_dev, state: pci_saved_state) -> int:
    """Make *state* the saved state of *dev*; NULL: no saved state.

    C: drivers/pci/pci.c, exported, base
    :return: 0, or -EINVAL if *state* does not fit the device, which then has no saved state"""
    dev.state_saved = False

    if not state:
        return 0

    dev.saved_config_space[:] = state.config_space

    for cap in state.cap:  # PORT: `cap = state->cap`, which ends with an empty one
        tmp = pci_find_saved_cap(dev, cap.cap_nr)
        if not tmp or tmp.size != cap.size:
            return -EINVAL

        tmp.data[:] = cap.data

    dev.state_saved = True
    return 0


EXPORT_SYMBOL_GPL(pci_load_saved_state)


def pci_load_and_free_saved_state(dev: pci_dev, state: list[pci_saved_state]) -> int:
    """Load a saved state and free the copy.

    C: drivers/pci/pci.c, exported, base
    :param state: PORT: struct pci_saved_state **, a list of one; NULL is in it afterwards
    :return: 0, or -EINVAL if the state does not fit the device"""
    ret = pci_load_saved_state(dev, state[0])
    state[0] = NULL
    return ret


EXPORT_SYMBOL_GPL(pci_load_and_free_saved_state)


def do_pci_enable_device(dev: pci_dev, bars: int) -> int:
    """Put *dev* into D0 and let it decode.

    C: drivers/pci/pci.c, static, base
    :param bars: its resources, a bit each
    :return: 0, or an error of pci_set_power_state(), other than -EIO"""
    err = pci_set_power_state(dev, PCI_D0)
    if err < 0 and err != -EIO:
        return err
    err = pcibios_enable_device(dev, bars)
    if err < 0:
        return err
    pci_fixup_device(pci_fixup_enable, dev)

    return 0


def pci_reenable_device(dev: pci_dev) -> int:
    """Put *dev* into D0 and let it decode again, if it is enabled.

    C: drivers/pci/pci.c, exported, base
    :return: as do_pci_enable_device(); 0 if it is not enabled"""
    if pci_is_enabled(dev):
        return do_pci_enable_device(dev, (1 << DEVICE_COUNT_RESOURCE) - 1)
    return 0


EXPORT_SYMBOL(pci_reenable_device)


def pci_enable_device_flags(dev: pci_dev, flags: int) -> int:
    """Enable *dev*, with its resources of the types in *flags*.

    C: drivers/pci/pci.c, static, base
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


def pci_enable_device_io(dev: pci_dev) -> int:
    """Enable *dev* for a driver that only uses its I/O ports.

    C: drivers/pci/pci.c, exported, base
    :return: as pci_enable_device()"""
    return pci_enable_device_flags(dev, IORESOURCE_IO)


EXPORT_SYMBOL(pci_enable_device_io)


def pci_enable_device_mem(dev: pci_dev) -> int:
    """Enable *dev* for a driver that only uses its memory.

    C: drivers/pci/pci.c, exported, base
    :return: as pci_enable_device()"""
    return pci_enable_device_flags(dev, IORESOURCE_MEM)


EXPORT_SYMBOL(pci_enable_device_mem)


def pci_enable_device(dev: pci_dev) -> int:
    """Enable *dev* for a driver: put it into D0 and let it decode. Calls are counted.

    C: drivers/pci/pci.c, exported, base
    :return: 0, or an error of pci_set_power_state()"""
    return pci_enable_device_flags(dev, IORESOURCE_MEM | IORESOURCE_IO)


EXPORT_SYMBOL(pci_enable_device)


def do_pci_disable_device(dev: pci_dev) -> None:
    """Clear Bus Master Enable of *dev*.

    C: drivers/pci/pci.c, static, base"""
    pci_command = pci_read_config_word(dev, PCI_COMMAND)
    if pci_command & PCI_COMMAND_MASTER:
        pci_command &= ~PCI_COMMAND_MASTER
        pci_write_config_word(dev, PCI_COMMAND, pci_command)

    # PORT: no pcibios_disable_device(dev): on a PC it frees the INTx interrupt


def pci_disable_enabled_device(dev: pci_dev) -> None:
    """Clear Bus Master Enable of *dev*, if it is enabled; it still counts as enabled.

    C: drivers/pci/pci.c, global, base"""
    if pci_is_enabled(dev):
        do_pci_disable_device(dev)


def pci_disable_device(dev: pci_dev) -> None:
    """Undo one pci_enable_device(). The last call clears Bus Master Enable; *dev* stays in D0 and decodes.

    C: drivers/pci/pci.c, exported, base"""
    # PORT: no find_pci_dr(), `dr`: no driver here uses managed devices (pcim_enable_device())
    WARN_ON(dev.enable_cnt <= 0, f"{pci_name(dev)}: disabled more often than enabled")  # PORT: dev_WARN_ONCE()

    dev.enable_cnt -= 1
    if dev.enable_cnt != 0:
        return

    do_pci_disable_device(dev)

    dev.is_busmaster = 0


EXPORT_SYMBOL(pci_disable_device)


def pci_pme_active(dev: pci_dev, enable: bool) -> None:
    """Clear a pending PME of *dev* and turn PME on or off.

    C: drivers/pci/pci.c, exported, base"""
    if not dev.pme_support:
        return

    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    # write 1 to clear the status
    pmcsr |= PCI_PM_CTRL_PME_STATUS | PCI_PM_CTRL_PME_ENABLE
    if not enable:
        pmcsr &= ~PCI_PM_CTRL_PME_ENABLE

    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, pmcsr)

    # PORT: no pci_pme_list: no device is polled for PME, not even one with `dev->pme_poll`

    dev_dbg(dev.dev, f"wake-up events {'on' if enable else 'off'}")


EXPORT_SYMBOL(pci_pme_active)


def pci_pm_init(dev: pci_dev) -> None:
    """Read the power management capabilities of *dev*.

    C: drivers/pci/pci.c, global, base"""
    # PORT: no pm_runtime_forbid(), pm_runtime_set_active(), pm_runtime_enable(), device_enable_async_suspend(),
    # device_set_wakeup_capable() and d3cold_allowed: no run-time power management
    dev.wakeup_prepared = False

    dev.pm_cap = 0
    dev.pme_support = 0

    pm = pci_find_capability(dev, PCI_CAP_ID_PM)
    if not pm:
        return
    pmc = pci_read_config_word(dev, pm + PCI_PM_PMC)

    if (pmc & PCI_PM_CAP_VER_MASK) > 3:
        dev_err(dev.dev, f"PM capability has unknown version {pmc & PCI_PM_CAP_VER_MASK}")
        return

    dev.pm_cap = pm
    dev.d3_delay = PCI_PM_D3_WAIT
    dev.d3cold_delay = PCI_PM_D3COLD_WAIT

    dev.d1_support = False
    dev.d2_support = False
    if not pci_no_d1d2(dev):
        if pmc & PCI_PM_CAP_D1:
            dev.d1_support = True
        if pmc & PCI_PM_CAP_D2:
            dev.d2_support = True

        if dev.d1_support or dev.d2_support:
            dev_dbg(dev.dev, f"optional power states:{' D1' * dev.d1_support}{' D2' * dev.d2_support}")

    pmc &= PCI_PM_CAP_PME_MASK
    if pmc:
        dev_dbg(
            dev.dev,
            "wakes the system from"
            + (" D0" if pmc & PCI_PM_CAP_PME_D0 else "")
            + (" D1" if pmc & PCI_PM_CAP_PME_D1 else "")
            + (" D2" if pmc & PCI_PM_CAP_PME_D2 else "")
            + (" D3hot" if pmc & PCI_PM_CAP_PME_D3 else "")
            + (" D3cold" if pmc & PCI_PM_CAP_PME_D3cold else ""),
        )
        dev.pme_support = pmc >> PCI_PM_CAP_PME_SHIFT
        dev.pme_poll = True
        pci_pme_active(dev, False)


def pci_add_saved_cap(pci_dev: pci_dev, new_cap: pci_cap_saved_data) -> None:
    """Put a save buffer at the head of the list.

    C: drivers/pci/pci.c, static, base"""
    pci_dev.saved_cap_space.insert(0, new_cap)


def pci_add_cap_save_buffer(dev: pci_dev, cap: int, size: int) -> int:
    """Make a save buffer for a capability, if *dev* has it.

    C: drivers/pci/pci.c, static, base
    :param size: bytes
    :return: 0"""
    pos = pci_find_capability(dev, cap)
    if pos <= 0:
        return 0

    save_state = pci_cap_saved_data(cap, size, [0] * (size // SIZEOF_U16))
    pci_add_saved_cap(dev, save_state)

    return 0


def pci_allocate_cap_save_buffers(dev: pci_dev) -> None:
    """Make the save buffers of *dev*.

    C: drivers/pci/pci.c, global, base"""
    # PORT: memory does not run out: no `error`
    pci_add_cap_save_buffer(dev, PCI_CAP_ID_EXP, PCI_EXP_SAVE_REGS * SIZEOF_U16)

    pci_add_cap_save_buffer(dev, PCI_CAP_ID_PCIX, SIZEOF_U16)


def pci_configure_ari(dev: pci_dev) -> None:
    """Enable ARI forwarding in the bridge above function 0 if both support ARI, else disable it.

    C: drivers/pci/pci.c, global, base"""
    # PORT: no command line, so pcie_ari_disabled is false
    if not pci_is_pcie(dev) or dev.devfn:
        return

    bridge = dev.bus.self
    if not bridge:
        return

    _, cap = pcie_capability_read_dword(bridge, PCI_EXP_DEVCAP2)
    if not (cap & PCI_EXP_DEVCAP2_ARI):
        return

    if pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ARI):
        pcie_capability_set_word(bridge, PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_ARI)
        bridge.ari_enabled = 1
    else:
        pcie_capability_clear_word(bridge, PCI_EXP_DEVCTL2, PCI_EXP_DEVCTL2_ARI)
        bridge.ari_enabled = 0


def __pci_set_master(dev: pci_dev, enable: bool) -> None:
    """Set or clear Bus Master Enable of *dev*. The register is written only if that changes it.

    C: drivers/pci/pci.c, static, base"""
    old_cmd = pci_read_config_word(dev, PCI_COMMAND)
    if enable:
        cmd = old_cmd | PCI_COMMAND_MASTER
    else:
        cmd = old_cmd & ~PCI_COMMAND_MASTER
    if cmd != old_cmd:
        dev_dbg(dev.dev, f"bus master: {'on' if enable else 'off'}")
        pci_write_config_word(dev, PCI_COMMAND, cmd)
    dev.is_busmaster = int(enable)


def pcibios_set_master(dev: pci_dev) -> None:
    """Set a reasonable latency timer in *dev*, if it is conventional PCI.

    C: drivers/pci/pci.c, global, weak, base"""
    # PCI Express has no latency timer
    if pci_is_pcie(dev):
        return

    lat = pci_read_config_byte(dev, PCI_LATENCY_TIMER)
    if lat < 16:
        lat = 64 if pcibios_max_latency >= 64 else pcibios_max_latency
    elif lat > pcibios_max_latency:
        lat = pcibios_max_latency
    else:
        return
    dev_dbg(dev.dev, f"latency timer set to {lat}")
    pci_write_config_byte(dev, PCI_LATENCY_TIMER, lat)


def pci_set_master(dev: pci_dev) -> None:
    """Make *dev* a bus master: it may do DMA and send messages.

    C: drivers/pci/pci.c, exported, base"""
    __pci_set_master(dev, True)
    pcibios_set_master(dev)


EXPORT_SYMBOL(pci_set_master)


def pci_clear_master(dev: pci_dev) -> None:
    """Stop *dev* from being a bus master.

    C: drivers/pci/pci.c, exported, base"""
    __pci_set_master(dev, False)


EXPORT_SYMBOL(pci_clear_master)


def pci_intx(pdev: pci_dev, enable: int) -> None:
    """Enable or disable INTx of *pdev*. The register is written only if that changes it.

    C: drivers/pci/pci.c, exported, base"""
    pci_command = pci_read_config_word(pdev, PCI_COMMAND)

    if enable:
        new = pci_command & ~PCI_COMMAND_INTX_DISABLE
    else:
        new = pci_command | PCI_COMMAND_INTX_DISABLE

    if new != pci_command:
        pci_write_config_word(pdev, PCI_COMMAND, new)
        # PORT: no find_pci_dr(), `dr`: no driver here uses managed devices (pcim_enable_device())


EXPORT_SYMBOL_GPL(pci_intx)


def pci_intx_mask_supported(dev: pci_dev) -> bool:
    """Test whether INTx of *dev* can be disabled in its command register (PCI 2.3).

    C: drivers/pci/pci.c, exported, base"""
    mask_supported = False

    # PORT: no broken_intx_masking: only fixups for particular chips set it

    pci_cfg_access_lock(dev)

    orig = pci_read_config_word(dev, PCI_COMMAND)
    pci_write_config_word(dev, PCI_COMMAND, orig ^ PCI_COMMAND_INTX_DISABLE)
    new = pci_read_config_word(dev, PCI_COMMAND)

    # nothing helps against a device that fails here, but the log shows that it did
    if (new ^ orig) & ~PCI_COMMAND_INTX_DISABLE:
        dev_err(dev.dev, f"Command changed unasked: {orig:#x} -> {new:#x}")
    elif (new ^ orig) & PCI_COMMAND_INTX_DISABLE:
        mask_supported = True
        pci_write_config_word(dev, PCI_COMMAND, orig)

    pci_cfg_access_unlock(dev)
    return mask_supported


EXPORT_SYMBOL_GPL(pci_intx_mask_supported)


def pcie_flr(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by PCI Express Function Level Reset.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if the device does not offer it"""
    _, cap = pcie_capability_read_dword(dev, PCI_EXP_DEVCAP)
    # the device does not offer a Function Level Reset, or is not PCI Express at all
    if not (cap & PCI_EXP_DEVCAP_FLR):
        return -ENOTTY

    if probe:
        return 0

    # Pending transactions must complete before the device loses its state.
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        _, status = pcie_capability_read_word(dev, PCI_EXP_DEVSTA)
        if not (status & PCI_EXP_DEVSTA_TRPND):
            break
    else:
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)

    msleep(100)

    return 0


def pci_af_flr(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by the Function Level Reset of the Advanced Features capability.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY if the device does not offer it"""
    pos = pci_find_capability(dev, PCI_CAP_ID_AF)
    # the device has no Advanced Features capability, where conventional devices offer a function level reset
    if not pos:
        return -ENOTTY

    cap = pci_read_config_byte(dev, pos + PCI_AF_CAP)
    # its Advanced Features lack the reset, or the bit that shows pending transactions
    if not (cap & PCI_AF_CAP_TP) or not (cap & PCI_AF_CAP_FLR):
        return -ENOTTY

    if probe:
        return 0

    # as for PCI Express
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        status = pci_read_config_byte(dev, pos + PCI_AF_STATUS)
        if not (status & PCI_AF_STATUS_TP):
            break
    else:
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pci_write_config_byte(dev, pos + PCI_AF_CTRL, PCI_AF_CTRL_FLR)
    msleep(100)

    return 0


def pci_pm_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by sending it to D3hot and back to D0. Sleeps twice the D3 delay, 2 x 10 ms.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0; -ENOTTY if this does not reset the device; -EINVAL if it is not in D0, which ends the search"""
    # the device has no Power Management capability
    if not dev.pm_cap:
        return -ENOTTY

    csr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    # the device keeps its state from D3hot to D0 (No_Soft_Reset), so this would not reset it
    if csr & PCI_PM_CTRL_NO_SOFT_RESET:
        return -ENOTTY

    if probe:
        return 0

    # to the kernel the device is not in D0: it is in a low power state, or no driver has enabled it yet
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
    :return: 0, or -ENOTTY if there is no bridge to do it or others would be reset too"""
    # the device is on a root bus, or is a bridge, or has no known bridge above it: no bus reset resets it alone
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
    """Reset *dev* by the first method that it offers.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether one would work
    :return: 0; -ENOTTY if it offers none; any other error of a method ends the search"""
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

    rc = pci_parent_bus_reset(dev, probe)
    return rc


def pci_dev_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* with it locked.

    C: drivers/pci/pci.c, static, base
    :param probe: not 0: only say whether it would work, without locks
    :return: as __pci_dev_reset()"""
    if not probe:
        pci_cfg_access_lock(dev)
        # No driver binds or leaves, and the system does not suspend.
        device_lock(dev.dev)

    rc = __pci_dev_reset(dev, probe)

    if not probe:
        device_unlock(dev.dev)
        pci_cfg_access_unlock(dev)
    return rc


def __pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*. Its config space is lost; the caller sets it up again.

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
    :return: 0, or -ENOTTY if it offers no method"""
    return pci_dev_reset(dev, 1)


def pci_reset_function(dev: pci_dev) -> int:
    """Reset *dev*, its config space saved before and restored after.

    C: drivers/pci/pci.c, exported, base
    :return: 0; -ENOTTY if it offers no method; -EINVAL if it would need to be in D0"""
    rc = pci_dev_reset(dev, 1)
    if rc:
        return rc

    pci_save_state(dev)

    # Disables INTx by its bit, and MSI with bus mastering.
    pci_write_config_word(dev, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE)

    rc = pci_dev_reset(dev, 0)

    pci_restore_state(dev)

    return rc


EXPORT_SYMBOL_GPL(pci_reset_function)


def pci_resource_bar(dev: pci_dev, resno: int) -> int:
    """Return the offset of the register with the address of a resource.

    C: drivers/pci/pci.c, global, base
    PORT: `*type` of the BAR is not returned; its one caller needs to know only whether it is the ROM
    :return: the offset, 0 if the resource has none"""
    if resno < PCI_ROM_RESOURCE:
        return PCI_BASE_ADDRESS_0 + 4 * resno
    if resno == PCI_ROM_RESOURCE:
        return dev.rom_base_reg
    # PORT: no test for PCI_BRIDGE_RESOURCES: here the resources of SR-IOV are behind all others
    reg = pci_iov_resource_bar(dev, resno)
    if reg:
        return reg

    dev_err(dev.dev, f"BAR {resno}: no such BAR")
    return 0
