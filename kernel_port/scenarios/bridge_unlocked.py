# SPDX-License-Identifier: GPL-2.0-only
"""Somebody writes Bridge Control of the bridge during the reset of the bus below it. What keeps them apart?

Nothing: pci_bus_lock locks what is on the bus, not the bridge that resets it. Here setpci reads the register while
the reset bit is set and writes it back, with one more bit, when the reset is over. The bus stays in reset for good,
and the restored registers reach no device.

Explains: "Add missing bridge lock to pci_bus_lock()" (2024).
A reviewer could have asked: which registers does the reset write, and does it hold their lock? This run answers it.
"""

from ..machine import Machine
from ..pci_regs import PCI_BRIDGE_CONTROL, PCI_BRIDGE_CTL_MASTER_ABORT
from . import Scenario
from ._outcome import Outcome
from ._script import after, reset_bus, sleep
from ._tell import code, lost


def setpci(machine: Machine, bridge: str) -> int:
    """Run setpci -s BRIDGE BRIDGE_CONTROL=20:20, which takes 60 ms."""
    kernel, dev = machine.kernel, machine.function(bridge)
    _, control = kernel.pci_user_read_config_word(dev, PCI_BRIDGE_CONTROL)
    sleep(machine, 60)
    rc: int = kernel.pci_user_write_config_word(dev, PCI_BRIDGE_CONTROL, control | PCI_BRIDGE_CTL_MASTER_ABORT)
    return rc


def answer(outcome: Outcome, patches: int) -> str:
    return f"The reset returned {code(outcome.results['main'])}; lost: {lost(outcome)}."


SCENARIO = Scenario(
    machine="example:conventional",
    threads={"main": lambda m: reset_bus(m, "02"), "setpci": after(50, lambda m: setpci(m, "00:1e.0"))},
    answer=answer,
    since=7,
    mended_by=("lock-bridge-of-bus",),
    commits=('"Add missing bridge lock to pci_bus_lock()" (2024)',),
)
