# SPDX-License-Identifier: GPL-2.0-only
"""drivers/vfio/pci/vfio_pci_config.c: configuration space as a VFIO user sees it; only the part that opening reads.

# PORT: no struct perm_bits: users neither write nor read configuration space here.
"""

from __future__ import annotations

from errno import EINVAL
from typing import TYPE_CHECKING

from ..kernel.printk import printk
from ..kernel.structs import *
from ..pci_regs import *
from .access import (
    pci_bus_read_config_byte,
    pci_bus_read_config_dword,
    pci_bus_read_config_word,
    pci_user_read_config_byte,
    pci_user_read_config_dword,
    pci_user_read_config_word,
)

if TYPE_CHECKING:  # this module is imported there
    from .vfio_pci import vfio_pci_device

# The last capability IDs that v3.11 knows.
PCI_CAP_ID_MAX = PCI_CAP_ID_AF
PCI_EXT_CAP_ID_AMD_XXX = 0x14
PCI_EXT_CAP_ID_MAX = PCI_EXT_CAP_ID_PASID

# From include/uapi/linux/pci_regs.h: lengths of capabilities and where to find them, which only this file uses.
PCI_CAP_SIZEOF = 4
PCI_CAP_FLAGS = 2
PCI_CAP_PCIX_SIZEOF_V0 = 8
PCI_CAP_PCIX_SIZEOF_V2 = 24
PCI_CAP_EXP_ENDPOINT_SIZEOF_V1 = 20
PCI_CAP_EXP_ENDPOINT_SIZEOF_V2 = 44
HT_3BIT_CAP_MASK = 0xE0
HT_CAP_SIZEOF_LONG = 28
HT_CAP_SIZEOF_SHORT = 24
PCI_SATA_REGS = 4
PCI_SATA_REGS_MASK = 0xF
PCI_SATA_REGS_INLINE = 0xF
PCI_SATA_SIZEOF_SHORT = 8
PCI_SATA_SIZEOF_LONG = 16
PCI_VC_PORT_REG1 = 4
PCI_VC_REG1_EVCC = 0x7
PCI_VC_PORT_REG2 = 8
PCI_VC_REG2_32_PHASE = 0x2
PCI_VC_REG2_64_PHASE = 0x4
PCI_VC_REG2_128_PHASE = 0x8
PCI_CAP_VC_BASE_SIZEOF = 0x10
PCI_CAP_VC_PER_VC_SIZEOF = 0x0C
PCI_VSEC_HDR = 4
PCI_VSEC_HDR_LEN_SHIFT = 20
PCI_ACS_EGRESS_BITS = 0x05
PCI_REBAR_CTRL = 8
PCI_REBAR_CTRL_NBAR_MASK = 7 << 5
PCI_REBAR_CTRL_NBAR_SHIFT = 5
PCI_DPA_CAP = 4
PCI_DPA_CAP_SUBSTATE_MASK = 0x1F
PCI_DPA_BASE_SIZEOF = 16
PCI_TPH_CAP = 4
PCI_TPH_CAP_LOC_MASK = 0x600
PCI_TPH_LOC_CAP = 0x200
PCI_TPH_CAP_ST_MASK = 0x07FF0000
PCI_TPH_CAP_ST_SHIFT = 16
PCI_TPH_BASE_SIZEOF = 12

#: Not capability IDs: the header, and bytes outside of any capability.
PCI_CAP_ID_BASIC = 0
PCI_CAP_ID_INVALID = 0xFF

