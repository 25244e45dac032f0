# SPDX-License-Identifier: GPL-2.0-only
"""What lspci -vv prints of extended capabilities, and which bits that states: see listing_fields.py."""

from __future__ import annotations

from .. import pci_regs
from .listing_fields import Capability, capability
from .listing_rows import Lines, Row, flags, number, power, words

_UNCORRECTABLE = (
    "DLP SDES=SURPDN TLP=POISON_TLP FCP CmpltTO=COMP_TIME CmpltAbrt=COMP_ABORT UnxCmplt=UNX_COMP RxOF=RX_OVER "
    "MalfTLP=MALF_TLP ECRC UnsupReq=UNSUP ACSViol=ACSV UncorrIntErr=INTN BlockedTLP=MCBTLP AtomicOpBlocked=ATOMEG "
    "TLPBlockedErr=TLPPRE PoisonTLPBlocked=0x4000000 DMWrReqBlocked=0x8000000 IDECheck=0x10000000 MisIDETLP=0x20000000 "
    "PCRC_CHECK=0x40000000 TLPXlatBlocked=0x80000000"
)
_CORRECTABLE = (
    "RxErr=RCVR BadTLP=BAD_TLP BadDLLP=BAD_DLLP Rollover=REP_ROLL Timeout=REP_TIMER NonFatalErr=ADV_NFAT "
    "AdvNonFatalErr=ADV_NFAT CorrIntErr=INTERNAL HeaderOF=LOG_OVER"
)
_ERRORS: Lines = {
    "UESta": (flags("PCI_ERR_UNCOR_STATUS", _UNCORRECTABLE),),
    "UEMsk": (flags("PCI_ERR_UNCOR_MASK", _UNCORRECTABLE),),
    "UESvrt": (flags("PCI_ERR_UNCOR_SEVER", _UNCORRECTABLE),),
    "CESta": (flags("PCI_ERR_COR_STATUS", _CORRECTABLE),),
    "CEMsk": (flags("PCI_ERR_COR_MASK", _CORRECTABLE),),
    "AERCap": (
        number("PCI_ERR_CAP", "0x1f", r"First Error Pointer: ([0-9a-f]{2})\b", 16),
        flags("PCI_ERR_CAP", "ECRCGenCap=ECRC_GENC ECRCGenEn=ECRC_GENE ECRCChkCap=ECRC_CHKC ECRCChkEn=ECRC_CHKE "
              "GenCap=ECRC_GENC CGenEn=ECRC_GENE ChkCap=ECRC_CHKC ChkEn=ECRC_CHKE MultHdrRecCap=0x200 "
              "MultHdrRecEn=0x400 TLPPfxPres=0x800 HdrLogCap=0x1000"),
    ),
    "HeaderLog": tuple(
        number((0x1C + 4 * at, 4), "", rf"^(?:[0-9a-f]{{8}}\s+){{{at}}}([0-9a-f]{{8}})\b", 16) for at in range(4)
    ),
    "RootCmd": (flags("PCI_ERR_ROOT_COMMAND", "CERptEn=COR_EN NFERptEn=NONFATAL_EN FERptEn=FATAL_EN"),),
    "RootSta": (
        flags("PCI_ERR_ROOT_STATUS", "CERcvd=0x1 MultCERcvd=0x2 UERcvd=0x4 MultUERcvd=0x8 FirstFatal=0x10 "
              "NonFatalMsg=0x20 FatalMsg=0x40"),
        number("PCI_ERR_ROOT_STATUS", "0xf8000000", r"IntMsg(?:Num)? (\d+)"),
    ),
    "ErrorSrc": (
        number("PCI_ERR_ROOT_ERR_SRC", "0xffff", r"ERR_COR: ([0-9a-f]{4})\b", 16),
        number("PCI_ERR_ROOT_ERR_SRC", "0xffff0000", r"ERR_FATAL/NONFATAL: ([0-9a-f]{4})\b", 16),
    ),
}  # fmt: skip

