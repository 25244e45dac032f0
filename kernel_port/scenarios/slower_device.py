# SPDX-License-Identifier: GPL-2.0-only
"""A PCI Express device needs a second and a half after reset before it answers. Who waits for it?

No one. A second (v3.12) is too short for it as well. In v4.17 something waits, but for the bridge, which was not reset
and answers at once; v6.3 waits for the device, as long as it asks for retries.
"""

from . import Scenario
from ._machines import LONE_CARD
from ._script import reset_function
from .slow_device import answer

SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={"01:00.0": {"ready_ms": 1500}},
    threads={"main": lambda m: reset_function(m, "01:00.0")},
    answer=answer,
    opened_by=("wait-after-bus-reset",),
    mended_by=("unify-reset-delays",),
)
