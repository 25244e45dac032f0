# SPDX-License-Identifier: GPL-2.0-only
"""There are more bridges below a bus that is reset. Do they get their bus numbers back?

Bridges lose their bus numbers in a reset, and without those nothing below can be reached. pci_reset_bus (patch 7)
restores parents before children, so each bus can be reached when its turn comes. A reset by hand restores nothing.
"""

from . import Scenario
from ._machines import SWITCH
from ._outcome import Outcome
from ._script import reset_together
from ._tell import listed, lost


def answer(outcome: Outcome, patches: int) -> str:
    how = "pci_reset_bus" if patches >= 7 else "setpci"
    return f"Reset by {how}: {listed(outcome.resets)}. Restored: {listed(outcome.restored)}. Lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=SWITCH, threads={"main": lambda m: reset_together(m, "01")}, answer=answer, mended_by=("p07",)
)