#: Lengths of capabilities in bytes. 0: hidden from users; 0xff: variable.
pci_cap_length: dict[int, int] = {
    PCI_CAP_ID_BASIC: PCI_STD_HEADER_SIZEOF,
    PCI_CAP_ID_PM: 8,
    PCI_CAP_ID_AGP: 12,
    PCI_CAP_ID_VPD: 8,
    PCI_CAP_ID_SLOTID: 0,
    PCI_CAP_ID_MSI: 0xFF,
    PCI_CAP_ID_CHSWP: 0,
    PCI_CAP_ID_PCIX: 0xFF,
    PCI_CAP_ID_HT: 0xFF,
    PCI_CAP_ID_VNDR: 0xFF,
    PCI_CAP_ID_DBG: 0,
    PCI_CAP_ID_CCRC: 0,
    PCI_CAP_ID_SHPC: 0,
    PCI_CAP_ID_SSVID: 0,
    PCI_CAP_ID_AGP3: 0,
    PCI_CAP_ID_SECDEV: 0,
    PCI_CAP_ID_EXP: 0xFF,
    PCI_CAP_ID_MSIX: 12,
    PCI_CAP_ID_SATA: 0xFF,
    PCI_CAP_ID_AF: 6,
}

#: The same for extended capabilities.
pci_ext_cap_length: dict[int, int] = {
    PCI_EXT_CAP_ID_ERR: PCI_ERR_ROOT_COMMAND,
    PCI_EXT_CAP_ID_VC: 0xFF,
    PCI_EXT_CAP_ID_DSN: 12,
    PCI_EXT_CAP_ID_PWR: 16,
    PCI_EXT_CAP_ID_RCLD: 0,
    PCI_EXT_CAP_ID_RCILC: 0,
    PCI_EXT_CAP_ID_RCEC: 0,
    PCI_EXT_CAP_ID_MFVC: 0xFF,
    PCI_EXT_CAP_ID_VC9: 0xFF,
    PCI_EXT_CAP_ID_RCRB: 0,
    PCI_EXT_CAP_ID_VNDR: 0xFF,
    PCI_EXT_CAP_ID_CAC: 0,
    PCI_EXT_CAP_ID_ACS: 0xFF,
    PCI_EXT_CAP_ID_ARI: 8,
    PCI_EXT_CAP_ID_ATS: 8,
    PCI_EXT_CAP_ID_SRIOV: 64,
    PCI_EXT_CAP_ID_MRIOV: 0,
    PCI_EXT_CAP_ID_MCAST: 40,
    PCI_EXT_CAP_ID_PRI: 16,
    PCI_EXT_CAP_ID_AMD_XXX: 0,
    PCI_EXT_CAP_ID_REBAR: 0xFF,
    PCI_EXT_CAP_ID_DPA: 0xFF,
    PCI_EXT_CAP_ID_TPH: 0xFF,
    PCI_EXT_CAP_ID_LTR: 8,
    PCI_EXT_CAP_ID_SECPCI: 0,
    PCI_EXT_CAP_ID_PMUX: 0,
    PCI_EXT_CAP_ID_PASID: 0,
}


def round_up(x: int, y: int) -> int:
    """Round up to the next multiple of *y*, a power of two.

    C: include/linux/kernel.h, macro, service"""
    return ((x - 1) | (y - 1)) + 1


def vfio_user_config_read(pdev: pci_dev, offset: int, count: int) -> tuple[int, int]:
    """Read a register of the device for a user.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :param count: 1, 2 or 4 bytes
    :return: (0 or a negative error, the value)"""
    ret, tmp_val = -EINVAL, 0

    if count == 1:
        ret, tmp_val = pci_user_read_config_byte(pdev, offset)
    elif count == 2:
        ret, tmp_val = pci_user_read_config_word(pdev, offset)
    elif count == 4:
        ret, tmp_val = pci_user_read_config_dword(pdev, offset)

    # PORT: `tmp_val = tmp` for other sizes than 4; cpu_to_le32(): a number is one
    return pcibios_err_to_errno(ret), tmp_val


