# SPDX-License-Identifier: GPL-2.0-only
"""What is done about a slot's events. Oracle: facts/kernel.md section 10 (pciehp_ctrl.c), worked out by hand."""

from errno import EINVAL, EIO, ENODEV

import pytest
from slotted import (
    AMBER,
    AMBER_OFF,
    AMBER_ON,
    BUTTON,
    CCIE,
    DLLLA,
    GREEN,
    GREEN_BLINK,
    GREEN_OFF,
    GREEN_ON,
    HPIE,
    LATCH,
    LNKCTL,
    LNKSTA,
    MRLSS,
    NCCS,
    PCC,
    PDCE,
    PDS,
    PFD,
    PORT,
    POWER,
    SLTCTL,
    SLTSTA,
    SURPRISE,
    Slotted,
    command,
)

STATIC, BLINKINGON, BLINKINGOFF, POWERON, POWEROFF = range(5)
LAMPS = AMBER | GREEN
ENABLES = PDCE | HPIE | CCIE
STATUS, CONTROL = ("r", PORT, SLTSTA, 2), ("r", PORT, SLTCTL, 2)
LOCK, UNLOCK = ("lock", "slot", PORT), ("unlock", "slot", PORT)
POWER_WORK = ("queue_work", "pciehp_power_thread", PORT)
PUSHBUTTON = ("pciehp_queue_pushbutton_work", PORT)


def slotted(slot_cap=0, **how):
    paper = Slotted(slot_cap=slot_cap | NCCS, **how)
    return paper, paper.controller().slot


def commands(paper):
    """Slot Control, each time it was written since the last take()."""
    return [value for where, _, value in paper.writes() if where == SLTCTL]


def press(paper, slot):
    paper.kernel.pciehp_handle_attention_button(slot)
    paper.take()
    paper.run_work()


# -- the button ----------------------------------------------------------------------------------------------------


def test_pciehp_handle_attention_button_queues_and_returns_zero():
    paper, slot = slotted(BUTTON)
    assert paper.kernel.pciehp_handle_attention_button(slot) == 0
    assert paper.take() == [("queue_work", "interrupt_event_handler", PORT, "INT_BUTTON_PRESS")]


def test_queue_interrupt_event_returns_zero():
    paper, slot = slotted()
    assert paper.kernel.queue_interrupt_event(slot, 2) == 0  # INT_PRESENCE_OFF
    assert paper.take() == [("queue_work", "interrupt_event_handler", PORT, "INT_PRESENCE_OFF")]


@pytest.mark.parametrize(("control", "state"), [(0, BLINKINGOFF), (PCC, BLINKINGON)])
def test_handle_button_press_event_static_blinks_for_five_seconds(control, state):
    paper, slot = slotted(BUTTON | LAMPS | POWER)
    paper.put(SLTCTL, control)
    press(paper, slot)
    assert slot.state == state
    assert paper.take() == [
        LOCK, CONTROL, *command(control | GREEN_BLINK), *command(control | GREEN_BLINK | AMBER_OFF),
        ("queue_delayed_work", *PUSHBUTTON, 5000), UNLOCK,
    ]  # fmt: skip


def test_handle_button_press_event_without_lamps_sends_no_command():
    paper, slot = slotted(BUTTON)
    press(paper, slot)
    assert paper.take() == [LOCK, CONTROL, ("queue_delayed_work", *PUSHBUTTON, 5000), UNLOCK]
    press(paper, slot)
    assert paper.take() == [LOCK, ("cancel_delayed_work", *PUSHBUTTON), UNLOCK]


@pytest.mark.parametrize(("control", "lamp"), [(0, GREEN_ON), (PCC, GREEN_OFF)])
def test_handle_button_press_event_second_press_calls_it_off(control, lamp):
    paper, slot = slotted(BUTTON | LAMPS)
    paper.put(SLTCTL, control)
    press(paper, slot)
    paper.kernel.msleep(4_998)  # and a jiffy: not yet the 5 s
    press(paper, slot)
    assert slot.state == STATIC
    assert paper.take() == [
        LOCK, ("cancel_delayed_work", *PUSHBUTTON), *command(control | lamp | AMBER_OFF),
        *command(control | lamp | AMBER_OFF), UNLOCK,
    ]  # fmt: skip
    paper.kernel.msleep(5_000)
    assert not slot.wq.worklist


