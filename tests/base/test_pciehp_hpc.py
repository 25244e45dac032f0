# SPDX-License-Identifier: GPL-2.0-only
"""Commands and events of hotplug ports, and their set-up. Oracle: facts/kernel.md section 8, worked out by hand."""

import re
from errno import EBUSY

import pytest
from slotted import (
    ABP,
    ABPE,
    AMBER,
    BUTTON,
    CC,
    CCIE,
    DLLLARC,
    DLLSCE,
    GREEN,
    HPIE,
    INTERLOCK,
    LATCH,
    LNKCAP,
    MRLSC,
    MRLSCE,
    MRLSS,
    NCCS,
    PDC,
    PDCE,
    PDS,
    PFD,
    PFDE,
    PORT,
    POWER,
    SLTCAP,
    SLTCTL,
    SLTSTA,
    SURPRISE,
    Slotted,
    command,
)

STATUS = ("r", PORT, SLTSTA, 2)
CONTROL = ("r", PORT, SLTCTL, 2)
LOCK, UNLOCK = ("lock", "ctrl", PORT), ("unlock", "ctrl", PORT)
CLEAR_CC = ("w", PORT, SLTSTA, 2, CC)


def polling(paper, seconds):
    vars(paper.kernel).update(pciehp_poll_mode=True, pciehp_poll_time=seconds)


# -- pcie_write_cmd ------------------------------------------------------------------------------------------------


def test_pcie_write_cmd_merges_under_the_mask():
    paper = Slotted(slot_cap=NCCS, control=0x03C0)
    ctrl = paper.controller()
    paper.put(SLTCTL, 0x03C8)
    # 0x03c8 without 0x0308 is 0x00c0; of 0x0501 only 0x0100 is under the mask
    assert paper.kernel.pcie_write_cmd(ctrl, 0x0501, 0x0308) == 0
    assert paper.take() == command(0x01C0)
    assert ctrl.cmd_busy == 1


def test_pcie_write_cmd_same_value_is_written_again():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.put(SLTCTL, PDCE)
    assert paper.kernel.pcie_write_cmd(ctrl, PDCE, PDCE) == 0
    assert paper.take() == command(PDCE)


def test_pcie_write_cmd_status_unreadable_gives_up():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.fail(SLTSTA)
    assert paper.kernel.pcie_write_cmd(ctrl, PDCE, PDCE) == 0x87
    assert paper.take() == [LOCK, STATUS, UNLOCK]


def test_pcie_write_cmd_control_unreadable_gives_up():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.fail(SLTCTL)
    assert paper.kernel.pcie_write_cmd(ctrl, PDCE, PDCE) == 0x87
    assert paper.take() == [LOCK, STATUS, CONTROL, UNLOCK]


def test_pcie_write_cmd_failed_write_is_not_waited_for():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    paper.write_status[PORT, SLTCTL] = 0x87
    assert paper.kernel.pcie_write_cmd(ctrl, 0, HPIE) == 0x87
    assert paper.take() == [LOCK, STATUS, CONTROL, ("w", PORT, SLTCTL, 2, PDCE | CCIE), UNLOCK]


@pytest.mark.parametrize(("cmd", "mask"), [(0, HPIE), (0, CCIE), (0, HPIE | CCIE)])
def test_pcie_write_cmd_without_interrupts_polls(cmd, mask):
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    assert paper.kernel.pcie_write_cmd(ctrl, cmd, mask) == 0
    value = PDCE | (HPIE | CCIE) & ~mask
    assert paper.take() == [LOCK, STATUS, CONTROL, ("w", PORT, SLTCTL, 2, value), STATUS, CLEAR_CC, UNLOCK]


def test_pcie_write_cmd_with_interrupts_waits_for_the_handler():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    start = paper.system.sched.clock.now
    assert paper.kernel.pcie_write_cmd(ctrl, 0x0300, 0x0300) == 0
    assert (ctrl.cmd_busy, paper.system.sched.clock.now) == (0, start)
    assert paper.take() == [
        LOCK, STATUS, CONTROL, ("w", PORT, SLTCTL, 2, 0x0300 | PDCE | HPIE | CCIE), ("wait", "cmd", 1000),
        ("irq", PORT), STATUS, CLEAR_CC, STATUS, ("waited", "cmd", True), UNLOCK,
    ]  # fmt: skip


