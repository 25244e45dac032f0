# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port bisect: the matrix changes at the patches that change something, and shows with which acts.

The expectations are what the series says of itself and what the C did when it was run: a bus reset behind a surprise
removal slot removes the card (base to +4); patch 4 gives pciehp reset_slot, patch 5 has pci_dev_reset use it, patch 7
adds pci_reset_slot and pci_reset_bus, of which the latter masks nothing; patch 8 wakes functions before it saves.
"""

import json

import pytest

from kernel_port.cli import main
from kernel_port.series import PATCHES

BRIDGE_CONTROL, PM_CTRL = 0x3E, 0x44
#: The PCI Express capability of a function with power management: 0x40 is PM's, 8 bytes, so 0x48; Slot Control is at
#: 0x18 in it, Presence Detect Changed Enable is bit 3 (PCIe 7.8.10).
SLTCTL, PDCE = 0x60, 0x8

#: One card with neither FLR nor a soft reset (No_Soft_Reset is set), behind a slot that expects surprises.
SURPRISE = """
name = "surprise"
[[function]]
address = "00:1c.0"
kind = "root-port"
vendor = 0x8086
device = 0x1c10
bus = [1, 1]
pm = {no_soft_reset = true}
express = {width = 1}
slot = {number = 1, surprise = true}
link_training_ms = 20
[[function]]
address = "01:00.0"
vendor = 0x8086
device = 0x10d3
class = 0x020000
bars = {0 = "128K"}
driver = "e1000e"
pm = {no_soft_reset = true}
express = {width = 1}
"""


@pytest.fixture
def surprise(tmp_path):
    path = tmp_path / "surprise.toml"
    path.write_text(SURPRISE)
    return path


def bisect(capsys, *argv):
    assert main(["bisect", *map(str, argv)]) == 0
    return capsys.readouterr().out


def bisect_json(capsys, *argv):
    report = json.loads(bisect(capsys, *argv, "--json"))
    assert [point["patches"] for point in report["points"]] == list(range(9))
    return report["points"], {step["patch"]: step for step in report["steps"]}


def column(points, name):
    return [point[name] for point in points if name in point]


def spurious(points):
    return [[event["event"] for event in point["spurious_events"]] for point in points if point["exists"]]


def acts(step, side):
    return [(d["op"], *d["args"]) for d in step["differences"] if d["side"] == side]


def test_pci_reset_function_behind_a_surprise_slot_loses_the_card_up_to_patch_4(capsys, surprise):
    points, steps = bisect_json(capsys, surprise, "01:00.0")
    assert column(points, "outcome") == ["re-added"] * 5 + ["calm"] * 4
    assert column(points, "rc") == [{"main": 0}] * 9
    assert column(points, "recreated") == [["0000:01:00.0"]] * 5 + [[]] * 4
    assert spurious(points) == [["INT_PRESENCE_OFF", "INT_PRESENCE_ON"]] * 5 + [[]] * 4
    # Held 101 ms, settled 101 ms; the link is up after 121, and pciehp waits 100 more before it adds the card again.
    assert column(points, "time_ns") == [222_000_000] * 5 + [202_000_000] * 4
    assert list(steps) == [5]


def test_pci_reset_function_step_5_shows_the_masked_presence_and_the_removal_that_is_gone(capsys, surprise):
    _, steps = bisect_json(capsys, surprise, "01:00.0")
    step = steps[5]
    assert (step["subject"], step["changes"]["outcome"]) == (PATCHES[4].subject, ["re-added", "calm"])
    commands = [act[-1] & PDCE for act in acts(step, "+") if act[:3] == ("w", "0000:00:1c.0", SLTCTL)]
    assert commands == [0, PDCE]
    assert ("remove_device", "0000:01:00.0") in acts(step, "-")
    assert ("lock_wait", "device", "0000:01:00.0") in acts(step, "-")
    # The reset itself is the same: Bridge Control is in no difference.
    assert not [act for act in acts(step, "-") + acts(step, "+") if act[2:3] == (BRIDGE_CONTROL,)]
    assert any(d["function"] == "pciehp_reset_slot" and "p04" in d["at"] for d in step["differences"])


def test_pciehp_reset_slot_exists_from_patch_4_on(capsys, surprise):
    points, steps = bisect_json(capsys, surprise, "slot:1", "--call", "pciehp_reset_slot")
    assert column(points, "exists") == [False] * 4 + [True] * 5
    assert spurious(points) == [[]] * 5
    assert list(steps) == [4]


def test_pci_reset_bus_exists_from_patch_7_on_and_masks_nothing(capsys, surprise):
    points, steps = bisect_json(capsys, surprise, "bus:01")
    assert column(points, "outcome") == ["no such call"] * 7 + ["re-added"] * 2
    assert spurious(points) == [["INT_PRESENCE_OFF", "INT_PRESENCE_ON"]] * 2
    assert list(steps) == [7]


def test_pci_reset_function_of_a_sleeping_function_changes_with_patch_8(capsys):
    points, steps = bisect_json(capsys, "example:d3hot", "01:00.0")
    assert column(points, "rc") == [{"main": -22}] * 8 + [{"main": 0}]
    assert column(points, "config_restored") == [True] * 8 + [False]
    assert list(steps) == [8]
    # The wake-up is the first act that is new: D3hot is read, D0 is written.
    assert acts(steps[8], "+")[:2] == [("r", "0000:01:00.0", PM_CTRL, 2, 3), ("w", "0000:01:00.0", PM_CTRL, 2, 0)]
    again = [d for d in steps[8]["differences"] if d["side"] == "~" and d["args"][1] == PM_CTRL]
    assert [(d["value_before"], d["args"][3], d["function"]) for d in again] == [(3, 0, "pci_pm_reset")]


def test_pci_reset_function_of_the_vga_card_resets_nothing_at_any_point(capsys):
    points, steps = bisect_json(capsys, "example:vga", "01:00.0")
    assert column(points, "outcome") == ["nothing reset"] * 9
    assert steps == {}
    assert bisect(capsys, "example:vga", "01:00.0").endswith("\nNo patch changes anything here.\n")


def test_pci_reset_slot_of_the_vga_card_exists_from_patch_7_on(capsys):
    text = bisect(capsys, "example:vga", "slot:1")
    rows = {line.split()[0]: line for line in text.splitlines()[2:11]}
    assert list(rows) == ["base", "+1", "+2", "+3", "+4", "+5", "+6", "+7", "+8"]
    assert [row.endswith("no such call") for row in rows.values()] == [True] * 7 + [False] * 2
    assert "hot reset 01:00.0, 01:00.1" in rows["+7"]
    assert "  restored  " in rows["+7"]
    assert text.count("\npatch ") == 1


def test_bisect_text_is_short_unless_verbose(capsys, surprise):
    short, long = bisect(capsys, surprise, "01:00.0"), bisect(capsys, surprise, "01:00.0", "-v")
    # The landmarks of the worker that only the old kernel has are there, the rest of its acts is counted.
    assert "remove device 0000:01:00.0" in short
    assert "pciehp-1:1: " in short.splitlines()[-1]
    assert "pci_setup_device" not in short
    assert "pci_setup_device" in long
    assert len(short.splitlines()) < 80 < len(long.splitlines())


@pytest.mark.parametrize(
    ("argv", "hint"),
    [
        (("example:vga", "02:00.0"), "there is no function 0000:02:00.0"),
        (("example:vga", "slot:1", "--call", "pci_no_such"), "no function pci_no_such"),
        (("example:vga", "slot:1", "--call", "pci_reset_bus"), "not called on a slot"),
        (("example:vga",), "give a TARGET"),
        (("mess", "--call", "pci_reset_bus"), "--call is for a machine"),
    ],
)
def test_bisect_of_what_is_not_there_is_one_line(capsys, argv, hint):
    assert main(["bisect", *argv]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert hint in captured.err


def test_bisect_of_a_scenario_tells_its_question_and_the_patch_that_mends_it(capsys):
    points, steps = bisect_json(capsys, "mess")
    assert column(points, "outcome") == ["lost"] * 5 + ["calm"] * 4
    assert list(steps) == [5]
    assert bisect(capsys, "mess").startswith("mess: ")


def test_bisect_of_a_scenario_that_deadlocks_says_so(capsys):
    points, _ = bisect_json(capsys, "unbind")
    assert column(points, "outcome") == ["deadlock"] * 9
    # Who unbinds holds the device lock and waits until the user lets go; the user's reset wants that lock.
    assert all("user: waits for device lock of 0000:01:00.0" in report for report in column(points, "deadlock"))
