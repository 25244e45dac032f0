# SPDX-License-Identifier: GPL-2.0-only
"""Saving and restoring config space: what is read and written, in which order, how often."""

from errno import EINVAL, ENOMEM

import pytest
from paper import Paper, listed, pcie

EXP, PCIX = 0x10, 0x07
HEADER = list(range(0, 0x40, 4))


@pytest.fixture
def paper():
    return Paper()


def saved(paper, **fields):
    """A conventional device whose header, dword i = 0x01010101 * i, is saved."""
    registers = {4 * i: bytes([i] * 4) for i in range(16)}
    dev = paper.dev(paper.bus(), registers=registers, **fields)
    paper.kernel.pci_save_state(dev)
    paper.take()
    return dev


def corrupt(paper, *offsets):
    for offset in offsets:
        paper.config["00:00.0"][offset : offset + 4] = b"\xee\xee\xee\xee"


def test_pci_save_state_reads_header_then_pcie_then_pcix(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x40, EXP, b""), (0x80, PCIX, b"\x22\x11")), **pcie(2, 0))
    paper.config["00:00.0"][0x48:0x4A] = b"\x10\x28"
    paper.kernel.pci_allocate_cap_save_buffers(dev)
    paper.take()
    assert paper.kernel.pci_save_state(dev) == 0
    accesses = [act[2:] for act in paper.take()]
    header = [(where, 4) for where in HEADER]
    # DEVCTL, LNKCTL, SLTCTL, RTCTL, DEVCTL2, LNKCTL2; no SLTCTL2
    words = [(0x40 + pos, 2) for pos in (0x08, 0x10, 0x18, 0x1C, 0x28, 0x30)]
    walk = [(0x06, 2), (0x34, 1), (0x40, 1), (0x41, 1), (0x80, 1)]
    assert accesses == [*header, *words, *walk, (0x82, 2)]
    assert dev.state_saved
    assert dev.saved_config_space[1] == 0x00100000
    # the buffer made last is first
    assert [(cap.cap_nr, cap.size, cap.data) for cap in dev.saved_cap_space] == [
        (PCIX, 2, [0x1122]),
        (EXP, 14, [0x2810, 0, 0, 0, 0, 0, 0]),
    ]


def test_pci_save_state_walks_for_pcix_on_every_device(paper):
    dev = paper.dev(paper.bus())
    assert paper.kernel.pci_save_state(dev) == 0
    assert paper.reads() == [*HEADER, 0x06]


def test_pci_save_state_missing_pcie_buffer_is_enomem_but_saved(paper):
    dev = paper.dev(paper.bus(), **pcie(2, 0))
    assert paper.kernel.pci_save_state(dev) == -ENOMEM
    assert (paper.reads(), dev.state_saved) == (HEADER, True)
    assert paper.told() == [("err", [])]


def test_pci_save_state_missing_pcix_buffer_is_enomem_but_saved(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x80, PCIX, b"\x22\x11")))
    assert paper.kernel.pci_save_state(dev) == -ENOMEM
    assert (paper.reads(), dev.state_saved) == ([*HEADER, 0x06, 0x34, 0x80], True)
    assert paper.told() == [("err", [])]


def test_pci_restore_state_without_saved_state_makes_no_access(paper):
    dev = saved(paper)
    dev.state_saved = False
    corrupt(paper, 0x10)
    paper.kernel.pci_restore_state(dev)
    assert paper.take() == []


def test_pci_restore_state_happens_once(paper):
    dev = saved(paper)
    paper.kernel.pci_restore_state(dev)
    assert not dev.state_saved
    paper.take()
    paper.kernel.pci_restore_state(dev)
    assert paper.take() == []


def test_pci_restore_state_unchanged_header_is_only_read(paper):
    dev = saved(paper)
    paper.kernel.pci_restore_state(dev)
    acts = paper.take()
    # dwords 15..10, 9..4, 3..0, then the walk for PCI-X
    assert acts == [("r", "00:00.0", where, 4) for where in HEADER[::-1]] + [("r", "00:00.0", 0x06, 2)]


