# SPDX-License-Identifier: GPL-2.0-only
"""Patch 3: pci_hp_reset_slot(). Oracle: facts/kernel.md section 5, pci_reset_hotplug_slot."""

from errno import EIO, ENOTTY

import pytest
from paper import Paper

HELD = [("get_module", "testhp"), ("put_module", "testhp")]


@pytest.fixture
def paper():
    return Paper(3)


def hotplug(paper, going=False, **ops):
    owner = paper.kernel.module("testhp", going=going)
    return paper.kernel.hotplug_slot(ops=paper.kernel.hotplug_slot_ops(owner=owner, **ops))


def test_pci_hp_reset_slot_at_2_does_not_exist():
    assert not hasattr(Paper(2).kernel, "pci_hp_reset_slot")


def test_pci_hp_reset_slot_at_3_is_exported(paper):
    assert "pci_hp_reset_slot" in paper.kernel.exports


def test_pci_hp_reset_slot_without_hotplug_driver_is_enotty(paper):
    assert paper.kernel.pci_hp_reset_slot(None, 0) == -ENOTTY
    assert paper.take() == []


def test_pci_hp_reset_slot_module_going_away_is_enotty(paper):
    calls = []
    slot = hotplug(paper, going=True, reset_slot=lambda *args: calls.append(args))
    assert paper.kernel.pci_hp_reset_slot(slot, 0) == -ENOTTY
    assert (paper.take(), calls) == ([("get_module_failed", "testhp")], [])


def test_pci_hp_reset_slot_without_operation_is_enotty(paper):
    assert paper.kernel.pci_hp_reset_slot(hotplug(paper), 0) == -ENOTTY
    assert paper.take() == HELD


@pytest.mark.parametrize("probe", [0, 1])
@pytest.mark.parametrize("result", [0, -EIO])
def test_pci_hp_reset_slot_gives_the_drivers_answer(paper, probe, result):
    calls = []
    slot = hotplug(paper, reset_slot=lambda *args: calls.append((args, len(paper.acts))) or result)
    assert paper.kernel.pci_hp_reset_slot(slot, probe) == result
    assert calls == [((slot, probe), 1)]  # after the module is taken
    assert paper.take() == HELD


def test_pci_hp_reset_slot_of_built_in_driver_holds_nothing(paper):
    ops = paper.kernel.hotplug_slot_ops(reset_slot=lambda *args: 0)
    assert paper.kernel.pci_hp_reset_slot(paper.kernel.hotplug_slot(ops=ops), 0) == 0
    assert paper.take() == []
