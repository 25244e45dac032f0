# SPDX-License-Identifier: GPL-2.0-only
"""Dumps that are not whole, or there twice: what is read, what is unknown, and what is said. lspci -F and tools are the
oracles where they read the same; else rows written by hand."""

import io
import re
import shutil
import subprocess

import pytest
from paths import TESTS

from kernel_port.cli import main
from kernel_port.hw.address import Address
from kernel_port.hw.errors import MachineError
from kernel_port.images import dump, load, lspci, machine_toml, save
from kernel_port.images.generate import generate

CASES = TESTS / "cases" / "dumps"

#: An endpoint 8086:10d3, Command 0x0406, with a capability list; BAR 0 at 0xf7c00000.
HEADER = """\
00: 86 80 d3 10 06 04 10 00 00 00 00 02 10 00 00 00
10: 00 00 c0 f7 00 00 00 00 01 e0 00 00 00 00 00 00
20: 00 00 00 00 00 00 00 00 00 00 00 00 86 80 1f a0
30: 00 00 00 00 c8 00 00 00 00 00 00 00 0b 01 00 00
"""
TITLE = "04:00.0 Ethernet controller: Intel Corporation 82574L\n"
DUMP = TITLE + HEADER + "\n"


def read(text, **options):
    return dump.read(io.BytesIO(text.encode()), "dump", **options)


def row(offset, byte=0):
    return f"{offset:02x}:" + f" {byte:02x}" * 16 + "\n"


def whole(end=256):
    return TITLE + HEADER + "".join(row(offset) for offset in range(64, end, 16)) + "\n"


def unknown(function):
    """The offsets below its size that nothing states."""
    stated = function.stated if function.stated is not None else b"\xff" * function.size
    return [at for at in range(function.size) if at >= len(stated) or stated[at] != 0xFF]


# -- what is not there ----------------------------------------------------------------------------------------------


def test_read_whole_dump_states_everything():
    found = read(whole())
    assert found.functions[0].stated is None
    assert found.warnings == []


@pytest.mark.parametrize("end", [64, 128])
def test_read_short_dump_states_what_it_has(end):
    assert unknown(read(whole(end)).functions[0]) == list(range(end, 4096))  # there is a capability list


def test_read_missing_row_is_unknown_and_said():
    found = read(whole().replace(row(0x80), ""))
    assert unknown(found.functions[0]) == list(range(0x80, 0x90))
    assert found.warnings == ["line 10: 0000:04:00.0: no bytes 0x80 to 0x8f above: they are unknown"]


def test_read_missing_rows_within_a_header_are_unknown():
    found = read(DUMP.replace(HEADER.splitlines(keepends=True)[1], ""))
    assert unknown(found.functions[0]) == [*range(0x10, 0x20), *range(64, 4096)]
    assert found.functions[0].config[:4] == bytes.fromhex("8680d310")


def test_read_text_that_ends_in_a_function_keeps_what_it_has():
    text = TITLE + HEADER + row(0x40) + "50: 00 00 00 0"
    (function,) = read(text).functions
    assert unknown(function) == list(range(0x53, 4096)) or unknown(function) == list(range(0x50, 4096))


def test_read_row_cut_short_in_the_middle_is_said():
    found = read(whole().replace(row(0x80), "80: 00 00 00 00 00\n"))
    assert unknown(found.functions[0]) == list(range(0x85, 0x90))
    assert found.warnings == ["line 11: 0000:04:00.0: no bytes 0x85 to 0x8f above: they are unknown"]


def test_read_digit_that_is_none_makes_its_byte_unknown():
    found = read(whole().replace("80: 00 00 00", "80: 00 00 0g"))
    assert unknown(found.functions[0]) == [0x82]
    assert len(found.warnings) == 1
    assert found.warnings[0].startswith("line 10: 0000:04:00.0: row 0x80: not pairs of hexadecimal digits: '0g 00")
    assert found.warnings[0].endswith("1 of its bytes unknown")


#: lspci writes its errors at once and its rows by the page, so that they get into rows.
ERROR = "lspci: Unable to load libkmod resources: error -12\n"


def test_read_error_of_lspci_between_rows_is_passed_over():
    assert read(whole().replace(row(0x80), ERROR + row(0x80))) == read(whole())


