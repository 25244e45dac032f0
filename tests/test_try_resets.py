# SPDX-License-Identifier: GPL-2.0-only
"""Resets that only try to lock, with v3.14's mend alone and with everything on top: if somebody has one of the locks,
it is -EAGAIN, and what was locked until then is released."""

from errno import EAGAIN, EINVAL, EIO, ENOTTY

import pytest

from kernel_port import boot
from kernel_port.choice import KernelChoice
from kernel_port.kernel.lockdep import held_at_end
from kernel_port.kernel.sched import Halt
from kernel_port.matrix import columns
from kernel_port.users import argument_for_bus

TRY = KernelChoice.of(8, ["try-reset"], needs=True)
*_, EVERYTHING = columns()


@pytest.fixture(scope="module", params=[TRY, EVERYTHING.kernel], ids=["try-reset", "all"])
def kernel(request):
    return request.param


def calls(machine):
    """Each call that tries, and the functions that it must lock: all below the slot or bus."""
    kernel = machine.kernel
    for bus in machine.buses():
        below = [dev for dev in machine.functions if bus.number <= dev.bus.number <= bus.busn_res.end]
        by_bus = kernel.pci_try_reset_bus
        if bus.self and "pdev" not in kernel.pci_reset_bus.__annotations__:
            yield by_bus, bus, below
        elif bus.self and bus.devices and not bus.slots:
            yield kernel.pci_reset_bus, argument_for_bus(machine, bus), below
        for slot in bus.slots:
            yield kernel.pci_try_reset_slot, slot, [dev for dev in below if dev.bus is not bus or dev.slot is slot]
    for dev in machine.functions:
        yield kernel.pci_try_reset_function, dev, [dev]


@pytest.mark.parametrize("example", ["vga", "twoslots", "nested", "ari"])
def test_try_reset_of_what_somebody_has_locked_is_eagain_and_leaves_no_lock(kernel, example):
    with boot(f"example:{example}", kernel) as machine:
        for call, target, functions in list(calls(machine)):
            for dev in functions:
                machine.kernel.device_lock(dev.dev)
                refused = call(target)
                machine.kernel.device_unlock(dev.dev)
                if refused == -ENOTTY:  # it cannot be reset at all
                    break
                assert refused == -EAGAIN, (call.__name__, dev.dev.name)
        assert held_at_end(machine.events) == []


SUBORDINATE = KernelChoice.of(8, ["reset-subordinate"], needs=True)
SAFE = KernelChoice.of(8, ["hotplug-safe-reset-subordinate"], needs=True)


def write(machine, bridge, text):
    """Write to the file reset_subordinate of a bridge."""
    return machine.kernel.dev_attr_store(machine.function(bridge), "reset_subordinate", text)


@pytest.mark.parametrize("choice", [SUBORDINATE, SAFE], ids=["v6.13", "v7.1"])
def test_reset_subordinate_is_a_file_of_bridges_and_takes_any_number_but_0(choice):
    with boot("example:nested", choice) as machine:
        files = {dev.dev.name for dev in machine.functions if "reset_subordinate" in dev.dev.attrs}
        assert files == {dev.dev.name for dev in machine.functions if dev.hdr_type == 1}
        bridge = min(files)
        assert [write(machine, bridge, text) for text in ("x", "-1", "99999999999999999999")] == [-EINVAL] * 3
        began = machine.clock.now
        assert write(machine, bridge, "0\n") == 2
        assert machine.clock.now == began
        assert write(machine, bridge, "2\n") == 2
        assert machine.clock.now > began


def two_slots(machine, ops):
    """Give the conventional bus two hot-plug slots, each with the operations at its place in *ops*."""
    kernel, bus = machine.kernel, machine.bus("02")
    for number, (name, reset_slot) in enumerate(zip("AB", ops, strict=True)):
        ops = kernel.hotplug_slot_ops(reset_slot=reset_slot)
        slot = kernel.hotplug_slot(ops=ops, info=kernel.hotplug_slot_info(), release=lambda slot: None)
        assert kernel.pci_hp_register(slot, bus, number, name, kernel.module("shpchp"), "shpchp") == 0


@pytest.mark.parametrize(
    ("results", "asked", "rc"),
    [
        ((0, 0), "BA", 2),  # the newest slot is first in the list
        ((0, -EIO), "B", -EIO),  # the first error ends it
        ((-ENOTTY, 0), "", 2),  # one cannot be reset: the bus is
    ],
)
def test_pci_reset_bridge_resets_each_slot_or_the_bus(results, asked, rc):
    called = []

    def method(name, result):
        def reset_slot(slot, probe):
            if not probe:
                called.append(name)
            return 0 if probe and result != -ENOTTY else result

        return reset_slot

    with boot("example:conventional", SAFE) as machine:
        two_slots(machine, [method("A", results[0]), method("B", results[1])])
        machine.events.clear()
        assert write(machine, "00:1e.0", "1\n") == rc
        assert "".join(called) == asked
        reset = any(event.op == "hw" and "hot reset" in str(event.args) for event in machine.events)
        assert reset == (not asked)
        assert held_at_end(machine.events) == []


def test_reset_subordinate_of_a_bridge_whose_bus_has_gone_is_an_oops_until_v71():
    for choice, expected in ((SUBORDINATE, "NULL pointer"), (SAFE, "")):
        with boot("example:conventional", choice) as machine:
            bridge = machine.function("00:1e.0")
            bridge.subordinate = None
            if expected:
                with pytest.raises(Halt, match=expected):
                    write(machine, "00:1e.0", "1")
            else:
                assert write(machine, "00:1e.0", "1") == -ENOTTY
