# SPDX-License-Identifier: GPL-2.0-only
"""Walks of capability lists, on lists written out by hand (PCI 3.0, section 6.7; PCIe 3.0, section 7.9)."""

import pytest
from paper import Paper, listed

PM, MSI, EXP, MSIX, AF = 0x01, 0x05, 0x10, 0x11, 0x13


@pytest.fixture
def paper():
    return Paper()


def test_pci_find_capability_second_in_list_is_reached_by_pointer_and_id(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, PM, b""), (0x70, MSI, b"")))
    assert paper.kernel.pci_find_capability(dev, MSI) == 0x70
    # Status word; pointer, ID of the first; pointer, ID of the second
    assert paper.take() == [
        ("r", "00:00.0", 0x06, 2),
        ("r", "00:00.0", 0x34, 1),
        ("r", "00:00.0", 0x50, 1),
        ("r", "00:00.0", 0x51, 1),
        ("r", "00:00.0", 0x70, 1),
    ]


def test_pci_find_capability_absent_reads_the_last_pointer(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, PM, b"")))
    assert paper.kernel.pci_find_capability(dev, AF) == 0
    assert paper.reads() == [0x06, 0x34, 0x50, 0x51]


def test_pci_find_capability_no_list_reads_status_only(paper):
    dev = paper.dev(paper.bus(), registers={0x34: b"\x50", 0x50: bytes([PM, 0])})
    assert paper.kernel.pci_find_capability(dev, PM) == 0
    assert paper.reads() == [0x06]


@pytest.mark.parametrize(("hdr_type", "start"), [(0, 0x34), (1, 0x34), (2, 0x14)])
def test_pci_find_capability_header_type_says_where_the_list_starts(paper, hdr_type, start):
    registers = {0x06: b"\x10\x00", start: b"\x80", 0x80: bytes([PM, 0])}
    dev = paper.dev(paper.bus(), registers=registers, hdr_type=hdr_type)
    assert paper.kernel.pci_find_capability(dev, PM) == 0x80


def test_pci_find_capability_unknown_header_has_no_list(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, PM, b"")), hdr_type=3)
    assert paper.kernel.pci_find_capability(dev, PM) == 0
    assert paper.reads() == [0x06]


def test_pci_find_capability_first_place_after_the_header_counts_and_none_before(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x40, PM, b""), (0x3C, MSI, b"")))
    assert paper.kernel.pci_find_capability(dev, PM) == 0x40
    assert paper.kernel.pci_find_capability(dev, MSI) == 0


def test_pci_find_capability_low_pointer_bits_are_dropped(paper):
    dev = paper.dev(paper.bus(), registers={0x06: b"\x10\x00", 0x34: b"\x53", 0x50: bytes([PM, 0])})
    assert paper.kernel.pci_find_capability(dev, PM) == 0x50


def test_pci_find_capability_id_of_all_ones_ends_the_walk(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, 0xFF, b""), (0x70, MSI, b"")))
    assert paper.kernel.pci_find_capability(dev, MSI) == 0
    assert paper.reads() == [0x06, 0x34, 0x50]


def test_pci_find_capability_loop_ends_after_48_steps(paper):
    dev = paper.dev(paper.bus(), registers={0x06: b"\x10\x00", 0x34: b"\x50", 0x50: bytes([PM, 0x50])})
    assert paper.kernel.pci_find_capability(dev, MSI) == 0
    assert paper.reads(1) == [0x34] + [0x50, 0x51] * 47 + [0x50]


def test_pci_find_capability_gone_device_reads_as_having_none(paper):
    dev = paper.dev(paper.bus(), registers={0x00: b"\xff" * 256})
    assert paper.kernel.pci_find_capability(dev, PM) == 0
    assert paper.reads() == [0x06, 0x34, 0xFC]  # all ones: a list, at 0xff & ~3, ID 0xff


