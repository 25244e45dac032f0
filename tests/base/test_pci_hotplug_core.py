# SPDX-License-Identifier: GPL-2.0-only
"""The hotplug core. Oracle: facts/kernel.md section 11 (pci_hotplug_core.c of v3.11), worked out by hand."""

from errno import EBUSY, EINVAL, EIO, ENODEV

import pytest
from paper import Paper

MUTEX = ("pci_hp_mutex", "")


@pytest.fixture
def paper():
    return Paper()


@pytest.fixture
def bus(paper):
    return paper.bus(1)


def hotplug(paper, **ops):
    """A hotplug slot whose driver has these operations."""
    kernel = paper.kernel
    info = kernel.hotplug_slot_info(power_status=11, attention_status=12, latch_status=13, adapter_status=14)
    return kernel.hotplug_slot(ops=kernel.hotplug_slot_ops(**ops), info=info, release=lambda slot: None)


def register(paper, bus, slot, name="7", devnr=0, owner=None):
    owner = owner or paper.kernel.module("testhp")
    result = paper.kernel.pci_hp_register(slot, bus, devnr, name, owner, owner.name)
    paper.take()
    return result


def test_pci_hp_register_missing_slot_is_enodev(paper, bus):
    assert paper.kernel.pci_hp_register(None, bus, 0, "7", paper.kernel.module("testhp"), "testhp") == -ENODEV


@pytest.mark.parametrize("missing", ["info", "ops", "release"])
def test_pci_hp_register_incomplete_is_einval(paper, bus, missing):
    slot = hotplug(paper)
    setattr(slot, missing, None)
    assert paper.kernel.pci_hp_register(slot, bus, 0, "7", paper.kernel.module("testhp"), "testhp") == -EINVAL
    assert (paper.take(), bus.slots) == ([], [])


def test_pci_hp_register_links_slot_and_devices(paper, bus):
    dev, owner, slot = paper.dev(bus), paper.kernel.module("testhp"), hotplug(paper)
    assert paper.kernel.pci_hp_register(slot, bus, 0, "7", owner, owner.name) == 0
    assert (slot.ops.owner, slot.ops.mod_name) == (owner, "testhp")
    assert dev.slot is slot.pci_slot
    assert dev.slot.hotplug is slot
    assert paper.kernel.hotplug_slot_name(slot) == "7"
    sem = ("pci_bus_sem", "")
    assert paper.take() == [("lock", *MUTEX), ("lock", *sem), ("unlock", *sem), ("unlock", *MUTEX)]


def test_pci_hp_register_second_driver_is_ebusy(paper, bus):
    first, second = hotplug(paper), hotplug(paper)
    assert register(paper, bus, first) == 0
    assert paper.kernel.pci_hp_register(second, bus, 0, "8", paper.kernel.module("other"), "other") == -EBUSY
    assert second.ops.mod_name == "other"  # stored before the place is asked for
    assert (first.pci_slot.hotplug, second.pci_slot) == (first, None)
    assert paper.take()[-1] == ("unlock", *MUTEX)
    assert paper.kernel.pci_hotplug_slot_list == [first]


def test_pci_hp_register_newest_is_first(paper, bus):
    slots = [hotplug(paper) for _ in range(3)]
    for devnr, slot in enumerate(slots):
        register(paper, bus, slot, "7", devnr)
    assert paper.kernel.pci_hotplug_slot_list == slots[::-1]
    assert [paper.kernel.hotplug_slot_name(slot) for slot in slots] == ["7", "7-1", "7-2"]


@pytest.mark.parametrize(
    ("op", "files"),
    [
        ("enable_slot", {"power"}),
        ("disable_slot", {"power"}),
        ("get_power_status", {"power"}),
        ("set_attention_status", {"attention"}),
        ("get_attention_status", {"attention"}),
        ("get_latch_status", {"latch"}),
        ("get_adapter_status", {"adapter"}),
        ("hardware_test", {"test"}),
    ],
)
def test_fs_add_slot_makes_files_for_what_the_driver_can(paper, bus, op, files):
    slot = hotplug(paper, **{op: lambda *args: 0})
    register(paper, bus, slot)
    assert set(slot.pci_slot.attrs) == files


@pytest.mark.parametrize("name", ["power", "attention", "latch", "adapter", "test"])
def test_has_file_without_driver_is_false(paper, bus, name):
    kernel = paper.kernel
    slot = kernel.pci_create_slot(bus, 0, "7", None)
    has_file = getattr(kernel, f"has_{name}_file")
    assert has_file(slot) is False
    slot.hotplug = kernel.hotplug_slot()
    assert has_file(slot) is False


def test_pci_hp_deregister_missing_or_unknown_is_enodev(paper, bus):
    kernel = paper.kernel
    assert kernel.pci_hp_deregister(None) == -ENODEV
    known, stranger = hotplug(paper), hotplug(paper)
    register(paper, bus, known, "7", 0)
    stranger.pci_slot = kernel.pci_create_slot(bus, 1, "8", None)
    paper.take()
    assert kernel.pci_hp_deregister(stranger) == -ENODEV  # its name is not on the list
    stranger.pci_slot = known.pci_slot
    assert kernel.pci_hp_deregister(stranger) == -ENODEV  # its name is another slot's
    assert paper.take() == [("lock", *MUTEX), ("unlock", *MUTEX)] * 2


