# SPDX-License-Identifier: GPL-2.0-only
"""The data sheet: name, offset, size and clause of every register. Its fields and their values: fields.py.

Names are those of pci_regs.py, and so are offsets. What writes and resets do to a register is in regs.py and caps.py.

Above each table is a map of its registers, without the PCI_ of their names: the highest byte is at the left, and the
offset of the dword at the right. What has no name is left blank.

Clauses: PCI = PCI Local Bus 3.0, BR = PCI-to-PCI Bridge Architecture 1.2, CB = PC Card Standard 8, PM = PCI Bus Power
Management 1.2, PCI-X = PCI-X 2.0, AF = Advanced Capabilities for Conventional PCI (an ECN to PCI 3.0), PCIe = PCI
Express Base 3.0, PCIe-3.1 = what 3.1 adds, ATS = Address Translation Services 1.1, SR-IOV = Single Root I/O
Virtualization 1.1.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import pci_regs


class SheetRow(NamedTuple):
    """One register of the data sheet."""

    name: str
    """As in pci_regs.py: "PCI_EXP_SLTCTL"."""
    offset: int
    """From the start of configuration space or of the capability, bytes."""
    size: int
    """Bytes."""
    clause: str
    """Where the specification describes it."""
    fields: str
    """The prefix of its fields' names."""


def _row(name: str, size: int, clause: str, fields: str = "", offset: int = -1) -> SheetRow:
    """Make a row. Give *offset* if pci_regs.py does not have it, *fields* if it is not the register's name."""
    return SheetRow(name, getattr(pci_regs, name) if offset < 0 else offset, size, clause, fields or f"{name}_")


#: Registers that all headers have at the same offset.
COMMON = (
    _row("PCI_VENDOR_ID",           2, "PCI 6.2.1"),
    _row("PCI_DEVICE_ID",           2, "PCI 6.2.1"),
    _row("PCI_COMMAND",             2, "PCI 6.2.2, PCIe 7.5.1.1"),
    _row("PCI_STATUS",              2, "PCI 6.2.3, PCIe 7.5.1.2"),
    _row("PCI_REVISION_ID",         1, "PCI 6.2.1"),
    _row("PCI_CLASS_PROG",          1, "PCI 6.2.1"),
    _row("PCI_CLASS_DEVICE",        2, "PCI 6.2.1"),
    _row("PCI_CACHE_LINE_SIZE",     1, "PCI 6.2.4, PCIe 7.5.1.3"),
    _row("PCI_LATENCY_TIMER",       1, "PCI 6.2.4, PCIe 7.5.1.4"),
    _row("PCI_HEADER_TYPE",         1, "PCI 6.2.1"),
    _row("PCI_BIST",                1, "PCI 6.2.4"),
    _row("PCI_INTERRUPT_LINE",      1, "PCI 6.2.4, PCIe 7.5.1.5"),
    _row("PCI_INTERRUPT_PIN",       1, "PCI 6.2.4, PCIe 7.5.1.6"),
)
#: The two parts of PCI_HEADER_TYPE: which header it is, and whether the device has further functions.
HEADER_LAYOUT, MULTIFUNCTION = 0x7f, 0x80
#: Where the capability list begins, except in CardBus bridges.
POINTER = _row("PCI_CAPABILITY_LIST", 1, "PCI 6.7, BR 3.2.5.12")
BASE_ADDRESSES = tuple(_row(f"PCI_BASE_ADDRESS_{number}", 4, "PCI 6.2.5.1") for number in range(6))
#: Number of base address registers by header type.
BARS = {pci_regs.PCI_HEADER_TYPE_NORMAL: 6, pci_regs.PCI_HEADER_TYPE_BRIDGE: 2, pci_regs.PCI_HEADER_TYPE_CARDBUS: 1}