def test_handle_button_press_event_second_press_without_green_lamp_off():
    paper, slot = slotted(BUTTON | AMBER)
    paper.put(SLTCTL, PCC)
    press(paper, slot)
    press(paper, slot)
    assert commands(paper) == [PCC | AMBER_OFF]


@pytest.mark.parametrize("state", [POWERON, POWEROFF, 9])
def test_handle_button_press_event_while_switching_is_ignored(state):
    paper, slot = slotted(BUTTON | LAMPS)
    slot.state = state
    press(paper, slot)
    assert (paper.take(), slot.state) == ([LOCK, UNLOCK], state)
    assert paper.said[-1][0] == ("warning" if state == 9 else "info")


@pytest.mark.parametrize(("control", "state"), [(0, POWEROFF), (PCC, POWERON)])
def test_pciehp_queue_pushbutton_work_after_five_seconds_switches(control, state):
    paper, slot = slotted(BUTTON)
    paper.put(SLTCTL, control)
    press(paper, slot)
    paper.kernel.msleep(5_000)
    paper.take()
    paper.run_work()
    assert (paper.take(), slot.state) == ([LOCK, POWER_WORK, UNLOCK], state)


def test_pciehp_queue_pushbutton_work_called_off_meanwhile_does_nothing():
    paper, slot = slotted(BUTTON)
    paper.kernel.pciehp_queue_pushbutton_work(slot)
    assert (paper.take(), slot.state) == ([LOCK, UNLOCK], STATIC)


# -- latch, presence, power fault ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "status", "event"),
    [
        ("switch_change", MRLSS, "INT_SWITCH_OPEN"),
        ("switch_change", PDS, "INT_SWITCH_CLOSE"),
        ("presence_change", PDS, "INT_PRESENCE_ON"),
        ("presence_change", MRLSS, "INT_PRESENCE_OFF"),
    ],
)
def test_pciehp_handle_change_queues_what_is_the_case_now(handler, status, event):
    paper, slot = slotted()
    paper.put(SLTSTA, status)
    assert getattr(paper.kernel, f"pciehp_handle_{handler}")(slot) == 1
    assert paper.take() == [STATUS, ("queue_work", "interrupt_event_handler", PORT, event)]


@pytest.mark.parametrize("status", [MRLSS, 0])
def test_interrupt_event_handler_latch_is_only_noted(status):
    paper, slot = slotted(LATCH | POWER | LAMPS | SURPRISE)
    paper.put(SLTSTA, status)
    paper.kernel.pciehp_handle_switch_change(slot)
    paper.take()
    paper.run_work()
    assert (paper.take(), slot.state, len(slot.wq.worklist)) == ([LOCK, UNLOCK], STATIC, 0)


@pytest.mark.parametrize(
    ("slot_cap", "control"),
    [
        (POWER | LAMPS, [AMBER_ON, AMBER_ON | GREEN_OFF]),
        (POWER | AMBER, [AMBER_ON]),
        (POWER | GREEN, [GREEN_OFF]),
        (LAMPS, []),
    ],
)
def test_interrupt_event_handler_power_fault_shows_it(slot_cap, control):
    paper, slot = slotted(slot_cap)
    paper.put(SLTCTL, 0)
    assert paper.kernel.pciehp_handle_power_fault(slot) == 1
    assert paper.take() == [("queue_work", "interrupt_event_handler", PORT, "INT_POWER_FAULT")]
    paper.run_work()
    assert commands(paper) == control


def test_interrupt_event_handler_presence_without_surprise_is_dropped():
    paper, slot = slotted()
    paper.kernel.pciehp_handle_presence_change(slot)
    paper.take()
    paper.run_work()
    assert (paper.take(), slot.state) == ([LOCK, UNLOCK], STATIC)


@pytest.mark.parametrize(("now", "state"), [(0, POWEROFF), (PDS, POWERON)])
def test_handle_surprise_event_looks_again(now, state):
    paper, slot = slotted(SURPRISE)
    paper.kernel.pciehp_handle_presence_change(slot)
    paper.put(SLTSTA, now)
    paper.take()
    paper.run_work()
    assert (paper.take(), slot.state) == ([LOCK, STATUS, POWER_WORK, UNLOCK], state)


# -- the power thread ----------------------------------------------------------------------------------------------