def test_pci_hp_deregister_releases_before_the_link_is_cut(paper, bus):
    kernel, seen = paper.kernel, []
    slot = hotplug(paper, enable_slot=lambda slot: 0)
    dev = paper.dev(bus)

    def release(given):
        mutex_held = kernel.mutex_is_locked(kernel.pci_hp_mutex)
        seen.append((given, given.pci_slot.hotplug, dict(given.pci_slot.attrs), dev.slot, mutex_held))

    slot.release = release
    register(paper, bus, slot)
    pci_slot = slot.pci_slot
    assert kernel.pci_hp_deregister(slot) == 0
    assert seen == [(slot, slot, {}, pci_slot, 1)]
    assert (pci_slot.hotplug, dev.slot, bus.slots, kernel.pci_hotplug_slot_list) == (None, None, [], [])


@pytest.mark.parametrize(("op", "name"), [("disable_slot", "0"), ("enable_slot", "1")])
@pytest.mark.parametrize(("given", "result"), [(0, 2), (-EBUSY, -EBUSY)])
def test_power_write_file_calls_the_driver(paper, bus, op, name, given, result):
    calls = []
    slot = hotplug(paper, **{op: lambda slot: calls.append(slot) or given})
    register(paper, bus, slot)
    assert paper.kernel.pci_slot_attr_store(slot.pci_slot, "power", f"{name}\n") == result
    assert calls == [slot]
    assert paper.take() == [("get_module", "testhp"), ("put_module", "testhp")]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("0", 1),
        ("1\n", 2),
        ("2", -EINVAL),
        ("256", 3),  # 256 & 0xff is 0
        ("257x", 4),  # reading stops at the x
        ("-1", 2),  # no digit at the front: 0
        ("", 0),  # written nothing: 0 characters taken
        ("on", 2),
        ("255", -EINVAL),
    ],
)
def test_power_write_file_without_operation_is_success(paper, bus, text, result):
    slot = hotplug(paper, get_power_status=lambda slot: (0, 1))
    register(paper, bus, slot)
    assert paper.kernel.power_write_file(slot.pci_slot, text) == result


@pytest.mark.parametrize(
    ("file", "op", "text", "value"),
    [
        ("attention", "set_attention_status", "2\n", 2),
        ("attention", "set_attention_status", "258", 2),
        ("test", "hardware_test", "4294967299", 3),
    ],
)
def test_attention_and_test_write_file_pass_the_number_on(paper, bus, file, op, text, value):
    calls = []
    slot = hotplug(paper, **{op: lambda slot, value: calls.append((slot, value))})
    register(paper, bus, slot)
    assert paper.kernel.pci_slot_attr_store(slot.pci_slot, file, text) == len(text)
    assert calls == [(slot, value)]


@pytest.mark.parametrize(("file", "op"), [("attention", "set_attention_status"), ("test", "hardware_test")])
def test_attention_and_test_write_file_give_the_drivers_error(paper, bus, file, op):
    slot = hotplug(paper, **{op: lambda slot, value: -EINVAL})
    register(paper, bus, slot)
    assert paper.kernel.pci_slot_attr_store(slot.pci_slot, file, "9") == -EINVAL
    assert paper.take() == [("get_module", "testhp"), ("put_module", "testhp")]


@pytest.mark.parametrize("file", ["attention", "test"])
def test_attention_and_test_write_file_without_operation_is_success(paper, bus, file):
    slot = hotplug(paper)
    register(paper, bus, slot)
    assert getattr(paper.kernel, f"{file}_write_file")(slot.pci_slot, "12") == 2


@pytest.mark.parametrize("file", ["power", "attention", "test"])
def test_write_file_module_going_away_is_enodev(paper, bus, file):
    slot, owner = hotplug(paper), paper.kernel.module("testhp")
    register(paper, bus, slot, owner=owner)
    owner.going = True
    assert getattr(paper.kernel, f"{file}_write_file")(slot.pci_slot, "1") == -ENODEV
    assert paper.take() == [("get_module_failed", "testhp")]


FILES = [
    ("power", "get_power_status", "11\n"),
    ("attention", "get_attention_status", "12\n"),
    ("latch", "get_latch_status", "13\n"),
    ("presence", "get_adapter_status", "14\n"),
]


@pytest.mark.parametrize(("file", "op", "from_info"), FILES)
def test_read_file_asks_the_driver_else_the_info(paper, bus, file, op, from_info):
    without, asked = hotplug(paper), hotplug(paper, **{op: lambda slot: (0, 1)})
    failing = hotplug(paper, **{op: lambda slot: (-EIO, 0)})
    for devnr, slot in enumerate((without, asked, failing)):
        register(paper, bus, slot, "7", devnr)
    read_file = getattr(paper.kernel, f"{file}_read_file")
    assert read_file(without.pci_slot) == from_info
    assert read_file(asked.pci_slot) == "1\n"
    assert read_file(failing.pci_slot) == -EIO
    assert paper.take() == [("get_module", "testhp"), ("put_module", "testhp")] * 3


@pytest.mark.parametrize(("file", "op", "from_info"), FILES)
def test_read_file_module_going_away_is_enodev(paper, bus, file, op, from_info):
    slot, owner = hotplug(paper), paper.kernel.module("testhp", going=True)
    register(paper, bus, slot, owner=owner)
    assert getattr(paper.kernel, f"{file}_read_file")(slot.pci_slot) == -ENODEV


def test_pci_hp_change_slot_info_copies_every_field(paper, bus):
    kernel, slot = paper.kernel, hotplug(paper)
    info = kernel.hotplug_slot_info(1, 2, 3, 4)
    assert kernel.pci_hp_change_slot_info(None, info) == -ENODEV
    assert kernel.pci_hp_change_slot_info(slot, None) == -ENODEV
    mine = slot.info
    assert kernel.pci_hp_change_slot_info(slot, info) == 0
    assert slot.info is mine
    assert (mine.power_status, mine.attention_status, mine.latch_status, mine.adapter_status) == (1, 2, 3, 4)
