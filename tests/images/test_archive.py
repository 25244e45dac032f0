# SPDX-License-Identifier: GPL-2.0-only
"""sysfs trees in archives, as tar and zip pack them, and archives made to harm. The oracle is the tree itself."""

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import time
import zipfile
from dataclasses import replace

import pytest

from kernel_port.hw.errors import MachineError
from kernel_port.images import archive, load
from kernel_port.images.generate import generate
from kernel_port.limits import MACHINE

NONE = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
RESOURCE = "0x00000000f7c00000 0x00000000f7c1ffff 0x0000000000040200\n" + 6 * NONE


@pytest.fixture
def tree(tmp_path):
    """A copy of /sys as the kernel lays it out: a port, a card below it, and links to both."""
    top = tmp_path / "sys"
    port, card = generate(12, 4).functions[1:3]
    places = ["devices/pci0000:00/0000:00:1c.0", "devices/pci0000:00/0000:00:1c.0/0000:01:00.0"]
    links = top / "bus/pci/devices"
    links.mkdir(parents=True)
    for place, function in zip(places, (port, card), strict=True):
        folder = top / place
        folder.mkdir(parents=True)
        (folder / "config").write_bytes(function.config)
        (folder / "resource").write_text(RESOURCE)
        (folder / "uevent").write_text("DRIVER=from_uevent\nPCI_CLASS=20000\n")
        (folder / "vendor").write_text("0x8086\n")
        (links / folder.name).symlink_to(f"../../../{place}")
    (folder / "driver").symlink_to("../../../../bus/pci/drivers/vfio-pci")
    return top


def same(machine, tree):
    wanted = load(tree)
    assert len(wanted.functions) == 2
    assert machine.functions == wanted.functions
    assert [function.driver for function in machine.functions] == ["from_uevent", "vfio-pci"]
    assert machine.functions[1].bars[0] == 0x20000


@pytest.mark.parametrize("options", ["-cf", "-czf", "-cJf", "-cjf", "--format=ustar -cf", "--format=posix -cf"])
def test_load_tar_is_the_tree(tmp_path, tree, options):
    path = tmp_path / "machine.tar"
    subprocess.run(["tar", *options.split(), path, "-C", tmp_path, "sys"], capture_output=True, check=True)
    machine = load(path)
    assert machine.name == "machine"
    same(machine, tree)


@pytest.mark.parametrize("options", ["-qr", "-qry", "-qry0"])
@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is not installed")
def test_load_zip_is_the_tree(tmp_path, tree, options):
    subprocess.run(["zip", options, "machine.zip", "sys"], cwd=tmp_path, check=True)
    machine = load(tmp_path / "machine.zip")
    if "y" in options:
        same(machine, tree)
    else:  # links are what they lead to, or nothing
        assert [each.config for each in machine.functions] == [each.config for each in load(tree).functions]


def test_load_tar_of_the_links_alone_follows_them(tmp_path, tree):
    subprocess.run(["tar", "-chf", "m.tar", "sys/bus/pci/devices"], cwd=tmp_path, check=False, capture_output=True)
    found = load(tmp_path / "m.tar").functions
    assert [each.config for each in found] == [each.config for each in load(tree).functions]


def packed(members, **about):
    """A tar archive of names and contents."""
    buffer = io.BytesIO()
    with tarfile.open(None, "w", buffer, **about) as made:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def test_load_tar_that_filled_a_file_with_zeros_states_what_was_there(tmp_path):
    # the kernel says 4096 bytes, and lets somebody who is not root read 64
    config = generate(3, 1).functions[1].config[:64].ljust(4096, b"\0")
    (tmp_path / "m.tar").write_bytes(packed([("sys/0000:00:01.0/config", config)]))
    (function,) = load(tmp_path / "m.tar").functions
    assert (len(function.config), function.size) == (64, 4096)
    assert function.stated == b"\xff" * 64


def test_load_archive_writes_nothing(tmp_path, tree):
    subprocess.run(["tar", "-cf", "m.tar", "sys"], cwd=tmp_path, check=True)
    before = sorted(map(str, tmp_path.rglob("*")))
    load(tmp_path / "m.tar")
    assert sorted(map(str, tmp_path.rglob("*"))) == before


# -- harm -----------------------------------------------------------------------------------------------------------


def refused(tmp_path, data, message, seconds=5):
    """Loading *data* fails with one harmless line, soon."""
    path = tmp_path / "m"
    path.write_bytes(data)
    begun = time.process_time()
    with pytest.raises(MachineError, match=message) as error:
        load(path)
    assert time.process_time() - begun < seconds + 1
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert said.isprintable()
    assert len(said) < 600


