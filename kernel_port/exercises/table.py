# SPDX-License-Identifier: GPL-2.0-only
"""All exercises, by number."""

from __future__ import annotations

from collections.abc import Sequence

from ..hw.errors import MachineError
from . import machines, patches, repairs
from .exercise import Exercise

#: In order: the patches of the series, repairs, machines.
EXERCISES: Sequence[Exercise] = (*patches.EXERCISES, *repairs.EXERCISES, *machines.EXERCISES)


def exercise(number: str) -> Exercise:
    """Return an exercise by its number.

    :raises MachineError: there is none"""
    for each in EXERCISES:
        if str(each.number) == number:
            return each
    raise MachineError(f"there is no exercise {number!r}; there are 1 to {len(EXERCISES)}")
