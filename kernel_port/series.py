# SPDX-License-Identifier: GPL-2.0-only
"""The eight patches in order, as far as the cover letter and the merged form tell (patches/BASE.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

#: Lines that the cover letter counts per file, added and removed together: 370 insertions and 26 deletions in all.
COVER_LETTER = {
    "drivers/pci/hotplug/pci_hotplug_core.c": 24,
    "drivers/pci/hotplug/pciehp.h": 1,
    "drivers/pci/hotplug/pciehp_core.c": 12,
    "drivers/pci/hotplug/pciehp_hpc.c": 31,
    "drivers/pci/pci.c": 313,
    "include/linux/pci.h": 3,
    "include/linux/pci_hotplug.h": 12,
}


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch of "[PATCH v2 0/8] pci: bus and slot reset interface"."""

    number: int
    subject: str
    #: The module in kernel_port/patch.
    module: str
    #: The commit it became in v3.12, "" where not verified, and that commit's title.
    merged_as: str
    merged_title: str
    #: C file -> lines (added, removed), in the merged commit unless the note says otherwise.
    files: dict[str, tuple[int, int]] = field(hash=False)
    #: Where the merged commit and the patch as posted differ.
    note: str = ""
    #: The patch with which it was merged into one commit, 0 if it was not.
    merged_with: int = 0

    @property
    def adds(self) -> tuple[str, ...]:
        """The functions and structs that are new."""
        return tuple(import_module(f".patch.{self.module}", __package__).ADDS)

    @property
    def modifies(self) -> tuple[str, ...]:
        """The functions and structs that change."""
        return tuple(import_module(f".patch.{self.module}", __package__).MODIFIES)


PATCHES = (
    Patch(
        1,
        "pci: Create pci_reset_bridge_secondary_bus()",
        "p01_create_pci_reset_bridge_secondary_bus",
        "64e8674fbe6bc848333a9b7e19f8cc019dde9eab",
        "PCI: Add pci_reset_bridge_secondary_bus()",
        {"drivers/pci/pci.c": (23, 9), "include/linux/pci.h": (1, 0)},
        'only the title says "Add" for "Create"; the commit still holds the reset for 100 ms and lets it settle for '
        '100 ms, the 2 ms and 1 s of v3.12 are of a later commit, "PCI: Tune secondary bus reset timing"',
    ),
    Patch(
        2,
        "pci: Add hotplug_slot_ops.reset_slot()",
        "p02_add_hotplug_slot_ops_reset_slot",
        "5c32b35b004f5ef70dcf62bbc42b8bed1e50b471",
        "PCI: Add hotplug_slot_ops.reset_slot()",
        {"include/linux/pci_hotplug.h": (4, 0)},
        "second there too; no difference is known",
    ),
    Patch(
        3,
        "pci: Add pci_hp_reset_slot()",
        "p03_add_pci_hp_reset_slot",
        "",
        "",
        {"drivers/pci/hotplug/pci_hotplug_core.c": (24, 0), "include/linux/pci_hotplug.h": (8, 0)},
        "merged with patch 5, as pci_reset_hotplug_slot(): 15 lines in pci.c, static, so neither exported nor declared "
        "in a header; the counts of what was posted follow from the cover letter's totals",
        merged_with=5,
    ),
    Patch(
        4,
        "pci: Implement reset_slot for pciehp",
        "p04_implement_reset_slot_for_pciehp",
        "2e35afaefe64946caaecfacaf7fb568e46185e88",
        "PCI: pciehp: Add reset_slot() method",
        {
            "drivers/pci/hotplug/pciehp.h": (1, 0),
            "drivers/pci/hotplug/pciehp_core.c": (12, 0),
            "drivers/pci/hotplug/pciehp_hpc.c": (31, 0),
        },
        "third there, as patch 3 has gone into patch 5; the counts are the cover letter's in all three files",
    ),
    Patch(
        5,
        "pci: Add slot reset option to pci_dev_reset",
        "p05_add_reset_slot_option_to_pci_dev_reset",
        "608c388122c72e1bf11ba8113434eb3d0c40c32d",
        "PCI: Add slot reset option to pci_dev_reset()",
        {"drivers/pci/pci.c": (34, 0)},
        "fourth there, with patch 3's function in it under another name, and with the include that function needs; so "
        "the counts are of both",
    ),
    Patch(
        6,
        "pci: Split out pci_dev lock/unlock and save/restore",
        "p06_split_out_pci_dev_lock_unlock_and_save_restore",
        "77cb985ad4acbe66a92ead1bb826deffa47dd33f",
        "PCI: Split out pci_dev lock/unlock and save/restore",
        {"drivers/pci/pci.c": (38, 17)},
        "fifth there; no difference is known, and the deletions are those the cover letter leaves for this patch",
    ),
    Patch(
        7,
        "pci: Add slot and bus reset interfaces",
        "p07_add_slot_and_bus_reset_interfaces",
        "090a3c5322e900f468b3205b76d0837003ad57b2",
        "PCI: Add pci_reset_slot() and pci_reset_bus()",
        {"drivers/pci/pci.c": (209, 0), "include/linux/pci.h": (2, 0)},
        "sixth there, under another title, calling pci_reset_hotplug_slot(); pci_probe_reset_slot() and "
        "pci_probe_reset_bus() of v3.12 are of a later commit",
    ),
    Patch(
        8,
        "pci: Wake-up devices before save for reset",
        "p08_wake_up_devices_before_save_for_reset",
        "",
        "PCI: Wake-up devices before saving config space for reset",
        {"drivers/pci/pci.c": (7, 0)},
        "seventh there; counts derived from the difference between v3.11 and v3.12; the commit id is not verified",
    ),
)
