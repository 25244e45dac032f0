# SPDX-License-Identifier: GPL-2.0-only
"""What the cover letter claims, paragraph by paragraph, in our words: code, scenarios and findings of each claim."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of the letter, or something that a patch does and the letter does not mention."""

    says: str
    #: Module of the kernel side, without kernel_port -> its functions and structs that the claim is about.
    code: dict[str, tuple[str, ...]] = field(hash=False)
    scenarios: tuple[str, ...]
    #: What a run of the C showed, compiled or on a real machine.
    found: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the letter."""

    about: str
    claims: tuple[Claim, ...]


P01 = "patch.p01_create_pci_reset_bridge_secondary_bus"
P02 = "patch.p02_add_hotplug_slot_ops_reset_slot"
P03 = "patch.p03_add_pci_hp_reset_slot"
P04 = "patch.p04_implement_reset_slot_for_pciehp"
P05 = "patch.p05_add_reset_slot_option_to_pci_dev_reset"
P06 = "patch.p06_split_out_pci_dev_lock_unlock_and_save_restore"
P07 = "patch.p07_add_slot_and_bus_reset_interfaces"
P08 = "patch.p08_wake_up_devices_before_save_for_reset"

PARAGRAPHS = (
    Paragraph(
        "What the reset of one function can do, and what happens in a hot-plug slot",
        (
            Claim(
                "pci_reset_function() resets one function; for a device with a function level reset that is enough.",
                {"base.pci": ("pci_reset_function", "pcie_flr", "pci_af_flr")},
                ("pending",),
                "True. The kernel waits over 700 ms for pending transactions; then it resets the function anyway.",
            ),
            Claim(
                "Without one, a device may say that waking from D3hot resets it; how much of it, the device decides.",
                {"base.pci": ("pci_pm_reset",)},
                ("vga", "asleep"),
                "The kernel trusts the device: one that does nothing counts as reset. And if a function is "
                "not in D0, or not known to be, a probe says 0, and the reset up to patch 7 -EINVAL, after the "
                "function has been saved and disabled.",
            ),
            Claim(
                "The bus can be reset through the bridge above it, but only for a function that is alone on it.",
                {"base.pci": ("pci_parent_bus_reset",)},
                ("two-functions", "ari"),
                "True: another device on the bus makes it -ENOTTY. That also protected the functions above 7 of an "
                "ARI card; from patch 5 on the slot is asked first, and its reset takes them along, unlocked and "
                "unsaved.",
            ),
            Claim(
                "In a slot from which cards may be pulled without notice, that looks like a removal. The device is "
                "locked for the reset, so it is not taken away; then it is to be added, and is still there.",
                {
                    "base.pciehp_hpc": ("pcie_isr",),
                    "base.pciehp_ctrl": (
                        "pciehp_handle_presence_change", "handle_surprise_event", "pciehp_enable_slot",
                    ),
                    "base.pciehp_pci": ("pciehp_configure_device", "pciehp_unconfigure_device"),
                },
                ("mess", "mess-polled", "calm", "poke"),
                "True up to patch 4, and worse. The lock only delays the removal. pciehp's queue is concurrent, so "
                "the enable runs meanwhile, finds the slot on and gives up; then the removal ends, and the slot is "
                "switched off: the card is lost. Without a power controller it is re-added. Twice in a row, two "
                "removals run at once and remove the same device, which crashes the kernel. In a slot without "
                "surprise removal, the events are queued too, and dropped.",
            ),
        ),
    ),
    Paragraph(
        "Slots, and their drivers",
        (
            Claim(
                "Hotplug drivers should take part in a reset, so that it does not look like a card that leaves and "
                "returns.",
                {
                    P02: ("hotplug_slot_ops",),
                    P03: ("pci_hp_reset_slot",),
                    P04: ("reset_slot", "pciehp_reset_slot"),
                    P05: ("pci_dev_reset_slot_function", "__pci_dev_reset"),
                },
                ("mess", "button", "late-completion", "presence-disabled", "pulled-in-reset"),
                "From patch 5 on pciehp notices nothing of the reset of a lone function. But the mask has a hole: it "
                "clears the enable of presence events, while the interrupt handler looks at status bits. A button "
                "that is pressed meanwhile, or a command that completes late, still queues the false removal; Linux "
                "fixed that in 2025. And the enable is set afterwards, whatever it was before.",
            ),
            Claim(
                "It is slots that are hot-plugged, and a bus may have several: where the driver can reset one of "
                "them, the others are not touched. That is pci_reset_slot().",
                {P07: ("pci_reset_slot", "pci_slot_reset", "pci_slot_lock", "pci_slot_save_and_disable")},
                ("two-slots", "ari", "walk"),
                "True. The device number decides what is in a slot, so only the first eight functions of a card with "
                "more are locked and saved. And nothing locks the list of the bus during the walks over it.",
            ),
        ),
    ),
    Paragraph(
        "Without a hotplug driver",
        (
            Claim(
                "There is not always such a driver: only pciehp gets the method, and its slot is the whole bus.",
                {P04: ("init_slot", "reset_slot")},
                ("no-completion", "inner-port"),
                "True. Its commands cost time at most: each waits a second for a completion that never comes, which "
                "is not an error. An inner hot-plug port loses its MSI in the reset of a bus above it, so the command "
                "that its restored Slot Control starts completes unnoticed; its next slot reset waits a second for "
                "each command.",
            ),
            Claim(
                "So callers can try the slot first, and go on to pci_reset_bus() if that does not apply.",
                {P07: ("pci_reset_slot", "pci_reset_bus", "pci_bus_reset")},
                ("vfio-bus", "bus-unmasked", "reset-twice", "module-going"),
                "True: a slot that cannot be reset gives -ENOTTY, and nothing has been touched. But pci_reset_bus() "
                "masks nothing: on the bus of a pciehp slot every problem of the first paragraph is back, and two "
                "resets in a row crash the kernel. A hotplug "
                "module that is being unloaded gives -ENOTTY too; pciehp could not be a module then, so it never does.",
            ),
        ),
    ),
    Paragraph(
        "Who needs it",
        (
            Claim(
                "Drivers get both, because the methods for one function may not be enough, and such a driver knows "
                "that several devices are reset.",
                {P07: ("pci_reset_slot", "pci_reset_bus")},
                ("vfio-shared", "own-lock", "two-resets"),
                "Both are exported, and check nothing: the caller must own all devices that are reset. A caller that "
                "holds the lock of one of them waits for itself.",
            ),
            Claim(
                "VFIO is one: its user may have several devices, and if these are all of a slot or bus, VFIO should "
                "offer to reset it.",
                {P07: ("pci_slot_reset", "pci_bus_reset")},
                ("vfio", "vfio-bus", "unbind"),
                "True. Before, a function reset could leave such a user waiting forever: the false removal holds the "
                "device lock and waits for the user, who waits for the lock. From patch 5 on that works; a driver "
                "that is unbound during the reset still deadlocks.",
            ),
            Claim(
                "Graphics cards most of all: many claim the reset by power state but do not reset, and the sound "
                "function beside them prevents a reset of their bus. With the series they start from the same "
                "state each time.",
                {"base.pci": ("pci_pm_reset", "pci_parent_bus_reset"), P07: ("pci_reset_slot", "pci_reset_bus")},
                ("vga", "vfio", "vfio-shared"),
                "True: pci_reset_function() returns 0 and nothing is reset; from patch 7 on pci_reset_slot() resets "
                "both functions and restores their registers.",
            ),
        ),
    ),
    Paragraph(
        "The list of patches: what only it mentions",
        (
            Claim(
                "Patch 1 makes a function of the reset through the bridge.",
                {P01: ("pci_reset_bridge_secondary_bus", "pci_parent_bus_reset")},
                ("not-a-bridge", "trhfa", "slow-device"),
                "It writes to 0x3e of any device, even an endpoint. 100 ms held and 100 ms to settle are "
                "too short for a conventional card that takes its second, and for a slow PCI Express device.",
            ),
            Claim(
                "Patch 6 splits locking and saving out of the function reset, for patch 7.",
                {P06: ("pci_dev_lock", "pci_dev_unlock", "pci_dev_save_and_disable", "pci_dev_restore")},
                ("two-resets",),
                "Nothing changes: as before, state is saved before the locks are taken, so if two users reset the "
                "same card, the second may save all ones.",
            ),
            Claim(
                "Patch 8 wakes devices before they are saved.",
                {P08: ("pci_dev_save_and_disable",)},
                ("asleep", "asleep-bridge", "unknown-state"),
                "Up to patch 7 everything below a bridge in D3hot is saved, and restored, as all ones. Patch 8 fixes "
                "that, but not for a function that resets itself as it wakes: its reset values are what is saved.",
            ),
        ),
    ),
)  # fmt: skip
