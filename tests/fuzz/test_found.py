# SPDX-License-Identifier: GPL-2.0-only
"""What the fuzzer found: each bug by name, with the smallest input that shows it."""

import gzip
import io
import json
import os
import tarfile
from random import Random

import posted
import pytest
from paths import SERIES

from kernel_port.census.answer import Job, answer
from kernel_port.census.ledger import Ledger
from kernel_port.census.paths import machines
from kernel_port.choice import KernelChoice
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.images import dump, load, lspci, machine_toml
from kernel_port.machine import boot
from kernel_port.recordings import golden, qemu_capture
from kernel_port.review.upstream.c_statements import c_statements
from kernel_port.review.upstream.statements import canonical

#: An endpoint's header: IDs 8086:10d3, BAR 0 at 0xf0000000.
HEADER = bytes.fromhex("8680d310") + bytes(12) + bytes.fromhex("000000f0") + bytes(44)
TABLE = b'[[function]]\naddress = "00:00.0"\nvendor = 1\ndevice = 1\nkind = "pci"\n'


def put_function(tree, name="0000:00:01.0", config=HEADER, resource=None, driver=None):
    folder = tree / name
    folder.mkdir(parents=True)
    (folder / "config").write_bytes(config)
    if resource is not None:
        (folder / "resource").write_text(resource)
    if driver is not None:
        os.symlink(driver, folder / "driver")  # noqa: PTH211 - bytes that are no text
    return tree


def written(machine):
    """As TOML and as a dump, both read again."""
    again = machine_toml.parse("".join(machine_toml.write(machine)).encode(), "toml")
    return again.functions, dump.read(io.BytesIO("".join(lspci.write(machine.functions)).encode()), "lspci").functions


def test_sysfs_config_that_ends_within_a_row_is_refused(tmp_path):
    # 72 bytes: 64 and half a row, which no text form of a machine can hold
    with pytest.raises(MachineError, match="72 bytes, not 64"):
        load(put_function(tmp_path, config=HEADER + bytes(8)))


@pytest.mark.parametrize("driver", [b"x\n02:00.0 forged\n00: ff", b"x\x1b[2J", "x\u202e".encode(), b"x\xff"])
def test_sysfs_driver_whose_name_is_no_name_is_none(tmp_path, driver):
    machine = load(put_function(tmp_path, driver=b"../drivers/" + driver))
    assert machine.functions[0].driver == ""
    assert [len(functions) for functions in written(machine)] == [1, 1]


def test_toml_driver_of_several_lines_is_refused():
    # it would be lines of its own in the lspci text that convert writes
    with pytest.raises(MachineError, match=r"driver: .* is not a string in one line"):
        machine_toml.parse(TABLE + b'driver = "x\\n02:00.0 forged"\n', "m")


def test_sysfs_function_named_twice_in_other_letters_is_one(tmp_path):
    put_function(tmp_path, "0000:00:0a.0")
    put_function(tmp_path, "0000:00:0A.0")
    machine = load(tmp_path)
    assert [str(function.address) for function in machine.functions] == ["0000:00:0a.0"]


def test_sysfs_resource_larger_than_any_bar_is_refused(tmp_path):
    line = "0x0000000000000001 0xffffffffffffffff 0x0000000000140204\n"
    with pytest.raises(MachineError, match="resource:1: not start, end, flags"):
        load(put_function(tmp_path, resource=line))


def test_lspci_region_larger_than_any_bar_is_left_out_with_a_warning():
    # 2**43 T is 2**83 bytes
    text = "00:01.0 x\n\tRegion 0: Memory at f0000000 [size=9999999999T]\n" + "".join(lspci.rows(HEADER))
    found = dump.read(io.BytesIO(text.encode()), "dump")
    assert found.functions[0].bars == {}
    assert found.warnings == [
        "line 1: 0000:00:01.0: a region of 9999999999T: no BAR is as large, and its size is left open"
    ]


@pytest.mark.parametrize("word", ["09", "0" + "9" * 400, "9" * 5000, "08u", "0x"])
def test_c_number_that_is_none_is_kept_as_a_word(word):
    assert canonical(word) == word
    assert c_statements(f"int f(void)\n{{\n\treturn {word};\n}}")


def test_golden_number_that_is_infinite_is_refused():
    trace = {"format": golden.FORMAT, "name": "x", "level": 0, "call": {"function": "f"}, "ops": [], "return": 0}
    function = {"bdf": "00:00.0", "config": "00" * 256, "power_state": float("inf")}
    with pytest.raises(MachineError, match="a value has the wrong type"):
        golden.parse(json.dumps({**trace, "machine": {"functions": [function]}}), "x:1")


@pytest.mark.parametrize("line", [[0.5, 1, 1], [0, 1.5, 1], [5, 3, 1], [0, 1 << 70, 1], [0, 1]])
def test_capture_resource_that_is_none_is_refused(line):
    with pytest.raises(MachineError, match=r"function 00:00\.0: "):
        qemu_capture.describe({"config_before": {"00:00.0": "00" * 256}, "resources": {"00:00.0": [line]}})


