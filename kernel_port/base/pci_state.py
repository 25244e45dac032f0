# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/pci.c, third part: saving the config space of a device, and putting it back.

# PORT: a save buffer is one pci_cap_saved_data; the C has a list node around it.
# PORT: memory never runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from errno import EINVAL, ENOMEM

from ..kernel.delay import mdelay
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_dbg, dev_err
from ..kernel.structs import NULL, pci_cap_saved_data, pci_dev, pci_is_pcie
from ..pci_regs import (
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PCIX,
    PCI_EXP_DEVCTL,
    PCI_EXP_DEVCTL2,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL2,
    PCI_EXP_RTCTL,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL2,
    PCI_HEADER_TYPE_NORMAL,
    PCI_X_CMD,
)
from .access import (
    pci_read_config_dword,
    pci_read_config_word,
    pci_write_config_dword,
    pci_write_config_word,
    pcie_capability_read_word,
    pcie_capability_write_word,
)
from .pci_capability import pci_find_capability

PCI_EXP_SAVE_REGS = 7
SIZEOF_U16 = 2


@dataclass(eq=False, slots=True)
class pci_saved_state:
    """struct pci_saved_state: a copy of all that is saved of a device.

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
    """Save the control registers of the PCI Express capability; one that *dev* has not is saved as 0.

    C: drivers/pci/pci.c, static, base
    :return: 0, or -ENOMEM if there is no buffer"""
    if not pci_is_pcie(dev):
        return 0
    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_EXP)
    if not save_state:
        dev_err(dev.dev, "buffer not found in pci_save_pcie_state")
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
    """Write back the control registers of the PCI Express capability.

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
        dev_err(dev.dev, "buffer not found in pci_save_pcix_state")
        return -ENOMEM
    save_state.data[0] = pci_read_config_word(dev, pos + PCI_X_CMD)
    return 0


def pci_restore_pcix_state(dev: pci_dev) -> None:
    """Write back the command register of the PCI-X capability.

    C: drivers/pci/pci.c, static, base"""
    save_state = pci_find_saved_cap(dev, PCI_CAP_ID_PCIX)
    pos = pci_find_capability(dev, PCI_CAP_ID_PCIX)
    if not save_state or pos <= 0:
        return
    cap = save_state.data
    pci_write_config_word(dev, pos + PCI_X_CMD, cap[0])


def pci_save_state(dev: pci_dev) -> int:
    """Save the header of *dev* and the capability registers that a driver does not set up again.

    C: drivers/pci/pci.c, exported, base
    :return: 0, or -ENOMEM if a buffer is missing; what was read by then counts as saved all the same"""
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
    """Write back a dword of the header, if it has changed.

    C: drivers/pci/pci.c, static, base
    :param retry: how often to read back and write once more, 1 ms apart; 0: write once, do not look"""
    val = pci_read_config_dword(pdev, offset)
    if val == saved_val:
        return
    while True:
        dev_dbg(pdev.dev, f"restoring config space at offset {offset:#x} (was {val:#x}, writing {saved_val:#x})")
        pci_write_config_dword(pdev, offset, saved_val)
        if retry <= 0:
            return
        retry -= 1
        val = pci_read_config_dword(pdev, offset)
        if val == saved_val:
            return
        mdelay(1)


def pci_restore_config_space_range(pdev: pci_dev, start: int, end: int, retry: int) -> None:
    """Write back the dwords *end* down to *start* of the header.

    C: drivers/pci/pci.c, static, base"""
    for index in range(end, start - 1, -1):
        pci_restore_config_dword(pdev, 4 * index, pdev.saved_config_space[index], retry)


def pci_restore_config_space(pdev: pci_dev) -> None:
    """Write back the header, last dword first, so that a device decodes nothing before its BARs are right.

    C: drivers/pci/pci.c, static, base"""
    if pdev.hdr_type == PCI_HEADER_TYPE_NORMAL:
        pci_restore_config_space_range(pdev, 10, 15, 0)
        # The BARs come before the command register, and some take more than one write.
        pci_restore_config_space_range(pdev, 4, 9, 10)
        pci_restore_config_space_range(pdev, 0, 3, 0)
    else:
        pci_restore_config_space_range(pdev, 0, 15, 0)


def pci_restore_state(dev: pci_dev) -> None:
    """Write back what pci_save_state() has saved, once; without a saved state nothing happens.

    C: drivers/pci/pci.c, exported, base"""
    if not dev.state_saved:
        return
    # PCI Express comes first.
    pci_restore_pcie_state(dev)
    # PORT: no pci_restore_ats_state(dev): nothing here enables address translation
    pci_restore_config_space(dev)
    pci_restore_pcix_state(dev)
    # PORT: no pci_restore_msi_state(dev), pci_restore_iov_state(dev): nothing here enables MSI, MSI-X or SR-IOV
    dev.state_saved = False


EXPORT_SYMBOL(pci_restore_state)


def pci_store_saved_state(dev: pci_dev) -> pci_saved_state:
    """Copy the saved state of *dev*, for pci_load_saved_state().

    C: drivers/pci/pci.c, exported, base
    :return: the copy, or NULL if nothing is saved"""
    if not dev.state_saved:
        return NULL  # type: ignore[no-any-return]
    state = pci_saved_state(list(dev.saved_config_space), [])
    for tmp in dev.saved_cap_space:
        state.cap.append(pci_cap_saved_data(tmp.cap_nr, tmp.size, list(tmp.data)))
    return state


EXPORT_SYMBOL_GPL(pci_store_saved_state)


def pci_load_saved_state(dev: pci_dev, state: pci_saved_state) -> int:
    """Make *state* the saved state of *dev*; NULL: let nothing be saved.

    C: drivers/pci/pci.c, exported, base
    :return: 0, or -EINVAL if *state* is of another kind of device; then nothing is saved"""
    dev.state_saved = False
    if not state:
        return 0
    dev.saved_config_space[:] = state.config_space
    for cap in state.cap:
        tmp = pci_find_saved_cap(dev, cap.cap_nr)
        if not tmp or tmp.size != cap.size:
            return -EINVAL
        tmp.data[:] = cap.data
    dev.state_saved = True
    return 0


EXPORT_SYMBOL_GPL(pci_load_saved_state)


def pci_load_and_free_saved_state(dev: pci_dev, state: list[pci_saved_state]) -> int:
    """Load a saved state and forget the copy.

    C: drivers/pci/pci.c, exported, base
    :param state: PORT: struct pci_saved_state **, a list of one; NULL is in it afterwards
    :return: 0, or -EINVAL if the state is of another kind of device"""
    ret = pci_load_saved_state(dev, state[0])
    state[0] = NULL
    return ret


EXPORT_SYMBOL_GPL(pci_load_and_free_saved_state)


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
    pci_add_saved_cap(dev, pci_cap_saved_data(cap, size, [0] * (size // SIZEOF_U16)))
    return 0


def pci_allocate_cap_save_buffers(dev: pci_dev) -> None:
    """Make the save buffers of *dev*.

    C: drivers/pci/pci.c, global, base"""
    pci_add_cap_save_buffer(dev, PCI_CAP_ID_EXP, PCI_EXP_SAVE_REGS * SIZEOF_U16)
    pci_add_cap_save_buffer(dev, PCI_CAP_ID_PCIX, SIZEOF_U16)
