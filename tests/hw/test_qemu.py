# SPDX-License-Identifier: GPL-2.0-only
"""The registers of QEMU's devices, where they differ from those of silicon."""

import pytest
from hw_machine import (
    DOWNSTREAM,
    ENDPOINT,
    EXP,
    PM,
    ROOT_PORT,
    Bench,
    bridge,
    exp,
    function,
    pm,
    port,
    words,
)

from kernel_port.hw import qemu
from kernel_port.hw.address import Address
from kernel_port.hw.layout import Layout
from kernel_port.hw.masks import Reset

COLUMNS = ("rw", "w1c", "w1t", "reset", "sticky", "raised", "shared")

#: What hw/pci/pci.c, pci_bridge.c and pcie.c of QEMU put into a device's wmask, w1cmask and reset handler.
QEMU_PORT = """
PCI_COMMAND rw=0x0507
PCI_BRIDGE_CONTROL rw=0x005f
PCI_SEC_LATENCY_TIMER rw=0x00ff
PCI_IO_BASE rw=0xf0 reset=0xf0
PCI_PREF_MEMORY_BASE rw=0xfff0 reset=0xfff0
PCI_PM_CTRL
PCI_EXP_DEVCTL rw=0x000f
PCI_EXP_DEVSTA w1c=0x000f raised=0x0020 sticky=0x000f
PCI_EXP_DEVCTL2 rw=0x8000 sticky=0x8000
PCI_EXP_LNKCTL
PCI_EXP_LNKSTA
PCI_EXP_LNKCTL2
PCI_EXP_RTCTL rw=0x0007
PCI_EXP_RTSTA
PCI_EXP_SLTSTA w1c=0x0019 raised=0x0080
""".strip().splitlines()


@pytest.mark.parametrize("line", QEMU_PORT, ids=lambda line: line.split()[0])
def test_qemu_columns_of_a_root_port_are_those_of_its_source(line):
    name, *columns = line.split()
    (row,) = [row for row in qemu.registers(Layout(port("00:1c.0", 1, 1))) if row.name == name]
    given = {column: int(value, 16) for column, _, value in (column.partition("=") for column in columns)}
    assert {column: getattr(row, column) for column in COLUMNS if getattr(row, column)} == given


@pytest.mark.parametrize(
    ("sltcap", "occupied", "rw", "reset"),
    [
        (0x60, True, 0x03F9, 0x00C0),  # no power controller: attention lamp off
        (0x62, True, 0x07F9, 0x01C0),  # powered, lamp on
        (0x62, False, 0x07F9, 0x07C0),  # unpowered, lamp off
    ],
)
def test_qemu_slot_control_depends_on_power_controller_and_card(sltcap, occupied, rw, reset):
    body = exp(ROOT_PORT, sltcap=sltcap, sltsta=0x40 if occupied else 0, slot=True)
    rows = {row.name: row for row in qemu.registers(Layout(bridge("00:1c.0", 1, 1, body)))}
    found = rows["PCI_EXP_SLTCTL"]
    assert (found.rw, found.w1t, found.reset) == (rw, 0x0800, reset)


@pytest.mark.parametrize(("port_type", "sticky"), [(ROOT_PORT, 0x8000), (DOWNSTREAM, 0x8000), (ENDPOINT, 0x8020)])
def test_qemu_resets_ari_forwarding_of_ports_with_a_slot_alone(port_type, sticky):
    identity, position, body = exp(port_type)
    body = body[:0x22] + b"\x20" + body[0x23:]  # Device Capabilities 2, at 0x24: ARI forwarding
    rows = {row.name: row for row in qemu.registers(Layout(bridge("00:1c.0", 1, 1, (identity, position, body))))}
    assert (rows["PCI_EXP_DEVCTL2"].rw, rows["PCI_EXP_DEVCTL2"].sticky) == (0x8020, sticky)


def test_qemu_bridge_to_conventional_pci_keeps_what_ports_have_hardwired():
    rows = {row.name: row for row in qemu.registers(Layout(bridge("00:1c.0", 1, 1, exp(7))))}
    assert (rows["PCI_SEC_LATENCY_TIMER"].size, rows["PCI_SEC_LATENCY_TIMER"].rw) == (1, 0xFF)
    assert (rows["PCI_BRIDGE_CONTROL"].rw, rows["PCI_BRIDGE_CONTROL"].w1c) == (0x0BFF, 0x0400)


