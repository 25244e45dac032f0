# SPDX-License-Identifier: GPL-2.0-only
"""What must hold after every run with resets, whatever the order of events was."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..hw.masks import Reset
from ._outcome import Outcome

POWER_ON = Reset.POWER.value


def no_deadlock(outcome: Outcome) -> Iterator[str]:
    """Check that every thread returned."""
    if outcome.deadlock:
        yield f"{', '.join(outcome.unfinished)} never returned"


def no_oops(outcome: Outcome) -> Iterator[str]:
    """Return whether the kernel survived."""
    if outcome.oops:
        yield outcome.oops.partition("\n")[0]


def locks_released(outcome: Outcome) -> Iterator[str]:
    """Check that no lock is held."""
    yield from outcome.locked


def config_restored(outcome: Outcome) -> Iterator[str]:
    """Check that what was reset has the registers back that pci_save_state() saves, unless it lost power or was really
    removed."""
    for bdf, differences in outcome.lost.items():
        forgotten = bdf in outcome.removed and bdf not in outcome.false_removals
        if POWER_ON not in outcome.resets[bdf] and not forgotten:
            yield f"{bdf}: {', '.join(difference.where.name for difference in differences)}"


def all_answer(outcome: Outcome) -> Iterator[str]:
    """Check that every function that the kernel has can be reached."""
    yield from outcome.silent


def nothing_removed(outcome: Outcome) -> Iterator[str]:
    """Check that no function was removed because of a reset: the kernel has every one that it had, by the same struct.
    Only false removals count, not those by a user or of a card that was really pulled."""
    yield from (f"{bdf} is gone" for bdf in outcome.false_removals)
    if outcome.spurious:
        yield from (f"{bdf} was removed and re-added" for bdf in outcome.recreated)


def nothing_added_twice(outcome: Outcome) -> Iterator[str]:
    """Check that the kernel did not add, or try to add, a function that it had."""
    yield from (f"{bdf} existed already" for bdf in outcome.added_twice)


#: Name -> check, which yields a reason for each violation.
INVARIANTS: dict[str, Callable[[Outcome], Iterator[str]]] = {
    "no deadlock": no_deadlock,
    "the kernel survives": no_oops,
    "every lock released": locks_released,
    "config space restored": config_restored,
    "every function answers": all_answer,
    "no false removal": nothing_removed,
    "no function added twice": nothing_added_twice,
}


def broken(outcome: Outcome) -> list[str]:
    """Return each violation, with the invariant's name first."""
    return [f"{name}: {reason}" for name, check in INVARIANTS.items() for reason in check(outcome)]
