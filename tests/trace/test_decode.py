# SPDX-License-Identifier: GPL-2.0-only
"""trace/decode.py: oracles are bytes computed by hand and the register tables of the hardware."""

import pytest
from paths import TESTS

from kernel_port.cli import main
from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription
from kernel_port.hw.fields import fields
from kernel_port.hw.layout import Layout
from kernel_port.hw.locations import register_map
from kernel_port.trace.decode import changed, decode, parts


def config(size=256, **registers):
    """A function's registers: hexadecimal offset, as in c06="1000", -> bytes."""
    image = bytearray(size)
    for name, text in registers.items():
        data = bytes.fromhex(text)
        image[int(name[1:], 16) : int(name[1:], 16) + len(data)] = data
    return bytes(image)


#: A port: PM at 0x40 leads to PCI Express version 2, root port with slot (0x0142), at 0x50; AER at 0x100.
PORT = config(4096, c06="1000", c0e="01", c34="40", c40="0150", c50="10004201", c100="01000100")
#: A device: AF at 0x40, then MSI with 64-bit addresses and masks (flags 0x0180) at 0x48.
DEVICE = config(c06="1000", c34="40", c40="13480603", c48="05008001")


def test_decode_word_of_command_names_the_set_bits():
    # 0x0406: bits 1, 2 and 10
    assert decode(DEVICE, 0x04, 2, 0x0406) == "PCI_COMMAND=0x0406 MEMORY+ MASTER+ INTX_DISABLE+"


def test_decode_with_clear_names_the_others_too():
    assert decode(DEVICE, 0x43, 1, 0x01, clear=True) == "PCI_AF_CAP=0x01 TP+ FLR-"


def test_decode_dword_across_command_and_status():
    assert decode(DEVICE, 0x04, 4, 0x00100006) == "PCI_COMMAND=0x0006 MEMORY+ MASTER+; PCI_STATUS=0x0010 CAP_LIST+"


def test_decode_byte_in_the_high_half_says_which_bits():
    # byte 5 holds bits 15..8 of the command register: 0x04 << 8 = 0x400
    assert decode(DEVICE, 0x05, 1, 0x04) == "PCI_COMMAND[15:8]=0x04 INTX_DISABLE+"


def test_decode_word_inside_a_dword_register():
    # upper half of DEVCAP, at 0x50 + 4 + 2: bit 28 is FLR
    assert decode(PORT, 0x56, 2, 0x1000) == "PCI_EXP_DEVCAP[31:16]=0x1000 FLR+"


def test_decode_word_across_two_byte_registers():
    assert decode(PORT, 0x18, 2, 0x0100) == "PCI_PRIMARY_BUS=0x00; PCI_SECONDARY_BUS=0x01"


@pytest.mark.parametrize(
    ("where", "size", "value", "text"),
    [
        (0x44, 2, 0x000B, "PCI_PM_CTRL=0x000b STATE=D3hot NO_SOFT_RESET+"),
        (0x44, 2, 0x0000, "PCI_PM_CTRL=0x0000 STATE=D0"),
        (0x52, 2, 0x0142, "PCI_EXP_FLAGS=0x0142 VERS=2 TYPE=ROOT_PORT SLOT+"),
        (0x58, 2, 0x2810, "PCI_EXP_DEVCTL=0x2810 RELAX_EN+ PAYLOAD=128 NOSNOOP_EN+ READRQ=512"),
        (0x62, 2, 0x2082, "PCI_EXP_LNKSTA=0x2082 CLS=5_0GB NLW=x8 DLLLA+"),
        (0x62, 2, 0x0043, "PCI_EXP_LNKSTA=0x0043 CLS=8_0GB NLW=x4"),
        (0x68, 2, 0x03E8, "PCI_EXP_SLTCTL=0x03e8 PDCE+ HPIE+ AIC=off PIC=off"),
        (0x6A, 2, 0x0148, "PCI_EXP_SLTSTA=0x0148 PDC+ PDS+ DLLSC+"),
        (0x3E, 2, 0x0052, "PCI_BRIDGE_CONTROL=0x0052 SERR+ VGA_16BIT+ BUS_RESET+"),
        (0x40, 1, 0x01, "PCI_CAP_LIST_ID=0x01 CAP=PM"),
        (0x100, 4, 0x14010001, "PCI_EXT_CAP_HEADER=0x14010001 CAP=ERR VERSION=1 NEXT=0x140"),
        (0x104, 4, 0x00000020, "PCI_ERR_UNCOR_STATUS=0x00000020 SURPDN+"),
        (0x1E, 2, 0x2000, "PCI_SEC_STATUS=0x2000 REC_MASTER_ABORT+"),
    ],
)
def test_decode_registers_of_a_port(where, size, value, text):
    assert decode(PORT, where, size, value) == text