#: Type 0, a device: PCI 6.1.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                DEVICE_ID                |                VENDOR_ID                | 00
#: |                  STATUS                 |                 COMMAND                 | 04
#: |               CLASS_DEVICE              |     CLASS_PROG     |    REVISION_ID     | 08
#: |        BIST        |    HEADER_TYPE     |   LATENCY_TIMER    |  CACHE_LINE_SIZE   | 0c
#: |                                   BASE_ADDRESS_0                                  | 10
#: |                                   BASE_ADDRESS_1                                  | 14
#: |                                   BASE_ADDRESS_2                                  | 18
#: |                                   BASE_ADDRESS_3                                  | 1c
#: |                                   BASE_ADDRESS_4                                  | 20
#: |                                   BASE_ADDRESS_5                                  | 24
#: |                                    CARDBUS_CIS                                    | 28
#: |               SUBSYSTEM_ID              |           SUBSYSTEM_VENDOR_ID           | 2c
#: |                                    ROM_ADDRESS                                    | 30
#: |                                                              |  CAPABILITY_LIST   | 34
#: |                                                                                   | 38
#: |      MAX_LAT       |      MIN_GNT       |   INTERRUPT_PIN    |   INTERRUPT_LINE   | 3c
#: +--------------------+--------------------+--------------------+--------------------+
TYPE_0 = (
    *COMMON,
    *BASE_ADDRESSES[:BARS[pci_regs.PCI_HEADER_TYPE_NORMAL]],
    _row("PCI_CARDBUS_CIS",         4, "PCI 6.2.4"),
    _row("PCI_SUBSYSTEM_VENDOR_ID", 2, "PCI 6.2.4"),
    _row("PCI_SUBSYSTEM_ID",        2, "PCI 6.2.4"),
    _row("PCI_ROM_ADDRESS",         4, "PCI 6.2.5.2"),
    POINTER,
    _row("PCI_MIN_GNT",             1, "PCI 6.2.4, PCIe 7.5.2.2", offset=0x3e),
    _row("PCI_MAX_LAT",             1, "PCI 6.2.4, PCIe 7.5.2.2", offset=0x3f),
)

#: Type 1, a bridge: BR 3.2.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                DEVICE_ID                |                VENDOR_ID                | 00
#: |                  STATUS                 |                 COMMAND                 | 04
#: |               CLASS_DEVICE              |     CLASS_PROG     |    REVISION_ID     | 08
#: |        BIST        |    HEADER_TYPE     |   LATENCY_TIMER    |  CACHE_LINE_SIZE   | 0c
#: |                                   BASE_ADDRESS_0                                  | 10
#: |                                   BASE_ADDRESS_1                                  | 14
#: | SEC_LATENCY_TIMER  |  SUBORDINATE_BUS   |   SECONDARY_BUS    |    PRIMARY_BUS     | 18
#: |                SEC_STATUS               |      IO_LIMIT      |      IO_BASE       | 1c
#: |               MEMORY_LIMIT              |               MEMORY_BASE               | 20
#: |            PREF_MEMORY_LIMIT            |             PREF_MEMORY_BASE            | 24
#: |                                 PREF_BASE_UPPER32                                 | 28
#: |                                 PREF_LIMIT_UPPER32                                | 2c
#: |             IO_LIMIT_UPPER16            |             IO_BASE_UPPER16             | 30
#: |                                                              |  CAPABILITY_LIST   | 34
#: |                                    ROM_ADDRESS1                                   | 38
#: |              BRIDGE_CONTROL             |   INTERRUPT_PIN    |   INTERRUPT_LINE   | 3c
#: +--------------------+--------------------+--------------------+--------------------+
TYPE_1 = (
    *COMMON,
    *BASE_ADDRESSES[:BARS[pci_regs.PCI_HEADER_TYPE_BRIDGE]],
    _row("PCI_PRIMARY_BUS",         1, "BR 3.2.5.2"),
    _row("PCI_SECONDARY_BUS",       1, "BR 3.2.5.3"),
    _row("PCI_SUBORDINATE_BUS",     1, "BR 3.2.5.4"),
    _row("PCI_SEC_LATENCY_TIMER",   1, "BR 3.2.5.5, PCIe 7.5.3.3"),
    _row("PCI_IO_BASE",             1, "BR 3.2.5.6"),
    _row("PCI_IO_LIMIT",            1, "BR 3.2.5.6"),
    _row("PCI_SEC_STATUS",          2, "BR 3.2.5.7, PCIe 7.5.3.4", fields="PCI_STATUS_"),
    _row("PCI_MEMORY_BASE",         2, "BR 3.2.5.8"),
    _row("PCI_MEMORY_LIMIT",        2, "BR 3.2.5.8"),
    _row("PCI_PREF_MEMORY_BASE",    2, "BR 3.2.5.9, PCIe 7.5.3.5"),
    _row("PCI_PREF_MEMORY_LIMIT",   2, "BR 3.2.5.9, PCIe 7.5.3.5"),
    _row("PCI_PREF_BASE_UPPER32",   4, "BR 3.2.5.10"),
    _row("PCI_PREF_LIMIT_UPPER32",  4, "BR 3.2.5.10"),
    _row("PCI_IO_BASE_UPPER16",     2, "BR 3.2.5.11"),
    _row("PCI_IO_LIMIT_UPPER16",    2, "BR 3.2.5.11"),
    POINTER,
    _row("PCI_ROM_ADDRESS1",        4, "BR 3.2.5, PCI 6.2.5.2", fields="PCI_ROM_ADDRESS_"),
    _row("PCI_BRIDGE_CONTROL",      2, "BR 3.2.5.18, PCIe 7.5.3.6", fields="PCI_BRIDGE_CTL_"),
)

