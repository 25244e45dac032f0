# SPDX-License-Identifier: GPL-2.0-only
"""Link, lamps, power and status of a slot. Oracle: facts/kernel.md section 8, worked out by hand."""

from errno import EINVAL

import pytest
from slotted import (
    AMBER_BLINK,
    AMBER_OFF,
    AMBER_ON,
    CCIE,
    DLLLA,
    DLLLARC,
    GREEN_BLINK,
    GREEN_OFF,
    GREEN_ON,
    HPIE,
    LINK_DISABLE,
    LNKCTL,
    LNKSTA,
    MRLSS,
    NCCS,
    PCC,
    PDCE,
    PDS,
    PFD,
    PORT,
    SLTCTL,
    SLTSTA,
    TRAINING,
    WIDTH_X1,
    Slotted,
    command,
)

STATUS, CONTROL = ("r", PORT, SLTSTA, 2), ("r", PORT, SLTCTL, 2)
LINK_CONTROL, LINK_STATUS = ("r", PORT, LNKCTL, 2), ("r", PORT, LNKSTA, 2)
VENDOR = ("r", "01:00.0", 0, 4)
ENABLES = PDCE | HPIE | CCIE


@pytest.fixture
def paper():
    return Slotted(slot_cap=NCCS)


@pytest.fixture
def slot(paper):
    return paper.controller().slot


# -- status --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("getter", "where", "register", "value"),
    [
        ("attention", SLTCTL, 0x00, 0xFF),
        ("attention", SLTCTL, AMBER_ON, 1),
        ("attention", SLTCTL, AMBER_BLINK | 0xFF3F, 2),
        ("attention", SLTCTL, AMBER_OFF, 0),
        ("power", SLTCTL, 0, 1),
        ("power", SLTCTL, PCC, 0),
        ("latch", SLTSTA, MRLSS, 1),
        ("latch", SLTSTA, 0xFFFF & ~MRLSS, 0),
        ("adapter", SLTSTA, PDS, 1),
        ("adapter", SLTSTA, 0xFFFF & ~PDS, 0),
    ],
)
def test_pciehp_get_status_decodes_its_register(paper, slot, getter, where, register, value):
    paper.put(where, register)
    assert getattr(paper.kernel, f"pciehp_get_{getter}_status")(slot) == (0, value)
    assert paper.take() == [("r", PORT, where, 2)]


@pytest.mark.parametrize(
    ("getter", "where"), [("attention", SLTCTL), ("power", SLTCTL), ("latch", SLTSTA), ("adapter", SLTSTA)]
)
def test_pciehp_get_status_unreadable_gives_the_status(paper, slot, getter, where):
    paper.fail(where)
    assert getattr(paper.kernel, f"pciehp_get_{getter}_status")(slot) == (0x87, 0)


@pytest.mark.parametrize(("register", "value"), [(PFD, 1), (0xFFFF & ~PFD, 0)])
def test_pciehp_query_power_fault(paper, slot, register, value):
    paper.put(SLTSTA, register)
    assert paper.kernel.pciehp_query_power_fault(slot) == value
    paper.fail(SLTSTA)
    assert paper.kernel.pciehp_query_power_fault(slot) == 0x87


# -- lamps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "bits"), [(0, AMBER_OFF), (1, AMBER_ON), (2, AMBER_BLINK)])
def test_pciehp_set_attention_status_commands_the_lamp(paper, slot, value, bits):
    assert paper.kernel.pciehp_set_attention_status(slot, value) == 0
    assert paper.take() == command(ENABLES | bits)


def test_pciehp_set_attention_status_other_value_is_einval(paper, slot):
    assert paper.kernel.pciehp_set_attention_status(slot, 3) == -EINVAL
    assert paper.take() == []


@pytest.mark.parametrize(("what", "bits"), [("on", GREEN_ON), ("off", GREEN_OFF), ("blink", GREEN_BLINK)])
def test_pciehp_green_led_commands_the_lamp(paper, slot, what, bits):
    getattr(paper.kernel, f"pciehp_green_led_{what}")(slot)
    assert paper.take() == command(ENABLES | bits)


# -- power ---------------------------------------------------------------------------------------------------------


def test_pciehp_power_on_slot_forgets_a_fault_and_enables_the_link(paper, slot):
    paper.put(SLTSTA, PFD | PDS)
    paper.put(SLTCTL, PCC | ENABLES)
    paper.put(LNKCTL, LINK_DISABLE | 0x40)
    slot.ctrl.power_fault_detected = 1
    assert paper.kernel.pciehp_power_on_slot(slot) == 0
    assert slot.ctrl.power_fault_detected == 0
    assert paper.take() == [
        STATUS, ("w", PORT, SLTSTA, 2, PFD), *command(ENABLES), LINK_CONTROL, ("w", PORT, LNKCTL, 2, 0x40),
    ]  # fmt: skip


def test_pciehp_power_on_slot_without_fault_writes_no_status(paper, slot):
    assert paper.kernel.pciehp_power_on_slot(slot) == 0
    assert paper.take() == [STATUS, *command(ENABLES), LINK_CONTROL, ("w", PORT, LNKCTL, 2, 0)]


