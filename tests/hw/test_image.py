# SPDX-License-Identifier: GPL-2.0-only
"""The config image: the shim's loads and stores, and the files they land in. Expected bytes are worked out by hand."""

import errno
import gc
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_port._shims import lib
from kernel_port.hw.address import Address
from kernel_port.hw.errors import MachineError
from kernel_port.hw.image import DOMAIN_SIZE, ConfigImage, claim, register_masks
from kernel_port.pci_regs import PCI_BASE_ADDRESS_0, PCI_COMMAND, PCI_VENDOR_ID

MIB = 1 << 20


@pytest.fixture
def image():
    with ConfigImage(2 * MIB) as image:
        yield image


@pytest.fixture
def path(tmp_path):
    """A sparse image of two buses: 8086:1234 at 01:02.3, at 1 << 20 | 2 << 15 | 3 << 12 = 0x113000."""
    path = tmp_path / "ecam"
    with path.open("wb") as file:
        file.truncate(2 * MIB)
        file.seek(0x113000)
        file.write(b"\x86\x80\x34\x12")
    return path


# Loads and stores

DEVFN = 2 << 3 | 3  # 02.3


@pytest.mark.parametrize(
    ("reg", "size", "value"),
    [
        # 01 82 03 84 from 0x10 on
        (0x10, 1, 0x01),
        (0x11, 1, 0x82),
        (0x10, 2, 0x8201),
        (0x12, 2, 0x8403),
        (0x10, 4, 0x84038201),
    ],
)
def test_read_is_little_endian(image, reg, size, value):
    image.load(Address(0, 1, 2, 3), bytes(0x10) + b"\x01\x82\x03\x84")
    assert image.read(1, DEVFN, reg, size) == value


@pytest.mark.parametrize(
    ("reg", "size", "value", "expected"),
    [
        (0x10, 1, 0x11223344, "44 aa aa aa"),
        (0x13, 1, 0x44, "aa aa aa 44"),
        (0x12, 2, 0x11223344, "aa aa 44 33"),
        (0x10, 4, 0x11223344, "44 33 22 11"),
    ],
)
def test_write_is_little_endian_and_touches_its_bytes_alone(image, reg, size, value, expected):
    address = Address(0, 1, 2, 3)
    image.load(address, b"\xaa" * 0x20)
    image.write(1, DEVFN, reg, size, value)
    assert image.dump(address, 0x20) == b"\xaa" * 0x10 + bytes.fromhex(expected) + b"\xaa" * 0xC


def test_registers_of_neighbours_do_not_overlap(image):
    # The last dword of 00:1f.7 at 0xfffffc, counted from the bus: 0xff << 12 | 0xffc; the next byte is 01:00.0's.
    image.write(0, 0xFF, 0xFFC, 4, 0x11111111)
    image.write(1, 0, 0, 4, 0x22222222)
    assert image.read(0, 0xFF, 0xFFC, 4) == 0x11111111
    assert image.read(1, 0, 0, 4) == 0x22222222
    assert [str(address) for address in image.functions()] == ["0000:00:1f.7", "0000:01:00.0"]


def test_last_register_of_a_domain():
    with ConfigImage() as image:
        image.write(0xFF, 0xFF, 0xFFF, 1, 0x5A)
        # 256 MiB less one byte
        assert image.dump(Address(0, 0xFF, 0x1F, 7))[-1:] == b"\x5a"


BAD_CYCLES = [
    pytest.param(256, 0, 0, 4, id="bus"),
    pytest.param(0, 256, 0, 4, id="devfn"),
    pytest.param(0, 0, 4096, 1, id="register"),
    pytest.param(0, 0, -4, 4, id="negative"),
    pytest.param(0, 0, 0x11, 2, id="odd-word"),
    pytest.param(0, 0, 0x12, 4, id="odd-dword"),
    pytest.param(0, 0, 0x10, 3, id="three-bytes"),
    pytest.param(0, 0, 0x10, 0, id="no-bytes"),
    pytest.param(0, 0, 0x10, 8, id="eight-bytes"),
    pytest.param(0, 0, 0x10, -1, id="less-than-no-bytes"),
    pytest.param(2, 0, 0, 4, id="beyond-the-image"),
]


