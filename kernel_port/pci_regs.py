# SPDX-License-Identifier: GPL-2.0-only
"""Configuration space registers: the names of include/uapi/linux/pci_regs.h (Linux 3.11), in the header's order.

A register is an offset in bytes, from the start of configuration space or of its capability. The names of its fields
begin with the name of the register and are masks, values of a field, or shifts where they say so. The compiler compares
each value with <linux/pci_regs.h> (c_shims/pci_regs.cdef.h). A mask that the C writes as ~x is ~x here, of any width.
"""

# Standard header, both types
PCI_STD_HEADER_SIZEOF = 64  # the part every function has
PCI_VENDOR_ID = 0x00
PCI_DEVICE_ID = 0x02
PCI_COMMAND = 0x04
PCI_COMMAND_IO = 0x1  #  answer I/O cycles
PCI_COMMAND_MEMORY = 0x2  #  answer memory cycles
PCI_COMMAND_MASTER = 0x4  #  may start cycles of its own: DMA, MSI
PCI_COMMAND_SPECIAL = 0x8  #  listen to special cycles
PCI_COMMAND_INVALIDATE = 0x10  #  may use memory write and invalidate
PCI_COMMAND_VGA_PALETTE = 0x20  #  snoop palette writes
PCI_COMMAND_PARITY = 0x40  #  respond to parity errors
PCI_COMMAND_WAIT = 0x80  #  address/data stepping
PCI_COMMAND_SERR = 0x100  #  may assert SERR#
PCI_COMMAND_FAST_BACK = 0x200  #  may do fast back-to-back cycles
PCI_COMMAND_INTX_DISABLE = 0x400  #  keep INTx silent
PCI_STATUS = 0x06
PCI_STATUS_INTERRUPT = 0x08  #  INTx is pending
PCI_STATUS_CAP_LIST = 0x10  #  there is a capability list
PCI_STATUS_66MHZ = 0x20  #  can do 66 MHz
PCI_STATUS_FAST_BACK = 0x80  #  takes fast back-to-back cycles
PCI_STATUS_PARITY = 0x100  #  a parity error as master
PCI_STATUS_SIG_TARGET_ABORT = 0x800  #  it aborted a cycle as the target
PCI_STATUS_REC_TARGET_ABORT = 0x1000  #  its cycle was aborted
PCI_STATUS_REC_MASTER_ABORT = 0x2000  #  nothing answered its cycle
PCI_STATUS_SIG_SYSTEM_ERROR = 0x4000  #  asserted SERR#
PCI_STATUS_DETECTED_PARITY = 0x8000  #  a parity error of any kind
PCI_CLASS_REVISION = 0x08  # class in the upper 24 bits
PCI_REVISION_ID = 0x08
PCI_CLASS_PROG = 0x09
PCI_CLASS_DEVICE = 0x0A
PCI_CACHE_LINE_SIZE = 0x0C  # in dwords
PCI_LATENCY_TIMER = 0x0D  # in bus clocks
PCI_HEADER_TYPE = 0x0E  # type in the low 7 bits, bit 7: more functions
PCI_HEADER_TYPE_NORMAL = 0
PCI_HEADER_TYPE_BRIDGE = 1
PCI_HEADER_TYPE_CARDBUS = 2
PCI_BIST = 0x0F  # built-in self-test

# Base addresses
PCI_BASE_ADDRESS_0 = 0x10  # read back after writing ones, the size shows as zero bits
PCI_BASE_ADDRESS_1 = 0x14
PCI_BASE_ADDRESS_2 = 0x18  # type 0 only, as all after it
PCI_BASE_ADDRESS_3 = 0x1C
PCI_BASE_ADDRESS_4 = 0x20
PCI_BASE_ADDRESS_5 = 0x24
PCI_BASE_ADDRESS_SPACE = 0x01  #  1: I/O
PCI_BASE_ADDRESS_SPACE_IO = 0x01
PCI_BASE_ADDRESS_MEM_TYPE_MASK = 0x06
PCI_BASE_ADDRESS_MEM_TYPE_32 = 0x00
PCI_BASE_ADDRESS_MEM_TYPE_64 = 0x04  #  the next register is the upper half
PCI_BASE_ADDRESS_MEM_PREFETCH = 0x08  #  reads have no side effects
PCI_BASE_ADDRESS_MEM_MASK = ~0x0F
PCI_BASE_ADDRESS_IO_MASK = ~0x03

