# SPDX-License-Identifier: GPL-2.0-only
"""What the specifications call registers and bits, in full, and what locks are for. What is not here keeps its name."""

from __future__ import annotations

#: Registers whose names in pci_regs.py are abbreviations.
REGISTERS = {
    "PCI_CLASS_PROG": "Programming Interface", "PCI_CLASS_DEVICE": "Class Code", "PCI_BIST": "BIST",
    "PCI_ROM_ADDRESS": "Expansion ROM Base Address", "PCI_ROM_ADDRESS1": "Expansion ROM Base Address",
    "PCI_CAPABILITY_LIST": "Capabilities Pointer", "PCI_CARDBUS_CIS": "CardBus CIS Pointer",
    "PCI_SEC_LATENCY_TIMER": "Secondary Latency Timer", "PCI_SEC_STATUS": "Secondary Status",
    "PCI_CAP_LIST_ID": "Capability ID", "PCI_CAP_LIST_NEXT": "Next Capability Pointer",
    "PCI_PM_PMC": "Power Management Capabilities", "PCI_PM_CTRL": "Power Management Control/Status",
    "PCI_VPD_ADDR": "VPD Address", "PCI_VPD_DATA": "VPD Data", "PCI_X_CMD": "PCI-X Command",
    "PCI_X_STATUS": "PCI-X Status", "PCI_EXP_FLAGS": "PCI Express Capabilities",
    "PCI_EXP_DEVCAP": "Device Capabilities", "PCI_EXP_DEVCTL": "Device Control", "PCI_EXP_DEVSTA": "Device Status",
    "PCI_EXP_LNKCAP": "Link Capabilities", "PCI_EXP_LNKCTL": "Link Control", "PCI_EXP_LNKSTA": "Link Status",
    "PCI_EXP_SLTCAP": "Slot Capabilities", "PCI_EXP_SLTCTL": "Slot Control", "PCI_EXP_SLTSTA": "Slot Status",
    "PCI_EXP_RTCTL": "Root Control", "PCI_EXP_RTCAP": "Root Capabilities", "PCI_EXP_RTSTA": "Root Status",
    "PCI_EXP_DEVCAP2": "Device Capabilities 2", "PCI_EXP_DEVCTL2": "Device Control 2",
    "PCI_EXP_DEVSTA2": "Device Status 2", "PCI_EXP_LNKCAP2": "Link Capabilities 2",
    "PCI_EXP_LNKCTL2": "Link Control 2", "PCI_EXP_LNKSTA2": "Link Status 2",
    "PCI_EXP_SLTCAP2": "Slot Capabilities 2", "PCI_EXP_SLTCTL2": "Slot Control 2",
    "PCI_EXP_SLTSTA2": "Slot Status 2", "PCI_AF_CAP": "AF Capabilities", "PCI_AF_CTRL": "AF Control",
    "PCI_AF_STATUS": "AF Status", "PCI_MSI_FLAGS": "MSI Message Control", "PCI_MSIX_FLAGS": "MSI-X Message Control",
    "PCI_MSIX_PBA": "MSI-X Pending Bit Array", "PCI_MSIX_TABLE": "MSI-X Table",
    "PCI_SRIOV_CTRL": "SR-IOV Control", "PCI_ACS_CTRL": "ACS Control", "PCI_ARI_CTRL": "ARI Control",
    "PCI_ATS_CTRL": "ATS Control", "PCI_ERR_UNCOR_STATUS": "Uncorrectable Error Status",
    "PCI_ERR_UNCOR_MASK": "Uncorrectable Error Mask", "PCI_ERR_UNCOR_SEVER": "Uncorrectable Error Severity",
    "PCI_ERR_COR_STATUS": "Correctable Error Status", "PCI_ERR_COR_MASK": "Correctable Error Mask",
    "PCI_EXT_CAP_HEADER": "Extended Capability Header", "PCI_EXP_DPC_CTL": "DPC Control",
    "PCI_EXP_DPC_STATUS": "DPC Status",
}  # fmt: skip

