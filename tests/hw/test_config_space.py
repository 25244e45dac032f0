# SPDX-License-Identifier: GPL-2.0-only
"""hw/config_space.py: what pciutils says of the same bytes, and sums done by hand."""

import re

import pytest
from lspci import described
from paths import TESTS

from kernel_port.hw.config_space import (
    ROM,
    base_addresses,
    capabilities,
    extended_capabilities,
    fault_in_capabilities,
    fault_in_extended_capabilities,
    header_type,
    is_multifunction,
    lowest_bit,
    rounded_up,
)
from kernel_port.images import example_names, load
from kernel_port.images.save import save

MACHINES = [*(f"example:{name}" for name in example_names()), str(TESTS / "cases" / "01-sriov-crash.txt")]


@pytest.fixture(scope="module", params=MACHINES)
def functions(request, tmp_path_factory):
    """(function, what lspci says of it) for the functions of a machine."""
    machine = load(request.param)
    path = tmp_path_factory.mktemp("dump") / "machine.txt"
    save(machine, path)
    return [(function, described(path)[str(function.address)]) for function in machine.functions]


def test_capabilities_are_where_lspci_finds_them(functions):
    for function, text in functions:
        said = [int(where, 16) for where in re.findall(r"Capabilities: \[([0-9a-f]+)[\] ]", text)]
        found = [*capabilities(function.config), *extended_capabilities(function.config)]
        assert [where for _, where in found] == said, function.address


def test_base_addresses_are_what_lspci_reads(functions):
    for function, text in functions:
        said = {
            (int(number), int(at, 16), kind == "I/O ports", "64-bit" in rest, " prefetchable" in rest)
            for number, kind, at, rest in re.findall(r"Region (\d): (Memory|I/O ports) at ([0-9a-f]+)(.*)", text)
        }
        found = {tuple(bar) for bar in base_addresses(function.config) if bar.address and bar.number != ROM}
        assert found == said, function.address


@pytest.mark.parametrize(("byte", "layout", "several"), [(0x00, 0, False), (0x81, 1, True), (0x02, 2, False)])
def test_header_type_and_multifunction_are_parts_of_one_byte(byte, layout, several):
    config = bytes(14) + bytes([byte]) + bytes(49)
    assert (header_type(config), is_multifunction(config)) == (layout, several)


def test_sizes_are_powers_of_two():
    assert [lowest_bit(value) for value in (0, 0xFEBF0000, 0x1000)] == [0, 0x10000, 0x1000]
    assert [rounded_up(size) for size in (1, 0x1000, 0x1001)] == [1, 0x1000, 0x2000]


@pytest.mark.parametrize(
    ("value", "mask"),
    [
        # I/O, 32 bits of memory, 64 bits of memory: PCI 6.2.5.1 keeps 2 or 4 bits for the kind
        (0x0000E001, 0xFFFFFFFC),
        (0xFEB00000, 0xFFFFFFF0),
        (0xFEB0000C, 0xFFFFFFFFFFFFFFF0),
    ],
)
def test_base_address_mask_is_as_wide_as_the_register(value, mask):
    bar = next(base_addresses(bytes(0x10) + value.to_bytes(4, "little") + bytes(0x2C)))
    assert bar.mask == mask


def test_base_address_mask_of_a_rom_leaves_out_what_is_no_address():
    *_, rom = base_addresses(bytes(0x30) + (0xFEA00001).to_bytes(4, "little") + bytes(0x0C))
    assert (rom.number, rom.address, rom.mask) == (6, 0xFEA00000, 0xFFFFF800)


def test_lists_that_go_wrong_end_where_they_do():
    config = bytearray(4096)
    # The two low bits of a pointer are reserved.
    config[0x06], config[0x34] = 0x10, 0x43
    config[0x40:0x42], config[0x50:0x52] = b"\x01\x52", b"\x05\x40"
    config[0x100:0x104], config[0x140:0x144] = b"\x01\x00\x01\x14", b"\x0d\x00\x01\x08"
    assert list(capabilities(config)) == [(0x01, 0x40), (0x05, 0x50)]
    assert fault_in_capabilities(config) == "the capability list loops back to 0x40"
    assert list(extended_capabilities(config)) == [(0x01, 0x100), (0x0D, 0x140)]
    assert fault_in_extended_capabilities(config) == "extended capability list points to 0x080, outside 0x100..0xfff"