def test_pcie_write_cmd_never_completed_is_no_error():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    paper.completes = False
    start = paper.system.sched.clock.now
    assert paper.kernel.pcie_write_cmd(ctrl, 0x0300, 0x0300) == 0
    assert paper.take()[-2:] == [("waited", "cmd", False), UNLOCK]
    assert paper.system.sched.clock.now - start == 1_000_000_000
    assert ctrl.cmd_busy == 1


def test_pcie_wait_cmd_in_poll_mode_allows_two_and_a_half_seconds():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    polling(paper, 0)
    ctrl.cmd_busy = 1
    paper.kernel.pcie_wait_cmd(ctrl, 0)
    assert paper.take() == [("wait", "cmd", 2500), ("waited", "cmd", False)]


def test_pcie_poll_cmd_looks_a_hundred_and_one_times():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    assert paper.kernel.pcie_poll_cmd(ctrl) == 0
    assert paper.take() == [STATUS, *[("msleep", 10), STATUS] * 100]


def test_pcie_poll_cmd_goes_on_after_a_failed_read():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    paper.answer(paper.port, SLTSTA, (0x87, CC), (0x87, CC), PDS, PDS | CC)
    assert paper.kernel.pcie_poll_cmd(ctrl) == 1
    assert paper.take() == [STATUS, *[("msleep", 10), STATUS] * 3, CLEAR_CC]


def test_pcie_write_cmd_unexpected_completion_is_learned():
    paper = Slotted(slot_cap=SURPRISE)  # nothing that takes time, and No Command Completed Support is clear
    ctrl = paper.controller()
    assert ctrl.no_cmd_complete == 0  # the two commands of probing taught it
    ctrl.no_cmd_complete = 1
    paper.put(SLTSTA, CC)
    assert paper.kernel.pcie_write_cmd(ctrl, 0, HPIE) == 0
    assert ctrl.no_cmd_complete == 0
    assert paper.take()[-3:] == [STATUS, CLEAR_CC, UNLOCK]  # this very command is waited for


def test_pcie_write_cmd_completion_of_a_port_that_reports_none_is_ignored():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.put(SLTSTA, CC)
    assert paper.kernel.pcie_write_cmd(ctrl, PDCE, PDCE) == 0
    assert ctrl.no_cmd_complete == 1
    assert paper.take() == command(PDCE | HPIE | CCIE)


def test_pcie_write_cmd_stale_completion_is_taken_for_its_own():
    paper = Slotted(slot_cap=POWER)
    ctrl = paper.controller()
    paper.completes = False
    paper.put(SLTSTA, CC)
    assert paper.kernel.pcie_write_cmd(ctrl, 0, HPIE) == 0
    assert paper.take()[-3:] == [STATUS, CLEAR_CC, UNLOCK]


# -- pcie_isr ------------------------------------------------------------------------------------------------------


def isr(paper, ctrl, *statuses):
    paper.answer(paper.port, SLTSTA, *statuses)
    result = paper.kernel.pcie_isr(17, ctrl)
    return result, paper.take()


def queued(event):
    return ("queue_work", "interrupt_event_handler", PORT, event)


@pytest.mark.parametrize("status", [0, PDS, MRLSS | PDS, 0x100])
def test_pcie_isr_no_event_is_none(status):
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    assert isr(paper, ctrl, status) == (0, [STATUS])


def test_pcie_isr_clears_all_that_it_saw_until_there_is_no_more():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    # three passes that find something, a fourth that does not; each write is the sum so far
    assert isr(paper, ctrl, CC, CC | ABP, PDC | PDS, PDS) == (
        1,
        [
            STATUS, ("w", PORT, SLTSTA, 2, CC), STATUS, ("w", PORT, SLTSTA, 2, CC | ABP),
            STATUS, ("w", PORT, SLTSTA, 2, CC | ABP | PDC), STATUS,
            queued("INT_BUTTON_PRESS"), STATUS, queued("INT_PRESENCE_ON"),
        ],
    )  # fmt: skip