@pytest.mark.parametrize("at", [18, 19])  # before and after a blank
def test_read_row_that_an_error_of_lspci_tears_apart_is_put_together(at):
    torn = row(0x80, 0x5A)[:at] + ERROR + row(0x80, 0x5A)[at:]
    expected = read(whole().replace(row(0x80), row(0x80, 0x5A)))
    assert read(whole().replace(row(0x80), torn)) == expected


def test_read_row_of_which_an_error_of_lspci_leaves_the_start_states_that():
    torn = row(0x80, 0x5A)[:19] + ERROR
    found = read(whole().replace(row(0x80), torn))
    assert unknown(found.functions[0]) == list(range(0x85, 0x90))
    assert found.functions[0].config[0x80:0x85] == b"\x5a" * 5
    assert len(found.warnings) == 1


def test_read_row_past_the_end_is_left_out_and_said():
    found = read(whole(4096).rstrip("\n") + "\n" + row(0x1000))
    assert found.functions == read(whole(4096)).functions
    assert found.warnings == ["line 258: 0000:04:00.0: row 0x1000: configuration space ends at 0x1000"]


def test_read_row_that_is_there_twice():
    same = read(whole().replace(row(0x80), row(0x80) * 2))
    assert same == read(whole())
    other = read(whole().replace(row(0x80), row(0x80) + row(0x80, 1)))
    assert other.functions[0].config[0x80] == 1
    assert other.warnings == ["line 11: 0000:04:00.0: row 0x80 a second time, with other bytes: they are taken"]


def test_read_more_warnings_than_anybody_reads_are_counted():
    gaps = TITLE + "".join(row(offset) for offset in range(0, 4096, 32))
    assert read(gaps).warnings[-1] == f"{127 - dump.WARNINGS} more lines are damaged or missing"


@pytest.mark.skipif(shutil.which("lspci") is None, reason="pciutils is not installed")
@pytest.mark.parametrize("name", ["05-missing-row", "whole", "torn at the end", "pieces"])
def test_read_what_lspci_reads_is_the_same_as_far_as_it_is_stated(tmp_path, name):
    text = {
        "05-missing-row": (CASES / "05-missing-row.txt").read_text(),
        "whole": whole(),
        "torn at the end": whole().replace(row(0xF0), "f0: 01 02 03\n"),
        "pieces": whole().replace(row(0x80), "81: 01 02 03\n88: 05\n"),
    }[name]
    (tmp_path / "dump").write_text(text)
    said = subprocess.run(["lspci", "-xxx", "-F", tmp_path / "dump"], check=True, capture_output=True, text=True).stdout
    blocks = re.split(r"\n(?=\w\w:\w\w\.\w )", said.strip())
    oracle = [bytes.fromhex("".join(re.findall(r"(?m)^\w\w: (.*)$", block))) for block in blocks]
    functions = read(text).functions
    assert len(functions) == len(oracle)
    for function, config in zip(functions, oracle, strict=True):
        known = [at for at in range(len(config)) if at not in unknown(function)]
        assert [function.config[at] for at in known] == [config[at] for at in known]


# -- what is stated is kept -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [whole(64), whole().replace(row(0x80), ""), whole().replace(row(0x80), "83: 01 02\n")])
def test_write_and_read_again_states_the_same(text):
    functions = read(text).functions
    machine = machine_toml.MachineDescription("x", functions)
    assert read("".join(lspci.write(functions))).functions == functions
    assert machine_toml.parse("".join(machine_toml.write(machine)).encode(), "x").functions == functions


def test_ecam_of_a_function_with_an_unknown_row_is_refused(tmp_path):
    machine = machine_toml.MachineDescription("x", read(whole().replace(row(0x80), "")).functions)
    with pytest.raises(MachineError, match=r"0000:04:00\.0: 240 of 256 bytes are known, in raw ECAM"):
        save(machine, tmp_path / "x.ecam")


def test_toml_stated_needs_config_and_is_no_longer():
    table = '[[function]]\naddress = "00:00.0"\n'
    rows = "".join(lspci.rows(b"\xff" * 64))
    with pytest.raises(MachineError, match="stated: goes with config; remove it"):
        machine_toml.parse(f'{table}stated = """\n{rows}"""\n'.encode(), "x")
    longer = "".join(lspci.rows(b"\xff" * 128))
    with pytest.raises(MachineError, match="stated: 128 bytes, but config has 64"):
        machine_toml.parse(f'{table}config = """\n{rows}"""\nstated = """\n{longer}"""\n'.encode(), "x")


