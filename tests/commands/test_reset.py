# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port reset: what it shows is what the machine did, and what it writes is where it was asked to.

The built-in example:vga is a graphics card of two functions (01:00.0, 01:00.1) in slot 1 below the port 00:1c.0.
"""

import fcntl
import json
import os
import subprocess
import sys

import pytest

from kernel_port.cli import main
from kernel_port.images import load
from kernel_port.kernel.sched import Deadlock
from kernel_port.machine import Machine
from kernel_port.recordings.golden import OPERANDS
from kernel_port.trace.snapshot import Recorder

BUS_RESET = "00:1c.0 --call pci_reset_bridge_secondary_bus"


def reset(capsys, *argv):
    status = main(["reset", *map(str, argv)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def reset_json(capsys, *argv):
    status, out, _ = reset(capsys, *argv, "--json")
    return status, json.loads(out)


def bridge_writes(report, bdf="0000:00:1c.0"):
    """The port's Bridge Control writes: register 0x3e, bit 6 is Secondary Bus Reset."""
    writes = [(e["t"], e["args"]) for e in report["trace"] if e["op"] == "w"]
    return [(t, value >> 6 & 1) for t, (where, offset, _, value) in writes if (where, offset) == (bdf, 0x3E)]


def test_reset_slot_holds_the_bus_for_100_ms_and_waits_100_more(capsys):
    status, report = reset_json(capsys, "example:vga", "slot:1")
    assert (status, report["rc"], report["error"], report["call"]) == (0, 0, None, "pci_reset_slot")
    (down, set_bit), (up, clear_bit) = bridge_writes(report)
    assert (set_bit, clear_bit, up - down) == (1, 0, 101_000_000)  # a jiffy longer than asked
    assert sum(e["args"][0] for e in report["trace"] if e["op"] == "msleep") == 200


def test_reset_slot_takes_both_functions_and_restores_them(capsys):
    _, report = reset_json(capsys, "example:vga", "slot:1")
    hit = {f["bdf"]: f for f in report["functions"] if f["resets"]}
    assert list(hit) == ["0000:01:00.0", "0000:01:00.1"]
    for function in hit.values():
        assert [r["kind"] for r in function["resets"]] == ["hot reset"]
        lost = {d["register"]: d for d in function["lost"]}
        # After a reset no address is decoded: I/O, memory and bus master enable are 0.
        assert lost["PCI_COMMAND"]["after"] & 0x7 == 0
        assert lost["PCI_BASE_ADDRESS_0"]["restored"]


def test_reset_text_groups_by_function_and_names_changed_bits(capsys):
    status, text, _ = reset(capsys, "example:vga", "slot:1")
    lines = text.splitlines()
    assert status == 0
    assert lines[-1] == "0"
    assert "\033" not in text
    heading = lines.index("0000:01:00.1  pci_reset_slot > pci_slot_save_and_disable")
    assert "pci_save_state" in lines[heading + 1] or "pci_raw_set_power_state" in lines[heading + 1]
    assert any("PCI_BRIDGE_CONTROL=0x0040  [BUS_RESET+]" in line and "(p01:" in line for line in lines)
    assert any("* 0000:01:00.0: hot reset" in line for line in lines)
    assert any("  101.000  " in line and "[BUS_RESET-]" in line for line in lines)


def test_reset_text_collapses_runs_of_reads_unless_verbose(capsys):
    _, short, _ = reset(capsys, "example:vga", "slot:1")
    _, long, _ = reset(capsys, "example:vga", "slot:1", "-v")
    assert "r32 0x000..0x03c  16 reads, values as before" in short
    assert "reads, values as before" not in long
    assert "  debug: 0000:01:00.0: " in long
    assert "  debug: " not in short


def test_reset_is_the_same_byte_for_byte(capsys):
    assert reset(capsys, "example:vga", "slot:1", "--seed", 7) == reset(capsys, "example:vga", "slot:1", "--seed", 7)