# Header type 0: devices
PCI_CARDBUS_CIS = 0x28  # card information structure
PCI_SUBSYSTEM_VENDOR_ID = 0x2C
PCI_SUBSYSTEM_ID = 0x2E
PCI_ROM_ADDRESS = 0x30
PCI_ROM_ADDRESS_ENABLE = 0x01  #  decode it
PCI_ROM_ADDRESS_MASK = ~0x7FF
PCI_CAPABILITY_LIST = 0x34  # offset of the first capability
PCI_INTERRUPT_LINE = 0x3C  # a note for software, no effect
PCI_INTERRUPT_PIN = 0x3D  # 1..4: INTA..INTD, 0: none

# Header type 1: PCI-to-PCI bridges
PCI_PRIMARY_BUS = 0x18  # the bus it is on
PCI_SECONDARY_BUS = 0x19  # the bus behind it
PCI_SUBORDINATE_BUS = 0x1A  # the last bus behind it
PCI_SEC_LATENCY_TIMER = 0x1B
PCI_IO_BASE = 0x1C
PCI_IO_LIMIT = 0x1D
PCI_IO_RANGE_TYPE_MASK = 0x0F
PCI_IO_RANGE_TYPE_32 = 0x01
PCI_IO_RANGE_MASK = ~0x0F  #  windows of 4 KiB
PCI_SEC_STATUS = 0x1E
PCI_MEMORY_BASE = 0x20  # windows of 1 MiB
PCI_MEMORY_LIMIT = 0x22
PCI_MEMORY_RANGE_TYPE_MASK = 0x0F
PCI_MEMORY_RANGE_MASK = ~0x0F
PCI_PREF_MEMORY_BASE = 0x24
PCI_PREF_MEMORY_LIMIT = 0x26
PCI_PREF_RANGE_TYPE_MASK = 0x0F
PCI_PREF_RANGE_TYPE_32 = 0x00
PCI_PREF_RANGE_TYPE_64 = 0x01
PCI_PREF_RANGE_MASK = ~0x0F
PCI_PREF_BASE_UPPER32 = 0x28
PCI_PREF_LIMIT_UPPER32 = 0x2C
PCI_IO_BASE_UPPER16 = 0x30
PCI_IO_LIMIT_UPPER16 = 0x32
PCI_ROM_ADDRESS1 = 0x38  # the expansion ROM of a type 1 header
PCI_BRIDGE_CONTROL = 0x3E
PCI_BRIDGE_CTL_PARITY = 0x01  #  respond to parity errors behind it
PCI_BRIDGE_CTL_SERR = 0x02  #  pass SERR# on
PCI_BRIDGE_CTL_ISA = 0x04  #  leave out the ISA aliases
PCI_BRIDGE_CTL_VGA = 0x08  #  pass VGA addresses on
PCI_BRIDGE_CTL_MASTER_ABORT = 0x20  #  report master aborts rather than give ones
PCI_BRIDGE_CTL_BUS_RESET = 0x40  #  everything behind is in reset while this is set
PCI_BRIDGE_CTL_FAST_BACK = 0x80  #  fast back-to-back behind it

# Header type 2: CardBus bridges
PCI_CB_CAPABILITY_LIST = 0x14  # offset of the first capability
PCI_CB_PRIMARY_BUS = 0x18
PCI_CB_CARD_BUS = 0x19
PCI_CB_SUBORDINATE_BUS = 0x1A
PCI_CB_BRIDGE_CONTROL = 0x3E
PCI_CB_SUBSYSTEM_VENDOR_ID = 0x40
PCI_CB_SUBSYSTEM_ID = 0x42

# Capability list
PCI_CAP_LIST_ID = 0
PCI_CAP_ID_PM = 0x01  #  power management
PCI_CAP_ID_AGP = 0x02  #  accelerated graphics port
PCI_CAP_ID_VPD = 0x03  #  vital product data
PCI_CAP_ID_SLOTID = 0x04  #  slot identification
PCI_CAP_ID_MSI = 0x05  #  message signalled interrupts
PCI_CAP_ID_CHSWP = 0x06  #  CompactPCI hot swap
PCI_CAP_ID_PCIX = 0x07  #  PCI-X
PCI_CAP_ID_HT = 0x08  #  HyperTransport
PCI_CAP_ID_VNDR = 0x09  #  vendor's own
PCI_CAP_ID_DBG = 0x0A  #  USB debug port
PCI_CAP_ID_CCRC = 0x0B  #  CompactPCI resource control
PCI_CAP_ID_SHPC = 0x0C  #  standard hot-plug controller
PCI_CAP_ID_SSVID = 0x0D  #  subsystem of a bridge
PCI_CAP_ID_AGP3 = 0x0E  #  AGP 8x bridge
PCI_CAP_ID_SECDEV = 0x0F  #  secure device
PCI_CAP_ID_EXP = 0x10  #  PCI Express
PCI_CAP_ID_MSIX = 0x11  #  MSI-X
PCI_CAP_ID_SATA = 0x12  #  SATA index and data
PCI_CAP_ID_AF = 0x13  #  advanced features: FLR for conventional PCI
PCI_CAP_LIST_NEXT = 1  # offset of the next, 0 at the end
PCI_CAP_FLAGS = 2  # what the capability likes