# -- one function in several places ---------------------------------------------------------------------------------


def test_read_listing_before_the_dump_is_one_machine():
    found = load(CASES / "08-listing-first.txt")
    assert [str(function.address) for function in found.functions] == ["0000:00:01.0", "0000:01:00.0"]
    assert found.functions[1].driver == "vfio-pci"
    assert all(function.stated in (None, b"\xff" * 256) for function in found.functions)


def test_read_vvv_then_xxxx_are_put_together():
    verbose = (
        TITLE
        + "\tRegion 0: Memory at f7c00000 (32-bit, non-prefetchable) [size=128K]\n\tKernel driver in use: e1000e\n"
    )
    (function,) = read(verbose + "\n" + whole()).functions
    assert (function.bars, function.driver, function.stated) == ({0: 128 << 10}, "e1000e", None)


def test_read_text_that_mail_has_broken_is_joined():
    region = "\tRegion 0: Memory at f7c00000 (32-bit, non-prefetchable) [disabled]\n[size=128K]\n"
    text = f"{TITLE}\tSubsystem: x\nlspci: an error\n{region}\tKernel driver in use: e1000e\n{HEADER}\n"
    (function,) = read(text).functions
    assert (function.bars, function.driver) == ({0: 128 << 10}, "e1000e")


def test_read_text_after_prose_is_not_of_the_function():
    text = f"{TITLE}one\ntwo\nthree\n\tKernel driver in use: e1000e\n{HEADER}\n"
    assert read(text).functions[0].driver == ""


def test_read_short_and_long_dump_of_the_same_state_are_put_together():
    assert read(whole(64) + whole(4096)) == read(whole(4096))
    assert read(whole(4096) + whole(64)) == read(whole(4096))
    # what one of them lacks, the other has
    assert read(whole().replace(row(0x80), "") + whole().replace(row(0x90), "")).functions == read(whole()).functions


def test_read_two_states_takes_the_last_and_names_the_registers():
    after = (
        whole()
        .replace("06 04 10 00", "00 00 10 00")
        .replace("00 00 c0 f7", "00 00 00 00")
        .replace(row(0x60), row(0x60, 7))
    )
    found = read(whole(4096) + "after the reset:\n\n" + after)
    assert found.functions == read(after).functions
    said = [warning for warning in found.warnings if "recorded twice" in warning]
    told = (
        "PCI_COMMAND, PCI_BASE_ADDRESS_0, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69 and 6 more differ"
    )
    assert said == [f"0000:04:00.0: recorded twice, in lines 1 and 261; the last is taken: {told}"]


def test_read_two_machines_in_one_text_says_so():
    found = read(DUMP + DUMP.replace("86 80 d3 10", "de 10 b1 1c"))
    assert "8086:10d3 before, 10de:1cb1 now; if they are two machines, cut the text in two" in found.warnings[-1]


def test_read_function_that_is_only_named_is_said():
    found = read("00:1c.0 PCI bridge: Intel\n04:00.1 is gone\n" + DUMP)
    bridge, card = found.functions
    assert (str(bridge.address), str(card.address)) == ("0000:00:1c.0", "0000:04:00.0")
    # Class 0604, at offset 0xa; no line says what the header type is.
    assert (bridge.config[0xA:0xC], bridge.stated[0xA:0xC], bridge.stated[0xE]) == (b"\x04\x06", b"\xff\xff", 0)
    named, left_out = found.warnings
    assert named.startswith("0000:00:1c.0: only named: what decides about resets is unknown; whoever has the machine")
    assert left_out == "0000:04:00.1: named in the text without bytes, and left out"


# -- dumps of one config file ---------------------------------------------------------------------------------------

CONFIG = generate(1, 1).functions[0].config[:256]


@pytest.mark.parametrize("tool", ["hexdump -C", "hexdump", "xxd", "xxd -g1", "od -A x -t x1", "od -t x1", "od -x"])
@pytest.mark.parametrize("size", [64, 256, 4096])
def test_load_hexdump_of_a_config_file(tmp_path, tool, size):
    program, *options = tool.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    config = CONFIG.ljust(size, b"\0")[:size]  # zeros, which some leave out as *
    (tmp_path / "config").write_bytes(config)
    said = subprocess.run([program, *options, tmp_path / "config"], check=True, capture_output=True, text=True).stdout
    (tmp_path / "one").write_text(said)
    (tmp_path / "two").write_text(f"$ {tool} /sys/bus/pci/devices/0000:02:1f.3/config\n{said}")
    (tmp_path / "three").write_text(f"See 02:1f.3, please.\n\n> {said.replace(chr(10), chr(10) + '> ')}\n")
    wanted = [(Address(0, 2, 31, 3), config)]
    for machine in (load(tmp_path / "one", "02:1f.3"), load(tmp_path / "two"), load(tmp_path / "three")):
        assert [(function.address, function.config) for function in machine.functions] == wanted


