# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Add Virtual Channel to save/restore support

Why: which traffic classes go through which virtual channel is agreed on by both ends of a link; a reset makes one end
forget it. pci_save_state() did not save it.
What: in the new drivers/pci/vc.c, the control registers and arbitration tables of the capabilities VC, MFVC and VC9 are
saved, restored and loaded, and a channel that was enabled is enabled again at both ends; pci_save_state() and
pci_restore_state() call it.
Look at: one function walks over the capability to measure, save and restore it, so that the order cannot differ. After
a function level reset the channels may have stayed as they were: the enable bit is kept. Channels are enabled from the
lower end: the port's channel is disabled and enabled, whoever uses it meanwhile, and if it is the port that is reset,
its channels wait for the device below. VC9 has no other end.
Upstream: 425c1b223dac in v3.14 (id and title in a mail; the code is in 3.14.4 and not in 3.12.10), with two commits
before it, whose ids are not verified: save buffers of extended capabilities, and pci_wait_for_pending().
Adapted: from v3.14.4. # PORT: a buffer is a list of values, in the order in which they are saved, not of bytes. The
number of an extended capability has bit 16 set in its buffer, in the place of `cap_extended`.
"""

from __future__ import annotations

from errno import ENOMEM

from ..base.access import pci_read_config_dword, pci_read_config_word, pci_write_config_dword, pci_write_config_word
from ..base.ats import pci_restore_ats_state
from ..base.iov import pci_restore_iov_state
from ..base.msi import pci_restore_msi_state
from ..base.pci import (
    PCI_EXP_SAVE_REGS,
    SIZEOF_U16,
    pci_add_cap_save_buffer,
    pci_add_saved_cap,
    pci_find_ext_capability,
    pci_restore_config_space,
    pci_restore_pcie_state,
    pci_restore_pcix_state,
    pci_save_pcie_state,
    pci_save_pcix_state,
)
from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_err
from ..kernel.structs import *
from ..pci_regs import *

ADDS = (
    "pci_wait_for_pending", "pci_find_saved_ext_cap", "pci_add_ext_cap_save_buffer", "pci_vc_save_restore_dwords",
    "pci_vc_load_arb_table", "pci_vc_load_port_arb_table", "pci_vc_enable", "pci_vc_do_save_buffer",
    "pci_save_vc_state", "pci_restore_vc_state", "pci_allocate_vc_save_buffers",
)  # fmt: skip
MODIFIES = ("pci_save_state", "pci_restore_state", "pci_allocate_cap_save_buffers")
REQUIRES = ()

#: PORT: pci_cap_saved_data.cap_nr of an extended capability
CAP_EXTENDED = 1 << 16

# include/uapi/linux/pci_regs.h of v3.14, whose names for these differ from 3.11's, or which 3.11 lacks
PCI_VC_PORT_CAP1 = 4
PCI_VC_CAP1_EVCC = 0x00000007  #  channels beyond the first
PCI_VC_CAP1_LPEVCC = 0x00000070  #  of which are of low priority
PCI_VC_CAP1_ARB_SIZE = 0x00000C00  #  bits of an entry of the port arbitration tables, as a power of 2
PCI_VC_PORT_CAP2 = 8
PCI_VC_CAP2_32_PHASE = 0x00000002
PCI_VC_CAP2_64_PHASE = 0x00000004
PCI_VC_CAP2_128_PHASE = 0x00000008
PCI_VC_CAP2_ARB_OFF = 0xFF000000  #  the arbitration table, in units of 16 bytes; 0: none
PCI_VC_PORT_CTRL_LOAD_TABLE = 0x00000001
PCI_VC_PORT_STATUS_TABLE = 0x00000001
PCI_VC_RES_CAP_32_PHASE = 0x00000002
PCI_VC_RES_CAP_64_PHASE = 0x00000004
PCI_VC_RES_CAP_128_PHASE = 0x00000008
PCI_VC_RES_CAP_128_PHASE_TB = 0x00000010
PCI_VC_RES_CAP_256_PHASE = 0x00000020
PCI_VC_RES_CAP_ARB_OFF = 0xFF000000  #  the port arbitration table, in units of 16 bytes; 0: none
PCI_VC_RES_CTRL_LOAD_TABLE = 0x00010000
PCI_VC_RES_CTRL_ARB_SELECT = 0x000E0000
PCI_VC_RES_CTRL_ID = 0x07000000
PCI_VC_RES_CTRL_ENABLE = 0x80000000
PCI_VC_RES_STATUS_TABLE = 0x00000001
PCI_VC_RES_STATUS_NEGO = 0x00000002
#: The distance between the registers of two channels.
PCI_CAP_VC_PER_VC_SIZEOF = 0x0C

#: The capabilities that are saved, by their numbers, and what messages call them.
VC_CAPS = ((PCI_EXT_CAP_ID_MFVC, "MFVC"), (PCI_EXT_CAP_ID_VC, "VC"), (PCI_EXT_CAP_ID_VC9, "VC9"))


def pci_wait_for_pending(dev: pci_dev, pos: int, mask: int) -> int:
    """Wait until no bit of *mask* is set in the word at *pos*: at most 700 ms.

    C: drivers/pci/pci.c, global, v3.14
    :return: 1 if none is, 0 if one still is"""
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        status = pci_read_config_word(dev, pos)
        if not status & mask:
            return 1

    return 0


def pci_find_saved_ext_cap(dev: pci_dev, cap: int) -> pci_cap_saved_data | None:
    """Find the save buffer of an extended capability.

    C: drivers/pci/pci.c, global, v3.14; PORT: _pci_find_saved_cap() is in here
    :return: the buffer, or NULL"""
    for tmp in dev.saved_cap_space:
        if tmp.cap_nr == CAP_EXTENDED | cap:
            return tmp
    return NULL  # type: ignore[no-any-return]


def pci_add_ext_cap_save_buffer(dev: pci_dev, cap: int, size: int) -> int:
    """Make a save buffer for an extended capability, if *dev* has it.

    C: drivers/pci/pci.c, global, v3.14; PORT: _pci_add_cap_save_buffer() is in here
    :param size: bytes
    :return: 0"""
    pos = pci_find_ext_capability(dev, cap)
    if not pos:
        return 0

    save_state = pci_cap_saved_data(CAP_EXTENDED | cap, size, [0] * (size // SIZEOF_U16))
    pci_add_saved_cap(dev, save_state)

    return 0


def pci_vc_save_restore_dwords(dev: pci_dev, pos: int, buf: list[int], at: int, dwords: int, save: bool) -> int:
    """Save or restore dwords from *pos* on.

    C: drivers/pci/vc.c, static, v3.14
    :param at: PORT: where in *buf*
    :return: PORT: where it goes on in *buf*"""
    for i in range(dwords):
        if save:
            buf[at] = pci_read_config_dword(dev, pos + i * 4)
        else:
            pci_write_config_dword(dev, pos + i * 4, buf[at])
        at += 1
    return at


def pci_vc_load_arb_table(dev: pci_dev, pos: int) -> None:
    """Make the hardware take the arbitration table, and wait until it has.

    C: drivers/pci/vc.c, static, v3.14
    :param pos: of the capability"""
    ctrl = pci_read_config_word(dev, pos + PCI_VC_PORT_CTRL)
    pci_write_config_word(dev, pos + PCI_VC_PORT_CTRL, ctrl | PCI_VC_PORT_CTRL_LOAD_TABLE)
    if pci_wait_for_pending(dev, pos + PCI_VC_PORT_STATUS, PCI_VC_PORT_STATUS_TABLE):
        return

    dev_err(dev.dev, "the arbitration table of the virtual channels is not taken")


def pci_vc_load_port_arb_table(dev: pci_dev, pos: int, res: int) -> None:
    """Make the hardware take the port arbitration table of a channel, and wait until it has.

    C: drivers/pci/vc.c, static, v3.14
    :param pos: of the capability
    :param res: number of the channel"""
    ctrl_pos = pos + PCI_VC_RES_CTRL + res * PCI_CAP_VC_PER_VC_SIZEOF
    status_pos = pos + PCI_VC_RES_STATUS + res * PCI_CAP_VC_PER_VC_SIZEOF

    ctrl = pci_read_config_dword(dev, ctrl_pos)
    pci_write_config_dword(dev, ctrl_pos, ctrl | PCI_VC_RES_CTRL_LOAD_TABLE)

    if pci_wait_for_pending(dev, status_pos, PCI_VC_RES_STATUS_TABLE):
        return

    dev_err(dev.dev, f"the port arbitration table of virtual channel {res} is not taken")


def pci_vc_enable(dev: pci_dev, pos: int, res: int) -> None:
    """Enable a channel at both ends of the link above *dev*.

    C: drivers/pci/vc.c, static, v3.14
    :param pos: of the capability
    :param res: number of the channel"""
    link: pci_dev | None = NULL
    ctrl_pos2 = status_pos2 = ctrl2 = 0

    # channels are enabled from the lower end
    if pci_pcie_type(dev) in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_DOWNSTREAM):
        return

    ctrl_pos = pos + PCI_VC_RES_CTRL + res * PCI_CAP_VC_PER_VC_SIZEOF
    status_pos = pos + PCI_VC_RES_STATUS + res * PCI_CAP_VC_PER_VC_SIZEOF

    ctrl = pci_read_config_dword(dev, ctrl_pos)
    id_ = ctrl & PCI_VC_RES_CTRL_ID

    header = pci_read_config_dword(dev, pos)

    # PORT: `goto enable;`, twice: without another end, only this one is enabled
    pos2 = 0
    if PCI_EXT_CAP_ID(header) != PCI_EXT_CAP_ID_VC9 and not pci_is_root_bus(dev.bus):
        pos2 = pci_find_ext_capability(dev.bus.self, PCI_EXT_CAP_ID_VC)
    if pos2:
        cap1 = pci_read_config_dword(dev.bus.self, pos2 + PCI_VC_PORT_CAP1)
        evcc = cap1 & PCI_VC_CAP1_EVCC

        # the first channel is always enabled
        for i in range(1, evcc + 1):
            ctrl_pos2 = pos2 + PCI_VC_RES_CTRL + i * PCI_CAP_VC_PER_VC_SIZEOF
            status_pos2 = pos2 + PCI_VC_RES_STATUS + i * PCI_CAP_VC_PER_VC_SIZEOF
            ctrl2 = pci_read_config_dword(dev.bus.self, ctrl_pos2)
            if ctrl2 & PCI_VC_RES_CTRL_ID == id_:
                link = dev.bus.self
                break

    if link:
        # disable it, if it is enabled
        if ctrl2 & PCI_VC_RES_CTRL_ENABLE:
            ctrl2 &= ~PCI_VC_RES_CTRL_ENABLE
            pci_write_config_dword(link, ctrl_pos2, ctrl2)

        # enable both ends
        ctrl2 |= PCI_VC_RES_CTRL_ENABLE
        pci_write_config_dword(link, ctrl_pos2, ctrl2)

    ctrl |= PCI_VC_RES_CTRL_ENABLE
    pci_write_config_dword(dev, ctrl_pos, ctrl)

    if not pci_wait_for_pending(dev, status_pos, PCI_VC_RES_STATUS_NEGO):
        dev_err(dev.dev, f"virtual channel {id_:#x} is still negotiated")

    if link and not pci_wait_for_pending(link, status_pos2, PCI_VC_RES_STATUS_NEGO):
        dev_err(link.dev, f"virtual channel {id_:#x} is still negotiated")


def pci_vc_do_save_buffer(dev: pci_dev, pos: int, save_state: pci_cap_saved_data | None, save: bool) -> int:
    """Measure, save or restore the state of a capability.

    C: drivers/pci/vc.c, static, v3.14
    :param pos: of the capability
    :param save_state: the buffer, or NULL to measure
    :param save: whether to save or to restore
    :return: without a buffer its size in bytes; else 0, or -ENOMEM if the buffer has another size"""
    len_ = 0
    buf = save_state.data if save_state else NULL
    at = 0  # PORT: `buf` itself moves on

    if save_state and save_state.size != pci_vc_do_save_buffer(dev, pos, NULL, save):
        dev_err(dev.dev, f"the save buffer of the virtual channels at {pos:#x} has the wrong size")
        return -ENOMEM

    cap1 = pci_read_config_dword(dev, pos + PCI_VC_PORT_CAP1)
    evcc = cap1 & PCI_VC_CAP1_EVCC
    lpevcc = (cap1 & PCI_VC_CAP1_LPEVCC) >> 4
    parb_size = 1 << ((cap1 & PCI_VC_CAP1_ARB_SIZE) >> 10)

    # the selected arbitration cannot be changed while more than one channel of low priority is in use: first of all,
    # as after a reset only the first channel is
    if buf is not NULL:
        if save:
            buf[at] = pci_read_config_word(dev, pos + PCI_VC_PORT_CTRL)
        else:
            pci_write_config_word(dev, pos + PCI_VC_PORT_CTRL, buf[at])
        at += 1
    len_ += 2

    # then the arbitration table, if there is one
    if lpevcc:
        cap2 = pci_read_config_dword(dev, pos + PCI_VC_PORT_CAP2)
        vcarb_offset = ((cap2 & PCI_VC_CAP2_ARB_OFF) >> 24) * 16

        if vcarb_offset:
            vcarb_phases = 0

            if cap2 & PCI_VC_CAP2_128_PHASE:
                vcarb_phases = 128
            elif cap2 & PCI_VC_CAP2_64_PHASE:
                vcarb_phases = 64
            elif cap2 & PCI_VC_CAP2_32_PHASE:
                vcarb_phases = 32

            # 4 bits for each phase of each channel, the first one included
            size = (lpevcc + 1) * vcarb_phases * 4 // 8

            if size and buf is not NULL:
                at = pci_vc_save_restore_dwords(dev, pos + vcarb_offset, buf, at, size // 4, save)
                # the hardware has to be told
                if not save:
                    pci_vc_load_arb_table(dev, pos)
            len_ += size

    # each channel has a control register, and may have a port arbitration table
    for i in range(evcc + 1):
        cap = pci_read_config_dword(dev, pos + PCI_VC_RES_CAP + i * PCI_CAP_VC_PER_VC_SIZEOF)
        parb_offset = ((cap & PCI_VC_RES_CAP_ARB_OFF) >> 24) * 16
        if parb_offset:
            parb_phases = 0

            if cap & PCI_VC_RES_CAP_256_PHASE:
                parb_phases = 256
            elif cap & (PCI_VC_RES_CAP_128_PHASE | PCI_VC_RES_CAP_128_PHASE_TB):
                parb_phases = 128
            elif cap & PCI_VC_RES_CAP_64_PHASE:
                parb_phases = 64
            elif cap & PCI_VC_RES_CAP_32_PHASE:
                parb_phases = 32

            size = parb_size * parb_phases // 8

            if size and buf is not NULL:
                at = pci_vc_save_restore_dwords(dev, pos + parb_offset, buf, at, size // 4, save)
            len_ += size

        # the control register
        if buf is not NULL:
            ctrl_pos = pos + PCI_VC_RES_CTRL + i * PCI_CAP_VC_PER_VC_SIZEOF
            if save:
                buf[at] = pci_read_config_dword(dev, ctrl_pos)
            else:
                ctrl = buf[at]
                # a function level reset may have left the channel enabled: keep that, restore the rest
                tmp = pci_read_config_dword(dev, ctrl_pos)
                tmp &= PCI_VC_RES_CTRL_ENABLE
                tmp |= ctrl & ~PCI_VC_RES_CTRL_ENABLE
                pci_write_config_dword(dev, ctrl_pos, tmp)
                # load the port arbitration table, if it is in use
                if ctrl & PCI_VC_RES_CTRL_ARB_SELECT:
                    pci_vc_load_port_arb_table(dev, pos, i)
                # enable it again, if need be
                if (ctrl ^ tmp) & PCI_VC_RES_CTRL_ENABLE:
                    pci_vc_enable(dev, pos, i)
            at += 1
        len_ += 4

    return 0 if buf is not NULL else len_


def pci_save_vc_state(dev: pci_dev) -> int:
    """Save the virtual channels of *dev*.

    C: drivers/pci/vc.c, global, v3.14
    :return: 0, or -ENOMEM if a buffer is missing or does not fit"""
    for id_, name in VC_CAPS:
        pos = pci_find_ext_capability(dev, id_)
        if not pos:
            continue

        save_state = pci_find_saved_ext_cap(dev, id_)
        if not save_state:
            dev_err(dev.dev, f"{name} has no save buffer")
            return -ENOMEM

        ret = pci_vc_do_save_buffer(dev, pos, save_state, True)
        if ret:
            dev_err(dev.dev, f"{name} is not saved")
            return ret

    return 0


def pci_restore_vc_state(dev: pci_dev) -> None:
    """Restore the virtual channels of *dev*.

    C: drivers/pci/vc.c, global, v3.14"""
    for id_, _name in VC_CAPS:
        pos = pci_find_ext_capability(dev, id_)
        save_state = pci_find_saved_ext_cap(dev, id_)
        if not save_state or not pos:
            continue

        pci_vc_do_save_buffer(dev, pos, save_state, False)


def pci_allocate_vc_save_buffers(dev: pci_dev) -> None:
    """Make the save buffers for the virtual channels of *dev*.

    C: drivers/pci/vc.c, global, v3.14"""
    for id_, _name in VC_CAPS:
        pos = pci_find_ext_capability(dev, id_)

        if not pos:
            continue

        len_ = pci_vc_do_save_buffer(dev, pos, NULL, False)
        pci_add_ext_cap_save_buffer(dev, id_, len_)  # PORT: memory does not run out: no dev_err()


def pci_save_state(dev: pci_dev) -> int:
    """Save the header of *dev* and the capability registers that a driver does not restore.

    C: drivers/pci/pci.c, exported, v3.14
    :return: 0, or -ENOMEM if a buffer is missing; the state is marked as saved even then"""
    for i in range(16):
        dev.saved_config_space[i] = pci_read_config_dword(dev, i * 4)
    dev.state_saved = True
    if (i := pci_save_pcie_state(dev)) != 0:
        return i
    if (i := pci_save_pcix_state(dev)) != 0:
        return i
    if (i := pci_save_vc_state(dev)) != 0:
        return i
    return 0


EXPORT_SYMBOL(pci_save_state)


def pci_restore_state(dev: pci_dev) -> None:
    """Restore what pci_save_state() saved, once; do nothing without a saved state.

    C: drivers/pci/pci.c, exported, v3.14"""
    if not dev.state_saved:
        return

    # PCI Express first
    pci_restore_pcie_state(dev)
    pci_restore_ats_state(dev)
    pci_restore_vc_state(dev)

    pci_restore_config_space(dev)

    pci_restore_pcix_state(dev)
    pci_restore_msi_state(dev)
    pci_restore_iov_state(dev)

    dev.state_saved = False


EXPORT_SYMBOL(pci_restore_state)


def pci_allocate_cap_save_buffers(dev: pci_dev) -> None:
    """Make the save buffers of *dev*.

    C: drivers/pci/pci.c, global, v3.14"""
    # PORT: memory does not run out: no `error`
    pci_add_cap_save_buffer(dev, PCI_CAP_ID_EXP, PCI_EXP_SAVE_REGS * SIZEOF_U16)

    pci_add_cap_save_buffer(dev, PCI_CAP_ID_PCIX, SIZEOF_U16)

    pci_allocate_vc_save_buffers(dev)
