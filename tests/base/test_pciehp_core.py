# SPDX-License-Identifier: GPL-2.0-only
"""pciehp as the hotplug core sees it. Oracle: facts/kernel.md section 9 (pciehp_core.c), worked out by hand."""

from errno import ENODEV

import pytest
from slotted import (
    AMBER,
    AMBER_BLINK,
    CCIE,
    HPIE,
    LATCH,
    LNKCAP,
    LNKCTL,
    LNKSTA,
    NCCS,
    PCC,
    PDCE,
    PDS,
    PORT,
    POWER,
    SLTCAP,
    SLTCTL,
    SLTSTA,
    Slotted,
    command,
)

ENABLES = PDCE | HPIE | CCIE
STATUS, CONTROL = ("r", PORT, SLTSTA, 2), ("r", PORT, SLTCTL, 2)
INIT = [("r", PORT, SLTCAP, 4), ("r", PORT, LNKCAP, 4), ("w", PORT, SLTSTA, 2, 0x1F), *command(0)]
BASE_OPS = {"enable_slot", "disable_slot", "get_power_status", "get_adapter_status"}


def accesses(paper):
    return [act for act in paper.take() if act[1] not in ("pci_hp_mutex", "pci_bus_sem")]


def test_pciehp_probe_order_is_init_register_notify_status():
    paper = Slotted(slot_cap=NCCS)
    assert paper.kernel.pciehp_probe(paper.pcie) == 0
    acts = paper.take()
    register = [act for act in acts if act[1] in ("pci_hp_mutex", "pci_bus_sem")]
    assert acts == [*INIT, *register, *command(ENABLES), STATUS, CONTROL]
    assert len(register) == 4
    assert [action.dev_id for action in paper.system.irq_actions[17]] == [paper.pcie.priv_data]


def test_pciehp_probe_registers_the_slot_below_the_port():
    paper = Slotted(slot_cap=NCCS)
    card = paper.card()
    ctrl = paper.controller()
    (slot,) = paper.below.slots
    assert (slot.number, slot.kobj_name, card.slot) == (0, "7", slot)
    assert slot.hotplug is ctrl.slot.hotplug_slot
    ops = slot.hotplug.ops
    assert (slot.hotplug.private, ops.owner, ops.mod_name) == (ctrl.slot, None, "pciehp")  # built in: no THIS_MODULE


@pytest.mark.parametrize(
    ("slot_cap", "more"),
    [(0, set()), (LATCH, {"get_latch_status"}), (AMBER, {"get_attention_status", "set_attention_status"})],
)
def test_init_slot_offers_what_the_slot_has(slot_cap, more):
    paper = Slotted(slot_cap=slot_cap | NCCS)
    ops = paper.controller().slot.hotplug_slot.ops
    offered = {name for name in paper.kernel.hotplug_slot_ops.__slots__ if getattr(ops, name)}
    assert offered == BASE_OPS | more | {"mod_name"}


def test_init_slot_second_slot_of_that_number_gets_a_suffix():
    paper = Slotted(slot_cap=NCCS)
    paper.kernel.pci_create_slot(paper.port.bus, 3, "7", None)
    assert paper.kernel.slot_name(paper.controller().slot) == "7-1"


def test_pciehp_probe_port_without_access_is_enodev():
    paper = Slotted()
    paper.fail(SLTCAP)
    assert paper.kernel.pciehp_probe(paper.pcie) == -ENODEV
    assert (paper.pcie.priv_data, paper.below.slots) == (None, [])


def claim(paper, **fields):
    """Another hotplug driver has the slot."""
    paper.kernel.pci_create_slot(paper.below, 0, "9", None).hotplug = paper.kernel.hotplug_slot(**fields)


def test_pciehp_probe_slot_of_another_driver_is_enodev():
    paper = Slotted(slot_cap=NCCS)
    claim(paper)
    paper.take()
    assert paper.kernel.pciehp_probe(paper.pcie) == -ENODEV
    assert accesses(paper) == [*INIT, ("cancel_delayed_work", "pciehp_queue_pushbutton_work", PORT)]
    assert paper.said[-1] == ("warning", paper.said[-1][1])
    assert (paper.system.irq_actions, len(paper.below.slots)) == ({}, 1)


def test_pciehp_probe_slot_that_cannot_be_registered_is_enodev():
    paper = Slotted(slot_cap=NCCS)
    vars(paper.kernel)["release_slot"] = None  # so __pci_hp_register() says -EINVAL
    assert paper.kernel.pciehp_probe(paper.pcie) == -ENODEV
    assert (paper.said[-1][0], paper.below.slots) == ("err", [])