def test_reset_slot_before_patch_7_says_which_patch_adds_it(capsys):
    status, out, error = reset(capsys, "example:vga", "slot:1", "--patches", 4)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert "patch 7" in error
    assert "--patches 7" in error


def test_reset_function_of_two_is_enotty_with_status_1(capsys):
    # The other function of the card forbids slot and bus reset; call the bus method itself.
    status, text, _ = reset(capsys, "example:vga", "01:00.0", "--call", "pci_parent_bus_reset")
    assert status == 1
    assert text.splitlines()[-1] == "-ENOTTY (25): Inappropriate ioctl for device"


def test_reset_call_by_name_of_a_slot_function_gets_the_hotplug_slot(capsys):
    status, report = reset_json(capsys, "example:vga", "slot:1", "--call", "pci_hp_reset_slot")
    assert (status, report["rc"]) == (0, 0)
    assert bridge_writes(report)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("pci_reset_slto", "try pci_reset_"),
        ("pci_reset_slot", "not called on a function"),
        ("pci_set_power_state", "needs more than a function: state"),
        ("msleep", "no function msleep"),
    ],
)
def test_reset_call_that_cannot_be_made_is_one_line(capsys, call, said):
    status, out, error = reset(capsys, "example:vga", "01:00.0", "--call", call)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert said in error


def test_reset_missing_target_is_one_line(capsys):
    status, out, error = reset(capsys, "example:vga", "slot:9")
    assert (status, out, error.count("\n")) == (2, "", 1)


def test_reset_trace_has_ops_of_the_golden_shape(capsys, tmp_path):
    path = tmp_path / "trace.jsonl"
    status, report = reset_json(capsys, "example:vga", "slot:1", "--trace", path)
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert status == 0
    assert events == report["trace"]
    for event in events:
        assert set(event) == {"t", "context", "op", "args", "at", "function", "c"}
        least, most = OPERANDS.get(event["op"], (1, 3))
        assert least <= len(event["args"]) <= most
        assert event["at"] or event["op"] == "hw"
    assert [e["args"] for e in events if e["op"] == "wait"] == [["cmd", 1000, True]] * 2
    assert any(e["c"] and e["c"].startswith("drivers/pci/hotplug/pciehp_hpc.c") for e in events)


def test_reset_never_touches_the_machine_file(capsys, tmp_path):
    path = tmp_path / "machine.txt"
    main(["convert", "example:vga", "-o", str(path)])
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert reset(capsys, path, "slot:1", "-o", tmp_path / "after.txt")[0] == 0
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_reset_output_is_the_machine_afterwards(capsys, tmp_path):
    path = tmp_path / "after.ecam"
    _, report = reset_json(capsys, "example:vga", "00:1c.0", "--call", "pci_reset_bridge_secondary_bus", "-o", path)
    after = {str(f.address): f.config for f in load(path).functions}
    changed = {f["bdf"]: f["changed"] for f in report["functions"]}
    for bdf in ("0000:01:00.0", "0000:01:00.1"):
        assert changed[bdf]  # nobody restored anything
        for d in changed[bdf]:
            found = after[bdf][d["offset"] : d["offset"] + d["size"]]
            assert int.from_bytes(found, "little") == d["after"] != d["before"]