def test_read_rows_after_a_listing_are_not_of_its_last_line():
    rows = "".join(f"00000{line[:1]}{line[1:]}" for line in HEADER.splitlines(keepends=True))
    with pytest.raises(MachineError, match=r"no address such as 01:00\.0 near them; say whose they are with --at"):
        read(f"00:1e.0 PCI bridge: Intel\n00:1f.0 ISA bridge: Intel\n\n{rows}")
    found = read(f"00:1e.0 PCI bridge: Intel\n00:1f.0 ISA bridge: Intel\n\n{rows}", at=Address(0, 4, 0, 0))
    assert {str(each.address): len(each.config) for each in found.functions} == {
        "0000:00:1e.0": 256,
        "0000:00:1f.0": 256,
        "0000:04:00.0": len(HEADER.splitlines()) * 16,
    }


def test_read_hexdump_of_something_else_is_no_function():
    table = "".join(f"{at:08x}: 44 53 44 54 44 53 44 54 44 53 44 54 44 53 44 54\n" for at in range(0, 1024, 16))
    with pytest.raises(MachineError, match=r"^dump: 1024 bytes from line 2 on, which are no configuration space; name"):
        read(f"of 01:00.0:\n{table}")
    assert len(read(f"of 01:00.0:\n{table}\n{DUMP}").functions) == 1


@pytest.mark.parametrize("size", [64, 256, 4096])
@pytest.mark.parametrize("name", ["0000:02:1f.3/config", "0000:02:1f.3.bin", "config-02_1f.3", "config"])
def test_load_config_file_by_its_name_or_at(tmp_path, size, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(CONFIG.ljust(size, b"\0")[:size])
    at = "" if "1f.3" in name else "02:1f.3"
    (function,) = load(path, at).functions
    assert (function.address, function.config) == (Address(0, 2, 31, 3), path.read_bytes())


def test_commands_take_at(tmp_path, capsys):
    path = tmp_path / "config"
    path.write_bytes(CONFIG)
    for line in ("tree M", "why M", "why M --json", "convert M -o O", "run mess --machine M"):
        argv = [{"M": str(path), "O": str(tmp_path / "o.toml")}.get(word, word) for word in line.split()]
        assert main(argv) == 2
        assert "say whose with --at 01:00.0" in capsys.readouterr().err
        status = main([*argv, "--at", "00:1f.3"])
        assert status == 0 or "run" in line
        assert "--at" not in capsys.readouterr().err
    assert main(["tree", str(path), "--at", "1f.3"]) == 2
    assert capsys.readouterr().err == "kernel-port: --at: '1f.3' is not a PCI address such as 01:00.0 or 0000:01:00.0\n"


# -- nothing to read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Dear list,\nplease find attached\n", "dump: 2 lines of text, and neither functions such as 01:00.0 nor rows"),
        (
            "04:00.0 does not come back\n",
            "dump: one function is named (line 1: 0000:04:00.0), but there are no rows of bytes; whoever",
        ),
        (
            "\n" + HEADER,
            "dump: rows of bytes from line 2 on, and no address such as 01:00.0 near them; say",
        ),
    ],
)
def test_read_nothing_says_what_there_is_and_what_to_do(text, message):
    with pytest.raises(MachineError) as error:
        read(text)
    assert str(error.value).startswith(message)
    assert "as root" not in str(error.value)


def test_read_more_text_than_any_machine_has_is_refused(monkeypatch):
    monkeypatch.setattr(dump, "DUMP", 2 * len(DUMP))
    with pytest.raises(MachineError, match=r"^dump: more than \d+ characters of text; leave functions out of it$"):
        read(DUMP * 3)


def test_read_more_functions_than_any_machine_has_is_refused(monkeypatch):
    monkeypatch.setattr(dump, "ENTRIES", 3)
    with pytest.raises(MachineError, match=r"^dump:4: more than 3 functions are named; leave some of them out$"):
        read(TITLE * 4)