def header(name=b"0000:00:00.0/config", size=b"00000000100\0", kind=b"0"):
    """A header of a tar archive, with any size."""
    block = bytearray(
        name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0" + b" " * 8 + kind
    )
    block = block.ljust(257, b"\0") + b"ustar\00000"
    block = block.ljust(512, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.mark.parametrize(
    "size", [b"\x80" + (1 << 62).to_bytes(11, "big"), b"\xff" + b"\xff" * 11, b"77777777777\0", b"\x80" + b"\xff" * 11]
)
def test_load_tar_with_an_impossible_size_is_one_line(tmp_path, size):
    refused(
        tmp_path,
        header(size=size) + bytes(4096),
        "impossible|a size of|not a whole archive|no 0000",
    )


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_load_tar_whose_header_has_no_end_is_one_line(tmp_path, kind):
    long = header(b"./@LongLink", b"77777777777\0", kind)
    refused(tmp_path, gzip.compress(long + b"1" * (4 << 20), 1), "header has no end")
    chained = header(b"./@LongLink", b"00000000010\0", kind) + b"x" * 8 + bytes(504)
    refused(tmp_path, chained * 5000, "header has no end|not a whole archive")
    refused(tmp_path, gzip.compress(chained * 5000), "header has no end|not a whole archive")


def test_load_tar_pax_header_of_digits_is_one_line(tmp_path):
    digits = b"9" * 200_000
    data = header(b"pax", b"%011o\0" % len(digits), b"x") + digits + bytes(-len(digits) % 512)
    refused(tmp_path, data + header() + bytes(1024), "header has no end")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_load_what_unpacks_to_too_much_is_one_line(tmp_path, monkeypatch, pack):
    monkeypatch.setitem(load.__globals__, "MACHINE", replace(MACHINE, bytes=1 << 20))
    refused(
        tmp_path,
        pack(b"prose\n" * (1 << 20)),
        r"more than is read of such an input \(100,000 files, 1 MiB, 5 s\)",
    )


def test_load_too_many_members_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MACHINE", replace(MACHINE, files=50))
    refused(
        tmp_path,
        packed([(f"f{number}", b"") for number in range(60)]),
        r"more than is read of such an input \(50 files",
    )
    with zipfile.ZipFile(tmp_path / "z", "w") as made:
        for number in range(60):
            made.writestr(f"f{number}", b"")
    refused(tmp_path, (tmp_path / "z").read_bytes(), r"more than is read of such an input \(50 files")


def test_load_zip_with_a_huge_directory_is_refused_before_it_is_read(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for number in range(300):
            made.writestr(f"{number}", b"")
    data = buffer.getvalue()
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    names = data[start:end] * 1000
    tail = bytearray(data[end:])
    tail[12:16] = len(names).to_bytes(4, "little")
    refused(tmp_path, data[:start] + names + tail, "bytes of names in it; pack /sys/bus/pci/devices alone", 1)


@pytest.mark.parametrize("damage", [slice(None, 700), slice(None, -900), slice(40, None)])
@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
def test_load_damaged_archive_is_one_line_or_read(tmp_path, tree, damage, form):
    shutil.make_archive(tmp_path / "whole", {"tar": "tar", "tar.gz": "gztar", "zip": "zip"}[form], tmp_path, "sys")
    data = (tmp_path / f"whole.{form}").read_bytes()[damage]
    (tmp_path / "m").write_bytes(data)
    try:
        load(tmp_path / "m")
    except MachineError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it may be read as well


EVIL = "\x1b[2J\x9b31m\u202e\n"


def test_load_names_of_members_are_shown_harmless(tmp_path):
    refused(tmp_path, packed([(f"{EVIL}/x", b"")]), "an archive of 1 members, the first of them")
    refused(tmp_path, packed([(f"{EVIL}/0000:00:00.0/config", b"x")]), r"0000:00:00\.0/config: 1 bytes, not 64, 128")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr(f"{EVIL}/0000:00:00.0/config", b"x")
    refused(tmp_path, buffer.getvalue(), r"0000:00:00\.0/config: 1 bytes, not 64, 128")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_load_what_takes_too_long_to_unpack_is_one_line(tmp_path, monkeypatch, pack):
    monkeypatch.setitem(load.__globals__, "MACHINE", replace(MACHINE, seconds=0))
    refused(tmp_path, pack(b"prose\n"), r"more than is read of such an input \(.* 0 s\)")


def test_load_archive_of_something_else_says_what_is_in_it(tmp_path):
    refused(
        tmp_path,
        packed([("report/lspci.txt", b"x"), ("report/dmesg", b"y")]),
        "2 members, the first of them 'report/lspci",
    )


def test_load_packed_twice_is_one_line(tmp_path):
    refused(tmp_path, gzip.compress(gzip.compress(b"x")), "packed twice; unpack it once")


def test_load_packed_and_damaged_is_one_line(tmp_path):
    for pack in gzip.compress, bz2.compress, lzma.compress:
        data = pack(os.urandom(5000))
        refused(tmp_path, data[:-20], "damaged")
        refused(tmp_path, data[:20] + b"\xff" * 40 + data[60:], "damaged|binary data|lines? of text")