@pytest.mark.parametrize(("bus", "devfn", "reg", "size"), BAD_CYCLES)
def test_pci_mmcfg_read_of_no_register_is_all_ones(image, bus, devfn, reg, size):
    ones = {1: 0xFF, 2: 0xFFFF}.get(size, 0xFFFFFFFF)
    assert lib.pci_mmcfg_read(image._image, bus, devfn, reg, size) == ones


@pytest.mark.parametrize(("bus", "devfn", "reg", "size"), BAD_CYCLES)
def test_pci_mmcfg_write_of_no_register_is_einval_and_writes_nothing(image, bus, devfn, reg, size):
    assert lib.pci_mmcfg_write(image._image, bus, devfn, reg, size, 0x5A5A5A5A) == -errno.EINVAL
    assert list(image.functions()) == []


def test_pci_mmcfg_write_is_zero_where_there_is_a_register(image):
    assert lib.pci_mmcfg_write(image._image, 1, DEVFN, PCI_COMMAND, 2, 0x0407) == 0
    assert lib.pci_mmcfg_read(image._image, 1, DEVFN, PCI_COMMAND, 2) == 0x0407


@pytest.mark.parametrize(("size", "ones"), [(1, 0xFF), (2, 0xFFFF), (4, 0xFFFFFFFF)])
def test_read_beyond_the_image_is_all_ones_of_its_size(image, size, ones):
    assert image.read(2, 0, 0, size) == ones


def test_closed_image_answers_nothing(image):
    image.write(0, 0, PCI_VENDOR_ID, 2, 0x8086)
    image.close()
    image.write(0, 0, PCI_VENDOR_ID, 2, 0x8086)
    image.close()
    assert image.read(0, 0, PCI_VENDOR_ID, 2) == 0xFFFF


def test_reader_and_writer_are_one_functions_read_and_write(image):
    read, write = image.reader(1, DEVFN), image.writer(1, DEVFN)
    write(0x10, 4, 0x84038201)
    assert image.read(1, DEVFN, 0x12, 2) == read(0x12, 2) == 0x8403
    assert [str(address) for address in image.functions()] == ["0000:01:02.3"]


@pytest.mark.parametrize(
    ("where", "size", "value", "holds"),
    [
        # 0x10: rw ff0f00f0, w1c 00f00f00 (little-endian dwords); it holds a5a5a5a5.
        # a5a5a5a5 & ~ff0f00f0 = 00a0a505; 12345678 & ff0f00f0 = 12040070; sum 12a4a575; & ~(12345678 & 00f00f00 =
        # 00300600) = 1284a175
        pytest.param(0x10, 4, 0x12345678, 0x1284A175, id="dword"),
        # Its upper word: a5a5 & ~ff0f = 00a0; ffff & ff0f = ff0f; ffaf & ~00f0 = ff0f
        pytest.param(0x12, 2, 0xFFFF, 0xFF0FA5A5, id="word"),
        # Byte 1: rw 00, w1c 0f: a5 & ~0f = a0
        pytest.param(0x11, 1, 0xFF, 0xA5A5A0A5, id="byte"),
        pytest.param(0x10, 4, 0, 0x00A0A505, id="zeros"),
        pytest.param(0x12, 4, 0xFFFFFFFF, 0xA5A5A5A5, id="misaligned"),
    ],
)
def test_masked_writer_changes_what_the_masks_let_it(image, where, size, value, holds):
    rw, w1c = bytearray(4096), bytearray(4096)
    rw[0x10:0x14], w1c[0x10:0x14] = bytes.fromhex("f0000fff"), bytes.fromhex("000ff000")
    image.write(1, DEVFN, 0x10, 4, 0xA5A5A5A5)
    image.masked_writer(1, DEVFN, register_masks(bytes(rw), bytes(w1c)))(where, size, value)
    assert image.read(1, DEVFN, 0x10, 4) == holds


def test_masks_longer_than_a_function_end_where_it_does(image):
    # One byte too far would be the first of those that writing 1 clears.
    image.masked_writer(1, DEVFN, register_masks(b"\xff" * 4100, b""))(0, 4, 0x11223344)
    assert image.read(1, DEVFN, 0, 4) == 0x11223344


