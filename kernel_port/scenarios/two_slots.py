# SPDX-License-Identifier: GPL-2.0-only
"""Two slots share a bus. Does the reset of one leave the other alone?

pciehp has one slot per bus, but other drivers have several. This one is made up: it has two slots on a conventional
bus, and a reset_slot that does nothing. pci_reset_slot locks and saves what is in its slot and skips the rest.
"""

from ..machine import Machine
from . import Scenario
from ._outcome import Outcome
from ._script import reset_slot
from ._tell import code, listed


def make_slots(machine: Machine) -> None:
    """Register a slot for each of the two devices."""
    kernel = machine.kernel
    for device, name in enumerate(("A", "B")):
        ops = kernel.hotplug_slot_ops()
        if kernel.point >= 2:
            ops.reset_slot = lambda slot, probe: 0
        slot = kernel.hotplug_slot(ops=ops, info=kernel.hotplug_slot_info(), release=lambda slot: None)
        kernel.pci_hp_register(slot, machine.bus("02"), device, name, kernel.module("shpchp"), "shpchp")


def answer(outcome: Outcome, patches: int) -> str:
    locked = listed(of for kind, of in outcome.taken.get("main", []) if kind == "device")
    return f"pci_reset_slot(A) returned {code(outcome.results['main'])} and locked {locked}."


SCENARIO = Scenario(
    machine="example:conventional",
    threads={"main": lambda m: reset_slot(m, "A")},
    prepare=make_slots,
    answer=answer,
    since=7,
)
