# SPDX-License-Identifier: GPL-2.0-only
"""Taking devices away: children first, drivers under the device lock, and not in the middle of a reset."""

import pytest
from hw_machine import PM, bridge, function, pm, port

from kernel_port.hw.description import MachineDescription
from kernel_port.kernel.sched import Oops
from kernel_port.machine import boot

LOCK_OPS = ("lock", "unlock", "lock_wait")


def machine_of(*functions, **options):
    return boot(MachineDescription("test", list(functions)), **options)


def hotplug_port(address="00:1c.0", secondary=1, subordinate=1, primary=0):
    return port(address, secondary, subordinate, registers={"x08_4": 0x06040000, "x18_1": primary})


@pytest.fixture
def tree():
    """A bridge with a bridge below it: 00:01.0 -> 01:00.0 -> 02:00.0, and 01:01.0 beside."""
    inner = bridge("01:00.0", 2, 2, registers={"x18_1": 1})
    with machine_of(
        bridge("00:01.0", 1, 2), inner, function("01:01.0", driver="b"), function("02:00.0", driver="c")
    ) as machine:
        yield machine


def test_pci_stop_and_remove_bus_device_takes_everything_below_along(tree):
    top, inner, below = tree.function("00:01.0"), tree.function("01:00.0"), tree.bus("02")
    tree.call("pci_stop_and_remove_bus_device", top)
    assert tree.functions == []
    assert [bus.number for bus in tree.buses()] == [0]
    assert top.subordinate is None
    assert (inner.subordinate, below.devices) == (None, [])
    assert [event.args for event in tree.events if event.op == "remove_device"] == [("0000:00:01.0",)]


def test_pci_stop_bus_device_takes_drivers_from_the_last_found_first_and_children_before_parents(tree):
    tree.call("pci_stop_and_remove_bus_device", tree.function("00:01.0"))
    locked = [event.args[1] for event in tree.events if event.op == "lock" and event.args[0] == "device"]
    assert locked == ["0000:01:01.0", "0000:02:00.0", "0000:01:00.0", "0000:00:01.0"]


def test_device_release_driver_calls_remove_under_the_device_lock(tree):
    dev, held = tree.function("01:01.0"), []
    dev.driver.remove = lambda dev: held.append(list(tree.system.sched.current.held))
    tree.call("pci_stop_and_remove_bus_device", dev)
    assert held == [[("device", "0000:01:01.0")]]
    assert (dev.driver, dev.dev.driver, dev.is_added) == (None, None, 0)
    assert tree.system.sched.current.held == []


def test_pci_stop_dev_switches_wake_up_events_off():
    # PM capability: PME from D3hot, so bits 14:11 hold 0x8; status 0x8000 is cleared by writing it, enable is 0x100
    with machine_of(function("00:01.0", pm(capability=0x4003, control=0x8100), driver="a")) as machine:
        machine.call("pci_stop_and_remove_bus_device", machine.function("00:01.0"))
        assert ("w", ("0000:00:01.0", PM + 4, 2, 0x8000)) in [(event.op, event.args) for event in machine.events]


def test_device_that_was_never_added_is_removed_without_its_lock(tree):
    dev = tree.function("01:01.0")
    dev.is_added = 0
    tree.call("pci_stop_and_remove_bus_device", dev)
    assert [event.args[0] for event in tree.events if event.op == "lock"] == ["pci_bus_sem"]


def test_hot_remove_waits_for_the_reset_that_holds_the_device_lock():
    with machine_of(hotplug_port(), function("01:00.0", driver="e1000e"), patches=4) as machine:
        dev = machine.function("01:00.0")
        start = machine.clock.now
        assert machine.call("pci_reset_function", dev) == 0
        story = [
            (round((event.time - start) / 1e6), event.context, event.op, event.args[0])
            for event in machine.events
            if event.op == "remove_device" or (event.op in LOCK_OPS and event.args[0] == "device")
        ]
        # Before patch 5 the reset looks like a card pulled and pushed in. The removal starts at once and waits.
        assert story[:5] == [
            (0, "main", "lock", "device"),
            (0, "pciehp-0", "remove_device", "0000:01:00.0"),
            (0, "pciehp-0", "lock_wait", "device"),
            (202, "main", "unlock", "device"),
            (202, "pciehp-0", "lock", "device"),
        ]
        assert machine.function("01:00.0") is not dev  # removed, and found again
        assert machine.function("01:00.0").driver.name == "e1000e"


def test_hot_remove_of_a_switch_unbinds_pciehp_below():
    upstream = bridge("01:00.0", 2, 3, registers={"x18_1": 1})
    inner = hotplug_port("02:00.0", 3, 3, primary=2)
    with machine_of(bridge("00:01.0", 1, 3), upstream, inner, function("03:00.0")) as machine:
        irq = machine.function("02:00.0").irq
        assert irq in machine.system.irq_actions
        machine.call("pci_stop_and_remove_bus_device", machine.function("01:00.0"))
        assert irq not in machine.system.irq_actions
        assert machine.kernel.pcie_port_bus_type == []
        assert [dev.dev.name for dev in machine.functions] == ["0000:00:01.0"]


def removing_twice(machine, dev, before_second):
    """Two threads that remove *dev*; the second begins when *before_second* has run."""

    def remove():
        machine.kernel.pci_stop_and_remove_bus_device(dev)

    machine.system.sched.spawn("first", remove)
    before_second()
    machine.system.sched.spawn("second", remove)
    machine.system.sched.settle()


def test_device_removed_while_another_removal_waits_for_its_lock_is_an_oops_with_both_stacks(tree):
    dev, sched = tree.function("01:01.0"), tree.system.sched
    tree.kernel.device_lock(dev.dev)
    with pytest.raises(Oops) as caught:
        removing_twice(tree, dev, lambda: sched.sleep(1))
    report = str(caught.value)
    assert report.startswith("kernel oops in second: klist_del() of 0000:01:01.0, ")
    assert "first: waits for device lock of 0000:01:01.0" in report
    # the second is stopped before the lock, as in the recording p8-mess-bus-twice
    assert "second: runs; holds nothing" in report
    assert [report.count(f"{name} (base/") for name in ("pci_stop_dev", "device_del", "klist_del")] == [2, 2, 1]


def test_device_removed_a_second_time_is_an_oops(tree):
    dev = tree.function("01:01.0")
    tree.call("pci_stop_and_remove_bus_device", dev)
    with pytest.raises(Oops, match=r"list_del\(\) of 0000:01:01.0"):
        tree.call("pci_stop_and_remove_bus_device", dev)


def test_device_add_and_device_del_keep_the_list_of_the_parent(tree):
    top, inner = tree.function("00:01.0"), tree.function("01:00.0")
    assert [child.name for child in top.dev.klist_children] == ["0000:01:00.0", "0000:01:01.0"]
    assert [child.name for child in top.dev.parent.klist_children] == ["0000:00:01.0"]
    tree.call("pci_stop_and_remove_bus_device", inner)
    assert [child.name for child in top.dev.klist_children] == ["0000:01:01.0"]
