# SPDX-License-Identifier: GPL-2.0-only
"""Somebody writes Bridge Control of the bridge while a function below is reset by its bus. What keeps them apart?

Nothing: pci_reset_function locks the function, and a bus reset works on registers of the bridge above. So the bus may
stay in reset for good, as in `bridge-unlocked`. 7e89efc6e9e4 (v6.10) locks the bridge, too.
"""

from . import Scenario
from ._machines import FIXED_CARD
from ._script import after, reset_function
from .bridge_unlocked import answer, setpci

SCENARIO = Scenario(
    machine=FIXED_CARD,
    threads={"main": lambda m: reset_function(m, "01:00.0"), "setpci": after(50, lambda m: setpci(m, "00:1c.0"))},
    answer=answer,
    mended_by=("lock-upstream-bridge",),
)
