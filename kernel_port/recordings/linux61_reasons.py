# SPDX-License-Identifier: GPL-2.0-only
"""Why Linux 6.1 makes accesses that the kernel of 2013 does not, and the other way round.

Versions are given as far as known; "about" marks those from memory, not from the commit.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Which kernel makes an access that the other does not, or "value": both make it, with different values.
OLD, NEW, VALUE = "2013", "6.1", "value"


@dataclass(frozen=True, slots=True)
class Rule:
    """A known difference. It explains an access if everything it names matches."""

    side: str
    reason: str
    #: Register names: all those an access touches must be among them; a trailing * matches any ending.
    registers: tuple[str, ...]
    #: "r", "w" or both.
    ops: str = "rw"
    #: Access sizes in bytes.
    sizes: tuple[int, ...] = (1, 2, 4)
    #: What the function must be or have, and what it must not: "bridge", "slot", "root", "link",
    #: "messages" (linux61.traits).
    has: str = ""
    lacks: str = ""
    #: Only accesses that wake functions before the reset ("wake"), or put them to sleep after it ("sleep").
    phase: str = ""

    def explains(
        self, side: str, op: str, size: int, registers: tuple[str, ...], traits: frozenset[str], phase: str
    ) -> bool:
        """Return whether the rule explains this access."""
        return (
            side == self.side
            and self.phase in ("", phase)
            and op in self.ops
            and size in self.sizes
            and self.has in ("", *traits)
            and self.lacks not in traits
            and all(any(matches(pattern, name) for pattern in self.registers) for name in registers)
        )


def matches(pattern: str, name: str) -> bool:
    """Return whether *name* equals *pattern*, or matches it where it ends in *."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