def test_pciehp_probe_interrupt_taken_is_enodev_and_unregisters():
    paper = Slotted(slot_cap=NCCS)
    card = paper.card()
    paper.kernel.request_irq(17, lambda irq, dev_id: 0, 0, "other", None)
    assert paper.kernel.pciehp_probe(paper.pcie) == -ENODEV
    assert (paper.below.slots, card.slot, paper.kernel.pci_hotplug_slot_list) == ([], None, [])
    assert accesses(paper) == [*INIT, ("cancel_delayed_work", "pciehp_queue_pushbutton_work", PORT)]


OFF = [("r", PORT, LNKCTL, 2), ("w", PORT, LNKCTL, 2, 0x10), ("r", PORT, LNKSTA, 2), *command(ENABLES | PCC)]


@pytest.mark.parametrize(
    ("slot_cap", "status", "control", "acts"),
    [
        (POWER, 0, 0, OFF),
        (POWER, 0, PCC, []),  # it is off
        (POWER, PDS, 0, []),  # there is a card
        (0, 0, 0, []),  # it cannot be switched
    ],
)
def test_pciehp_probe_empty_slot_is_switched_off(slot_cap, status, control, acts):
    paper = Slotted(slot_cap=slot_cap | NCCS, status=status, control=control, link_status=0)
    assert paper.kernel.pciehp_probe(paper.pcie) == 0
    assert accesses(paper) == [*INIT[:-5], *command(control), *command(ENABLES | control), STATUS, CONTROL, *acts]


@pytest.mark.parametrize(("status", "enabled"), [(PDS, 1), (0, 0)])
def test_pciehp_probe_forced_enables_an_occupied_slot(status, enabled):
    paper = Slotted(slot_cap=NCCS, status=status)
    paper.card()
    paper.below.devices.clear()
    vars(paper.kernel).update(pciehp_force=True)
    assert paper.kernel.pciehp_probe(paper.pcie) == 0
    assert len(paper.below.devices) == enabled
    assert enabled or accesses(paper)[-2:] == [STATUS, CONTROL]  # an empty slot is not even looked at again


def test_pciehp_remove_unregisters_then_stops():
    paper = Slotted(slot_cap=NCCS)
    card = paper.card()
    ctrl = paper.controller()
    vars(paper.kernel).update(pciehp_debug=True)
    paper.kernel.pciehp_remove(paper.pcie)
    acts = paper.take()
    assert acts[0] == ("lock", "pci_hp_mutex", "")
    assert acts[-6:] == [*command(0), ("cancel_delayed_work", "pciehp_queue_pushbutton_work", PORT)]
    assert (card.slot, paper.below.slots, paper.system.irq_actions) == (None, [], {})
    assert ctrl.slot.wq.destroyed


FILES = [
    ("power", "1\n", CONTROL),
    ("attention", "2\n", CONTROL),
    ("latch", "1\n", STATUS),
    ("adapter", "0\n", STATUS),
]


@pytest.mark.parametrize(("file", "text", "access"), FILES)
def test_sysfs_file_of_a_slot_reads_its_register(file, text, access):
    paper = Slotted(slot_cap=LATCH | AMBER | NCCS)
    slot = paper.controller().slot.hotplug_slot.pci_slot
    paper.put(SLTSTA, 0x20)  # latch open, nothing there
    paper.put(SLTCTL, AMBER_BLINK)
    assert paper.kernel.pci_slot_attr_show(slot, file) == text
    assert paper.take() == [access]


def test_sysfs_attention_of_a_slot_switches_the_lamp():
    paper = Slotted(slot_cap=AMBER | NCCS)
    slot = paper.controller().slot.hotplug_slot.pci_slot
    assert paper.kernel.pci_slot_attr_store(slot, "attention", "2\n") == 2
    assert paper.take() == command(ENABLES | AMBER_BLINK)


@pytest.mark.parametrize("text", ["0\n", "1\n"])
def test_sysfs_power_of_an_empty_slot_is_enodev(text):
    paper = Slotted(slot_cap=NCCS, status=0)
    slot = paper.controller().slot.hotplug_slot.pci_slot
    assert paper.kernel.pci_slot_attr_store(slot, "power", text) == -ENODEV
    lock, unlock = ("lock", "slot", PORT), ("unlock", "slot", PORT)
    assert paper.take() == [lock, unlock, STATUS, lock, unlock]
