# SPDX-License-Identifier: GPL-2.0-only
"""Which reader a source gets, and sources that are none."""

import gzip
import io
import os
import sys

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import example_names, load, save, sysfs

DUMP = "00:00.0 x\n" + "".join(f"{o:02x}:" + " 86" * 16 + "\n" for o in range(0, 64, 16)) + "\n"
TOML = 'about = "00:00.0 x"\n[[function]]\naddress = "00:02.0"\nkind = "pci"\n'


@pytest.mark.parametrize("name", ["m.txt", "m.toml", "m.ecam", "m"])
@pytest.mark.parametrize(("content", "address"), [(DUMP, "0000:00:00.0"), (TOML, "0000:00:02.0")])
def test_load_kind_is_told_from_content_not_name(tmp_path, name, content, address):
    (tmp_path / name).write_text(content)
    assert str(load(tmp_path / name).functions[0].address) == address


def test_load_binary_pages_are_an_ecam_image_whatever_the_name(tmp_path):
    page = bytes.fromhex("8680d310060410000000000210000000").ljust(4096, b"\0")
    (tmp_path / "m.txt").write_bytes(page)
    assert load(tmp_path / "m.txt").functions[0].config[:4] == page[:4]


def test_load_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DUMP.encode())))
    assert str(load("-").functions[0].address) == "0000:00:00.0"


def test_load_functions_in_address_order(tmp_path):
    (tmp_path / "m").write_text(DUMP.replace("00:00.0", "02:00.0") + DUMP + DUMP.replace("00:00.0", "00:1f.3"))
    addresses = [str(function.address) for function in load(tmp_path / "m").functions]
    assert addresses == ["0000:00:00.0", "0000:00:1f.3", "0000:02:00.0"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty; give"),
        (b"hello there\n" * 9, "9 lines of text, and neither functions such as 01:00.0 nor rows"),
        (b"\x7fELF" + bytes(60) + b"x" * 100, "offset 0x4: binary data"),
        (bytes.fromhex("8680d310").ljust(256, b"\0"), "one function's config file, it seems; say whose with --at"),
        (b"\x28\xb5\x2f\xfd" + bytes(99), "packed with zstd; unpack it with: unzstd"),
        (b"\xff" * 5000, "1 line of text, and neither"),
        (
            b"00:00.0 a bridge\n00:01.0 x\n",
            "2 functions are named (line 1: 0000:00:00.0), but there are no",
        ),
        (DUMP.partition("\n")[2].encode(), "rows of bytes from line 1 on, and no address such as 01:00.0 near them"),
    ],
    ids=["empty", "prose", "binary", "one config file", "zstd", "all ones", "listing", "rows alone"],
)
def test_load_content_that_is_no_machine_one_line_with_remedy(tmp_path, content, message):
    (tmp_path / "m").write_bytes(content)
    with pytest.raises(MachineError) as error:
        load(tmp_path / "m")
    assert str(error.value).startswith(f"{tmp_path / 'm'}: ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("source", ["nowhere", "no\0where", "x" * 5000])
def test_load_path_that_cannot_be_opened_one_line_with_remedy(source):
    with pytest.raises(MachineError, match="; MACHINE is lspci -xxxx text"):
        load(source)


def test_load_host_without_pci_one_line_with_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(sysfs, "HOST", tmp_path / "nothing")
    with pytest.raises(MachineError, match="nothing: No such file or directory; MACHINE is"):
        load("host")


def test_load_file_whose_name_is_no_text_can_be_written(tmp_path):
    path = os.fsencode(tmp_path) + b"/m\xff\x1b[2J.txt"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    with open(path, "w") as file:  # noqa: PTH123 - bytes
        file.write(DUMP)
    machine = load(os.fsdecode(path))
    assert machine.name == "m\\udcff\\x1b[2J"
    save(machine, tmp_path / "x.toml")
    assert load(tmp_path / "x.toml").name == machine.name


def test_load_packed_machine_description(tmp_path):
    (tmp_path / "m.gz").write_bytes(gzip.compress(TOML.encode()))
    assert str(load(tmp_path / "m.gz").functions[0].address) == "0000:00:02.0"


def test_load_pipe_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MachineError, match="not a regular file"):
        load(tmp_path / "pipe")


def test_load_enormous_file_refused_without_reading_it(tmp_path):
    with (tmp_path / "m").open("wb") as file:
        file.write(DUMP.encode())
        file.truncate(1 << 40)
    with pytest.raises(MachineError, match=r"1099511627776 bytes|offset"):
        load(tmp_path / "m")


def test_load_unknown_example_names_those_there_are():
    with pytest.raises(MachineError, match=r"example:nothing: no such built-in example; there are .*vga"):
        load("example:nothing")


@pytest.mark.parametrize("name", example_names())
def test_load_example_has_no_doubts(name):
    machine = load(f"example:{name}")
    assert machine.name == name
    assert machine.about
    assert machine.warnings == []
    assert all(not function.guessed for function in machine.functions)


def test_example_names_the_main_one_among_them():
    assert {"vga", "single", "af-flr", "nested", "conventional", "twoslots", "d3hot", "calm-slot", "ari"} <= set(
        example_names()
    )