_PORT_ARBITERS = "Fixed=0x1 WRR32=0x2 WRR64=0x4 WRR128=0x8"
_ARBITERS = {"Fixed": 0, "WRR32": 1, "WRR64": 2, "WRR128": 3, "TWRR128": 4, "WRR256": 5}
_CHANNELS: Lines = {
    "Caps": (
        number("PCI_VC_PORT_CAP1", "0x70", r"LPEVC=(\d)"),
        words("PCI_VC_PORT_CAP1", "0x300", r"RefClk=(\w+)", {"100ns": 0}),
        power("PCI_VC_PORT_CAP1", "0xc00", r"PATEntryBits=(\d)"),
    ),
    "Arb": (flags("PCI_VC_PORT_CAP2", _PORT_ARBITERS),),
    "Ctrl": (words("PCI_VC_PORT_CTRL", "0xe", r"ArbSelect=(\w+)", _ARBITERS),),
    "Status": (flags("PCI_VC_PORT_STATUS", "InProgress=0x1"),),
    "VC": (
        number("PCI_VC_RES_CAP", "0xff000000", r"PATOffset=([0-9a-f]{2})\b", 16),
        number("PCI_VC_RES_CAP", "0x3f0000", r"MaxTimeSlots=(\d+)", less=1),
        flags("PCI_VC_RES_CAP", "RejSnoopTrans=0x8000"),
    ),
    "VC Arb": (flags("PCI_VC_RES_CAP", f"{_PORT_ARBITERS} TWRR128=0x10 WRR256=0x20"),),
    "VC Ctrl": (
        flags("PCI_VC_RES_CTRL", "Enable=ENABLE"),
        number("PCI_VC_RES_CTRL", "ID", r"ID=(\d)"),
        words("PCI_VC_RES_CTRL", "ARB_SELECT", r"ArbSelect=(\w+)", _ARBITERS),
        number("PCI_VC_RES_CTRL", "0xff", r"TC/VC=([0-9a-f]{2})\b", 16),
    ),
}

