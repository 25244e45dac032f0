# SPDX-License-Identifier: GPL-2.0-only
"""Which mend mends what: a scenario fails at +8, or with the mends that open its hole, and holds with its mends."""

import re

import pytest
from test_matrix import LINES

from kernel_port import scenarios
from kernel_port.choice import KernelChoice
from kernel_port.mends import shipped

ALL = [scenarios.load(name) for name in scenarios.names()]
MENDED = [scenario.name for scenario in ALL if scenario.mended_by]
#: One form for all: module, commit, version; or why nothing here mends it.
FORM = re.compile(
    r"(later/v\d+_\w+\.py|patch/p0[1-8]_\w+\.py): ([0-9a-f]{12}|commit not verified) \(v\d\.\d+( (or|to) v\d\.\d+)?\)|"
    r"nothing: (not merged by v7\.1\.5|not ported: ([0-9a-f]{12}|commit not verified) \(v\d\.\d+( to v\d\.\d+)?\))"
)
#: Scenarios whose flaw breaks no invariant: nothing happens where something should, it takes long, or the kernel only
#: warns. The answer differs.
QUIET = {
    "claimed", "unlocked-twice", "vga", "two-functions", "no-completion", "stolen-completion", "presence-disabled",
    "inner-port-interrupts", "virtual-channel", "trylock-failed", "swapped", "switched-meanwhile",
}  # fmt: skip
#: Flaws that break no invariant and that nothing mends.
QUIET_UNMENDED = {"not-a-bridge", "inner-port", "walk-preempted"}
#: Scenarios that show a second flaw when the first is mended: the scenario that shows that one alone.
LEFT = {"lock-order-later": "walk", "nested-slots": "inner-slot-again"}


def kernel(names, needs=True):
    """The kernel that has what mends a scenario: the series up to a patch, or all of it and mends."""
    patches = [int(name[1:]) for name in names if name.startswith("p0")]
    mends = [name for name in names if not name.startswith("p0")]
    return KernelChoice.of(8 if mends or not patches else max(patches), mends, needs=needs)


def with_mends(scenario, mends):
    return scenarios.play(scenario, kernel(mends))


@pytest.mark.parametrize("name", MENDED)
def test_scenario_fails_without_its_mends_and_holds_with_them(name):
    scenario = scenarios.load(name)
    mends = {mend for mend in scenario.mended_by if not mend.startswith("p0")}
    assert {*mends, *scenario.opened_by} <= shipped().keys()
    if mends:
        before = with_mends(scenario, scenario.opened_by)
    else:
        before = scenarios.play(scenario, kernel(scenario.mended_by).patches - 1)
    after = with_mends(scenario, scenario.mended_by)
    assert before.broken or name in QUIET
    assert after.outcome.unfinished == []
    assert after.broken == [] or name in LEFT
    assert after.answer != before.answer


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_mended_by_is_in_one_form(scenario):
    assert all(FORM.fullmatch(line) for line in scenario.mended)


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_a_scenario_says_what_mends_it_if_something_breaks(scenario):
    """What breaks is in the matrix, which is of runs."""
    series, *differs = LINES[scenario.name].split()
    flawed = "X" in series or bool(scenario.opened_by) or scenario.name in QUIET | QUIET_UNMENDED
    assert bool(scenario.mended) == flawed
    if scenario.name not in QUIET | LEFT.keys():
        last = scenario.mended_by[-1:]
        assert all(f"{mend}." in differs for mend in last if not mend.startswith("p0") and series[8] == "X")


def test_mended_by_names_commits_as_the_modules_do():
    assert scenarios.load("button").mended == ["later/v616_ignore_link_changes.py: 2af781a9edc4 (v6.16)"]
    # of three commits in its docstring, none is the one that it is a port of
    assert scenarios.load("bus-unmasked").mended == ["later/v419_probe_slot_first.py: commit not verified (v4.19)"]
    assert scenarios.load("unbind-hot-reset").mended == ["later/v52_try_semantics.py: ddefc033eecf (v5.1 or v5.2)"]
    assert scenarios.load("mess").mended == [
        "patch/p05_add_reset_slot_option_to_pci_dev_reset.py: 608c388122c7 (v3.12)"
    ]
    assert scenarios.load("asleep-bridge").mended[0].endswith(": commit not verified (v3.12)")  # patch 8
    assert scenarios.load("walk").mended == ["nothing: not merged by v7.1.5"]


def played(name, *mends):
    return with_mends(scenarios.load(name), mends)


def test_two_resets_of_an_empty_polled_slot_start_its_timer_twice():
    outcome = played("empty-polled").outcome
    assert "other: init_timer() on the pending timer of 0000:00:1c.0" in outcome.oops
    # one after the other with reset_lock: 202 ms each
    assert played("empty-polled", "reset-lock").outcome.time_ns == 404_000_000