def vfio_msi_cap_len(vdev: vfio_pci_device, pos: int) -> int:
    """Return the length of the MSI capability at *pos*.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: bytes, or a negative error"""
    pdev = vdev.pdev
    ret, flags = pci_bus_read_config_word(pdev.bus, pdev.devfn, pos + PCI_MSI_FLAGS)
    if ret:
        return pcibios_err_to_errno(ret)

    # PORT: no msi_perm (init_pci_cap_msi_perm()): users write no register
    len_ = 10  # the minimum
    if flags & PCI_MSI_FLAGS_64BIT:
        len_ += 4
    if flags & PCI_MSI_FLAGS_MASKBIT:
        len_ += 10

    return len_


def vfio_vc_cap_len(vdev: vfio_pci_device, pos: int) -> int:
    """Return the length of the Virtual Channel capability at *pos*.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: bytes, or a negative error"""
    pdev = vdev.pdev
    len_ = PCI_CAP_VC_BASE_SIZEOF

    ret, tmp = pci_bus_read_config_dword(pdev.bus, pdev.devfn, pos + PCI_VC_PORT_REG1)
    if ret:
        return pcibios_err_to_errno(ret)

    evcc = tmp & PCI_VC_REG1_EVCC  # channels beyond the first
    ret, tmp = pci_bus_read_config_dword(pdev.bus, pdev.devfn, pos + PCI_VC_PORT_REG2)
    if ret:
        return pcibios_err_to_errno(ret)

    if tmp & PCI_VC_REG2_128_PHASE:
        phases = 128
    elif tmp & PCI_VC_REG2_64_PHASE:
        phases = 64
    elif tmp & PCI_VC_REG2_32_PHASE:
        phases = 32
    else:
        phases = 0

    vc_arb = phases * 4

    # the other arbitration tables are hidden from users, so their lengths do not matter
    len_ += (1 + evcc) * PCI_CAP_VC_PER_VC_SIZEOF
    if vc_arb:
        len_ = round_up(len_, 16)
        len_ += vc_arb // 8
    return len_


def vfio_cap_len(vdev: vfio_pci_device, cap: int, pos: int) -> int:
    """Return the length of the capability at *pos*, which is variable.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: bytes, 0 if unknown, or a negative error"""
    pdev = vdev.pdev

    if cap == PCI_CAP_ID_MSI:
        return vfio_msi_cap_len(vdev, pos)
    if cap == PCI_CAP_ID_PCIX:
        ret, word = pci_bus_read_config_word(pdev.bus, pdev.devfn, pos + PCI_X_CMD)
        if ret:
            return pcibios_err_to_errno(ret)

        if (word >> 12) & 3:  # PORT: PCI_X_CMD_VERSION(), a macro
            vdev.extended_caps = True
            return PCI_CAP_PCIX_SIZEOF_V2
        return PCI_CAP_PCIX_SIZEOF_V0
    if cap == PCI_CAP_ID_VNDR:
        # a byte of it is its length, after the pointer to the next capability
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + PCI_CAP_FLAGS)
        if ret:
            return pcibios_err_to_errno(ret)

        return byte
    if cap == PCI_CAP_ID_EXP:
        vdev.extended_caps = True

        if (pcie_caps_reg(pdev) & PCI_EXP_FLAGS_VERS) == 1:
            return PCI_CAP_EXP_ENDPOINT_SIZEOF_V1
        return PCI_CAP_EXP_ENDPOINT_SIZEOF_V2
    if cap == PCI_CAP_ID_HT:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + 3)
        if ret:
            return pcibios_err_to_errno(ret)

        return HT_CAP_SIZEOF_SHORT if byte & HT_3BIT_CAP_MASK else HT_CAP_SIZEOF_LONG
    if cap == PCI_CAP_ID_SATA:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + PCI_SATA_REGS)
        if ret:
            return pcibios_err_to_errno(ret)

        byte &= PCI_SATA_REGS_MASK
        if byte == PCI_SATA_REGS_INLINE:
            return PCI_SATA_SIZEOF_LONG
        return PCI_SATA_SIZEOF_SHORT

    printk("warning", f"{pci_name(pdev)}: capability {cap:#x} at {pos:#x}: unknown length")

    return 0