# Power management
PCI_PM_PMC = 2  # what it can do
PCI_PM_CAP_VER_MASK = 0x0007  #  version
PCI_PM_CAP_PME_CLOCK = 0x0008  #  PME# needs the clock
PCI_PM_CAP_DSI = 0x0020  #  needs its driver after power on
PCI_PM_CAP_D1 = 0x0200  #  has D1
PCI_PM_CAP_D2 = 0x0400  #  has D2
PCI_PM_CAP_PME_MASK = 0xF800  #  states that can signal PME#, D0 lowest
PCI_PM_CAP_PME_D0 = 0x0800
PCI_PM_CAP_PME_D1 = 0x1000
PCI_PM_CAP_PME_D2 = 0x2000
PCI_PM_CAP_PME_D3 = 0x4000  #  from D3hot
PCI_PM_CAP_PME_D3cold = 0x8000  #  from D3cold
PCI_PM_CAP_PME_SHIFT = 11
PCI_PM_CTRL = 4
PCI_PM_CTRL_STATE_MASK = 0x0003  #  power state, D0..D3hot
PCI_PM_CTRL_NO_SOFT_RESET = 0x0008  #  D3hot to D0 is no reset
PCI_PM_CTRL_PME_ENABLE = 0x0100  #  may signal PME#
PCI_PM_CTRL_PME_STATUS = 0x8000  #  did; write 1 to clear

# Accelerated graphics port
PCI_AGP_STATUS = 4  # what it can do; bits 2:0 are rates
PCI_AGP_COMMAND = 8  # what it is to do; bits 2:0 are rates

# Vital product data
PCI_VPD_ADDR = 2
PCI_VPD_ADDR_MASK = 0x7FFF
PCI_VPD_ADDR_F = 0x8000  #  write 0 to read; 1 once done
PCI_VPD_DATA = 4

# Message signalled interrupts
PCI_MSI_FLAGS = 2
PCI_MSI_FLAGS_ENABLE = 0x0001  #  messages instead of INTx
PCI_MSI_FLAGS_QMASK = 0x000E  #  log2 of the vectors it has
PCI_MSI_FLAGS_QSIZE = 0x0070  #  log2 of the vectors it may use
PCI_MSI_FLAGS_64BIT = 0x0080  #  64-bit addresses; moves the data register
PCI_MSI_FLAGS_MASKBIT = 0x0100  #  has mask bits
PCI_MSI_ADDRESS_LO = 4
PCI_MSI_ADDRESS_HI = 8
PCI_MSI_DATA_32 = 8
PCI_MSI_MASK_32 = 12
PCI_MSI_PENDING_32 = 16
PCI_MSI_DATA_64 = 12
PCI_MSI_MASK_64 = 16
PCI_MSI_PENDING_64 = 20

# MSI-X
PCI_MSIX_FLAGS = 2
PCI_MSIX_FLAGS_QSIZE = 0x07FF  #  entries, less one
PCI_MSIX_FLAGS_MASKALL = 0x4000  #  all vectors silent
PCI_MSIX_FLAGS_ENABLE = 0x8000  #  messages instead of INTx
PCI_MSIX_TABLE = 4
PCI_MSIX_TABLE_BIR = 0x00000007  #  the BAR that holds it
PCI_MSIX_TABLE_OFFSET = 0xFFFFFFF8
PCI_MSIX_PBA = 8
PCI_MSIX_PBA_BIR = 0x00000007
PCI_MSIX_PBA_OFFSET = 0xFFFFFFF8

# Advanced features of conventional PCI
PCI_AF_LENGTH = 2
PCI_AF_CAP = 3
PCI_AF_CAP_TP = 0x01  #  has the transactions pending bit
PCI_AF_CAP_FLR = 0x02  #  can reset a function
PCI_AF_CTRL = 4
PCI_AF_CTRL_FLR = 0x01  #  reset this function; reads 0
PCI_AF_STATUS = 5
PCI_AF_STATUS_TP = 0x01  #  transactions pending

