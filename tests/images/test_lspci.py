# SPDX-License-Identifier: GPL-2.0-only
"""lspci text in and out; the oracle is lspci itself, and bytes counted by hand."""

import io
import shutil
import subprocess

import pytest

from kernel_port.hw.address import Address
from kernel_port.hw.errors import MachineError
from kernel_port.images import load, lspci, save
from kernel_port.images.lspci import parse, size_text

needs_lspci = pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")

# Intel 8086:10d3, Command 0x0406, Status with capabilities, class 0200; BAR 0 at 0xf7c00000, BAR 2 I/O at 0xe000.
HEADER = """\
00: 86 80 d3 10 06 04 10 00 00 00 00 02 10 00 00 00
10: 00 00 c0 f7 00 00 00 00 01 e0 00 00 00 00 00 00
20: 00 00 00 00 00 00 00 00 00 00 00 00 86 80 1f a0
30: 00 00 00 00 00 00 00 00 00 00 00 00 0b 01 00 00
"""
DUMP = "04:00.0 Ethernet controller: Intel Corporation 82574L\n" + HEADER + "\n"


def text(content):
    return parse(io.StringIO(content), "dump")


def row(offset):
    return f"{offset:02x}:" + " 00" * 16 + "\n"


def lspci_says(path, *options):
    result = subprocess.run(["lspci", "-F", path, *options], capture_output=True, check=True)
    return result.stdout


def dumps(shared):
    found = sorted((shared / "dumps").glob("*.txt"))
    assert found
    return found


@needs_lspci
@pytest.mark.parametrize("options", [["-vvv"], ["-tv"], ["-nn"], ["-xxxx"]])
def test_write_every_dump_lspci_says_the_same(shared, tmp_path, options):
    for dump in dumps(shared):
        copy = tmp_path / dump.name
        save(load(dump), copy)
        assert lspci_says(copy, *options) == lspci_says(dump, *options), dump.name


@pytest.mark.parametrize("ending", [".txt", ".toml"])
def test_write_every_dump_reads_back_equal(shared, tmp_path, ending):
    for dump in dumps(shared):
        machine = load(dump)
        copy = tmp_path / (dump.stem + ending)
        save(machine, copy)
        again = load(copy)
        assert again == machine


def test_parse_header_bytes_in_place():
    (function,) = text(DUMP)
    assert function.address == Address(0, 4, 0, 0)
    assert function.config[:4] == bytes([0x86, 0x80, 0xD3, 0x10])
    assert (len(function.config), function.size) == (64, 256)


@pytest.mark.parametrize(("known", "size"), [(64, 256), (128, 256), (256, 256), (4096, 4096)])
def test_parse_lengths_known_bytes_and_size(known, size):
    rows = "".join(row(offset) for offset in range(64, known, 16))
    (function,) = text(DUMP[:-1] + rows + "\n")
    assert (len(function.config), function.size) == (known, size)


def test_load_crlf_file_same_as_lf(tmp_path):
    (tmp_path / "lf").write_text(DUMP)
    (tmp_path / "crlf").write_bytes(DUMP.replace("\n", "\r\n").encode())
    assert load(tmp_path / "crlf").functions == load(tmp_path / "lf").functions


@pytest.mark.parametrize(
    ("written", "address"),
    [("04:00.0", (0, 4, 0, 0)), ("0001:04:1f.7", (1, 4, 31, 7)), ("10000:e1:00.0", (0x10000, 0xE1, 0, 0))],
)
def test_parse_domains_short_usual_and_wide(written, address):
    (function,) = text(DUMP.replace("04:00.0", written))
    assert tuple(function.address) == address


def test_parse_tabs_between_bytes_accepted():
    assert text(DUMP.replace("00: 86 80", "00:\t86\t80"))[0].config == text(DUMP)[0].config


def test_parse_vv_text_sizes_and_driver():
    verbose = (
        "\tRegion 0: Memory at f7c00000 (32-bit, non-prefetchable) [size=128K]\n"
        "\tRegion 2: I/O ports at e000 [disabled] [size=32]\n"
        "\tExpansion ROM at <unassigned> [disabled] [size=256K]\n"
        "\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)\n"
        "\t\tRegion 3: Memory at 00000000f0000000 (64-bit, prefetchable) [size=1G]\n"
        "\tRegion 4: [virtual] Memory at 843000000000 (32-bit, non-prefetchable) [size=1G]\n"
        "\tKernel driver in use: e1000e\n\tKernel modules: e1000e\n"
    )
    (function,) = text(DUMP.replace("82574L\n", "82574L\n" + verbose))
    assert function.bars == {0: 128 << 10, 2: 32}
    assert function.rom == 256 << 10
    assert function.driver == "e1000e"


def test_parse_iommu_group_of_the_function_itself_only():
    # as lspci 3.9.0 prints it with -v; two tabs in are a capability's details
    verbose = "\tInterrupt: pin A routed to IRQ 16\n\tIOMMU group: 17\n\t\tIOMMU group: 3\n"
    assert text(DUMP.replace("82574L\n", "82574L\n" + verbose))[0].iommu_group == 17
    assert text(DUMP)[0].iommu_group is None


