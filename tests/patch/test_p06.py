# SPDX-License-Identifier: GPL-2.0-only
"""Patch 6 cuts four functions out of two; nothing else changes."""

import pytest
from paper import Paper, hotplug_slot

HELPERS = {"pci_dev_lock", "pci_dev_unlock", "pci_dev_save_and_disable", "pci_dev_restore"}


def trace(point, call):
    """What *call* does to a device alone in a slot behind a bridge."""
    paper = Paper(point)
    bridge = paper.dev(paper.bus())
    dev = paper.dev(paper.bus(1, bridge), registers={0x04: b"\x07\x01"})
    hotplug_slot(paper, dev.bus, 0, lambda slot, probe: 0)
    return call(paper.kernel, dev), paper.take()


@pytest.mark.parametrize(
    "call",
    [
        lambda kernel, dev: kernel.pci_reset_function(dev),
        lambda kernel, dev: kernel.pci_probe_reset_function(dev),
        lambda kernel, dev: kernel.pci_dev_reset(dev, 0),
        lambda kernel, dev: kernel.pci_dev_reset(dev, 1),
        lambda kernel, dev: vars(kernel)["__pci_reset_function"](dev),
    ],
)
def test_function_reset_does_the_same_at_5_and_6(call):
    before, after = trace(5, call), trace(6, call)
    assert before == after
    assert before[1]


def test_helpers_exist_from_6_on_and_are_not_exported():
    before, after = Paper(5).kernel, Paper(6).kernel
    assert set(after.symbols) - set(before.symbols) == HELPERS
    assert before.exports == after.exports


def test_pci_dev_lock_takes_config_access_first_and_unlock_drops_it_last():
    paper = Paper(6)
    dev = paper.dev(paper.bus())
    paper.kernel.pci_dev_lock(dev)
    paper.kernel.pci_dev_unlock(dev)
    assert paper.take() == [
        ("lock", "cfg", "00:00.0"),
        ("lock", "device", "00:00.0"),
        ("unlock", "device", "00:00.0"),
        ("unlock", "cfg", "00:00.0"),
    ]


def test_pci_dev_save_and_disable_leaves_intx_disable_alone():
    paper = Paper(6)
    dev = paper.dev(paper.bus(), registers={0x04: b"\x47\x01"})
    paper.kernel.pci_dev_save_and_disable(dev)
    acts = paper.take()
    assert acts[-1] == ("w", "00:00.0", 0x04, 2, 0x0400)  # Interrupt Disable is bit 10; not read before
    assert dev.saved_config_space[1] == 0x00000147
    paper.kernel.pci_dev_restore(dev)
    assert paper.writes() == [(0x04, 4, 0x00000147)]
    assert not dev.state_saved


def test_pci_dev_save_and_disable_failed_save_is_disabled_all_the_same():
    paper = Paper(6)
    dev = paper.dev(paper.bus(), pcie_cap=0x40, pcie_flags_reg=2)  # no buffer: -ENOMEM
    assert paper.kernel.pci_dev_save_and_disable(dev) is None
    assert paper.writes() == [(0x04, 2, 0x0400)]