# PCI-X, type 0 header
PCI_X_CMD = 2
PCI_X_CMD_DPERR_E = 0x0001  #  go on after data parity errors
PCI_X_CMD_ERO = 0x0002  #  relaxed ordering
PCI_X_CMD_MAX_READ = 0x000C  #  longest read, 512 bytes << n
PCI_X_CMD_MAX_SPLIT = 0x0070  #  most split transactions at a time
PCI_X_STATUS = 4
PCI_X_STATUS_BUS = 0x0000FF00  #  its bus, learned from config writes
PCI_X_STATUS_MAX_READ = 0x00600000  #  longest read it was made for
PCI_X_STATUS_266MHZ = 0x40000000  #  266 MHz capable
PCI_X_STATUS_533MHZ = 0x80000000  #  533 MHz capable

# PCI-X, type 1 header
PCI_X_BRIDGE_SSTATUS = 2
PCI_X_SSTATUS_133MHZ = 0x0002  #  133 MHz capable
PCI_X_SSTATUS_FREQ = 0x03C0  #  mode and frequency of the secondary bus
PCI_X_SSTATUS_VERS = 0x3000  #  version of the capability
PCI_X_SSTATUS_V2 = 0x2000  #  with error correction
PCI_X_SSTATUS_266MHZ = 0x4000  #  266 MHz capable
PCI_X_SSTATUS_533MHZ = 0x8000  #  533 MHz capable
PCI_X_BRIDGE_STATUS = 4

# Bridge subsystem IDs
PCI_SSVID_VENDOR_ID = 4
PCI_SSVID_DEVICE_ID = 6

