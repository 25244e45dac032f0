# SPDX-License-Identifier: GPL-2.0-only
"""A user writes 1 to the file reset_subordinate of a port with a surprise-removal slot. Who masks presence?

No one. The file (v6.13) resets the bus below the bridge, so it is `bus-unmasked` again, by a file of sysfs: the card is
removed, and the slot switched off. v7.1 resets the slots on the bus, if all of them can be reset.

A reviewer of the file could have asked: may one reset the bus of a pciehp port? This run answers it.
"""

from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import port, write_file
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"The write returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": lambda m: write_file(m, port(m), "reset_subordinate", "1")},
    answer=answer,
    needs="port",
    opened_by=("reset-subordinate",),
    mended_by=("hotplug-safe-reset-subordinate",),
)
