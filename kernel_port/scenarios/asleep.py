# SPDX-License-Identifier: GPL-2.0-only
"""Can a function in D3hot be reset if its only reset method is the power state?

The probe says yes. Up to patch 7 the reset then saves and disables it, and refuses with -EINVAL because it is not
in D0. Patch 8 wakes it first, so the reset succeeds. But waking resets this function, so the kernel saves its reset
values: its command register is lost.
"""

from . import Scenario
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._script import card, reset_function
from ._tell import code, listed, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_function returned {code(outcome.results["main"])}; reset: {listed(outcome.resets)}; lost:
        {lost(outcome)}."""


SCENARIO = Scenario(
    machine="example:d3hot",
    threads={"main": lambda m: reset_function(m, card(m))},
    answer=answer,
    needs="card",
    findings=(6, 7),
    unmended=NOT_MERGED,
)
