# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port explore: as many schedules as there are, and the simplest that fails fails again."""

import json

import pytest
from paths import ROOT

from kernel_port.checkpoint import Checkpoint
from kernel_port.cli import main
from kernel_port.explore import Chooser, Stage, explore, parse, schedules, written
from kernel_port.hw.address import Address
from kernel_port.hw.errors import MachineError
from kernel_port.scenarios import Scenario, load, perform, ready
from kernel_port.scenarios._machines import LONE_CARD

PORT, CARD = "00:1c.0", "01:00.0"


def sleeper(machine):
    machine.kernel.msleep(1)
    machine.kernel.msleep(1)
    return 0


def locker(first, second, late):
    """Takes two device locks, a millisecond between them."""

    def body(machine):
        kernel = machine.kernel
        one, other = machine.function(first).dev, machine.function(second).dev
        if late:
            kernel.msleep(1)
        kernel.device_lock(one)
        kernel.msleep(1)
        kernel.device_lock(other)
        kernel.device_unlock(other)
        kernel.device_unlock(one)
        return 0

    return body


def scenario(**threads):
    return Scenario(machine=LONE_CARD, threads=threads, answer=lambda outcome, patches: "")


SLEEPERS = scenario(main=sleeper, other=sleeper)
CROSSED = scenario(main=locker(PORT, CARD, late=False), other=locker(CARD, PORT, late=True))


def exploration(script, limit=0, preemptive=False, patches=8):
    stage = Stage(script, patches, preemptive)
    try:
        *_, found = explore(lambda choose: stage.run(choose).broken, limit)
    finally:
        stage.close()
    return found


def replay(script, number, patches=8):
    with ready(script, patches) as machine:
        return perform(script, machine, Chooser(parse(number)))


def test_schedules_of_a_tree_come_once_each_those_near_the_first_first():
    # Two choices of 2 and 3: 2 * 3 = 6 leaves, of which one has no choice but 0, 1 + 2 have one other, 1 * 2 have two.
    seen = [schedule.choices for schedule, _ in schedules(lambda choose: [str((choose(2), choose(3)))])]
    assert seen == [(), (1,), (0, 1), (0, 2), (1, 1), (1, 2)]


def test_schedules_tell_how_many_more_there_are_at_least():
    left = [more for _, more in schedules(lambda choose: [str((choose(2), choose(3)))])]
    # After the first, one schedule is known for each other choice: 1 + 2. Running (1,) makes 2 more known.
    assert left == [3, 4, 3, 2, 1, 0]


def test_explore_runs_all_eight_schedules_of_two_threads_that_sleep_twice():
    # Who begins: 2. At 1 ms both wake, who goes first: 2. At 2 ms again: 2. What is left then has no choice. 2*2*2 = 8.
    found = exploration(SLEEPERS)
    assert (found.done, found.left, found.failed, found.longest) == (8, 0, 0, 3)
    assert str(found) == "all 8 schedules"


def test_explore_with_a_limit_says_how_many_it_left():
    # The first schedule has three choices of two, so three more are known to exist; so after it 1 of at least 4.
    found = exploration(SLEEPERS, limit=1)
    assert str(found) == "1 of at least 4 schedules"
    assert not found.as_json()["complete"]


def test_explore_finds_the_deadlock_that_the_first_schedule_does_not_have():
    # Main takes the port's lock at 0 ms and the card's at 1 ms; the other one takes the card's at 1 ms, then wants the
    # port's. Who begins: 2, and makes no difference. At 1 ms both wake: if main goes first it has both locks and all is
    # well; if the other goes first they wait for each other. So 2 of 4 fail, the simplest being 0 (main begins), 1.
    found = exploration(CROSSED)
    assert (found.done, found.left, found.failed) == (4, 0, 2)
    assert found.shortest.choices == (0, 1)
    assert found.broken["no deadlock"] == 2


def test_explore_shortest_schedule_replays_to_the_same_failure():
    found = exploration(CROSSED)
    run = replay(CROSSED, written(found.shortest.choices))
    assert tuple(run.broken) == found.shortest.broken
    assert "circular locking" in run.outcome.deadlock
    assert replay(CROSSED, "0.0").broken == []


def test_explore_of_preemptible_threads_has_more_schedules():
    # Between two locks that nobody else wants nothing can be told apart, yet these are orders, and are counted.
    plain, preemptible = exploration(CROSSED), exploration(CROSSED, preemptive=True)
    assert preemptible.done > plain.done
    assert preemptible.left == 0
    assert preemptible.failed >= plain.failed


def test_explore_the_mess_at_every_turn():
    # Whenever pciehp's worker gets its turn, up to +4 it removes a card that was only reset; at +5 it has no work.
    base = exploration(load("mess"), limit=40, preemptive=True, patches=4)
    assert (base.done, base.failed) == (40, 40)
    assert base.longest > 1
    mended = exploration(load("mess"), preemptive=True, patches=5)
    assert (mended.left, mended.failed) == (0, 0)


