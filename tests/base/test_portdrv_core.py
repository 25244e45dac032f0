# SPDX-License-Identifier: GPL-2.0-only
"""The services of PCI Express ports, and how they interrupt.

Oracle: v3.11's drivers/pci/pcie/portdrv_core.c and its recorded boots (p8-hp: a root port with MSI-X of one entry;
p8-sw: downstream ports with MSI), of which the accesses below are a port's own.
"""

from errno import EINVAL, EIO

import pytest
from paper import Paper, listed, pcie

NAME = "00:00.0"
COMMAND = 0x04
MSI, MSIX = 0x70, 0x90
FLAGS, LOW, HIGH, DATA = MSI + 2, MSI + 4, MSI + 8, MSI + 12
TABLE = MSIX + 4
EXP_FLAGS = 0x42
RTCTL, RTSTA = 0x5C, 0x60


def read(where, size=2):
    return ("r", NAME, where, size)


def write(where, value, size=2):
    return ("w", NAME, where, size, value)


def port_with(*capabilities, port_type=4, msg=0, point=0):
    """A port with these capabilities; the services' message is number *msg*."""
    paper = Paper(point)
    flags = (2 | port_type << 4 | 1 << 8 | msg << 9).to_bytes(2, "little")
    registers = listed((0x40, 0x10, flags), *capabilities)
    port = paper.dev(paper.bus(), registers=registers, **pcie(2, port_type, slot=True), irq=24)
    paper.bus(1, port)
    paper.kernel.pci_msi_init_pci_dev(port)
    port.current_state = 0
    paper.take()
    return paper, port


@pytest.mark.parametrize(("sltcap", "services"), [(0x40, 4), (0xFFFFFFBF, 0)])
@pytest.mark.parametrize(("port_type", "pme"), [(4, 1), (6, 0)])
def test_get_port_device_capability_is_hot_plug_if_the_slot_is(sltcap, services, port_type, pme):
    # Slot Capabilities at 0x14 of the capability, bit 6: Hot-Plug Capable; Slot Control at 0x18, Root Control at 0x1c.
    paper = Paper()
    registers = {0x54: sltcap.to_bytes(4, "little"), 0x58: b"\x3a\x00", 0x5C: b"\x1f\x00"}
    port = paper.dev(paper.bus(), registers=registers, **pcie(2, port_type, slot=True))
    assert paper.kernel.get_port_device_capability(port) == services | pme
    assert paper.writes() == [(0x58, 2, 0x000A)] * (services > 0) + [(RTCTL, 2, 0x0017)] * pme


def test_get_port_device_capability_finds_virtual_channels():
    paper = Paper()
    port = paper.dev(paper.bus(), registers={0x100: b"\x02\x00\x01\x00"}, **pcie(2, 5), cfg_size=4096)
    assert paper.kernel.get_port_device_capability(port) == 8


@pytest.mark.parametrize(
    ("port_type", "service", "name"), [(4, 1, "pcie01"), (4, 4, "pcie04"), (6, 4, "pcie24"), (5, 8, "pcie18")]
)
def test_pcie_device_init_names_the_service_by_its_port_type(port_type, service, name):
    paper, port = port_with(port_type=port_type)
    assert paper.kernel.pcie_device_init(port, service, 24) == 0
    (pcie_device,) = paper.kernel.pcie_port_bus_type
    assert (pcie_device.device.name, pcie_device.service, pcie_device.irq) == (f"{NAME}:{name}", service, 24)


ENABLE_MSIX = [
    read(MSIX + 2), read(MSIX + 2), read(MSIX + 2), write(MSIX + 2, 0x0000), read(TABLE, 4), write(MSIX + 2, 0xC000),
    read(COMMAND), write(COMMAND, 0x0400), write(MSIX + 2, 0x8000),
]  # fmt: skip


def test_init_service_irqs_takes_msix_first():
    paper, port = port_with((MSI, 0x05, b"\x80\x00"), (MSIX, 0x11, b"\x00\x00"))
    irqs = [-1] * 4
    assert paper.kernel.init_service_irqs(port, irqs, 5) == 0
    assert paper.take() == [*ENABLE_MSIX, read(EXP_FLAGS)]
    assert (irqs, port.msi_enabled, port.msix_enabled) == ([24, -1, 24, -1], 0, 1)


def test_pcie_port_enable_msix_starts_anew_with_what_its_services_use():
    # Eight entries, of which the services use number 3: MSI-X goes off, INTx comes back, then one entry is enabled.
    paper, port = port_with((MSIX, 0x11, b"\x07\x00"), msg=3)
    assert paper.kernel.pcie_port_enable_msix(port, [-1] * 4, 5) == 0
    on = [write(MSIX + 2, 0x8007)]
    off = [read(MSIX + 2), write(MSIX + 2, 0x0007), read(COMMAND), write(COMMAND, 0)]
    acts = paper.take()
    middle = acts.index(read(EXP_FLAGS))
    assert acts[middle - 1 : middle] == on
    assert acts[middle + 1 : middle + 5] == off
    assert acts[-1:] == on
    assert [entry.msi_attrib.entry_nr for entry in port.msi_list] == [3]


