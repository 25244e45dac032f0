# SPDX-License-Identifier: GPL-2.0-only
"""What Linux 3.12's vfio-pci would do for a function: what one request resets, and what one user must hold for that.

VFIO_DEVICE_PCI_HOT_RESET takes the function's own slot if pci_slot_reset() can, else its own bus if pci_bus_reset()
can, and nothing else. The kernel here has no such request; the two probes are its own, run by the survey. What a user
holds is 3.12's: an IOMMU group of which each function has no driver, or one of HARMLESS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..machine import Machine
from .ladder import ResetGroup, Survey, bus_name

#: Drivers that leave a function of a group to the group's user: vfio-pci, and those that VFIO of 3.12 lists itself.
HARMLESS = ("", "vfio-pci", "pci-stub", "pcieport")


@dataclass(frozen=True, slots=True)
class HotReset:
    """What VFIO_DEVICE_PCI_HOT_RESET does for one function."""

    bridge: bool
    """The function is a bridge, which vfio-pci is not for."""
    probed: tuple[ResetGroup, ...]
    """Its slot, if it is in one, and its bus, in the order asked."""
    resets: ResetGroup | None
    """The one that is reset; None: neither can be, and the request returns -ENODEV, or the next two."""
    missing: bool
    """This kernel has no reset of slots and buses."""
    unknown: bool
    """Whether the slot, or the bus, can be reset depends on what the source does not state."""
    groups: dict[int, tuple[str, ...]]
    """IOMMU group -> every function in it, of the groups of the functions that are reset."""
    ungrouped: tuple[str, ...]
    """Functions that are reset, and whose group the source does not state."""
    drivers: dict[str, str]
    """The driver of each function that is reset or in one of the groups; "" for none."""

    @property
    def to_release(self) -> tuple[str, ...]:
        """Functions whose drivers must let go of them first."""
        return tuple(bdf for bdf, driver in self.drivers.items() if driver not in HARMLESS)


def taken(machine: Machine, found: Survey, dev: Any) -> ResetGroup | None:
    """Return the slot or bus that is reset with *dev*, or of which that is unknown; None for neither."""
    if dev.hdr_type or not hasattr(machine.kernel, "pci_bus_reset"):
        return None
    return next((group for group in own(found, dev) if group.rc in (0, None)), None)


def own(found: Survey, dev: Any) -> Iterator[ResetGroup]:
    """Yield the slot that *dev* is in, if it is in one, and its bus."""
    slot, bus = dev.slot.kobj_name if dev.slot else None, bus_name(dev.bus)
    yield from (group for group in found.slots if group.name == slot)
    yield from (group for group in found.buses if group.name == bus)


def hot_reset(machine: Machine, found: Survey, dev: Any) -> HotReset:
    """Ask what a hot reset of *dev*, a struct pci_dev, would be."""
    group = taken(machine, found, dev)
    unknown = group is not None and group.rc is None
    resets = None if unknown else group
    drivers = {str(function.address): function.driver for function in machine.description.functions}
    numbers = {str(function.address): function.iommu_group for function in machine.description.functions}
    takes = resets.takes if resets else ()
    groups = iommu_groups(numbers, takes)
    concerned = dict.fromkeys([*takes, *(bdf for members in groups.values() for bdf in members)])
    return HotReset(
        bool(dev.hdr_type),
        tuple(own(found, dev)),
        resets,
        not hasattr(machine.kernel, "pci_bus_reset"),
        unknown,
        groups,
        tuple(bdf for bdf in takes if numbers.get(bdf) is None),
        {bdf: drivers.get(bdf, "") for bdf in concerned},
    )


def iommu_groups(numbers: dict[str, int | None], takes: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    """Return the groups that the functions of *takes* are in, with all functions of each.

    :param numbers: the group of each function of the machine"""
    members: dict[int, list[str]] = defaultdict(list)
    for bdf, number in numbers.items():
        if number is not None:
            members[number].append(bdf)
    return {number: tuple(members[number]) for number in sorted(members) if not set(takes).isdisjoint(members[number])}


def lines(hot: HotReset, bdf: str, short: Callable[[str], str]) -> Iterator[str]:
    """Say it, a sentence or two a line.

    :param bdf: the function's address
    :param short: shortens an address"""
    if hot.bridge:
        yield "vfio-pci takes no bridge: only what is below it can be given to a user."
        return
    if hot.missing:
        yield "Linux 3.12's vfio-pci resets slots and buses by functions that this kernel lacks; patch 7 adds them."
        return
    if hot.unknown:
        yield "Unknown: whether its slot or bus can be reset depends on what is not stated, see above."
        return
    if hot.resets is None:
        tried = " and ".join(f"its {group.kind}" for group in hot.probed)
        yield f"VFIO_DEVICE_PCI_HOT_RESET returns -ENODEV: {tried} cannot be reset, and vfio-pci tries no other."
        return
    others = [short(other) for other in hot.resets.takes if other != bdf]
    group = hot.resets
    yield (
        f"VFIO_DEVICE_PCI_HOT_RESET resets its own {group.kind}, "
        f"{group.name if group.kind == 'slot' else short(group.name)}"
        f"{' (the slot first, then the bus)' if len(hot.probed) > 1 else ''}: {short(bdf)} with "
        f"{', '.join(others) or 'nothing else'}."
    )
    yield from in_one_hand(hot, short)


def in_one_hand(hot: HotReset, short: Callable[[str], str]) -> Iterator[str]:
    """Say what one user must hold for it, and who holds it now."""
    if hot.groups:
        held = "; ".join(f"{number}: {', '.join(map(short, members))}" for number, members in hot.groups.items())
        yield f"One user must hold IOMMU group{'s' * (len(hot.groups) > 1)} {held}."
    if hot.ungrouped:
        yield (
            f"The IOMMU group of {', '.join(map(short, hot.ungrouped))} is unknown (lspci -vv prints it; so does "
            "readlink /sys/bus/pci/devices/ADDRESS/iommu_group); whoever shares it must be in the same hand. "
            "A function without one cannot be reset so at all: -EPERM."
        )
    now = ", ".join(f"{short(each)} {driver or 'none'}" for each, driver in hot.drivers.items())
    release = ", ".join(f"{short(each)} from {hot.drivers[each]}" for each in hot.to_release)
    yield f"Drivers now: {now}. {f'To unbind first: {release}.' if release else 'None of them is in the way.'}"


def as_json(hot: HotReset) -> dict[str, Any]:
    """Return it as data."""
    return {
        "bridge": hot.bridge,
        "unknown": hot.unknown,
        "kind": hot.resets.kind if hot.resets else None,
        "name": hot.resets.name if hot.resets else None,
        "resets": list(hot.resets.takes) if hot.resets else [],
        "groups": {str(number): list(members) for number, members in hot.groups.items()},
        "ungrouped": list(hot.ungrouped),
        "drivers": hot.drivers,
        "to_release": list(hot.to_release),
    }