@pytest.mark.parametrize(
    ("identity", "devctl", "lnkctl", "pmcsr"),
    [
        (0x00101B36, 0, 0, (0x0003, 0, 0x0003)),  # nvme
        (0x10D38086, 0, 0, (0x1F03, 0x8000, 0x9F03)),  # e1000e
        (0x10411AF4, 0x000F, 0x00C0, (0x0003, 0, 0)),  # virtio
    ],
)
def test_qemu_endpoints_have_writable_what_their_device_models_ask_for(identity, devctl, lnkctl, pmcsr):
    # pcie_cap_deverr_init(), pcie_cap_lnkctl_init() and each model's wmask of PMCSR; tried on QEMU 7.2.
    description = function("01:00.0", pm(), exp(ENDPOINT), registers={"x00_4": identity})
    rows = {row.name: row for row in qemu.registers(Layout(description))}
    assert (rows["PCI_EXP_DEVCTL"].rw, rows["PCI_EXP_LNKCTL"].rw) == (devctl, lnkctl)
    assert (rows["PCI_PM_CTRL"].rw, rows["PCI_PM_CTRL"].w1c, rows["PCI_PM_CTRL"].sticky) == pmcsr


@pytest.mark.parametrize(("capabilities", "mask"), [(0x100, 0x0140), (0x300, 0x0540)])
def test_qemu_aer_records_several_headers_where_it_says_so(capabilities, mask):
    # Extended capability 1 at 0x100; its control register is at 0x118. UNCOR_MASK is not writable.
    registers = {"x100_4": 0x00020001, "x118_4": capabilities}
    description = function("01:00.0", exp(ENDPOINT), size=4096, registers=registers)
    rows = {row.name: row for row in qemu.registers(Layout(description))}
    assert (rows["PCI_ERR_CAP"].rw, rows["PCI_ERR_CAP"].sticky) == (mask, mask)
    assert (rows["PCI_ERR_UNCOR_MASK"].rw, rows["PCI_ERR_UNCOR_MASK"].sticky) == (0, 0)


def test_qemu_extended_bytes_behind_the_capabilities_are_memory():
    # AER at 0x100, 0x48 long, then a serial number at 0x150, 12 long.
    registers = {"x100_4": 0x15020001, "x150_4": 0x00010003}
    description = function("01:00.0", exp(ENDPOINT), size=4096, registers=registers)
    stored = {where for where, _ in qemu.storage(Layout(description)) if where >= 0x100}
    assert stored == {*range(0x148, 0x150), *range(0x15C, 0x1000)}


def test_qemu_bytes_within_a_capability_that_are_memory():
    # SHPC's DWORD Select, and Slot Identification's chassis number.
    description = function("00:05.0", (0x40, 0x0C, b""), (0x48, 0x04, b""))
    assert {0x42, 0x4B} == {where for where, _ in qemu.storage(Layout(description)) if where < 0x4C}


@pytest.mark.parametrize(("written", "read"), [(0x0071, 0x0011), (0x0070, 0x0070), (0x0011, 0x0011)])
def test_qemu_enabled_messages_are_no_more_than_there_are(written, read):
    # Multiple Message Capable is 1: two messages. The enable in bit 0 makes QEMU look.
    bench = Bench(function("01:00.0", (0x60, 0x05, words(0x0002, 0, 0, 0))), quirks="qemu")
    bench.write("01:00.0", 0x62, 2, written)
    assert bench.read("01:00.0", 0x62, 2) == read | 0x0002


def test_qemu_takes_power_states_that_a_function_does_not_have():
    for quirks, state in (("", 0), ("qemu", 1)):
        bench = Bench(function("01:00.0", pm()), quirks=quirks)  # PMC says neither D1 nor D2
        bench.write("01:00.0", PM + 4, 2, 1)
        assert bench.read("01:00.0", PM + 4, 2) == state


def test_qemu_bridge_forwards_to_its_secondary_bus_whatever_its_subordinate_bus_is():
    for quirks, answered in (("", 0xFFFF), ("qemu", 0x8086)):
        bench = Bench(bridge("00:1c.0", 1, 1), function("01:00.0"), quirks=quirks)
        bench.write("00:1c.0", 0x1A, 1, 0)
        assert bench.read("01:00.0", 0, 2) == answered