def test_pcie_isr_event_that_cannot_be_cleared_is_handled_once():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    stuck = ABP | PDS
    assert isr(paper, ctrl, stuck, stuck) == (
        1,
        [STATUS, ("w", PORT, SLTSTA, 2, ABP), STATUS, queued("INT_BUTTON_PRESS")],
    )


def test_pcie_isr_command_completed_alone_wakes_the_waiter():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    ctrl.cmd_busy = 1
    assert isr(paper, ctrl, CC, 0) == (1, [STATUS, CLEAR_CC, STATUS])
    assert ctrl.cmd_busy == 0


def test_pcie_isr_everything_at_once_is_handled_in_order():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    everything = ABP | PFD | MRLSC | PDC | CC
    assert isr(paper, ctrl, everything, 0, MRLSS, 0) == (
        1,
        [
            STATUS, ("w", PORT, SLTSTA, 2, everything), STATUS,
            STATUS, queued("INT_SWITCH_OPEN"), queued("INT_BUTTON_PRESS"),
            STATUS, queued("INT_PRESENCE_OFF"), queued("INT_POWER_FAULT"),
        ],
    )  # fmt: skip
    assert ctrl.power_fault_detected == 1


def test_pcie_isr_power_fault_is_passed_on_once():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    assert isr(paper, ctrl, PFD, 0)[1][-1] == queued("INT_POWER_FAULT")
    assert isr(paper, ctrl, PFD, 0) == (1, [STATUS, ("w", PORT, SLTSTA, 2, PFD), STATUS])


def test_pcie_isr_unreadable_is_none_and_forgets_what_it_saw():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    assert isr(paper, ctrl, PDC, (0x87, 0)) == (0, [STATUS, ("w", PORT, SLTSTA, 2, PDC), STATUS])


def test_pcie_isr_unwritable_is_none():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.write_status[PORT, SLTSTA] = 0x87
    assert isr(paper, ctrl, PDC) == (0, [STATUS, ("w", PORT, SLTSTA, 2, PDC)])


# -- notification and the poll timer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slot_cap", "poll_mode", "enables"),
    [
        (0, False, PDCE | HPIE | CCIE),
        (BUTTON, False, PDCE | HPIE | CCIE | ABPE),
        (LATCH, False, PDCE | HPIE | CCIE | MRLSCE),
        (BUTTON | LATCH | SURPRISE, True, PDCE | ABPE | MRLSCE),
    ],
)
def test_pcie_enable_notification_enables_what_the_slot_has(slot_cap, poll_mode, enables):
    paper = Slotted(slot_cap=slot_cap | NCCS)
    ctrl = paper.controller()
    vars(paper.kernel).update(pciehp_poll_mode=poll_mode)
    paper.put(SLTCTL, 0xFFFF)
    assert paper.kernel.pcie_enable_notification(ctrl) == 0
    mask = PDCE | ABPE | MRLSCE | PFDE | HPIE | CCIE
    assert paper.take() == command(0xFFFF & ~mask | enables)


def test_pcie_enable_notification_failed_command_is_minus_one():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.fail(SLTSTA)
    assert paper.kernel.pcie_enable_notification(ctrl) == -1


def test_pcie_disable_notification_clears_every_enable():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.put(SLTCTL, 0xFFFF)
    paper.kernel.pcie_disable_notification(ctrl)
    assert paper.take() == command(0xFFFF & ~(PDCE | ABPE | MRLSCE | PFDE | HPIE | CCIE | DLLSCE))
    paper.fail(SLTSTA)
    paper.kernel.pcie_disable_notification(ctrl)
    assert [level for level, _ in paper.said] == ["err", "warning"]


def test_pcie_init_notification_taken_interrupt_is_minus_one():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.kernel.pcie_init(paper.pcie)
    assert paper.kernel.request_irq(17, lambda irq, dev_id: 0, 0, "other", None) == 0
    paper.take()
    assert paper.kernel.pciehp_request_irq(ctrl) == -EBUSY
    assert paper.kernel.pcie_init_notification(ctrl) == -1
    assert (paper.take(), ctrl.notification_enabled) == ([], 0)