def test_pcie_port_enable_msix_message_beyond_the_table_is_eio_and_off():
    paper, port = port_with((MSIX, 0x11, b"\x00\x00"), msg=1)
    assert paper.kernel.pcie_port_enable_msix(port, [-1] * 4, 5) == -EIO
    assert (port.msix_enabled, port.msi_list, paper.take()[-1]) == (0, [], write(COMMAND, 0))


def test_pcie_port_enable_msix_without_msix_is_einval():
    paper, port = port_with()
    assert (paper.kernel.pcie_port_enable_msix(port, [-1] * 4, 5), paper.take()) == (-EINVAL, [])


def test_init_service_irqs_takes_msi_without_msix():
    paper, port = port_with((MSI, 0x05, b"\x80\x00"), port_type=6)
    irqs = [-1] * 4
    assert paper.kernel.init_service_irqs(port, irqs, 4) == 0
    acts = paper.take()
    assert [act[:4] for act in acts] == [
        read(FLAGS), read(FLAGS), ("w", NAME, FLAGS, 2), read(FLAGS), read(FLAGS), ("w", NAME, FLAGS, 2),
        ("w", NAME, LOW, 4), ("w", NAME, HIGH, 4), ("w", NAME, DATA, 2), read(COMMAND), ("w", NAME, COMMAND, 2),
        read(FLAGS), ("w", NAME, FLAGS, 2),
    ]  # fmt: skip
    assert [act[4] for act in acts if act[0] == "w" and act[2] in (FLAGS, COMMAND)] == [0x80, 0x80, 0x0400, 0x81]
    assert (irqs, port.msi_enabled) == ([24, 24, 24, -1], 1)


@pytest.mark.parametrize(("irq", "result", "irqs"), [(24, 0, [24, 24, 24, -1]), (0, -19, [-1] * 4)])
def test_init_service_irqs_falls_back_to_the_pin(irq, result, irqs):
    paper, port = port_with()
    port.irq, got = irq, [-1] * 4
    assert paper.kernel.init_service_irqs(port, got, 5) == result
    assert (got, paper.take()) == (irqs, [])


def test_pcie_port_device_register_makes_services_that_no_driver_has_yet():
    paper, port = port_with((MSI, 0x05, b"\x80\x00"))
    paper.config[NAME][0x54] = 0x40  # Slot Capabilities: Hot-Plug Capable
    assert paper.kernel.pcie_port_device_register(port) == 0
    services = paper.kernel.pcie_port_bus_type
    assert [(each.device.name, each.device.driver) for each in services] == [
        (f"{NAME}:pcie01", None), (f"{NAME}:pcie04", None)
    ]  # fmt: skip


def test_pcie_port_service_register_binds_in_order_of_the_devices_and_later_ones_at_once():
    paper, port = port_with()
    kernel, asked = paper.kernel, []

    def probe(service):
        asked.append(service.device.name)
        return -19 if len(asked) == 1 else 0

    driver = kernel.pcie_port_service_driver("test", probe, port_type=kernel.PCIE_ANY_PORT, service=4)
    for service in (1, 4, 4):
        kernel.pcie_device_init(port, service, 24)
    assert kernel.pcie_port_service_register(driver) == 0
    kernel.pcie_device_init(port, 4, 24)
    assert asked == [f"{NAME}:pcie04"] * 3
    assert [each.device.driver for each in kernel.pcie_port_bus_type] == [None, None, driver, driver]


def test_pcie_port_service_register_of_another_port_type_binds_nothing():
    paper, port = port_with(port_type=6)
    kernel = paper.kernel
    kernel.pcie_device_init(port, 1, 24)
    kernel.pcie_port_service_register(kernel.pcie_pme_driver())  # for root ports
    assert kernel.pcie_port_bus_type[0].device.driver is None


def test_pcie_port_device_remove_unbinds_then_gives_msi_back():
    # As the recorded removal does (p8-mess-sw-bus01): MSI off, INTx back, and a look at how many messages there are.
    # Then the port, which nobody else has enabled, is disabled: no bus master.
    paper, port = port_with((MSI, 0x05, b"\x80\x00"), port_type=6)
    kernel, removed = paper.kernel, []
    driver = kernel.pcie_port_service_driver("test", lambda dev: 0, removed.append, kernel.PCIE_ANY_PORT)
    driver.port_type, driver.service = kernel.PCIE_ANY_PORT, 4
    kernel.pcie_port_service_register(driver)
    paper.config[NAME][0x54] = 0x40
    kernel.pcie_port_device_register(port)
    (service,) = kernel.pcie_port_bus_type
    paper.take()
    kernel.pcie_port_device_remove(port)
    accesses = [act for act in paper.take() if act[0] in "rw"]
    assert (removed, kernel.pcie_port_bus_type) == ([service], [])
    assert accesses == [
        read(FLAGS), write(FLAGS, 0x80), read(COMMAND), write(COMMAND, 4), read(FLAGS),
        read(COMMAND), write(COMMAND, 0),
    ]  # fmt: skip
    assert (port.msi_enabled, port.msi_list, paper.system.irq_data) == (0, [], {})