#: The first match gives the reason.
RULES = (
    Rule(NEW, "vfio-pci lets an unused function sleep since v6.0, and waking it restores its saved state", ("*",),
         phase="wake"),
    Rule(NEW, "vfio-pci lets an unused function sleep since v6.0, and before that its state is saved", ("*",),
         phase="sleep"),
    Rule(OLD, "a capability's ID and pointer were read one byte at a time; since about v4.3 as one word",
         ("PCI_CAP_LIST_ID", "PCI_CAP_LIST_NEXT"), "r", (1,)),
    Rule(OLD, "the reset method was looked up at each reset; since v5.15 it is known from enumeration",
         ("PCI_STATUS", "PCI_CAPABILITY_LIST"), "r"),
    Rule(OLD, "a function level reset was looked up each time; since v5.15 Device Capabilities are cached",
         ("PCI_EXP_DEVCAP",), "r"),
    Rule(OLD, "the reset method was looked up at each reset (here: the PM reset); since v5.15 it is known",
         ("PCI_PM_CTRL",), "r"),
    Rule(OLD, "the power state of a function without a driver was unknown, so patch 8 sets it; it is read at"
         " enumeration since about v3.14", ("PCI_PM_CTRL",), "w"),
    Rule(OLD, "Slot and Root Control were saved for every version 2 function; since v3.12 only where they exist",
         ("PCI_EXP_SLTCTL",), lacks="slot"),
    Rule(OLD, "Slot and Root Control were saved for every version 2 function; since v3.12 only where they exist",
         ("PCI_EXP_RTCTL",), lacks="root"),
    Rule(OLD, "Link Control was saved for every version 2 function; since v3.12 only where there is a link",
         ("PCI_EXP_LNKCTL",), lacks="link"),
    Rule(OLD, "each slot command looked at Slot Status first; since about v3.17 it waits for the one before it",
         ("PCI_EXP_SLTSTA",), "r", has="bridge"),
    Rule(OLD, "the event of a restored Slot Control is handled at once; the later kernel's port has no interrupt before"
         " its MSI is restored", ("PCI_EXP_SLTSTA",), "w", has="slot"),
    Rule(NEW, "a capability's ID and pointer are read as one word since about v4.3",
         ("PCI_CAP_LIST_ID", "PCI_CAP_LIST_NEXT"), "r", (2,)),
    Rule(NEW, "extended capabilities are looked for, to save their state: VC since v3.14, LTR, DPC and AER since about"
         " v5.0, PTM since about v5.11", ("PCI_EXT_CAP_HEADER", "0x100"), "r", (4,)),
    Rule(NEW, "the interrupt is shared with the AER service, whose handler looks at its own status",
         ("PCI_ERR_ROOT_*",), "r", has="bridge"),
    Rule(NEW, "the interrupt is shared with the PME service, whose handler looks at its own status",
         ("PCI_EXP_RTSTA",), "r", has="bridge"),
    Rule(NEW, "AER state is saved and restored since about v5.0, and stale errors are cleared", ("PCI_ERR_*",)),
    Rule(NEW, "after the reset a function is polled until it answers (pci_dev_wait) since about v4.13",
         ("PCI_COMMAND", "PCI_STATUS"), "r", (4,)),
    Rule(NEW, "the prefetchable window of a bridge is written whether it changed or not, since about v4.19",
         ("PCI_PREF_*",), "w", (4,), has="bridge"),
    Rule(NEW, "runtime power management wakes the function before the reset and reads its power state",
         ("PCI_PM_CTRL",), "r"),
    Rule(NEW, "waking a function whose No_Soft_Reset is clear rewrites its BARs", ("PCI_BASE_ADDRESS_*",)),
    Rule(NEW, "ASPM looks at both ends of the link when the power state changes (the port leaves ASPM out)",
         ("PCI_EXP_LNKCAP",), "r", (4,)),
    Rule(NEW, "the reset waits for the link below the bridge, by its speed (pci_bridge_wait_for_secondary_bus), since"
         " v6.3 and in stable releases", ("PCI_EXP_LNKSTA", "PCI_EXP_LNKCAP2"), "r", has="bridge"),
    Rule(NEW, "the interrupt handler of v4.19 reads Slot Status again until nothing new appears",
         ("PCI_EXP_SLTSTA",), "r", has="bridge"),
    Rule(NEW, "the function's driver stops it before the reset and restarts it afterwards (reset_prepare and"
         " reset_done, since about v4.13)", ("PCI_VENDOR_ID", "PCI_DEVICE_ID"), "r", (4,), lacks="bridge"),
    Rule(NEW, "the function's driver stops it before the reset and restarts it afterwards (reset_prepare and"
         " reset_done, since about v4.13)", ("PCI_INTERRUPT_PIN",), "r", (1,), lacks="bridge"),
    Rule(NEW, "messages are set up by more reads and writes, or by the driver that is stopped and restarted",
         ("PCI_MSI*",)),
    Rule(NEW, "setting messages up turns INTx off (pci_intx_for_msi)", ("PCI_COMMAND",), sizes=(2,)),
    Rule(OLD, "messages were restored by the kernel; a later driver is stopped and restarted, and sets them up itself",
         ("PCI_MSI*",), has="messages"),
    Rule(VALUE, "the function's driver has stopped it and its messages before the reset, and restarts it afterwards",
         ("PCI_MSI*",), has="messages"),
    Rule(VALUE, "the function's driver has stopped it and its messages before the reset, and restarts it afterwards",
         ("PCI_COMMAND",), sizes=(2,), has="messages"),
    Rule(VALUE, "link state changes are masked too around the reset since about v3.15 (DLLSCE), and presence changes"
         " only on slots without a button", ("PCI_EXP_SLTCTL",), has="bridge"),
    Rule(VALUE, "link state changes are cleared too after the reset since about v3.15 (DLLSC), and presence changes"
         " only on slots without a button", ("PCI_EXP_SLTSTA",), has="bridge"),
)  # fmt: skip


def reason(side: str, op: str, size: int, registers: tuple[str, ...], traits: frozenset[str], phase: str = "") -> str:
    """Return why *side* makes this access, as far as known, else ""."""
    return next((rule.reason for rule in RULES if rule.explains(side, op, size, registers, traits, phase)), "")
