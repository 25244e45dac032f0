# SPDX-License-Identifier: GPL-2.0-only
"""A user owns two conventional cards on one bus, and the driver of their slot cannot reset it. What does VFIO do?

pci_reset_slot returns -ENOTTY and touches nothing, and VFIO falls back to pci_reset_bus, which resets both cards. So
it matters that the user owns the whole bus, not just the slot.
"""

from ..machine import Machine
from ..users import hot_reset
from . import Scenario
from ._outcome import Outcome
from ._tell import code, listed


def make_slot(machine: Machine) -> None:
    """Register a slot for the first device, with a driver that has no reset_slot."""
    kernel = machine.kernel
    ops, info = kernel.hotplug_slot_ops(), kernel.hotplug_slot_info()
    slot = kernel.hotplug_slot(ops=ops, info=info, release=lambda slot: None)
    kernel.pci_hp_register(slot, machine.bus("02"), 0, "A", kernel.module("shpchp"), "shpchp")


def answer(outcome: Outcome, patches: int) -> str:
    return f"The user got {code(outcome.results['main'])}; reset: {listed(outcome.resets)}."


SCENARIO = Scenario(
    machine="example:conventional",
    threads={"main": lambda m: hot_reset(m, "02:00.0", {"02:00.0", "02:01.0"})},
    prepare=make_slot,
    answer=answer,
    since=7,
)
