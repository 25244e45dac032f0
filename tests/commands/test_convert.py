# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port convert. Oracle: the ECAM layout, bus << 20 | device << 15 | function << 12 | register."""

import json

import pytest

from kernel_port.cli import main
from kernel_port.images import load


@pytest.mark.parametrize("name", ["out.txt", "out.ecam", "out.toml"])
def test_convert_keeps_every_byte(tmp_path, capsys, name):
    path = tmp_path / name
    assert main(["convert", "example:vga", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: {len(load('example:vga').functions)} functions\n"
    assert {f.address: f.config for f in load(path).functions} == {
        f.address: f.config for f in load("example:vga").functions
    }


def test_convert_to_ecam_puts_a_function_at_its_offset(tmp_path):
    path = tmp_path / "out"
    assert main(["convert", "example:vga", "-o", str(path), "--format", "ecam"]) == 0
    with path.open("rb") as image:
        image.seek(1 << 20 | 0 << 15 | 1 << 12)  # 01:00.1, vendor and device
        found = image.read(4)
    (function,) = [f for f in load("example:vga").functions if str(f.address) == "0000:01:00.1"]
    assert found == function.config[:4]


def test_convert_json_counts(tmp_path, capsys):
    path = tmp_path / "out.toml"
    assert main(["convert", "example:vga", "-o", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["output"] == str(path)
    assert report["functions"] == len(load("example:vga").functions)


def test_convert_to_unknown_ending_is_one_line_and_writes_nothing(tmp_path, capsys):
    assert main(["convert", "example:vga", "-o", str(tmp_path / "out.doc")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_convert_does_not_write_over_the_machine(tmp_path, capsys):
    path = tmp_path / "machine.toml"
    main(["convert", "example:vga", "-o", str(path)])
    before = path.read_bytes()
    assert main(["convert", str(path), "-o", str(path)]) == 2
    assert "is the machine itself" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_convert_through_a_symbolic_link_replaces_what_it_leads_to(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("old")
    link.symlink_to(target)
    assert main(["convert", "example:vga", "-o", str(link)]) == 0
    assert link.is_symlink()
    assert len(load(target).functions) == len(load("example:vga").functions)


def test_convert_missing_machine_is_one_line(tmp_path, capsys):
    assert main(["convert", str(tmp_path / "nothing"), "-o", str(tmp_path / "out.txt")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_convert_error_holds_no_control_characters_of_a_name(tmp_path, capsys):
    assert main(["convert", "no\033[31m\nsuch", "-o", str(tmp_path / "out.txt")]) == 2
    error = capsys.readouterr().err
    assert "no\\x1b[31m\\nsuch: " in error
    assert error.count("\n") == 1