def vfio_ext_cap_len(vdev: vfio_pci_device, ecap: int, epos: int) -> int:
    """Return the length of the extended capability at *epos*, which is variable.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: bytes, 0 if unknown, or a negative error"""
    pdev = vdev.pdev

    if ecap == PCI_EXT_CAP_ID_VNDR:
        ret, dword = pci_bus_read_config_dword(pdev.bus, pdev.devfn, epos + PCI_VSEC_HDR)
        if ret:
            return pcibios_err_to_errno(ret)

        return dword >> PCI_VSEC_HDR_LEN_SHIFT
    if ecap in (PCI_EXT_CAP_ID_VC, PCI_EXT_CAP_ID_VC9, PCI_EXT_CAP_ID_MFVC):
        return vfio_vc_cap_len(vdev, epos)
    if ecap == PCI_EXT_CAP_ID_ACS:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, epos + PCI_ACS_CAP)
        if ret:
            return pcibios_err_to_errno(ret)

        if byte & PCI_ACS_EC:
            ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, epos + PCI_ACS_EGRESS_BITS)
            if ret:
                return pcibios_err_to_errno(ret)

            bits = round_up(byte, 32) if byte else 256
            return 8 + (bits // 8)
        return 8
    if ecap == PCI_EXT_CAP_ID_REBAR:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, epos + PCI_REBAR_CTRL)
        if ret:
            return pcibios_err_to_errno(ret)

        byte &= PCI_REBAR_CTRL_NBAR_MASK
        byte >>= PCI_REBAR_CTRL_NBAR_SHIFT

        return 4 + (byte * 8)
    if ecap == PCI_EXT_CAP_ID_DPA:
        ret, byte = pci_bus_read_config_byte(pdev.bus, pdev.devfn, epos + PCI_DPA_CAP)
        if ret:
            return pcibios_err_to_errno(ret)

        byte &= PCI_DPA_CAP_SUBSTATE_MASK
        byte = round_up(byte + 1, 4)
        return PCI_DPA_BASE_SIZEOF + byte
    if ecap == PCI_EXT_CAP_ID_TPH:
        ret, dword = pci_bus_read_config_dword(pdev.bus, pdev.devfn, epos + PCI_TPH_CAP)
        if ret:
            return pcibios_err_to_errno(ret)

        if (dword & PCI_TPH_CAP_LOC_MASK) == PCI_TPH_LOC_CAP:
            # PORT: the C takes the number of entries from a byte it has not read; here it is from this dword
            sts = dword & PCI_TPH_CAP_ST_MASK
            sts >>= PCI_TPH_CAP_ST_SHIFT
            return PCI_TPH_BASE_SIZEOF + round_up(sts * 2, 4)
        return PCI_TPH_BASE_SIZEOF

    printk("warning", f"{pci_name(pdev)}: extended capability {ecap:#x} at {epos:#x}: unknown length")

    return 0


def vfio_fill_vconfig_bytes(vdev: vfio_pci_device, offset: int, size: int) -> int:
    """Read *size* bytes of configuration space, in accesses as large as possible.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: 0 or PCIBIOS_*"""
    pdev = vdev.pdev
    ret = 0

    while size:
        # PORT: one variable, `value`, for all sizes: pci_read_config_dword(), pci_read_config_word()
        if size >= 4 and not (offset % 4):
            ret, value = pci_bus_read_config_dword(pdev.bus, pdev.devfn, offset)
            filled = 4
        elif size >= 2 and not (offset % 2):
            ret, value = pci_bus_read_config_word(pdev.bus, pdev.devfn, offset)
            filled = 2
        else:
            ret, value = pci_bus_read_config_byte(pdev.bus, pdev.devfn, offset)
            filled = 1  # PORT: `filled = 1` is after the test in C
        # PORT: each size has this test, `if (ret)`, and this assignment: `dwordp`, `wordp`, `byte`
        if ret:
            return ret
        vdev.vconfig[offset : offset + filled] = value.to_bytes(filled, "little")

        offset += filled
        size -= filled

    return ret