def test_checkpoint_brings_back_the_same_run():
    script = load("mess")
    with ready(script, 0) as machine:
        checkpoint = Checkpoint(machine)
        first = perform(script, machine)
        for _ in range(3):
            checkpoint.restore()
            again = perform(script, machine)
            assert [event[:4] for event in again.events] == [event[:4] for event in first.events]
            assert again.outcome.removed == first.outcome.removed == ["0000:01:00.0"]
    with ready(script, 0) as anew:
        fresh = perform(script, anew)
    assert [event[:4] for event in fresh.events] == [event[:4] for event in first.events]


def test_checkpoint_puts_back_registers():
    with ready(load("mess"), 0) as machine:
        checkpoint = Checkpoint(machine)
        card = machine.fabric.function(Address.parse(CARD))
        before = card.dump()
        card.put(0x10, 4, 0xDEADBEEF)
        checkpoint.restore()
        assert card.dump() == before


def test_checkpoint_refuses_a_machine_with_threads_under_way():
    with ready(SLEEPERS) as machine:
        machine.system.sched.spawn("other", lambda: None)
        with pytest.raises(ValueError, match="threads are running: other"):
            Checkpoint(machine)


def test_a_schedule_that_does_not_fit_says_where():
    with pytest.raises(MachineError, match=r"schedule 0\.2: at choice 2 only 2 threads can run, so it is at most 1"):
        replay(SLEEPERS, "0.2")


@pytest.mark.parametrize("text", ["", "1.", "a", "0.-1"])
def test_parse_refuses_what_is_no_schedule(text):
    with pytest.raises(MachineError, match="is not a schedule"):
        parse(text)


def test_explore_command_says_what_fails_and_how_to_see_it(capsys):
    assert main(["explore", "mess", "--patches", "0"]) == 1
    text = capsys.readouterr().out
    assert "mess at base: the only schedule" in text
    assert "0000:01:00.0 is gone" in text
    assert "kernel-port run mess --patches 0 --schedule 0" in text
    assert main(["explore", "mess"]) == 0
    assert "none fails" in capsys.readouterr().out


def test_explore_command_as_json(capsys):
    assert main(["explore", "mess", "--patches", "0", "--preempt", "--full", "--limit", "5", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["scenario"], report["patches"], report["schedules"], report["complete"]) == ("mess", 0, 5, False)
    assert report["at_least"] > 5
    assert report["shortest"]["schedule"] == "0"
    assert report["left_out"] == 0
    assert report["broken"]["no false removal"] == {"schedules": 5, "simplest": "0"}


def test_explore_command_with_a_limit_does_not_say_that_it_ran_all(capsys):
    assert main(["explore", "mess", "--patches", "0", "--preempt", "--limit", "5", "--jobs", "1"]) == 1
    assert "mess at base: 5 schedules, and there are more" in capsys.readouterr().out


def test_explore_command_says_what_it_leaves_out_and_with_full_runs_it(capsys):
    # Without preemption either of the two resets begins; the other one waits for its lock.
    assert main(["explore", "two-resets"]) == 1
    assert "the only schedule (at least one order that cannot matter left out)" in capsys.readouterr().out
    assert main(["explore", "two-resets", "--full"]) == 1
    assert "two-resets at +8: all 2 schedules, at most" in capsys.readouterr().out


def test_explore_command_says_the_same_with_any_number_of_processes(capsys, monkeypatch):
    monkeypatch.setattr("kernel_port.explore.engine.ALONE", 1)  # the first of 18 runs in this process
    outputs = []
    for jobs in ("1", "2"):
        assert main(["explore", "walk", "--preempt", "--json", "--jobs", jobs]) == 1
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0])["complete"]


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_explore_command_refuses_a_number_of_processes_that_is_none(capsys, jobs):
    with pytest.raises(SystemExit) as exit_:
        main(["explore", "mess", f"--jobs={jobs}"])
    assert exit_.value.code == 2
    assert "is not a number of processes, 1 to 999" in capsys.readouterr().err


def test_explore_command_leaves_nothing_out_where_threads_share_what_is_not_watched(capsys):
    # The scenario replaces the list of the bus by one of its own, which gives way at each step.
    assert main(["explore", "walk-preempted"]) == 0
    text = capsys.readouterr().out
    assert "No order is left out: threads share a list" in text
    assert "walk-preempted at +8: all 2 schedules" in text


def test_run_command_replays_the_schedule_that_explore_names(capsys):
    assert main(["explore", "unbind", "--preempt", "--limit", "50", "--json"]) == 1
    shortest = json.loads(capsys.readouterr().out)["shortest"]
    assert main(["run", "unbind", "--schedule", shortest["schedule"], "--preempt", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["broken"] == shortest["broken"]


def test_explore_of_what_is_no_scenario_is_one_line(capsys):
    assert main(["explore", "no-such"]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)


def test_the_page_on_every_order_shows_what_the_command_prints(capsys):
    page = (ROOT / "docs" / "every-order.md").read_text()
    command, _, shown = page.partition("```console\n$ kernel-port ")[2].partition("```")[0].partition("\n")
    assert main(command.split()) == 1
    assert capsys.readouterr().out == shown