def test_decode_msi_follows_the_address_width():
    # 64-bit addresses put the data at +12 and the mask at +16
    assert decode(DEVICE, 0x54, 2, 0x4021) == "PCI_MSI_DATA_64=0x4021"
    assert decode(DEVICE, 0x58, 4, 0x1) == "PCI_MSI_MASK_64=0x00000001"


def test_decode_unknown_bytes_have_their_offset_for_a_name():
    assert decode(DEVICE, 0x80, 4, 0x12345678) == "0x80=0x12345678"


def test_decode_unknown_bytes_beside_a_register():
    # 0x44 is AF control, 0x45 AF status, 0x46 and 0x47 belong to nobody
    assert decode(DEVICE, 0x44, 4, 0xBEEF0100) == "PCI_AF_CTRL=0x00; PCI_AF_STATUS=0x01 TP+; 0x46=0xbeef"


def test_decode_all_ones_names_no_bits():
    assert decode(DEVICE, 0x04, 2, 0xFFFF) == "PCI_COMMAND=0xffff (all ones)"


def test_decode_heads_of_all_capabilities_with_one_id_but_registers_of_the_first():
    # PM at 0x40, and once more at 0x48: software looks no further than the first
    twice = config(c06="1000", c34="40", c40="0148", c48="0100")
    assert decode(twice, 0x48, 2, 0x0001) == "PCI_CAP_LIST_ID=0x01 CAP=PM; PCI_CAP_LIST_NEXT=0x00"
    assert decode(twice, 0x44, 2, 0x0000) == "PCI_PM_CTRL=0x0000 STATE=D0"
    assert decode(twice, 0x4C, 2, 0x0000) == "0x4c=0x0000"


def test_decode_version_1_capability_has_no_second_registers():
    version_1 = config(c06="1000", c34="40", c40="10000100")
    assert decode(version_1, 0x68, 2, 0x0001) == "0x68=0x0001"


@pytest.mark.parametrize(
    ("where", "size", "old", "new", "text"),
    [
        (0x68, 2, 0x03F8, 0x0370, "PDCE- AIC off->on"),
        (0x3E, 2, 0x0002, 0x0042, "BUS_RESET+"),
        (0x44, 2, 0x0008, 0x000B, "STATE D0->D3hot"),
        (0x04, 4, 0x00100006, 0x00100406, "PCI_COMMAND INTX_DISABLE+"),
        (0x04, 4, 0x00100000, 0x20100006, "PCI_COMMAND MEMORY+ MASTER+; PCI_STATUS REC_MASTER_ABORT+"),
        (0x10, 4, 0x00000000, 0xFEBF0000, "0x00000000->0xfebf0000"),
        (0x3E, 2, 0x0000, 0x8000, "0x0000->0x8000"),
        (0x3E, 2, 0x0000, 0x8040, "BUS_RESET+ bits 0x8000"),
        (0x58, 2, 0x2810, 0x2810, ""),
    ],
)
def test_changed_names_the_bits(where, size, old, new, text):
    assert changed(PORT, where, size, old, new) == text


def test_parts_of_a_byte_write_leave_the_other_byte_uncovered():
    (part,) = parts(DEVICE, 0x05, 1, 0x04)
    assert (part.offset, part.size, part.covered, part.value) == (0x04, 2, 0xFF00, 0x0400)


def test_decode_sriov_registers_have_names():
    sriov = config(4096, c06="1000", c100="10000100")
    assert decode(sriov, 0x108, 2, 0x0009) == "PCI_SRIOV_CTRL=0x0009 VFE+ MSE+"
    assert decode(sriov, 0x110, 2, 0x0007) == "PCI_SRIOV_NUM_VF=0x0007"
    assert decode(sriov, 0x112, 1, 0x00) == "PCI_SRIOV_FUNC_LINK=0x00"
    assert decode(sriov, 0x120, 4, 0x00000001) == "PCI_SRIOV_SYS_PGSIZE=0x00000001"


@pytest.mark.parametrize("ask", ["why {}", "why {} 01:00.0", "tree {}", "reset {} bus:01", "watch {} 01:00.0 -o {out}"])
def test_function_with_sriov_is_like_any_other(capsys, tmp_path, ask):
    machine = TESTS / "cases" / "01-sriov-crash.txt"
    command = ask.format(machine, out=tmp_path / "out.html").split()
    assert main(command) == 0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("image", [PORT, DEVICE], ids=["port", "device"])
def test_register_map_agrees_with_the_hardware_table(image):
    known = register_map(image)
    layout = Layout(FunctionDescription(Address(0, 0, 0, 0), image, size=len(image)))
    for row in layout.registers():
        assert known[row.start] == (row.name, row.start, row.size)


def test_every_event_bit_of_a_port_has_a_name():
    layout = Layout(FunctionDescription(Address(0, 0, 0, 0), PORT, size=4096))
    for row in layout.registers():
        if row.name.startswith("PCI_EXP_"):
            named = sum(field.mask for field in fields(row.name))
            assert not (row.w1c | row.w1t) & ~named, row.name
