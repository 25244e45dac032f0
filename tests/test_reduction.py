# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port explore leaves out only what does not matter: its schedules end in all the ways that all schedules do."""

import pytest

from kernel_port.choice import KernelChoice
from kernel_port.explore import Runner, Stage, schedules, shared_variables
from kernel_port.explore.guide import Step
from kernel_port.explore.places import Footprint
from kernel_port.explore.races import demands
from kernel_port.explore.reduction import orders
from kernel_port.explore.silicon import Silicon
from kernel_port.hw.errors import MachineError
from kernel_port.scenarios import Scenario, load, names
from kernel_port.scenarios._machines import LONE_CARD

#: Kernel, scenario, and whether threads take turns at locks: those whose full search is short.
SMALL = [
    (8, "unbind", False),
    (8, "at-once", False),
    (8, "two-resets", True),
    (8, "all-ones", True),
    (8, "removed-twice", True),
    (8, "lock-order-later", True),
    (8, "unbind-hot-reset", True),
    (4, "pulled", True),
]
#: A full search that is longer than this is not tried.
LONGEST = 500


def ending(run):
    """All that can be told of a run, but for the order of what does not depend on each other."""
    outcome = run.outcome
    return (
        run.answer,
        *(tuple(sorted(each)) for each in (run.broken, outcome.unfinished, outcome.locked, outcome.messages)),
        *(tuple(each) for each in (outcome.removed, outcome.recreated, outcome.added_twice, outcome.silent)),
        *(tuple(sorted((name, str(each)) for name, each in facts.items())) for facts in
          (outcome.results, outcome.resets, outcome.taken)),
        tuple(sorted(map(str, outcome.losses))),
        tuple(sorted(outcome.spurious)),
        outcome.time_ns,
    )  # fmt: skip


def all_endings(scenario, kernel, preemptive):
    """The endings of all schedules, None if they are too many."""
    found = set()
    stage = Stage(scenario, kernel, preemptive)

    def trial(choose):
        run = stage.run(choose)
        found.add(ending(run))
        return run.broken

    try:
        for number, _ in enumerate(schedules(trial)):
            if number > LONGEST:
                return None
    finally:
        stage.close()
    return found


def reduced_endings(scenario, kernel, preemptive):
    """The endings of the schedules of the reduced search, how many they are, and whether it went blind."""
    found, blind = set(), ""
    runner = Runner(scenario, kernel, preemptive)
    guided = runner.stage.guided

    def watched(choices, sleep):
        guide, run = guided(choices, sleep)
        if run is not None:
            found.add(ending(run))
        return guide, run

    runner.stage.guided = watched
    number = 0
    try:
        for result in orders(lambda batch: [runner.run(order) for order in batch]):
            number += result.schedule is not None
            blind = blind or result.blind
    finally:
        runner.close()
    return found, number, blind


@pytest.mark.parametrize(("kernel", "name", "preemptive"), SMALL)
def test_the_reduced_search_ends_in_all_the_ways_of_the_full_one(kernel, name, preemptive):
    found, _, blind = reduced_endings(load(name), kernel, preemptive)
    assert not blind
    assert found == all_endings(load(name), kernel, preemptive)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [KernelChoice.of(n) for n in (0, 4, 5, 7, 8)] + [KernelChoice.of(8, ["v3.12"])])
def test_the_reduced_search_ends_in_all_the_ways_of_the_full_one_in_each_scenario(kernel):
    compared = []
    for name in names():
        for preemptive in (False, True):
            try:
                full = all_endings(load(name), kernel, preemptive)
            except MachineError:
                continue  # the script is about what this kernel has not
            if full is not None:
                found, _, blind = reduced_endings(load(name), kernel, preemptive)
                assert blind or found == full, (name, preemptive)
                compared.append(name)
    assert len(compared) > 100


# -- two threads that share one thing --------------------------------------------------------------------------------

PORT, CARD = "00:1c.0", "01:00.0"


def later(machine):
    """What main does meanwhile, which waits for the others at the end of its script."""
    machine.kernel.msleep(100)


def twosome(one, other):
    threads = {"main": later, "one": one, "other": other}
    return Scenario(machine=LONE_CARD, threads=threads, answer=lambda outcome, patches: "")


def read_register(machine):
    return machine.kernel.pci_read_config_byte(machine.function(CARD), 0x0C)


def write_register(where):
    return lambda machine: machine.kernel.pci_write_config_byte(machine.function(CARD), where, 0x40)


def read_field(machine):
    return machine.function(CARD).state_saved


def write_field(name):
    def body(machine):
        setattr(machine.function(CARD), name, 7)

    return body


def read_list(machine):
    return len(machine.function(PORT).dev.klist_children)


def write_list(machine):
    machine.function(PORT).dev.klist_children.append(machine.function(CARD).dev)


def read_dict(machine):
    return int("0000:01:00.0" in machine.kernel.pci_drivers)


def write_dict(machine):
    machine.kernel.pci_drivers["0000:01:00.0"] = machine.kernel.device_driver("mine")


def read_nested(machine):
    return len(machine.system.irq_actions.setdefault(7, []))


def write_nested(machine):
    for _ in range(2):
        machine.system.irq_actions.setdefault(7, []).append(None)
        machine.system.sched.schedule()


def trylock(machine):
    return machine.kernel.device_trylock(machine.function(CARD).dev)


def read_variable(machine):
    return machine.kernel.pci_pm_d3_delay


