# SPDX-License-Identifier: GPL-2.0-only
# mypy: disable-error-code="attr-defined"
# PORT: structs of the base point to each other by the type that they have there; at run time they are the grown ones.
"""PCI: pciehp: Fix race condition handling surprise link down

Why: events of a slot are handled at once, out of order: one looks at the slot while another, before it, still changes
it.
What: in drivers/pci/hotplug/pciehp_hpc.c, pcie_init_slot() makes the slot's work queue an ordered one: an item begins
when the one before has ended.
Look at: an item that waits for another one of its queue waits for ever. A removal that waits for a device lock holds up
all that comes after it, a button press as well. Users who switch the slot from sysfs come from outside the queue.
Upstream: 499022396a38 in v4.16 (a web view of Git shows id and title; absent in v4.14.5, present in v4.16.13; whether
v4.15 has it is not verified).
Adapted: from v4.16.13 to v3.15's pcie_init_slot(). The commit also makes a message about a device that is there already
a debug message; 3.12 takes such a device for an error, and does so here.
"""

from __future__ import annotations

from ..base.pciehp import *
from ..base.pciehp_ctrl import pciehp_queue_pushbutton_work
from ..kernel.mutex import mutex_init
from ..kernel.structs import *
from ..kernel.workqueue import INIT_DELAYED_WORK, alloc_ordered_workqueue
from .v315_hotplug_lock import slot

ADDS = ()
MODIFIES = ("pcie_init_slot",)
REQUIRES = ("hotplug-lock",)


def pcie_init_slot(ctrl: controller) -> int:
    """Make the slot below the port.

    C: drivers/pci/hotplug/pciehp_hpc.c, static, v4.16
    :return: 0"""
    name = pci_name(ctrl.pcie.port)  # PORT: of the locks and the work, for reports
    new = slot()  # PORT: kzalloc(); C's variable has the name of its type

    new.wq = alloc_ordered_workqueue(f"pciehp-{PSN(ctrl)}", 0)  # PORT: it does not fail: no `-ENOMEM`

    new.ctrl = ctrl
    mutex_init(new.lock, "slot", name)
    mutex_init(new.hotplug_lock, "hotplug", name)
    INIT_DELAYED_WORK(new.work, pciehp_queue_pushbutton_work, new, name)
    ctrl.slot = new
    return 0