#: Type 2, a CardBus bridge, as far as Linux names it: CB 4.5.2.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                DEVICE_ID                |                VENDOR_ID                | 00
#: |                  STATUS                 |                 COMMAND                 | 04
#: |               CLASS_DEVICE              |     CLASS_PROG     |    REVISION_ID     | 08
#: |        BIST        |    HEADER_TYPE     |   LATENCY_TIMER    |  CACHE_LINE_SIZE   | 0c
#: |                                   BASE_ADDRESS_0                                  | 10
#: |                                                              | CB_CAPABILITY_LIST | 14
#: |                    | CB_SUBORDINATE_BUS |    CB_CARD_BUS     |   CB_PRIMARY_BUS   | 18
#: |                                                                                   | 1c-3b
#: |            CB_BRIDGE_CONTROL            |   INTERRUPT_PIN    |   INTERRUPT_LINE   | 3c
#: +--------------------+--------------------+--------------------+--------------------+
TYPE_2 = (
    *COMMON,
    *BASE_ADDRESSES[:BARS[pci_regs.PCI_HEADER_TYPE_CARDBUS]],
    _row("PCI_CB_CAPABILITY_LIST",  1, "CB 4.5.2"),
    _row("PCI_CB_PRIMARY_BUS",      1, "CB 4.5.2"),
    _row("PCI_CB_CARD_BUS",         1, "CB 4.5.2"),
    _row("PCI_CB_SUBORDINATE_BUS",  1, "CB 4.5.2"),
    _row("PCI_CB_BRIDGE_CONTROL",   2, "CB 4.5.2", fields="PCI_BRIDGE_CTL_"),
)

#: Header type -> its registers.
HEADERS = {
    pci_regs.PCI_HEADER_TYPE_NORMAL: TYPE_0,
    pci_regs.PCI_HEADER_TYPE_BRIDGE: TYPE_1,
    pci_regs.PCI_HEADER_TYPE_CARDBUS: TYPE_2,
}

#: What every capability begins with.
LIST = (
    _row("PCI_CAP_LIST_ID",         1, "PCI 6.7"),
    _row("PCI_CAP_LIST_NEXT",       1, "PCI 6.7"),
)

