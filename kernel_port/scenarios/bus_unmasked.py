# SPDX-License-Identifier: GPL-2.0-only
"""pci_reset_bus resets the bus of a surprise-removal slot. Who masks presence?

No one. pci_reset_bus goes straight to the bridge, whatever driver the bridge has, so the accident that patches 2 to
5 prevent is back: the card is removed, and the slot switched off.

Explains: "make reset_subordinate hotplug safe" (2026).
A reviewer could have asked: may one reset the bus of a pciehp port, and should pci_reset_bus try its slot? This run
answers it.
"""

from . import Scenario
from ._machines import POWERED_CARD
from ._outcome import Outcome
from ._script import bus, reset_bus
from ._tell import accident, code


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_bus returned {code(outcome.results['main'])}; {accident(outcome)}."


SCENARIO = Scenario(
    machine=POWERED_CARD,
    threads={"main": lambda m: reset_bus(m, bus(m))},
    answer=answer,
    needs="port",
    since=7,
    findings=(3, 12),
    recordings=("p8-mess-bus",),
    mended_by=("probe-slot-first",),
    commits=('"make reset_subordinate hotplug safe" (2026)',),
)
