# SPDX-License-Identifier: GPL-2.0-only
"""What is saved below a bridge that sleeps in D3hot?

All ones, because nothing below can be reached. They are "restored" after the reset, which wakes the bridge; each
register that does not take them is retried ten times, a millisecond apart. Patch 8 wakes parents before it saves
children.
"""

from ..kernel.structs import PCI_D3hot
from ..machine import Machine
from . import Scenario
from ._machines import SWITCH
from ._outcome import Outcome
from ._script import reset_bus
from ._tell import code, lost


def fall_asleep(machine: Machine) -> None:
    """Send a port of the switch to sleep, as run-time power management does."""
    machine.kernel.pci_set_power_state(machine.function("02:00.0"), PCI_D3hot)


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_bus returned {code(outcome.results["main"])} after {outcome.time_ns / 1e6:g} ms; lost:
        {lost(outcome)}."""


SCENARIO = Scenario(
    machine=SWITCH,
    threads={"main": lambda m: reset_bus(m, "02")},
    prepare=fall_asleep,
    answer=answer,
    since=7,
    findings=(6,),
    mended_by=("p08",),
)
