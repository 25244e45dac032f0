# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: what each run does at the points of the series where a patch makes a difference.

What is expected is what the C does when it is run on such machines (the golden traces of spurious removals say so for
the accident, operation by operation), and times from the specification's delays: 100 ms held and 100 ms to settle,
each a jiffy longer, as msleep() has it. Hands and users count in ms.
"""

import json
import re
import threading
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from paths import ROOT

from kernel_port import scenarios
from kernel_port.explore import Chooser, Stage
from kernel_port.hw.errors import MachineError
from kernel_port.kernel.lockdep import held_at_end

OFF, ON = "INT_PRESENCE_OFF", "INT_PRESENCE_ON"
SLTCTL = 0x48 + 0x18
INDICATORS = 0x3C0  # Slot Control: attention indicator 0x0c0, power indicator 0x300
ENOSYS, ENOTTY, EINVAL, EPERM = -38, -25, -22, -1
CARD = ["01:00.0"]
BOTH = ["01:00.0", "01:00.1"]
BELOW = ["01:00.0", "02:00.0", "02:01.0", "03:00.0", "04:00.0"]
#: Presence as it goes and comes in a bus reset: at once, and 20 ms (the link's training) after the 101 ms held.
ACCIDENT = {"spurious": [(0, OFF), (121, ON)]}
REMOVED_AND_FOUND = ACCIDENT | {"recreated": CARD}
POKED = {"spurious": [(0, OFF), (120, ON)], "recreated": CARD, "lost": CARD}
#: The slot was switched off after 202 ms, and presence goes with the power.
LOST_FOR_GOOD = {"spurious": [(0, OFF), (121, ON), (202, OFF)], "removed": CARD, "lost": CARD}
PRESSED = LOST_FOR_GOOD | {"spurious": [(50, OFF), (202, OFF)]}

#: Scenario, point, result of the first thread, ms, functions reset, and whatever else is not empty.
RUNS = [
    ("mess", 0, 0, 202, CARD, LOST_FOR_GOOD),  # as v311-mess-lone of the recordings ends
    ("mess", 4, 0, 202, CARD, LOST_FOR_GOOD),  # p4-mess-func
    ("mess", 5, 0, 202, CARD, {}),  # p5-mess-func
    ("mess", 8, 0, 202, CARD, {}),
    ("mess-no-power", 0, 0, 202, CARD, REMOVED_AND_FOUND),  # v311-mess-nopcp
    ("mess-no-power", 5, 0, 202, CARD, {}),
    ("mess-polled", 4, 0, 202, CARD, {"spurious": [(10_000, ON)], "added_twice": CARD}),  # the first look is after 10 s
    ("mess-polled", 5, 0, 202, CARD, {}),
    ("poke", 0, 0, 100, CARD, POKED),
    ("poke", 8, 0, 100, CARD, POKED),
    ("late-status", 4, 0, 202, CARD, {"spurious": [(300, OFF), (421, ON)], "recreated": CARD}),
    ("late-status", 8, 0, 202, CARD, {"spurious": [(300, OFF), (421, ON)], "recreated": CARD}),
    ("calm", 0, 0, 202, ["04:00.0"], ACCIDENT),
    ("calm", 8, 0, 202, ["04:00.0"], ACCIDENT),
    ("vga", 6, ENOSYS, 22, [], {}),  # two D3 delays, and nothing done
    ("vga", 7, 0, 224, BOTH, {}),
    ("two-functions", 6, ENOSYS, 0, [], {}),
    ("two-functions", 7, 0, 202, BOTH, {}),
    ("two-slots", 7, 0, 0, [], {}),
    ("nested", 6, 0, 100, BELOW, {"lost": BELOW, "silent": BELOW[1:]}),
    ("nested", 7, 0, 202, BELOW, {}),
    ("asleep-bridge", 7, 0, 262, BELOW[1:], {"lost": ["03:00.0"]}),  # 6 dwords tried 10 times, 1 ms apart
    ("asleep-bridge", 8, 0, 213, BELOW[1:], {}),  # one D3 delay
    ("asleep", 7, EINVAL, 0, [], {}),
    ("asleep", 8, 0, 22, CARD, {"lost": CARD}),  # unknown to D0 waits for nothing; the reset is two D3 delays
    ("unknown-state", 7, 0, 202, CARD, {}),
    ("unknown-state", 8, 0, 252, CARD, {"lost": CARD}),  # 5 dwords tried 10 times, 1 ms apart; the CIS reads as saved
    ("vfio", 6, ENOSYS, 0, [], {}),
    ("vfio", 7, 0, 202, BOTH, {}),
    ("vfio-shared", 7, EPERM, 0, [], {}),
    ("vfio-bus", 6, ENOSYS, 0, [], {}),
    ("vfio-bus", 7, 0, 202, ["02:00.0", "02:01.0"], {}),
    ("ari", 4, ENOTTY, 0, [], {}),
    ("ari", 5, 0, 202, ["01:00.0", "01:01.0"], {"lost": ["01:01.0"]}),
    ("module-going", 4, 0, 202, CARD, REMOVED_AND_FOUND),
    ("module-going", 8, 0, 202, CARD, REMOVED_AND_FOUND),
    ("button", 4, 0, 202, CARD, LOST_FOR_GOOD),
    ("button", 5, 0, 202, CARD, PRESSED),
    ("button", 8, 0, 202, CARD, PRESSED),
    ("shared-vector", 4, 0, 202, CARD, LOST_FOR_GOOD),
    ("shared-vector", 8, 0, 202, CARD, PRESSED),
    ("late-completion", 4, 0, 202, CARD, REMOVED_AND_FOUND),
    ("late-completion", 5, 0, 202, CARD, {"spurious": [(30, OFF)], "removed": CARD}),
    ("bus-unmasked", 6, ENOSYS, 0, [], {}),
    ("bus-unmasked", 7, 0, 202, CARD, LOST_FOR_GOOD),
    ("bus-unmasked", 8, 0, 202, CARD, LOST_FOR_GOOD),
    ("no-completion", 4, 0, 202, CARD, REMOVED_AND_FOUND),
    ("no-completion", 5, 0, 2202, CARD, {}),  # two commands, a second each
    ("stolen-completion", 5, 0, 1324, CARD, {}),  # 100 polls for the one that was stolen, 2 for the other: 11 ms each
    ("presence-disabled", 4, 0, 202, CARD, {}),
    ("presence-disabled", 5, 1, 202, CARD, {}),
    ("inner-port", 6, 209, 510, [], {}),
    ("inner-port", 7, 0, 503, BELOW[1:], {}),
    ("inner-port-interrupts", 7, 2202, 2404, BELOW[1:], {}),  # 202 each, and a second for each of two commands
    ("all-ones", 7, 0, 202, BELOW[1:], {"lost": ["02:00.0"], "spurious": [(50, ON)]}),
    ("pending", 0, 0, 804, CARD, {}),  # 101 + 201 + 401 ms, then the 101 ms of the reset itself
    ("pending", 8, 0, 804, CARD, {}),
    ("not-a-bridge", 1, None, 202, [], {}),
    ("slot-readers", 0, 0, 202, CARD, REMOVED_AND_FOUND),
    ("slot-readers", 8, 0, 202, CARD, {}),
    ("lock-order", 7, 0, 223, BOTH, {"removed": BOTH}),
    ("lock-order", 8, 0, 223, BOTH, {"removed": BOTH}),
    # The second save is restored by the first user (5 dwords tried 10 times, 1 ms apart), then the second one resets.
    ("two-resets", 8, 0, 454, CARD, {"lost": CARD}),
    ("at-once", 8, 0, 202, BOTH, {"removed": BOTH}),
    ("walk-preempted", 4, ENOTTY, 0, [], {"removed": CARD}),
    ("walk-preempted", 5, 0, 202, BOTH, {"removed": CARD, "lost": CARD}),
    ("bridge-unlocked", 8, 0, 322, ["02:00.0", "02:01.0"], {"lost": ["02:00.0", "02:01.0"],
                                                            "silent": ["02:00.0", "02:01.0"]}),
    ("bridge-unlocked-slot", 8, 0, 262, CARD, {"lost": CARD, "silent": CARD}),
    ("link-late", 7, 0, 262, BELOW, {"lost": ["03:00.0"]}),
    ("link-late", 8, 0, 262, BELOW, {"lost": ["03:00.0"]}),
    ("trhfa", 8, 0, 262, ["02:00.0", "02:01.0"], {"lost": ["02:00.0"]}),
    ("slow-device", 8, 0, 262, CARD, {"lost": CARD}),
    ("power-cycle", 0, 0, 2128, ["02:00.0"], {"recreated": ["02:00.0"], "lost": ["02:00.0"]}),
    ("power-cycle", 8, 0, 2128, ["02:00.0"], {"recreated": ["02:00.0"], "lost": ["02:00.0"]}),
    ("pulled", 0, None, 1100, CARD, {"recreated": CARD, "lost": CARD}),
    ("pulled", 8, None, 1100, CARD, {"recreated": CARD, "lost": CARD}),
    ("pulled-in-reset", 4, 0, 262, CARD, {"removed": CARD, "lost": CARD}),
    ("pulled-in-reset", 5, 0, 262, CARD, {"silent": CARD, "lost": CARD}),
]  # fmt: skip


@cache
def played(name, patches):
    return scenarios.play(scenarios.load(name), patches)


def short(functions):
    return [function.removeprefix("0000:") for function in functions]


def happened(outcome):
    """What of an outcome is not empty."""
    found = {key: short(getattr(outcome, key)) for key in ("removed", "recreated", "added_twice", "silent", "lost")}
    found |= {"locked": outcome.locked, "deadlock": outcome.deadlock, "inversions": outcome.inversions}
    found["spurious"] = [(ms, event) for ms, _, event in outcome.spurious]
    return {key: value for key, value in found.items() if value}


@pytest.mark.parametrize(("name", "patches", "rc", "ms", "reset", "what"), RUNS, ids=lambda value: str(value)[:20])
def test_scenario(name, patches, rc, ms, reset, what):
    run = played(name, patches)
    main = next(iter(run.scenario.threads))
    assert run.outcome.results[main] == rc
    assert run.outcome.time_ns == ms * 1_000_000
    assert short(run.outcome.resets) == reset
    assert happened(run.outcome) == what


def test_every_scenario_is_among_the_runs():
    told = {name for name, *_ in RUNS} | {name for name in scenarios.names() if scenarios.load(name).mended_by}
    told |= {"unbind", "vfio-hang", "nested-slots", "own-lock", "lock-order-later", "reset-twice", "walk"}
    # those are below, or in test_mended.py
    told |= {"empty-polled", "removed-twice", "nested-removal", "inner-slot-again"}
    assert told == set(scenarios.names())


# -- deadlocks and locks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("patches", [0, 7, 8])
def test_unbind_and_reset_wait_for_each_other(patches):
    outcome = played("unbind", patches).outcome
    assert outcome.unfinished == ["unbind", "user"]
    assert "unbind: waits for vfio.release_q wait queue; holds device lock of 0000:01:00.0" in outcome.deadlock
    assert "user: waits for device lock of 0000:01:00.0; holds cfg lock of 0000:01:00.0" in outcome.deadlock
    assert outcome.results == {}
    assert played("unbind", patches).answer == "Deadlock: unbind and user wait for each other forever."


@pytest.mark.parametrize("patches", [0, 4])
def test_vfio_user_in_a_surprise_slot_hangs_until_patch_5(patches):
    outcome = played("vfio-hang", patches).outcome  # as the recording p4-mess-vfio-hang
    assert "pciehp-1: waits for vfio.release_q wait queue; holds " in outcome.deadlock
    assert "main: waits for device lock of 0000:01:00.0; holds cfg lock of 0000:01:00.0" in outcome.deadlock
    assert outcome.results == {}


@pytest.mark.parametrize("patches", [5, 8])
def test_vfio_user_in_a_surprise_slot_is_served_from_patch_5(patches):
    outcome = played("vfio-hang", patches).outcome  # as the recordings p5-mess-vfio-reset and p8-mess-vfio-reset
    assert (outcome.results, outcome.deadlock, outcome.spurious) == ({"main": 0}, "", [])
    assert outcome.resets == {"0000:01:00.0": ["hot reset"] * 3}  # opening, asking, closing


@pytest.mark.parametrize("patches", [0, 4, 7, 8])
def test_reset_twice_kills_the_kernel_where_pciehp_sees_it(patches):
    outcome = played("reset-twice", patches).outcome  # as p8-mess-bus-twice; FORMAT.md: point 0, function, as well
    assert "klist_del() of 0000:01:00.0" in outcome.oops
    assert "pciehp-1: waits for device lock of 0000:01:00.0" in outcome.oops


@pytest.mark.parametrize("patches", [5, 6])
def test_reset_twice_is_calm_where_the_slot_masks_it(patches):
    outcome = played("reset-twice", patches).outcome
    assert (outcome.results, happened(outcome)) == ({"main": 0}, {})


@pytest.mark.parametrize("patches", [7, 8])
def test_nested_slots_lose_the_switch_and_lockdep_speaks(patches):
    outcome = played("nested-slots", patches).outcome  # as p8-mess-sw-bus01
    assert (outcome.results, short(outcome.removed), outcome.deadlock) == ({"main": 0}, BELOW, "")
    assert "pciehp-1: workqueue lock of pciehp-1, then workqueue lock of pciehp-3" in map(str, outcome.inversions)


def test_own_lock_is_recursive_locking():
    outcome = played("own-lock", 8).outcome
    assert "recursive locking: main waits for device lock of 0000:01:00.0, its own" in outcome.deadlock
    assert outcome.unfinished == ["main"]


def test_lock_order_later_names_the_circle():
    outcome = played("lock-order-later", 8).outcome
    assert "user waits for device lock of 0000:01:00.0, held by reset\n" in outcome.deadlock
    assert "reset waits for reset_lock, held by user\n" in outcome.deadlock
    # The function that was removed first could have done it as well; this time its lock was free in time.
    assert [{order.taken for order in inversion.orders} for inversion in outcome.inversions] == [
        {("device", "0000:01:00.1"), ("reset_lock", "")}, {("device", "0000:01:00.0"), ("reset_lock", "")}
    ]  # fmt: skip


def test_lock_order_without_that_lock_has_none():
    outcome = played("lock-order", 8).outcome
    assert (outcome.deadlock, outcome.inversions) == ("", [])
    # The removal waits for the reset with a device lock in view, and holds nothing at all.
    (waiting,) = [event for event in played("lock-order", 8).events if event.op == "lock_wait"]
    assert (waiting.context, waiting.args) == ("user", ("device", "0000:01:00.1"))
    held = held_at_end(played("lock-order", 8).events[: played("lock-order", 8).events.index(waiting)])
    assert [lock for context, lock in held if context == "user"] == []


def test_walk_leaves_locks_of_a_removed_function():
    run = played("walk", 8)
    assert run.outcome.locked == ["cfg lock of 0000:01:00.1, by reset", "device lock of 0000:01:00.1, by reset"]
    assert run.broken == [f"every lock released: {lock}" for lock in run.outcome.locked]


def test_at_once_leaves_locks_if_the_removal_comes_in_between():
    with closing(Stage(scenarios.load("at-once"), 8, preemptive=True)) as stage:
        assert stage.run(Chooser(())).broken == []
        broken = stage.run(Chooser((0, 1))).broken
    assert broken == [f"every lock released: {kind} lock of 0000:01:00.0, by reset" for kind in ("cfg", "device")]


def test_two_slots_lock_and_save_one_only():
    outcome = played("two-slots", 8).outcome
    assert outcome.taken["main"] == [("cfg", "0000:02:00.0"), ("device", "0000:02:00.0")]


def test_bridge_unlocked_takes_no_lock_of_the_bridge():
    for name, bridge in (("bridge-unlocked", "0000:00:1e.0"), ("bridge-unlocked-slot", "0000:00:1c.0")):
        locked = played(name, 8).outcome.taken["main"]
        assert not {("cfg", bridge), ("device", bridge)} & set(locked)


# -- what else the stories say -----------------------------------------------------------------------------------


def test_slot_readers_see_no_card():
    assert played("slot-readers", 8).outcome.results["reader"] == 0


def test_walk_preempted_stands_on_a_removed_function():
    said = [text for _, level, text in played("walk-preempted", 8).outcome.messages if level == "err"]
    assert said == ["the walk is at 0000:01:00.0, which is off the list"]


def test_asleep_bridge_still_counts_as_asleep_until_patch_8():
    assert [played("asleep-bridge", n).machine.function("02:00.0").current_state for n in (7, 8)] == [3, 0]


def test_unknown_state_is_lost_by_the_wake_up():
    assert [list(played("unknown-state", n).outcome.resets.values()) for n in (7, 8)] == [
        [["hot reset"]], [["soft reset", "hot reset"]]
    ]  # fmt: skip


def test_all_ones_are_every_event_at_once():
    queued = {event.args[-1] for event in played("all-ones", 8).events if event.op == "queue_work"}
    assert queued >= {"INT_SWITCH_OPEN", "INT_BUTTON_PRESS", "INT_PRESENCE_ON", "INT_POWER_FAULT"}


def test_power_cycle_removes_under_the_device_lock_and_turns_the_indicator_on():
    run = played("power-cycle", 8)
    assert any(text == "mlx4_core releases it; locked: device" for _, _, text in run.outcome.messages)
    indicators = [value & 0x300 for value in commands(run, "0000:00:03.0")]
    # power off (indicator still on), indicator off, power on, indicator blinks, indicator on
    assert indicators == [0x100, 0x300, 0x300, 0x200, 0x100]


def test_pulled_goes_and_comes_back():
    moves = [(event.time // 1_000_000, *event.args) for event in played("pulled", 8).events if event.op == "hw"]
    port = "0000:00:1c.0"
    assert [move for move in moves if "card" in move[1]] == [(100, "card pulled", port), (1100, "card put in", port)]
    assert all(event.op != "queue_work" or event.time >= 100_000_000 for event in played("pulled", 8).events)


def test_pending_complains_of_what_never_comes_back():
    forever = scenarios.load("pending")
    forever.knobs["card"]["pending_ms"] = -1
    try:
        run = scenarios.play(forever)
    finally:
        forever.knobs["card"]["pending_ms"] = 650
    assert [text[:12] for _, level, text in run.outcome.messages if level == "err"] == ["0000:01:00.0"]
    assert run.outcome.time_ns == 804_000_000


# -- against the real C ------------------------------------------------------------------------------------------


def commands(run, port):
    """What was written to Slot Control of a port whose PCI Express capability is at 0x48."""
    return [event.args[3] for event in run.events if event.op == "w" and event.args[:2] == (port, SLTCTL)]


@pytest.fixture
def golden(shared):
    """The recorded accidents by name."""
    lines = (shared / "golden" / "spurious.jsonl").read_text().splitlines()
    return {trace["name"]: trace["ops"] for trace in map(json.loads, lines)}


def queued(ops):
    """The presence events that were queued, and the functions removed, each in order."""
    events = [op[3] for op in ops if op[0] == "queue_work" and len(op) > 3]
    return events, [op[1] for op in ops if op[0] == "remove_device"]


def as_ops(run):
    return [[event.op, *event.args] for event in run.events]


@pytest.mark.parametrize("patches", [0, 4])
def test_mess_is_the_accident_that_the_C_has(golden, patches):
    events, removed = queued(golden[f"l{patches}-spurious-removal"])
    assert (events, removed) == ([OFF, ON], ["0000:01:00.0"])
    assert queued(as_ops(played("mess-no-power", patches))) == (events, removed)


@pytest.mark.parametrize("patches", [0, 8])
def test_calm_drops_what_the_C_drops(golden, patches):
    events, removed = queued(golden[f"l{patches}-spurious-removal-calm"])
    assert removed == []
    assert queued(as_ops(played("calm", patches))) == (events, removed)


def test_mess_polled_switches_the_lamps_as_the_C_does(golden):
    ops = golden["l4-spurious-removal-race"]
    port = "0000:00:1c.0"
    indicators = [op[4] & INDICATORS for op in ops if op[:3] == ["w", port, SLTCTL]]
    # power indicator blinks, goes off; attention indicator on; power indicator off again
    assert indicators == [0x2C0, 0x3C0, 0x340, 0x340]
    assert [value & INDICATORS for value in commands(played("mess-polled", 4), port)] == indicators


# -- findings, commits, form -------------------------------------------------------------------------------------


def test_every_finding_has_a_scenario():
    """The findings of running the C, and of the recordings of real kernels (12): which scenario shows each."""
    shown = {}
    for name in scenarios.names():
        for finding in scenarios.load(name).findings:
            shown.setdefault(finding, set()).add(name)
    assert shown == {
        1: {"mess", "mess-no-power", "mess-polled", "poke", "calm", "late-status"},
        2: {"button", "late-completion"},
        3: {"bus-unmasked", "reset-twice", "nested-slots"},
        4: {"ari"},
        5: {"module-going"},
        6: {"asleep", "asleep-bridge"},
        7: {"asleep"},
        8: {"no-completion", "stolen-completion", "inner-port"},
        9: {"presence-disabled"},
        10: {"inner-port"},
        11: {"all-ones", "pending", "not-a-bridge", "unknown-state"},
        12: {"mess", "mess-no-power", "bus-unmasked"},
        13: {"reset-twice"},
        14: {"vfio-hang"},
        15: {"inner-port-interrupts"},
        16: {"nested-slots"},
    }


@pytest.mark.parametrize(
    "commit",
    [
        "61cf16d8bd38 (v3.14)", "5b3f7b7d062b (v4.19)", "f5eff5591b8f (v6.4)",
        '"Ignore Link Down/Up caused by Secondary Bus Reset" (2025)',
        '"Wait for Link before restoring Downstream Buses" (2024, Fixes: 090a3c5322e9)',
        "the walk in pci_dev_reset_slot_function without pci_bus_sem",
        '"Add missing bridge lock to pci_bus_lock()" (2024)', '"fix slot reset device locking" (2026)',
        '"make reset_subordinate hotplug safe" (2026)', "100 ms being too short for a conventional device (Trhfa)",
        "100 ms being too short for a slow PCIe device",
    ],
)  # fmt: skip
def test_what_review_missed_is_explained_with_the_question_to_ask(commit):
    explaining = [scenario for scenario in map(scenarios.load, scenarios.names()) if commit in scenario.commits]
    assert explaining
    for scenario in explaining:
        assert "Explains: " in scenario.about
        assert "could have asked: " in scenario.about or "does not apply" in scenario.about
        assert commit.split(" (")[0].strip('"') in scenario.about.replace("\n", " ")


def test_the_page_names_the_scenarios_of_what_review_missed():
    page = (ROOT / "docs/scenarios.md").read_text()
    table = page.partition("## What review missed")[2].split("\n\n")[2]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])}
    assert {name for name in scenarios.names() if scenarios.load(name).commits} == named


@pytest.mark.parametrize("name", scenarios.names())
def test_room_asks_a_question_and_is_small(name):
    assert scenarios.load(name).question.endswith("?")
    module = Path(scenarios.__file__).with_name(f"{name.replace('-', '_')}.py")
    assert len(module.read_text().splitlines()) < 120


@pytest.mark.parametrize("name", scenarios.names())
def test_answer_says_so_where_the_call_is_missing(name):
    scenario = scenarios.load(name)
    if scenario.since:
        missing = f"This point of the series has no such call: patch {scenario.since} adds it."
        assert played(name, scenario.since - 1).answer == missing
        assert played(name, scenario.since).answer != missing


def test_load_refuses_what_does_not_exist():
    for name in ("nonsense", "__init__", "-outcome", "../mess"):
        with pytest.raises(MachineError, match=r"there is no scenario .*; (there are calm, vga, |did you mean mess)"):
            scenarios.load(name)


# -- play --------------------------------------------------------------------------------------------------------


def trace(run):
    return [(event.time, event.context, event.op, event.args) for event in run.events]


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_play_is_deterministic(seed):
    scenario = scenarios.load("mess")
    assert trace(scenarios.play(scenario, 0, seed)) == trace(scenarios.play(scenario, 0, seed))


def test_play_with_choose_decides_who_begins():
    scenario = scenarios.load("at-once")
    counts = []

    def last(count):
        counts.append(count)
        return count - 1

    run = scenarios.play(scenario, 8, choose=last)
    assert counts[0] == 2
    assert trace(run)[0][1] == "user"
    assert trace(scenarios.play(scenario, 8))[0][1] == "reset"


def test_play_leaves_nothing_behind():
    before = threading.active_count()
    scenarios.play(scenarios.load("unbind"))
    assert threading.active_count() == before


@pytest.mark.slow
@pytest.mark.parametrize("patches", range(9))
@pytest.mark.parametrize("name", scenarios.names())
def test_every_scenario_ends_at_every_point_for_some_seeds(name, patches):
    for seed in range(3):
        run = scenarios.play(scenarios.load(name), patches, seed)
        assert run.answer
        crashed = re.findall(r"kernel oops in (\w+):", run.outcome.oops)
        assert {*run.outcome.results, *run.outcome.unfinished, *crashed} >= set(run.scenario.threads)