#: Power Management: PM 3.2.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                  PM_PMC                 |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                         |                 PM_CTRL                 | 04
#: +--------------------+--------------------+--------------------+--------------------+
PM = (
    *LIST,
    _row("PCI_PM_PMC",              2, "PM 3.2.3", fields="PCI_PM_CAP_"),
    _row("PCI_PM_CTRL",             2, "PM 3.2.4"),
)

#: Vital Product Data: PCI appendix I.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                 VPD_ADDR                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                      VPD_DATA                                     | 04
#: +--------------------+--------------------+--------------------+--------------------+
VPD = (
    *LIST,
    _row("PCI_VPD_ADDR",            2, "PCI I.1"),
    _row("PCI_VPD_DATA",            4, "PCI I.1"),
)

_MSI = (
    *LIST,
    _row("PCI_MSI_FLAGS",           2, "PCI 6.8.1.3"),
    _row("PCI_MSI_ADDRESS_LO",      4, "PCI 6.8.1.4"),
)
#: Message Signalled Interrupts, of a function with 32-bit message addresses: PCI 6.8.1.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                MSI_FLAGS                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                   MSI_ADDRESS_LO                                  | 04
#: |                                         |               MSI_DATA_32               | 08
#: +--------------------+--------------------+--------------------+--------------------+
MSI_32 = (
    *_MSI,
    _row("PCI_MSI_DATA_32",         2, "PCI 6.8.1.6"),
)
#: The same with a mask and a pending bit for each message.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                MSI_FLAGS                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                   MSI_ADDRESS_LO                                  | 04
#: |                                         |               MSI_DATA_32               | 08
#: |                                    MSI_MASK_32                                    | 0c
#: |                                   MSI_PENDING_32                                  | 10
#: +--------------------+--------------------+--------------------+--------------------+
MSI_MASK_32 = (
    *MSI_32,
    _row("PCI_MSI_MASK_32",         4, "PCI 6.8.1.7"),
    _row("PCI_MSI_PENDING_32",      4, "PCI 6.8.1.8"),
)
#: With 64-bit message addresses.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                MSI_FLAGS                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                   MSI_ADDRESS_LO                                  | 04
#: |                                   MSI_ADDRESS_HI                                  | 08
#: |                                         |               MSI_DATA_64               | 0c
#: +--------------------+--------------------+--------------------+--------------------+
MSI_64 = (
    *_MSI,
    _row("PCI_MSI_ADDRESS_HI",      4, "PCI 6.8.1.5"),
    _row("PCI_MSI_DATA_64",         2, "PCI 6.8.1.6"),
)
#: With 64-bit message addresses, and a mask and a pending bit for each message.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                MSI_FLAGS                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                   MSI_ADDRESS_LO                                  | 04
#: |                                   MSI_ADDRESS_HI                                  | 08
#: |                                         |               MSI_DATA_64               | 0c
#: |                                    MSI_MASK_64                                    | 10
#: |                                   MSI_PENDING_64                                  | 14
#: +--------------------+--------------------+--------------------+--------------------+
MSI_MASK_64 = (
    *MSI_64,
    _row("PCI_MSI_MASK_64",         4, "PCI 6.8.1.7"),
    _row("PCI_MSI_PENDING_64",      4, "PCI 6.8.1.8"),
)

#: PCI-X, of a type 0 function: PCI-X 7.2.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                  X_CMD                  |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                      X_STATUS                                     | 04
#: +--------------------+--------------------+--------------------+--------------------+
PCIX = (
    *LIST,
    _row("PCI_X_CMD",               2, "PCI-X 7.2.3"),
    _row("PCI_X_STATUS",            4, "PCI-X 7.2.4"),
)

