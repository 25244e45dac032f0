# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci.c, second part: power states, and the BARs that a device loses on its way from D3hot to D0.

# PORT: no platform power management (ACPI), run-time power management or ASPM.
"""

from __future__ import annotations

from errno import EINVAL, EIO, ENODEV

from ..kernel.delay import msleep, udelay
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_dbg, dev_err, dev_info
from ..kernel.structs import (
    IORESOURCE_IO,
    IORESOURCE_MEM_64,
    IORESOURCE_PCI_FIXED,
    IORESOURCE_ROM_ENABLE,
    PCI_BRIDGE_RESOURCES,
    PCI_D0,
    PCI_D1,
    PCI_D2,
    PCI_DEV_FLAGS_NO_D3,
    PCI_PM_D2_DELAY,
    PCI_PM_D3_WAIT,
    PCI_PM_D3COLD_WAIT,
    PCI_ROM_RESOURCE,
    PCI_D3cold,
    PCI_D3hot,
    pci_dev,
)
from ..pci_regs import (
    PCI_BASE_ADDRESS_0,
    PCI_BASE_ADDRESS_IO_MASK,
    PCI_BASE_ADDRESS_MEM_MASK,
    PCI_CAP_ID_PM,
    PCI_COMMAND,
    PCI_COMMAND_MEMORY,
    PCI_PM_CAP_D1,
    PCI_PM_CAP_D2,
    PCI_PM_CAP_PME_MASK,
    PCI_PM_CAP_PME_SHIFT,
    PCI_PM_CAP_VER_MASK,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_PME_ENABLE,
    PCI_PM_CTRL_PME_STATUS,
    PCI_PM_CTRL_STATE_MASK,
    PCI_PM_PMC,
    PCI_ROM_ADDRESS_ENABLE,
)
from .access import (
    U32_MAX,
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_dword,
    pci_write_config_word,
)
from .pci_capability import pci_find_capability

#: These bits of a resource's flags are the low bits of its BAR (include/linux/pci.h).
PCI_REGION_FLAG_MASK = 0x0F

#: The least time any device gets to settle in and after D3hot, ms.
pci_pm_d3_delay: int = 0


def pci_dev_d3_sleep(dev: pci_dev) -> None:
    """Wait until *dev* has settled in or after D3hot.

    C: drivers/pci/pci.c, static, base"""
    delay = dev.d3_delay
    if delay < pci_pm_d3_delay:
        delay = pci_pm_d3_delay
    msleep(delay)


def pci_resource_bar(dev: pci_dev, resno: int) -> int:
    """Find the register that holds the address of a resource.

    C: drivers/pci/pci.c, global, base
    # PORT: the type of the BAR is not handed back; its one use asks whether it is the ROM
    :return: its offset, 0 if the resource has none"""
    if resno < PCI_ROM_RESOURCE:
        return PCI_BASE_ADDRESS_0 + 4 * resno
    if resno == PCI_ROM_RESOURCE:
        return dev.rom_base_reg
    dev_err(dev.dev, f"BAR {resno}: invalid resource")
    return 0


def pci_update_resource(dev: pci_dev, resno: int) -> None:
    """Write the address of a resource to its BAR.

    C: drivers/pci/setup-res.c, global, base"""
    res = dev.resource[resno]
    # No such BAR, or the upper half of a 64-bit one.
    if not res.flags:
        return
    # Something that has no working BAR and must not move.
    if res.flags & IORESOURCE_PCI_FIXED:
        return
    start = res.start  # PORT: pcibios_resource_to_bus(): on a PC the CPU and the bus have the same addresses
    new = (start | res.flags & PCI_REGION_FLAG_MASK) & U32_MAX
    if res.flags & IORESOURCE_IO:
        mask = PCI_BASE_ADDRESS_IO_MASK & U32_MAX
    else:
        mask = PCI_BASE_ADDRESS_MEM_MASK & U32_MAX
    reg = pci_resource_bar(dev, resno)
    if not reg:
        return
    if resno == PCI_ROM_RESOURCE:
        if not res.flags & IORESOURCE_ROM_ENABLE:
            return
        new |= PCI_ROM_ADDRESS_ENABLE
    # A 64-bit BAR takes two writes; until the second it must not decode.
    disable = res.flags & IORESOURCE_MEM_64 and not dev.mmio_always_on
    if disable:
        cmd = pci_read_config_word(dev, PCI_COMMAND)
        pci_write_config_word(dev, PCI_COMMAND, cmd & ~PCI_COMMAND_MEMORY)
    pci_write_config_dword(dev, reg, new)
    check = pci_read_config_dword(dev, reg)
    if (new ^ check) & mask:
        dev_err(dev.dev, f"BAR {resno}: error updating ({new:#010x} != {check:#010x})")
    if res.flags & IORESOURCE_MEM_64:
        new = start >> 16 >> 16
        pci_write_config_dword(dev, reg + 4, new)
        check = pci_read_config_dword(dev, reg + 4)
        if check != new:
            dev_err(dev.dev, f"BAR {resno}: error updating (high {new:#010x} != {check:#010x})")
    if disable:
        pci_write_config_word(dev, PCI_COMMAND, cmd)
    dev_dbg(dev.dev, f"BAR {resno}: set to [{start:#x}-{res.end:#x}]")


def pci_restore_bars(dev: pci_dev) -> None:
    """Write the addresses of all resources of *dev* to its BARs.

    C: drivers/pci/pci.c, static, base"""
    for i in range(PCI_BRIDGE_RESOURCES):
        pci_update_resource(dev, i)


def pci_raw_set_power_state(dev: pci_dev, state: int) -> int:
    """Bring *dev* to a power state by its PM registers.

    C: drivers/pci/pci.c, static, base
    :param state: PCI_D0 .. PCI_D3hot
    :return: 0 also if the device refuses; -EIO without PM capability or if it does not know the state;
        -EINVAL for what is no such state, or a step up to another than D0"""
    if dev.current_state == state:
        return 0
    if not dev.pm_cap:
        return -EIO
    if state < PCI_D0 or state > PCI_D3hot:
        return -EINVAL
    # From a low power state the way leads deeper, or to D0.
    if state != PCI_D0 and dev.current_state <= PCI_D3cold and dev.current_state > state:
        dev_err(dev.dev, f"invalid power transition (from state {dev.current_state} to {state})")
        return -EINVAL
    if (state == PCI_D1 and not dev.d1_support) or (state == PCI_D2 and not dev.d2_support):
        return -EIO

    need_restore = False
    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    if dev.current_state in (PCI_D0, PCI_D1, PCI_D2):
        pmcsr &= ~PCI_PM_CTRL_STATE_MASK
        pmcsr |= state
    else:  # D3hot, D3cold, or unknown as after power on
        if pmcsr & PCI_PM_CTRL_STATE_MASK == PCI_D3hot and not pmcsr & PCI_PM_CTRL_NO_SOFT_RESET:
            need_restore = True
        # All zeros: D0, no wake-up enabled, and a pending wake-up status kept.
        pmcsr = 0
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, pmcsr)

    # PCI PM 1.1, 5.6.1, table 18
    if state == PCI_D3hot or dev.current_state == PCI_D3hot:
        pci_dev_d3_sleep(dev)
    elif state == PCI_D2 or dev.current_state == PCI_D2:
        udelay(PCI_PM_D2_DELAY)

    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    dev.current_state = pmcsr & PCI_PM_CTRL_STATE_MASK
    if dev.current_state != state:  # PORT: said each time; the C limits the rate
        dev_info(dev.dev, f"Refused to change power state, currently in D{dev.current_state}")

    # Coming out of D3hot a device may reset itself (PCI PM 1.2, 5.4); its driver needs the BARs at least.
    if need_restore:
        pci_restore_bars(dev)
    # PORT: no pcie_aspm_pm_state_change(dev.bus.self)
    return 0


def pci_platform_power_transition(dev: pci_dev, state: int) -> int:
    """Have the platform bring *dev* to a power state.

    C: drivers/pci/pci.c, static, base
    :return: -ENODEV: PORT: no platform that could"""
    error = -ENODEV
    if not dev.pm_cap:  # nobody can change its state, so it is D0
        dev.current_state = PCI_D0
    return error


def __pci_start_power_transition(dev: pci_dev, state: int) -> None:
    """Do what comes before the PM registers are written: power on.

    C: drivers/pci/pci.c, static, base"""
    if state == PCI_D0:
        pci_platform_power_transition(dev, PCI_D0)
        # What a bridge has powered on needs time before it answers (PCIe 2.0, 6.6.1).
        if dev.runtime_d3cold:
            msleep(dev.d3cold_delay)
            # PORT: no pci_wakeup_bus(dev.subordinate): run-time power management would resume what is there


def __pci_complete_power_transition(dev: pci_dev, state: int) -> int:
    """Do what comes after the PM registers are written: power off.

    C: drivers/pci/pci.c, exported, base
    :return: -EINVAL for D0; what the platform says otherwise"""
    if state <= PCI_D0:
        return -EINVAL
    # PORT: the platform never succeeds, so there is no subtree to mark as D3cold
    return pci_platform_power_transition(dev, state)


EXPORT_SYMBOL_GPL(__pci_complete_power_transition)


def pci_no_d1d2(dev: pci_dev) -> bool:
    """Whether D1 and D2 must not be used, because of *dev* or the bridge above it.

    C: drivers/pci/pci.h, static inline, base"""
    parent_dstates = 0
    if dev.bus.self:
        parent_dstates = dev.bus.self.no_d1d2
    return bool(dev.no_d1d2 or parent_dstates)


def pci_set_power_state(dev: pci_dev, state: int) -> int:
    """Bring *dev* to a power state.

    C: drivers/pci/pci.c, exported, base
    :param state: PCI_D0 .. PCI_D3cold; beyond either end is taken for that end
    :return: 0 if the device is there already, was told to go there, or must not; -EIO without PM capability or if
        the device does not know the state; -EINVAL for a step up to another state than D0"""
    if state > PCI_D3cold:
        state = PCI_D3cold
    elif state < PCI_D0:
        state = PCI_D0
    elif (state == PCI_D1 or state == PCI_D2) and pci_no_d1d2(dev):
        return 0
    if dev.current_state == state:
        return 0
    __pci_start_power_transition(dev, state)
    if state >= PCI_D3hot and dev.dev_flags & PCI_DEV_FLAGS_NO_D3:
        return 0
    # The PM registers bring it to D3hot; only the platform could take it to D3cold.
    error = pci_raw_set_power_state(dev, PCI_D3hot if state > PCI_D3hot else state)
    if not __pci_complete_power_transition(dev, state):
        error = 0
    # PORT: no pcie_aspm_powersave_config_link(dev.bus.self)
    return error


EXPORT_SYMBOL(pci_set_power_state)


def pci_pme_active(dev: pci_dev, enable: bool) -> None:
    """Clear a pending wake-up event of *dev* and switch its reporting on or off.

    C: drivers/pci/pci.c, exported, base"""
    if not dev.pme_support:
        return
    pmcsr = pci_read_config_word(dev, dev.pm_cap + PCI_PM_CTRL)
    pmcsr |= PCI_PM_CTRL_PME_STATUS | PCI_PM_CTRL_PME_ENABLE  # status is cleared by writing 1
    if not enable:
        pmcsr &= ~PCI_PM_CTRL_PME_ENABLE
    pci_write_config_word(dev, dev.pm_cap + PCI_PM_CTRL, pmcsr)
    # PORT: no list of devices that are polled for wake-up events
    dev_dbg(dev.dev, f"PME# {'enabled' if enable else 'disabled'}")


EXPORT_SYMBOL(pci_pme_active)


def pci_pm_init(dev: pci_dev) -> None:
    """Find out what *dev* can do with its power.

    C: drivers/pci/pci.c, global, base"""
    dev.wakeup_prepared = False
    dev.pm_cap = 0
    dev.pme_support = 0
    pm = pci_find_capability(dev, PCI_CAP_ID_PM)
    if not pm:
        return
    pmc = pci_read_config_word(dev, pm + PCI_PM_PMC)
    if pmc & PCI_PM_CAP_VER_MASK > 3:
        dev_err(dev.dev, f"unsupported PM cap regs version ({pmc & PCI_PM_CAP_VER_MASK})")
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

    pmc &= PCI_PM_CAP_PME_MASK
    if pmc:
        dev.pme_support = pmc >> PCI_PM_CAP_PME_SHIFT
        dev.pme_poll = True
        pci_pme_active(dev, False)
