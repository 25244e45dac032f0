# SPDX-License-Identifier: GPL-2.0-only
"""Patch 7: resets of everything in a slot and of everything on a bus; who is taken along, and in which order.

The tree, with devices in list order:

    00:00.0 bridge - 01:00.0 endpoint       in the slot
                     01:00.1 bridge         in the slot
                       - 02:00.0 endpoint
                       - 02:01.0 endpoint
                     01:01.0 endpoint       not in the slot
"""

from errno import EIO, ENOTTY

import pytest
from paper import Paper, hotplug_slot

SLOT = ["01:00.0", "01:00.1", "02:00.0", "02:01.0"]
BUS = [*SLOT, "01:01.0"]
#: Unlocked after what is below; siblings in the order of locking.
SLOT_UNLOCK = ["01:00.0", "02:00.0", "02:01.0", "01:00.1"]
BUS_UNLOCK = [*SLOT_UNLOCK, "01:01.0"]
API = {
    "pci_bus_lock", "pci_bus_unlock", "pci_slot_lock", "pci_slot_unlock",
    "pci_bus_save_and_disable", "pci_bus_restore", "pci_slot_save_and_disable", "pci_slot_restore",
    "pci_slot_reset", "pci_reset_slot", "pci_bus_reset", "pci_reset_bus",
}  # fmt: skip


def tree(result=0, probe_result=0):
    paper = Paper(7)
    root_port = paper.dev(paper.bus())
    bus = paper.bus(1, root_port)
    paper.dev(bus, 0x00)
    bridge = paper.dev(bus, 0x01, hdr_type=1)
    below = paper.bus(2, bridge)
    paper.dev(below, 0x00)
    paper.dev(below, 0x08)
    paper.dev(bus, 0x08)

    def reset_slot(hotplug, probe):
        paper.acts.append(("reset_slot", probe))
        return probe_result if probe else result

    return paper, bus, hotplug_slot(paper, bus, 0, reset_slot)


def locks(*names):
    return [act for name in names for act in (("lock", "cfg", name), ("lock", "device", name))]


def unlocks(*names):
    return [act for name in names for act in (("unlock", "device", name), ("unlock", "cfg", name))]


def saved(acts):
    """Who was disabled, in order."""
    return [act[1] for act in acts if act[0] == "w" and act[2:] == (0x04, 2, 0x0400)]


def restored(acts):
    """Whose last header dword was looked at after the reset, in order."""
    return [act[1] for act in acts if act[0] == "r" and act[2:] == (0x3C, 4)]


def test_slot_and_bus_resets_exist_from_7_on():
    before, after = Paper(6).kernel, Paper(7).kernel
    assert set(after.symbols) - set(before.symbols) == API
    assert set(after.exports) - set(before.exports) == {"pci_reset_slot", "pci_reset_bus"}


def test_pci_slot_lock_takes_the_slot_and_all_below_and_no_neighbour():
    paper, _, slot = tree()
    paper.kernel.pci_slot_lock(slot)
    assert paper.take() == locks(*SLOT)
    paper.kernel.pci_slot_unlock(slot)
    assert paper.take() == unlocks(*SLOT_UNLOCK)


def test_pci_bus_lock_takes_all_on_the_bus_and_below_but_not_its_bridge():
    paper, bus, _ = tree()
    paper.kernel.pci_bus_lock(bus)
    assert paper.take() == locks(*BUS)
    paper.kernel.pci_bus_unlock(bus)
    assert paper.take() == unlocks(*BUS_UNLOCK)


def test_pci_reset_slot_probes_saves_locks_resets_unlocks_restores():
    paper, _, slot = tree()
    assert paper.kernel.pci_reset_slot(slot) == 0
    acts = paper.take()
    get, put = ("get_module", "acme"), ("put_module", "acme")
    assert acts[:3] == [get, ("reset_slot", 1), put]
    start = acts.index(locks("01:00.0")[0])
    end = acts.index(unlocks("01:00.1")[-1]) + 1
    assert acts[start:end] == [*locks(*SLOT), get, ("reset_slot", 0), put, *unlocks(*SLOT_UNLOCK)]
    assert saved(acts[:start]) == saved(acts) == SLOT
    assert restored(acts[end:]) == SLOT


