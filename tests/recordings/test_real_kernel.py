# SPDX-License-Identifier: GPL-2.0-only
"""Recordings of real kernels as files: what is none ends in one line."""

import gzip
import json

import pytest
from paths import REAL

from kernel_port.choice import KernelChoice
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.recordings import real_kernel

LONE = REAL / "v311-lone.json.gz"


def contents():
    return json.loads(gzip.decompress(LONE.read_bytes()))


def test_read_plain_and_compressed_are_the_same(tmp_path):
    plain = tmp_path / "lone.json"
    plain.write_text(json.dumps(contents()))
    first, second = real_kernel.read(LONE), real_kernel.read(plain)
    assert (first.ops, first.config_before, first.log) == (second.ops, second.config_before, second.log)
    assert (first.choice, first.tests, first.return_codes) == (
        KernelChoice(0),
        ("func 01:00.0", "sysfs 01:00.0"),
        ("0", "0"),
    )


def test_read_of_nobody_is_a_read_of_all_ones():
    boot = real_kernel.read(LONE).boot
    nobody = next(op for op in boot if op.bdf == "0000:00:01.0")
    assert nobody[:5] == ("r", "0000:00:01.0", 0, 4, 0xFFFFFFFF)


def test_read_kernel_is_a_point_or_the_series_and_the_mends_of_v3_12():
    assert real_kernel.read(REAL / "v312-poll.json.gz").choice.name == "linux-3.11+8+v3.12"
    assert real_kernel.read(REAL / "p3-xhci.json.gz").choice.name == "linux-3.11+3"


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("format", "real/2", 'is not a real/1 recording (its "format" does not say so)'),
        ("point", 9, "point 9 is not one of the series (0 to 8), nor v3.12.10"),
        ("point", True, "point True is not one of the series (0 to 8), nor v3.12.10"),
        ("link_up_after_us", -1, "link_up_after_us is -1: not a number of microseconds, nor null"),
        ("tests", [], "2 return codes of 0 calls"),
        ("tests", [1], "1 is not a string"),
        ("tests", 7, "is not of the form of real/1: a value is of another kind"),
        ("config_before", {}, "config_before is empty: there is no machine"),
        ("config_before", {"0000:01:00.0": "00"}, "config of 0000:01:00.0 has 1 bytes, not 256 or 4096"),
        ("config_before", {"card": "00" * 256}, "'card' is not a PCI address such as 01:00.0 or 0000:01:00.0"),
        ("resources", 7, "is not of the form of real/1: a value is of another kind"),
        ("ops", [["r", "0000:01:00.0", 4, 3, 0, 0]],
         'op 0 is ["r", "0000:01:00.0", 4, 3, 0, 0]: expected [r, w or x, function, offset, size, value, us]'),
        ("ops", [["mark", "begin", 0]] * 3, "3 calls begin, but 2 are in tests"),
        ("log", [["who"]], "not enough values to unpack (expected 4, got 1)"),
    ],
)  # fmt: skip
def test_read_of_what_is_no_recording_is_one_line_that_names_the_file(tmp_path, capsys, key, value, complaint):
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({**contents(), key: value, "comment": "real/1"}))
    with pytest.raises(MachineError) as error:
        real_kernel.read(bad)
    assert str(error.value) == f"{bad}: {complaint}"
    assert main(["conform", str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_read_without_a_key_names_it(tmp_path):
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({key: value for key, value in contents().items() if key != "log"}))
    with pytest.raises(MachineError, match="has no 'log'"):
        real_kernel.read(bad)


@pytest.mark.parametrize("cut", [10, 1000, -4])
def test_conform_compressed_file_that_is_cut_off_is_bad_input(tmp_path, capsys, cut):
    bad = tmp_path / "cut.json.gz"
    bad.write_bytes(LONE.read_bytes()[:cut])
    assert main(["conform", str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_conform_compressed_file_of_something_else_is_bad_input(tmp_path, capsys):
    bad = tmp_path / "other.json.gz"
    bad.write_bytes(gzip.compress(b"{}"))
    assert main(["conform", str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_conform_impossible_machine_is_bad_input(tmp_path, capsys):
    bad = tmp_path / "bad.json"
    recording = contents()
    recording["resources"]["0000:01:00.0"] = [[2, 0, 512]]
    bad.write_text(json.dumps(recording))
    assert main(["conform", str(bad)]) == 2
    assert "resource [2, 0, 512] ends before it begins" in capsys.readouterr().err


def test_conform_unknown_call_is_bad_input(tmp_path, capsys):
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({**contents(), "tests": ["poke 01:00.0", "sysfs 01:00.0"]}))
    assert main(["conform", str(bad)]) == 2
    assert "test 'poke 01:00.0': known are func, rawfunc, probe" in capsys.readouterr().err
