# SPDX-License-Identifier: GPL-2.0-only
"""SR-IOV: found, enabled by a driver, and restored after a reset."""

from errno import EINVAL, EIO, ENODEV

import pytest
from paper import Paper, pcie

SRIOV = 0x160
CTRL, INITIAL, TOTAL, NUM, OFFSET, STRIDE, SUP, SYS, BAR = 0x08, 0x0C, 0x0E, 0x10, 0x14, 0x16, 0x1C, 0x20, 0x24
ENDPOINT, ROOT_PORT, INTEGRATED = 0, 4, 9


@pytest.fixture
def paper():
    return Paper()


def card(paper, port_type=ENDPOINT, **registers):
    """A function with eight virtual functions and page sizes of 4 KiB to 4 MiB; its VF BARs are not there."""
    values = {CTRL: 0, INITIAL: 8, TOTAL: 8, NUM: 0, OFFSET: 0x80, STRIDE: 2, SUP: 0x553} | {
        globals()[name]: value for name, value in registers.items()
    }
    config = {SRIOV + at: value.to_bytes(2, "little") for at, value in values.items()}
    chain = {0x100: b"\x01\x00\x01\x16", SRIOV: b"\x10\x00\x01\x00"}  # AER first, SR-IOV behind
    return paper.dev(paper.bus(), registers={**chain, **config}, cfg_size=4096, **pcie(2, port_type))


def of_sriov(paper):
    """Cycles of the capability but those that size its BARs, and the waits."""
    mine = []
    for op, *args in paper.take():
        if op == "msleep":
            mine.append((op, *args))
        elif op in "rw" and args[1] >= SRIOV and args[1] - SRIOV not in range(BAR, BAR + 24):
            mine.append((op, args[1] - SRIOV, *args[2:]))
    return mine


def test_pci_iov_init_notes_what_the_capability_says(paper):
    dev = card(paper)
    assert paper.kernel.pci_iov_init(dev) == 0
    assert of_sriov(paper) == [
        ("r", 0, 4),
        ("r", CTRL, 2), ("r", TOTAL, 2), ("w", CTRL, 2, 0), ("r", OFFSET, 2), ("r", STRIDE, 2),
        ("r", SUP, 4), ("w", SYS, 4, 1), ("r", 0x04, 4), ("r", 0x12, 1),
    ]  # fmt: skip
    assert (dev.is_physfn, dev.sriov.total_VFs, dev.sriov.offset, dev.sriov.stride) == (1, 8, 0x80, 2)


def test_pci_iov_init_switches_off_what_was_on_and_waits_a_second(paper):
    dev = card(paper, CTRL=9)
    paper.kernel.pci_iov_init(dev)
    assert of_sriov(paper)[1:4] == [("r", CTRL, 2), ("w", CTRL, 2, 0), ("msleep", 1000)]


@pytest.mark.parametrize(
    ("port_type", "registers", "result"),
    [
        (INTEGRATED, {}, 0),
        (ROOT_PORT, {}, -ENODEV),
        (ENDPOINT, {"OFFSET": 0}, -EIO),
        (ENDPOINT, {"STRIDE": 0}, -EIO),
        (ENDPOINT, {"STRIDE": 0, "TOTAL": 1}, 0),
        (ENDPOINT, {"SUP": 0}, -EIO),
        (ENDPOINT, {"TOTAL": 0}, 0),
    ],
)
def test_pci_iov_init_of_what_makes_no_sense(paper, port_type, registers, result):
    dev = card(paper, port_type, **registers)
    assert paper.kernel.pci_iov_init(dev) == result
    assert bool(dev.is_physfn) == (result == 0 and registers.get("TOTAL") != 0)
    if not dev.is_physfn:
        assert paper.kernel.pci_enable_sriov(dev, 1) == -ENODEV


def enabled(paper, count=4, **registers):
    dev = card(paper, **registers)
    assert paper.kernel.pci_iov_init(dev) == 0
    assert paper.kernel.pci_enable_sriov(dev, count) == 0
    paper.take()
    return dev


def test_pci_enable_sriov_writes_the_number_and_switches_on(paper):
    dev = card(paper)
    paper.kernel.pci_iov_init(dev)
    paper.take()
    assert paper.kernel.pci_enable_sriov(dev, 9) == -EINVAL
    paper.take()
    assert paper.kernel.pci_enable_sriov(dev, 4) == 0
    assert of_sriov(paper) == [
        ("r", INITIAL, 2), ("w", NUM, 2, 4), ("r", OFFSET, 2), ("r", STRIDE, 2), ("w", CTRL, 2, 9), ("msleep", 100),
    ]  # fmt: skip
    assert paper.kernel.pci_enable_sriov(dev, 1) == -EINVAL  # some are on


@pytest.mark.parametrize("point", range(9))
def test_pci_restore_iov_state_writes_all_again_after_a_reset(point):
    paper = Paper(point)
    dev = enabled(paper)
    paper.kernel.pci_save_state(dev)
    paper.config["00:00.0"][SRIOV + CTRL : SRIOV + 0x24] = bytes(0x24 - CTRL)
    paper.take()
    paper.kernel.pci_restore_state(dev)
    assert of_sriov(paper) == [
        ("r", CTRL, 2), ("w", SYS, 4, 1), ("w", NUM, 2, 4), ("w", CTRL, 2, 9), ("msleep", 100),
    ]  # fmt: skip


def test_pci_restore_iov_state_still_on_is_left_alone(paper):
    dev = enabled(paper)
    paper.kernel.pci_restore_iov_state(dev)
    assert of_sriov(paper) == [("r", CTRL, 2)]


def test_pci_restore_iov_state_none_on_needs_no_wait(paper):
    dev = card(paper)
    paper.kernel.pci_iov_init(dev)
    paper.take()
    paper.kernel.pci_restore_iov_state(dev)
    assert of_sriov(paper) == [("r", CTRL, 2), ("w", SYS, 4, 1), ("w", NUM, 2, 0), ("w", CTRL, 2, 0)]


def test_pci_restore_iov_state_of_others_is_nothing(paper):
    paper.kernel.pci_restore_iov_state(paper.dev(paper.bus()))
    assert paper.take() == []


def test_pci_iov_resource_bar_is_in_the_capability(paper):
    dev = enabled(paper)
    first = paper.kernel.PCI_IOV_RESOURCES
    bars = [paper.kernel.pci_resource_bar(dev, first + number) for number in range(6)]
    assert bars == [SRIOV + BAR + 4 * number for number in range(6)]
    assert paper.kernel.pci_iov_resource_bar(dev, first + 6) == 0
