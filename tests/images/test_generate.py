# SPDX-License-Identifier: GPL-2.0-only
"""Machines made up from a seed: always the same, as large as asked, and such that the kernel finds all of them."""

import hashlib
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from lspci import described, secondary_buses

from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.images import load
from kernel_port.images.generate import MOST, draw, generate, text
from kernel_port.machine import boot


def sha256(data):
    return hashlib.sha256(data).hexdigest()[:16]


def bridges(document):
    """Kind of bridge -> (its bus, secondary, subordinate)."""
    found = defaultdict(list)
    for table in document["function"]:
        if "bus" in table:
            found[table["kind"]].append((int(table["address"][5:7], 16), *table["bus"]))
    return found


def test_generate_same_seed_same_bytes():
    # Recorded with CPython 3.11 on x86-64: a change here changes what every user's seeds mean.
    assert sha256("".join(text(draw(50, 7))).encode()) == "dde959c0cfa83167"
    assert sha256("".join(text(draw(3000, 2))).encode()) == "15188b7fe9182592"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "digest"), [("toml", "c4784e3dce7c126a"), ("txt", "c5c457715941e142"), ("ecam", "d98891ef62b98eeb")]
)
def test_generate_same_seed_same_file(ending, digest, tmp_path, capsys):
    # Recorded with CPython 3.11 on x86-64, and found again with 3.12 and 3.13.
    path = tmp_path / f"made.{ending}"
    assert main(["generate", "--functions", "60", "--seed", "3", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 60 functions\n"
    assert sha256(path.read_bytes()) == digest


def test_generate_other_seed_other_machine():
    assert len({sha256("".join(text(draw(50, seed))).encode()) for seed in range(20)}) == 20


@pytest.mark.parametrize("functions", [*range(1, 13), 31, 50, 255, 256, 257, 1000, 4096, 20000])
def test_generate_has_as_many_functions_as_asked(functions):
    addresses = [table["address"] for table in draw(functions, functions)["function"]]
    assert len(addresses) == functions == len(set(addresses))
    assert addresses == sorted(addresses)
    assert addresses[0] == "0000:00:00.0"


@pytest.mark.slow
def test_generate_full_segment_has_every_address():
    document = draw(MOST, 1)
    # 256 buses x 32 devices x 8 functions
    on_bus = Counter(table["address"][:7] for table in document["function"])
    assert on_bus == {f"0000:{bus:02x}": 256 for bus in range(256)}
    assert len({table["address"] for table in document["function"]}) == 65536
    assert sum(map(len, bridges(document).values())) == 255


@pytest.mark.parametrize("seed", range(5))
def test_generate_buses_are_a_tree(seed):
    found = bridges(draw(2000, seed))
    every = sorted(bridge for kind in found.values() for bridge in kind)
    assert sorted(secondary for _, secondary, _ in every) == list(range(1, len(every) + 1))
    ranges = {0: (0, len(every))} | {secondary: (secondary, last) for _, secondary, last in every}
    for bus, secondary, last in every:
        assert ranges[bus][0] < secondary <= last <= ranges[bus][1]
    ports = {bus for bus, _, _ in found["downstream-port"]}
    assert {secondary for _, secondary, _ in found["upstream-port"]} == ports  # no switch without a port
    deep = {secondary for bus, secondary, _ in found["downstream-port"]}
    assert deep & {bus for bus, _, _ in found["upstream-port"]}  # a switch below a switch


def test_generate_has_all_sorts_of_hardware():
    tables = draw(1000, 1)["function"]
    kinds = Counter(table.get("kind", "endpoint") for table in tables)
    assert set(kinds) == {
        "host-bridge", "root-port", "upstream-port", "downstream-port", "express-to-pci-bridge", "pci-bridge", "pci",
        "endpoint", "legacy-endpoint", "integrated-endpoint",
    }  # fmt: skip
    slots = [table["slot"] for table in tables if "slot" in table]
    assert {slot.get("hotplug", True) for slot in slots} == {True, False}
    assert any(slot.get("surprise") for slot in slots)
    assert len({slot["number"] for slot in slots}) == len(slots)
    assert {table["express"].get("flr", False) for table in tables if "express" in table} == {True, False}
    assert {table["pm"].get("no_soft_reset", False) for table in tables if "pm" in table} == {True, False}
    assert {table["af"].get("flr", True) for table in tables if "af" in table} == {True, False}
    assert any("ari" in table for table in draw(4000, 1)["function"])
    assert any("driver" in table for table in tables)


@pytest.mark.parametrize(
    ("functions", "seed"),
    [(1, 1), (2, 1), (9, 4), (50, 1), (50, 2), (400, 3), pytest.param(3500, 5, marks=pytest.mark.slow)],
)
def test_generate_kernel_finds_every_function(functions, seed):
    description = generate(functions, seed)
    with boot(description, trace_boot=False) as machine:
        assert [dev.dev.name for dev in machine.functions] == [str(f.address) for f in description.functions]


@pytest.mark.parametrize("ending", ["toml", "txt", "ecam"])
def test_generate_formats_are_one_machine(ending, tmp_path, capsys):
    path = tmp_path / f"machine.{ending}"
    assert main(["generate", "--functions", "120", "--seed", "9", "-o", str(path)]) == 0
    made, read = generate(120, 9).functions, load(path).functions
    assert [f.address for f in read] == [f.address for f in made]
    assert [f.config for f in read] == [f.config for f in made]
    if ending != "ecam":  # which cannot hold them
        assert [f.driver for f in read] == [f.driver for f in made]
    assert load(path).warnings == [] or ending == "ecam"


def test_generate_lspci_reads_it(tmp_path, capsys):
    path = tmp_path / "machine.txt"
    assert main(["generate", "--functions", "200", "--seed", "6", "-o", str(path)]) == 0
    tables = draw(200, 6)["function"]
    assert list(described(path)) == [table["address"] for table in tables]
    behind = {table["address"]: f"0000:{table['bus'][0]:02x}" for table in tables if "bus" in table}
    assert secondary_buses(path) == behind


def allocated(path):
    """Bytes that a file of a whole domain takes on the disk."""
    status = path.stat()
    assert status.st_size == 256 << 20
    return status.st_blocks * 512


def test_generate_ecam_image_is_sparse_and_stays_so(tmp_path, capsys):
    made, after, live = (tmp_path / f"{name}.ecam" for name in ("made", "after", "live"))
    assert main(["generate", "--functions", "40", "-o", str(made)]) == 0
    assert main(["reset", str(made), "bus:01", "-o", str(after), "--live", str(live)]) == 0
    for path in (made, after, live):
        # 4 KiB to a function, and as much again for what the file system rounds up to
        assert 40 * 4096 <= allocated(path) <= 2 * 40 * 4096


@pytest.mark.parametrize("functions", ["0", "65537", "-5"])
def test_generate_impossible_size_is_refused(functions, tmp_path, capsys):
    path = tmp_path / "machine.toml"
    assert main(["generate", "--functions", functions, "-o", str(path)]) == 2
    assert "a segment has 1 to 65536" in capsys.readouterr().err
    assert not path.exists()


def test_generate_negative_seed_is_refused(tmp_path, capsys):
    assert main(["generate", "--seed", "-1", "-o", str(tmp_path / "machine.toml")]) == 2
    assert capsys.readouterr().err == "kernel-port: seed -1: give 0 or more\n"


@pytest.mark.parametrize("output", ["machine.pdf", "gone/machine.ecam", "folder.txt"])
def test_generate_impossible_output_is_refused_before_the_work(output, tmp_path, monkeypatch, capsys):
    (tmp_path / "folder.txt").mkdir()
    monkeypatch.setattr("kernel_port.images.generate.draw", lambda *_: pytest.fail("began to work"))
    assert main(["generate", "-o", str(tmp_path / output)]) == 2
    assert capsys.readouterr().err.startswith(f"kernel-port: {tmp_path / output}: ")


def test_draw_too_many_is_a_machine_error():
    with pytest.raises(MachineError, match="65537"):
        draw(65537, 1)


def test_generate_format_overrides_ending(tmp_path, capsys):
    path = tmp_path / "machine.txt"
    assert main(["generate", "--functions", "5", "--format", "toml", "-o", str(path)]) == 0
    assert "[[function]]" in Path(path).read_text()