def test_pci_find_next_capability_starts_behind_the_given_one(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, MSI, b""), (0x60, PM, b""), (0x70, MSI, b"")))
    assert paper.kernel.pci_find_next_capability(dev, 0x50, MSI) == 0x70
    assert paper.reads() == [0x51, 0x60, 0x61, 0x70]
    assert paper.kernel.pci_find_next_capability(dev, 0x70, MSI) == 0


def test_pci_bus_find_capability_reads_the_header_type_without_its_multifunction_bit(paper):
    dev = paper.dev(paper.bus(2), 0x09, registers={**listed((0x50, PM, b"")), 0x0E: b"\x80"})
    assert paper.kernel.pci_bus_find_capability(dev.bus, 0x09, PM) == 0x50
    assert paper.take()[0] == ("r", "02:01.1", 0x0E, 1)


def test_pci_bus_find_capability_no_list_is_zero(paper):
    dev = paper.dev(paper.bus())
    assert paper.kernel.pci_bus_find_capability(dev.bus, 0, PM) == 0
    assert paper.reads() == [0x0E, 0x06]


def extended(*capabilities):
    """Registers with these extended capabilities, (offset, id) each: header = ID, version 1, next << 20."""
    offsets = [offset for offset, _ in capabilities[1:]] + [0]
    return {
        offset: (cap | 1 << 16 | after << 20).to_bytes(4, "little")
        for (offset, cap), after in zip(capabilities, offsets, strict=True)
    }


def test_pci_find_ext_capability_third_in_list_is_reached(paper):
    registers = extended((0x100, 1), (0x140, 3), (0x200, 0x0D))
    dev = paper.dev(paper.bus(), registers=registers, cfg_size=4096)
    assert paper.kernel.pci_find_ext_capability(dev, 0x0D) == 0x200
    assert paper.take() == [("r", "00:00.0", where, 4) for where in (0x100, 0x140, 0x200)]
    assert paper.kernel.pci_find_ext_capability(dev, 0x0E) == 0
    assert paper.reads() == [0x100, 0x140, 0x200]


def test_pci_find_ext_capability_small_config_space_makes_no_access(paper):
    dev = paper.dev(paper.bus(), registers=extended((0x100, 1)), cfg_size=256)
    assert paper.kernel.pci_find_ext_capability(dev, 1) == 0
    assert paper.take() == []


def test_pci_find_ext_capability_empty_list_is_one_read(paper):
    dev = paper.dev(paper.bus(), cfg_size=4096)
    assert paper.kernel.pci_find_ext_capability(dev, 0) == 0
    assert paper.reads() == [0x100]


def test_pci_find_next_ext_capability_skips_the_given_one(paper):
    registers = extended((0x100, 0x0B), (0x140, 1), (0x180, 0x0B))
    dev = paper.dev(paper.bus(), registers=registers, cfg_size=4096)
    assert paper.kernel.pci_find_next_ext_capability(dev, 0x100, 0x0B) == 0x180
    assert paper.kernel.pci_find_next_ext_capability(dev, 0x180, 0x0B) == 0


def test_pci_find_ext_capability_loop_ends_after_480_steps(paper):
    # (4096 - 256) / 8 = 480 headers fit
    dev = paper.dev(paper.bus(), registers=extended((0x100, 1), (0x100, 1)), cfg_size=4096)
    paper.config["00:00.0"][0x100:0x104] = (1 | 0x100 << 20).to_bytes(4, "little")
    assert paper.kernel.pci_find_ext_capability(dev, 2) == 0
    assert len(paper.reads()) == 481


def test_pci_find_ext_capability_failing_read_ends_the_search(paper):
    dev = paper.dev(paper.bus(), registers=extended((0x100, 1), (0x140, 2)), cfg_size=4096)
    paper.answer(dev, 0x140, (0x86, 0x00010002))
    assert paper.kernel.pci_find_ext_capability(dev, 2) == 0
    paper.answer(dev, 0x100, (0x86, 0x00010001))
    assert paper.kernel.pci_find_ext_capability(dev, 1) == 0
    assert paper.reads() == [0x100, 0x140, 0x100]