def test_pci_reset_slot_driver_error_is_returned_after_the_restore():
    paper, _, slot = tree(result=-EIO)
    assert paper.kernel.pci_reset_slot(slot) == -EIO
    acts = paper.take()
    assert restored(acts[acts.index(unlocks("01:00.1")[-1]) :]) == SLOT
    assert all(not dev.state_saved for dev in slot.bus.devices)


@pytest.mark.parametrize("rc", [-ENOTTY, -EIO])
def test_pci_reset_slot_failing_probe_touches_nothing(rc):
    paper, _, slot = tree(probe_result=rc)
    assert paper.kernel.pci_reset_slot(slot) == rc
    assert paper.take() == [("get_module", "acme"), ("reset_slot", 1), ("put_module", "acme")]


def test_pci_reset_slot_null_is_enotty():
    paper, _, _ = tree()
    assert paper.kernel.pci_reset_slot(None) == -ENOTTY
    assert paper.kernel.pci_slot_reset(None, 0) == -ENOTTY
    assert paper.take() == []


def test_pci_reset_slot_without_hotplug_driver_is_enotty():
    paper, _, slot = tree()
    slot.hotplug = None
    assert paper.kernel.pci_reset_slot(slot) == -ENOTTY
    assert paper.take() == []


def test_pci_reset_bus_saves_locks_resets_through_the_bridge_unlocks_restores():
    paper, bus, _ = tree()
    assert paper.kernel.pci_reset_bus(bus) == 0
    acts = paper.take()
    start = acts.index(locks("01:00.0")[0])
    end = acts.index(unlocks("01:01.0")[-1]) + 1
    assert acts[start:end] == [
        *locks(*BUS),
        ("r", "00:00.0", 0x3E, 2),
        ("w", "00:00.0", 0x3E, 2, 0x0040),
        ("msleep", 100),
        ("w", "00:00.0", 0x3E, 2, 0x0000),
        ("msleep", 100),
        *unlocks(*BUS_UNLOCK),
    ]
    assert saved(acts[:start]) == saved(acts) == BUS
    assert restored(acts[end:]) == BUS
    assert not any(act[0] == "reset_slot" for act in acts)  # the slot is not asked, and not warned


def test_pci_reset_bus_root_bus_is_enotty():
    paper, bus, _ = tree()
    assert paper.kernel.pci_reset_bus(bus.parent) == -ENOTTY
    assert paper.kernel.pci_bus_reset(bus.parent, 0) == -ENOTTY
    assert paper.take() == []


def test_pci_bus_reset_probe_touches_nothing():
    paper, bus, _ = tree()
    assert paper.kernel.pci_bus_reset(bus, 1) == 0
    assert paper.take() == []


def test_pci_slot_reset_probe_in_an_interrupt_warns():
    paper, _, slot = tree()
    with paper.system.sched.interrupting("irq 00:1c.0"):
        assert paper.kernel.pci_slot_reset(slot, 1) == 0
    assert paper.said == [("warning", "WARNING: may sleep here, and must not: irq 00:1c.0")]


def test_pci_slot_walks_skip_devices_of_another_slot_and_of_none():
    paper, bus, slot = tree()
    other = hotplug_slot(paper, bus, 1, lambda hotplug, probe: 0)  # 01:01.0 is in it
    stray = paper.dev(bus, 0x10)
    paper.kernel.pci_slot_lock(other)
    assert paper.take() == locks("01:01.0")
    paper.kernel.pci_slot_unlock(other)
    assert paper.take() == unlocks("01:01.0")
    paper.kernel.pci_slot_save_and_disable(other)
    assert saved(paper.take()) == ["01:01.0"]
    paper.kernel.pci_slot_save_and_disable(slot)
    assert saved(paper.take()) == SLOT
    paper.kernel.pci_dev_save_and_disable(stray)
    paper.take()
    paper.kernel.pci_slot_restore(other)
    assert restored(paper.take()) == ["01:01.0"]
    paper.kernel.pci_slot_restore(slot)
    assert restored(paper.take()) == SLOT
    assert stray.state_saved
