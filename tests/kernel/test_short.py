# SPDX-License-Identifier: GPL-2.0-only
"""What kernel objects, events and machines show of themselves at Python's prompt: one short line each."""

from dataclasses import is_dataclass

import pytest

from kernel_port.choice import KernelChoice
from kernel_port.kernel.short import WIDTH
from kernel_port.kernel.system import Event
from kernel_port.link import link
from kernel_port.machine import boot


@pytest.fixture(scope="module")
def machine():
    with boot("example:vga") as machine:
        yield machine


def test_repr_of_functions_buses_and_slots_names_them(machine):
    slot = machine.slot("1")
    assert repr(machine.function("01:00.0")) == "<pci_dev 0000:01:00.0 10de:0a65 slot 1>"
    assert repr(machine.function("00:1c.0")) == "<pci_dev 0000:00:1c.0 8086:340a>"
    assert [repr(bus) for bus in machine.buses()] == ["<pci_bus 0000:00 root>", "<pci_bus 0000:01 behind 0000:00:1c.0>"]
    assert repr(slot) == "<pci_slot 1 on bus 0000:01>"
    assert repr(slot.hotplug).startswith("<hotplug_slot 1 ops=hotplug_slot_ops info=hotplug_slot_info release=release_")
    assert repr(machine.function("01:00.0").driver) == "<device_driver nouveau>"
    # The first BAR of the example is 16 MiB at 0x80000000: 0x80000000 + 0x1000000 - 1.
    assert repr(machine.function("01:00.0").resource[0]).startswith(
        "<resource 0000:01:00.0 0x80000000-0x80ffffff flags 0x"
    )


def test_repr_of_a_lock_says_who_holds_it(machine):
    lock = machine.function("01:00.0").dev.mutex
    assert repr(lock) == "<mutex device lock of 0000:01:00.0>"
    machine.kernel.mutex_lock(lock)
    assert repr(lock) == "<mutex device lock of 0000:01:00.0 held by main>"
    machine.kernel.mutex_unlock(lock)


def test_repr_of_everything_that_a_machine_leads_to_is_one_short_line(machine):
    pending, seen = [machine.function("01:00.0")], set()
    while pending:
        struct = pending.pop()
        if id(struct) in seen or not is_dataclass(struct):
            continue
        seen.add(id(struct))
        said = repr(struct)
        assert said.startswith(f"<{type(struct).__name__}")
        assert len(said) <= WIDTH
        assert "\n" not in said
        for name in struct.__dataclass_fields__:
            value = getattr(struct, name)
            pending += value if isinstance(value, list) else [value]
    assert len(seen) > 50


def test_repr_of_a_struct_that_nobody_has_filled_in_says_so():
    kernel = link(KernelChoice.of(8, ["v3.12"]))
    assert repr(kernel.pci_bus()) == "<pci_bus not initialized>"
    assert repr(kernel.vfio_pci_hot_reset_info(argsz=4)) == "<vfio_pci_hot_reset_info argsz=4>"


def test_repr_of_an_event_is_a_line_with_the_function_that_did_it(machine):
    machine.call("pci_reset_slot", machine.slot("1"))
    said = list(map(repr, machine.events))
    # Secondary Bus Reset is bit 6 of Bridge Control, 16 bits at 0x3e.
    by = "pci_reset_bridge_secondary_bus()>"
    assert any(line.endswith(f" ms main: w16 0000:00:1c.0 0x03e = 0x0040, {by}") for line in said)
    assert any(line.endswith(f" ms main: msleep 100, {by}") for line in said)
    assert repr(Event(1_500_000, "main", "lock", ("device", "0000:01:00.0"), ())) == (
        "<1.500 ms main: lock device 0000:01:00.0>"
    )


def test_repr_of_a_machine_names_it_its_kernel_and_its_time():
    machine = boot("example:single", patches=3)
    assert repr(machine).startswith("<machine single, linux-3.11+3: 2 functions, ")
    assert repr(machine).endswith(" ms since power on>")
    machine.close()
    assert repr(machine) == "<machine single, linux-3.11+3: closed>"