def test_pcie_init_notification_failed_command_frees_the_interrupt():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.kernel.pcie_init(paper.pcie)
    paper.fail(SLTSTA)
    assert paper.kernel.pcie_init_notification(ctrl) == -1
    assert (paper.system.irq_actions, ctrl.notification_enabled) == ({}, 0)


def test_pcie_init_notification_in_poll_mode_looks_after_ten_seconds():
    paper = Slotted(slot_cap=NCCS)
    polling(paper, 3)
    ctrl = paper.controller()
    assert paper.system.irq_actions == {}
    paper.kernel.msleep(9_998)  # and a jiffy
    assert paper.take() == [("msleep", 9_998)]
    paper.kernel.msleep(0)
    assert paper.take() == [("msleep", 0), STATUS, ("add_timer", PORT, 3000)]
    paper.put(SLTSTA, PDC | PDS)
    paper.kernel.msleep(3_000)
    assert paper.take() == [
        ("msleep", 3_000), STATUS, ("w", PORT, SLTSTA, 2, PDC), STATUS, STATUS, queued("INT_PRESENCE_ON"),
        ("add_timer", PORT, 3000),
    ]  # fmt: skip
    paper.kernel.pciehp_free_irq(ctrl)
    assert paper.take() == [("del_timer", PORT)]
    paper.kernel.msleep(4_000)
    assert paper.take() == [("msleep", 4_000)]


@pytest.mark.parametrize(
    ("poll_time", "ms", "after"), [(0, 2000, 2), (1, 1000, 1), (60, 60000, 60), (61, 2000, 61), (-5, 2000, -5)]
)
def test_int_poll_timeout_clamps_the_time(poll_time, ms, after):
    paper = Slotted(slot_cap=NCCS)
    polling(paper, poll_time)
    ctrl = paper.controller()
    ctrl.poll_timer.handle = None  # it has fired
    paper.kernel.int_poll_timeout(ctrl)
    assert paper.take() == [STATUS, ("add_timer", PORT, ms)]
    assert paper.kernel.pciehp_poll_time == after  # only 0 is corrected for good


# -- set-up --------------------------------------------------------------------------------------------------------


def test_pcie_init_clears_events_and_disables_them():
    paper = Slotted(slot_cap=NCCS, control=0xFFFF, status=0x1FF)
    ctrl = paper.kernel.pcie_init(paper.pcie)
    assert paper.take() == [
        ("r", PORT, SLTCAP, 4),
        ("r", PORT, LNKCAP, 4),
        ("w", PORT, SLTSTA, 2, 0x1F),
        *command(0xFFFF & ~(PDCE | ABPE | MRLSCE | PFDE | HPIE | CCIE | DLLSCE)),
    ]
    assert (ctrl.pcie, ctrl.slot.ctrl, ctrl.slot.state) == (paper.pcie, ctrl, 0)
    assert str(ctrl.slot.wq) == "work on pciehp-7"
    assert (ctrl.ctrl_lock.kind, ctrl.slot.lock.kind, ctrl.slot.lock.of) == ("ctrl", "slot", PORT)


def test_pcie_init_when_debugging_reads_status_and_control():
    paper = Slotted(slot_cap=NCCS)
    vars(paper.kernel).update(pciehp_debug=True)
    paper.kernel.pcie_init(paper.pcie)
    assert paper.take()[:4] == [("r", PORT, SLTCAP, 4), STATUS, CONTROL, ("r", PORT, LNKCAP, 4)]


@pytest.mark.parametrize(
    ("slot_cap", "expected"),
    [(POWER, 0), (AMBER, 0), (GREEN, 0), (INTERLOCK, 0), (POWER | NCCS, 1), (BUTTON | LATCH | SURPRISE, 1), (0, 1)],
)
def test_pcie_init_completion_expected_if_something_takes_time(slot_cap, expected):
    paper = Slotted(slot_cap=slot_cap)
    paper.completes = False
    assert paper.kernel.pcie_init(paper.pcie).no_cmd_complete == expected