#: PCI Express: PCIe 7.8. Which of it a function of version 1 has depends on its port type.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                EXP_FLAGS                |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                     EXP_DEVCAP                                    | 04
#: |                EXP_DEVSTA               |                EXP_DEVCTL               | 08
#: |                                     EXP_LNKCAP                                    | 0c
#: |                EXP_LNKSTA               |                EXP_LNKCTL               | 10
#: |                                     EXP_SLTCAP                                    | 14
#: |                EXP_SLTSTA               |                EXP_SLTCTL               | 18
#: |                EXP_RTCAP                |                EXP_RTCTL                | 1c
#: |                                     EXP_RTSTA                                     | 20
#: +--------------------+--------------------+--------------------+--------------------+
EXP = (
    *LIST,
    _row("PCI_EXP_FLAGS",           2, "PCIe 7.8.2"),
    _row("PCI_EXP_DEVCAP",          4, "PCIe 7.8.3"),
    _row("PCI_EXP_DEVCTL",          2, "PCIe 7.8.4"),
    _row("PCI_EXP_DEVSTA",          2, "PCIe 7.8.5"),
    _row("PCI_EXP_LNKCAP",          4, "PCIe 7.8.6"),
    _row("PCI_EXP_LNKCTL",          2, "PCIe 7.8.7"),
    _row("PCI_EXP_LNKSTA",          2, "PCIe 7.8.8"),
    _row("PCI_EXP_SLTCAP",          4, "PCIe 7.8.9"),
    _row("PCI_EXP_SLTCTL",          2, "PCIe 7.8.10"),
    _row("PCI_EXP_SLTSTA",          2, "PCIe 7.8.11"),
    _row("PCI_EXP_RTCTL",           2, "PCIe 7.8.12"),
    _row("PCI_EXP_RTCAP",           2, "PCIe 7.8.13"),
    _row("PCI_EXP_RTSTA",           4, "PCIe 7.8.14"),
)
#: Behind that, from version 2 of the capability on.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                    EXP_DEVCAP2                                    | 24
#: |               EXP_DEVSTA2               |               EXP_DEVCTL2               | 28
#: |                                    EXP_LNKCAP2                                    | 2c
#: |               EXP_LNKSTA2               |               EXP_LNKCTL2               | 30
#: |                                    EXP_SLTCAP2                                    | 34
#: |               EXP_SLTSTA2               |               EXP_SLTCTL2               | 38
#: +--------------------+--------------------+--------------------+--------------------+
EXP_2 = (
    _row("PCI_EXP_DEVCAP2",         4, "PCIe 7.8.15"),
    _row("PCI_EXP_DEVCTL2",         2, "PCIe 7.8.16"),
    _row("PCI_EXP_DEVSTA2",         2, "PCIe 7.8.17", offset=0x2a),
    _row("PCI_EXP_LNKCAP2",         4, "PCIe 7.8.18"),
    _row("PCI_EXP_LNKCTL2",         2, "PCIe 7.8.19"),
    _row("PCI_EXP_LNKSTA2",         2, "PCIe 7.8.20"),
    _row("PCI_EXP_SLTCAP2",         4, "PCIe 7.8.21", offset=0x34),
    _row("PCI_EXP_SLTCTL2",         2, "PCIe 7.8.22"),
    _row("PCI_EXP_SLTSTA2",         2, "PCIe 7.8.23", offset=0x3a),
)

#: MSI-X: PCI 6.8.2.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                MSIX_FLAGS               |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                     MSIX_TABLE                                    | 04
#: |                                      MSIX_PBA                                     | 08
#: +--------------------+--------------------+--------------------+--------------------+
MSIX = (
    *LIST,
    _row("PCI_MSIX_FLAGS",          2, "PCI 6.8.2.3"),
    _row("PCI_MSIX_TABLE",          4, "PCI 6.8.2.4"),
    _row("PCI_MSIX_PBA",            4, "PCI 6.8.2.5"),
)

