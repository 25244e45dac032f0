# SPDX-License-Identifier: GPL-2.0-only
"""The port does what the C did: every golden trace is identical, and the replayer notices when one is not."""

import json
from dataclasses import replace

import pytest
from paths import GOLDEN, RECORDINGS

from kernel_port.hw.errors import MachineError
from kernel_port.recordings import golden
from kernel_port.recordings.golden_replay import replay

TRACES = [trace for path in sorted(GOLDEN.glob("*.jsonl")) for trace in golden.read(path)]


def find(name):
    return next(trace for trace in TRACES if trace.name == name)


def divergences(traces):
    return [verdict for verdict in map(replay, traces) if verdict.divergence]


@pytest.mark.parametrize("path", RECORDINGS)
def test_replay_golden_traces_are_identical(path):
    assert divergences(golden.read(path)) == []


def altered(trace, index, op):
    return replace(trace, ops=(*trace.ops[:index], op, *trace.ops[index + 1 :]))


def test_replay_other_value_written_diverges_at_the_statement_that_wrote():
    trace = find("l0-chain-af-flr-locked")
    index = trace.ops.index(["w", "0000:00:1a.0", 76, 1, 1])
    verdict = replay(altered(trace, index, ["w", "0000:00:1a.0", 76, 1, 3]))
    assert "expected w8 0000:00:1a.0 0x04c = 0x03, got w8 0000:00:1a.0 0x04c = 0x01" in verdict.divergence
    assert verdict.where.startswith("base/pci.py:")
    assert "in pci_af_flr (C: drivers/pci/pci.c" in verdict.where


@pytest.mark.parametrize(
    ("index", "op"),
    [
        (0, ["lock", "device", "0000:00:1a.0"]),  # another lock first
        (-3, ["msleep", 99]),  # another delay
        (-1, ["unlock", "device", "0000:00:1a.0"]),  # another lock released last
    ],
)
def test_replay_altered_op_diverges(index, op):
    trace = find("l0-chain-af-flr-locked")
    assert replay(altered(trace, index % len(trace.ops), op)).divergence


def test_replay_other_read_value_takes_another_path():
    trace = find("l0-chain-af-flr-locked")
    index = trace.ops.index(["r", "0000:00:1a.0", 75, 1, 3])  # AF capabilities: without FLR the rung refuses
    assert replay(altered(trace, index, ["r", "0000:00:1a.0", 75, 1, 1])).divergence


def test_replay_missing_last_op_diverges_as_end_of_trace():
    trace = find("l0-chain-af-flr-locked")
    assert "expected end of the trace" in replay(replace(trace, ops=trace.ops[:-1])).divergence


def test_replay_op_more_diverges_as_end_of_call():
    trace = find("l0-chain-af-flr-locked")
    assert "got the end of the call" in replay(replace(trace, ops=(*trace.ops, ["msleep", 1]))).divergence


def test_replay_other_result_diverges():
    assert replay(replace(find("l0-chain-af-flr-locked"), result=-25)).divergence == "result: expected -25, got 0"


def test_replay_other_state_after_diverges():
    state = {"0000:00:1a.0": {"power_state": 3, "state_saved": False}}
    verdict = replay(replace(find("l0-chain-af-flr-locked"), state_after=state))
    assert "state of 0000:00:1a.0" in verdict.divergence


def test_replay_call_the_kernel_lacks_diverges_and_says_so():
    trace = next(trace for trace in TRACES if trace.call["function"] == "pci_reset_bus")
    assert replay(replace(trace, level=6)).divergence == "linux-3.11+6 has no function pci_reset_bus"


def test_replay_target_the_machine_lacks_names_the_line():
    trace = find("l0-chain-af-flr-locked")
    with pytest.raises(MachineError, match=r"jsonl:\d+: pci_dev_reset of 0000:77:00\.0: no such thing"):
        replay(replace(trace, call={**trace.call, "target": "0000:77:00.0"}))


@pytest.mark.slow
@pytest.mark.parametrize(("level", "others"), [(0, range(1, 5)), (5, (6, 7))])
def test_replay_at_the_points_that_change_nothing_is_identical(level, others):
    # FORMAT.md, Levels: the same trace at 0 to 4 for any call that exists there; 6 and 7 equal 5
    traces = [trace for trace in TRACES if trace.level == level]
    for other in others:
        assert divergences(replace(trace, level=other) for trace in traces) == []


LINE = (GOLDEN / "devreset.jsonl").read_text().splitlines()[0]


def without(key):
    trace = json.loads(LINE)
    del trace[key]
    return json.dumps(trace)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a reset-golden/1 trace"),
        ('{"format": "reset-golden/2"}', "is not a reset-golden/1 trace"),
        (without("machine"), "has no 'machine'"),
        (without("return"), "has no 'return'"),
        (json.dumps({**json.loads(LINE), "level": 9}), "level 9 is not a point of the series"),
        (json.dumps({**json.loads(LINE), "ops": [["r", "0000:00:00.0", 0]]}), "is not one of reset-golden/1"),
        (json.dumps({**json.loads(LINE), "ops": [7]}), "x:1"),
        (json.dumps({**json.loads(LINE), "machine": {"functions": [{"bdf": "nonsense", "config": ""}]}}), "x:1"),
        (json.dumps({**json.loads(LINE), "machine": {"functions": [{"bdf": "0000:00:00.0", "config": "0"}]}}), "x:1"),
    ],
)
def test_golden_parse_malformed_line_names_source(line, complaint):
    with pytest.raises(MachineError, match=r"^x:1: ") as error:
        golden.parse(line, "x:1")
    assert complaint in str(error.value)


def test_golden_read_names_file_and_line(tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text(LINE + "\nbroken\n")
    with pytest.raises(MachineError, match=r"broken\.jsonl:2: is not JSON"):
        list(golden.read(path))