def test_pci_restore_state_type_0_reads_back_dwords_4_to_9_only(paper):
    dev = saved(paper)
    corrupt(paper, 0x04, 0x0C, 0x10, 0x24, 0x28, 0x3C)
    paper.kernel.pci_restore_state(dev)
    acts = [act[2:] for act in paper.take() if act[3] == 4]
    assert acts == [
        (0x3C, 4), (0x3C, 4, 0x0F0F0F0F), (0x38, 4), (0x34, 4), (0x30, 4), (0x2C, 4),
        (0x28, 4), (0x28, 4, 0x0A0A0A0A),
        (0x24, 4), (0x24, 4, 0x09090909), (0x24, 4), (0x20, 4), (0x1C, 4), (0x18, 4), (0x14, 4),
        (0x10, 4), (0x10, 4, 0x04040404), (0x10, 4),
        (0x0C, 4), (0x0C, 4, 0x03030303), (0x08, 4), (0x04, 4), (0x04, 4, 0x01010101), (0x00, 4),
    ]  # fmt: skip


def test_pci_restore_state_type_1_reads_nothing_back(paper):
    dev = saved(paper, hdr_type=1)
    corrupt(paper, 0x10, 0x18)
    paper.kernel.pci_restore_state(dev)
    acts = [act[2:] for act in paper.take() if act[3] == 4]
    expected = [(where, 4) for where in HEADER[::-1]]
    expected.insert(expected.index((0x18, 4)) + 1, (0x18, 4, 0x06060606))
    expected.insert(expected.index((0x10, 4)) + 1, (0x10, 4, 0x04040404))
    assert acts == expected


def test_pci_restore_config_dword_stubborn_register_gets_eleven_writes(paper):
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x10, *[0xFFFFFFFF] * 20)
    paper.kernel.pci_restore_config_dword(dev, 0x10, 0xFEB00000, 10)
    ops = [act[0] for act in paper.take()]
    assert ops == ["r"] + ["w", "r", "mdelay"] * 10 + ["w"]


def test_pci_restore_config_dword_third_write_takes(paper):
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x10, 1, 2, 3, 0xFEB00000)
    paper.kernel.pci_restore_config_dword(dev, 0x10, 0xFEB00000, 10)
    read, write = ("r", "00:00.0", 0x10, 4), ("w", "00:00.0", 0x10, 4, 0xFEB00000)
    assert paper.take() == [read, write, read, ("mdelay", 1), write, read, ("mdelay", 1), write, read]


def test_pci_restore_config_dword_retry_0_writes_once(paper):
    dev = paper.dev(paper.bus())
    paper.answer(dev, 0x10, *[0xFFFFFFFF] * 20)
    paper.kernel.pci_restore_config_dword(dev, 0x10, 0xFEB00000, 0)
    assert [act[0] for act in paper.take()] == ["r", "w"]


def test_pci_restore_state_writes_pcie_words_first_and_pcix_last(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x40, EXP, b""), (0x80, PCIX, b"\x22\x11")), **pcie(1, 0))
    paper.kernel.pci_allocate_cap_save_buffers(dev)
    paper.config["00:00.0"][0x48:0x4A] = b"\x10\x28"
    paper.kernel.pci_save_state(dev)
    paper.take()
    paper.kernel.pci_restore_state(dev)
    # a version 1 endpoint has DEVCTL and LNKCTL of the seven
    assert paper.writes() == [(0x48, 2, 0x2810), (0x50, 2, 0), (0x82, 2, 0x1122)]


def test_pci_restore_pcie_state_each_word_goes_back_where_it_came_from(paper):
    words = {0x08: 0x1108, 0x10: 0x1110, 0x18: 0x1118, 0x1C: 0x111C, 0x28: 0x1128, 0x30: 0x1130}
    registers = {0x40 + pos: word.to_bytes(2, "little") for pos, word in words.items()}
    dev = paper.dev(paper.bus(), registers=registers, **pcie(2, 4))
    dev.saved_cap_space.append(paper.kernel.pci_cap_saved_data(EXP, 14, [0xDEAD] * 7))
    assert paper.kernel.pci_save_pcie_state(dev) == 0
    assert dev.saved_cap_space[0].data == [*words.values(), 0]  # nobody has SLTCTL2
    paper.take()
    paper.kernel.pci_restore_pcie_state(dev)
    assert paper.writes() == [(0x40 + pos, 2, word) for pos, word in words.items()]


