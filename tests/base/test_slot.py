# SPDX-License-Identifier: GPL-2.0-only
"""Physical slots. Oracle: facts/kernel.md section 12 (drivers/pci/slot.c of v3.11), worked out by hand."""

from errno import EBUSY, EIO

import pytest
from paper import Paper


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def bus(paper):
    return paper.bus(1)


def test_pci_create_slot_new_takes_its_devices(paper, bus):
    first, second, other = paper.dev(bus, 0x10), paper.dev(bus, 0x11), paper.dev(bus, 0x18)
    slot = paper.kernel.pci_create_slot(bus, 2, "4", None)
    assert (slot.bus, slot.number, slot.kobj_name, slot.hotplug, slot.refcount) == (bus, 2, "4", None, 1)
    assert (first.slot, second.slot, other.slot) == (slot, slot, None)
    assert paper.take() == [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]


def test_pci_create_slot_newest_is_first_on_its_bus(paper, bus):
    a, b = (paper.kernel.pci_create_slot(bus, number, str(number), None) for number in (1, 2))
    assert bus.slots == [b, a]


def test_pci_create_slot_same_name_gets_a_suffix(paper, bus):
    names = [paper.kernel.pci_create_slot(bus, number, "3", None).kobj_name for number in range(12)]
    assert names == ["3", *(f"3-{n}" for n in range(1, 12))]


def test_pci_create_slot_existing_is_counted_and_keeps_its_name(paper, bus):
    slot = paper.kernel.pci_create_slot(bus, 2, "4", None)
    assert paper.kernel.pci_create_slot(bus, 2, "9", None) is slot
    assert (slot.refcount, slot.kobj_name, bus.slots) == (2, "4", [slot])


@pytest.mark.parametrize(("wish", "name"), [("8", "8"), ("4", "4"), ("5", "5-1")])
def test_pci_create_slot_hotplug_driver_renames_unclaimed(paper, bus, wish, name):
    kernel = paper.kernel
    slot = kernel.pci_create_slot(bus, 2, "4", None)
    other = kernel.pci_create_slot(bus, 3, "5", None)
    assert kernel.pci_create_slot(bus, 2, wish, kernel.hotplug_slot()) is slot
    assert (slot.kobj_name, slot.refcount) == (name, 2)
    assert kernel.pci_slots_kset == {name: slot, "5": other}


def test_pci_create_slot_claimed_is_ebusy(paper, bus):
    kernel = paper.kernel
    slot = kernel.pci_create_slot(bus, 2, "4", None)
    slot.hotplug = kernel.hotplug_slot()
    paper.take()
    assert kernel.pci_create_slot(bus, 2, "8", kernel.hotplug_slot()) == -EBUSY
    assert (slot.refcount, slot.kobj_name) == (1, "4")
    assert paper.take() == [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]


def test_pci_create_slot_placeholder_is_never_shared(paper, bus):
    dev = paper.dev(bus, 0xF8)
    a, b = (paper.kernel.pci_create_slot(bus, -1, "rack", None) for _ in range(2))
    assert (a.number, b.number) == (255, 255)  # unsigned char
    assert (a.kobj_name, b.kobj_name, dev.slot) == ("rack", "rack-1", None)


def test_pci_destroy_slot_last_reference_releases(paper, bus):
    kernel = paper.kernel
    mine, other = paper.dev(bus, 0x10), paper.dev(bus, 0x18)
    slot, neighbour = kernel.pci_create_slot(bus, 2, "4", None), kernel.pci_create_slot(bus, 3, "5", None)
    kernel.pci_create_slot(bus, 2, "4", None)
    kernel.pci_destroy_slot(slot)
    assert (slot.refcount, mine.slot) == (1, slot)
    paper.take()
    kernel.pci_destroy_slot(slot)
    assert (mine.slot, other.slot, bus.slots) == (None, neighbour, [neighbour])
    assert kernel.pci_slots_kset == {"5": neighbour}
    assert paper.take() == [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]
    assert kernel.pci_create_slot(bus, 2, "4", None).kobj_name == "4"


def test_pci_slot_attr_without_method_is_eio(paper, bus):
    slot = paper.kernel.pci_create_slot(bus, 2, "4", None)
    slot.attrs["blind"], slot.attrs["mute"] = (None, lambda slot, buf: len(buf)), (lambda slot: "1\n", None)
    assert paper.kernel.pci_slot_attr_show(slot, "blind") == -EIO
    assert paper.kernel.pci_slot_attr_show(slot, "mute") == "1\n"
    assert paper.kernel.pci_slot_attr_store(slot, "blind", "12\n") == 3
    assert paper.kernel.pci_slot_attr_store(slot, "mute", "12\n") == -EIO