def power_thread(paper, slot, state):
    slot.state = state
    paper.kernel.pciehp_power_thread(paper.kernel.power_work_info(slot))
    return paper.take()


def test_pciehp_power_thread_without_state_does_nothing():
    paper, slot = slotted()
    assert power_thread(paper, slot, BLINKINGON) == [LOCK, UNLOCK]
    assert slot.state == BLINKINGON


def test_pciehp_power_thread_removes_without_the_lock():
    paper, slot = slotted()
    paper.put(SLTSTA, 0)
    assert power_thread(paper, slot, POWEROFF) == [LOCK, UNLOCK, STATUS, LOCK, UNLOCK]  # -ENODEV: there is no card
    assert slot.state == STATIC


@pytest.mark.parametrize(("slot_cap", "control"), [(GREEN, [ENABLES | GREEN_OFF]), (0, [])])
def test_pciehp_power_thread_failed_enable_turns_the_green_lamp_off(slot_cap, control):
    paper, slot = slotted(slot_cap)
    paper.put(SLTSTA, 0)
    acts = [act for value in control for act in command(value)]
    assert power_thread(paper, slot, POWERON) == [LOCK, UNLOCK, STATUS, *acts, LOCK, UNLOCK]
    assert slot.state == STATIC


def test_pciehp_power_thread_enables_a_card():
    paper, slot = slotted(GREEN)
    paper.card()
    paper.below.devices.clear()  # it answers, but the kernel does not know it
    slot.state = POWERON
    paper.kernel.pciehp_power_thread(paper.kernel.power_work_info(slot))
    assert slot.state == STATIC
    assert [dev.dev.name for dev in paper.below.devices] == ["0000:01:00.0"]
    assert commands(paper) == [ENABLES | GREEN_BLINK, ENABLES | GREEN_ON]


# -- enable and disable --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, None])
def test_pciehp_enable_slot_without_card_is_enodev(status):
    paper, slot = slotted()
    if status is None:
        paper.fail(SLTSTA)
    else:
        paper.put(SLTSTA, status)
    assert paper.kernel.pciehp_enable_slot(slot) == -ENODEV
    assert paper.take() == [STATUS]


@pytest.mark.parametrize("statuses", [(PDS, PDS | MRLSS), (PDS, (0x87, 0))])
def test_pciehp_enable_slot_latch_open_is_enodev(statuses):
    paper, slot = slotted(LATCH)
    paper.answer(paper.port, SLTSTA, *statuses)
    assert paper.kernel.pciehp_enable_slot(slot) == -ENODEV
    assert paper.take() == [STATUS, STATUS]


@pytest.mark.parametrize("control", [0, (0x87, PCC)])
def test_pciehp_enable_slot_switched_on_is_einval(control):
    paper, slot = slotted(LATCH | POWER)
    paper.answer(paper.port, SLTCTL, control)
    assert paper.kernel.pciehp_enable_slot(slot) == -EINVAL
    assert paper.take() == [STATUS, STATUS, CONTROL]


def test_pciehp_enable_slot_reads_the_latch_once_more_and_after_failure():
    paper, slot = slotted()
    paper.card()  # known: configuring it fails
    assert paper.kernel.pciehp_enable_slot(slot) == -EINVAL
    sem = [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]
    assert paper.take() == [
        STATUS, STATUS, ("r", PORT, LNKSTA, 2), ("msleep", 100), ("r", "01:00.0", 0, 4), ("r", PORT, LNKSTA, 2),
        STATUS, *sem, ("already_there", "01:00.0"), STATUS,
    ]  # fmt: skip


def test_pciehp_enable_slot_that_is_off_with_the_latch_closed_is_zero():
    paper, slot = slotted(LATCH | POWER)
    paper.card()
    paper.below.devices.clear()
    paper.put(SLTCTL, ENABLES | PCC)
    assert paper.kernel.pciehp_enable_slot(slot) == 0
    acts = paper.take()
    assert acts[:4] == [STATUS, STATUS, CONTROL, STATUS]  # presence, latch, power, and the latch for nothing
    assert (len(paper.below.devices), paper.word(SLTCTL)) == (1, ENABLES)


def test_pciehp_disable_slot_without_controller_is_one():
    paper = Slotted()
    assert paper.kernel.pciehp_disable_slot(paper.kernel.slot()) == 1


