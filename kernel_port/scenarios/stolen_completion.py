# SPDX-License-Identifier: GPL-2.0-only
"""The poll timer fires while a command polls for its completion. Who gets it?

Whoever looks first. In polling mode pcie_write_cmd checks every 10 ms whether its command has completed; here the
timer's handler checks in between and clears the bit, and the command waits its full second for an event long past.
"""

from ..machine import Machine
from . import Scenario
from ._machines import LONE_CARD
from ._outcome import Outcome
from ._script import PORT, before_poll, card, reset_function, slot
from ._tell import accident, code


def wait(machine: Machine) -> None:
    """Let the script begin 15 ms before the timer fires: the first command takes 12 of them."""
    before_poll(machine, slot(machine), 15)


def answer(outcome: Outcome, patches: int) -> str:
    return f"""pci_reset_function returned {code(outcome.results["main"])} after {outcome.time_ns / 1e6:g} ms;
        {accident(outcome)}."""


SCENARIO = Scenario(
    machine=LONE_CARD,
    knobs={PORT: {"command_ms": 12}},
    threads={"main": lambda m: reset_function(m, card(m))},
    prepare=wait,
    answer=answer,
    needs="slot",
    poll_mode=True,
    findings=(8,),
    mended_by=("ignore-link-changes",),
)
