# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port census, asked for what cannot be done, and of what cannot be read."""

import errno
import os

import pytest

from kernel_port.cli import main


def census(capsys, *arguments):
    status = main(["census", *map(str, arguments), "--jobs", "1"])
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--jsonl", "a.jsonl", "--resume", "b.jsonl"], "--jsonl starts a report and --resume continues one"),
        (["--jsonl", "/dev/null/a.jsonl"], "/dev/null/a.jsonl: cannot be written; choose an existing, writable folder"),
    ],
)
def test_census_report_that_cannot_be_written_is_one_line(capsys, tmp_path, monkeypatch, options, said):
    monkeypatch.chdir(tmp_path)
    status, out, error = census(capsys, "example:vga", *options)
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"kernel-port: {said}")


def test_census_of_a_path_that_no_system_takes_is_a_line(capsys, tmp_path):
    name = "x" * 5000
    status, shown, _ = census(capsys, name, "--csv", tmp_path / "table.csv")
    assert status == 0
    assert shown.startswith("1 machine, 1 of them could not be read: 0 functions\n")
    assert os.strerror(errno.ENAMETOOLONG) in shown


def test_census_names_ten_machines_it_could_not_read_and_counts_the_others(capsys, tmp_path):
    fleet = tmp_path / "fleet"
    fleet.mkdir()
    for number in range(13):
        (fleet / f"{number:02}.txt").write_text("no dump\n")
    _, shown, _ = census(capsys, fleet, "--csv", tmp_path / "table.csv")
    assert shown.startswith("13 machines, 13 of them could not be read")
    assert shown.count("and neither functions such as") == 10
    assert shown.endswith("  and 3 more\n")
