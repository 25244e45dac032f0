# SPDX-License-Identifier: GPL-2.0-only
"""What became of the series: why Linux 6.1 makes accesses that the kernel of 2013 does not, and the other way round.

Versions are given as far as known; "about" marks those told from memory of the change, not from its commit.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Who makes an access that the other does not, or "value": both make it, with another value.
OLD, NEW, VALUE = "2013", "6.1", "value"


@dataclass(frozen=True, slots=True)
class Rule:
    """A known difference. It explains an access if everything it names fits."""

    side: str
    reason: str
    #: Register names, all of those an access touches must be among them; a trailing * stands for any ending.
    registers: tuple[str, ...]
    #: "r", "w" or both.
    ops: str = "rw"
    #: Access sizes in bytes.
    sizes: tuple[int, ...] = (1, 2, 4)
    #: Only accesses of a bridge (True), only of what is no bridge (False).
    bridge: bool | None = None
    #: Only what stands before everything both do ("start"), or behind it ("end").
    place: str = ""

    def explains(self, side: str, op: str, size: int, registers: tuple[str, ...], bridge: bool, place: str) -> bool:
        """Whether the rule is about this access."""
        return (
            side == self.side
            and self.place in ("", place)
            and op in self.ops
            and size in self.sizes
            and self.bridge in (None, bridge)
            and all(any(matches(pattern, name) for pattern in self.registers) for name in registers)
        )


def matches(pattern: str, name: str) -> bool:
    """Whether *name* is *pattern*, or begins with it where it ends in *."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


#: All of the standard header.
HEADER = (
    "PCI_VENDOR_ID", "PCI_DEVICE_ID", "PCI_COMMAND", "PCI_STATUS", "PCI_REVISION_ID", "PCI_CLASS_*",
    "PCI_CACHE_LINE_SIZE", "PCI_LATENCY_TIMER", "PCI_HEADER_TYPE", "PCI_BIST", "PCI_BASE_ADDRESS_*", "PCI_CARDBUS_CIS",
    "PCI_SUBSYSTEM_*", "PCI_ROM_ADDRESS", "PCI_CAPABILITY_LIST", "PCI_INTERRUPT_*", "PCI_MIN_GNT", "PCI_MAX_LAT",
    "0x3*",
)  # fmt: skip

#: The first that fits is given as the reason.
RULES = (
    Rule(NEW, "vfio-pci lets an unused function sleep since v6.0, and waking it restores its saved state", HEADER, "r",
         bridge=False, place="start"),
    Rule(NEW, "vfio-pci lets an unused function sleep since v6.0, and before that its state is saved", HEADER, "r",
         bridge=False, place="end"),
    Rule(OLD, "a capability's ID and pointer were read one byte at a time; since about v4.3 as one word",
         ("PCI_CAP_LIST_ID", "PCI_CAP_LIST_NEXT"), "r", (1,)),
    Rule(OLD, "the way to reset was looked for at each reset; since v5.15 it is remembered from enumeration",
         ("PCI_STATUS", "PCI_CAPABILITY_LIST"), "r"),
    Rule(OLD, "a function level reset was looked for each time; since v5.15 Device Capabilities are remembered",
         ("PCI_EXP_DEVCAP",), "r"),
    Rule(OLD, "the way to reset was looked for at each reset (here: the PM reset); since v5.15 it is remembered",
         ("PCI_PM_CTRL",), "r"),
    Rule(OLD, "the power state of a function without a driver was unknown, so patch 8 sets it; it is read at"
         " enumeration since about v3.14", ("PCI_PM_CTRL",), "w"),
    Rule(OLD, "Slot and Root Control were saved for every version 2 function; since v3.12 only where they exist",
         ("PCI_EXP_SLTCTL", "PCI_EXP_RTCTL"), bridge=False),
    Rule(OLD, "each slot command looked at Slot Status first; since about v3.17 it waits for the one before it",
         ("PCI_EXP_SLTSTA",), "r", bridge=True),
    Rule(NEW, "a capability's ID and pointer are read as one word since about v4.3",
         ("PCI_CAP_LIST_ID", "PCI_CAP_LIST_NEXT"), "r", (2,)),
    Rule(NEW, "extended capabilities are looked for, to save their state: VC since v3.14, LTR, DPC and AER since about"
         " v5.0, PTM since about v5.11", ("PCI_EXT_CAP_HEADER", "0x100"), "r", (4,)),
    Rule(NEW, "the interrupt is shared with the AER service, whose handler looks at its own status",
         ("PCI_ERR_ROOT_*",), "r", bridge=True),
    Rule(NEW, "the interrupt is shared with the PME service, whose handler looks at its own status",
         ("PCI_EXP_RTSTA",), "r", bridge=True),
    Rule(NEW, "AER state is saved and restored since about v5.0, and stale errors are cleared", ("PCI_ERR_*",)),
    Rule(NEW, "after the reset a function is polled until it answers (pci_dev_wait) since about v4.13",
         ("PCI_COMMAND", "PCI_STATUS"), "r", (4,), bridge=False),
    Rule(NEW, "runtime power management wakes the function before the reset and reads its power state",
         ("PCI_PM_CTRL",), "r"),
    Rule(NEW, "waking a function whose No_Soft_Reset is clear rewrites its BARs", ("PCI_BASE_ADDRESS_*",)),
    Rule(NEW, "ASPM looks at both ends of the link when the power state changes (the port leaves ASPM out)",
         ("PCI_EXP_LNKCAP",), "r", (4,)),
    Rule(NEW, "the reset waits for the link below the bridge, by its speed (pci_bridge_wait_for_secondary_bus), since"
         " v6.3 and in stable releases", ("PCI_EXP_LNKSTA", "PCI_EXP_LNKCAP2"), "r", bridge=True),
    Rule(NEW, "the interrupt handler of v4.19 reads Slot Status again until nothing new appears",
         ("PCI_EXP_SLTSTA",), "r", bridge=True),
    Rule(NEW, "restored by MSI's own code, which the port leaves out", ("PCI_MSI*",)),
    Rule(VALUE, "link state changes are masked too around the reset since about v3.15 (DLLSCE), and presence changes"
         " only on slots without a button", ("PCI_EXP_SLTCTL",), bridge=True),
    Rule(VALUE, "link state changes are cleared too after the reset since about v3.15 (DLLSC), and presence changes"
         " only on slots without a button", ("PCI_EXP_SLTSTA",), bridge=True),
)  # fmt: skip


def reason(side: str, op: str, size: int, registers: tuple[str, ...], bridge: bool, place: str) -> str:
    """Why *side* makes this access, as far as known; "" if nobody has said yet."""
    return next((rule.reason for rule in RULES if rule.explains(side, op, size, registers, bridge, place)), "")
