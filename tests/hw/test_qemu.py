# SPDX-License-Identifier: GPL-2.0-only
"""The registers of QEMU's devices, where they differ from those of silicon."""

import pytest
from hw_machine import (
    DOWNSTREAM,
    ENDPOINT,
    ROOT_PORT,
    Bench,
    bridge,
    exp,
    function,
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
PCI_BRIDGE_CONTROL rw=0x0bff w1c=0x0400
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


def test_qemu_bridge_to_conventional_pci_has_a_secondary_latency_timer():
    rows = {row.name: row for row in qemu.registers(Layout(bridge("00:1c.0", 1, 1, exp(7))))}
    assert (rows["PCI_SEC_LATENCY_TIMER"].size, rows["PCI_SEC_LATENCY_TIMER"].rw) == (1, 0xFF)
    assert "PCI_SEC_LATENCY_TIMER" not in {row.name for row in qemu.registers(Layout(port("00:1c.0", 1, 1)))}


@pytest.mark.parametrize(
    ("identity", "body", "length"),
    [
        (0x01, b"", 8), (0x03, b"", 8), (0x04, b"", 4), (0x0C, b"", 8), (0x0D, b"", 8), (0x11, b"", 12), (0x12, b"", 8),
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
