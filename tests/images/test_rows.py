# SPDX-License-Identifier: GPL-2.0-only
"""Rows of every tool, as the tool itself writes them; and damaged ones, by hand."""

import shutil
import subprocess
from random import Random

import pytest

from kernel_port.images.rows import parse

DATA = Random(1).randbytes(256)
TOOLS = (
    "hexdump -C", "hexdump", "hexdump -x", "xxd", "xxd -u", "xxd -g 1", "xxd -g 4",
    "od -A x -t x1", "od -A x -t x1z", "od -t x1", "od -A x -x", "od -x",
)  # fmt: skip
#: A row of lspci.
SOUND = "40: 01 48 03 00 08 00 00 00 10 00 02 00 01 80 00 ff"


def said(tool, data, folder):
    program, *options = tool.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    (folder / "config").write_bytes(data)
    done = subprocess.run([program, *options, folder / "config"], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize("tool", TOOLS)
def test_parse_row_of_a_tool_gives_its_bytes_and_offset(tmp_path, tool):
    found = b""
    for line in said(tool, DATA, tmp_path).splitlines():
        if row := parse(line):
            assert len(found) in (row.offset, row.octal)
            assert (row.damage, row.any_file) == ("", True)
            found += row.data
    assert found == DATA


def test_parse_row_of_lspci():
    row = parse(SOUND)
    assert (row.offset, row.data.hex(), row.any_file) == (0x40, "014803000800000010000200018000ff", False)


@pytest.mark.parametrize(
    "line", [f"{SOUND} .H..............", f"{SOUND}  00 01", f"00{SOUND.replace(':', '   ')}   .H."]
)
def test_parse_row_with_its_bytes_as_characters(line):
    row = parse(line)
    assert (row.offset, row.data.hex(), row.damage) == (0x40, "014803000800000010000200018000ff", "")


@pytest.mark.parametrize(
    ("line", "data", "unknown", "damage"),
    [
        # sixteen places, so that each of the others is where it was
        (SOUND.replace("03", "0g"), "014800000800000010000200018000ff", (2,), "not pairs"),
        (SOUND.replace("03", "0"), "014800000800000010000200018000ff", (2,), "not pairs"),
        # the rest may be anywhere
        (f"{SOUND[:15]} lspci: Unable to load libkmod resources: error -12", "01480300", (), "ends in 'lspci: Unable"),
        (SOUND[:20], "0148030008", (), "ends in '0'"),
        (f"{SOUND} 00", "", (), "more than 16 bytes"),
        # a short row is as it is
        ("4a: 02 00", "0200", (), ""),
    ],
)
def test_parse_damaged_row_gives_the_bytes_that_are_certain(line, data, unknown, damage):
    row = parse(line)
    assert row.data.hex() == data
    assert row.unknown == unknown
    assert row.damage.startswith(damage)
    assert bool(row.damage) == bool(damage)


@pytest.mark.parametrize(
    "line", ["", "fed: nothing", "ad: be or not to be", "10: zz 00", "00:01.0 PCI bridge", "12 00 00 00 00", "0: 86 80"]
)
def test_parse_prose_is_no_row(line):
    assert parse(line) is None
