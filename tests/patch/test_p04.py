# SPDX-License-Identifier: GPL-2.0-only
"""Patch 4: reset_slot for pciehp. Oracle: facts/kernel.md section 8, pciehp_reset_slot."""

import pytest
from slotted import CCIE, HPIE, NCCS, PDC, PDCE, PDS, PORT, SLTCTL, SLTSTA, SURPRISE, Slotted, command

ENABLES = PDCE | HPIE | CCIE
STATUS = ("r", PORT, SLTSTA, 2)
# Bridge Control (0x3e), Secondary Bus Reset (0x40): 100 ms held, 100 ms settled
BUS_RESET = [
    ("r", PORT, 0x3E, 2), ("w", PORT, 0x3E, 2, 0x43), ("msleep", 100), ("w", PORT, 0x3E, 2, 0x03), ("msleep", 100),
]  # fmt: skip
OPS_AT_3 = {"mod_name", "enable_slot", "disable_slot", "get_power_status", "get_adapter_status"}


def slotted(slot_cap, point=4, **variables):
    paper = Slotted(point, slot_cap=slot_cap | NCCS)
    vars(paper.kernel).update(variables)
    slot = paper.controller().slot
    paper.config[PORT][0x3E] = 0x03
    return paper, slot


def offered(slot_cap, point=4):
    ops = slotted(slot_cap, point)[1].hotplug_slot.ops
    return {name for name in ops.__dataclass_fields__ if getattr(ops, name)}


def test_init_slot_at_3_offers_no_reset():
    assert offered(0, 3) == OPS_AT_3


def test_init_slot_at_4_offers_a_reset_of_every_slot():
    assert offered(0) == {*OPS_AT_3, "reset_slot"}


@pytest.mark.parametrize(
    ("slot_cap", "more"), [(0x4, {"get_latch_status"}), (0x8, {"get_attention_status", "set_attention_status"})]
)
def test_init_slot_at_4_offers_what_the_slot_has(slot_cap, more):
    assert offered(slot_cap) == {*OPS_AT_3, "reset_slot"} | more


def test_init_slot_at_4_place_taken_is_said():
    paper = Slotted(4, slot_cap=NCCS)
    paper.kernel.pci_create_slot(paper.below, 0, "9", None).hotplug = paper.kernel.hotplug_slot()
    assert paper.kernel.pciehp_probe(paper.pcie) < 0
    assert [level for level, _ in paper.said][-2:] == ["err", "warning"]


@pytest.mark.parametrize("slot_cap", [0, SURPRISE])
def test_reset_slot_probe_makes_no_access(slot_cap):
    paper, slot = slotted(slot_cap)
    assert paper.kernel.reset_slot(slot.hotplug_slot, 1) == 0
    assert paper.take() == []


def test_reset_slot_without_surprise_is_the_bus_reset_alone():
    paper, slot = slotted(0)
    assert paper.kernel.reset_slot(slot.hotplug_slot, 0) == 0
    assert paper.take() == BUS_RESET


def test_pciehp_reset_slot_with_surprise_masks_presence_around_it():
    paper, slot = slotted(SURPRISE)
    paper.put(SLTSTA, PDC | PDS)
    assert paper.kernel.pciehp_reset_slot(slot, 0) == 0
    assert paper.take() == [
        *command(HPIE | CCIE), *BUS_RESET, ("w", PORT, SLTSTA, 2, PDC), *command(ENABLES),
    ]  # fmt: skip
    assert paper.word(SLTSTA) == PDS


def test_pciehp_reset_slot_sets_presence_enable_whatever_it_was():
    paper, slot = slotted(SURPRISE)
    paper.put(SLTCTL, 0)
    paper.kernel.pciehp_reset_slot(slot, 0)
    assert paper.word(SLTCTL) == PDCE


def test_pciehp_reset_slot_ignores_commands_that_fail():
    paper, slot = slotted(SURPRISE)
    paper.fail(SLTSTA)
    assert paper.kernel.pciehp_reset_slot(slot, 0) == 0
    assert paper.take()[:8] == [("lock", "ctrl", PORT), STATUS, ("unlock", "ctrl", PORT), *BUS_RESET]


def test_pciehp_reset_slot_in_poll_mode_stops_the_timer():
    paper, slot = slotted(SURPRISE, pciehp_poll_mode=True, pciehp_poll_time=7)
    assert paper.kernel.pciehp_reset_slot(slot, 0) == 0
    assert paper.take() == [
        *command(0), ("del_timer", PORT), *BUS_RESET, ("w", PORT, SLTSTA, 2, PDC), *command(PDCE),
        STATUS, ("add_timer", PORT, 7000),
    ]  # fmt: skip


def test_pciehp_reset_slot_in_poll_mode_without_surprise_leaves_the_timer():
    paper, slot = slotted(0, pciehp_poll_mode=True)
    assert paper.kernel.pciehp_reset_slot(slot, 0) == 0
    assert paper.take() == BUS_RESET


def test_pci_hp_reset_slot_at_4_reaches_the_port_and_at_3_does_not():
    for point, acts in ((3, []), (4, BUS_RESET)):
        paper, slot = slotted(0, point)
        paper.kernel.pci_hp_reset_slot(slot.hotplug_slot, 0)
        assert paper.take() == acts  # pciehp is no module, so no reference is taken
