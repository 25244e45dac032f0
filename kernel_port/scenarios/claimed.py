# SPDX-License-Identifier: GPL-2.0-only
"""A card alone in its slot claims that waking from D3hot resets it, and keeps everything. Does its user get a reset?

A 0, and no reset: the kernel believes the claim and looks no further, though the slot's reset would do. No invariant is
broken, as nothing happens at all. Linux has a list of such cards (v4.0 or v4.1), and goes on to the slot.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import reset_function
from ._tell import code, listed

#: LONE_CARD with a graphics card of AMD.
GRAPHICS_CARD = LONE_CARD.replace(
    "vendor = 0x1000\ndevice = 0x0072\nclass = 0x010700", "vendor = 0x1002\nclass = 0x030000"
).replace('driver = "mpt2sas"\npm = {no_soft_reset = true}', 'driver = "radeon"\npm = {}\nsoft_reset_works = false')


def answer(outcome: Outcome, patches: int) -> str:
    return f"pci_reset_function returned {code(outcome.results['main'])} and reset {listed(outcome.resets)}."


SCENARIO = Scenario(
    machine=GRAPHICS_CARD,
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    answer=answer,
    mended_by=("no-pm-reset",),
)
