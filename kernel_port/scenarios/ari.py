# SPDX-License-Identifier: GPL-2.0-only
"""A card has a function above 7, by Alternative Routing-ID. Does the slot's reset know of it?

It does not. Function 8 looks like device 1, function 0 (01:01.0), and the slot belongs to device 0. So the check in
patch 5 finds function 0 alone in its slot, and the reset goes ahead. It hits function 8 too, which is neither locked
nor saved. Before patch 5, the parent bus reset refused, because there was another device on the bus.

A reviewer could have asked: does every function below the port belong to the slot? This run answers it.
"""

from . import Scenario
from ._machines import HIGH_FUNCTION
from ._outcome import Outcome
from ._script import reset_function
from ._tell import code, listed, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"""The reset of function 0 returned {code(outcome.results["main"])} and hit {listed(outcome.resets)}; lost:
        {lost(outcome)}."""


SCENARIO = Scenario(
    machine=HIGH_FUNCTION,
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    answer=answer,
    findings=(4,),
    mended_by=("one-slot-for-all-devices",),
)
