# SPDX-License-Identifier: GPL-2.0-only
"""What lspci -vv prints, and which bits of which registers that states: the header's lines, and each capability's.

A capability's table has a row for each word that begins a line of it; "" is the line with the capability's name. Names
of flags are lspci's of any version since 3.0, and behind = the field's in fields.py, if it is another, or its mask if
it has no name there. What is printed of a power limit, a time or a threshold may stand for several values: it is left
out. So is what some version prints wrong: RootCap, PMEStatus-, L1_PM_Substates, the status of a virtual
channel.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .. import pci_regs
from .listing_rows import Lines, always, flags, number, power, words

_STATUS = "66MHz=66MHZ 66Mhz=66MHZ FastB2B=FAST_BACK ParErr=PARITY >TAbort=SIG_TARGET_ABORT <TAbort=REC_TARGET_ABORT "
_STATUS += "<MAbort=REC_MASTER_ABORT >SERR=SIG_SYSTEM_ERROR <SERR=SIG_SYSTEM_ERROR <PERR=DETECTED_PARITY "
_DEVSEL = {"fast": 0, "medium": 1, "slow": 2}

#: Lines of the header that are the same in all of them.
HEADER: Lines = {
    "Control": (
        flags("PCI_COMMAND", "I/O=IO Mem=MEMORY BusMaster=MASTER SpecCycle=SPECIAL MemWINV=INVALIDATE "
              "VGASnoop=VGA_PALETTE ParErr=PARITY Stepping=WAIT SERR FastB2B=FAST_BACK DisINTx=INTX_DISABLE"),
    ),
    "Status": (
        flags("PCI_STATUS", _STATUS + "INTx=INTERRUPT Cap=CAP_LIST UDF=0x40"),
        words("PCI_STATUS", "DEVSEL", r"DEVSEL=(\w+)", _DEVSEL),
    ),
    "Latency": (
        number("PCI_LATENCY_TIMER", "", r"^(\d+)"),
        number("PCI_CACHE_LINE_SIZE", "", r"Cache Line Size: (\d+) bytes", unit=4),
    ),
    # Of lspci -v, which has one line for the three above and names set bits only.
    "Flags": (
        words("PCI_STATUS", "DEVSEL", r"(\w+) devsel", _DEVSEL),
        number("PCI_LATENCY_TIMER", "", r", latency (\d+)"),
    ),
    "Interrupt": (words("PCI_INTERRUPT_PIN", "", r"^pin (.)", {"?": 0, "A": 1, "B": 2, "C": 3, "D": 4}),),
}  # fmt: skip
HEADER = {**HEADER, "Interrupts": HEADER["Interrupt"]}

#: What the flags of lspci -v are called -> register and bit. The line has all that are set.
BRIEF_FLAGS = {
    "bus master": ("PCI_COMMAND", "MASTER"), "VGA palette snoop": ("PCI_COMMAND", "VGA_PALETTE"),
    "stepping": ("PCI_COMMAND", "WAIT"), "fast Back2Back": ("PCI_COMMAND", "FAST_BACK"),
    "66MHz": ("PCI_STATUS", "66MHZ"), "user-definable features": ("PCI_STATUS", "0x40"),
}  # fmt: skip

#: Further lines of a bridge.
BRIDGE: Lines = {
    "Bus": (
        number("PCI_PRIMARY_BUS", "", r"primary=([0-9a-f]{2})\b", 16),
        number("PCI_SECONDARY_BUS", "", r"secondary=([0-9a-f]{2})\b", 16),
        number("PCI_SUBORDINATE_BUS", "", r"subordinate=([0-9a-f]{2})\b", 16),
        number("PCI_SEC_LATENCY_TIMER", "", r"sec-latency=(\d+)"),
    ),
    "Secondary status": (
        flags("PCI_SEC_STATUS", _STATUS),
        words("PCI_SEC_STATUS", "DEVSEL", r"DEVSEL=(\w+)", _DEVSEL),
    ),
    "BridgeCtl": (
        flags("PCI_BRIDGE_CONTROL", "Parity=PARITY SERR NoISA=ISA VGA VGA16=VGA_16BIT MAbort=MASTER_ABORT "
              ">Reset=BUS_RESET FastB2B=FAST_BACK PriDiscTmr=DISCARD SecDiscTmr=SEC_DISCARD "
              "DiscTmrStat=DISCARD_STATUS DiscTmrSERREn=DISCARD_SERR"),
    ),
}  # fmt: skip

#: Further lines of a CardBus bridge.
CARDBUS: Lines = {
    "Bus": (
        number("PCI_CB_PRIMARY_BUS", "", r"primary=([0-9a-f]{2})\b", 16),
        number("PCI_CB_CARD_BUS", "", r"secondary=([0-9a-f]{2})\b", 16),
        number("PCI_CB_SUBORDINATE_BUS", "", r"subordinate=([0-9a-f]{2})\b", 16),
        number((0x1B, 1), "", r"sec-latency=(\d+)"),
    ),
    "BridgeCtl": (
        flags("PCI_CB_BRIDGE_CONTROL", "Parity=PARITY SERR ISA VGA MAbort=MASTER_ABORT >Reset=BUS_RESET 16bInt=0x80 "
              "PostWrite=0x400"),
    ),
}  # fmt: skip


class Capability(NamedTuple):
    """A capability: what lspci calls it, and what it prints of it."""

    #: What is behind the offset.
    name: re.Pattern[str]
    id: int
    lines: Lines
    #: The last line that -vv prints of it in every function: without it, somebody cut the text here.
    last: str
    #: What begins the lines about one of several like things, before its number, and how far they are apart, bytes.
    element: str
    stride: int


def capability(
    name: str, id: int, lines: Lines | None = None, last: str = "", element: str = "", stride: int = 0
) -> Capability:
    """Make a row of the tables of capabilities; *name* is a regular expression."""
    return Capability(re.compile(name), id, lines or {}, last, element, stride)


_POWER: Lines = {
    "": (number("PCI_PM_PMC", "VER", r"version (\d)"),),
    "Flags": (
        flags("PCI_PM_PMC", "PMEClk=PME_CLOCK DSI D1 D2 PME.D0=PME_D0 PME.D1=PME_D1 PME.D2=PME_D2 PME.D3hot=PME_D3 "
              "PME.D3cold=PME_D3cold"),
        words("PCI_PM_PMC", "0x1c0", r"AuxCurrent=(\d+)mA",
              {"0": 0, "55": 1, "100": 2, "160": 3, "220": 4, "270": 5, "320": 6, "375": 7}),
    ),
    "Status": (
        flags("PCI_PM_CTRL", "NoSoftRst=NO_SOFT_RESET PME-Enable=PME_ENABLE PME=PME_STATUS"),
        number("PCI_PM_CTRL", "STATE", r"^D(\d)"),
        number("PCI_PM_CTRL", "0x1e00", r"DSel=(\d+)"),
        number("PCI_PM_CTRL", "0x6000", r"DScale=(\d+)"),
    ),
}  # fmt: skip

_AGP: Lines = {
    "Status": (
        flags((pci_regs.PCI_AGP_STATUS, 4), "Iso=0x10000 SBA=0x200 ITACoh=0x100 GART64=0x80 HTrans=0x40 64bit=0x20 "
              "FW=0x10 AGP3=0x8"),
        number((pci_regs.PCI_AGP_STATUS, 4), "0xff000000", r"RQ=(\d+)", less=1),
    ),
    "Command": (
        flags((pci_regs.PCI_AGP_COMMAND, 4), "SBA=0x200 AGP=0x100 GART64=0x80 64bit=0x20 FW=0x10"),
        number((pci_regs.PCI_AGP_COMMAND, 4), "0xff000000", r"RQ=(\d+)", less=1),
    ),
}  # fmt: skip


_MSI_FLAGS = (
    flags("PCI_MSI_FLAGS", "Enable=ENABLE Maskable=MASKBIT Mask=MASKBIT 64bit=64BIT"),
    power("PCI_MSI_FLAGS", "QSIZE", r"Count=(\d+)/"),
    power("PCI_MSI_FLAGS", "QMASK", r"Count=\d+/(\d+)"),
    number("PCI_MSI_FLAGS", "QSIZE", r"Queue=(\d)/"),
    number("PCI_MSI_FLAGS", "QMASK", r"Queue=\d/(\d)"),
)
_MSI_32: Lines = {
    "": _MSI_FLAGS,
    "Address": (
        number("PCI_MSI_ADDRESS_LO", "", r"^([0-9a-f]{8})\b", 16),
        number("PCI_MSI_DATA_32", "", r"Data: ([0-9a-f]{4})\b", 16),
    ),
    "Masking": (
        number("PCI_MSI_MASK_32", "", r"^([0-9a-f]{8})\b", 16),
        number("PCI_MSI_PENDING_32", "", r"Pending: ([0-9a-f]{8})\b", 16),
    ),
}
_MSI_64: Lines = {
    "": _MSI_FLAGS,
    "Address": (
        number("PCI_MSI_ADDRESS_HI", "", r"^([0-9a-f]{8})[0-9a-f]{8}\b", 16),
        number("PCI_MSI_ADDRESS_LO", "", r"^[0-9a-f]{8}([0-9a-f]{8})\b", 16),
        number("PCI_MSI_DATA_64", "", r"Data: ([0-9a-f]{4})\b", 16),
    ),
    "Masking": (
        number("PCI_MSI_MASK_64", "", r"^([0-9a-f]{8})\b", 16),
        number("PCI_MSI_PENDING_64", "", r"Pending: ([0-9a-f]{8})\b", 16),
    ),
}
_MSIX: Lines = {
    "": (
        flags("PCI_MSIX_FLAGS", "Enable=ENABLE Masked=MASKALL Mask=MASKALL"),
        number("PCI_MSIX_FLAGS", "QSIZE", r"Count=(\d+)", less=1),
        number("PCI_MSIX_FLAGS", "QSIZE", r"TabSize=(\d+)", less=1),
    ),
    "Vector table": (
        number("PCI_MSIX_TABLE", "BIR", r"BAR=(\d)"),
        number("PCI_MSIX_TABLE", "OFFSET", r"offset=([0-9a-f]{8})\b", 16, unit=8),
    ),
    "PBA": (
        number("PCI_MSIX_PBA", "BIR", r"BAR=(\d)"),
        number("PCI_MSIX_PBA", "OFFSET", r"offset=([0-9a-f]{8})\b", 16, unit=8),
    ),
}

_SPLITS = {"1": 0, "2": 1, "3": 2, "4": 3, "8": 4, "12": 5, "16": 6, "32": 7}
_PCIX_PLACE = (
    number("PCI_X_STATUS", "BUS", r"Dev=([0-9a-f]{2}):", 16),
    number("PCI_X_STATUS", "0xf8", r"Dev=[0-9a-f]{2}:([0-9a-f]{2})", 16),
    number("PCI_X_STATUS", "0x7", r"Dev=[0-9a-f]{2}:[0-9a-f]{2}\.(\d)"),
)
_PCIX: Lines = {
    "Command": (
        flags("PCI_X_CMD", "DPERE=DPERR_E ERO"),
        power("PCI_X_CMD", "MAX_READ", r"RBC=(\d+)", 512),
        words("PCI_X_CMD", "MAX_SPLIT", r"OST=(\d+)", _SPLITS),
    ),
    "Status": (
        *_PCIX_PLACE,
        flags("PCI_X_STATUS", "64bit=0x10000 133MHz=0x20000 SCD=0x40000 USC=0x80000 RSCEM=0x20000000 266MHz=266MHZ "
              "533MHz=533MHZ"),
        words("PCI_X_STATUS", "0x100000", r"DC=(\w+)", {"simple": 0, "bridge": 1}),
        power("PCI_X_STATUS", "MAX_READ", r"DMMRBC=(\d+)", 512),
        words("PCI_X_STATUS", "0x3800000", r"DMOST=(\d+)", _SPLITS),
        power("PCI_X_STATUS", "0x1c000000", r"DMCRS=(\d+)", 8),
    ),
}  # fmt: skip
_PCIX_BRIDGE: Lines = {
    "Secondary Status": (
        flags((pci_regs.PCI_X_BRIDGE_SSTATUS, 2), "64bit=0x1 133MHz=0x2 SCD=0x4 USC=0x8 SCO=0x10 SRD=0x20"),
        words((pci_regs.PCI_X_BRIDGE_SSTATUS, 2), "0x1c0", r"Freq=(\w+)",
              {"conv": 0, "66MHz": 1, "100MHz": 2, "133MHz": 3}),
    ),
    "Status": (
        *_PCIX_PLACE,
        flags("PCI_X_STATUS", "64bit=0x10000 133MHz=0x20000 SCD=0x40000 USC=0x80000 SCO=0x100000 SRD=0x200000"),
    ),
    "Upstream": (
        number((0x08, 4), "0xffff", r"Capacity=(\d+)"),
        number((0x08, 4), "0xffff0000", r"CommitmentLimit=(\d+)"),
    ),
    "Downstream": (
        number((0x0C, 4), "0xffff", r"Capacity=(\d+)"),
        number((0x0C, 4), "0xffff0000", r"CommitmentLimit=(\d+)"),
    ),
}  # fmt: skip

_AF: Lines = {
    "AFCap": (flags("PCI_AF_CAP", "TP FLR"),),
    "AFCtrl": (flags("PCI_AF_CTRL", "FLR"),),
    "AFStatus": (flags("PCI_AF_STATUS", "TP"),),
}

_SSVID: Lines = {
    "": (
        number((pci_regs.PCI_SSVID_VENDOR_ID, 2), "", r"(?:\[|Subsystem: (?:Device )?)([0-9a-f]{4}):[0-9a-f]{4}\b", 16),
        number((pci_regs.PCI_SSVID_DEVICE_ID, 2), "", r"(?:\[|Subsystem: (?:Device )?)[0-9a-f]{4}:([0-9a-f]{4})\b", 16),
        number((pci_regs.PCI_SSVID_DEVICE_ID, 2), "", r" Device ([0-9a-f]{4})$", 16),
    ),
}

_L0S = {"<64ns": 0, "<128ns": 1, "<256ns": 2, "<512ns": 3, "<1us": 4, "<2us": 5, "<4us": 6, "unlimited": 7}
_L1 = {"<1us": 0, "<2us": 1, "<4us": 2, "<8us": 3, "<16us": 4, "<32us": 5, "<64us": 6, "unlimited": 7}
_SPEED = {"2.5GT/s": 1, "5GT/s": 2, "8GT/s": 3, "16GT/s": 4, "32GT/s": 5, "64GT/s": 6}
_ASPM = {"not supported": 0, "L0s": 1, "L1": 2, "L0s L1": 3}
_INDICATOR = {"Unknown": 0, "On": 1, "Blink": 2, "Off": 3}
_RANGE = {"Not Supported": 0, "Range A": 1, "Range B": 2, "Range AB": 3, "Range BC": 6, "Range ABC": 7,
          "Range BCD": 14, "Range ABCD": 15}  # fmt: skip
_TIMEOUT = {"50us to 50ms": 0, "50us to 100us": 1, "1ms to 10ms": 2, "16ms to 55ms": 5, "65ms to 210ms": 6,
            "260ms to 900ms": 9, "1s to 3.5s": 10, "4s to 13s": 13, "17s to 64s": 14}  # fmt: skip
_PORT_TYPES = {
    "Endpoint": pci_regs.PCI_EXP_TYPE_ENDPOINT, "Legacy Endpoint": pci_regs.PCI_EXP_TYPE_LEG_END,
    "Root Port": pci_regs.PCI_EXP_TYPE_ROOT_PORT, "Upstream Port": pci_regs.PCI_EXP_TYPE_UPSTREAM,
    "Downstream Port": pci_regs.PCI_EXP_TYPE_DOWNSTREAM,
    "PCI-Express to PCI/PCI-X Bridge": pci_regs.PCI_EXP_TYPE_PCI_BRIDGE,
    "PCI/PCI-X Bridge": pci_regs.PCI_EXP_TYPE_PCI_BRIDGE,
    "PCI/PCI-X to PCI-Express Bridge": pci_regs.PCI_EXP_TYPE_PCIE_BRIDGE,
    "Root Complex Integrated Endpoint": pci_regs.PCI_EXP_TYPE_RC_END,
    "Root Complex Event Collector": pci_regs.PCI_EXP_TYPE_RC_EC,
}  # fmt: skip
_DEVICE_ERRORS = "CorrErr={0} Correctable={0} NonFatalErr={1} Non-Fatal={1} UncorrErr={1} FatalErr={2} Fatal={2} "
_DEVICE_ERRORS += "UnsupReq={3} UnsuppReq={3} Unsupported={3} "
_EXPRESS: Lines = {
    "": (
        number("PCI_EXP_FLAGS", "VERS", r"\(v(\d+)\)"),
        words("PCI_EXP_FLAGS", "TYPE", r"^Express (?:\(v\d+\) )?(.*?)(?: \(Slot[+-]\))?(?:,| IRQ|$)", _PORT_TYPES),
        flags("PCI_EXP_FLAGS", "Slot=SLOT"),
        number("PCI_EXP_FLAGS", "IRQ", r", MSI ([0-9a-f]{2})\b", 16),
        number("PCI_EXP_FLAGS", "IRQ", r", IntMsgNum (\d+)"),
    ),
    "DevCap": (
        flags("PCI_EXP_DEVCAP", "ExtTag=EXT_TAG AttnBtn=ATN_BUT AttnInd=ATN_IND PwrInd=PWR_IND RBE=RBER FLReset=FLR "
              "TEE-IO=0x40000000"),
        power("PCI_EXP_DEVCAP", "PAYLOAD", r"MaxPayload (\d+) bytes", 128),
        words("PCI_EXP_DEVCAP", "PHANTOM", r"PhantFunc (\d)", {"0": 0, "1": 1, "3": 2, "7": 3}),
        words("PCI_EXP_DEVCAP", "L0S", r"Latency L0s ([^\s,]+)", _L0S),
        words("PCI_EXP_DEVCAP", "L1", r"Latency L0s [^\s,]+, L1 ([^\s,]+)", _L1),
    ),
    "DevCtl": (
        flags("PCI_EXP_DEVCTL", _DEVICE_ERRORS.format("CERE", "NFERE", "FERE", "URRE") + "RlxdOrd=RELAX_EN "
              "ExtTag=EXT_TAG PhantFunc=PHANTOM AuxPwr=AUX_PME NoSnoop=NOSNOOP_EN BrConfRtry=BCR_FLR FLReset=BCR_FLR"),
        power("PCI_EXP_DEVCTL", "PAYLOAD", r"MaxPayload (\d+) bytes", 128),
        power("PCI_EXP_DEVCTL", "READRQ", r"MaxReadReq (\d+) bytes", 128),
    ),
    "DevSta": (
        flags("PCI_EXP_DEVSTA", _DEVICE_ERRORS.format("CED", "NFED", "FED", "URD") + "AuxPwr=AUXPD TransPend=TRPND"),
    ),
    "LnkCap": (
        number("PCI_EXP_LNKCAP", "PN", r"Port #(\d+)"),
        words("PCI_EXP_LNKCAP", "SLS", r"Speed ([^\s,]+)", _SPEED),
        number("PCI_EXP_LNKCAP", "MLW", r"Width x(\d+)"),
        words("PCI_EXP_LNKCAP", "ASPMS", r"ASPM (.*?)(?:,|\s+ClockPM|$)", _ASPM),
        words("PCI_EXP_LNKCAP", "L0SEL", r"Latency L0s? ([^\s,]+)", _L0S),
        words("PCI_EXP_LNKCAP", "L1EL", r"Latency (?:L0s? [^\s,]+, )?L1 ([^\s,]+)", _L1),
        flags("PCI_EXP_LNKCAP", "ClockPM=CLKPM Surprise=SDERC Suprise=SDERC LLActRep=DLLLARC BwNot=LBNC "
              "ASPMOptComp=0x400000"),
    ),
    "LnkCtl": (
        words("PCI_EXP_LNKCTL", "0x3", r"ASPM (.*?);",
              {"Disabled": 0, "L0s Enabled": 1, "L1 Enabled": 2, "L0s L1 Enabled": 3}),
        words("PCI_EXP_LNKCTL", "RCB", r"RCB (\d+) bytes", {"64": 0, "128": 1}),
        flags("PCI_EXP_LNKCTL", "Disabled=LD LnkDisable=LD CommClk=CCC ExtSynch=ES ClockPM=CLKREQ_EN AutWidDis=HAWD "
              "BWInt=LBMIE AutBWInt=LABIE FltModeDis=0x2000"),
    ),
    "LnkSta": (
        words("PCI_EXP_LNKSTA", "CLS", r"Speed ([^\s,]+)", _SPEED),
        number("PCI_EXP_LNKSTA", "NLW", r"Width x(\d+)"),
        flags("PCI_EXP_LNKSTA", "TrErr=0x400 Train=LT SlotClk=SLC DLActive=DLLLA BWMgmt=LBMS ABWMgmt=LABS"),
    ),
    "SltCap": (
        flags("PCI_EXP_SLTCAP", "AttnBtn=ABP PwrCtrl=PCP MRL=MRLSP AttnInd=AIP PwrInd=PIP HotPlug=HPC Surprise=HPS "
              "Interlock=EIP NoCompl=NCCS"),
        number("PCI_EXP_SLTCAP", "PSN", r"Slot #(\d+)"),
    ),
    "SltCtl": (
        flags("PCI_EXP_SLTCTL", "AttnBtn=ABPE PwrFlt=PFDE MRL=MRLSCE PresDet=PDCE CmdCplt=CCIE HPIrq=HPIE "
              "LinkChg=DLLSCE"),
    ),
    "Control": (
        flags("PCI_EXP_SLTCTL", "Power=PCC Interlock=EIC"),
        words("PCI_EXP_SLTCTL", "AIC", r"AttnInd (\w+)", _INDICATOR),
        words("PCI_EXP_SLTCTL", "PIC", r"PwrInd (\w+)", _INDICATOR),
    ),
    "SltSta": (
        flags("PCI_EXP_SLTSTA", "AttnBtn=ABP PowerFlt=PFD MRL=MRLSS CmdCplt=CC PresDet=PDS Interlock=EIS"),
    ),
    "Changed": (flags("PCI_EXP_SLTSTA", "MRL=MRLSC PresDet=PDC LinkState=DLLSC"),),
    "RootCtl": (
        flags("PCI_EXP_RTCTL", "ErrCorrectable=SECEE ErrNon-Fatal=SENFEE ErrFatal=SEFEE PMEIntEna=PMEIE "
              "CRSVisible=CRSSVE"),
    ),
    "RootSta": (
        number("PCI_EXP_RTSTA", "REQUESTER", r"PME ReqID ([0-9a-f]{4})\b", 16),
        words("PCI_EXP_RTSTA", "PME", r"PMEStatus(\+)", {"+": 1}),
        words("PCI_EXP_RTSTA", "PENDING", r"PMEPending(\+)", {"+": 1}),
    ),
    "DevCap2": (
        words("PCI_EXP_DEVCAP2", "COMP_TIMEOUT", r"Completion Timeout: (Not Supported|Range \w+)", _RANGE),
        flags("PCI_EXP_DEVCAP2", "TimeoutDis=COMP_TMOUT_DIS ARIFwd=ARI NROPrPrP=0x400 LTR 10BitTagComp=0x10000 "
              "10BitTagReq=0x20000 ExtFmt=0x100000 EETLPPrefix=0x200000 EmergencyPowerReductionInit=0x4000000 "
              "FRS=0x80000000"),
        words("PCI_EXP_DEVCAP2", "0xc0000", r"OBFF (Not Supported|Via [\w/#]+)",
              {"Not Supported": 0, "Via message": 1, "Via WAKE#": 2, "Via message/WAKE#": 3}),
    ),
    "AtomicOpsCap": (flags("PCI_EXP_DEVCAP2", "Routing=0x40 32bit=0x80 64bit=0x100 128bitCAS=0x200"),),
    "DevCtl2": (
        words("PCI_EXP_DEVCTL2", "COMP_TIMEOUT", r"Completion Timeout: (\w+ to [\w.]+)", _TIMEOUT),
        flags("PCI_EXP_DEVCTL2", "TimeoutDis=COMP_TMOUT_DIS ARIFwd=ARI IDOReq=IDO_REQ_EN IDOCompl=IDO_CMP_EN "
              "LTR=LTR_EN EmergencyPowerReductionReq=0x800 10BitTagReq=0x1000 EETLPPrefixBlk=0x8000"),
        words("PCI_EXP_DEVCTL2", "OBFF_EN", r"OBFF (Disabled|Via message [AB]|Via WAKE#)",
              {"Disabled": 0, "Via message A": 1, "Via message B": 2, "Via WAKE#": 3}),
    ),
    "AtomicOpsCtl": (flags("PCI_EXP_DEVCTL2", "ReqEn=ATOMIC_REQ EgressBlck=ATOMIC_EGRESS_BLOCK"),),
    "LnkCap2": (
        # Only that it has the highest speed is printed.
        *(words("PCI_EXP_LNKCAP2", f"{1 << speed:#x}", r"Speeds: 2\.5-(\w+)GT/s", {rate: 1})
          for speed, rate in enumerate(("5", "8", "16", "32", "64"), 2)),
        flags("PCI_EXP_LNKCAP2", "Crosslink=0x100 Retimer=0x800000 2Retimers=0x1000000 DRS=0x80000000"),
    ),
    "LnkCtl2": (
        words("PCI_EXP_LNKCTL2", "TLS", r"Target Link Speed: ([^\s,]+)",
              {rate: code for rate, code in _SPEED.items() if code != 1}),  # 2.5GT/s is printed of 0, too
        flags("PCI_EXP_LNKCTL2", "EnterCompliance=ENTER_COMP SpeedDis=HASD EnterModifiedCompliance=0x400 "
              "ComplianceSOS=0x800"),
        words("PCI_EXP_LNKCTL2", "DEEMPHASIS", r"Selectable De-emphasis: (\S+dB)", {"-6dB": 0, "-3.5dB": 1}),
        words("PCI_EXP_LNKCTL2", "TX_MARGIN", r"Transmit Margin: ([^,]+)", {"Normal Operating Range": 0}),
    ),
    "LnkSta2": (
        words("PCI_EXP_LNKSTA2", "0x1", r"Current De-emphasis Level: (\S+?dB)", {"-6dB": 0, "-3.5dB": 1}),
        flags("PCI_EXP_LNKSTA2", "EqualizationComplete=0x2 EqualizationPhase1=0x4 EqualizationPhase2=0x8 "
              "EqualizationPhase3=0x10 LinkEqualizationRequest=0x20 Retimer=0x40 2Retimers=0x80"),
    ),
}  # fmt: skip
#: Only endpoints have FLR and a word for it: in all others, the bit is 0 by specification (PCIe 7.8.3).
_EXPRESS_WITHOUT_FLR: Lines = {**_EXPRESS, "": (*_EXPRESS[""], always("PCI_EXP_DEVCAP", "FLR", 0))}

#: Capabilities of PCI. The first whose name fits counts.
CAPABILITIES = (
    capability(r"Power Management version", pci_regs.PCI_CAP_ID_PM, _POWER, "Status"),
    capability(r"AGP version", pci_regs.PCI_CAP_ID_AGP, _AGP, "Command"),
    capability(r"Vital Product Data", pci_regs.PCI_CAP_ID_VPD),
    capability(r"Slot ID:", pci_regs.PCI_CAP_ID_SLOTID),
    capability(r"(?:MSI|Message Signalled Interrupts): .*64bit\+", pci_regs.PCI_CAP_ID_MSI, _MSI_64, "Address"),
    capability(r"(?:MSI|Message Signalled Interrupts): .*64bit-", pci_regs.PCI_CAP_ID_MSI, _MSI_32, "Address"),
    capability(r"CompactPCI hot-swap", pci_regs.PCI_CAP_ID_CHSWP),
    capability(r"PCI-X non-bridge device", pci_regs.PCI_CAP_ID_PCIX, _PCIX, "Status"),
    capability(r"PCI-X bridge device", pci_regs.PCI_CAP_ID_PCIX, _PCIX_BRIDGE, "Downstream"),
    capability(r"HyperTransport:", pci_regs.PCI_CAP_ID_HT),
    capability(r"Vendor Specific Information", pci_regs.PCI_CAP_ID_VNDR, {
        "": (number((2, 1), "", r"Len=([0-9a-f]{2})\b", 16),),
    }),
    capability(r"Debug port", pci_regs.PCI_CAP_ID_DBG, {
        "": (number((2, 2), "0xe000", r"BAR=(\d)"), number((2, 2), "0x1fff", r"offset=([0-9a-f]{4})\b", 16)),
    }),
    capability(r"CompactPCI central resource control", pci_regs.PCI_CAP_ID_CCRC),
    capability(r"Hot-plug capable", pci_regs.PCI_CAP_ID_SHPC),
    capability(r"Subsystem:", pci_regs.PCI_CAP_ID_SSVID, _SSVID),
    capability(r"AGP3", pci_regs.PCI_CAP_ID_AGP3),
    capability(r"Secure device", pci_regs.PCI_CAP_ID_SECDEV),
    capability(r"Express .*(?:Port|Bridge|Event Collector)", pci_regs.PCI_CAP_ID_EXP, _EXPRESS_WITHOUT_FLR, "DevSta"),
    capability(r"Express ", pci_regs.PCI_CAP_ID_EXP, _EXPRESS, "DevSta"),
    capability(r"MSI-X:", pci_regs.PCI_CAP_ID_MSIX, _MSIX, "PBA"),
    capability(r"SATA HBA", pci_regs.PCI_CAP_ID_SATA),
    capability(r"PCI Advanced Features|PCIe advanced features", pci_regs.PCI_CAP_ID_AF, _AF, "AFStatus"),
    capability(r"Enhanced Allocation", pci_regs.PCI_CAP_ID_EA),
    capability(r"Null", 0),
)  # fmt: skip
