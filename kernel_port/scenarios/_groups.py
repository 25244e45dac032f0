# SPDX-License-Identifier: GPL-2.0-only
"""The scenarios by subject, and in each the simple ones first, a sequel behind its story.

Level 1 needs no more than the cover letter, 2 knows how pciehp works, 3 is for those who look for races."""

from __future__ import annotations

from collections.abc import Iterable

#: Group -> name -> level.
GROUPS = {
    "resets": {
        "calm": 1, "vga": 1, "not-a-bridge": 1, "two-functions": 1, "ari": 1, "poke": 2,
        "virtual-channel": 2, "own-lock": 2, "nested": 2,
        "asleep": 2, "asleep-bridge": 2, "unknown-state": 2, "two-resets": 3, "walk": 3, "walk-preempted": 3,
    },
    "hot-plug": {
        "mess": 1, "mess-no-power": 1, "mess-polled": 1, "reset-twice": 2, "bus-unmasked": 2, "reset-subordinate": 2,
        "two-slots": 2, "inner-port": 2, "inner-port-interrupts": 3, "pulled": 1, "pulled-in-reset": 2,
        "power-cycle": 2, "button": 2, "slot-readers": 2, "at-once": 3, "module-going": 3, "presence-disabled": 2,
        "no-completion": 2, "late-completion": 3, "inner-slot-again": 3,
        "put-back": 2, "swapped": 3, "switched-meanwhile": 3, "unbound-in-reset": 3,
        "late-status": 3, "stolen-completion": 3,
    },
    "locks": {
        "unbind": 2, "bridge-unlocked": 2, "bridge-unlocked-slot": 2, "lock-order": 3, "lock-order-later": 3,
        "nested-slots": 3, "trylock-failed": 3,
    },
    "vfio": {"vfio": 1, "vfio-hang": 2, "vfio-bus": 2, "closing": 2, "closing-unlocked": 2, "vfio-shared": 3},
    "hardware": {"pending": 1, "slow-device": 1, "trhfa": 2, "link-late": 2, "all-ones": 2},
}  # fmt: skip
#: The group of those that none of the others names.
OTHERS = "others"


def in_order(names: Iterable[str]) -> list[str]:
    """Return *names* by group, in the order in which to look at them; those without a group last."""
    place = {name: number for number, name in enumerate(name for group in GROUPS.values() for name in group)}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def group_of(name: str) -> str:
    """Return the group of a scenario."""
    return next((group for group, levels in GROUPS.items() if name in levels), OTHERS)


def level_of(name: str) -> int:
    """Return how much a scenario asks of its reader, 1 to 3; 3 if it has no group."""
    return GROUPS.get(group_of(name), {}).get(name, 3)
