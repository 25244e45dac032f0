# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port run and kernel-port scenarios: what they print, and their exit status."""

import json
import re

import pytest

from kernel_port import scenarios
from kernel_port.cli import main
from kernel_port.scenarios._groups import GROUPS


def cli(capsys, *argv):
    status = main([str(arg) for arg in argv])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def run_json(capsys, *argv):
    status, out, _ = cli(capsys, "run", *argv, "--json")
    return status, json.loads(out)


# -- scenarios ---------------------------------------------------------------------------------------------------


def test_scenarios_lists_each_with_its_question(capsys):
    status, out, _ = cli(capsys, "scenarios")
    assert status == 0
    lines = [line for line in out.splitlines()[:-2] if not line.endswith(":")]
    assert [line.split()[0] for line in lines if line[0] != " "] == scenarios.names()
    assert "mess                  1  What happens to a card in a surprise-removal slot when" in out
    at = next(number for number, line in enumerate(lines) if line.startswith("unbind "))
    assert lines[at + 1].strip() == "mended by later/v314_try_reset.py: 61cf16d8bd38 (v3.14)"


def test_scenarios_of_a_group_a_sequel_behind_its_story(capsys):
    _, out, _ = cli(capsys, "scenarios", "vfio", "--json")
    shown = [(entry["name"], entry["group"], entry["level"]) for entry in json.loads(out)]
    assert shown == [
        ("vfio", "vfio", 1),
        ("vfio-hang", "vfio", 2),
        ("vfio-bus", "vfio", 2),
        ("closing", "vfio", 2),
        ("closing-unlocked", "vfio", 2),
        ("vfio-shared", "vfio", 3),
    ]
    assert scenarios.names().index("lock-order") < scenarios.names().index("lock-order-later")


def test_groups_name_scenarios_that_exist_once():
    grouped = [name for group in GROUPS.values() for name in group]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(scenarios.names())


def test_scenarios_verbose_tells_all_of_the_text(capsys):
    _, out, _ = cli(capsys, "scenarios", "-v")
    assert "    Explains: 61cf16d8bd38 (v3.14), which adds variants that only try to lock." in out


def test_scenarios_json(capsys):
    _, out, _ = cli(capsys, "scenarios", "--json")
    report = {entry["name"]: entry for entry in json.loads(out)}
    assert list(report) == scenarios.names()
    assert report["bus-unmasked"]["since"] == 7
    assert report["bus-unmasked"]["findings"] == [3, 12]
    assert report["bus-unmasked"]["recordings"] == ["p8-mess-bus"]
    assert report["button"]["threads"] == ["main", "finger"]
    assert report["unbind"]["commits"] == ["61cf16d8bd38 (v3.14)"]
    mend = {"module": "later/v314_try_reset.py", "commit": "61cf16d8bd38", "version": "v3.14"}
    assert (report["unbind"]["mended_by"], report["unbind"]["unmended"]) == ([mend], None)
    assert (report["walk"]["mended_by"], report["walk"]["unmended"]) == ([], "not merged by v7.1.5")


# -- run ---------------------------------------------------------------------------------------------------------


def test_run_mess_at_base_and_with_all_patches(capsys):
    status, out, _ = cli(capsys, "run", "mess", "--patches", 0)
    assert status == 1
    assert out.startswith("mess, linux-3.11+0: What happens to a card")
    assert "  broken      no false removal: 0000:01:00.0 is gone\n" in out
    status, out, _ = cli(capsys, "run", "mess")
    assert status == 0
    answer = "pci_reset_function reset it through its slot and returned 0; pciehp noticed nothing."
    assert out.endswith(f"Answer\n  {answer}\n")


def test_run_tells_the_story_in_order(capsys):
    _, out, _ = cli(capsys, "run", "mess", "--patches", 0)
    story = [
        "[BUS_RESET+]", "presence off", "interrupt of 0000:00:1c.0", "INT_PRESENCE_OFF", "sleep 100 ms",
        "remove device 0000:01:00.0", "wait for lock device 0000:01:00.0", "[BUS_RESET-]", "presence on",
        "INT_PRESENCE_ON", "[PIC on->off]", "[LD+]", "[PCC+]", "power on reset", "Outcome",
    ]  # fmt: skip
    where = 0
    for step in story:
        where = out.index(step, where) + 1