# PCI Express
PCI_EXP_FLAGS = 2
PCI_EXP_FLAGS_VERS = 0x000F  #  version
PCI_EXP_FLAGS_TYPE = 0x00F0  #  what kind of port or device
PCI_EXP_TYPE_ENDPOINT = 0x0  #   endpoint
PCI_EXP_TYPE_LEG_END = 0x1  #   legacy endpoint
PCI_EXP_TYPE_ROOT_PORT = 0x4  #   root port
PCI_EXP_TYPE_UPSTREAM = 0x5  #   switch, towards the root
PCI_EXP_TYPE_DOWNSTREAM = 0x6  #   switch, away from the root
PCI_EXP_TYPE_PCI_BRIDGE = 0x7  #   to conventional PCI
PCI_EXP_TYPE_PCIE_BRIDGE = 0x8  #   from conventional PCI
PCI_EXP_TYPE_RC_END = 0x9  #   endpoint within the root complex
PCI_EXP_TYPE_RC_EC = 0xA  #   event collector of the root complex
PCI_EXP_FLAGS_SLOT = 0x0100  #  port with a slot
PCI_EXP_FLAGS_IRQ = 0x3E00  #  which message it interrupts with
PCI_EXP_DEVCAP = 4
PCI_EXP_DEVCAP_PAYLOAD = 0x07  #  largest payload, 128 bytes << n
PCI_EXP_DEVCAP_PHANTOM = 0x18
PCI_EXP_DEVCAP_EXT_TAG = 0x20  #  8-bit tags
PCI_EXP_DEVCAP_L0S = 0x1C0
PCI_EXP_DEVCAP_L1 = 0xE00
PCI_EXP_DEVCAP_ATN_BUT = 0x1000
PCI_EXP_DEVCAP_ATN_IND = 0x2000
PCI_EXP_DEVCAP_PWR_IND = 0x4000
PCI_EXP_DEVCAP_RBER = 0x8000  #  role-based error reporting
PCI_EXP_DEVCAP_PWR_VAL = 0x3FC0000  #  slot power limit
PCI_EXP_DEVCAP_PWR_SCL = 0xC000000  #  its unit
PCI_EXP_DEVCAP_FLR = 0x10000000  #  can reset a function
PCI_EXP_DEVCTL = 8
PCI_EXP_DEVCTL_CERE = 0x0001  #  report correctable errors
PCI_EXP_DEVCTL_NFERE = 0x0002  #  report non-fatal errors
PCI_EXP_DEVCTL_FERE = 0x0004  #  report fatal errors
PCI_EXP_DEVCTL_URRE = 0x0008  #  report unsupported requests
PCI_EXP_DEVCTL_RELAX_EN = 0x0010  #  relaxed ordering
PCI_EXP_DEVCTL_PAYLOAD = 0x00E0  #  payload in use
PCI_EXP_DEVCTL_EXT_TAG = 0x0100  #  8-bit tags in use
PCI_EXP_DEVCTL_PHANTOM = 0x0200
PCI_EXP_DEVCTL_AUX_PME = 0x0400  #  draw auxiliary power
PCI_EXP_DEVCTL_NOSNOOP_EN = 0x0800  #  may ask for no snoop
PCI_EXP_DEVCTL_READRQ = 0x7000  #  longest read request
PCI_EXP_DEVCTL_BCR_FLR = 0x8000  #  bridge: answer with retry; endpoint: reset, reads 0
PCI_EXP_DEVSTA = 10
PCI_EXP_DEVSTA_CED = 0x01  #  a correctable error; write 1 to clear, as the next three
PCI_EXP_DEVSTA_NFED = 0x02  #  a non-fatal error
PCI_EXP_DEVSTA_FED = 0x04  #  a fatal error
PCI_EXP_DEVSTA_URD = 0x08  #  an unsupported request
PCI_EXP_DEVSTA_AUXPD = 0x10  #  auxiliary power is there
PCI_EXP_DEVSTA_TRPND = 0x20  #  transactions pending
PCI_EXP_LNKCAP = 12
PCI_EXP_LNKCAP_SLS = 0x0000000F  #  fastest speed
PCI_EXP_LNKCAP_SLS_2_5GB = 0x1
PCI_EXP_LNKCAP_SLS_5_0GB = 0x2
PCI_EXP_LNKCAP_MLW = 0x000003F0  #  lanes
PCI_EXP_LNKCAP_ASPMS = 0x00000C00  #  ASPM states it has
PCI_EXP_LNKCAP_L0SEL = 0x00007000
PCI_EXP_LNKCAP_L1EL = 0x00038000
PCI_EXP_LNKCAP_CLKPM = 0x00040000  #  can do without the clock
PCI_EXP_LNKCAP_SDERC = 0x00080000  #  reports the link going down by surprise
PCI_EXP_LNKCAP_DLLLARC = 0x00100000  #  tells whether the link is up
PCI_EXP_LNKCAP_LBNC = 0x00200000  #  tells of bandwidth changes
PCI_EXP_LNKCAP_PN = 0xFF000000  #  port number
PCI_EXP_LNKCTL = 16
PCI_EXP_LNKCTL_ASPMC = 0x0003  #  ASPM states in use
PCI_EXP_LNKCTL_ASPM_L0S = 0x01
PCI_EXP_LNKCTL_ASPM_L1 = 0x02
PCI_EXP_LNKCTL_RCB = 0x0008  #  read completion boundary, 1: 128 bytes
PCI_EXP_LNKCTL_LD = 0x0010  #  disable the link
PCI_EXP_LNKCTL_RL = 0x0020  #  train it again; reads 0
PCI_EXP_LNKCTL_CCC = 0x0040  #  both ends on one clock
PCI_EXP_LNKCTL_ES = 0x0080  #  longer training sequences
PCI_EXP_LNKCTL_CLKREQ_EN = 0x100  #  may stop the clock
PCI_EXP_LNKCTL_HAWD = 0x0200  #  no width changes of its own accord
PCI_EXP_LNKCTL_LBMIE = 0x0400  #  interrupt on bandwidth management
PCI_EXP_LNKCTL_LABIE = 0x0800  #  interrupt on autonomous bandwidth changes
PCI_EXP_LNKSTA = 18
PCI_EXP_LNKSTA_CLS = 0x000F  #  speed now
PCI_EXP_LNKSTA_CLS_2_5GB = 0x01
PCI_EXP_LNKSTA_CLS_5_0GB = 0x02
PCI_EXP_LNKSTA_NLW = 0x03F0  #  lanes now
PCI_EXP_LNKSTA_NLW_SHIFT = 4
PCI_EXP_LNKSTA_LT = 0x0800  #  training
PCI_EXP_LNKSTA_SLC = 0x1000  #  uses the slot's clock
PCI_EXP_LNKSTA_DLLLA = 0x2000  #  the link is up
PCI_EXP_LNKSTA_LBMS = 0x4000  #  bandwidth was managed; write 1 to clear
PCI_EXP_LNKSTA_LABS = 0x8000  #  it changed of its own accord; write 1 to clear
PCI_EXP_SLTCAP = 20
PCI_EXP_SLTCAP_ABP = 0x00000001  #  attention button
PCI_EXP_SLTCAP_PCP = 0x00000002  #  power controller
PCI_EXP_SLTCAP_MRLSP = 0x00000004  #  retention latch sensor
PCI_EXP_SLTCAP_AIP = 0x00000008  #  attention indicator
PCI_EXP_SLTCAP_PIP = 0x00000010  #  power indicator
PCI_EXP_SLTCAP_HPS = 0x00000020  #  the card may go without warning
PCI_EXP_SLTCAP_HPC = 0x00000040  #  hot-plug capable
PCI_EXP_SLTCAP_SPLV = 0x00007F80  #  slot power limit
PCI_EXP_SLTCAP_SPLS = 0x00018000  #  its unit
PCI_EXP_SLTCAP_EIP = 0x00020000  #  interlock
PCI_EXP_SLTCAP_NCCS = 0x00040000  #  commands need no waiting for
PCI_EXP_SLTCAP_PSN = 0xFFF80000  #  the number on the case
PCI_EXP_SLTCTL = 24
PCI_EXP_SLTCTL_ABPE = 0x0001  #  tell of: button pressed
PCI_EXP_SLTCTL_PFDE = 0x0002  #  tell of: power fault
PCI_EXP_SLTCTL_MRLSCE = 0x0004  #  tell of: latch moved
PCI_EXP_SLTCTL_PDCE = 0x0008  #  tell of: card came or went
PCI_EXP_SLTCTL_CCIE = 0x0010  #  tell of: command completed
PCI_EXP_SLTCTL_HPIE = 0x0020  #  by interrupt
PCI_EXP_SLTCTL_AIC = 0x00C0  #  attention indicator: 1 on, 2 blink, 3 off
PCI_EXP_SLTCTL_PIC = 0x0300  #  power indicator: the same
PCI_EXP_SLTCTL_PCC = 0x0400  #  1: power off
PCI_EXP_SLTCTL_EIC = 0x0800  #  toggle the interlock; reads 0
PCI_EXP_SLTCTL_DLLSCE = 0x1000  #  tell of: link up or down
PCI_EXP_SLTSTA = 26
PCI_EXP_SLTSTA_ABP = 0x0001  #  button pressed; write 1 to clear, as down to CC
PCI_EXP_SLTSTA_PFD = 0x0002  #  power fault
PCI_EXP_SLTSTA_MRLSC = 0x0004  #  latch moved
PCI_EXP_SLTSTA_PDC = 0x0008  #  card came or went
PCI_EXP_SLTSTA_CC = 0x0010  #  command completed
PCI_EXP_SLTSTA_MRLSS = 0x0020  #  1: latch open
PCI_EXP_SLTSTA_PDS = 0x0040  #  a card is there
PCI_EXP_SLTSTA_EIS = 0x0080  #  1: interlock engaged
PCI_EXP_SLTSTA_DLLSC = 0x0100  #  link went up or down; write 1 to clear
PCI_EXP_RTCTL = 28
PCI_EXP_RTCTL_SECEE = 0x01  #  SERR on correctable errors
PCI_EXP_RTCTL_SENFEE = 0x02  #  SERR on non-fatal errors
PCI_EXP_RTCTL_SEFEE = 0x04  #  SERR on fatal errors
PCI_EXP_RTCTL_PMEIE = 0x08  #  interrupt on PME
PCI_EXP_RTCTL_CRSSVE = 0x10  #  show software a function's "not yet ready"
PCI_EXP_RTCAP = 30
PCI_EXP_RTSTA = 32
PCI_EXP_RTSTA_PME = 0x10000  #  a PME arrived; write 1 to clear

