# SPDX-License-Identifier: GPL-2.0-only
"""One more link has to come up below the bus that is reset. Does the reset wait for it?

It does not. All links below start training when the reset ends; the series waits 100 ms, then restores parents and
children in turn. Here one port of the switch needs 300 ms, so the card below it is restored before it answers.

Explains: "Wait for Link before restoring Downstream Buses" (2024, Fixes: 090a3c5322e9).
A reviewer could have asked: what if a link below is not up after 100 ms? This run answers it.
"""

from . import Scenario
from ._machines import SWITCH
from ._outcome import Outcome
from ._script import reset_bus
from ._tell import code, lost


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_bus returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine=SWITCH,
    knobs={"02:00.0": {"link_training_ms": 300}},
    threads={"main": lambda m: reset_bus(m, "01")},
    answer=answer,
    since=7,
    mended_by=("wait-for-link-below",),
    commits=('"Wait for Link before restoring Downstream Buses" (2024, Fixes: 090a3c5322e9)',),
)