#: Advanced Features: AF 6.3.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |       AF_CAP       |     AF_LENGTH      |   CAP_LIST_NEXT    |    CAP_LIST_ID     | 00
#: |                                         |     AF_STATUS      |      AF_CTRL       | 04
#: +--------------------+--------------------+--------------------+--------------------+
AF = (
    *LIST,
    _row("PCI_AF_LENGTH",           1, "AF 6.3"),
    _row("PCI_AF_CAP",              1, "AF 6.3"),
    _row("PCI_AF_CTRL",             1, "AF 6.3"),
    _row("PCI_AF_STATUS",           1, "AF 6.3"),
)

#: Capability ID -> its registers, except MSI, which has four forms.
CAPABILITIES = {
    pci_regs.PCI_CAP_ID_PM: PM,
    pci_regs.PCI_CAP_ID_VPD: VPD,
    pci_regs.PCI_CAP_ID_PCIX: PCIX,
    pci_regs.PCI_CAP_ID_EXP: EXP,
    pci_regs.PCI_CAP_ID_MSIX: MSIX,
    pci_regs.PCI_CAP_ID_AF: AF,
}

#: What every extended capability begins with.
EXTENDED = (
    _row("PCI_EXT_CAP_HEADER",      4, "PCIe 7.9.3", offset=0),
)

#: Advanced Error Reporting: PCIe 7.10. The last three are in root ports and event collectors.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                                  ERR_UNCOR_STATUS                                 | 04
#: |                                   ERR_UNCOR_MASK                                  | 08
#: |                                  ERR_UNCOR_SEVER                                  | 0c
#: |                                   ERR_COR_STATUS                                  | 10
#: |                                    ERR_COR_MASK                                   | 14
#: |                                      ERR_CAP                                      | 18
#: |                                   ERR_HEADER_LOG                                  | 1c-2b
#: |                                  ERR_ROOT_COMMAND                                 | 2c
#: |                                  ERR_ROOT_STATUS                                  | 30
#: |                                  ERR_ROOT_ERR_SRC                                 | 34
#: +--------------------+--------------------+--------------------+--------------------+
ERR = (
    *EXTENDED,
    _row("PCI_ERR_UNCOR_STATUS",    4, "PCIe 7.10.2", fields="PCI_ERR_UNC_"),
    _row("PCI_ERR_UNCOR_MASK",      4, "PCIe 7.10.3", fields="PCI_ERR_UNC_"),
    _row("PCI_ERR_UNCOR_SEVER",     4, "PCIe 7.10.4", fields="PCI_ERR_UNC_"),
    _row("PCI_ERR_COR_STATUS",      4, "PCIe 7.10.5", fields="PCI_ERR_COR_"),
    _row("PCI_ERR_COR_MASK",        4, "PCIe 7.10.6", fields="PCI_ERR_COR_"),
    _row("PCI_ERR_CAP",             4, "PCIe 7.10.7"),
    _row("PCI_ERR_HEADER_LOG",     16, "PCIe 7.10.8"),
    _row("PCI_ERR_ROOT_COMMAND",    4, "PCIe 7.10.9", fields="PCI_ERR_ROOT_CMD_"),
    _row("PCI_ERR_ROOT_STATUS",     4, "PCIe 7.10.10"),
    _row("PCI_ERR_ROOT_ERR_SRC",    4, "PCIe 7.10.11"),
)

#: Virtual Channel: PCIe 7.11. The last three are of the first channel.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                                    VC_PORT_CAP1                                   | 04
#: |                                    VC_PORT_CAP2                                   | 08
#: |              VC_PORT_STATUS             |               VC_PORT_CTRL              | 0c
#: |                                     VC_RES_CAP                                    | 10
#: |                                    VC_RES_CTRL                                    | 14
#: |              VC_RES_STATUS              |                                         | 18
#: +--------------------+--------------------+--------------------+--------------------+
VC = (
    *EXTENDED,
    _row("PCI_VC_PORT_CAP1",        4, "PCIe 7.11.2", offset=0x04),
    _row("PCI_VC_PORT_CAP2",        4, "PCIe 7.11.3", offset=0x08),
    _row("PCI_VC_PORT_CTRL",        2, "PCIe 7.11.4"),
    _row("PCI_VC_PORT_STATUS",      2, "PCIe 7.11.5"),
    _row("PCI_VC_RES_CAP",          4, "PCIe 7.11.6"),
    _row("PCI_VC_RES_CTRL",         4, "PCIe 7.11.7"),
    _row("PCI_VC_RES_STATUS",       2, "PCIe 7.11.8"),
)

