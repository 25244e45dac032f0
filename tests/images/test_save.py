# SPDX-License-Identifier: GPL-2.0-only
"""Writing a machine: whole or not at all, and where to."""

import os

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import load, save


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("m.txt", b"00:00.0 0600: "),
        ("m.lspci", b"00:00.0 0600: "),
        ("m.TOML", b'name = "vga"'),
        ("m.img", b"\x86\x80\x05\x34"),
    ],
)
def test_save_format_by_ending(tmp_path, name, begin):
    save(load("example:vga"), tmp_path / name)
    with (tmp_path / name).open("rb") as file:
        assert file.read(len(begin)) == begin


def test_save_format_by_name_whatever_the_ending(tmp_path):
    save(load("example:vga"), tmp_path / "m.txt", "toml")
    assert (tmp_path / "m.txt").read_bytes().startswith(b'name = "vga"')


@pytest.mark.parametrize(
    ("name", "format", "message"), [("m", None, "no format for the ending ''"), ("m.txt", "pdf", "'pdf'")]
)
def test_save_unknown_format_refused(tmp_path, name, format, message):
    with pytest.raises(MachineError, match=message):
        save(load("example:vga"), tmp_path / name, format)
    assert list(tmp_path.iterdir()) == []


def test_save_failure_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch):
    (tmp_path / "m.txt").write_text("old")

    def disk_full(_fd):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(MachineError, match=r"m\.txt: No space left on device; "):
        save(load("example:vga"), tmp_path / "m.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["m.txt"]
    assert (tmp_path / "m.txt").read_text() == "old"


def test_save_keeps_permissions_of_the_old_file(tmp_path):
    (tmp_path / "m.txt").write_text("old")
    (tmp_path / "m.txt").chmod(0o640)
    save(load("example:vga"), tmp_path / "m.txt")
    assert (tmp_path / "m.txt").stat().st_mode & 0o777 == 0o640


def test_save_onto_something_that_is_no_file_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(MachineError, match="not a regular file"):
        save(load("example:vga"), tmp_path / "pipe.txt")
    with pytest.raises(MachineError, match="No such file or directory; choose a writable folder"):
        save(load("example:vga"), tmp_path / "nowhere" / "m.txt")