def test_run_verbose_has_every_access_and_quiet_none(capsys):
    accesses = {}
    for flag in ("-v", "-q", "--json"):
        _, out, _ = cli(capsys, "run", "mess", flag)
        accesses[flag] = len(re.findall(r"^ +\d+\.\d{3}  r(?:8|16|32) ", out, re.MULTILINE))
    _, report = run_json(capsys, "mess")
    assert accesses["-v"] == sum(event["op"] == "r" for event in report["trace"]) > 50
    assert accesses["-q"] == 0


def test_run_json_has_the_facts(capsys):
    status, report = run_json(capsys, "button")
    assert status == 1
    assert (report["scenario"], report["patches"], report["results"]) == ("button", 8, {"finger": None, "main": 0})
    off = {"port": "0000:00:1c.0", "event": "INT_PRESENCE_OFF"}
    assert report["spurious"] == [{"t_ms": 50.0, **off}, {"t_ms": 202.0, **off}]
    assert report["recordings"] == ["p8-button"]
    assert report["removed"] == ["0000:01:00.0"]
    assert report["broken"] == ["no false removal: 0000:01:00.0 is gone"]
    assert report["deadlock"] is None
    assert report["trace"][0]["context"] in ("main", "finger")


def test_run_deadlock_prints_the_report(capsys):
    status, out, _ = cli(capsys, "run", "lock-order-later")
    assert status == 1
    assert "  circular locking:\n    user waits for device lock of 0000:01:00.0, held by reset\n" in out
    assert "pci_slot_reset (patch/p07_add_slot_and_bus_reset_interfaces.py:" in out
    assert out.endswith("Answer\n  Deadlock: user and reset wait for each other forever.\n")


def test_run_oops_prints_the_report(capsys, monkeypatch):
    def twice(machine):
        dev = machine.function("01:00.0")
        machine.kernel.pci_stop_and_remove_bus_device(dev)
        machine.kernel.pci_stop_and_remove_bus_device(dev)

    script = scenarios.Scenario(
        "example:vga", {"main": twice}, lambda outcome, patches: "lives", name="twice", about="Why?"
    )
    monkeypatch.setattr("kernel_port.commands.run.load", lambda name: script)
    status, out, _ = cli(capsys, "run", "twice")
    assert status == 1
    assert "  broken      the kernel survives: kernel oops in main: list_del() of 0000:01:00.0, " in out
    assert "pci_destroy_dev (base/remove.py:" in out
    assert out.splitlines()[-1].startswith("  Kernel oops in main: list_del() of 0000:01:00.0, ")
    _, report = run_json(capsys, "twice")
    assert (report["deadlock"], report["unfinished"]) == (None, ["main"])
    assert report["oops"].startswith("kernel oops in main: ")


def test_run_trace_is_what_json_has(capsys, tmp_path):
    file = tmp_path / "mess.jsonl"
    cli(capsys, "run", "mess", "--trace", file)
    _, report = run_json(capsys, "mess")
    assert [json.loads(line) for line in file.read_text().splitlines()] == report["trace"]


def test_run_seeds_and_schedules_decide_who_begins(capsys):
    def first(*argv):
        return run_json(capsys, "unbind", *argv)[1]["trace"][0]["context"]

    assert first() == first("--schedule", "0") == "unbind"
    assert first("--schedule", "1") == "user"
    assert {first("--seed", seed) for seed in range(6)} == {"unbind", "user"}
    # Where the user is first, the unbinding waits until the reset is over, and then there is no user left to wait for.
    status, report = run_json(capsys, "unbind", "--schedule", "1")
    assert (status, report["deadlock"], report["results"]) == (0, None, {"user": 0, "unbind": 0})


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["mes"], "there is no scenario 'mes'; did you mean mess"),
        (["mess", "--schedule", "x"], "'x' is not a schedule such as 0.1.0.2"),
        (["mess", "--schedule", "9"], None),
        (["unbind", "--schedule", "9"], "schedule 9: at choice 1 only 2 threads can run, so it is at most 1"),
    ],
)
def test_run_refuses_bad_input_in_one_line(capsys, argv, said):
    status, out, err = cli(capsys, "run", *argv)
    if said is None:  # nobody ever has to choose there, so any schedule is the only one
        assert status == 0
        return
    assert (status, out) == (2, "")
    assert err.startswith(f"kernel-port: {said}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("argv", [["mess", "--patches", "9"], ["mess", "--seed", "1", "--schedule", "0"], []])
def test_run_refuses_usage_errors(capsys, argv):
    with pytest.raises(SystemExit) as caught:
        main(["run", *argv])
    assert caught.value.code == 2