@pytest.mark.parametrize(("link_cap", "expected"), [(DLLLARC, 1), (0xFFEF_FFFF, 0)])
def test_pcie_init_learns_whether_the_link_reports(link_cap, expected):
    assert Slotted(link_cap=link_cap).controller().link_active_reporting == expected


@pytest.mark.parametrize("where", [SLTCAP, LNKCAP])
def test_pcie_init_unreadable_capabilities_is_null(where):
    paper = Slotted()
    paper.fail(where)
    assert paper.kernel.pcie_init(paper.pcie) is None


def test_pcie_init_unwritable_status_is_null():
    paper = Slotted()
    paper.write_status[PORT, SLTSTA] = 0x87
    assert paper.kernel.pcie_init(paper.pcie) is None


def test_dbg_ctrl_reads_only_when_debugging():
    paper = Slotted(slot_cap=NCCS | LATCH)
    ctrl = paper.controller()
    paper.port.resource[0].start, paper.port.resource[0].end = 0x1000, 0x10FF
    paper.kernel.dbg_ctrl(ctrl)
    assert (paper.take(), paper.said) == ([], [])
    vars(paper.kernel).update(pciehp_debug=True)
    paper.kernel.dbg_ctrl(ctrl)
    assert paper.take() == [STATUS, CONTROL]
    text = "\n".join(text for _, text in paper.said)
    assert "0x1000-0x10ff" in text
    # button, power, latch, two lamps, surprise, interlock, completion
    assert re.findall(r"\b(?:yes|no)\b", text) == ["no", "no", "yes", "no", "no", "no", "no", "no"]


def test_pciehp_release_ctrl_without_notification_only_ends_the_work():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.kernel.pcie_init(paper.pcie)
    paper.take()
    paper.kernel.pciehp_release_ctrl(ctrl)
    assert paper.take() == [("cancel_delayed_work", "pciehp_queue_pushbutton_work", PORT)]


def test_pciehp_release_ctrl_disables_frees_and_drains():
    paper = Slotted(slot_cap=NCCS)
    ctrl = paper.controller()
    paper.kernel.pciehp_handle_attention_button(ctrl.slot)
    ctrl.slot.state = paper.kernel.POWERON_STATE  # a press is ignored now
    paper.take()
    paper.kernel.pciehp_release_ctrl(ctrl)
    assert paper.take() == [
        *command(0),
        ("cancel_delayed_work", "pciehp_queue_pushbutton_work", PORT),
        ("lock", "slot", PORT),
        ("unlock", "slot", PORT),
    ]
    assert (paper.system.irq_actions, ctrl.notification_enabled) == ({}, 0)


def test_pciehp_release_ctrl_waits_for_work_that_sleeps():
    paper = Slotted(slot_cap=POWER, control=0)
    paper.system.runs_workers = True
    ctrl = paper.controller()
    slot, now = ctrl.slot, paper.system.sched.clock.now
    slot.state, info = paper.kernel.POWEROFF_STATE, paper.kernel.power_work_info(slot)
    paper.kernel.INIT_WORK(info.work, paper.kernel.pciehp_power_thread, info, PORT)
    paper.kernel.queue_work(slot.wq, info.work)
    paper.kernel.msleep(1)
    assert slot.state == paper.kernel.POWEROFF_STATE  # the worker sleeps, with the power off
    paper.kernel.pciehp_release_ctrl(ctrl)
    assert slot.state == paper.kernel.STATIC_STATE
    assert paper.system.sched.clock.now - now >= 1_000_000_000
    paper.system.sched.shutdown()


def test_pciehp_release_ctrl_ends_a_worker_that_waits_for_work():
    paper = Slotted(slot_cap=NCCS)
    paper.system.runs_workers = True
    ctrl = paper.controller()
    paper.kernel.pciehp_handle_presence_change(ctrl.slot)
    paper.system.sched.settle()
    assert [each.thread.idle for each in ctrl.slot.wq.workers] == [True]
    paper.kernel.pciehp_release_ctrl(ctrl)
    paper.kernel.msleep(1)
    assert [thread.name for thread in paper.system.sched.threads] == ["main"]