@pytest.mark.parametrize(
    "op", [["r", "00:00.0", 0, 2**32 - 1, 0], ["w", "00:00.0", 4, 2, 1.5], ["w", "00:00.0", "4", 2, 0]]
)
def test_golden_access_of_any_size_is_refused(op):
    # its value was shown with as many digits: gigabytes of text
    trace = {"format": golden.FORMAT, "name": "x", "level": 0, "call": {"function": "f"}, "ops": [op], "return": 0}
    with pytest.raises(MachineError, match="is not an access of 1, 2 or 4 bytes"):
        golden.parse(json.dumps({**trace, "machine": {"functions": []}}), "x:1")


@pytest.mark.parametrize("damage", [lambda packed: packed[:60], lambda packed: packed[:12] + b"\xff" * 99])
def test_check_mailbox_compressed_and_damaged_is_refused_in_a_line(tmp_path, capsys, damage):
    # it is looked at as an archive first, and tarfile lets some errors of gzip through
    mailbox = tmp_path / "series.mbox.gz"
    mailbox.write_bytes(damage(gzip.compress((SERIES / "v2.mbox").read_bytes())))
    assert main(["check", str(mailbox)]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"kernel-port: {mailbox}: ")
    assert complaint.endswith("; fetch it or pack it again\n")


def test_census_pattern_that_is_too_long_for_a_name_stays_for_the_answer_to_refuse():
    # it ended the whole census
    long = f"/tmp/{'9' * 400}/**/*.toml"
    assert machines([long], io.StringIO()) == [long]
    assert json.loads(answer(Job.of(long, KernelChoice(8))))["error"]


def test_pci_remove_bus_of_a_root_bus_takes_it_off_the_list():
    # pci_remove_root_bus() of the C does so; the port looked for it on the list of a bus above
    with boot("example:twoslots", trace_boot=False) as machine:
        (root,) = machine.kernel.pci_root_buses
        machine.call("pci_remove_bus", root)
        assert machine.kernel.pci_root_buses == []
        assert machine.kernel.pci_find_bus(0, 0) is None


@pytest.mark.parametrize(
    ("target", "call", "why"),
    [
        # of a root bus there is no bridge to read: in C, its callers see to it
        ("bus:00", "pci_read_bridge_io", "pci_read_bridge_io is not for this target: the kernel fails in"),
        ("bus:01", "pci_alloc_dev", "pci_alloc_dev returns no number; try"),
        ("slot:1", "hotplug_slot_name", "hotplug_slot_name returns no number; try"),
    ],
)
def test_reset_call_that_nobody_can_make_is_refused_in_a_line(capsys, target, call, why):
    assert main(["reset", "example:twoslots", target, "--call", call]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith(f"kernel-port: {why}")
    assert complaint.count("\n") == 1


def test_reset_call_of_a_machine_with_gaps_is_refused_in_a_line(tmp_path, capsys):
    # what is assumed of the gaps was said first: two lines
    (tmp_path / "m.txt").write_text(f"00:01.0 Ethernet controller: x\n{''.join(lspci.rows(HEADER[:64]))}")
    assert main(["reset", str(tmp_path / "m.txt"), "bus:00", "--call", "pci_read_bridge_io"]) == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("kernel-port: pci_read_bridge_io is not for this target")
    assert complaint.count("\n") == 1


def test_tarball_that_ends_within_a_file_is_refused_in_a_line(tmp_path, capsys):
    # tarfile raised when the file was read, where nobody expected it
    with tarfile.open(tmp_path / "l.tar", "w") as made:
        member = tarfile.TarInfo("linux/drivers/pci/pci.c")
        member.size = 3000
        made.addfile(member, io.BytesIO(bytes(3000)))
    (tmp_path / "l.tar").write_bytes((tmp_path / "l.tar").read_bytes()[:2000])
    assert main(["check", str(tmp_path / "l.tar")]) == 2
    assert "l.tar: not a whole archive (unexpected end of data)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("call", "rc"),
    [
        ("get_power_status", 0),  # a status and, through a pointer, whether there is power
        ("power_read_file", 2),  # the length of "1\n"
        ("has_power_file", 1),
    ],
)
def test_reset_call_returns_what_the_c_returns(capsys, call, rc):
    assert main(["reset", "example:twoslots", "slot:1", "--call", call, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rc"] == rc


@pytest.mark.parametrize(
    "damage",
    [
        lambda record: record.pop("unseen"),
        lambda record: record.update(file=["a"]),
        lambda record: record.update(functions={}),
        lambda record: record["functions"][0].update(vendor="8086"),
        lambda record: record["functions"][0].update(outcome="well"),
        lambda record: record["functions"][0].update(outcome="alone", how=None),
        lambda record: record["functions"][0].update(refused=[99]),
        lambda record: record["guards"][0].pop("explanation"),
        lambda record: record["groups"].append(None),
    ],
)
def test_census_report_that_is_damaged_is_refused(tmp_path, damage):
    record = json.loads(answer(Job.of("example:vga", KernelChoice(8))))
    report = tmp_path / "report.jsonl"
    report.write_text(f"{json.dumps(record)}\n")
    Ledger(report, resume=True)
    damage(record)
    report.write_text(f"{json.dumps(record)}\n")
    with pytest.raises(MachineError, match=r"report\.jsonl:1: not a line of a census report"):
        Ledger(report, resume=True)


def test_posted_function_with_two_methods_that_are_unknown_is_unknown():
    # On every machine that is tried one of FLR and PM reset works; on the one that this case draws, neither does.
    posted.part(Random("posted:1507:329"))
