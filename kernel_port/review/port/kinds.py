# SPDX-License-Identifier: GPL-2.0-only
"""Departures that recur everywhere, each told once: what the C calls for which Python has no statement, and why.

A kind is told by the function that a statement of the C calls first, never by a file or by a pattern. With
`cannot_fail` it has the test of the result behind it, too: `if (!ptr) return -ENOMEM;`. All other departures are told
where they are, by a `# PORT:` comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What a statement calls first of all, in a test, or for an assignment.
FIRST_CALL = re.compile(r"(?:(?:if|while)\s*\(\s*!?\s*)?(?:(?:[\w>.*\[\]-]|\s)+=\s*)?(?:\([^()]*\*\)\s*)?(\w+)\s*\(")


@dataclass(frozen=True, slots=True)
class Kind:
    """Calls that the port has no statement for."""

    reason: str
    calls: frozenset[str]
    #: Whether the test of the result behind it goes, too.
    cannot_fail: bool = False


def kind(reason: str, calls: str, cannot_fail: bool = False) -> Kind:
    """Return a kind of *calls*, separated by blanks; *reason* begins with "PORT:", for grep."""
    return Kind(reason.removeprefix("PORT: "), frozenset(calls.split()), cannot_fail)


#: Of the Python: what the trace says, for which the C has no statement.
EVENTS = kind("PORT: events of the trace", "emit lock_contended lock_acquired lock_released")

KINDS: tuple[Kind, ...] = (
    kind("PORT: memory comes from Python, is freed by it, and does not run out", "kzalloc kmalloc kfree", True),
    kind(
        "PORT: Python counts references",
        "get_device put_device pci_dev_get pci_dev_put pci_bus_put kref_init vfio_group_get vfio_group_put "
        "iommu_group_put",
    ),
    kind(
        "PORT: lists and locks are made with the object that they are part of",
        "INIT_LIST_HEAD LIST_HEAD mutex_init spin_lock_init",
    ),
    kind(
        "PORT: one thread runs at a time, and interrupts come only where time passes: no spin lock, no waiting for one",
        "spin_lock_irq spin_unlock_irq spin_lock_irqsave spin_unlock_irqrestore cpu_relax",
    ),
    kind(
        "PORT: an object is passed as itself, not as a member of it",
        "container_of to_pci_dev to_pci_slot to_pcie_device to_service_driver",
    ),
    kind(
        "PORT: no suspend and no power management at run time",
        "pm_runtime_get_sync pm_runtime_put_sync device_enable_async_suspend",
    ),
    kind("PORT: ASPM is left out", "pcie_aspm_create_sysfs_dev_files pcie_aspm_remove_sysfs_dev_files"),
    kind(
        "PORT: hooks that x86 leaves empty",
        "pcibios_add_bus pcibios_remove_bus pcibios_add_device pcibios_root_bridge_prepare "
        "pcibios_add_platform_entries arch_msi_check_device pci_set_of_node pci_set_bus_of_node",
        True,
    ),
    kind("PORT: addresses on the bus are the processor's, as on x86", "pcibios_bus_to_resource"),
    kind("PORT: nobody in user space is told (udev)", "kobject_uevent"),
    kind("PORT: messages for debugging, which have to be asked for", "dbg pr_debug"),
)


def kind_of(code: str) -> Kind | None:
    """Return the kind of a statement of the C, in one line; None if it is of no kind."""
    call = FIRST_CALL.match(code)
    return next((each for each in KINDS if call and call[1] in each.calls), None)