def wait(machine):
    """Returns whether it was woken before its time was over."""
    kernel, port = machine.kernel, machine.function(PORT)
    kernel.wait_event_timeout(kernel.pci_cfg_wait, lambda: port.block_cfg_access, 2)
    return int(machine.clock.now > 0)


def wake_late(machine):
    machine.kernel.msleep(1)  # two ticks, as long as the other one waits
    machine.function(PORT).block_cfg_access = 1
    machine.kernel.wake_up(machine.kernel.pci_cfg_wait)


def spin(machine):
    machine.kernel.mdelay(1)


def tell_time(machine):
    return machine.clock.now // 1_000_000


#: What the threads share -> the two, and how many orders of them matter: that one goes first, or the other. What spins
#: does so before or after main begins to sleep, too.
SHARED = {
    "a register": (read_register, write_register(0x0C), 2),
    "two registers": (read_register, write_register(0x3C), 1),
    "a field": (read_field, write_field("state_saved"), 2),
    "two fields": (read_field, write_field("d3_delay"), 1),
    "a list": (read_list, write_list, 2),
    "a variable": (read_dict, write_dict, 2),
    "a lock": (trylock, trylock, 2),
    "time": (spin, tell_time, 4),
    "nothing but reads": (read_field, read_field, 1),
}


@pytest.mark.parametrize("shared", SHARED)
def test_two_steps_change_places_if_one_writes_what_the_other_uses(shared):
    one, other, orders_ = SHARED[shared]
    found, number, _ = reduced_endings(twosome(one, other), 8, False)
    assert number == orders_
    assert found == all_endings(twosome(one, other), 8, False)


def test_a_wake_up_and_the_end_of_a_wait_at_the_same_time_come_in_both_orders():
    found, _, _ = reduced_endings(twosome(wait, wake_late), 8, False)
    assert found == all_endings(twosome(wait, wake_late), 8, False)


def test_a_list_in_a_dict_is_a_place():
    found, _, _ = reduced_endings(twosome(read_nested, write_nested), 8, False)
    assert {dict(each[9])["one"] for each in found} == {"0", "1", "2"}
    assert found == all_endings(twosome(read_nested, write_nested), 8, False)


def test_what_is_woken_while_another_thread_spins_cannot_go_first():
    def nap(machine):
        machine.kernel.msleep(1)
        return tell_time(machine)

    def spin_long(machine):
        machine.kernel.mdelay(5)

    found, _, _ = reduced_endings(twosome(nap, spin_long), 8, False)
    assert found == all_endings(twosome(nap, spin_long), 8, False)


@pytest.mark.parametrize(
    ("noted_by", "shared"),
    [
        ("silicon.Silicon.written", "a register"),
        ("footprint.Tracker.write", "time"),
        ("footprint._changes", "a field"),
        ("footprint._changes", "a list"),
    ],
)
def test_a_kind_of_place_that_is_forgotten_costs_endings(monkeypatch, noted_by, shared):
    # The test above can fail: without what notes writes of this kind, an order that matters is not run.
    written = Silicon.written
    forget = {
        "silicon.Silicon.written": lambda self: list(written(self))[:0],
        "footprint.Tracker.write": lambda self, at: None,
        "footprint._changes": lambda writes: [],
    }
    monkeypatch.setattr(f"kernel_port.explore.{noted_by}", forget[noted_by])
    one, other, _ = SHARED[shared]
    found, _, _ = reduced_endings(twosome(one, other), 8, False)
    assert len(found) < len(all_endings(twosome(one, other), 8, False))


def test_variables_that_threads_of_a_script_share_are_named():
    log, mine = [], []

    def note(machine):
        log.append(1)

    def noted(machine):
        return len(log)

    def alone(machine):
        mine.append(1)

    assert shared_variables(twosome(note, noted)) == "threads of the script share log"
    assert shared_variables(twosome(note, alone)) == ""


def test_no_shipped_scenario_shares_variables():
    assert [name for name in names() if shared_variables(load(name))] == []


# -- races -----------------------------------------------------------------------------------------------------------


def steps(*written):
    """Steps such as "a+x": thread a writes x; "b-x": thread b reads x. Each is a choice."""
    found = []
    for number, (thread, what, place) in enumerate(written):
        sets = (frozenset(place), frozenset()) if what == "-" else (frozenset(), frozenset(place))
        found.append(Step(thread, Footprint(*sets), number, None))
    return [found]


def test_races_demand_the_other_order_of_neighbours_only():
    # a writes x, b reads x: b is to go first. c reads y, which nobody writes.
    assert list(demands(steps("a+x", "c-y", "b-x"), 0)) == [(0, ("c", "b"))]
    # a, b, a write x: the first pair, and the second pair; the two of a cannot change places, and are no pair.
    assert list(demands(steps("a+x", "b+x", "a+x"), 0)) == [(0, ("b",)), (1, ("a",))]
    # b's write of y comes after its read of x, so c's read of y demands b's step as well, not only c's.
    assert list(demands(steps("a+x", "b-x", "b+y", "c-y"), 0)) == [(0, ("b",)), (2, ("c",))]


def test_races_before_the_last_given_choice_were_found_before():
    assert list(demands(steps("a+x", "b+x", "a+x"), 3)) == [(1, ("a",))]


def test_a_step_that_another_one_made_possible_is_no_race():
    (phase,) = steps("a+x", "b-x")
    assert list(demands([[phase[0], phase[1]._replace(waker=0)]], 0)) == []


def test_races_end_where_time_passes():
    (phase,) = steps("a+x", "b-x")
    assert list(demands([phase[:1], phase[1:]], 0)) == []
