# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/msi.c: message signaled interrupts, MSI and MSI-X.

# PORT: the MSI-X table is in memory, which is not modelled: reads and writes of the table are left out, and so are the
# mask bits of its entries.
# PORT: the architecture hooks (arch_setup_msi_irqs() etc.) are the functions of io_apic.py; no files in sysfs.
"""

from __future__ import annotations

from errno import EINVAL, ERANGE
from typing import TYPE_CHECKING

from ..kernel.bug import WARN_ON
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.interrupt import irq_data, irq_get_msi_desc, irq_has_action
from ..kernel.printk import dev_info
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .access import (
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_dword,
    pci_write_config_word,
)
from .pci import pci_find_capability, pci_intx

if TYPE_CHECKING:  # io_apic.py imports this module
    from .io_apic import native_setup_msi_irqs, native_teardown_msi_irq

#: Kernel parameter: pci=nomsi makes it 0.
pci_msi_enable: int = 1


def msix_table_size(flags: int) -> int:
    """Return how many entries a table has.

    C: drivers/pci/msi.c, macro, base"""
    return (flags & PCI_MSIX_FLAGS_QSIZE) + 1


def default_restore_msi_irqs(dev: pci_dev, irq: int) -> None:
    """Write the message of *irq* again.

    C: drivers/pci/msi.c, global, base"""
    entry = NULL
    if dev.msix_enabled:
        for entry in dev.msi_list:
            if irq == entry.irq:
                break
    elif dev.msi_enabled:
        entry = irq_get_msi_desc(irq)

    if entry:
        write_msi_msg(irq, entry.msg)


def msi_set_enable(dev: pci_dev, enable: int) -> None:
    """Switch MSI of *dev* on or off. The register is written even if nothing changes.

    C: drivers/pci/msi.c, static, base"""
    control = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    control &= ~PCI_MSI_FLAGS_ENABLE
    if enable:
        control |= PCI_MSI_FLAGS_ENABLE
    pci_write_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS, control)


def msix_set_enable(dev: pci_dev, enable: int) -> None:
    """Switch MSI-X of *dev* on or off. The register is written even if nothing changes.

    C: drivers/pci/msi.c, static, base"""
    control = pci_read_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS)
    control &= ~PCI_MSIX_FLAGS_ENABLE
    if enable:
        control |= PCI_MSIX_FLAGS_ENABLE
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)


def msi_mask(x: int) -> int:
    """Return the mask bits of 2^*x* messages.

    C: drivers/pci/msi.c, static inline, base"""
    # a shift by 32 or more would be undefined
    if x >= 5:
        return 0xFFFFFFFF
    return (1 << (1 << x)) - 1


def msi_capable_mask(control: int) -> int:
    """Return the mask bits of all messages that a function could have.

    C: drivers/pci/msi.c, static inline, base"""
    return msi_mask((control >> 1) & 7)


def __msi_mask_irq(desc: msi_desc, mask: int, flag: int) -> int:
    """Set the mask bits in *mask* to those in *flag*, if the function has mask bits.

    C: drivers/pci/msi.c, static, base
    :return: all mask bits, 0 if it has none"""
    mask_bits = desc.masked

    if not desc.msi_attrib.maskbit:
        return 0

    mask_bits &= ~mask
    mask_bits |= flag
    pci_write_config_dword(desc.dev, desc.mask_pos, mask_bits)

    return mask_bits


def msi_mask_irq(desc: msi_desc, mask: int, flag: int) -> None:
    """Write mask bits, and remember them.

    C: drivers/pci/msi.c, static, base"""
    desc.masked = __msi_mask_irq(desc, mask, flag)


def msi_set_mask_bit(data: irq_data, flag: int) -> None:
    """Mask or unmask one interrupt.

    C: drivers/pci/msi.c, static, base"""
    desc = data.msi_desc

    if desc.msi_attrib.is_msix:
        pass  # PORT: msix_mask_irq() and readl(), in memory
    else:
        offset = data.irq - desc.dev.irq
        msi_mask_irq(desc, 1 << offset, flag << offset)


def mask_msi_irq(data: irq_data) -> None:
    """Mask an interrupt.

    C: drivers/pci/msi.c, global, base"""
    msi_set_mask_bit(data, 1)


def unmask_msi_irq(data: irq_data) -> None:
    """Unmask an interrupt.

    C: drivers/pci/msi.c, global, base"""
    msi_set_mask_bit(data, 0)


def __write_msi_msg(entry: msi_desc, msg: msi_msg) -> None:
    """Write a message to the registers of its function, if that is awake.

    C: drivers/pci/msi.c, global, base"""
    if entry.dev.current_state != PCI_D0:
        pass  # its registers cannot be written now
    elif entry.msi_attrib.is_msix:
        pass  # PORT: three words of the table, in memory, with writel() at `base`
    else:
        dev = entry.dev
        pos = dev.msi_cap

        msgctl = pci_read_config_word(dev, pos + PCI_MSI_FLAGS)
        msgctl &= ~PCI_MSI_FLAGS_QSIZE
        msgctl |= entry.msi_attrib.multiple << 4
        pci_write_config_word(dev, pos + PCI_MSI_FLAGS, msgctl)

        pci_write_config_dword(dev, pos + PCI_MSI_ADDRESS_LO, msg.address_lo)
        if entry.msi_attrib.is_64:
            pci_write_config_dword(dev, pos + PCI_MSI_ADDRESS_HI, msg.address_hi)
            pci_write_config_word(dev, pos + PCI_MSI_DATA_64, msg.data)
        else:
            pci_write_config_word(dev, pos + PCI_MSI_DATA_32, msg.data)
    entry.msg = msg


def write_msi_msg(irq: int, msg: msi_msg) -> None:
    """Write the message of interrupt *irq* to the registers of its function.

    C: drivers/pci/msi.c, global, base"""
    entry = irq_get_msi_desc(irq)

    __write_msi_msg(entry, msg)


def free_msi_irqs(dev: pci_dev) -> None:
    """Free the messages of *dev* and their interrupts.

    C: drivers/pci/msi.c, static, base"""
    for entry in dev.msi_list:
        if not entry.irq:
            continue
        # PORT: one interrupt for all `nvec` messages (nvec_used)
        if irq_has_action(entry.irq):
            raise system.sched.oops(f"free_msi_irqs() of {pci_name(dev)}: interrupt {entry.irq} still has a handler")

    for entry in dev.msi_list:
        native_teardown_msi_irq(entry.irq)  # PORT: arch_teardown_msi_irqs()

    # PORT: no table in memory (`is_msix`, iounmap()), nothing in sysfs (`entry->kobj`); list_del() of each
    dev.msi_list.clear()


def alloc_msi_entry(dev: pci_dev) -> msi_desc:
    """Return a new message of *dev*.

    C: drivers/pci/msi.c, static, base"""
    return msi_desc(dev)  # PORT: kzalloc(), then `return desc`


def pci_intx_for_msi(dev: pci_dev, enable: int) -> None:
    """Enable or disable INTx of *dev*, while MSI or MSI-X is switched.

    C: drivers/pci/msi.c, static, base"""
    # PORT: no PCI_DEV_FLAGS_MSI_INTX_DISABLE_BUG: fixups for particular chips are left out
    pci_intx(dev, enable)


def __pci_restore_msi_state(dev: pci_dev) -> None:
    """Restore MSI of *dev*, if it was on.

    C: drivers/pci/msi.c, static, base"""
    if not dev.msi_enabled:
        return

    entry = irq_get_msi_desc(dev.irq)

    pci_intx_for_msi(dev, 0)
    msi_set_enable(dev, 0)
    default_restore_msi_irqs(dev, dev.irq)  # PORT: arch_restore_msi_irqs()

    control = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    msi_mask_irq(entry, msi_capable_mask(control), entry.masked)
    control &= ~PCI_MSI_FLAGS_QSIZE
    control |= (entry.msi_attrib.multiple << 4) | PCI_MSI_FLAGS_ENABLE
    pci_write_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS, control)


def __pci_restore_msix_state(dev: pci_dev) -> None:
    """Restore MSI-X of *dev*, if it was on.

    C: drivers/pci/msi.c, static, base"""
    if not dev.msix_enabled:
        return
    # PORT: no BUG_ON(list_empty()): a list with MSI-X on is not empty. `pos` is dev.msix_cap (list_first_entry())
    control = pci_read_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS)

    # no interrupt while the table is written
    pci_intx_for_msi(dev, 0)
    control |= PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)

    for entry in dev.msi_list:
        default_restore_msi_irqs(dev, entry.irq)  # PORT: arch_restore_msi_irqs()
        # PORT: msix_mask_irq(entry, entry.masked), in memory

    control &= ~PCI_MSIX_FLAGS_MASKALL
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)


def pci_restore_msi_state(dev: pci_dev) -> None:
    """Restore MSI and MSI-X of *dev*.

    C: drivers/pci/msi.c, exported, base"""
    __pci_restore_msi_state(dev)
    __pci_restore_msix_state(dev)


EXPORT_SYMBOL_GPL(pci_restore_msi_state)


def msi_capability_init(dev: pci_dev, nvec: int) -> int:
    """Set up MSI of *dev* and switch it on.

    C: drivers/pci/msi.c, static, base
    :param nvec: how many messages
    :return: 0, or an error of the architecture"""
    msi_set_enable(dev, 0)  # off during setup

    control = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    entry = alloc_msi_entry(dev)  # PORT: alloc_msi_entry() does not fail: no `-ENOMEM`

    entry.msi_attrib.is_msix = 0
    entry.msi_attrib.is_64 = int(bool(control & PCI_MSI_FLAGS_64BIT))
    entry.msi_attrib.entry_nr = 0
    entry.msi_attrib.maskbit = int(bool(control & PCI_MSI_FLAGS_MASKBIT))
    entry.msi_attrib.default_irq = dev.irq  # the one of INTx
    entry.msi_attrib.pos = dev.msi_cap

    if control & PCI_MSI_FLAGS_64BIT:
        entry.mask_pos = dev.msi_cap + PCI_MSI_MASK_64
    else:
        entry.mask_pos = dev.msi_cap + PCI_MSI_MASK_32
    # all messages are unmasked by default: mask them
    if entry.msi_attrib.maskbit:
        entry.masked = pci_read_config_dword(dev, entry.mask_pos)
    mask = msi_capable_mask(control)
    msi_mask_irq(entry, mask, mask)

    dev.msi_list.append(entry)

    ret = native_setup_msi_irqs(dev, nvec, PCI_CAP_ID_MSI)
    if ret:
        msi_mask_irq(entry, mask, ~mask)
        free_msi_irqs(dev)
        return ret

    # PORT: no populate_msi_sysfs(): nothing in sysfs
    pci_intx_for_msi(dev, 0)
    msi_set_enable(dev, 1)
    dev.msi_enabled = 1

    dev.irq = entry.irq
    return 0


def msix_map_region(dev: pci_dev) -> None:
    """Find the table of *dev*.

    C: drivers/pci/msi.c, static, base"""
    # PORT: no table: the register says where in memory it is (table_offset, phys_addr, ioremap_nocache())
    pci_read_config_dword(dev, dev.msix_cap + PCI_MSIX_TABLE)


def msix_setup_entries(dev: pci_dev, entries: list[msix_entry], nvec: int) -> int:
    """Create a message for each of the *nvec* *entries*.

    C: drivers/pci/msi.c, static, base
    :return: 0"""
    for i in range(nvec):
        entry = alloc_msi_entry(dev)  # PORT: alloc_msi_entry() does not fail: no `if (!entry)`, no `-ENOMEM`

        # PORT: no mask_base: no table in memory
        entry.msi_attrib.is_msix = 1
        entry.msi_attrib.is_64 = 1
        entry.msi_attrib.entry_nr = entries[i].entry
        entry.msi_attrib.default_irq = dev.irq
        entry.msi_attrib.pos = dev.msix_cap

        dev.msi_list.append(entry)

    return 0


def msix_program_entries(dev: pci_dev, entries: list[msix_entry]) -> None:
    """Store the interrupt of each entry, and mask it.

    C: drivers/pci/msi.c, static, base"""
    for i, entry in enumerate(dev.msi_list):
        entries[i].vector = entry.irq
        # PORT: msix_mask_irq() with 1, and readl() at `offset`, in memory; the architecture called irq_set_msi_desc()


def msix_capability_init(dev: pci_dev, entries: list[msix_entry], nvec: int) -> int:
    """Set up MSI-X of *dev* and switch it on.

    C: drivers/pci/msi.c, static, base
    :param nvec: how many *entries* there are
    :return: 0, or an error of the architecture"""
    control = pci_read_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS)

    # off during setup
    control &= ~PCI_MSIX_FLAGS_ENABLE
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)

    msix_map_region(dev)  # PORT: it does not fail: no `if (!base)`, no `return -ENOMEM`

    ret = msix_setup_entries(dev, entries, nvec)
    if ret:
        return ret

    ret = native_setup_msi_irqs(dev, nvec, PCI_CAP_ID_MSIX)
    if ret:
        # PORT: no error is negative (`if (ret < 0)`), so it is not counted how many interrupts there are (`avail`)
        free_msi_irqs(dev)
        return ret

    # some devices show their table only with MSI-X on; all entries stay masked until it is filled in
    control |= PCI_MSIX_FLAGS_MASKALL | PCI_MSIX_FLAGS_ENABLE
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)

    msix_program_entries(dev, entries)

    # PORT: no populate_msi_sysfs(), and no `goto error;` if it fails
    pci_intx_for_msi(dev, 0)
    dev.msix_enabled = 1

    control &= ~PCI_MSIX_FLAGS_MASKALL
    pci_write_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS, control)

    return 0


def pci_msi_check_device(dev: pci_dev, nvec: int, type: int) -> int:
    """Check whether *dev* may have *nvec* messages.

    C: drivers/pci/msi.c, static, base
    :return: 0; -EINVAL if MSI is switched off; -ERANGE if *nvec* is less than 1"""
    if not pci_msi_enable or not dev:
        return -EINVAL

    if nvec < 1:
        return -ERANGE

    # PORT: no fixup sets no_msi or PCI_BUS_FLAGS_NO_MSI (`bus = bus->parent`), and the architecture supports every
    # device
    return 0


def pci_enable_msi_block(dev: pci_dev, nvec: int) -> int:
    """Enable MSI of *dev*, with *nvec* messages.

    C: drivers/pci/msi.c, exported, base
    :return: 0; -EINVAL if it has no MSI or uses MSI-X; > 0: how many it may have, if that is less than *nvec*"""
    if not dev.msi_cap:
        return -EINVAL

    msgctl = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    maxvec = 1 << ((msgctl & PCI_MSI_FLAGS_QMASK) >> 1)
    if nvec > maxvec:
        return maxvec

    status = pci_msi_check_device(dev, nvec, PCI_CAP_ID_MSI)
    if status:
        return status

    WARN_ON(bool(dev.msi_enabled), f"{pci_name(dev)}: MSI already on")

    # MSI and MSI-X exclude each other
    if dev.msix_enabled:
        dev_info(dev.dev, "MSI not enabled: MSI-X is on")
        return -EINVAL

    status = msi_capability_init(dev, nvec)
    return status


EXPORT_SYMBOL(pci_enable_msi_block)


def pci_enable_msi(pdev: pci_dev) -> int:
    """Enable MSI of *pdev*, with one message.

    C: include/linux/pci.h, macro, base
    :return: as pci_enable_msi_block()"""
    return pci_enable_msi_block(pdev, 1)


def pci_msi_shutdown(dev: pci_dev) -> None:
    """Switch MSI of *dev* off.

    C: drivers/pci/msi.c, global, base"""
    if not pci_msi_enable or not dev or not dev.msi_enabled:
        return

    # PORT: no BUG_ON(list_empty()): a list with MSI on is not empty
    desc = dev.msi_list[0]

    msi_set_enable(dev, 0)
    pci_intx_for_msi(dev, 1)
    dev.msi_enabled = 0

    # unmask all messages, which is the default; the stored mask stays
    ctrl = pci_read_config_word(dev, dev.msi_cap + PCI_MSI_FLAGS)
    mask = msi_capable_mask(ctrl)
    __msi_mask_irq(desc, mask, ~mask)

    # the interrupt of INTx
    dev.irq = desc.msi_attrib.default_irq


def pci_disable_msi(dev: pci_dev) -> None:
    """Switch MSI of *dev* off and free its interrupts.

    C: drivers/pci/msi.c, exported, base"""
    if not pci_msi_enable or not dev or not dev.msi_enabled:
        return

    pci_msi_shutdown(dev)
    free_msi_irqs(dev)
    # PORT: no msi_kset: nothing in sysfs


EXPORT_SYMBOL(pci_disable_msi)


def pci_msix_table_size(dev: pci_dev) -> int:
    """Return how many entries the MSI-X table of *dev* has, 0 without MSI-X.

    C: drivers/pci/msi.c, global, base"""
    if not dev.msix_cap:
        return 0

    control = pci_read_config_word(dev, dev.msix_cap + PCI_MSIX_FLAGS)
    return msix_table_size(control)


def pci_enable_msix(dev: pci_dev, entries: list[msix_entry], nvec: int) -> int:
    """Enable MSI-X of *dev*.

    C: drivers/pci/msi.c, exported, base
    :param entries: the table entries to use; their interrupts are filled in
    :param nvec: how many entries
    :return: 0; -EINVAL if it has no MSI-X, uses MSI, or an entry is not there or is there twice; > 0: how many it has,
        if that is less than *nvec*"""
    if not entries or not dev.msix_cap:
        return -EINVAL

    status = pci_msi_check_device(dev, nvec, PCI_CAP_ID_MSIX)
    if status:
        return status

    nr_entries = pci_msix_table_size(dev)
    if nvec > nr_entries:
        return nr_entries

    for i in range(nvec):
        if entries[i].entry >= nr_entries:
            return -EINVAL
        for j in range(i + 1, nvec):
            if entries[i].entry == entries[j].entry:
                return -EINVAL
    WARN_ON(bool(dev.msix_enabled), f"{pci_name(dev)}: MSI-X already on")

    # MSI and MSI-X exclude each other
    if dev.msi_enabled:
        dev_info(dev.dev, "MSI-X not enabled: MSI is on")
        return -EINVAL
    status = msix_capability_init(dev, entries, nvec)
    return status


EXPORT_SYMBOL(pci_enable_msix)


def pci_msix_shutdown(dev: pci_dev) -> None:
    """Switch MSI-X of *dev* off.

    C: drivers/pci/msi.c, global, base"""
    if not pci_msi_enable or not dev or not dev.msix_enabled:
        return

    # PORT: __msix_mask_irq() with 1 of each entry (`list_for_each_entry(entry, &dev->msi_list, list)`), in memory

    msix_set_enable(dev, 0)
    pci_intx_for_msi(dev, 1)
    dev.msix_enabled = 0


def pci_disable_msix(dev: pci_dev) -> None:
    """Switch MSI-X of *dev* off and free its interrupts.

    C: drivers/pci/msi.c, exported, base"""
    if not pci_msi_enable or not dev or not dev.msix_enabled:
        return

    pci_msix_shutdown(dev)
    free_msi_irqs(dev)
    # PORT: no msi_kset: nothing in sysfs


EXPORT_SYMBOL(pci_disable_msix)


def pci_msi_init_pci_dev(dev: pci_dev) -> None:
    """Find MSI and MSI-X of *dev*, and switch both off: firmware may have left them on.

    C: drivers/pci/msi.c, global, base"""
    dev.msi_list.clear()

    dev.msi_cap = pci_find_capability(dev, PCI_CAP_ID_MSI)
    if dev.msi_cap:
        msi_set_enable(dev, 0)

    dev.msix_cap = pci_find_capability(dev, PCI_CAP_ID_MSIX)
    if dev.msix_cap:
        msix_set_enable(dev, 0)