def test_pciehp_power_on_slot_gives_the_status_of_each_failure(paper, slot):
    paper.fail(SLTSTA)
    assert (paper.kernel.pciehp_power_on_slot(slot), len(paper.take())) == (0x87, 1)
    paper.fail(SLTSTA, PDS)  # the command's own read of the status
    assert (paper.kernel.pciehp_power_on_slot(slot), len(paper.take())) == (0x87, 4)
    paper.fail(LNKCTL)
    assert paper.kernel.pciehp_power_on_slot(slot) == 0x87
    assert paper.take() == [STATUS, *command(ENABLES), LINK_CONTROL]
    paper.write_status[PORT, LNKCTL] = 0x86
    assert paper.kernel.pciehp_power_on_slot(slot) == 0x86
    paper.put(SLTSTA, PFD)
    paper.write_status[PORT, SLTSTA] = 0x85
    paper.take()
    assert paper.kernel.pciehp_power_on_slot(slot) == 0x85
    assert paper.take() == [STATUS, ("w", PORT, SLTSTA, 2, PFD)]


@pytest.mark.parametrize(("enable", "written"), [(True, 0x0040), (False, 0x0050)])
def test_pciehp_link_set_changes_link_disable_alone_and_returns_zero(paper, slot, enable, written):
    paper.put(LNKCTL, 0x0050 if enable else 0x0040)
    assert paper.kernel.__dict__["__pciehp_link_set"](slot.ctrl, enable) == 0
    assert paper.take() == [LINK_CONTROL, ("w", PORT, LNKCTL, 2, written)]


def test_pciehp_power_off_slot_waits_for_the_link(paper, slot):
    paper.answer(paper.port, LNKSTA, DLLLA, (0x87, DLLLA), 0)
    # the failed read counts as "not active": waiting for that ends there
    assert paper.kernel.pciehp_power_off_slot(slot) == 0
    assert paper.take() == [
        LINK_CONTROL, ("w", PORT, LNKCTL, 2, LINK_DISABLE), LINK_STATUS, ("msleep", 10), LINK_STATUS,
        *command(ENABLES | PCC),
    ]  # fmt: skip


def test_pciehp_power_off_slot_link_that_stays_up_is_given_a_second(paper, slot):
    paper.answer(paper.port, LNKSTA, *[DLLLA] * 101)
    assert paper.kernel.pciehp_power_off_slot(slot) == 0
    assert paper.take()[2:-5] == [LINK_STATUS, *[("msleep", 10), LINK_STATUS] * 100]


def test_pciehp_power_off_slot_without_link_reporting_waits_a_second():
    paper = Slotted(slot_cap=NCCS, link_cap=0)
    slot = paper.controller().slot
    assert paper.kernel.pciehp_power_off_slot(slot) == 0
    assert paper.take()[2:3] == [("msleep", 1000)]


def test_pciehp_power_off_slot_failed_command_gives_its_status(paper, slot):
    paper.fail(SLTCTL)
    assert paper.kernel.pciehp_power_off_slot(slot) == 0x87


# -- the card answers ----------------------------------------------------------------------------------------------


def test_pciehp_check_link_status_card_that_answers_is_zero(paper, slot):
    paper.card()
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == 0
    assert paper.take() == [LINK_STATUS, ("msleep", 100), VENDOR, LINK_STATUS]
    assert paper.below.cur_bus_speed == 0x14  # 2.5 GT/s


def test_pciehp_check_link_status_waits_for_the_link(paper, slot):
    paper.card()
    paper.answer(paper.port, LNKSTA, 0, 0, DLLLA)
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == 0
    assert paper.take()[:6] == [LINK_STATUS, *[("msleep", 10), LINK_STATUS] * 2, ("msleep", 100)]


def test_pciehp_check_link_status_without_link_reporting_waits_a_second():
    paper = Slotted(slot_cap=NCCS, link_cap=0x00FF_FFFF & ~DLLLARC)
    ctrl = paper.controller()
    paper.card()
    assert paper.kernel.pciehp_check_link_status(ctrl) == 0
    assert paper.take() == [("msleep", 1000), ("msleep", 100), VENDOR, LINK_STATUS]


@pytest.mark.parametrize("nobody", [0xFFFF_FFFF, 0, 0x0000_FFFF, 0xFFFF_0000, 0xFFFF_0001])
def test_pciehp_check_link_status_card_that_answers_late_is_zero(paper, slot, nobody):
    paper.answer(paper.card(), 0, nobody, nobody)
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == 0
    assert paper.take() == [
        LINK_STATUS, ("msleep", 100), VENDOR, ("msleep", 20), VENDOR, ("msleep", 20), VENDOR, LINK_STATUS,
    ]  # fmt: skip


def test_pciehp_check_link_status_nobody_is_minus_one_after_a_second(paper, slot):
    vars(paper.kernel).update(pciehp_debug=True)
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == -1
    assert paper.take() == [LINK_STATUS, ("msleep", 100), *[VENDOR, ("msleep", 20)] * 50, LINK_STATUS]
    assert any("read 50 times" in text for _, text in paper.said)


@pytest.mark.parametrize("link_status", [DLLLA | TRAINING | WIDTH_X1, DLLLA])
def test_pciehp_check_link_status_untrained_is_minus_one(paper, slot, link_status):
    paper.card()
    paper.put(LNKSTA, link_status)
    paper.below.cur_bus_speed = 0x42
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == -1
    assert paper.below.cur_bus_speed == 0x42


def test_pciehp_check_link_status_unreadable_gives_the_status(paper, slot):
    paper.card()
    paper.fail(LNKSTA, DLLLA)
    assert paper.kernel.pciehp_check_link_status(slot.ctrl) == 0x87
