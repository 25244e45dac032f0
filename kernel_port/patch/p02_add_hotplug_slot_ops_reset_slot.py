# SPDX-License-Identifier: GPL-2.0-only
"""pci: Add hotplug_slot_ops.reset_slot()

Why: a reset of the bus below a slot looks to the slot like a card that goes and comes back; only the slot's driver
knows how to reset the card without that.
What: in include/linux/pci_hotplug.h, struct hotplug_slot_ops gets one more operation, as its last member. No driver
has it and no code calls it yet.
Look at: callers must handle NULL, which it is in every driver but pciehp. The second argument, probe, asks whether the
reset would work and must touch nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..base import pci_hotplug
from ..base.pci_hotplug import hotplug_slot
from ..kernel.structs import *

ADDS = ()
MODIFIES = ("hotplug_slot_ops",)


@dataclass(eq=False, slots=True)
class hotplug_slot_ops(pci_hotplug.hotplug_slot_ops):
    """struct hotplug_slot_ops: what a hotplug driver can do with its slot; NULL if it cannot.

    The getters return (status, value).
    reset_slot(slot, probe) resets what is in the slot; with probe it only says whether it could.

    C: include/linux/pci_hotplug.h, struct, patch 2"""

    reset_slot: Callable[[hotplug_slot, int], int] = NULL