def test_write_iommu_group_0_reads_back_equal():
    (function,) = text(DUMP)
    function.iommu_group = 0
    assert text("".join(lspci.write([function]))) == [function]


def test_parse_v_text_without_numbers_or_address_says_nothing_of_a_bar():
    (function,) = text(DUMP.replace("82574L\n", "82574L\n\tMemory at <ignored> (32-bit) [size=128K]\n"))
    assert function.bars == {}


def test_parse_text_before_the_first_function_is_passed_over():
    assert text("\tKernel driver in use: other\n" + DUMP) == text(DUMP)


def test_parse_more_text_than_any_machine_has_is_refused(monkeypatch):
    monkeypatch.setattr(lspci, "TEXT_LIMIT", 3 * len(DUMP))
    many = "".join(DUMP.replace("04:", f"{bus:02x}:") for bus in range(1, 5))
    with pytest.raises(MachineError, match=r"^dump:19: more than \d+ bytes of text; leave functions out of it$"):
        text(many)


def test_parse_v_text_without_numbers_matched_by_address():
    verbose = "\tMemory at f7c00000 (32-bit, non-prefetchable) [size=128K]\n\tI/O ports at e000 [size=32]\n"
    (function,) = text(DUMP.replace("82574L\n", "82574L\n" + verbose))
    assert function.bars == {0: 128 << 10, 2: 32}


def test_load_sizes_not_stated_guessed_from_lowest_set_bit(tmp_path):
    (tmp_path / "dump").write_text(DUMP)
    (function,) = load(tmp_path / "dump").functions
    # 0xf7c00000 ends in ...1100 and 20 zeros: 1 << 22. 0xe000 is 1110 and 12 zeros: 1 << 13.
    assert function.bars == {0: 1 << 22, 2: 1 << 13}
    assert function.guessed == [0, 2]


def test_write_domain_only_if_there_is_one(tmp_path):
    (tmp_path / "one").write_text(DUMP)
    (tmp_path / "two").write_text(DUMP + DUMP.replace("04:00.0", "0001:04:00.0"))
    for name in "one", "two":
        save(load(tmp_path / name), tmp_path / f"{name}.txt")
    assert (tmp_path / "one.txt").read_text().startswith("04:00.0 0200: 8086:10d3\n00: 86 80")
    assert (tmp_path / "two.txt").read_text().startswith("0000:04:00.0 0200")


BAD = {
    "duplicate": (DUMP + DUMP, "dump:7: 0000:04:00.0 is in line 1 already"),
    "no device line": ("\n" + HEADER, "dump:2: a row of bytes without a function"),
    "odd digit": (DUMP.replace("20: 00 00", "20: 00 0"), "dump:4: 0000:04:00.0: not pairs"),
    "not hexadecimal": (DUMP.replace("20: 00 00", "20: 00 0g"), "dump:4: 0000:04:00.0: not pairs"),
    "short row": (DUMP.replace("0b 01 00 00\n", "0b 01 00\n"), "row 0x30 has 15 bytes instead of 16"),
    "long row": (DUMP.replace("0b 01 00 00\n", "0b 01 00 00 00\n"), "row 0x30 has 17 bytes"),
    "row missing": (DUMP.replace("20: ", "40: "), "dump:4: 0000:04:00.0: row 0x40 where row 0x20 should be"),
    "row twice": (DUMP.replace("30: ", "20: "), "dump:5: 0000:04:00.0: row 0x20 where row 0x30 should be"),
    "past the end": (DUMP[:-1] + row(0x1000), "row 0x1000: configuration space ends at 0x1000"),
    "no rows": ("04:00.0 Ethernet controller\n\n", "dump:1: 0000:04:00.0: 0 bytes"),
    "cut in a function": (DUMP[:-1] + row(0x40), "dump:1: 0000:04:00.0: the text is cut short after 0x50 bytes"),
    "cut in a header": (DUMP[:150], "dump:3: 0000:04:00.0: not pairs"),
    "endless prose": ("y\n" * 200_000, "dump: no function in 100001 lines of text"),
    "prose": ("Dear list,\nplease find attached\n", "dump: no function in 2 lines of text"),
    "long line": (DUMP + "x" * 70000, "dump:7: line longer than 65536 characters"),
}


@pytest.mark.parametrize("case", BAD)
def test_parse_damaged_text_names_line_and_remedy(case):
    content, message = BAD[case]
    with pytest.raises(MachineError) as error:
        text(content)
    assert message in str(error.value)
    assert "; " in str(error.value)
    assert "\n" not in str(error.value)


def test_parse_prose_around_a_dump_ignored():
    assert text("# lspci -x\nfed: nothing\n" + DUMP + "bye: now\n")[0].config == text(DUMP)[0].config


@pytest.mark.parametrize(
    ("size", "said"), [(1, "1"), (256, "256"), (4096, "4K"), (128 << 10, "128K"), (1 << 30, "1G"), (1 << 40, "1T")]
)
def test_size_text_as_lspci_writes_it(size, said):
    assert size_text(size) == said