def vfio_cap_init(vdev: vfio_pci_device) -> int:
    """Read all capabilities that users may see, and unlink the others.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: 0, PCIBIOS_* or a negative error"""
    pdev = vdev.pdev
    map_ = vdev.pci_config_map
    caps = 0

    ret, status = pci_bus_read_config_word(pdev.bus, pdev.devfn, PCI_STATUS)
    if ret:
        return ret

    if not (status & PCI_STATUS_CAP_LIST):
        return 0

    ret, pos = pci_bus_read_config_byte(pdev.bus, pdev.devfn, PCI_CAPABILITY_LIST)
    if ret:
        return ret

    # the offset of the pointer to this capability; to unlink it, this pointer is set to the next one
    prev = PCI_CAPABILITY_LIST

    loops = (PCI_CFG_SPACE_SIZE - PCI_STD_HEADER_SIZEOF) // PCI_CAP_SIZEOF
    while pos and loops:
        loops -= 1
        len_ = 0

        ret, cap = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos)
        if ret:
            return ret

        ret, next_ = pci_bus_read_config_byte(pdev.bus, pdev.devfn, pos + PCI_CAP_LIST_NEXT)
        if ret:
            return ret

        if cap <= PCI_CAP_ID_MAX:
            len_ = pci_cap_length[cap]
            if len_ == 0xFF:
                len_ = vfio_cap_len(vdev, cap, pos)
                if len_ < 0:
                    return len_

        if not len_:
            printk("info", f"{pci_name(pdev)}: capability {cap:#x}: hidden")
            vdev.vconfig[prev] = next_
            pos = next_
            continue

        # two capabilities should not overlap
        for i in range(len_):
            if map_[pos + i] == PCI_CAP_ID_INVALID:
                continue

            printk(
                "warning",
                f"{pci_name(pdev)}: {pos + i:#x} is in capability {map_[pos + i]:#x} and in capability {cap:#x}",
            )

        map_[pos : pos + len_] = bytes([cap]) * len_
        ret = vfio_fill_vconfig_bytes(vdev, pos, len_)
        if ret:
            return ret

        prev = pos + PCI_CAP_LIST_NEXT
        pos = next_
        caps += 1

    # no capabilities left: clear the bit that announces them
    if not caps:
        # PORT: `*vstatus`, of which only the lower byte changes
        vdev.vconfig[PCI_STATUS] &= ~PCI_STATUS_CAP_LIST

    return 0


