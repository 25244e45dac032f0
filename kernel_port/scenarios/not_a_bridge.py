# SPDX-License-Identifier: GPL-2.0-only
"""pci_reset_bridge_secondary_bus is exported. What if it is called on a device that is not a bridge?

It does not check. It reads and writes a word at 0x3e, which in an endpoint is Min_Gnt and Max_Lat, waits its 200 ms,
and returns nothing, so its caller cannot know that nothing was reset.

A reviewer could have asked: should it look at the header type, and return an error? This run answers it.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._mending import NOT_MERGED
from ._outcome import Outcome
from ._tell import listed


def reset(machine: Machine) -> None:
    """Call it on the endpoint."""
    if machine.kernel.point >= 1:
        machine.kernel.pci_reset_bridge_secondary_bus(machine.function("01:00.0"))


def answer(outcome: Outcome, patches: int) -> str:
    return f"It took {outcome.time_ns / 1e6:g} ms and reset {listed(outcome.resets)}."


SCENARIO = Scenario(
    machine=LONE_CARD, threads={"main": reset}, answer=answer, since=1, findings=(11,), unmended=NOT_MERGED
)