def test_masked_writer_has_no_bits_beyond_short_masks(image):
    write = image.masked_writer(1, DEVFN, register_masks(b"\xff" * 256, bytes(256)))
    write(0xFC, 4, 0x11223344)
    write(0x100, 4, 0x11223344)
    assert image.dump(Address(0, 1, 2, 3))[0xFC:0x104] == bytes.fromhex("4433221100000000")


@pytest.mark.parametrize(("bus", "devfn", "reg", "size"), BAD_CYCLES)
def test_pci_mmcfg_write_masked_of_no_register_is_einval_and_writes_nothing(image, bus, devfn, reg, size):
    masks = register_masks(b"\xff" * 4096, bytes(4096))
    assert lib.pci_mmcfg_write_masked(image._image, masks, bus, devfn, reg, size, 0x5A5A5A5A) == -errno.EINVAL
    assert list(image.functions()) == []


def test_merge_replaces_the_bits_of_the_mask(image):
    address = Address(0, 1, 2, 3)
    image.load(address, bytes.fromhex("12345678"))
    image.merge(address, bytes.fromhex("ff00f00f"), bytes.fromhex("abcdef01ff"))
    # ab; 34; 56 & 0f | ef & f0 = e6; 78 & f0 | 01 & 0f = 71; the fifth byte has no mask
    assert image.dump(address, 5) == bytes.fromhex("ab34e67100")


def test_merge_of_more_than_a_function_names_it(image):
    with pytest.raises(MachineError, match=r"^0000:01:02.3: 0x1001 bytes at offset 0x113000 do not fit"):
        image.merge(Address(0, 1, 2, 3), bytes(4097), bytes(4097))


def test_reader_and_writer_of_a_closed_image_do_no_harm(image):
    read, write = image.reader(1, DEVFN), image.writer(1, DEVFN)
    write(0x10, 4, 0x84038201)
    image.close()
    write(0x10, 4, 0)
    assert read(0x10, 4) == 0xFFFFFFFF


def test_reader_keeps_the_image_it_reads():
    image = ConfigImage(2 * MIB)
    image.write(1, DEVFN, 0x10, 2, 0x8201)
    read = image.reader(1, DEVFN)
    del image
    gc.collect()
    assert read(0x10, 2) == 0x8201


# Whole functions


def test_load_longer_than_a_function_is_refused(image):
    with pytest.raises(MachineError, match=r"0000:01:02\.3: 0x1001 bytes at offset 0x113000"):
        image.load(Address(0, 1, 2, 3), bytes(4097))


def test_dump_beyond_the_image_is_refused(image):
    with pytest.raises(MachineError, match=r"0000:02:00\.0: .* the image 0x200000; make it larger"):
        image.dump(Address(0, 2, 0, 0))


def test_functions_skips_all_ones(image):
    image.load(Address(0, 0, 0, 0), b"\xff" * 4096)
    image.load(Address(0, 0, 1, 0), b"\xff" * 4095)
    assert [str(address) for address in image.functions(domain=7)] == ["0007:00:01.0"]


def test_functions_skips_what_became_all_zeros(image):
    image.write(0, 8, PCI_VENDOR_ID, 2, 0x8086)
    image.write(0, 8, PCI_VENDOR_ID, 2, 0)
    assert list(image.functions()) == []


# Files


def test_copy_of_reads_what_is_there(path):
    with ConfigImage.copy_of(path) as image:
        assert image.size == 2 * MIB
        assert image.read(1, DEVFN, PCI_VENDOR_ID, 4) == 0x12348086
        assert [str(address) for address in image.functions()] == ["0000:01:02.3"]


def test_copy_of_never_writes_the_file(path):
    before = path.read_bytes()
    path.chmod(0o444)
    with ConfigImage.copy_of(path) as image:
        image.write(1, DEVFN, PCI_COMMAND, 2, 0x0407)
        assert image.read(1, DEVFN, PCI_COMMAND, 2) == 0x0407
    assert path.read_bytes() == before


def test_copy_of_does_not_follow_the_file(path):
    with ConfigImage.copy_of(path) as image:
        os.truncate(path, 0)  # would be a bus error in a mapping of the file
        assert image.read(1, DEVFN, PCI_VENDOR_ID, 2) == 0x8086


