# SPDX-License-Identifier: GPL-2.0-only
"""Patch 1 gives the bus reset a name; what happens on the bus stays as it was."""

import pytest
from paper import Paper

PULSE = [
    ("r", "00:00.0", 0x3E, 2),
    ("w", "00:00.0", 0x3E, 2, 0x0043),  # Secondary Bus Reset is bit 6 of Bridge Control
    ("msleep", 100),
    ("w", "00:00.0", 0x3E, 2, 0x0003),
    ("msleep", 100),
]


def bridge_and_device(point):
    paper = Paper(point)
    bridge = paper.dev(paper.bus(), registers={0x3E: b"\x03\x00"})
    return paper, bridge, paper.dev(paper.bus(1, bridge))


@pytest.mark.parametrize("point", [0, 1, 8])
def test_pci_parent_bus_reset_is_the_same_before_and_after(point):
    paper, _, dev = bridge_and_device(point)
    assert paper.kernel.pci_parent_bus_reset(dev, 0) == 0
    assert paper.take() == PULSE


def test_pci_reset_bridge_secondary_bus_exists_and_is_exported_from_1_on():
    before, after = Paper(0).kernel, Paper(1).kernel
    assert not hasattr(before, "pci_reset_bridge_secondary_bus")
    assert set(after.exports) - set(before.exports) == {"pci_reset_bridge_secondary_bus"}


def test_pci_reset_bridge_secondary_bus_is_what_the_parent_bus_reset_calls():
    paper, _, dev = bridge_and_device(1)
    called = []
    vars(paper.kernel)["pci_reset_bridge_secondary_bus"] = called.append
    assert paper.kernel.pci_parent_bus_reset(dev, 0) == 0
    assert (called, paper.take()) == ([dev.bus.self], [])


def test_pci_reset_bridge_secondary_bus_takes_no_lock_and_returns_nothing():
    paper, bridge, _ = bridge_and_device(1)
    assert paper.kernel.pci_reset_bridge_secondary_bus(bridge) is None
    assert paper.take() == PULSE


def test_pci_reset_bridge_secondary_bus_does_not_ask_for_a_bridge():
    # offset 0x3e of an endpoint is Min_Gnt and Max_Lat; nobody checks
    paper, _, dev = bridge_and_device(1)
    paper.kernel.pci_reset_bridge_secondary_bus(dev)
    assert paper.writes() == [(0x3E, 2, 0x0040), (0x3E, 2, 0x0000)]
