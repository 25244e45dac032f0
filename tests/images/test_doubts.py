# SPDX-License-Identifier: GPL-2.0-only
"""What a loader warns of: each on a machine made to show it, and none on one that does not."""

import io
from dataclasses import replace

import pytest

from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription
from kernel_port.hw.errors import MachineError
from kernel_port.images import dump as text
from kernel_port.images import load
from kernel_port.images.doubts import refuse_nonsense
from kernel_port.images.doubts import warnings as doubts


def function(at, registers=None):
    """lspci text of a function: 256 bytes of zeros but for IDs and registers: offset -> bytes."""
    config = bytearray(bytes.fromhex("8680d310").ljust(256, b"\0"))
    for where, value in (registers or {}).items():
        config[where : where + len(value)] = value
    return dump(at, config)


def dump(at, config):
    rows = "".join(f"{o:02x}: {config[o : o + 16].hex(' ')}\n" for o in range(0, len(config), 16))
    return f"{at} x\n{rows}\n"


def bridge(at, secondary, subordinate):
    return function(at, {0x0E: b"\x01", 0x18: bytes([0, secondary, subordinate])})


@pytest.fixture
def warnings(tmp_path):
    """Loads the functions given as lspci text; gives the warnings."""

    def load_text(*functions):
        (tmp_path / "m").write_text("".join(functions))
        return load(tmp_path / "m").warnings

    return load_text


def test_warnings_sound_machine_none(warnings):
    assert warnings(function("00:00.0"), bridge("00:01.0", 1, 1), function("01:00.0")) == []


def test_warnings_all_ones(warnings):
    assert warnings(dump("00:00.0", b"\xff" * 64)) == [
        "0000:00:00.0: reads all ones: it was off or unreachable when recorded, its resets are unknown"
    ]


def test_warnings_header_type_7f(warnings):
    (line,) = warnings(function("00:00.0", {0x0E: b"\x7f"}))
    assert line.startswith("0000:00:00.0: has no valid header type (0x7f)")


def test_warnings_no_vendor_only_where_the_scan_is_all_there_is():
    config = function("00:00.0", {0: bytes(4)})
    (described,) = text.read(io.BytesIO((config).encode()), "text").functions
    (line,) = doubts([described])
    assert line.startswith("0000:00:00.0: has no vendor and device ID")
    assert doubts([described], recorded=True) == []  # as of a virtual function, which the recorded kernel knew


@pytest.mark.parametrize(
    ("status", "said"), [(b"\x10", "without its capabilities: see what is unknown"), (b"\0", "has no capabilities")]
)
def test_warnings_64_bytes_and_whether_capabilities_are_missing(warnings, status, said):
    config = bytearray(bytes.fromhex("8680d310").ljust(64, b"\0"))
    config[6:7] = status
    (line,) = warnings(dump("00:00.0", config))
    assert line.startswith("0000:00:00.0: only 64 bytes are known")
    assert said in line
    assert line.endswith("; whoever has the machine can send: sudo lspci -xxxx")


def test_warnings_multifunction_without_sibling(warnings):
    (line,) = warnings(function("00:03.0", {0x0E: b"\x80"}))
    assert line.startswith("0000:00:03.0: says multifunction but has no sibling")
    assert warnings(function("00:03.0", {0x0E: b"\x80"}), function("00:03.2")) == []


def unrecorded(*functions):
    """What is doubtful of functions that no kernel had found."""
    return doubts(text.read(io.BytesIO(("".join(functions)).encode()), "text").functions)


def test_warnings_siblings_the_kernel_does_not_look_for():
    (line,) = unrecorded(function("00:03.1"), function("00:03.2"))
    assert line == "0000:00:03.1, 0000:00:03.2: there is no function 0: the kernel does not look for it"
    (line,) = unrecorded(function("00:03.0"), function("00:03.1"))
    assert line == "0000:00:03.1: function 0 does not say multifunction: the kernel does not look for it"


def test_warnings_bus_no_bridge_leads_to():
    (line,) = unrecorded(function("00:00.0"), function("05:00.0"), function("05:01.0"))
    assert line.startswith("0000:05:00.0, 0000:05:01.0: no bridge leads to bus 0000:05")


def test_warnings_bridge_of_another_domain_does_not_lead_here():
    (line,) = unrecorded(function("0000:05:00.0"), bridge("0001:00:01.0", 5, 5))
    assert line.startswith("0000:05:00.0: no bridge leads to bus 0000:05")


def test_warnings_of_what_a_kernel_had_found_are_none(warnings):
    # lspci's list is what the recorded kernel knew: nothing in it is out of reach
    assert warnings(function("00:03.1"), function("00:03.2"), function("05:00.0"), function("05:01.0")) == []


