# SPDX-License-Identifier: GPL-2.0-only
"""The driver of PCI Express ports."""

import pytest
from hw_machine import EXP, exp, function
from hw_machine import bridge as any_bridge
from hw_machine import port as any_port

from kernel_port.hw.description import MachineDescription
from kernel_port.machine import boot


def machine_of(*functions):
    return boot(MachineDescription("test", list(functions)))


def port(*args, **options):
    return any_port(*args, registers={"x08_4": 0x06040000}, **options)


def test_pcie_portdrv_switches_off_interrupts_that_firmware_left_on():
    # power fault, presence, command completed and hot-plug interrupts on; the handler comes later
    with machine_of(port("00:1c.0", 1, 1, sltctl=0x3A), function("01:00.0")) as machine:
        first = next(
            event for event in machine.boot_events if event.op == "w" and event.args[1:3] == (EXP + 0x18, 2)
        )  # fmt: skip
        assert first.args[3] == 0x0A  # HPIE 0x20 and CCIE 0x10 gone
        assert machine.function("00:1c.0").state_saved == 1


@pytest.mark.parametrize(("port_type", "bound"), [(4, True), (5, True), (6, True), (7, False), (0, False)])
def test_pcie_portdrv_probe_takes_ports_alone(port_type, bound):
    bridge = any_bridge("00:1c.0", 1, 1, exp(port_type), registers={"x08_4": 0x06040000})
    with machine_of(bridge) as machine:
        assert (machine.function("00:1c.0").driver is not None) == bound


def test_pcie_portdrv_leaves_a_port_to_the_driver_it_was_described_with():
    with machine_of(port("00:1c.0", 1, 1, driver="vfio-pci"), function("01:00.0")) as machine:
        assert machine.function("00:1c.0").driver.name == "vfio-pci"
        assert machine.bus("01").slots == []