def test_reset_in_place_changes_a_raw_image_and_keeps_its_mode(capsys, tmp_path):
    path = tmp_path / "machine.ecam"
    main(["convert", "example:vga", "-o", str(path)])
    path.chmod(0o640)
    before = {f.address: f.config for f in load(path).functions}
    assert reset(capsys, path, "00:1c.0", "--call", "pci_reset_bridge_secondary_bus", "--in-place")[0] == 0
    after = {f.address: f.config for f in load(path).functions}
    assert before.keys() == after.keys()
    card = next(address for address in after if str(address) == "0000:01:00.0")
    assert before[card][4] & 0x7  # memory or bus master was on
    assert after[card][4] & 0x7 == 0
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("machine", ["example:vga", "text"])
def test_reset_in_place_is_refused_for_other_kinds(capsys, tmp_path, machine):
    path = tmp_path / "machine.txt"
    main(["convert", "example:vga", "-o", str(path)])
    capsys.readouterr()
    before = path.read_bytes()
    status, out, error = reset(capsys, path if machine == "text" else machine, "slot:1", "--in-place")
    assert (status, out, path.read_bytes()) == (2, "", before)
    assert "raw ECAM image only" in error


@pytest.mark.parametrize("option", ["-o", "--trace"])
def test_reset_does_not_write_over_the_machine(capsys, tmp_path, option):
    path = tmp_path / "machine.txt"
    main(["convert", "example:vga", "-o", str(path)])
    before = path.read_bytes()
    status, _, error = reset(capsys, path, "slot:1", option, path)
    assert (status, path.read_bytes()) == (2, before)
    assert "is the machine itself" in error


@pytest.mark.parametrize(
    ("option", "name", "said"),
    [
        ("-o", "out.doc", "no format for the ending '.doc'"),
        ("-o", "missing/out.txt", "choose an existing, writable folder"),
        ("--trace", "missing/trace", "choose an existing, writable folder"),
        ("--trace", ".", "not a regular file"),
        ("-o", "trace.txt", "name two files"),
        ("-o", "out.ecam", "64 of 256 bytes are known"),
    ],
)
def test_reset_output_that_cannot_be_is_refused_before_the_reset(capsys, tmp_path, option, name, said):
    header = bytes.fromhex("86801012 0000 0000 00000002 00000000").ljust(64, b"\0")
    rows = (f"{at:02x}: {header[at : at + 16].hex(' ')}\n" for at in range(0, 64, 16))
    machine, folder = tmp_path / "machine.txt", tmp_path / "folder"
    machine.write_text("00:03.0 Ethernet controller: a card\n" + "".join(rows))
    folder.mkdir()
    argv = [machine, "00:03.0", "--trace", folder / "trace.txt", option, folder / name]
    status, out, error = reset(capsys, *argv)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert said in error
    assert not list(folder.iterdir())


def test_reset_that_deadlocks_reports_it_with_status_1(capsys, monkeypatch):
    def call(self, name, *args):
        raise Deadlock("deadlock: main: waits for the device lock")

    start = Machine.start

    def started(self, **options):
        start(self, **options)
        monkeypatch.setattr(Machine, "call", call)

    monkeypatch.setattr(Machine, "start", started)
    status, text, _ = reset(capsys, "example:vga", "slot:1")
    assert status == 1
    assert text.splitlines()[-1].startswith("pci_reset_slot never returned")


@pytest.fixture
def dying(monkeypatch):
    """The call after booting is more than the kernel survives."""

    def call(self, name, *args):
        raise self.system.sched.oops("a list entry removed twice")

    start = Machine.start

    def started(self, **options):
        start(self, **options)
        monkeypatch.setattr(Machine, "call", call)

    monkeypatch.setattr(Machine, "start", started)


def test_reset_that_the_kernel_does_not_survive_reports_it_with_status_1(capsys, dying):
    status, text, _ = reset(capsys, "example:vga", "slot:1")
    assert status == 1
    assert "  kernel oops in main: a list entry removed twice\n" in text
    assert text.splitlines()[-1].startswith("pci_reset_slot never returned: the kernel does not survive it; ")


def test_reset_that_the_kernel_does_not_survive_is_an_oops_in_json(capsys, dying):
    status, text, _ = reset(capsys, "example:vga", "slot:1", "--json")
    report = json.loads(text)
    assert (status, report["rc"], report["deadlock"]) == (1, None, None)
    assert report["oops"].startswith("kernel oops in main: a list entry removed twice")


