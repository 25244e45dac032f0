# SPDX-License-Identifier: GPL-2.0-only
"""The series as posted: what its cover letter states, and the eight patches in order.

The letter is available, the eight mails are not, and the merged form is known completely. So three kinds of facts
are kept apart: what the letter states, what its totals leave for one patch (posted), and what the merged commit has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module

#: Lines added and removed in one file.
Counts = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CoverLetter:
    """What the cover letter states of the series as a whole."""

    version: int
    title: str
    author: str
    #: As the list's archive shows it.
    date: str
    #: What became of the version before.
    history: str
    #: C file -> lines, added and removed together, as its statistics count them.
    lines: dict[str, int] = field(hash=False)
    insertions: int
    deletions: int
    #: Version and list -> where that letter is in an archive, seen there.
    archives: dict[str, str] = field(hash=False, default_factory=dict)

    @property
    def heading(self) -> str:
        """Subject, author and date in one line."""
        prefix = f"[PATCH v{self.version} 0/{len(PATCHES)}]"
        return f"{prefix} {self.title} ({self.author}, {self.date})"


COVER_LETTER = CoverLetter(
    version=2,
    title="pci: bus and slot reset interface",
    author="Alex Williamson",
    date="Tue 7 May 2013 22:57:40 EST",
    history="v2 is v1 sent again, without a change to the code: v1 had not gone to linux-pci",
    lines={
        "drivers/pci/hotplug/pci_hotplug_core.c": 24,
        "drivers/pci/hotplug/pciehp.h": 1,
        "drivers/pci/hotplug/pciehp_core.c": 12,
        "drivers/pci/hotplug/pciehp_hpc.c": 31,
        "drivers/pci/pci.c": 313,
        "include/linux/pci.h": 3,
        "include/linux/pci_hotplug.h": 12,
    },
    insertions=370,
    deletions=26,
    archives={
        "v2 on linux-pci": "http://mail.spinics.net/lists/linux-pci/msg22084.html",
        "v1 on linux-kernel": "https://lkml.iu.edu/hypermail/linux/kernel/1305.0/03714.html",
    },
)
#: The one file of which lines are taken away: the letter draws a minus for no other.
SHORTENED = "drivers/pci/pci.c"


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
    #: C file of v2's patch -> what the letter's totals leave for it; None where they leave it open.
    posted: dict[str, Counts | None] = field(hash=False)
    #: C file of the merged commit -> what it has; {} if there is no such commit.
    merged: dict[str, Counts] = field(hash=False)
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
        {"drivers/pci/pci.c": None, "include/linux/pci.h": (1, 0)},
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
        {"include/linux/pci_hotplug.h": (4, 0)},
        "second there too; no difference is known",
    ),
    Patch(
        3,
        "pci: Add pci_hp_reset_slot",
        "p03_add_pci_hp_reset_slot",
        "",
        "",
        {"drivers/pci/hotplug/pci_hotplug_core.c": (24, 0), "include/linux/pci_hotplug.h": (8, 0)},
        {},
        "merged with patch 5, as pci_reset_hotplug_slot(): 15 lines in pci.c, static, so neither exported nor declared "
        "in a header",
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
        {
            "drivers/pci/hotplug/pciehp.h": (1, 0),
            "drivers/pci/hotplug/pciehp_core.c": (12, 0),
            "drivers/pci/hotplug/pciehp_hpc.c": (31, 0),
        },
        "third there, as patch 3 has gone into patch 5; the counts are the same in all three files",
    ),
    Patch(
        5,
        "pci: Add reset_slot option to pci_dev_reset",
        "p05_add_reset_slot_option_to_pci_dev_reset",
        "608c388122c72e1bf11ba8113434eb3d0c40c32d",
        "PCI: Add slot reset option to pci_dev_reset()",
        {"drivers/pci/pci.c": None},
        {"drivers/pci/pci.c": (34, 0)},
        "fourth there, with patch 3's function in it under another name, and with the include that function needs",
    ),
    Patch(
        6,
        "pci: Split out pci_dev lock/unlock and save/restore",
        "p06_split_out_pci_dev_lock_unlock_and_save_restore",
        "77cb985ad4acbe66a92ead1bb826deffa47dd33f",
        "PCI: Split out pci_dev lock/unlock and save/restore",
        {"drivers/pci/pci.c": None},
        {"drivers/pci/pci.c": (38, 17)},
        "fifth there; no difference is known, and with patch 1's these deletions make the 26 of the cover letter",
    ),
    Patch(
        7,
        "pci: Add slot and bus reset interfaces",
        "p07_add_slot_and_bus_reset_interfaces",
        "090a3c5322e900f468b3205b76d0837003ad57b2",
        "PCI: Add pci_reset_slot() and pci_reset_bus()",
        {"drivers/pci/pci.c": None, "include/linux/pci.h": (2, 0)},
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
        {"drivers/pci/pci.c": None},
        {"drivers/pci/pci.c": (7, 0)},
        "seventh there; counts derived from the difference between v3.11 and v3.12; the commit id is not verified",
    ),
)
