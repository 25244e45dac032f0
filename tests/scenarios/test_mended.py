# SPDX-License-Identifier: GPL-2.0-only
"""Which mend mends what: a scenario fails at +8, or with the mends that open its hole, and holds with its mends."""

import pytest

from kernel_port import scenarios
from kernel_port.choice import KernelChoice
from kernel_port.mends import shipped

MENDED = [name for name in scenarios.names() if scenarios.load(name).mended_by]

#: Scenarios whose flaw breaks no invariant: nothing happens where something should, or the kernel only warns. The
#: answer differs.
QUIET = {"claimed", "unlocked-twice"}


def with_mends(scenario, mends):
    return scenarios.play(scenario, KernelChoice.of(8, mends, needs=True))


@pytest.mark.parametrize("name", MENDED)
def test_scenario_fails_without_its_mends_and_holds_with_them(name):
    scenario = scenarios.load(name)
    assert {*scenario.mended_by, *scenario.opened_by} <= shipped().keys()
    before, after = with_mends(scenario, scenario.opened_by), with_mends(scenario, scenario.mended_by)
    assert before.broken or name in QUIET
    assert (after.broken, after.outcome.unfinished) == ([], [])
    assert after.answer != before.answer


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