#: Alternative Routing-ID Interpretation: PCIe 7.23.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                 ARI_CTRL                |                 ARI_CAP                 | 04
#: +--------------------+--------------------+--------------------+--------------------+
ARI = (
    *EXTENDED,
    _row("PCI_ARI_CAP",             2, "PCIe 7.23.2"),
    _row("PCI_ARI_CTRL",            2, "PCIe 7.23.3"),
)

#: Address Translation Services: ATS 5.1.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                 ATS_CTRL                |                 ATS_CAP                 | 04
#: +--------------------+--------------------+--------------------+--------------------+
ATS = (
    *EXTENDED,
    _row("PCI_ATS_CAP",             2, "ATS 5.1.2"),
    _row("PCI_ATS_CTRL",            2, "ATS 5.1.3"),
)

#: Single Root I/O Virtualization: SR-IOV 3.3.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                                     SRIOV_CAP                                     | 04
#: |               SRIOV_STATUS              |                SRIOV_CTRL               | 08
#: |              SRIOV_TOTAL_VF             |             SRIOV_INITIAL_VF            | 0c
#: |                    |  SRIOV_FUNC_LINK   |               SRIOV_NUM_VF              | 10
#: |             SRIOV_VF_STRIDE             |             SRIOV_VF_OFFSET             | 14
#: |               SRIOV_VF_DID              |                                         | 18
#: |                                  SRIOV_SUP_PGSIZE                                 | 1c
#: |                                  SRIOV_SYS_PGSIZE                                 | 20
#: +--------------------+--------------------+--------------------+--------------------+
SRIOV = (
    *EXTENDED,
    _row("PCI_SRIOV_CAP",           4, "SR-IOV 3.3.2"),
    _row("PCI_SRIOV_CTRL",          2, "SR-IOV 3.3.3"),
    _row("PCI_SRIOV_STATUS",        2, "SR-IOV 3.3.4"),
    _row("PCI_SRIOV_INITIAL_VF",    2, "SR-IOV 3.3.5"),
    _row("PCI_SRIOV_TOTAL_VF",      2, "SR-IOV 3.3.6"),
    _row("PCI_SRIOV_NUM_VF",        2, "SR-IOV 3.3.7"),
    _row("PCI_SRIOV_FUNC_LINK",     1, "SR-IOV 3.3.8"),
    _row("PCI_SRIOV_VF_OFFSET",     2, "SR-IOV 3.3.9"),
    _row("PCI_SRIOV_VF_STRIDE",     2, "SR-IOV 3.3.10"),
    _row("PCI_SRIOV_VF_DID",        2, "SR-IOV 3.3.11"),
    _row("PCI_SRIOV_SUP_PGSIZE",    4, "SR-IOV 3.3.12"),
    _row("PCI_SRIOV_SYS_PGSIZE",    4, "SR-IOV 3.3.13"),
)

#: Access Control Services: PCIe 7.16.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                 ACS_CTRL                |                 ACS_CAP                 | 04
#: +--------------------+--------------------+--------------------+--------------------+
ACS = (
    *EXTENDED,
    _row("PCI_ACS_CAP",             2, "PCIe 7.16.2", fields="PCI_ACS_"),
    _row("PCI_ACS_CTRL",            2, "PCIe 7.16.3", fields="PCI_ACS_"),
)

