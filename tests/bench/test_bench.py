# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port bench: the shape of its figures. How large they are is for people to judge, on a computer of theirs."""

import json
from itertools import cycle

import pytest

from kernel_port._shims import lib
from kernel_port.bench.bus_reset_witness import Witness
from kernel_port.cli import main
from kernel_port.commands import bench
from kernel_port.hw.clock import RealClock
from kernel_port.hw.image import ConfigImage
from kernel_port.images import load
from kernel_port.images.save import save
from kernel_port.kernel.system import System
from kernel_port.link import link
from kernel_port.machine import boot


def fixed(name, samples, **rest):
    return bench.Figure(name, rest.pop("unit", "us"), list, samples=samples, **rest)


#: os.pread takes 2 us and mmap 0.5 us here, so 4 us are 2 and 8 times as long.
REFERENCES = [fixed(bench.PREAD, [1.0, 2.0, 9.0]), fixed(bench.MMAP, [0.5])]


def only(row):
    return bench.as_json([*REFERENCES, row])[-1]


@pytest.mark.slow
@pytest.mark.alone
def test_bench_quick_json_has_every_figure(capsys, monkeypatch):
    monkeypatch.setattr(bench, "QUICK", 0.01)
    assert main(["bench", "--quick", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert [name.split(",")[0].split("(")[0] for name in rows] == [
        "os.pread", "mmap and struct", "bare cffi call", "raw shim read",
        "pci_read_config_word", "pci_read_config_word", "pci_write_config_word", "pci_write_config_word",
        "reset example:vga slot:1", "boot a built-in machine", "explore not-a-bridge", "kernel-port --help",
        "kernel-port why",
        *["msleep", "time.sleep"] * 2, "msleep", *["udelay", "time.sleep"] * 3,
        "secondary bus reset",
    ]  # fmt: skip
    assert all(row["samples"] > 0 for row in rows.values())
    *timed, held = rows.values()
    assert all(row["median"] > 0 and row["p99"] > 0 for row in timed)
    assert held["median"] >= 0  # how far outside of what may be: 0 is within
    assert {name for name, row in rows.items() if row["early"] is not None} == set(list(rows)[13:])
    assert not any(row["early"] for row in rows.values())
    assert rows["raw shim read"]["target"] == 3 * rows["bare cffi call"]["median"]
    assert rows["boot a built-in machine, 53 functions"]["unit"] == "ms"


@pytest.mark.slow
@pytest.mark.alone
def test_witness_sees_each_reset_and_how_long_it_is_held(tmp_path):
    path = tmp_path / "image.ecam"
    save(load("example:single"), path)
    # Low byte of Bridge Control of 00:01.0: 1 << 15 | 0x3e.
    with ConfigImage.in_place(path) as image, Witness(path, 0x803E) as witness:
        kernel = link(8, System(RealClock(lib)))
        for _ in range(2):
            witness.look()
            image.write(0, 8, 0x3E, 2, 0x0040)
            kernel.msleep(200)
            image.write(0, 8, 0x3E, 2, 0x0000)
            # On a busy computer its turn may come late.
            assert witness.saw() > 120_000_000


@pytest.mark.slow
@pytest.mark.alone
def test_bench_dump_is_the_machine_booted(shared, capsys, monkeypatch):
    monkeypatch.setattr(bench, "QUICK", 0.01)
    assert main(["bench", "--quick", "--dump", str(shared / "dumps/pciutils-tree-asus-p6t6.txt")]) == 0
    assert "boot pciutils-tree-asus-p6t6, 53 functions" in capsys.readouterr().out


def test_bench_median_ratios_and_target():
    row = only(fixed("access", [3.0, 4.0, 100.0], target=5))
    assert (row["median"], row["times_pread"], row["times_mmap"]) == (4.0, 2.0, 8.0)
    assert (row["target"], row["ok"], row["samples"]) == (5, True, 3)
    assert (row["least"], row["p99"]) == (3.0, 100.0)
    # 0.004 ms are the same 4 us
    assert only(fixed("work", [0.004], unit="ms"))["times_pread"] == pytest.approx(2.0)


def test_bench_median_above_target_is_missed():
    assert only(fixed("access", [5.1], target=5))["ok"] is False
    # 3 times the 0.5 us of mmap are 1.5 us
    assert only(fixed("access", [1.4], target=3, target_of=bench.MMAP))["ok"] is True
    assert only(fixed("access", [1.6], target=3, target_of=bench.MMAP))["ok"] is False


def test_bench_delay_that_ends_early_once_is_not_ok():
    assert only(fixed("msleep(1)", [1.0, 2.0, 3.0], unit="us late", target=5))["ok"] is True
    row = only(fixed("msleep(1)", [1.0, -0.1, 3.0], unit="us late", target=5))
    assert (row["ok"], row["early"], row["times_pread"]) == (False, 1, None)


def test_bench_lateness_is_what_exceeds_the_delay(monkeypatch):
    ticks = cycle([1_000, 13_500])  # 12.5 us for a delay of 10 us
    monkeypatch.setattr(bench.time, "monotonic_ns", lambda: next(ticks))
    assert bench.late(lambda: 10_000, 2, list)() == [2.5, 2.5]


def test_bench_built_in_machine_boots_whole():
    description = bench.machine_of(bench.FUNCTIONS)
    with boot(description) as machine:
        assert len(machine.functions) == len(description.functions) == bench.FUNCTIONS


def test_bench_rows_say_ok_missed_and_early(capsys):
    bench.show(
        bench.as_json(
            [
                *REFERENCES,
                fixed("good", [1.0], target=2),
                fixed("slow", [3.0], target=2),
                fixed("hasty", [-1.0], target=2, unit="us late"),
            ]
        )
    )
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[1:]}
    assert lines["good"].split()[1:] == ["1.000", "1.000", "us", "1", "<=", "2", "ok", "0.5", "2"]
    assert "missed" in lines["slow"]
    assert "early" in lines["hasty"]