def test_a_card_pulled_while_a_user_switches_it_off_is_removed_twice():
    assert "pciehp-1: klist_del() of 0000:01:00.0" in played("removed-twice").outcome.oops
    # hotplug_lock does not keep pciehp_sysfs_disable_slot() out
    assert "klist_del()" in played("removed-twice", "hotplug-lock").outcome.oops


def test_rescan_remove_lock_deadlocks_nested_slots():
    assert played("nested-removal").broken == []
    deadlock = played("nested-removal", "lock-rescan-remove").outcome.deadlock
    assert "main waits for workqueue lock of pciehp-3, held by pciehp-3\n" in deadlock
    assert "pciehp-3 waits for pci_rescan_remove_lock, held by main\n" in deadlock


def test_reset_lock_deadlocks_with_a_removal_until_it_is_released():
    deadlock = played("lock-order-later", "reset-lock").outcome.deadlock
    assert "user waits for device lock of 0000:01:00.0, held by reset\n" in deadlock
    assert "reset waits for reset_lock, held by user\n" in deadlock
    outcome = played("lock-order-later", "release-reset-lock").outcome
    assert (outcome.deadlock, outcome.results) == ("", {"user": 0, "reset": 0})
    # What is left is `walk`: nobody unlocks a function that has left the bus.
    assert outcome.locked == ["cfg lock of 0000:01:00.1, by reset", "device lock of 0000:01:00.1, by reset"]


def test_ignored_link_change_still_finds_a_card_that_was_pulled():
    assert played("pulled-in-reset").outcome.removed == []
    assert played("pulled-in-reset", "ignore-link-changes").outcome.removed == ["0000:01:00.0"]


@pytest.mark.parametrize(
    ("scenario", "mends", "warned"),
    [
        ("bridge-of-function", ["warn-unlocked-bus-reset"], True),
        ("bridge-of-function", ["warn-unlocked-bus-reset", "lock-upstream-bridge"], False),
        ("bridge-unlocked-slot", ["warn-unlocked-bus-reset", "lock-bridge-of-bus"], True),
        ("bridge-unlocked-slot", ["warn-unlocked-bus-reset", "lock-bridge-of-slot"], False),
    ],
)
def test_kernel_warns_of_a_bus_reset_without_the_lock_of_the_bridge(scenario, mends, warned):
    said = [text for _, level, text in played(scenario, *mends).outcome.messages if level == "warning"]
    assert any("secondary bus reset without a lock" in text for text in said) == warned


def test_kernel_warns_of_unlocked_bus_resets_once():
    said = [text for *_, text in played("two-resets", "warn-unlocked-bus-reset").outcome.messages]
    assert sum("without a lock" in text for text in said) == 1


def test_a_user_whose_bridge_is_locked_closes_without_a_reset():
    choice = kernel(["lock-bridge-on-closing"])
    with scenarios.ready(scenarios.load("closing"), choice) as machine:
        bridge = machine.function("00:1c.0")
        machine.kernel.device_lock(bridge.dev)
        run = scenarios.perform(scenarios.load("closing"), machine)
    assert (run.outcome.results, run.outcome.resets, run.outcome.lost) == ({"main": 0}, {}, {})


def test_a_swapped_card_is_removed_by_one_mend_and_found_by_the_next():
    found = [
        (run.outcome.removed, run.outcome.recreated)
        for run in (played("swapped", *mends) for mends in ([], ["very-fast-hotplug-events"], ["hotplug-lock"]))
    ]
    card = ["0000:01:00.0"]
    assert found == [([], []), (card, []), ([], card)]


def test_a_slot_whose_state_was_overwritten_is_switched_by_two():
    assert played("switched-meanwhile", "hotplug-lock").outcome.results["user"] == 0
    assert played("switched-meanwhile", "ordered-work-queue").outcome.results["user"] == -19  # -ENODEV


def test_inner_slot_sees_its_card_put_in_when_its_registers_are_restored():
    outcome = played("inner-slot-again").outcome
    assert outcome.spurious == [(202, "0000:02:00.0", "INT_PRESENCE_ON")]
    assert outcome.added_twice == ["0000:03:00.0"]


@pytest.mark.parametrize(("scenario", "rc"), [("vfio", 0), ("vfio-bus", 0), ("vfio-shared", -22)])  # -EINVAL
def test_hot_reset_is_the_request_of_v312_where_there_is_one(scenario, rc):
    run = played(scenario, "vfio-hot-reset")
    assert run.outcome.results == {"main": rc}
    assert bool(run.outcome.resets) == (rc == 0)
    assert any("vfio_pci_ioctl" in str(event.stack) for event in run.events)


def test_a_user_who_switches_a_slot_off_during_its_reset_is_no_false_removal():
    outcome = played("at-once", "ignore-link-changes").outcome
    assert sorted(outcome.removed) == sorted(outcome.removed_by_script) == ["0000:01:00.0", "0000:01:00.1"]
    assert (outcome.false_removals, bool(outcome.spurious), outcome.recreated) == ([], True, [])
