# SPDX-License-Identifier: GPL-2.0-only
"""Resets that only try to lock, with v3.14's mend alone and with everything on top: if somebody has one of the locks,
it is -EAGAIN, and what was locked until then is released."""

from errno import EAGAIN, ENOTTY

import pytest

from kernel_port import boot
from kernel_port.choice import KernelChoice
from kernel_port.kernel.lockdep import held_at_end
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