@pytest.mark.parametrize("status", [0, (0x87, PDS)])
def test_pciehp_disable_slot_without_card_is_enodev(status):
    paper, slot = slotted(LATCH)
    paper.answer(paper.port, SLTSTA, status)
    assert paper.kernel.pciehp_disable_slot(slot) == -ENODEV
    assert paper.take() == [STATUS]


@pytest.mark.parametrize("status", [MRLSS, (0x87, 0)])
def test_pciehp_disable_slot_latch_open_is_enodev(status):
    paper, slot = slotted(LATCH | SURPRISE)  # with surprise removal presence is not asked for
    paper.answer(paper.port, SLTSTA, status)
    assert paper.kernel.pciehp_disable_slot(slot) == -ENODEV
    assert paper.take() == [STATUS]


@pytest.mark.parametrize("control", [PCC, (0x87, 0)])
def test_pciehp_disable_slot_switched_off_is_einval(control):
    paper, slot = slotted(LATCH | SURPRISE | POWER)
    paper.answer(paper.port, SLTCTL, control)
    assert paper.kernel.pciehp_disable_slot(slot) == -EINVAL
    assert paper.take() == [STATUS, CONTROL]


def test_pciehp_disable_slot_switches_off_and_waits_a_second():
    paper, slot = slotted(POWER | LAMPS)
    paper.put(LNKSTA, 0)  # the link is down already
    assert paper.kernel.pciehp_disable_slot(slot) == 0
    assert paper.take() == [
        STATUS, CONTROL,  # there is a card, and it is on
        STATUS,  # pciehp_unconfigure_device()
        ("r", PORT, LNKCTL, 2), ("w", PORT, LNKCTL, 2, 0x10), ("r", PORT, LNKSTA, 2),
        *command(ENABLES | PCC), ("msleep", 1000), *command(ENABLES | PCC | GREEN_OFF),
    ]  # fmt: skip


# -- board_added, remove_board, set_slot_off -----------------------------------------------------------------------


def test_board_added_switches_on_and_finds_the_card():
    paper, slot = slotted(POWER | LAMPS)
    paper.card()
    paper.below.devices.clear()
    paper.put(SLTCTL, ENABLES | PCC)
    assert paper.kernel.board_added(slot) == 0
    assert len(paper.below.devices) == 1
    assert commands(paper) == [ENABLES, ENABLES | GREEN_BLINK, ENABLES | GREEN_ON]


def test_board_added_power_that_cannot_be_switched_leaves_the_slot_alone():
    paper, slot = slotted(POWER | LAMPS)
    paper.fail(SLTSTA)
    assert paper.kernel.board_added(slot) == 0x87
    assert paper.take() == [STATUS]


OFF = [ENABLES | PCC | GREEN_BLINK, ENABLES | PCC | GREEN_OFF, ENABLES | PCC | GREEN_OFF | AMBER_ON]


def test_board_added_link_not_up_switches_off():
    paper, slot = slotted(POWER | LAMPS)
    assert paper.kernel.board_added(slot) == -1  # nobody answers
    assert commands(paper)[2:] == OFF


@pytest.mark.parametrize("noted", [True, False])
def test_board_added_power_fault_is_eio(noted):
    paper, slot = slotted(LAMPS)
    paper.card()
    if noted:
        slot.ctrl.power_fault_detected = 1
    else:
        paper.put(SLTSTA, PFD)
    assert paper.kernel.board_added(slot) == -EIO
    assert commands(paper)[1:] == [ENABLES | GREEN_OFF, ENABLES | GREEN_OFF | AMBER_ON]


def test_board_added_known_device_is_einval_and_off():
    paper, slot = slotted(POWER | LAMPS)
    paper.card()
    assert paper.kernel.board_added(slot) == -EINVAL
    assert commands(paper)[2:] == OFF


def test_set_slot_off_waits_a_second_after_power_off():
    paper, slot = slotted(POWER)
    paper.kernel.set_slot_off(slot.ctrl, slot)
    assert paper.take()[-1] == ("msleep", 1000)


def test_set_slot_off_failed_power_off_leaves_the_lamps():
    paper, slot = slotted(POWER | LAMPS)
    paper.fail(SLTSTA)
    paper.kernel.set_slot_off(slot.ctrl, slot)
    assert commands(paper) == []