@pytest.mark.parametrize(
    ("bridges", "said"),
    [
        ([("00:01.0", 0, 0)], "0000:00:01.0: a bridge without bus numbers"),
        ([("00:01.0", 1, 3), ("00:02.0", 3, 4)], "0000:00:02.0: its buses 03..04 overlap those of 0000:00:01.0"),
        ([("00:01.0", 1, 2), ("00:02.0", 1, 2)], "0000:00:02.0: leads to bus 01 as 0000:00:01.0 does"),
        (
            [("00:01.0", 1, 2), ("01:00.0", 2, 3)],
            "0000:01:00.0: its buses 02..03 go past 02, the last bus below 0000:00:01.0",
        ),
    ],
)
def test_warnings_doubtful_bus_numbers(warnings, bridges, said):
    lines = warnings(*(bridge(*one) for one in bridges))
    assert len(lines) == 1
    assert lines[0].startswith(said)


@pytest.mark.parametrize(
    ("bridges", "said"),
    [
        ([("00:01.0", 2, 1)], "0000:00:01.0: a bridge whose buses 02..01 end before they begin"),
        (
            [("00:01.0", 1, 2), ("01:00.0", 1, 2)],
            "0000:01:00.0: a bridge on bus 01 that leads back to buses 01..02",
        ),
        (
            [("00:01.0", 1, 2), ("01:00.0", 2, 2), ("02:00.0", 1, 2)],
            "0000:02:00.0: a bridge on bus 02 that leads back to buses 01..02",
        ),
    ],
)
def test_load_nonsense_bus_numbers_and_loops_are_refused(warnings, bridges, said):
    with pytest.raises(MachineError) as error:
        warnings(*(bridge(*one) for one in bridges))
    assert f"/m: {said}; record it again" in str(error.value)


@pytest.mark.parametrize(
    ("registers", "said"),
    [
        ({0x34: b"\x20"}, "the capability list points to 0x20, outside 0x40..0xff"),
        ({0x34: b"\x50", 0x50: b"\x01\x60", 0x60: b"\x05\x50"}, "the capability list loops back to 0x50"),
        ({0x34: b"\x50", 0x50: b"\x01\x50"}, "the capability list loops back to 0x50"),
        ({0x34: b"\x50", 0x50: b"\x01\x04"}, "the capability list points to 0x04"),
    ],
)
def test_load_capability_list_without_end_is_refused(warnings, registers, said):
    with pytest.raises(MachineError) as error:
        warnings(function("00:00.0", {0x06: b"\x10", **registers}))
    assert f"/m: 0000:00:00.0: {said}" in str(error.value)


def test_warnings_capability_list_not_declared_not_followed(warnings):
    assert warnings(function("00:00.0", {0x34: b"\x20"})) == []


def test_warnings_extended_capability_list_loops(warnings):
    config = bytearray(bytes.fromhex("8680d310").ljust(4096, b"\0"))
    config[0x100:0x104] = (0x1500_0000 | 0x10001).to_bytes(4, "little")  # next 0x150
    config[0x150:0x154] = (0x1000_0000 | 0x10003).to_bytes(4, "little")  # next 0x100
    (line,) = warnings(dump("00:00.0", config))
    assert "extended capability list loops back to 0x100" in line


def test_warnings_guessed_sizes_one_line_for_the_machine(warnings):
    bars = function("00:00.0", {0x10: b"\x00\x00\xc0\xf7\x01\xe0"}), function("00:01.0", {0x10: b"\x00\x00\x10\xf0"})
    (line,) = warnings(*bars)
    assert line.startswith("0000:00:00.0, 0000:00:01.0: sizes of 3 BARs guessed")


def test_warnings_name_64_functions_then_count(warnings):
    (line,) = warnings(*(dump(f"00:{n >> 3:02x}.{n & 7}", b"\xff" * 64) for n in range(70)))
    assert line.count("0000:00:") == 64
    assert "0000:00:07.7 and 6 more: reads all ones" in line


def test_what_is_not_stated_is_no_fault():
    looping = registers_at({0x06: b"\x10", 0x34: b"\x50", 0x50: b"\x01\x50"})
    backwards = registers_at({0x0E: b"\x01", 0x18: bytes([0, 2, 1])})
    for config, hidden in ((looping, 0x51), (backwards, 0x1A)):
        stated = bytearray(b"\xff" * 256)
        described = FunctionDescription(Address(0, 0, 1, 0), config, stated=bytes(stated))
        with pytest.raises(MachineError):
            refuse_nonsense([described], "m")
        stated[hidden] = 0x7F
        refuse_nonsense([replace(described, stated=bytes(stated))], "m")


def registers_at(registers):
    config = bytearray(bytes.fromhex("8680d310").ljust(256, b"\0"))
    for where, value in registers.items():
        config[where : where + len(value)] = value
    return bytes(config)