def vfio_ecap_init(vdev: vfio_pci_device) -> int:
    """Read all extended capabilities that users may see, and unlink the others.

    C: drivers/vfio/pci/vfio_pci_config.c, static, base
    :return: 0, PCIBIOS_* or a negative error"""
    pdev = vdev.pdev
    map_ = vdev.pci_config_map
    prev = 0
    ret = ecaps = 0

    if not vdev.extended_caps:
        return 0

    epos = PCI_CFG_SPACE_SIZE

    loops = (pdev.cfg_size - PCI_CFG_SPACE_SIZE) // PCI_CAP_SIZEOF

    while loops and epos >= PCI_CFG_SPACE_SIZE:
        loops -= 1
        len_ = 0
        hidden = False

        ret, header = pci_bus_read_config_dword(pdev.bus, pdev.devfn, epos)
        if ret:
            return ret

        ecap = PCI_EXT_CAP_ID(header)

        if ecap <= PCI_EXT_CAP_ID_MAX:
            len_ = pci_ext_cap_length.get(ecap, 0)
            if len_ == 0xFF:
                len_ = vfio_ext_cap_len(vdev, ecap, epos)
                if len_ < 0:
                    return ret

        if not len_:
            printk("info", f"{pci_name(pdev)}: extended capability {ecap:#x} at {epos:#x}: hidden")

            # all but the first can be unlinked
            if prev:
                val = epos = PCI_EXT_CAP_NEXT(header)
                before = int.from_bytes(vdev.vconfig[prev : prev + 4], "little") & ~(0xFFC << 20)
                vdev.vconfig[prev : prev + 4] = (before | val << 20).to_bytes(4, "little")
                continue

            # the first keeps its place, with ID 0
            len_ = PCI_CAP_SIZEOF
            hidden = True

        for i in range(len_):
            if map_[epos + i] == PCI_CAP_ID_INVALID:
                continue

            printk(
                "warning",
                f"{pci_name(pdev)}: {epos + i:#x} is in extended capability {map_[epos + i]:#x} and in {ecap:#x}",
            )

        # PORT: memset() takes the lower byte of an ID, as of any int
        map_[epos : epos + len_] = bytes([ecap & 0xFF]) * len_
        ret = vfio_fill_vconfig_bytes(vdev, epos, len_)
        if ret:
            return ret

        # PORT: no BUILD_BUG_ON() about PCI_EXT_CAP_ID_MAX: that is for the compiler
        if hidden:
            # PORT: `*(__le32 *)&vdev->vconfig[epos] &=` in C
            kept = int.from_bytes(vdev.vconfig[epos : epos + 4], "little") & (0xFFC << 20)
            vdev.vconfig[epos : epos + 4] = kept.to_bytes(4, "little")
        else:
            ecaps += 1

        prev = epos
        epos = PCI_EXT_CAP_NEXT(header)

    if not ecaps:
        vdev.vconfig[PCI_CFG_SPACE_SIZE : PCI_CFG_SPACE_SIZE + 4] = bytes(4)

    return 0


def vfio_config_init(vdev: vfio_pci_device) -> int:
    """Read configuration space as the user will see it.

    C: drivers/vfio/pci/vfio_pci_config.c, global, base
    :return: 0, or a negative error"""
    pdev = vdev.pdev

    # the capability each byte belongs to. PORT: the C allocates pdev->cfg_size bytes, and writes past them if the last
    # capability does not fit
    map_ = bytearray(pdev.cfg_size + PCI_CFG_SPACE_EXP_SIZE)
    vconfig = bytearray(pdev.cfg_size + PCI_CFG_SPACE_EXP_SIZE)

    vdev.pci_config_map = map_
    vdev.vconfig = vconfig

    map_[:PCI_STD_HEADER_SIZEOF] = bytes([PCI_CAP_ID_BASIC]) * PCI_STD_HEADER_SIZEOF
    map_[PCI_STD_HEADER_SIZEOF:] = bytes([PCI_CAP_ID_INVALID]) * (len(map_) - PCI_STD_HEADER_SIZEOF)

    try:
        ret = vfio_fill_vconfig_bytes(vdev, 0, PCI_STD_HEADER_SIZEOF)
        if ret:
            return pcibios_err_to_errno(ret)

        # PORT: no `bardirty` and no `rbar`, which user writes need, and no virtual functions (is_virtfn)

        ret = vfio_cap_init(vdev)
        if ret:
            return pcibios_err_to_errno(ret)

        ret = vfio_ecap_init(vdev)
        if ret:
            return pcibios_err_to_errno(ret)

        return 0
    # PORT: `out`, where every `goto` leads
    finally:
        if ret:
            vdev.pci_config_map = NULL
            vdev.vconfig = NULL


def vfio_config_free(vdev: vfio_pci_device) -> None:
    """Free what vfio_config_init() has read.

    C: drivers/vfio/pci/vfio_pci_config.c, global, base"""
    vdev.vconfig = NULL
    vdev.pci_config_map = NULL
    # PORT: no msi_perm: users write no register
