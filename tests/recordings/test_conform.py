# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port conform and compare, as a user runs them, on recordings of the real C and of a real Linux."""

import gzip
import json

import pytest
from paths import GOLDEN, LIVE, REAL

from kernel_port.cli import main

CAPTURES = sorted(LIVE.glob("*.json"))


def altered_trace(path, tmp_path):
    """A copy of the first trace of *path* whose last write has another value."""
    trace = json.loads(path.read_text().splitlines()[0])
    writes = [op for op in trace["ops"] if op[0] == "w"]
    writes[-1][4] ^= 1
    copy = tmp_path / "altered.jsonl"
    copy.write_text(json.dumps(trace) + "\n")
    return copy, trace["name"]


def altered_capture(path, tmp_path, reads):
    """A copy of a capture whose first *reads* reads were answered otherwise."""
    capture = json.loads(path.read_text())
    for op in [op for op in capture["ops"] if op[0] == "r"][:reads]:
        op[4] ^= 1
    copy = tmp_path / "altered.json"
    copy.write_text(json.dumps(capture))
    return copy


def test_conform_golden_last_line_counts_identical(capsys):
    assert main(["conform", str(GOLDEN / "isr.jsonl"), str(GOLDEN / "devreset.jsonl")]) == 0
    lines = (GOLDEN / "isr.jsonl").read_text().splitlines() + (GOLDEN / "devreset.jsonl").read_text().splitlines()
    assert capsys.readouterr().out.splitlines()[-1] == f"identical {len(lines)} of {len(lines)}"


def test_conform_altered_golden_names_what_was_expected_and_who_did_otherwise(capsys, tmp_path):
    copy, name = altered_trace(GOLDEN / "bridge-reset.jsonl", tmp_path)
    assert main(["conform", str(copy)]) == 1
    divergence, count = capsys.readouterr().out.splitlines()
    assert divergence.startswith(f"{name}: op ")
    assert "expected w16" in divergence
    assert "in pci_reset_bridge_secondary_bus (C: drivers/pci/pci.c" in divergence
    assert count == "identical 0 of 1"


def test_conform_only_and_verbose_list_what_was_replayed(capsys):
    assert main(["conform", "-v", "--only", "l0-isr-button", str(GOLDEN / "isr.jsonl")]) == 0
    assert capsys.readouterr().out.splitlines() == ["l0-isr-button: identical", "identical 1 of 1"]