def test_set_slot_off_failed_lamp_is_said():
    paper, slot = slotted(AMBER)
    paper.fail(SLTSTA)
    paper.kernel.set_slot_off(slot.ctrl, slot)
    assert [level for level, _ in paper.said] == ["err", "err"]  # the command's own complaint, and this


def test_set_slot_off_without_anything_makes_no_access():
    paper, slot = slotted()
    paper.kernel.set_slot_off(slot.ctrl, slot)
    assert paper.take() == []


def test_remove_board_card_that_cannot_be_removed_stays_on():
    paper, slot = slotted(POWER | LAMPS)
    paper.card(hdr_type=1, subordinate=None)
    paper.config["01:00.0"][0x3E] = 0x08  # Bridge Control: VGA
    assert paper.kernel.remove_board(slot) == -EINVAL
    assert commands(paper) == []


def test_remove_board_failed_power_off_gives_its_status():
    paper, slot = slotted(POWER | LAMPS)
    paper.fail(SLTSTA, 0)
    assert paper.kernel.remove_board(slot) == 0x87
    assert commands(paper) == []


def test_remove_board_without_power_controller_does_not_wait():
    paper, slot = slotted()
    assert paper.kernel.remove_board(slot) == 0
    assert paper.take() == [STATUS]


# -- at a user's request -------------------------------------------------------------------------------------------

CANCEL = ("cancel_delayed_work", *PUSHBUTTON)


@pytest.mark.parametrize(
    ("what", "state", "acts", "after"),
    [
        ("enable", STATIC, [LOCK, UNLOCK, STATUS, LOCK, UNLOCK], STATIC),
        ("enable", BLINKINGON, [LOCK, CANCEL, UNLOCK, STATUS, LOCK, UNLOCK], STATIC),
        ("enable", BLINKINGOFF, [LOCK, UNLOCK], BLINKINGOFF),
        ("enable", POWERON, [LOCK, UNLOCK], POWERON),
        ("enable", POWEROFF, [LOCK, UNLOCK], POWEROFF),
        ("enable", 9, [LOCK, UNLOCK], 9),
        ("disable", STATIC, [LOCK, UNLOCK, STATUS, LOCK, UNLOCK], STATIC),
        ("disable", BLINKINGOFF, [LOCK, CANCEL, UNLOCK, STATUS, LOCK, UNLOCK], STATIC),
        ("disable", BLINKINGON, [LOCK, UNLOCK], BLINKINGON),
        ("disable", POWERON, [LOCK, UNLOCK], POWERON),
        ("disable", POWEROFF, [LOCK, UNLOCK], POWEROFF),
        ("disable", 9, [LOCK, UNLOCK], 9),
    ],
)
def test_pciehp_sysfs_slot_without_card_is_enodev_in_every_state(what, state, acts, after):
    paper, slot = slotted()
    paper.put(SLTSTA, 0)
    slot.state = state
    assert getattr(paper.kernel, f"pciehp_sysfs_{what}_slot")(slot) == -ENODEV
    assert (paper.take(), slot.state) == (acts, after)
    assert state != 9 or paper.said[-1][0] == "err"


@pytest.mark.parametrize(
    ("what", "function", "state", "meanwhile"),
    [
        ("enable", "board_added", STATIC, POWERON),
        ("enable", "board_added", BLINKINGON, POWERON),
        ("disable", "remove_board", STATIC, POWEROFF),
        ("disable", "remove_board", BLINKINGOFF, POWEROFF),
    ],
)
def test_pciehp_sysfs_slot_shows_what_it_does_meanwhile(what, function, state, meanwhile):
    paper, slot = slotted()
    seen = []
    vars(paper.kernel)[function] = lambda p_slot: seen.append((p_slot.state, paper.kernel.mutex_is_locked(p_slot.lock)))
    slot.state = state
    getattr(paper.kernel, f"pciehp_sysfs_{what}_slot")(slot)
    assert (seen, slot.state) == ([(meanwhile, 0)], STATIC)


def test_pciehp_sysfs_enable_slot_of_a_running_slot_is_einval():
    paper, slot = slotted(POWER)
    assert paper.kernel.pciehp_sysfs_enable_slot(slot) == -EINVAL
    assert slot.state == STATIC
    assert paper.word(LNKSTA) & DLLLA
