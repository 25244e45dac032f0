# SPDX-License-Identifier: GPL-2.0-only
"""The hardware model with QEMU's quirks against QEMU itself, as a real Linux 6.1 saw it.

Every read of every capture at hand is equal, so there is no difference to explain here. What a capture could hold that
the model cannot know (an error a device recorded, a button pressed at the console) is in qemu_capture.REASONS.
"""

import json

import pytest
from paths import LIVE

from kernel_port.hw.errors import MachineError
from kernel_port.recordings import qemu_capture

CAPTURES = sorted(LIVE.glob("*.json"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_replay_capture_answers_every_read_as_qemu_did(path):
    report = qemu_capture.replay(qemu_capture.read(path))
    reads = sum(op[0] == "r" for op in json.loads(path.read_text())["ops"])
    assert [str(difference) for difference in report.differences] == []
    assert (report.equal, report.total) == (reads, reads)


@pytest.fixture
def capture():
    return json.loads(CAPTURES[0].read_text())


def test_replay_needs_the_quirks(capture, monkeypatch):
    """The captures tell QEMU from silicon: without its simplifications, reads differ where they are."""
    monkeypatch.setattr(qemu_capture, "QUIRKS", "")
    report = qemu_capture.replay(capture)
    assert report.equal < report.total
    # Slot Status: presence and link, which follow a reset of silicon. PMCSR's D3hot -> D0 resets silicon as well.
    assert {name for difference in report.differences for name in difference.registers} >= {"PCI_EXP_SLTSTA"}


def test_replay_difference_names_register_and_bits(capture):
    index = next(i for i, op in enumerate(capture["ops"]) if op[:4] == ["r", "0000:00:03.0", 0x6E, 2])
    capture["ops"][index][4] ^= 0x0008
    (difference,) = qemu_capture.replay(capture).differences
    assert (difference.index, difference.bdf, difference.registers) == (index, "0000:00:03.0", ("PCI_EXP_SLTSTA",))
    assert difference.expected ^ difference.got == 0x0008
    text = str(difference)
    assert text.startswith(f"op {index}: 0000:00:03.0 PCI_EXP_SLTSTA: expected 0x0058, got 0x0050: PDC-")
    assert "console" in text


def test_replay_difference_of_a_function_that_is_not_there(capture):
    capture["ops"] = [["r", "0000:09:00.0", 0, 4, 0x12348086, 0]]
    (difference,) = qemu_capture.replay(capture).differences
    assert difference.got == 0xFFFFFFFF
    assert difference.registers == ("PCI_VENDOR_ID", "PCI_DEVICE_ID")


def test_read_takes_values_as_wide_as_their_access(capture, tmp_path):
    capture["ops"] = [["r", "0000:09:00.0", 0, size, (1 << 64) - 1, 0] for size in (1, 2, 4)]
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(capture))
    read = qemu_capture.read(path)
    assert [op[4] for op in read["ops"]] == [0xFF, 0xFFFF, 0xFFFFFFFF]
    assert qemu_capture.replay(read).equal == 3


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda c: c.pop("ops"), "no ops"),
        (lambda c: c.update(ops=7), "no ops"),
        (lambda c: c.update(config_before=[]), "no config_before"),
        (lambda c: c["ops"].append(["r", "00:00.0", 0, 3, 0, 0]), "op .* expected"),
        (lambda c: c["ops"].append(["r", "zz", 0, 4, 0, 0]), "'zz'"),
        (lambda c: c["ops"].append(["r"]), "expected"),
        (lambda c: c["ops"].append(None), "expected"),
        (lambda c: c["config_before"].update({"00:07.0": "xyz"}), "00:07.0"),
        (lambda c: c["config_before"].update({"00:07.0": "00" * 20}), "20 of 20"),
        (lambda c: c["config_before"].update({"nobody": "00" * 256}), "nobody"),
        (lambda c: c["resources"].update({"0000:00:00.0": [[1, 2]]}), "00:00.0"),
    ],
)
def test_read_of_a_spoilt_capture_names_file_and_fault(capture, tmp_path, spoil, complaint):
    spoil(capture)
    path = tmp_path / "spoilt.json"
    path.write_text(json.dumps(capture))
    with pytest.raises(MachineError, match=f"spoilt.json: .*{complaint}"):
        qemu_capture.read(path)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_read_of_something_else_says_so(tmp_path, content):
    path = tmp_path / "else.json"
    path.write_bytes(content)
    with pytest.raises(MachineError, match=r"else\.json: is neither golden traces nor a live capture"):
        qemu_capture.read(path)


def test_read_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MachineError, match="cannot be read"):
        qemu_capture.read(tmp_path / "nowhere.json")