#: Latency Tolerance Reporting: PCIe 7.25.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |           LTR_MAX_NOSNOOP_LAT           |            LTR_MAX_SNOOP_LAT            | 04
#: +--------------------+--------------------+--------------------+--------------------+
LTR = (
    *EXTENDED,
    _row("PCI_LTR_MAX_SNOOP_LAT",   2, "PCIe 7.25.2", fields="PCI_LTR_", offset=0x04),
    _row("PCI_LTR_MAX_NOSNOOP_LAT", 2, "PCIe 7.25.3", fields="PCI_LTR_", offset=0x06),
)

#: Resizable BAR: PCIe 7.22. The last two once for each BAR.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                                     REBAR_CAP                                     | 04
#: |                                     REBAR_CTRL                                    | 08
#: +--------------------+--------------------+--------------------+--------------------+
REBAR = (
    *EXTENDED,
    _row("PCI_REBAR_CAP",           4, "PCIe 7.22.2", offset=0x04),
    _row("PCI_REBAR_CTRL",          4, "PCIe 7.22.3", offset=0x08),
)

#: L1 PM Substates: PCIe-3.1 7.33.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |                                      L1SS_CAP                                     | 04
#: |                                     L1SS_CTL1                                     | 08
#: |                                     L1SS_CTL2                                     | 0c
#: +--------------------+--------------------+--------------------+--------------------+
L1SS = (
    *EXTENDED,
    _row("PCI_L1SS_CAP",            4, "PCIe-3.1 7.33.2", offset=0x04),
    _row("PCI_L1SS_CTL1",           4, "PCIe-3.1 7.33.3", offset=0x08),
    _row("PCI_L1SS_CTL2",           4, "PCIe-3.1 7.33.4", offset=0x0c),
)

#: Downstream Port Containment: PCIe-3.1 7.31.
#:  31                24 23                16 15                 8 7                  0
#: +--------------------+--------------------+--------------------+--------------------+
#: |                                   EXT_CAP_HEADER                                  | 00
#: |               EXP_DPC_CTL               |               EXP_DPC_CAP               | 04
#: |            EXP_DPC_SOURCE_ID            |              EXP_DPC_STATUS             | 08
#: +--------------------+--------------------+--------------------+--------------------+
DPC = (
    *EXTENDED,
    _row("PCI_EXP_DPC_CAP",         2, "PCIe-3.1 7.31.2", offset=0x04),
    _row("PCI_EXP_DPC_CTL",         2, "PCIe-3.1 7.31.3", offset=0x06),
    _row("PCI_EXP_DPC_STATUS",      2, "PCIe-3.1 7.31.4", offset=0x08),
    _row("PCI_EXP_DPC_SOURCE_ID",   2, "PCIe-3.1 7.31.5", offset=0x0a),
)

#: Extended capability ID -> its registers.
EXTENDED_CAPABILITIES = {
    pci_regs.PCI_EXT_CAP_ID_ERR: ERR,
    pci_regs.PCI_EXT_CAP_ID_VC: VC,
    pci_regs.PCI_EXT_CAP_ID_ARI: ARI,
    pci_regs.PCI_EXT_CAP_ID_ATS: ATS,
    pci_regs.PCI_EXT_CAP_ID_SRIOV: SRIOV,
    pci_regs.PCI_EXT_CAP_ID_ACS: ACS,
    pci_regs.PCI_EXT_CAP_ID_LTR: LTR,
    pci_regs.PCI_EXT_CAP_ID_REBAR: REBAR,
    pci_regs.PCI_EXT_CAP_ID_L1SS: L1SS,
    pci_regs.PCI_EXT_CAP_ID_DPC: DPC,
}

#: Every register by its name.
SHEET = {
    row.name: row
    for table in (
        *HEADERS.values(), *CAPABILITIES.values(), EXP_2, MSI_MASK_32, MSI_MASK_64, *EXTENDED_CAPABILITIES.values(),
    )
    for row in table
}
