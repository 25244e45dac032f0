# SPDX-License-Identifier: GPL-2.0-only
"""What must hold after every run in which functions are reset, whatever the order of events was."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..hw.masks import Reset
from ._outcome import Outcome

POWER_ON = Reset.POWER.value


def no_deadlock(outcome: Outcome) -> Iterator[str]:
    """Every thread returned."""
    if outcome.deadlock:
        yield f"{', '.join(outcome.unfinished)} never returned"


def no_oops(outcome: Outcome) -> Iterator[str]:
    """The kernel survived."""
    if outcome.oops:
        yield outcome.oops.partition("\n")[0]


def locks_released(outcome: Outcome) -> Iterator[str]:
    """Nobody holds a lock any more."""
    yield from outcome.locked


def config_restored(outcome: Outcome) -> Iterator[str]:
    """What was reset has the registers back that pci_save_state() saves; unless it was without power, or the kernel was
    rightly told to forget it."""
    for bdf, differences in outcome.lost.items():
        forgotten = bdf in outcome.removed and not outcome.spurious
        if POWER_ON not in outcome.resets[bdf] and not forgotten:
            yield f"{bdf}: {', '.join(difference.where.name for difference in differences)}"


def all_answer(outcome: Outcome) -> Iterator[str]:
    """Every function that the kernel has can be reached."""
    yield from outcome.silent


def nothing_removed(outcome: Outcome) -> Iterator[str]:
    """No function was removed that was only reset: the kernel has every one it had, by the same struct. Only false
    alarms are held against it, not what a card that moved, or a user, made it do."""
    if outcome.spurious:
        yield from (f"{bdf} is gone" for bdf in outcome.removed)
        yield from (f"{bdf} was removed and found anew" for bdf in outcome.recreated)


def nothing_added_twice(outcome: Outcome) -> Iterator[str]:
    """No function was added, or tried to be added, that was there."""
    yield from (f"{bdf} was there already" for bdf in outcome.added_twice)


#: Name -> what yields a reason for each breach.
INVARIANTS: dict[str, Callable[[Outcome], Iterator[str]]] = {
    "no deadlock": no_deadlock,
    "the kernel survives": no_oops,
    "every lock released": locks_released,
    "config space restored": config_restored,
    "every function answers": all_answer,
    "no function removed that was only reset": nothing_removed,
    "no function added twice": nothing_added_twice,
}


def broken(outcome: Outcome) -> list[str]:
    """Each breach, with the invariant's name first."""
    return [f"{name}: {reason}" for name, check in INVARIANTS.items() for reason in check(outcome)]