_SERVICES = "SrcValid=SV TransBlk=TB ReqRedir=RR CmpltRedir=CR UpstreamFwd=UF EgressCtrl=EC DirectTrans=DT"
_ACS: Lines = {"ACSCap": (flags("PCI_ACS_CAP", _SERVICES),), "ACSCtl": (flags("PCI_ACS_CTRL", _SERVICES),)}
_ARI: Lines = {
    "ARICap": (
        flags("PCI_ARI_CAP", "MFVC=0x1 ACS=0x2"),
        number("PCI_ARI_CAP", "0xff00", r"Next Function: (\d+)"),
    ),
    "ARICtl": (
        flags("PCI_ARI_CTRL", "MFVC=0x1 ACS=0x2"),
        number("PCI_ARI_CTRL", "0x70", r"Function Group: (\d)"),
    ),
}
_ATS: Lines = {
    "ATSCap": (number("PCI_ATS_CAP", "0x1f", r"Invalidate Queue Depth: ([0-9a-f]{2})\b", 16),),
    "ATSCtl": (
        flags("PCI_ATS_CTRL", "Enable=ENABLE"),
        number("PCI_ATS_CTRL", "0x1f", r"Smallest Translation Unit: ([0-9a-f]{2})\b", 16),
    ),
}
_SRIOV: Lines = {
    "IOVCap": (
        flags("PCI_SRIOV_CAP", "Migration=0x1 10BitTagReq=0x4"),
        number("PCI_SRIOV_CAP", "0xffe00000", r"Interrupt Message Number: ([0-9a-f]{3})\b", 16),
        number("PCI_SRIOV_CAP", "0xffe00000", r"IntMsgNum (\d+)"),
    ),
    "IOVCtl": (
        flags("PCI_SRIOV_CTRL", "Enable=VFE Migration=0x2 Interrupt=0x4 MSE ARIHierarchy=ARI 10BitTagReq=0x20"),
    ),
    "IOVSta": (flags("PCI_SRIOV_STATUS", "Migration=0x1"),),
    "Initial VFs": (
        number("PCI_SRIOV_INITIAL_VF", "", r"^(\d+)"),
        number("PCI_SRIOV_TOTAL_VF", "", r"Total VFs: (\d+)"),
        number("PCI_SRIOV_NUM_VF", "", r"Number of VFs: (\d+)"),
        number("PCI_SRIOV_FUNC_LINK", "", r"Function Dependency Link: ([0-9a-f]{2})\b", 16),
    ),
    "VF offset": (
        number("PCI_SRIOV_VF_OFFSET", "", r"^(\d+)"),
        number("PCI_SRIOV_VF_STRIDE", "", r"stride: (\d+)"),
        number("PCI_SRIOV_VF_DID", "", r"Device ID: ([0-9a-f]{4})\b", 16),
    ),
    "Supported Page Size": (
        number("PCI_SRIOV_SUP_PGSIZE", "", r"^([0-9a-f]{8})\b", 16),
        number("PCI_SRIOV_SYS_PGSIZE", "", r"System Page Size: ([0-9a-f]{8})\b", 16),
    ),
}
_DPC: Lines = {
    "DpcCap": (
        number("PCI_EXP_DPC_CAP", "0x1f", r"(?:INT Msg #|IntMsgNum )(\d+)"),
        flags("PCI_EXP_DPC_CAP", "RPExt=0x20 PoisonedTLP=0x40 SwTrigger=0x80 DL_ActiveErr=0x1000"),
        number("PCI_EXP_DPC_CAP", "0xf00", r"RP PIO Log (\d+)"),
    ),
    "DpcCtl": (
        number("PCI_EXP_DPC_CTL", "0x3", r"Trigger:(\d)"),
        flags("PCI_EXP_DPC_CTL", "Cmpl=0x4 INT=INT_EN ErrCor=0x10 PoisonedTLP=0x20 SwTrigger=0x40 DL_ActiveErr=0x80"),
    ),
    "DpcSta": (
        flags("PCI_EXP_DPC_STATUS", "Trigger=TRIGGER INT=INTERRUPT RPBusy=0x10"),
        number("PCI_EXP_DPC_STATUS", "TRIGGER_RSN", r"Reason:(\d\d)", 16),
        number("PCI_EXP_DPC_STATUS", "0x60", r"TriggerExt:(\d\d)", 16),
        number("PCI_EXP_DPC_STATUS", "0x1f00", r"RP PIO ErrPtr:([0-9a-f]{2})\b", 16),
    ),
    "Source": (number("PCI_EXP_DPC_SOURCE_ID", "", r"^([0-9a-f]{4})\b", 16),),
}
_LTR: Lines = {
    "Max snoop latency": (words("PCI_LTR_MAX_SNOOP_LAT", "VALUE", r"^(\d+)ns", {"0": 0}),),
    "Max no snoop latency": (words("PCI_LTR_MAX_NOSNOOP_LAT", "VALUE", r"^(\d+)ns", {"0": 0}),),
}
_SUBSTATES = "PCI-PM_L1.2={} PCI-PM_L1.1={} ASPM_L1.2={} ASPM_L1.1={}"
_L1SS: Lines = {
    "L1SubCap": (
        flags("PCI_L1SS_CAP", _SUBSTATES.format("0x1", "0x2", "0x4", "0x8")),
        number("PCI_L1SS_CAP", "0xff00", r"PortCommonModeRestoreTime=(\d+)us"),
    ),
    "L1SubCtl1": (
        flags("PCI_L1SS_CTL1", _SUBSTATES.format("PCIPM_L1_2", "PCIPM_L1_1", "ASPM_L1_2", "ASPM_L1_1")),
        number("PCI_L1SS_CTL1", "CM_RESTORE_TIME", r"T_CommonMode=(\d+)us"),
    ),
}
_SIZES = {f"{1 << at % 10}{'MGT'[at // 10]}B": at for at in range(30)}
_REBAR: Lines = {
    "BAR": (
        number("PCI_REBAR_CTRL", "BAR_IDX", r"^BAR (\d)"),
        words("PCI_REBAR_CTRL", "BAR_SIZE", r"current size: (\w+)", _SIZES),
    ),
}
#: Registers that are in no data sheet here: offset and size.
_SERIAL_NUMBER: tuple[Row, ...] = tuple(
    number((0x0B - at, 1), "", rf"Number (?:[0-9a-f]{{2}}-){{{at}}}([0-9a-f]{{2}})\b", 16) for at in range(8)
)
_PRI: Lines = {
    "PRICtl": (flags((0x04, 2), "Enable=0x1 Reset=0x2"),),
    "PRISta": (flags((0x06, 2), "RF=0x1 UPRGI=0x2 Stopped=0x100 PASID=0x8000"),),
    "Page Request Capacity": (
        number((0x08, 4), "", r"^([0-9a-f]{8})\b", 16),
        number((0x0C, 4), "", r"Allocation: ([0-9a-f]{8})\b", 16),
    ),
}
_PASID: Lines = {
    "PASIDCap": (
        flags((0x04, 2), "Exec=0x2 Priv=0x4"),
        number((0x04, 2), "0x1f00", r"Max PASID Width: ([0-9a-f]{2})\b", 16),
    ),
    "PASIDCtl": (flags((0x06, 2), "Enable=0x1 Exec=0x2 Priv=0x4"),),
}
_PTM: Lines = {
    "PTMCap": (flags((0x04, 4), "Requester=0x1 Responder=0x2 Root=0x4"),),
    "PTMControl": (flags((0x08, 4), "Enabled=0x1 RootSelected=0x2"),),
}
_SECONDARY: Lines = {"LnkCtl3": (flags((0x04, 4), "LnkEquIntrruptEn=0x2 PerformEqu=0x1"),)}
_VENDOR: Lines = {
    "": (
        number((0x04, 4), "0xffff", r"ID=([0-9a-f]{4})\b", 16),
        number((0x04, 4), "0xf0000", r"Rev=(\d+)"),
        number((0x04, 4), "0xfff00000", r"Len=([0-9a-f]{3})\b", 16),
    ),
}
_DESIGNATED: Lines = {
    "": (
        number((0x04, 4), "0xffff", r"Vendor=([0-9a-f]{4})\b", 16),
        number((0x04, 4), "0xf0000", r"Rev=(\d+)"),
        number((0x04, 4), "0xfff00000", r"Len=(\d+)"),
        number((0x08, 2), "", r" ID=([0-9a-f]{4})\b", 16),
    ),
}