def test_qemu_slot_whose_power_and_lamp_go_off_lets_go_of_its_card():
    # Slot Capabilities 0x63: a power controller. As tried on QEMU 7.2's ioh3420, whose link is x1 at 2.5 GT/s.
    bench = Bench(port("00:1c.0", 1, 1, sltcap=0x63), function("01:00.0"), quirks="qemu")
    bench.write("00:1c.0", EXP + 0x18, 2, 0x0500)  # power off, lamp on
    assert bench.read("01:00.0", 0, 2) == 0xFFFF
    assert bench.held("00:1c.0", EXP + 0x1A, 2) & 0x0048 == 0x0040
    bench.write("00:1c.0", EXP + 0x18, 2, 0x0100)
    assert bench.read("01:00.0", 0, 2) == 0x8086
    bench.write("00:1c.0", EXP + 0x18, 2, 0x0700)  # both off
    assert bench.held("00:1c.0", EXP + 0x1A, 2) & 0x0048 == 0x0008
    assert bench.held("00:1c.0", EXP + 0x12, 2) == 0x0011
    bench.write("00:1c.0", EXP + 0x18, 2, 0x0100)
    assert bench.read("01:00.0", 0, 2) == 0xFFFF
    bench.fabric.function(Address.parse("00:1c.0")).reset(Reset.HOT)
    assert bench.held("00:1c.0", EXP + 0x18, 2) & 0x0700 == 0x0700


@pytest.mark.parametrize(
    ("identity", "body", "length"),
    [
        (0x01, b"", 8), (0x03, b"", 8), (0x0D, b"", 8), (0x11, b"", 12), (0x12, b"", 8),
        (0x13, b"", 6), (0x15, b"", 4),  # any other
        (0x10, words(0x0002), 0x3C), (0x10, words(0x0001), 0x14),  # PCI Express by version
        (0x05, words(0x0000), 10), (0x05, words(0x0080), 14), (0x05, words(0x0100), 20), (0x05, words(0x0180), 24),
        (0x09, b"\x02", 4), (0x09, b"\x05", 5),  # vendor specific: no less than 4
    ],
)  # fmt: skip
def test_storage_of_qemu_begins_behind_a_capability(identity, body, length):
    stored = {where for where, _ in qemu.storage(Layout(function("00:05.0", (0x40, identity, body))))}
    assert min(stored) == 0x40 + length


def test_qemu_root_port_closes_its_windows_other_bridges_zero_them():
    def rows(port_type):
        return {r.name: r for r in qemu.registers(Layout(port("00:1c.0", 1, 1, port_type=port_type)))}

    assert rows(ROOT_PORT)["PCI_MEMORY_BASE"].reset == 0xFFF0
    assert rows(DOWNSTREAM)["PCI_MEMORY_BASE"].reset == 0
    assert rows(ROOT_PORT)["PCI_MEMORY_LIMIT"].reset == 0


def test_qemu_bytes_outside_capabilities_are_memory_and_outlive_a_reset():
    # A 64-bit MSI capability at 0x60 is 14 bytes long, so 0x6e is the first byte behind it.
    bench = Bench(function("00:1b.0", (0x60, 0x05, words(0x0080, 0, 0, 0, 0, 0))), quirks="qemu")
    for where in (0x44, 0x5F, 0x60, 0x6D, 0x6E, 0xFF):
        bench.write("00:1b.0", where, 1, 0xA5)
    bench.fabric.function(Address.parse("00:1b.0")).reset(Reset.HOT)
    assert [bench.read("00:1b.0", where, 1) for where in (0x44, 0x5F, 0x60, 0x6D, 0x6E, 0xFF)] == [
        0xA5, 0xA5, 0x05, 0x00, 0xA5, 0xA5,
    ]  # fmt: skip


def test_silicon_bytes_outside_capabilities_are_read_only_unless_described():
    bench = Bench(function("00:1b.0", storage={0x44: 2}))
    for where in (0x44, 0x45, 0x46):
        bench.write("00:1b.0", where, 1, 0xA5)
    assert [bench.read("00:1b.0", where, 1) for where in (0x44, 0x45, 0x46)] == [0xA5, 0xA5, 0]