def test_pci_restore_pcix_state_without_buffer_walks_all_the_same(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x80, PCIX, b"\x22\x11")))
    paper.kernel.pci_restore_pcix_state(dev)
    assert [act[0] for act in paper.acts] == ["r"] * 3
    assert paper.reads() == [0x06, 0x34, 0x80]


def test_pci_restore_pcix_state_capability_gone_writes_nothing(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x80, PCIX, b"\x22\x11")))
    paper.kernel.pci_allocate_cap_save_buffers(dev)
    paper.config["00:00.0"][0x06] = 0
    paper.kernel.pci_restore_pcix_state(dev)
    assert paper.writes() == []


def test_pci_allocate_cap_save_buffers_absent_capabilities_get_none(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, 0x01, b"")))
    assert paper.kernel.pci_add_cap_save_buffer(dev, 0x01, 2) == 0
    assert dev.saved_cap_space.pop().data == [0]
    paper.take()
    paper.kernel.pci_allocate_cap_save_buffers(dev)
    assert dev.saved_cap_space == []
    assert paper.kernel.pci_add_cap_save_buffer(dev, PCIX, 2) == 0
    assert paper.reads() == [0x06, 0x34, 0x50, 0x51] * 3


# -- the opaque copy -------------------------------------------------------------------------------------------------


def with_buffer(paper, size=2, word=0):
    dev = saved(paper)
    dev.saved_cap_space.append(paper.kernel.pci_cap_saved_data(PCIX, size, [word]))
    return dev


def test_pci_store_saved_state_nothing_saved_is_null(paper):
    dev = saved(paper)
    dev.state_saved = False
    assert paper.kernel.pci_store_saved_state(dev) is None


def test_pci_load_saved_state_brings_the_copy_back(paper):
    dev = with_buffer(paper, word=0x1122)
    state = paper.kernel.pci_store_saved_state(dev)
    dev.saved_config_space[:] = [0] * 16
    dev.saved_cap_space[0].data[0] = 0
    dev.state_saved = False
    assert paper.kernel.pci_load_saved_state(dev, state) == 0
    assert dev.saved_config_space == [0x01010101 * i for i in range(16)]
    assert (dev.saved_cap_space[0].data, dev.state_saved) == ([0x1122], True)
    # the copy is a copy: what happens to the device does not reach it, nor the other way round
    dev.saved_config_space[4] = dev.saved_cap_space[0].data[0] = 7
    assert (state.config_space[4], state.cap[0].data) == (0x04040404, [0x1122])
    assert paper.take() == []


def test_pci_load_saved_state_null_clears_what_is_saved(paper):
    dev = saved(paper)
    assert paper.kernel.pci_load_saved_state(dev, None) == 0
    assert not dev.state_saved


@pytest.mark.parametrize("kind", ["no such buffer", "other size"])
def test_pci_load_saved_state_of_another_kind_is_einval_and_nothing_saved(paper, kind):
    state = paper.kernel.pci_store_saved_state(with_buffer(paper))
    dev = saved(paper) if kind == "no such buffer" else with_buffer(paper, size=14)
    assert paper.kernel.pci_load_saved_state(dev, state) == -EINVAL
    assert not dev.state_saved


def test_pci_load_and_free_saved_state_leaves_null(paper):
    dev = saved(paper)
    state = [paper.kernel.pci_store_saved_state(dev)]
    assert paper.kernel.pci_load_and_free_saved_state(dev, state) == 0
    assert (state, dev.state_saved) == ([None], True)
    assert paper.kernel.pci_load_and_free_saved_state(dev, state) == 0
    assert not dev.state_saved
