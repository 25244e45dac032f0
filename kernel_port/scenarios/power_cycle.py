# SPDX-License-Identifier: GPL-2.0-only
"""A user switches a slot off and on again. What happens, in which order?

The driver releases the card with the device lock held, the function leaves the lists, the power goes off, a second
passes, the power indicator goes off. Then the way back: power, blinking, link, scan, driver, indicator. The power loss
cleared the card's registers; adding a card again does not restore them.
"""

from ..machine import Machine
from . import Scenario
from ._outcome import Outcome
from ._script import switch
from ._tell import code, listed

DRIVER = "mlx4_core"


def bind(machine: Machine) -> None:
    """Bind the card to a driver that logs a message when it releases the card."""
    kernel, dev = machine.kernel, machine.function("02:00.0")

    def remove(dev: object) -> None:
        held = ", ".join(kind for kind, _ in machine.system.sched.current.held)
        kernel.printk("info", f"{DRIVER} releases it; locked: {held}")

    dev.driver = kernel.device_driver(DRIVER, remove=remove)


def off_and_on(machine: Machine) -> int:
    """Run echo 0 > power; echo 1 > power."""
    return switch(machine, "2", 0) or switch(machine, "2", 1)


def answer(outcome: Outcome, patches: int) -> str:
    said = [text for _, _, text in outcome.messages if text.startswith(DRIVER)]
    return f"""{" ".join(said)}. Power file: {code(outcome.results["main"])}; re-added: {listed(outcome.recreated)},
        after {outcome.time_ns / 1e6:g} ms."""


SCENARIO = Scenario(machine="example:twoslots", threads={"main": off_and_on}, prepare=bind, answer=answer)