def test_in_place_is_seen_in_the_file_by_another_process(path):
    reader = "import sys; f = open(sys.argv[1], 'rb'); f.seek(0x113000); print(f.read(8).hex(' '))"
    with ConfigImage.in_place(path) as image:
        image.write(1, DEVFN, PCI_COMMAND, 2, 0x0407)
        seen = subprocess.run([sys.executable, "-c", reader, path], capture_output=True, text=True, check=True)
    assert seen.stdout == "86 80 34 12 07 04 00 00\n"


def test_in_place_sees_what_another_process_writes(path):
    writer = "import sys; f = open(sys.argv[1], 'r+b'); f.seek(0x113010); f.write(bytes.fromhex('0000e0f7'))"
    with ConfigImage.in_place(path) as image:
        subprocess.run([sys.executable, "-c", writer, path], check=True)
        assert image.read(1, DEVFN, PCI_BASE_ADDRESS_0, 4) == 0xF7E00000


def save(image, path):
    with path.open("wb") as file:
        image.save(file)


def test_save_is_the_same_file_and_as_sparse(path, tmp_path):
    with ConfigImage.copy_of(path) as image:
        save(image, tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == path.read_bytes()
    assert (tmp_path / "saved").stat().st_blocks * 512 < MIB


def test_save_of_a_domain_costs_what_it_holds(tmp_path):
    with ConfigImage() as image:
        for bus in range(256):
            image.load(Address(0, bus, 0, 0), struct.pack("<HH", 0x8086, bus))
        save(image, tmp_path / "saved")
        assert len(list(image.functions())) == 256
    status = (tmp_path / "saved").stat()
    assert (status.st_size, status.st_blocks * 512 < 8 * MIB) == (DOMAIN_SIZE, True)


@pytest.mark.parametrize("opening", [ConfigImage.copy_of, ConfigImage.in_place])
def test_truncated_file_names_offset_and_remedy(path, opening):
    os.truncate(path, 0x113044)
    with pytest.raises(MachineError) as error:
        opening(path)
    assert str(error.value) == (
        f"{path}: truncated at offset 0x113044: the function at 0x113000 has 68 of its 4096 bytes; "
        f"take the image again, or drop that function with truncate -s {0x113000}"
    )


@pytest.mark.parametrize("size", [0, 4095, (256 << 20) + 4096])
def test_image_of_impossible_size_is_refused(size):
    with pytest.raises(
        MachineError, match=f"^image: {size} bytes are not a raw ECAM image, which has .*, at most 256 MiB"
    ):
        ConfigImage(size)


def test_image_that_is_refused_leaves_no_file_open(path, tmp_path):
    def refused():
        for opening in (ConfigImage.copy_of, ConfigImage.in_place):
            with pytest.raises(MachineError):
                opening(tmp_path)  # no file
            with pytest.raises(MachineError):
                opening(tmp_path / "short")
        with ConfigImage.in_place(path), pytest.raises(MachineError, match="another process"):
            ConfigImage.in_place(path)
        ConfigImage.copy_of(path).close()

    (tmp_path / "short").write_bytes(b"short")
    before = len(list(Path("/proc/self/fd").iterdir()))
    refused()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_closed_image_has_no_file_any_more(path):
    image = ConfigImage(MIB)
    image.close()
    with path.open("rb"), pytest.raises(OSError, match="Bad file descriptor"):  # which may have the same number now
        list(image.functions())


@pytest.mark.parametrize("size", [0, 1, 4095, DOMAIN_SIZE + 4096, 1 << 40])
def test_file_of_impossible_size_is_refused(path, size):
    os.truncate(path, size)
    with pytest.raises(MachineError, match=f"{size} bytes are not a raw ECAM image"):
        ConfigImage.copy_of(path)


def test_missing_file_is_a_machine_error(tmp_path):
    with pytest.raises(MachineError, match="nothing: No such file or directory"):
        ConfigImage.copy_of(tmp_path / "nothing")


def test_directory_and_pipe_are_machine_errors(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in tmp_path, tmp_path / "pipe":
        with pytest.raises(MachineError, match="not a file"):
            ConfigImage.copy_of(path)


def test_image_nobody_refers_to_gives_its_memory_back():
    def mappings():
        lines = Path("/proc/self/maps").read_text().splitlines()
        return {line.split()[0] for line in lines if "config image" in line}

    before = mappings()  # other tests may have left some behind, which may go at any time
    image = ConfigImage()
    (own,) = mappings() - before
    del image
    gc.collect()
    assert own not in mappings()


def test_in_place_of_a_claimed_file_is_refused_until_it_is_let_go(path):
    with ConfigImage.in_place(path) as image:
        with pytest.raises(MachineError, match="ecam: another process is using it"):
            ConfigImage.in_place(path)
        assert image.read(1, DEVFN, PCI_VENDOR_ID, 4) == 0x12348086
    ConfigImage.in_place(path).close()


def test_claim_of_a_file_that_was_replaced_meanwhile_is_refused(path, tmp_path):
    with path.open("rb") as old:
        (tmp_path / "new").write_bytes(bytes(MIB))
        (tmp_path / "new").replace(path)
        with pytest.raises(MachineError, match="another process is using it"):
            claim(old.fileno(), path)


# A file that shrinks under its mapping: without the shim's handler each of these ends the process with SIGBUS.


@pytest.fixture
def shrunk(path):
    with ConfigImage.in_place(path) as image:
        os.truncate(path, 0)
        yield image


def test_read_of_a_shrunk_file_is_all_ones_and_check_says_why(shrunk, path):
    shrunk.check()  # nobody has looked yet
    assert shrunk.read(1, DEVFN, PCI_VENDOR_ID, 4) == 0xFFFFFFFF
    assert shrunk.read(1, DEVFN, PCI_VENDOR_ID, 1) == 0xFF
    with pytest.raises(MachineError, match=f"^{path}: bytes were lost while it was in use"):
        shrunk.check()


def test_write_and_load_of_a_shrunk_file_are_dropped(shrunk, path):
    assert lib.pci_mmcfg_write(shrunk._image, 1, DEVFN, 0, 4, 0) == -errno.EINVAL
    masks = register_masks(b"\xff" * 4096, bytes(4096))
    assert lib.pci_mmcfg_write_masked(shrunk._image, masks, 1, DEVFN, 0, 4, 0) == -errno.EINVAL
    assert lib.config_image_merge(shrunk._image, 0, b"\xff", b"\x86", 1) == -errno.EINVAL
    shrunk.load(Address(0, 1, 2, 3), b"\x86\x80")
    assert path.read_bytes() == b""
    with pytest.raises(MachineError, match="were lost"):
        shrunk.check()


def test_dump_of_a_shrunk_file_is_all_ones(shrunk):
    assert shrunk.dump(Address(0, 1, 2, 3), 4) == b"\xff\xff\xff\xff"
    with pytest.raises(MachineError, match="were lost"):
        shrunk.check()


def test_file_that_is_shrunk_and_long_again_stays_lost(shrunk, path):
    assert shrunk.read(1, DEVFN, PCI_VENDOR_ID, 2) == 0xFFFF
    os.truncate(path, 2 * MIB)
    assert shrunk.read(1, DEVFN, PCI_VENDOR_ID, 2) == 0xFFFF


def test_other_images_live_on_when_one_is_lost(shrunk, image):
    image.write(1, DEVFN, PCI_VENDOR_ID, 2, 0x8086)
    assert shrunk.read(1, DEVFN, PCI_VENDOR_ID, 2) == 0xFFFF
    assert image.read(1, DEVFN, PCI_VENDOR_ID, 2) == 0x8086
    image.check()


FOREIGN = """
import mmap, os, signal, sys, tempfile
from kernel_port.hw.image import ConfigImage
image = ConfigImage(4096)
if sys.argv[1] == "sent":
    os.kill(os.getpid(), signal.SIGBUS)
with tempfile.TemporaryFile() as file:
    file.truncate(4096)
    other = mmap.mmap(file.fileno(), 4096)
    file.truncate(0)
    other[0]
"""


@pytest.mark.parametrize("how", ["sent", "met"])
def test_bus_errors_of_others_stay_what_they_were(how):
    done = subprocess.run([sys.executable, "-c", FOREIGN, how], check=False, timeout=60)
    assert done.returncode == -signal.SIGBUS
    traced = subprocess.run([sys.executable, "-X", "faulthandler", "-c", FOREIGN, how], check=False, timeout=60,
                            capture_output=True, text=True)  # fmt: skip
    assert traced.returncode == -signal.SIGBUS
    assert "Fatal Python error: Bus error" in traced.stderr
