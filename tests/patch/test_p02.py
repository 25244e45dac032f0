# SPDX-License-Identifier: GPL-2.0-only
"""Patch 2: hotplug_slot_ops.reset_slot(). Oracle: facts/kernel.md section 11."""

import pytest
from paper import Paper
from slotted import NCCS, Slotted

MEMBERS = (
    "owner", "mod_name", "enable_slot", "disable_slot", "set_attention_status", "hardware_test", "get_power_status",
    "get_attention_status", "get_latch_status", "get_adapter_status",
)  # fmt: skip


def members(kernel):
    return tuple(kernel.hotplug_slot_ops.__dataclass_fields__)


def test_hotplug_slot_ops_at_1_has_no_reset_slot():
    kernel = Paper(1).kernel
    assert members(kernel) == MEMBERS
    with pytest.raises(AttributeError):
        kernel.hotplug_slot_ops().reset_slot = None


def test_hotplug_slot_ops_at_2_ends_with_reset_slot():
    kernel = Paper(2).kernel
    assert members(kernel) == (*MEMBERS, "reset_slot")
    assert kernel.hotplug_slot_ops().reset_slot is None


@pytest.mark.parametrize("point", [2, 3])
def test_init_slot_at_2_makes_the_new_table_and_offers_no_reset(point):
    slotted = Slotted(point, slot_cap=NCCS)
    ops = slotted.controller().slot.hotplug_slot.ops
    assert ops.reset_slot is None
    assert ops.enable_slot is slotted.kernel.enable_slot
