# SPDX-License-Identifier: GPL-2.0-only
"""The file `reset` of a function. Oracle: pci-sysfs.c and lib/kstrtox.c of v3.11, and the end of each recorded boot."""

import pytest
from hw_machine import bridge, function, pm

from kernel_port.hw.description import MachineDescription
from kernel_port.machine import boot

BRIDGE = {"x08_4": 0x06040000}


@pytest.fixture
def machine():
    """A bridge, a function alone behind it, and one on the root bus that cannot be reset."""
    parts = bridge("00:01.0", 1, 1, registers=BRIDGE), function("01:00.0", driver="e1000e"), function("00:02.0")
    with boot(MachineDescription("test", list(parts)), patches=0) as machine:
        yield machine


def test_pci_sysfs_init_makes_the_file_where_the_probe_says_yes(machine):
    found = {dev.dev.name: (list(dev.dev.attrs), dev.reset_fn) for dev in machine.functions}
    assert found == {"0000:00:01.0": ([], 0), "0000:00:02.0": ([], 0), "0000:01:00.0": (["reset"], 1)}


def test_pci_sysfs_init_asks_all_functions_in_the_order_they_were_found_after_drivers(machine):
    probes = [event for event in machine.boot_events if "pci_probe_reset_function" in str(event.stack)]
    names = list(dict.fromkeys(event.args[0] for event in probes if event.op == "r"))
    assert names == ["0000:00:01.0", "0000:00:02.0", "0000:01:00.0"]  # the bus below comes last
    bound = max(i for i, event in enumerate(machine.boot_events) if event.op == "unlock" and event.args[0] == "device")
    assert machine.boot_events.index(probes[0]) > bound


@pytest.mark.parametrize(
    ("text", "result"),
    [("1\n", 2), ("1", 1), ("0x1\n", 4), ("01", 2), ("+1", 2), ("0", -22), ("2", -22), ("", -22), ("one", -22),
     ("1 ", -22), ("-1", -22), ("08", -22), (str(1 << 64), -34)],
)  # fmt: skip
def test_reset_store_takes_a_1_in_any_base(machine, text, result):
    machine.events.clear()
    assert machine.call("dev_attr_store", machine.function("01:00.0"), "reset", text) == result
    resets = [event.args for event in machine.events if event.op == "hw" and event.args[0] == "hot reset"]
    assert resets == [("hot reset", "0000:01:00.0")] * (result > 0)


def test_reset_store_says_what_the_reset_says():
    # At base a function that no driver has enabled refuses the PM reset: -EINVAL, 22.
    parts = bridge("00:01.0", 1, 1, registers=BRIDGE), function("01:00.0", pm()), function("01:00.1")
    with boot(MachineDescription("test", list(parts)), patches=0) as machine:
        assert machine.call("dev_attr_store", machine.function("01:00.0"), "reset", "1") == -22


def test_dev_attr_store_of_a_file_that_is_not_there_is_ENOENT(machine):
    assert machine.call("dev_attr_store", machine.function("00:02.0"), "reset", "1") == -2


def test_file_goes_with_the_function_and_comes_with_it(machine):
    dev, bus = machine.function("01:00.0"), machine.bus("01")
    machine.call("pci_stop_and_remove_bus_device", dev)
    assert (dev.dev.attrs, dev.reset_fn) == ({}, 0)
    machine.call("pci_scan_slot", bus, 0)
    assert machine.function("01:00.0").dev.attrs == {}
    machine.call("pci_bus_add_devices", bus)
    assert list(machine.function("01:00.0").dev.attrs) == ["reset"]