# PCI Express, capability version 2
PCI_EXP_DEVCAP2 = 36
PCI_EXP_DEVCAP2_ARI = 0x20  #  can pass ARI requests on
PCI_EXP_DEVCAP2_LTR = 0x800  #  has latency tolerance reporting
PCI_EXP_DEVCTL2 = 40
PCI_EXP_DEVCTL2_ARI = 0x20  #  passes them on
PCI_EXP_LNKCAP2 = 44
PCI_EXP_LNKCAP2_SLS_2_5GB = 0x02
PCI_EXP_LNKCAP2_SLS_5_0GB = 0x04
PCI_EXP_LNKCAP2_SLS_8_0GB = 0x08
PCI_EXP_LNKCTL2 = 48
PCI_EXP_LNKSTA2 = 50
PCI_EXP_SLTCTL2 = 56

# Extended capabilities
PCI_EXT_CAP_ID_ERR = 0x01  # advanced error reporting
PCI_EXT_CAP_ID_VC = 0x02  # virtual channel
PCI_EXT_CAP_ID_DSN = 0x03  # device serial number
PCI_EXT_CAP_ID_PWR = 0x04  # power budgeting
PCI_EXT_CAP_ID_RCLD = 0x05  # root complex link declaration
PCI_EXT_CAP_ID_RCILC = 0x06  # root complex internal link
PCI_EXT_CAP_ID_RCEC = 0x07  # root complex event collector
PCI_EXT_CAP_ID_MFVC = 0x08  # virtual channels of several functions
PCI_EXT_CAP_ID_VC9 = 0x09  # virtual channel, beside MFVC
PCI_EXT_CAP_ID_RCRB = 0x0A  # root complex register block
PCI_EXT_CAP_ID_VNDR = 0x0B  # vendor's own
PCI_EXT_CAP_ID_CAC = 0x0C  # configuration access correlation
PCI_EXT_CAP_ID_ACS = 0x0D  # access control services
PCI_EXT_CAP_ID_ARI = 0x0E  # alternative routing-ID
PCI_EXT_CAP_ID_ATS = 0x0F  # address translation services
PCI_EXT_CAP_ID_SRIOV = 0x10  # single root I/O virtualization
PCI_EXT_CAP_ID_MRIOV = 0x11  # multi root I/O virtualization
PCI_EXT_CAP_ID_MCAST = 0x12  # multicast
PCI_EXT_CAP_ID_PRI = 0x13  # page requests
PCI_EXT_CAP_ID_REBAR = 0x15  # resizable BARs
PCI_EXT_CAP_ID_DPA = 0x16  # dynamic power allocation
PCI_EXT_CAP_ID_TPH = 0x17  # processing hints
PCI_EXT_CAP_ID_LTR = 0x18  # latency tolerance reporting
PCI_EXT_CAP_ID_SECPCI = 0x19  # secondary PCI Express
PCI_EXT_CAP_ID_PMUX = 0x1A  # protocol multiplexing
PCI_EXT_CAP_ID_PASID = 0x1B  # process address space ID