def test_conform_only_without_match_is_usage_error(capsys):
    assert main(["conform", "--only", "nothing", str(GOLDEN / "isr.jsonl")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_conform_json_holds_verdicts_and_counts(capsys, tmp_path):
    copy, name = altered_trace(GOLDEN / "bridge-reset.jsonl", tmp_path)
    assert main(["conform", "--json", str(copy), str(LIVE / "nohp.json")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["identical"], report["of"]) == (0, 1)
    assert (report["traces"][0]["name"], report["traces"][0]["identical"]) == (name, False)
    assert report["captures"][0]["equal"] == report["captures"][0]["total"]


def test_conform_several_captures_each_has_its_count(capsys):
    paths = [str(LIVE / name) for name in ("nohp.json", "hp.json")]
    assert main(["conform", *paths]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{paths[0]}: equal 123 of 123 reads", f"{paths[1]}: equal 302 of 302 reads", "equal 425 of 425 reads",
    ]  # fmt: skip


def test_conform_empty_lines_between_traces_do_not_count(capsys, tmp_path):
    path = tmp_path / "spaced.jsonl"
    path.write_text((GOLDEN / "isr.jsonl").read_text().replace("\n", "\n\n", 3))
    assert main(["conform", str(path)]) == 0
    traces = len((GOLDEN / "isr.jsonl").read_text().splitlines())
    assert capsys.readouterr().out == f"identical {traces} of {traces}\n"


def test_conform_wait_that_ended_otherwise_is_told(capsys, tmp_path):
    waited = '["wait","cmd",1000,true]'
    traces = (line for path in sorted(GOLDEN.glob("*.jsonl")) for line in path.read_text().splitlines())
    trace = next(line for line in traces if waited in line)
    (tmp_path / "t.jsonl").write_text(trace.replace(waited, waited.replace("true", "false"), 1))
    assert main(["conform", str(tmp_path / "t.jsonl")]) == 1
    assert "the wait was not satisfied, here the opposite" in capsys.readouterr().out


def test_conform_golden_that_is_not_text_is_one_line(capsys, tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes((GOLDEN / "isr.jsonl").read_bytes() + b"\xff\n")
    assert main(["conform", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"kernel-port: {path}: is not text; expected golden traces")


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing.jsonl", "cannot be read: No such file or directory"), ("", "not a regular file; name another file")],
)
def test_conform_what_cannot_be_read_is_one_line(capsys, tmp_path, name, said):
    assert main(["conform", str(tmp_path / name)]) == 2
    assert capsys.readouterr().err == f"kernel-port: {tmp_path / name}: {said}\n"


@pytest.mark.parametrize("content", ["", "garbage\n", '{"format": "reset-golden/1"}\n', "{}", "[]", "\x00\x01"])
def test_conform_malformed_file_is_one_line_and_status_2(content, capsys, tmp_path):
    path = tmp_path / "malformed"
    path.write_text(content)
    assert main(["conform", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "malformed" in captured.err
    assert captured.out == ""


def test_conform_capture_without_reads_is_usage_error(capsys, tmp_path):
    capture = json.loads((LIVE / "nohp.json").read_text())
    path = tmp_path / "capture.json"
    path.write_text(json.dumps({**capture, "ops": []}))
    assert main(["conform", str(path)]) == 2
    assert "nothing to compare" in capsys.readouterr().err


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_conform_capture_reads_as_qemu_did(path, capsys):
    reads = sum(op[0] == "r" for op in json.loads(path.read_text())["ops"])
    assert main(["conform", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"equal {reads} of {reads} reads"


@pytest.mark.parametrize(("wrong", "status"), [(1, 0), (20, 1)])  # of 123 reads: 99.2 % and 83.7 %
def test_conform_altered_capture_fails_below_99_percent(wrong, status, capsys, tmp_path):
    assert main(["conform", str(altered_capture(LIVE / "nohp.json", tmp_path, wrong))]) == status
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"equal {123 - wrong} of 123 reads"
    assert len(lines) == wrong + 1
    assert "expected" in lines[0]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_compare_capture_both_succeed_and_every_difference_has_a_reason(path, capsys):
    assert main(["compare", "--json", str(path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kernel"].startswith("Linux 6.1")
    assert len(report["comparisons"]) == len(json.loads(path.read_text())["tests"])
    for comparison in report["comparisons"]:
        assert (comparison["old_result"], comparison["new_result"]) == (0, "0")
        assert comparison["unexplained"] == 0


def test_compare_capture_with_a_result_too_few_is_one_line(capsys, tmp_path):
    capture = json.loads((LIVE / "hp.json").read_text())
    tests = len(capture["tests"])
    path = tmp_path / "short.json"
    path.write_text(json.dumps({**capture, "return_codes": capture["return_codes"][1:]}))
    assert main(["compare", str(path)]) == 2
    assert f"{tests} tests, {tests - 1} results, {tests} resets: not as many" in capsys.readouterr().err


def sequence(comparison, side):
    """The writes to Bridge Control and Slot Control that both kernels make, in order."""
    return [
        (row["old"]["where"], row["old"]["value"])
        for row in comparison["rows"]
        if row["side"] == side and row["old"]["op"] == "w" and row["old"]["bdf"] == "0000:00:03.0"
    ]


def test_compare_bus_reset_shares_the_pulse_on_bridge_control(capsys):
    assert main(["compare", "--json", str(LIVE / "hp.json")]) == 0
    first = json.loads(capsys.readouterr().out)["comparisons"][0]
    # Bridge Control (0x3e): 0x0002 as found, Secondary Bus Reset is 0x0040
    assert [value for where, value in sequence(first, "same") if where == 0x3E] == [0x42, 0x02]


def test_compare_slot_control_differs_in_link_state_change(capsys):
    assert main(["compare", "--json", str(LIVE / "hp.json")]) == 0
    first = json.loads(capsys.readouterr().out)["comparisons"][0]
    rows = [row for row in first["rows"] if row["side"] == "value" and row["old"]["op"] == "w"]
    slot_control = next(row for row in rows if row["old"]["where"] == 0x6C)
    # 2013 enables presence events (0x0008) again, 6.1 link state events (0x1000)
    assert slot_control["old"]["value"] ^ slot_control["new"]["value"] == 0x1008
    assert "DLLSCE" in slot_control["reason"]


def test_compare_resets_start_from_what_the_earlier_ones_left(capsys):
    """Own-ports resets the upstream port of a switch, and with it the downstream port that is reset next."""
    assert main(["compare", "--json", str(LIVE / "own-ports.json")]) == 0
    last = json.loads(capsys.readouterr().out)["comparisons"][-1]
    assert last["test"] == "0000:02:01.0 flr"
    numbers = [row["old"]["value"] for row in last["rows"] if row["side"] == "same" and row["old"]["where"] == 0x18]
    # before all resets its buses are 02, 04 and 04
    assert numbers == [0x00000000, 0x00000000]
    assert not [row for row in last["rows"] if row["side"] == "value"]


def test_compare_waking_and_sleeping_of_idle_functions_is_no_part_of_the_reset(capsys):
    assert main(["compare", "--json", str(LIVE / "own-multifunction.json")]) == 0
    first = json.loads(capsys.readouterr().out)["comparisons"][0]
    reasons = [row["reason"] for row in first["rows"] if row["side"] == "6.1" and "vfio-pci" in row["reason"]]
    assert "waking" in reasons[0]
    assert "its state is saved" in reasons[-1]
    # between them the function is awake for both kernels
    power = [row for row in first["rows"] if row["side"] == "same" and row["old"]["where"] == 0x80]
    assert all(row["old"]["value"] & 3 == 0 for row in power)


def test_compare_method_the_function_lacks_leaves_the_others(capsys, tmp_path):
    """Linux refuses to set it, and a reset then goes the way it would have gone."""
    capture = json.loads((LIVE / "hp.json").read_text())
    assert capture["tests"][2] == "0000:02:00.0 pm"
    capture["tests"][2] = "0000:02:00.0 flr"  # QEMU's e1000e has none
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture))
    assert main(["compare", "--json", str(path)]) == 0
    comparison = json.loads(capsys.readouterr().out)["comparisons"][2]
    assert comparison["call"] == "pci_reset_function(0000:02:00.0), which has no flr"
    assert (comparison["old_result"], comparison["unexplained"]) == (0, 0)


def test_compare_text_has_both_columns_and_counts(capsys):
    assert main(["compare", str(LIVE / "nohp.json")]) == 0
    out = capsys.readouterr().out
    assert "... 100 ms" in out
    assert "without a known reason 0" in out


def test_compare_capture_with_unknown_method_is_usage_error(capsys, tmp_path):
    capture = json.loads((LIVE / "nohp.json").read_text())
    capture["tests"][0] = "0000:01:00.0 acpi"
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(capture))
    assert main(["compare", str(path)]) == 2
    assert "the series has no reset method 'acpi'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "value"),
    [("tests", None), ("return_codes", 3), ("tests", [1, 2]), ("tests", {"x": 1}), ("tests", ["hot", "hot"])],
)
def test_compare_capture_with_malformed_tests_is_one_line(capsys, tmp_path, key, value):
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(json.loads((LIVE / "nohp.json").read_text()) | {key: value}))
    assert main(["compare", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_conform_real_recording_last_line_counts_accesses_and_calls(capsys):
    assert main(["conform", str(REAL / "v311-vga.json.gz")]) in (0, 1)
    *_, summary, count = [line for line in capsys.readouterr().out.splitlines() if "let through" not in line]
    assert summary.startswith("v311-vga: identical 5 of 5 accesses, 2 of 2 calls; boot: ")
    assert count == "identical 5 of 5 accesses, 2 of 2 calls"


def test_conform_real_recording_says_what_was_let_through_and_why(capsys):
    main(["conform", str(REAL / "v311-vga.json.gz")])
    passed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("let through: ")]
    line = "cache line size: only drivers that are not ported use the cache line size"
    assert [each.partition(" of ")[2] for each in passed].count(line) == 1


def test_conform_altered_real_recording_fails(capsys, tmp_path):
    recording = json.loads(gzip.decompress((REAL / "v311-vga.json.gz").read_bytes()))
    read = next(op for op in recording["ops"] if op[0] == "r")
    read[4] ^= 0x01  # a reserved bit: nothing follows from it
    copy = tmp_path / "altered.json"
    copy.write_text(json.dumps(recording))
    assert main(["conform", str(copy)]) == 1
    out = capsys.readouterr().out
    assert f"v311-vga: op {recording['ops'].index(read)}: " in out
    assert out.splitlines()[-1].startswith("identical 4 of 5 accesses, ")


def test_conform_boots_a_later_kernel_with_its_mends(capsys):
    assert main(["conform", str(REAL / "v312-poll.json.gz")]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "identical 166 of 166 accesses, 2 of 2 calls"


def test_conform_json_of_a_real_recording_holds_counts_and_differences(capsys):
    main(["conform", "--json", str(REAL / "v311-vga.json.gz")])
    report = json.loads(capsys.readouterr().out)
    (judgement,) = report["recordings"]
    assert (judgement["name"], judgement["identical"], judgement["accesses"]) == ("v311-vga", 5, 5)
    assert judgement["differences"] == []
    assert judgement["calls_identical"] == 2


def test_compare_real_recording_prints_both_beside_each_other(capsys):
    assert main(["compare", str(REAL / "v311-lone.json.gz")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("func 01:00.0: pci_reset_function(01:00.0)\n  2013, base: returns 0 ")
    assert "= w16 00:03.0 03e 004a PCI_BRIDGE_CONTROL                     w16 00:03.0 03e 004a" in out
    assert "only in 2013 0, only in the real kernel 0; without a known reason 0" in out


def test_compare_real_recording_at_another_point_is_one_line(capsys):
    assert main(["compare", "--patches", "3", str(REAL / "v311-lone.json.gz")]) == 2
    assert "is of point 0, not 3: leave --patches out" in capsys.readouterr().err
