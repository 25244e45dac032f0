# SPDX-License-Identifier: GPL-2.0-only
"""The mutants of tests/mutate.py: what they are, and that those of rooms changed last are noticed."""

import subprocess

import mutate
import pytest

ROOM = '''\
"""What it is for: 1."""
LIMIT: int = 3


def f(dev: pci_dev, probe: int = 0) -> int:
    """0 or 1."""
    if not dev.slot or probe > 1:
        dev_err(dev, f"no {dev.x + 1}")
        return -ENOTTY
    dev.count += 1
    dev.saved = True
    forget(dev)
    return helper(dev) & 7
'''
#: Line, what was there, what is there instead; by hand.
MUTANTS = {
    (2, "3", "4"), (5, "0", "1"), (7, "not dev.slot", "dev.slot"), (7, "probe > 1", "probe >= 1"), (7, "1", "2"),
    (7, "not dev.slot or probe > 1", "not dev.slot and probe > 1"),
    (7, "not dev.slot or probe > 1", "not (not dev.slot or probe > 1"), (9, "return -ENOTTY", "return None"),
    (10, "dev.count += 1", "dev.count -= 1"), (10, "dev.count += 1", "pass"), (10, "1", "2"),
    (11, "dev.saved = True", "pass"), (11, "True", "False"), (12, "forget(dev)", "pass"),
    (13, "return helper(dev) & 7", "return None"), (13, "helper(dev) & 7", "helper(dev) | 7"), (13, "7", "8"),
}  # fmt: skip


def test_mutants_are_all_that_does_something_and_nothing_that_is_said():
    found = {(line, old, new) for line, old, new, _ in mutate.mutants(ROOM)}
    assert found == MUTANTS


def test_mutants_differ_from_the_room_in_one_place():
    for line, _, _, text in mutate.mutants(ROOM):
        lines = list(zip(ROOM.splitlines(), text.splitlines(), strict=True))
        assert [number for number, (was, now) in enumerate(lines, 1) if was != now] == [line]


@pytest.mark.parametrize("room", ["base/slot", "patch/p05_add_reset_slot_option_to_pci_dev_reset", "hw/slot", "link"])
def test_tests_of_a_room_are_there(room):
    files = mutate.tests_of(room, (mutate.ROOT / f"kernel_port/{room}.py").read_text())
    assert len(files) > 2
    assert all((mutate.ROOT / file).is_file() for file in files)


@pytest.mark.slow
def test_mutants_of_rooms_changed_last_are_noticed(capfd):
    known = subprocess.run(["git", "-C", str(mutate.ROOT), "rev-parse", "HEAD~1"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip("no history to tell what changed last")
    status = mutate.main(["--since", "HEAD~1", "--sample", "10"])
    assert status == 0, capfd.readouterr().out