#: Two IDs have this name: that of some devices with a Multi-Function Virtual Channel is PCI_EXT_CAP_ID_VC9.
VIRTUAL_CHANNEL = capability(r"Virtual Channel", pci_regs.PCI_EXT_CAP_ID_VC, _CHANNELS, element="VC", stride=12)

#: Extended capabilities. The first whose name fits counts.
EXTENDED_CAPABILITIES: tuple[Capability, ...] = (
    capability(r"Advanced Error Reporting", pci_regs.PCI_EXT_CAP_ID_ERR, _ERRORS, "AERCap"),
    capability(r"Downstream Port Containment", pci_regs.PCI_EXT_CAP_ID_DPC, _DPC, "Source"),
    capability(r"Device Serial Number", pci_regs.PCI_EXT_CAP_ID_DSN, {"": _SERIAL_NUMBER}),
    capability(r"Power Budgeting", pci_regs.PCI_EXT_CAP_ID_PWR),
    capability(r"Root Complex Link", pci_regs.PCI_EXT_CAP_ID_RCLD),
    capability(r"Root Complex Internal Link", pci_regs.PCI_EXT_CAP_ID_RCILC),
    capability(r"Root Complex Event Collector", pci_regs.PCI_EXT_CAP_ID_RCEC),
    capability(r"Multi-Function Virtual Channel", pci_regs.PCI_EXT_CAP_ID_MFVC),
    capability(r"Root Complex Register Block", pci_regs.PCI_EXT_CAP_ID_RCRB),
    capability(r"Vendor Specific Information", pci_regs.PCI_EXT_CAP_ID_VNDR, _VENDOR),
    capability(r"Access Control Services", pci_regs.PCI_EXT_CAP_ID_ACS, _ACS, "ACSCtl"),
    capability(r"Alternative Routing-ID", pci_regs.PCI_EXT_CAP_ID_ARI, _ARI, "ARICtl"),
    capability(r"Address Translation Service", pci_regs.PCI_EXT_CAP_ID_ATS, _ATS, "ATSCtl"),
    capability(r"Single Root I/O Virtualization", pci_regs.PCI_EXT_CAP_ID_SRIOV, _SRIOV, "Supported Page Size"),
    capability(r"Multi-Root I/O Virtualization", pci_regs.PCI_EXT_CAP_ID_MRIOV),
    capability(r"Multicast", pci_regs.PCI_EXT_CAP_ID_MCAST),
    capability(r"Page Request Interface", pci_regs.PCI_EXT_CAP_ID_PRI, _PRI, "Page Request Capacity"),
    capability(r"(?:Physical )?Resizable BAR", pci_regs.PCI_EXT_CAP_ID_REBAR, _REBAR, element="BAR", stride=8),
    capability(r"Dynamic Power Allocation", pci_regs.PCI_EXT_CAP_ID_DPA),
    capability(r"Transaction Processing Hints", pci_regs.PCI_EXT_CAP_ID_TPH),
    capability(r"Latency Tolerance Reporting", pci_regs.PCI_EXT_CAP_ID_LTR, _LTR, "Max no snoop latency"),
    capability(r"Secondary PCI Express", pci_regs.PCI_EXT_CAP_ID_SECPCI, _SECONDARY),
    capability(r"Protocol Multiplexing", pci_regs.PCI_EXT_CAP_ID_PMUX),
    capability(r"Process Address Space ID", pci_regs.PCI_EXT_CAP_ID_PASID, _PASID, "PASIDCtl"),
    capability(r"L1 PM Substates", pci_regs.PCI_EXT_CAP_ID_L1SS, _L1SS, "L1SubCtl1"),
    capability(r"Precision Time Measurement", pci_regs.PCI_EXT_CAP_ID_PTM, _PTM),
    capability(r"Designated Vendor-Specific:", pci_regs.PCI_EXT_CAP_ID_DVSEC, _DESIGNATED),
    capability(r"Data Link Feature", pci_regs.PCI_EXT_CAP_ID_DLF),
    capability(r"Physical Layer 16\.0 GT/s", pci_regs.PCI_EXT_CAP_ID_PL_16GT),
    capability(r"Data Object Exchange", pci_regs.PCI_EXT_CAP_ID_DOE),
    # Without a name in pci_regs.py: the IDs are those of the PCI code and ID assignment specification.
    capability(r"LN Requester", 0x1C),
    capability(r"PCI Express over M_PHY", 0x20),
    capability(r"FRS Queueing", 0x21),
    capability(r"Readiness Time Reporting", 0x22),
    capability(r"Virtual Resizable BAR", 0x24),
    capability(r"Lane Margining at the Receiver", 0x27),
    capability(r"Hierarchy ID", 0x28),
    capability(r"Native PCIe Enclosure Management", 0x29),
    capability(r"Physical Layer 32\.0 GT/s", 0x2A),
    capability(r"Integrity & Data Encryption", 0x30),
    capability(r"Physical Layer 64\.0 GT/s", 0x31),
    capability(r"Flit Logging", 0x32),
    capability(r"Device 3", 0x2F),
    VIRTUAL_CHANNEL,
    capability(r"Null", 0),
)