#: Fields by their names in pci_regs.py.
FIELDS = {
    "PCI_COMMAND_IO": "I/O Space Enable", "PCI_COMMAND_MEMORY": "Memory Space Enable",
    "PCI_COMMAND_MASTER": "Bus Master Enable", "PCI_COMMAND_PARITY": "Parity Error Response",
    "PCI_COMMAND_SERR": "SERR# Enable", "PCI_COMMAND_INTX_DISABLE": "Interrupt Disable",
    "PCI_STATUS_INTERRUPT": "Interrupt Status", "PCI_STATUS_CAP_LIST": "Capabilities List",
    "PCI_BRIDGE_CTL_PARITY": "Parity Error Response", "PCI_BRIDGE_CTL_SERR": "SERR# Enable",
    "PCI_BRIDGE_CTL_BUS_RESET": "Secondary Bus Reset", "PCI_BRIDGE_CTL_MASTER_ABORT": "Master-Abort Mode",
    "PCI_PM_CTRL_STATE_MASK": "Power State", "PCI_PM_CTRL_NO_SOFT_RESET": "No Soft Reset",
    "PCI_PM_CTRL_PME_ENABLE": "PME Enable", "PCI_PM_CTRL_PME_STATUS": "PME Status",
    "PCI_EXP_DEVCTL_CERE": "Correctable Error Reporting Enable",
    "PCI_EXP_DEVCTL_NFERE": "Non-Fatal Error Reporting Enable", "PCI_EXP_DEVCTL_FERE": "Fatal Error Reporting Enable",
    "PCI_EXP_DEVCTL_URRE": "Unsupported Request Reporting Enable", "PCI_EXP_DEVCTL_RELAX_EN": "Relaxed Ordering",
    "PCI_EXP_DEVCTL_PAYLOAD": "Max Payload Size", "PCI_EXP_DEVCTL_READRQ": "Max Read Request Size",
    "PCI_EXP_DEVCTL_NOSNOOP_EN": "No Snoop", "PCI_EXP_DEVCTL_BCR_FLR": "Initiate Function Level Reset",
    "PCI_EXP_DEVSTA_CED": "Correctable Error Detected", "PCI_EXP_DEVSTA_NFED": "Non-Fatal Error Detected",
    "PCI_EXP_DEVSTA_FED": "Fatal Error Detected", "PCI_EXP_DEVSTA_URD": "Unsupported Request Detected",
    "PCI_EXP_DEVSTA_TRPND": "Transactions Pending", "PCI_EXP_LNKCTL_LD": "Link Disable",
    "PCI_EXP_LNKCTL_RL": "Retrain Link", "PCI_EXP_LNKCTL_CCC": "Common Clock Configuration",
    "PCI_EXP_LNKCTL_ES": "Extended Synch", "PCI_EXP_LNKCTL_ASPMC": "ASPM Control",
    "PCI_EXP_LNKSTA_CLS": "Current Link Speed",
    "PCI_EXP_LNKSTA_NLW": "Negotiated Link Width", "PCI_EXP_LNKSTA_LT": "Link Training",
    "PCI_EXP_LNKSTA_SLC": "Slot Clock Configuration", "PCI_EXP_LNKSTA_DLLLA": "Data Link Layer Link Active",
    "PCI_EXP_LNKSTA_LBMS": "Link Bandwidth Management Status", "PCI_EXP_SLTCTL_ABPE": "Attention Button Pressed Enable",
    "PCI_EXP_SLTCTL_PFDE": "Power Fault Detected Enable", "PCI_EXP_SLTCTL_MRLSCE": "MRL Sensor Changed Enable",
    "PCI_EXP_SLTCTL_PDCE": "Presence Detect Changed Enable",
    "PCI_EXP_SLTCTL_CCIE": "Command Completed Interrupt Enable", "PCI_EXP_SLTCTL_HPIE": "Hot-Plug Interrupt Enable",
    "PCI_EXP_SLTCTL_AIC": "Attention Indicator", "PCI_EXP_SLTCTL_PIC": "Power Indicator",
    "PCI_EXP_SLTCTL_PCC": "Power Controller Control", "PCI_EXP_SLTCTL_EIC": "Electromechanical Interlock Control",
    "PCI_EXP_SLTCTL_DLLSCE": "Data Link Layer State Changed Enable",
    "PCI_EXP_SLTSTA_ABP": "Attention Button Pressed", "PCI_EXP_SLTSTA_PFD": "Power Fault Detected",
    "PCI_EXP_SLTSTA_MRLSC": "MRL Sensor Changed", "PCI_EXP_SLTSTA_PDC": "Presence Detect Changed",
    "PCI_EXP_SLTSTA_CC": "Command Completed", "PCI_EXP_SLTSTA_MRLSS": "MRL Sensor State",
    "PCI_EXP_SLTSTA_PDS": "Presence Detect State", "PCI_EXP_SLTSTA_DLLSC": "Data Link Layer State Changed",
    "PCI_EXP_RTSTA_PME": "PME Status", "PCI_MSI_FLAGS_ENABLE": "MSI Enable", "PCI_MSIX_FLAGS_ENABLE": "MSI-X Enable",
    "PCI_MSIX_FLAGS_MASKALL": "Function Mask", "PCI_AF_CTRL_FLR": "Initiate Function Level Reset",
    "PCI_AF_STATUS_TP": "Transactions Pending",
}  # fmt: skip

