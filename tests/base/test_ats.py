# SPDX-License-Identifier: GPL-2.0-only
"""Address translation services: enabled by who drives the IOMMU, and restored after a reset."""

from errno import EINVAL, ENODEV

import pytest
from paper import Paper, pcie

from kernel_port.kernel.sched import Oops

ATS = {0x100: b"\x0f\x00\x01\x00", 0x104: b"\x05\x00"}
CTRL = 0x106


@pytest.fixture
def paper():
    return Paper()


def card(paper, registers=ATS):
    return paper.dev(paper.bus(), registers=registers, cfg_size=4096, **pcie(2, 0))


@pytest.mark.parametrize(("shift", "written"), [(12, 0x8000), (21, 0x8009)])
def test_pci_enable_ats_writes_the_page_size(paper, shift, written):
    dev = card(paper)
    assert paper.kernel.pci_enable_ats(dev, shift) == 0
    assert paper.take()[-1] == ("w", "00:00.0", CTRL, 2, written)
    assert (dev.ats.stu, dev.ats.qdep) == (shift, 5)


def test_pci_enable_ats_that_cannot_be(paper):
    assert paper.kernel.pci_enable_ats(card(paper), 11) == -EINVAL
    assert paper.kernel.pci_enable_ats(card(paper, {}), 12) == -ENODEV
    dev = card(paper)
    paper.kernel.pci_enable_ats(dev, 12)
    with pytest.raises(Oops, match="enabled already"):
        paper.kernel.pci_enable_ats(dev, 12)


@pytest.mark.parametrize("point", range(9))
def test_pci_restore_ats_state_comes_between_pci_express_and_the_header(point):
    paper = Paper(point)
    dev = card(paper)
    paper.kernel.pci_enable_ats(dev, 21)
    paper.kernel.pci_save_state(dev)
    paper.config["00:00.0"][CTRL : CTRL + 2] = b"\x00\x00"
    paper.take()
    paper.kernel.pci_restore_state(dev)
    acts = [act for act in paper.take() if act[0] in "rw"]
    assert acts[:3] == [("r", "00:00.0", 0x100, 4), ("w", "00:00.0", CTRL, 2, 0x8009), ("r", "00:00.0", 0x3C, 4)]


def test_pci_restore_ats_state_not_enabled_is_nothing(paper):
    dev = card(paper)
    paper.kernel.pci_restore_ats_state(dev)
    assert paper.take() == []


def test_pci_restore_ats_state_of_a_device_that_is_gone_is_a_bug(paper):
    dev = card(paper)
    paper.kernel.pci_enable_ats(dev, 12)
    paper.config["00:00.0"][:] = b"\xff" * 4096
    with pytest.raises(Oops, match="lost its ATS capability"):
        paper.kernel.pci_restore_ats_state(dev)