@pytest.mark.slow
def test_reset_in_place_writes_before_it_tells(tmp_path):
    # A reader that goes away does not keep the output file from being written.
    path = tmp_path / "machine.ecam"
    main(["convert", "example:vga", "-o", str(path)])
    before = path.read_bytes()
    command = f"{sys.executable} -m kernel_port reset {path} {BUS_RESET} --in-place | true"
    subprocess.run(["bash", "-c", command], check=True, timeout=60)
    assert path.read_bytes() != before


@pytest.mark.parametrize("option", ["--in-place", "--live"])
def test_reset_of_an_image_somebody_works_on_is_refused(capsys, tmp_path, option):
    path = tmp_path / "machine.ecam"
    main(["convert", "example:vga", "-o", str(path)])
    os.truncate(path, 4 << 20)  # its four buses: the rest of 256 MiB is zeros
    capsys.readouterr()
    before = path.read_bytes()
    argv = [path, "slot:1", option] if option == "--in-place" else ["example:vga", "slot:1", option, path]
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        status, out, error = reset(capsys, *argv)
    assert (status, out, path.read_bytes()) == (2, "", before)
    assert error == f"kernel-port: {path}: another process is using it; wait for it to end, or use a copy\n"
    assert reset(capsys, *argv)[0] == 0


def test_reset_live_shows_each_write_while_it_happens(capsys, tmp_path, monkeypatch):
    # Bridge Control of the port 00:1c.0 at 0x1c << 15 | 0x3e: bit 6 is set in the first delay, clear in the next.
    path, seen = tmp_path / "live.ecam", []
    note = Recorder.note

    def look(self, event):
        if event.op == "msleep":
            with path.open("rb") as file:
                seen.append(os.pread(file.fileno(), 1, (0x1C << 15) + 0x3E)[0] >> 6 & 1)
        note(self, event)

    monkeypatch.setattr(Recorder, "note", look)
    assert reset(capsys, "example:vga", "slot:1", "--live", path)[0] == 0
    assert seen == [1, 0]
    assert {str(f.address) for f in load(path).functions} >= {"0000:00:1c.0", "0000:01:00.0", "0000:01:00.1"}


def test_reset_live_file_that_is_made_shorter_is_one_line(capsys, tmp_path, monkeypatch):
    path, kept = tmp_path / "live.ecam", tmp_path / "kept.toml"
    note = Recorder.note

    def cut(self, event):
        if event.op == "msleep":
            os.truncate(path, 4096)
        note(self, event)

    monkeypatch.setattr(Recorder, "note", cut)
    status, out, error = reset(capsys, "example:vga", "slot:1", "--live", path, "-o", kept)
    assert (status, out, kept.exists()) == (2, "", False)
    assert error.startswith(f"kernel-port: {path}: bytes were lost while it was in use")
    assert error.count("\n") == 1


def test_reset_live_of_several_domains_is_refused(capsys, tmp_path):
    path = tmp_path / "machine.toml"
    path.write_text(
        'name = "two"\n[[function]]\naddress = "0000:00:00.0"\nkind = "endpoint"\n'
        '[[function]]\naddress = "0001:00:00.0"\nkind = "endpoint"\n'
    )
    status, out, error = reset(capsys, path, "0000:00:00.0", "--live", tmp_path / "live")
    assert (status, out, (tmp_path / "live").exists()) == (2, "", False)
    assert "one domain" in error


@pytest.mark.parametrize(("target", "depends"), [("bus:01", True), ("slot:1", False)])
def test_reset_says_of_a_card_removed_for_nothing_that_it_depends_on_presence(capsys, target, depends):
    # Patch 7: pci_reset_bus() masks nothing, so the card is removed where presence goes with the link (PCIe 7.8.11).
    _, report = reset_json(capsys, "example:vga", target)
    assert any("presence_follows_link = false" in warning for warning in report["warnings"]) == depends