#: What follows from a bit: (set, cleared).
MEANING = {
    "PCI_BRIDGE_CTL_BUS_RESET": ("everything below is gone", "what is below comes out of reset"),
    "PCI_COMMAND_INTX_DISABLE": ("it can raise no INTx interrupt", "it may raise INTx interrupts"),
    "PCI_COMMAND_MASTER": ("it may use memory by itself", "it can no longer use memory by itself"),
    "PCI_EXP_DEVCTL_BCR_FLR": ("the function resets itself", ""), "PCI_AF_CTRL_FLR": ("the function resets itself", ""),
    "PCI_EXP_LNKCTL_LD": ("", "the link may train"),
    "PCI_EXP_LNKCTL_RL": ("the link trains again", ""),
    "PCI_EXP_SLTCTL_PDCE": ("a card that comes or goes interrupts", "a card that comes or goes interrupts no more"),
    "PCI_EXP_SLTCTL_DLLSCE": ("a link that comes or goes interrupts", "a link that comes or goes interrupts no more"),
    "PCI_EXP_SLTCTL_HPIE": ("the slot may interrupt", "the slot interrupts no more"),
    "PCI_EXP_SLTCTL_PCC": ("its power is off", "its power is on"),
}  # fmt: skip

#: Locks by their kinds: what taking one does.
LOCKS = {
    "cfg": "locks configuration access of {of}: users' reads and writes have to wait",
    "device": "takes the device lock of {of}: no driver is bound or unbound meanwhile",
    "ctrl": "takes the command lock of the slot of {of}: one command at a time",
    "slot": "takes the lock of the state of the slot of {of}",
    "hotplug": "takes the hot-plug lock of the slot of {of}: no card is added, removed or reset meanwhile",
    "workqueue": "takes up a work item of {of}",
    "pci_bus_sem": "takes pci_bus_sem, which guards the lists of devices",
}

#: What the hardware does by itself.
HARDWARE = {
    "link down": "the link below {of} goes down: nothing below it can be reached",
    "link up": "the link below {of} is up again",
    "presence off": "the slot of {of} shows no card any more",
    "presence on": "the slot of {of} shows a card",
    "card pulled": "somebody pulls the card out of the slot of {of}",
    "card put in": "somebody puts a card into the slot of {of}",
    "ready": "{of} answers again",
    "power on reset": "{of} loses power: all its registers have their defaults",
    "hot reset": "{of} is reset by its bus: its registers have their defaults",
    "function level reset": "{of} resets itself: its registers have their defaults",
    "soft reset": "{of} wakes up from D3hot, reset: its registers have their defaults",
    "soft reset ignored": "{of} wakes up from D3hot and, unlike what it claims, is not reset",
    "function level reset ignored": "{of} is told to reset itself and does nothing",
    "request retried": "{of} is not ready and asks to be asked again",
}

#: The same as a consequence of what was just written.
CONSEQUENCES = {
    "link down": "the link goes down",
    "link up": "the link comes up",
    "presence off": "the slot shows no card",
    "presence on": "the slot shows a card",
    "soft reset": "waking up resets it",
    "soft reset ignored": "waking up should reset it, and does not",
    "function level reset ignored": "the function does nothing",
}

#: Other acts of the kernel.
ACTS = {
    "get_module": "takes a reference to module {0}, which cannot be unloaded now",
    "put_module": "drops its reference to module {0}",
    "get_module_failed": "gets no reference to module {0}, which is going away",
    "add_timer": "starts the poll timer of {0}, for {1} ms from now",
    "del_timer": "stops the poll timer of {0}",
    "remove_device": "removes {0}: the kernel forgets it",
    "scan_slot": "looks for functions on bus {0}, device {1}",
    "already_there": "finds that {0} is there already, and adds nothing",
}
