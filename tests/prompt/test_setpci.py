# SPDX-License-Identifier: GPL-2.0-only
"""Registers by setpci's names, beside what setpci itself says of the same machine."""

import shutil
import subprocess

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import load, save
from kernel_port.prompt.setpci import CAPABILITIES, EXTENDED, HEADER, WIDTHS, find, value

setpci = pytest.mark.skipif(shutil.which("setpci") is None, reason="setpci is not installed")


def config(address="01:00.0", machine="example:vga"):
    return next(f.config for f in load(machine).functions if str(f.address) == f"0000:{address}")


@setpci
def test_names_are_those_of_setpci():
    said = subprocess.run(["setpci", "--dumpregs"], check=True, capture_output=True, text=True).stdout.splitlines()[1:]
    header = {name: (int(offset, 16), WIDTHS[width]) for offset, width, name in (line.split() for line in said
              if line.startswith("     ")) if not name.startswith("CB_")}  # fmt: skip
    assert header == HEADER
    named = [line.split() for line in said if not line.startswith("     ")]
    for prefix, ours in (("CAP_", CAPABILITIES), ("ECAP_", EXTENDED)):
        theirs = {name.removeprefix(prefix): int(code, 16) for code, _, _, name in named if name.startswith(prefix)}
        assert ours.items() >= theirs.items(), "a newer setpci may know more"


@setpci
@pytest.mark.parametrize(
    "register",
    [
        "COMMAND",
        "command",
        "VENDOR_ID.l",
        "CAP_EXP.b",
        "CAP_EXP+8.w",
        "CAP10+12.w",
        "CAP_PM+4.w",
        "3c.b",
        "HEADER_TYPE",
    ],
)
def test_find_finds_the_bytes_that_lspci_has_there(tmp_path, register):
    """setpci reads real buses only, so the bytes are what lspci says of the same machine as a file."""
    path = tmp_path / "vga.txt"
    save(load("example:vga"), path)
    bytes_ = {}
    text = subprocess.run(
        ["lspci", "-F", path, "-s", "01:00.0", "-xxx"], check=True, capture_output=True, text=True
    ).stdout
    for line in text.splitlines()[1:]:
        offset, _, rest = line.partition(": ")
        for number, byte in enumerate(rest.split()):
            bytes_[int(offset, 16) + number] = int(byte, 16)
    # Offsets by hand from the dump's capability list: PM at 40, MSI at 48, Express at 58.
    by_hand = {"COMMAND": (0x04, 2), "command": (0x04, 2), "VENDOR_ID.l": (0, 4), "CAP_EXP.b": (0x58, 1),
               "CAP_EXP+8.w": (0x60, 2), "CAP10+12.w": (0x6A, 2), "CAP_PM+4.w": (0x44, 2), "3c.b": (0x3C, 1),
               "HEADER_TYPE": (0x0E, 1)}  # fmt: skip
    found = find(config(), register)
    assert (found.offset, found.size) == by_hand[register]
    assert bytes(bytes_[found.offset + n] for n in range(found.size)) == config()[found.offset :][: found.size]


def test_find_knows_the_kernels_names_too():
    assert find(config("00:1c.0"), "PCI_EXP_SLTCTL") == find(config("00:1c.0"), "EXP_SLTCTL")
    assert find(config("00:1c.0"), "EXP_SLTCTL") == find(config("00:1c.0"), "CAP_EXP+18.w")


@pytest.mark.parametrize(
    ("register", "said"),
    [
        ("COMAND", "COMAND: no register of the function; did you mean COMMAND or PCI_COMMAND?"),
        ("CAP_EXP", "CAP_EXP: how wide? Add .b, .w or .l"),
        ("CAP_AF+4.w", "CAP_AF: the function has no such capability"),
        ("CAP_EXP+8.w@1", "CAP_EXP: the function has 1 such capability"),
        ("3f.w", "3f.w: a register of 2 bytes begins at a multiple of 2, not at 0x3f"),
        ("fff.w", "fff.w: a register of 2 bytes begins at a multiple of 2, not at 0xfff"),
        ("CAP_EXP+ffff.b", "CAP_EXP+ffff.b: 0x10057 is beyond the end of the configuration space, 0x1000"),
        ("a b", "'a b' is not a register such as COMMAND, CAP_EXP+8.w or 3e.w"),
        ("", "'' is not a register such as COMMAND, CAP_EXP+8.w or 3e.w"),
        ("CAP_", "CAP_: no register of the function; "),
    ],
)
def test_find_refuses_what_is_no_register(register, said):
    with pytest.raises(MachineError) as refused:
        find(config(), register)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(("text", "size", "expected"), [
    ("6", 2, (6, 0xFFFF)), ("40:40", 2, (0x40, 0x40)), ("0x10", 1, (0x10, 0xFF)),
    ("ffffffff", 4, (0xFFFFFFFF, 0xFFFFFFFF)),
])  # fmt: skip
def test_value_is_hexadecimal_with_a_mask(text, size, expected):
    assert value(text, size) == expected


@pytest.mark.parametrize(("text", "size"), [("100", 1), ("1:100", 1), ("x", 2), ("", 2), ("1:", 2), ("10000", 2)])
def test_value_refuses_what_does_not_fit(text, size):
    with pytest.raises(MachineError):
        value(text, size)
