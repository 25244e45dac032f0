# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Wait for Link before restoring Downstream Buses

Why: the reset of a bus takes down all links below it as well, and only that of the bus itself was waited for: what is
below was restored before it answered.
What: in drivers/pci/pci.c, pci_bus_restore_locked() and pci_slot_restore_locked() wait for the bus below each bridge
after they have restored the bridge.
Look at: the result of the wait is ignored, so what did not come up is restored in vain. Bridges of one bus are waited
for in turn. It is the restored bridge that is asked: before, it has no bus numbers.
Upstream: 3e40aa29d47e in v6.12 (in a list of revisions and a mail; it fixes 090a3c5322e9, patch 7; the code is in
6.12.19 and not in 6.5.0).
Adapted: from v6.12.19, on top of try-semantics and unify-reset-delays; nothing differs.
"""

from __future__ import annotations

from ..kernel.structs import *
from ..patch.p06_split_out_pci_dev_lock_unlock_and_save_restore import pci_dev_restore
from .v63_unify_reset_delays import pci_bridge_wait_for_secondary_bus

ADDS = ()
MODIFIES = ("pci_bus_restore_locked", "pci_slot_restore_locked")
REQUIRES = ("try-semantics", "unify-reset-delays")


def pci_bus_restore_locked(bus: pci_bus) -> None:
    """Restore every device on and below *bus*, from the top down, waiting for each bus. The caller has locked them.

    C: drivers/pci/pci.c, static, v6.12"""
    for dev in bus.devices:
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bridge_wait_for_secondary_bus(dev, "bus reset")
            pci_bus_restore_locked(dev.subordinate)


def pci_slot_restore_locked(slot: pci_slot) -> None:
    """Restore every device in and below *slot*, from the top down, waiting for each bus. The caller has locked them.

    C: drivers/pci/pci.c, static, v6.12"""
    for dev in slot.bus.devices:
        if not dev.slot or dev.slot is not slot:
            continue
        pci_dev_restore(dev)
        if dev.subordinate:
            pci_bridge_wait_for_secondary_bus(dev, "slot reset")
            pci_bus_restore_locked(dev.subordinate)
