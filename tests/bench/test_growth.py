# SPDX-License-Identifier: GPL-2.0-only
"""What larger machines cost: how it is measured, and (slow) that it grows no faster than they do."""

import json
import os
import subprocess
import sys

import pytest

from kernel_port.bench import growth
from kernel_port.bench.growth import Growth
from kernel_port.cli import main
from kernel_port.images.generate import generate
from kernel_port.machine import boot


def test_exponent_of_powers():
    sizes = [10.0, 100.0, 1000.0]
    assert growth.exponent(sizes, [7 * size**2 for size in sizes]) == pytest.approx(2)
    assert growth.exponent(sizes, [5.0, 5.0, 5.0]) == pytest.approx(0)
    # logarithms of the costs 0, 1 and 3 over 1, 2 and 3: slope (3 - 0) / (3 - 1)
    assert growth.exponent(sizes, [1.0, 10.0, 1000.0]) == pytest.approx(1.5)


def limits(*found):
    return {row["name"]: (round(row["value"], 3), row["ok"]) for row in growth.as_json(list(found))["limits"]}


def test_as_json_judges_exponents():
    assert limits(Growth(100, 1, 1, 1, 50, 1), Growth(10_000, 100, 1000, 10, 50, 100)) == {
        "boot exponent": (1.0, True), "reset exponent": (1.5, False), "why exponent": (0.5, True),
        "memory exponent": (0.0, True), "image exponent": (1.0, True),
    }  # fmt: skip


def test_as_json_judges_a_full_segment():
    found = limits(Growth(100, 1, 1, 1, 50, 1), Growth(65536, 60.1, 59.9, 500, 2049, 256))
    assert found["full segment: boot, s"] == (60.1, False)
    assert found["full segment: reset, s"] == (59.9, True)
    assert found["full segment: memory, MB"] == (2049, False)


def test_reset_everything_resets_all_below_the_root_bus():
    with boot(generate(120, 3), trace_boot=False) as machine:
        growth.reset_everything(machine)
        reset = {event.args[1] for event in machine.events if event.op == "hw" and event.args[0] == "hot reset"}
        assert reset == {dev.dev.name for dev in machine.functions if dev.bus.number}


def test_reset_everything_says_what_refuses():
    with boot("example:conventional", trace_boot=False) as machine:
        machine.call = lambda name, bus: -25
        with pytest.raises(RuntimeError, match="bus 02: -25"):
            growth.reset_everything(machine)


@pytest.mark.slow
@pytest.mark.alone
def test_bench_growth_measures_each_size(monkeypatch, capsys):
    monkeypatch.setattr(growth, "SIZES", (20, 60))
    assert main(["bench", "--growth", "--json"]) == 0
    sizes = json.loads(capsys.readouterr().out)["sizes"]
    assert [row["functions"] for row in sizes] == [20, 60]
    assert all(value > 0 for row in sizes for value in row.values())
    assert main(["bench", "--growth"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown[1:3]] == ["20", "60"]
    assert shown[4].startswith("boot exponent")


@pytest.mark.slow
@pytest.mark.alone
def test_growth_is_that_of_the_machine():
    rounds = [growth.in_processes(growth.SIZES[:3], str) for _ in range(3)]
    # Whatever else the computer does only adds to a cost: the least is the nearest.
    least = [growth.Growth(*map(min, zip(*same, strict=True))) for same in zip(*rounds, strict=True)]
    assert {cost: slope for cost, slope in growth.exponents(least).items() if slope > growth.EXPONENT} == {}


#: Run in a process of its own, whose peak of memory is told.
FULL_SEGMENT = """
import json, resource
from kernel_port.bench import growth
from kernel_port.images.generate import MOST, generate
from kernel_port.machine import boot

with boot(generate(MOST, 1), trace_boot=False) as machine:
    found = len(machine.functions)
    growth.reset_everything(machine)
    reset = {event.args[1] for event in machine.events if event.op == "hw" and event.args[0] == "hot reset"}
    again = [dev.dev.name for dev in machine.functions if dev.bus.number]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([found, len(again), reset == set(again), peak]))
"""


@pytest.mark.slow
@pytest.mark.alone
def test_full_segment_is_reset_and_found_again_in_two_gigabytes():
    done = subprocess.run([sys.executable, "-c", FULL_SEGMENT], stdout=subprocess.PIPE, check=True, text=True)
    found, again, all_reset, peak = json.loads(done.stdout)
    # 256 buses of 256 functions; nothing is above the root bus that could reset what is on it
    assert (found, again, all_reset) == (65536, 65280, True)
    assert peak <= 2 * 1024 * 1024  # KiB


def test_in_processes_each_is_out_of_reach_of_the_terminals_interrupt(monkeypatch, tmp_path):
    python = tmp_path / "python"  # tells the number of its process group instead of measuring
    python.write_text(
        "#!/bin/sh\nread -r _ _ _ _ group _ < /proc/self/stat\n"
        'echo "{\\"functions\\": $group, \\"boot\\": 0, \\"reset\\": 0, \\"why\\": 0, "\n'
        'echo "\\"memory\\": 0, \\"image\\": 0}"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    (found,) = growth.in_processes((1,), str)
    assert found.functions != os.getpgrp()