# Advanced error reporting
PCI_ERR_UNCOR_STATUS = 4
PCI_ERR_UNC_TRAIN = 0x00000001  #  training; undefined since PCIe 1.1, gone from Linux
PCI_ERR_UNC_DLP = 0x00000010  #  data link protocol
PCI_ERR_UNC_SURPDN = 0x00000020  #  the link went down by surprise
PCI_ERR_UNC_POISON_TLP = 0x00001000  #  poisoned packet
PCI_ERR_UNC_FCP = 0x00002000  #  flow control protocol
PCI_ERR_UNC_COMP_TIME = 0x00004000  #  no completion in time
PCI_ERR_UNC_COMP_ABORT = 0x00008000  #  it refused to answer
PCI_ERR_UNC_UNX_COMP = 0x00010000  #  an unexpected completion
PCI_ERR_UNC_RX_OVER = 0x00020000  #  receiver overflow
PCI_ERR_UNC_MALF_TLP = 0x00040000  #  malformed packet
PCI_ERR_UNC_ECRC = 0x00080000  #  wrong end-to-end checksum
PCI_ERR_UNC_UNSUP = 0x00100000  #  unsupported request
PCI_ERR_UNC_ACSV = 0x00200000  #  access control violation
PCI_ERR_UNC_INTN = 0x00400000  #  internal
PCI_ERR_UNC_MCBTLP = 0x00800000  #  multicast blocked
PCI_ERR_UNC_ATOMEG = 0x01000000  #  atomic operation blocked on its way out
PCI_ERR_UNC_TLPPRE = 0x02000000  #  packet prefix blocked
PCI_ERR_UNCOR_MASK = 8  # the same bits
PCI_ERR_UNCOR_SEVER = 12  # the same bits, 1: fatal
PCI_ERR_COR_STATUS = 16
PCI_ERR_COR_RCVR = 0x00000001  #  receiver
PCI_ERR_COR_BAD_TLP = 0x00000040  #  bad packet
PCI_ERR_COR_BAD_DLLP = 0x00000080  #  bad link packet
PCI_ERR_COR_REP_ROLL = 0x00000100  #  replayed too often
PCI_ERR_COR_REP_TIMER = 0x00001000  #  replay timer ran out
PCI_ERR_COR_ADV_NFAT = 0x00002000  #  non-fatal, for information only
PCI_ERR_COR_INTERNAL = 0x00004000  #  internal
PCI_ERR_COR_LOG_OVER = 0x00008000  #  header log overflow
PCI_ERR_COR_MASK = 20  # the same bits
PCI_ERR_CAP = 24  # and control
PCI_ERR_CAP_ECRC_GENC = 0x00000020  #  can make checksums
PCI_ERR_CAP_ECRC_GENE = 0x00000040  #  makes them
PCI_ERR_CAP_ECRC_CHKC = 0x00000080  #  can check them
PCI_ERR_CAP_ECRC_CHKE = 0x00000100  #  checks them
PCI_ERR_HEADER_LOG = 28  # 16 bytes
PCI_ERR_ROOT_COMMAND = 44
PCI_ERR_ROOT_CMD_COR_EN = 0x00000001
PCI_ERR_ROOT_CMD_NONFATAL_EN = 0x00000002
PCI_ERR_ROOT_CMD_FATAL_EN = 0x00000004
PCI_ERR_ROOT_STATUS = 48
PCI_ERR_ROOT_ERR_SRC = 52

