# SPDX-License-Identifier: GPL-2.0-only
"""The mutants: what they are, that what is noticed is, and that those of modules changed last are."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="needs the extra mutation")
mutants = pytest.importorskip("mutants")
trials = pytest.importorskip("trials")
mutate = pytest.importorskip("mutate")

MODULE = '''\
"""What it is for: 1."""
LIMIT: int = 3
EXPORT_SYMBOL(f, 1)
if TYPE_CHECKING:
    from .g import g


def f(dev: pci_dev, probe: int = 0) -> int | None:
    """0 or 1."""
    if not dev.slot or probe > 1:
        dev_err(dev, f"no {dev.x + 1}")
        return -ENOTTY
    rc = helper(dev)
    dev.count = rc
    if dev.slot is None:
        forget(dev,
               rc)
    return rc & PROBE
'''
#: Line, what was there, what is there instead; by hand.
MUTANTS = {
    (2, "LIMIT: int = 3", "LIMIT: int = 4"),
    (8, "def f(dev: pci_dev, probe: int = 0) -> int | None:", "def f(dev: pci_dev, probe: int = 1) -> int | None:"),
    (10, "if not dev.slot or probe > 1:", "if  dev.slot or probe > 1:"),
    (10, "if not dev.slot or probe > 1:", "if not not dev.slot or probe > 1:"),
    (10, "if not dev.slot or probe > 1:", "if not dev.slot and probe > 1:"),
    (10, "if not dev.slot or probe > 1:", "if not dev.slot or probe >= 1:"),
    (10, "if not dev.slot or probe > 1:", "if not dev.slot or probe > 2:"),
    (12, "return -ENOTTY", "return ENOTTY"),
    (12, "return -ENOTTY", "pass"),
    (14, "dev.count = rc", "pass"),
    (15, "if dev.slot is None:", "if dev.slot is not None:"),
    (16, "forget(dev,", "pass"),
    (18, "return rc & PROBE", "return rc | PROBE"),
    (18, "return rc & PROBE", "pass"),
}


def test_mutants_are_all_that_does_something_and_nothing_that_is_said():
    found = {(mutant.line, mutant.name.partition(": ")[2]) for mutant in mutants.mutants("x", MODULE)}
    assert found == {(line, f"{was} -> {now}") for line, was, now in MUTANTS}


def test_mutants_keep_every_other_line_where_it_was():
    for mutant in mutants.mutants("x", MODULE):
        lines = list(zip(MODULE.splitlines(), mutant.text.splitlines(), strict=True))
        changed = [number for number, (was, now) in enumerate(lines, 1) if was != now]
        assert changed[0] == mutant.line
        assert len(changed) == 1 or "pass" in mutant.name


#: A project with one module and its tests, which say nothing of `seen`.
PROJECT = {
    "kernel_port/__init__.py": "",
    "kernel_port/base/__init__.py": "",
    "kernel_port/base/slot.py": "TABLE = {1: 2}\n\n\ndef f(x):\n    seen = x > 0\n    return TABLE[x] * 3\n",
    "tests/base/test_headers.py": "from kernel_port.base import slot\n\ndef test_t():\n    assert slot.TABLE[1]\n",
    "tests/hw/test_data_sheet.py": "from kernel_port.base import slot\n\ndef test_d():\n    assert len(slot.TABLE)\n",
    "tests/base/test_slot.py": "from kernel_port.base import slot\n\n\ndef test_f():\n    assert slot.f(1) == 6\n",
}
SURVIVORS = [
    "f: seen = x > 0 -> seen = x > 1",
    "f: seen = x > 0 -> seen = x >= 0",
]


@pytest.fixture
def campaign(tmp_path):
    """Runs the campaign on the project with a list of survivors; what it prints, and its exit status."""
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tools = shutil.copytree(Path(__file__).parent, tmp_path / "tests/mutation")

    def run(listed):
        (tools / "survivors.toml").write_text(listed)
        command = [sys.executable, "tests/mutation/mutate.py", "base/slot"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.stdout, done.returncode

    return run


@pytest.mark.slow
def test_campaign_lists_who_survives(campaign):
    printed, status = campaign("")
    assert [line for line in printed.splitlines() if line.endswith('= ""')] == [f'"{name}" = ""' for name in SURVIVORS]
    # Killed: the two numbers of the table, the product, its factor, the statement that returns it.
    assert printed.splitlines()[-1] == "killed 5 of 7; of the 2 survivors 0 are listed with a reason"
    assert status == 1


@pytest.mark.slow
def test_campaign_says_nothing_of_listed_survivors_and_names_stale_ones(campaign):
    listed = [*SURVIVORS, "f: return TABLE[x] * 3 -> pass", "f: return 7 -> pass"]
    printed, status = campaign('["base/slot"]\n' + "".join(f'"{name}" = "so it is"\n' for name in listed))
    assert '= ""' not in printed
    assert "f: return TABLE[x] * 3 -> pass: is noticed" in printed
    assert "f: return 7 -> pass: is no mutant any more" in printed
    assert status == 0


@pytest.mark.slow
def test_passes_ends_a_process_that_loops(monkeypatch):
    monkeypatch.setattr(trials, "LOOPS", 1)
    assert trials.passes(lambda: 0, 0)
    assert not trials.passes(lambda: [None for _ in iter(int, 1)], 0)


@pytest.mark.slow
def test_mutants_of_rooms_changed_last_are_noticed():
    known = subprocess.run(["git", "-C", str(trials.ROOT), "rev-parse", "HEAD~1"], capture_output=True, check=False)
    if known.returncode:
        pytest.skip("no history to tell what changed last")
    command = [sys.executable, mutate.__file__, "--since", "HEAD~1", "--sample", "30"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_survivors_have_a_room_and_a_reason():
    listed = tomllib.loads(mutate.LIST.read_text())
    assert set(listed) <= set(mutate.all_modules())
    assert [name for module in listed.values() for name, reason in module.items() if not reason.strip()] == []
