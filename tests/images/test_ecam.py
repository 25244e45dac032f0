# SPDX-License-Identifier: GPL-2.0-only
"""Raw ECAM images: bytes placed by hand at bus << 20 | device << 15 | function << 12."""

import os

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import load, save

MIB = 1 << 20
DEVICE = bytes.fromhex("8680d31006041000000000021000 00 00".replace(" ", "")).ljust(256, b"\0")


@pytest.fixture
def image(tmp_path):
    """Makes a sparse image of the pages given by offset."""

    def make(pages, length=256 * MIB):
        path = tmp_path / "machine.ecam"
        with path.open("wb") as file:
            for offset, data in pages.items():
                file.seek(offset)
                file.write(data)
            file.truncate(length)
        return path

    return make


def test_read_page_offset_is_the_address(image):
    # 0xff << 20 | 0x1f << 15 | 7 << 12 = 0xffff000, the last page of all.
    machine = load(image({0xFFFF000: DEVICE}))
    assert [str(function.address) for function in machine.functions] == ["0000:ff:1f.7"]
    assert machine.functions[0].config == DEVICE


def test_read_two_functions_in_one_device(image):
    # 1 << 20 | 2 << 15 = 0x110000; function 3 of it is 0x3000 further.
    machine = load(image({0x110000: DEVICE, 0x113000: DEVICE}))
    assert [str(function.address) for function in machine.functions] == ["0000:01:02.0", "0000:01:02.3"]


@pytest.mark.parametrize(
    ("page", "size"),
    [
        (DEVICE, 256),
        (DEVICE + bytes.fromhex("01000114"), 4096),
        (DEVICE.ljust(4096, b"\xff"), 256),
        # Status with capabilities, the list at 0x40: Express, no next.
        (DEVICE[:0x34] + b"\x40" + bytes(11) + b"\x10\x00\x02\x00" + bytes(188), 4096),
    ],
    ids=["nothing behind", "extended capability", "all ones behind", "Express capability"],
)
def test_read_size_by_what_is_behind_256_bytes(image, page, size):
    (function,) = load(image({0: page})).functions
    assert (function.size, len(function.config)) == (size, size)


@pytest.mark.parametrize("ids", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_read_ids_zero_or_all_ones_is_no_function(image, ids):
    machine = load(image({0: DEVICE, 0x8000: ids + DEVICE[4:]}))
    assert [str(function.address) for function in machine.functions] == ["0000:00:00.0"]


@pytest.mark.parametrize("length", [MIB + 1, 256 * MIB + 4096])
def test_read_wrong_length_refused(image, length):
    with pytest.raises(MachineError, match=r"binary data|more than the 268435456"):
        load(image({0: DEVICE}, length))


def test_read_header_that_is_none_names_the_offset(image):
    garbage = DEVICE[:14] + b"\x33" + DEVICE[15:]
    with pytest.raises(MachineError, match=r"offset 0x8000: header type 0x33"):
        load(image({0: DEVICE, 0x8000: garbage}))


def test_read_nothing_but_a_hole_refused(image):
    with pytest.raises(MachineError, match="no function in 268435456 bytes"):
        load(image({}))


def test_write_is_sparse_and_reads_back_equal(shared, tmp_path):
    machine = load(shared / "dumps" / "pciutils-tree-asus-p6t6.txt")
    path = tmp_path / "p6t6.ecam"
    save(machine, path)
    assert path.stat().st_size == 256 * MIB
    assert path.stat().st_blocks * 512 <= MIB
    again = load(path)
    assert [(f.address, f.size, f.config) for f in again.functions] == [
        (f.address, f.size, f.config) for f in machine.functions
    ]


def test_write_page_bytes_by_offset(image, tmp_path):
    save(load(image({0x113000: DEVICE, 0x110000: DEVICE})), tmp_path / "again.img")
    with (tmp_path / "again.img").open("rb") as file:
        assert os.pread(file.fileno(), 4096, 0x113000) == DEVICE.ljust(4096, b"\xff")


def test_write_two_domains_refused_and_nothing_left(tmp_path):
    (tmp_path / "two").write_text(
        "".join(
            f"{domain}:00:00.0 x\n" + "".join(f"{o:02x}:" + " 86" * 16 + "\n" for o in range(0, 64, 16)) + "\n"
            for domain in ("0000", "0001")
        )
    )
    with pytest.raises(MachineError, match="holds one domain, this machine has 0000, 0001"):
        save(load(tmp_path / "two"), tmp_path / "two.ecam")
    assert [path.name for path in tmp_path.iterdir()] == ["two"]


def test_write_function_known_in_part_refused(tmp_path):
    (tmp_path / "short").write_text("00:00.0 x\n" + "".join(f"{o:02x}:" + " 86" * 16 + "\n" for o in range(0, 64, 16)))
    with pytest.raises(MachineError, match="64 of 256 bytes are known"):
        save(load(tmp_path / "short"), tmp_path / "short.ecam")
