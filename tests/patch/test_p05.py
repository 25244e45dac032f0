# SPDX-License-Identifier: GPL-2.0-only
"""Patch 5: a function alone in its slot is reset through the slot, before the bus is tried."""

from errno import EIO, ENOTTY

import pytest
from paper import Paper, hotplug_slot

GET, PUT = ("get_module", "acme"), ("put_module", "acme")
PULSE = [(0x3E, 2, 0x0040), (0x3E, 2, 0x0000)]


def card(point, result=0):
    """A device alone in a slot whose driver answers *result*; calls of the driver are in `calls`."""
    paper = Paper(point)
    dev = paper.dev(paper.bus(1, paper.dev(paper.bus())))
    calls = []

    def reset_slot(slot, probe):
        calls.append(probe)
        return result

    hotplug_slot(paper, dev.bus, 0, reset_slot)
    return paper, dev, calls


def chain(paper, dev, probe):
    return vars(paper.kernel)["__pci_dev_reset"](dev, probe)


def test_pci_dev_reset_at_4_goes_through_the_bus():
    paper, dev, calls = card(4)
    assert (chain(paper, dev, 1), chain(paper, dev, 0), calls) == (0, 0, [])
    assert paper.writes() == PULSE


def test_pci_dev_reset_at_5_goes_through_the_slot():
    paper, dev, calls = card(5)
    assert (chain(paper, dev, 1), chain(paper, dev, 0), calls) == (0, 0, [1, 0])
    acts = [act for act in paper.take() if act[0] != "r"]
    assert acts == [GET, PUT, GET, PUT]  # the module is held for a probe too, and the bus is left alone


def test_pci_dev_reset_driver_error_ends_the_chain():
    paper, dev, calls = card(5, -EIO)
    assert chain(paper, dev, 0) == -EIO
    assert (calls, paper.writes()) == ([0], [])


def test_pci_dev_reset_driver_without_a_way_falls_through_to_the_bus():
    paper, dev, calls = card(5, -ENOTTY)
    assert chain(paper, dev, 0) == 0
    assert (calls, paper.writes()) == ([0], PULSE)


def test_pci_dev_reset_module_going_away_falls_through_to_the_bus():
    paper, dev, calls = card(5)
    dev.slot.hotplug.ops.owner.going = True
    assert chain(paper, dev, 0) == 0
    assert calls == []
    assert ("get_module_failed", "acme") in paper.acts
    assert paper.writes() == PULSE


def test_pci_dev_reset_earlier_way_comes_before_the_slot():
    paper, dev, calls = card(5)
    dev.pm_cap = 0x50
    assert chain(paper, dev, 0) == 0
    assert (calls, paper.writes()) == ([], [(0x54, 2, 3), (0x54, 2, 0)])


def test_pci_dev_reset_slot_function_no_slot_is_enotty():
    paper, dev, calls = card(5)
    dev.slot = None
    assert paper.kernel.pci_dev_reset_slot_function(dev, 0) == -ENOTTY
    assert (calls, paper.take()) == ([], [])


def test_pci_dev_reset_slot_function_slot_without_driver_is_enotty():
    paper, dev, _ = card(5)
    dev.slot.hotplug = None
    assert paper.kernel.pci_dev_reset_slot_function(dev, 0) == -ENOTTY
    assert paper.take() == []


def test_pci_dev_reset_slot_function_bridge_is_enotty():
    paper, dev, calls = card(5)
    paper.bus(2, dev)
    assert paper.kernel.pci_dev_reset_slot_function(dev, 0) == -ENOTTY
    assert calls == []


@pytest.mark.parametrize(("devfn", "in_slot", "rc"), [(0x01, True, -ENOTTY), (0x08, False, 0)])
def test_pci_dev_reset_slot_function_counts_functions_of_the_slot_only(devfn, in_slot, rc):
    paper, dev, calls = card(5)
    other = paper.dev(dev.bus, devfn)
    other.slot = dev.slot if in_slot else None
    assert paper.kernel.pci_dev_reset_slot_function(dev, 1) == rc
    assert calls == ([] if in_slot else [1])
    # the bus is shared either way
    assert paper.kernel.pci_parent_bus_reset(dev, 1) == -ENOTTY


def test_pci_dev_reset_slot_function_exists_from_5_on():
    assert not hasattr(Paper(4).kernel, "pci_dev_reset_slot_function")
    assert "pci_dev_reset_slot_function" in Paper(5).kernel.symbols


def test_pci_reset_function_reaches_the_slot_from_5_on():
    # the caller is not patched until 6: an old caller must find the new callee
    for point, expected in ((4, []), (5, [1, 0])):
        paper, dev, calls = card(point)
        assert paper.kernel.pci_reset_function(dev) == 0
        assert calls == expected
