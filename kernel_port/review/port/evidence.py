# SPDX-License-Identifier: GPL-2.0-only
"""The evidence for each function of the series: what is known of v2, and what is taken from the merged form.

Of v2 as posted only the cover letter is available: subjects, order, lines per file, and why; of the merged form, all.
"""

from __future__ import annotations

#: Patch, as the name of its module begins -> function or struct -> (its name and place, its text).
EVIDENCE: dict[str, dict[str, tuple[str, str]]] = {
    "p01": {
        "pci_reset_bridge_secondary_bus": (
            "v2: named in the subject; its prototype is one of the 3 lines of linux/pci.h",
            "merged; its timing, 100 ms and 100 ms, is that of the merged commit too",
        ),
        "pci_parent_bus_reset": (
            "totals: the merged commit's 9 deletions and patch 6's 17 are the 26 that v2 has in pci.c",
            "merged",
        ),
    },
    "p02": {
        "hotplug_slot_ops": (
            "v2: the member is named in the subject; totals: 4 of the 12 lines of linux/pci_hotplug.h, as merged",
            "merged: the last member, taking slot and probe",
        ),
    },
    "p03": {
        "pci_hp_reset_slot": (
            "v2: named in the subject; totals: 24 lines and 8 in the header. Inferred: exported, with a stub",
            "inferred: that of the merged pci_reset_hotplug_slot(), 15 lines, under v2's name",
        ),
    },
    "p04": {
        "init_slot": ("totals: v2 has the merged counts in all three files (1, 12, 31 lines)", "merged"),
        "reset_slot": ("totals: v2 has the merged counts in all three files (1, 12, 31 lines)", "merged"),
        "pciehp_reset_slot": ("totals: v2 has the merged counts in all three files (1, 12, 31 lines)", "merged"),
    },
    "p05": {
        "pci_dev_reset_slot_function": (
            "inferred from the merged commit; its 34 lines are not v2's: patch 3's function is among them",
            "inferred: merged, but it calls pci_hp_reset_slot()",
        ),
        "__pci_dev_reset": ("v2: the subject says that pci_dev_reset gets a reset_slot option", "merged"),
    },
    "p06": {
        **dict.fromkeys(
            ("pci_dev_lock", "pci_dev_unlock", "pci_dev_save_and_disable", "pci_dev_restore"),
            ("v2: the subject says lock, unlock, save and restore; the names are the merged commit's", "merged"),
        ),
        **dict.fromkeys(
            ("pci_dev_reset", "pci_reset_function"),
            ("totals: the merged commit's 17 deletions are what patch 1 leaves of v2's 26 in pci.c", "merged"),
        ),
    },
    "p07": {
        **dict.fromkeys(
            (
                "pci_bus_lock", "pci_bus_unlock", "pci_slot_lock", "pci_slot_unlock", "pci_bus_save_and_disable",
                "pci_bus_restore", "pci_slot_save_and_disable", "pci_slot_restore", "pci_bus_reset",
            ),
            ("inferred from the merged commit", "merged"),
        ),
        "pci_slot_reset": ("inferred from the merged commit", "inferred: merged, but it calls pci_hp_reset_slot()"),
        "pci_reset_slot": (
            "v2: named in the cover letter; its prototype is one of the 3 lines of linux/pci.h",
            "merged",
        ),
        "pci_reset_bus": (
            "v2: named in the cover letter; its prototype is one of the 3 lines of linux/pci.h",
            "merged",
        ),
    },
    "p08": {
        "pci_dev_save_and_disable": (
            "v2: the subject says that devices are woken before they are saved",
            "merged, as far as the difference between v3.11 and v3.12 shows it",
        ),
    },
}  # fmt: skip
