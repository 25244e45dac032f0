# SPDX-License-Identifier: GPL-2.0-only
"""Patch 8: a device is brought to D0 before its config space is saved."""

import pytest
from paper import Paper

PMCSR = 0x54
READ, WAKE = ("r", "00:00.0", PMCSR, 2), ("w", "00:00.0", PMCSR, 2, 0x0000)
SAVE = [("r", "00:00.0", where, 4) for where in range(0, 0x40, 4)] + [("r", "00:00.0", 0x06, 2)]
DISABLE = ("w", "00:00.0", 0x04, 2, 0x0400)


def device(point, state, pmcsr):
    paper = Paper(point)
    dev = paper.dev(paper.bus(), registers={PMCSR: pmcsr}, pm_cap=0x50, d3_delay=10, current_state=state)
    return paper, dev


def test_pci_dev_save_and_disable_sleeping_device_is_saved_asleep_at_7():
    paper, dev = device(7, 3, b"\x0b\x00")
    paper.kernel.pci_dev_save_and_disable(dev)
    assert paper.take() == [*SAVE, DISABLE]
    assert dev.current_state == 3


def test_pci_dev_save_and_disable_sleeping_device_is_woken_first_at_8():
    paper, dev = device(8, 3, b"\x0b\x00")
    paper.kernel.pci_dev_save_and_disable(dev)
    assert paper.take() == [READ, WAKE, ("msleep", 10), READ, *SAVE, DISABLE]
    assert dev.current_state == 0


@pytest.mark.parametrize("point", [7, 8])
def test_pci_dev_save_and_disable_device_in_d0_is_the_same_at_7_and_8(point):
    paper, dev = device(point, 0, b"\x08\x00")
    paper.kernel.pci_dev_save_and_disable(dev)
    assert paper.take() == [*SAVE, DISABLE]


def test_pci_dev_save_and_disable_failed_wake_up_is_ignored():
    paper, dev = device(8, 3, b"\x0b\x00")
    paper.answer(dev, PMCSR, 0x000B, 0x000B)
    paper.kernel.pci_dev_save_and_disable(dev)
    assert paper.take()[-18:] == [*SAVE, DISABLE]
    assert dev.current_state == 3


@pytest.mark.parametrize(("point", "rc"), [(7, -22), (8, 0)])
def test_pci_reset_function_probe_says_yes_to_a_sleeping_device_and_at_8_it_is_true(point, rc):
    # No_Soft_Reset clear, and the PM reset is the only way: it needs D0
    paper, dev = device(point, 3, b"\x03\x00")
    assert paper.kernel.pci_probe_reset_function(dev) == 0
    assert paper.kernel.pci_reset_function(dev) == rc


def test_pci_reset_bus_bridge_is_woken_before_what_is_below_is_saved_at_8():
    paper, bridge = device(8, 0, b"\x00\x00")
    switch = paper.dev(paper.bus(1, bridge), registers={PMCSR: b"\x0b\x00"}, pm_cap=0x50, current_state=3, hdr_type=1)
    paper.dev(paper.bus(2, switch))
    assert paper.kernel.pci_reset_bus(switch.bus) == 0
    acts = paper.take()
    assert acts.index(("w", "01:00.0", PMCSR, 2, 0x0000)) < acts.index(("r", "02:00.0", 0x00, 4))
    assert switch.current_state == 0


def test_patch_8_changes_one_function_and_adds_none():
    before, after = Paper(7).kernel.symbols, Paper(8).kernel.symbols
    changed = {symbol: file for symbol, file in after.items() if before.get(symbol) != file}
    assert changed == {"pci_dev_save_and_disable": "patch.p08_wake_up_devices_before_save_for_reset"}