# Virtual channel
PCI_VC_PORT_CTRL = 12
PCI_VC_PORT_STATUS = 14
PCI_VC_RES_CAP = 16
PCI_VC_RES_CTRL = 20
PCI_VC_RES_STATUS = 26

# Alternative routing-ID
PCI_ARI_CAP = 0x04
PCI_ARI_CTRL = 0x06

# Address translation service
PCI_ATS_CAP = 0x04
PCI_ATS_CTRL = 0x06
PCI_ATS_CTRL_ENABLE = 0x8000

# Single root I/O virtualization
PCI_SRIOV_CAP = 0x04
PCI_SRIOV_CTRL = 0x08
PCI_SRIOV_CTRL_VFE = 0x01  #  virtual functions exist
PCI_SRIOV_CTRL_MSE = 0x08  #  and answer memory cycles
PCI_SRIOV_CTRL_ARI = 0x10  #  at devices other than 0 too
PCI_SRIOV_STATUS = 0x0A
PCI_SRIOV_INITIAL_VF = 0x0C  # how many virtual functions there can be at first
PCI_SRIOV_TOTAL_VF = 0x0E  # how many there can be at all
PCI_SRIOV_NUM_VF = 0x10  # how many there are
PCI_SRIOV_FUNC_LINK = 0x12  # function that this one depends on
PCI_SRIOV_VF_OFFSET = 0x14  # routing ID of the first, counted from the physical function's
PCI_SRIOV_VF_STRIDE = 0x16  # routing ID of the next, counted from the one before
PCI_SRIOV_VF_DID = 0x1A  # device ID of all of them
PCI_SRIOV_SUP_PGSIZE = 0x1C  # page sizes that it can use
PCI_SRIOV_SYS_PGSIZE = 0x20  # page size in use

# Access control services
PCI_ACS_CAP = 0x04
PCI_ACS_SV = 0x01  #  source validation
PCI_ACS_TB = 0x02  #  translation blocking
PCI_ACS_RR = 0x04  #  requests between peers go by the root
PCI_ACS_CR = 0x08  #  their completions too
PCI_ACS_UF = 0x10  #  upstream forwarding
PCI_ACS_EC = 0x20  #  egress control
PCI_ACS_DT = 0x40  #  direct translated requests between peers
PCI_ACS_CTRL = 0x06

# Later than Linux 3.11: capabilities of today's machines.
PCI_CAP_ID_EA = 0x14  # enhanced allocation
PCI_EXT_CAP_ID_DPC = 0x1D  # downstream port containment
PCI_EXT_CAP_ID_L1SS = 0x1E  # L1 substates
PCI_EXT_CAP_ID_PTM = 0x1F  # precision time
PCI_EXT_CAP_ID_DVSEC = 0x23  # designated vendor's own
PCI_EXT_CAP_ID_DLF = 0x25  # data link feature
PCI_EXT_CAP_ID_PL_16GT = 0x26  # 16 GT/s
PCI_EXT_CAP_ID_DOE = 0x2E  # data object exchange


def PCI_EXT_CAP_ID(header: int) -> int:
    """Return the capability ID in the first dword of an extended capability."""
    return header & 0x0000FFFF


def PCI_EXT_CAP_VER(header: int) -> int:
    """Return the version in the first dword of an extended capability."""
    return header >> 16 & 0xF


def PCI_EXT_CAP_NEXT(header: int) -> int:
    """Return the offset of the next extended capability, 0 at the end of the list."""
    return header >> 20 & 0xffc


def PCI_ARI_CAP_NFN(x: int) -> int:
    """Return the next function number in an ARI Capability register.

    C: include/uapi/linux/pci_regs.h, macro, base"""
    return (x >> 8) & 0xff
