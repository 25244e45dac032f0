# SPDX-License-Identifier: GPL-2.0-only
"""Finding buses: bridges and their numbers, CardBus, speeds."""

from collections import deque

import pytest
from hw_machine import AF, EXP, PM, exp, function, pm
from hw_machine import bridge as any_bridge
from hw_machine import port as any_port
from paper import Paper, listed, pcie

from kernel_port.hw.description import MachineDescription
from kernel_port.machine import boot

ALL_ONES = 0xFFFFFFFF


def machine_of(*functions, **options):
    return boot(MachineDescription("test", list(functions)), **options)


def acts(machine, where=None):
    """(op, offset, size, value) of the accesses to one function since boot, or of all."""
    return [
        (event.op, *event.args[1:]) for event in machine.events if event.op in "rw" and where in (None, event.args[0])
    ]


def test_pci_set_bus_speed_reads_the_link():
    body = exp(4, lnkcap=0x00100012, lnksta=0x2011)  # made for 5 GT/s, runs at 2.5 GT/s
    with machine_of(any_bridge("00:1c.0", 1, 1, body)) as machine:
        assert (machine.bus("01").max_bus_speed, machine.bus("01").cur_bus_speed) == (0x15, 0x14)


def speeds_behind(*capabilities):
    """(max_bus_speed, cur_bus_speed) of the bus behind a bridge with these capabilities, and what was read of them."""
    paper = Paper()
    bridge = paper.dev(paper.bus(), registers=listed(*capabilities))
    bus = paper.bus(1, bridge)
    paper.kernel.pci_set_bus_speed(bus)
    reads = [act[2:] for act in paper.take() if act[2] > 0x40 and act[3] > 1]
    return bus.max_bus_speed, bus.cur_bus_speed, reads


# AGP Status at 4, Command at 8. Rates: bit 0 1x, bit 1 2x, bit 2 4x; with bit 3 (AGP 3.0) bit 0 4x and bit 1 8x, and
# there is no 16x. include/linux/pci.h: AGP_UNKNOWN 0x0c, then 1x, 2x, 4x, 8x.
@pytest.mark.parametrize("cap", [0x02, 0x0E])
@pytest.mark.parametrize(
    ("status", "command", "speeds"),
    [
        (0x07, 0x01, (0x0F, 0x0D)), (0x03, 0x02, (0x0E, 0x0E)), (0x01, 0x00, (0x0D, 0x0C)),
        (0x0B, 0x01, (0x10, 0x0F)), (0x0C, 0x02, (0x0C, 0x10)),
    ],
)  # fmt: skip
def test_pci_set_bus_speed_of_agp_reads_status_and_command(cap, status, command, speeds):
    data = [0, 0, status, 0x02, 0, 0x1F, command, 0x03, 0, 0x1F]
    assert speeds_behind((0x44, cap, data)) == (*speeds, [(0x48, 4), (0x4C, 4)])


# PCI-X Secondary Status at 2: 533 MHz bit 15, 266 MHz bit 14, version bits 13:12, frequency bits 9:6, 133 MHz bit 1.
# include/linux/pci.h: 66 to 133 MHz PCI-X 2 to 4, with ECC 5 to 7, PCI-X 266 9 to 0xb, 533 0x11 to 0x13.
@pytest.mark.parametrize(
    ("status", "speeds"),
    [
        (0x8000 | 0xF << 6, (0x13, 0x13)), (0x4000 | 0x9 << 6, (0x0B, 0x09)), (0x2002 | 0x5 << 6, (0x07, 0x05)),
        (0x1002 | 0x3 << 6, (0x04, 0x04)), (0x0002 | 0x1 << 6, (0x04, 0x02)), (0x0000 | 0x0 << 6, (0x02, 0xFF)),
    ],
)  # fmt: skip
def test_pci_set_bus_speed_of_pci_x_ends_with_its_secondary_status(status, speeds):
    express = (0x60, 0x10, [0x72, 0, *bytes(16)])  # a PCI Express to PCI-X bridge has both
    assert speeds_behind((0x44, 0x07, status.to_bytes(2, "little")), express) == (*speeds, [(0x46, 2)])


def test_pci_set_bus_speed_looks_for_four_capabilities():
    # each search: Status, the pointer, the ID and the pointer of each capability; AGP, AGP3, PCI-X, EXP in v3.11
    paper = Paper()
    bridge = paper.dev(paper.bus(), registers=listed((0x44, 0x01, b"")))
    paper.kernel.pci_set_bus_speed(paper.bus(1, bridge))
    assert paper.reads() == [0x06, 0x34, 0x44, 0x45] * 4


def cardbus(address):
    made = any_bridge(address, 0, 0)
    config = bytearray(made.config)
    config[0x08:0x0C] = 0x06070000.to_bytes(4, "little")
    config[0x0E] = 2
    made.config = bytes(config)
    return made


def numbers(machine, bus, devfn):
    """Primary, secondary and subordinate bus number of a bridge, as it holds them."""
    return tuple(machine.fabric.read(0, bus, devfn, where, 1) for where in (0x18, 0x19, 0x1A))


def test_pci_scan_bridge_cardbus_keeps_bus_numbers_for_cards():
    with machine_of(cardbus("00:01.0"), cardbus("00:02.0")) as machine:
        # one for the socket and three more, twice; secondary latency timer 176
        assert numbers(machine, 0, 0x08) == (0, 1, 4)
        assert numbers(machine, 0, 0x10) == (0, 5, 8)
        assert machine.bus("01").name == "PCI CardBus 0000:01"
        assert ("w", ("0000:00:01.0", 0x18, 4, 0xB0FF0100)) in [(event.op, event.args) for event in machine.boot_events]


def test_pci_scan_bridge_cardbus_finds_the_card_in_the_socket():
    socket = cardbus("00:01.0")
    socket.config = socket.config[:0x19] + b"\x01\x01" + socket.config[0x1B:]
    with machine_of(socket, function("01:00.0")) as machine:
        assert machine.bus("01").self is machine.function("00:01.0")
        assert [dev.devfn for dev in machine.bus("01").devices] == [0x00]


@pytest.mark.parametrize(("class_", "sized"), [(0x060700, [0x10]), (0x060000, [])])
def test_pci_setup_device_cardbus_has_one_base_address_if_the_class_matches(class_, sized):
    made = cardbus("00:01.0")
    made.config = made.config[:0x09] + class_.to_bytes(3, "little") + made.config[0x0C:]
    with machine_of(made) as machine:
        written = [event.args for event in machine.boot_events if event.op == "w"]
        assert [args[1] for args in written if args[2:] == (4, ALL_ONES)] == sized
        assert machine.function("00:01.0").class_ == (class_ if sized else 0)


def test_pci_setup_device_cardbus_has_subsystem_ids_behind_the_header():
    made = cardbus("00:01.0")
    made.config = made.config[:0x40] + bytes.fromhex("43145906") + made.config[0x44:]
    with machine_of(made) as machine:
        dev = machine.function("00:01.0")
        assert (dev.subsystem_vendor, dev.subsystem_device) == (0x1443, 0x0659)


def test_pci_scan_bridge_with_the_number_of_a_sockets_bus_finds_what_is_on_it():
    # The bridge above the socket passes bus 1 on alone, so the socket's bus gets number 2, which 00:02.0 leads to.
    below = [function("02:00.0"), function("02:01.0")]
    with machine_of(any_bridge("00:01.0", 1, 1), cardbus("01:00.0"), any_bridge("00:02.0", 2, 2), *below) as machine:
        assert [dev.dev.name for dev in machine.bus("02").devices] == ["0000:02:00.0", "0000:02:01.0"]
        assert machine.bus("02").self is machine.function("01:00.0")
        # v3.11: pci_parent_bus_reset() finds the other on the list: -ENOTTY, 25
        assert machine.kernel.pci_probe_reset_function(machine.function("02:00.0")) == -25


def test_pci_scan_bridge_cardbus_keeps_no_number_that_is_taken():
    with machine_of(cardbus("00:01.0"), function("03:00.0")) as machine:
        assert numbers(machine, 0, 0x08) == (0, 1, 2)


def test_pci_scan_bridge_cardbus_behind_a_bridge_takes_half():
    # The bridge above passes buses 1 to 4 on: after the socket's own bus 2 there are two numbers, half of them is kept.
    inner = cardbus("01:00.0")
    with machine_of(any_bridge("00:01.0", 1, 4), inner) as machine:
        assert numbers(machine, 1, 0) == (1, 2, 3)


def test_pci_scan_bridge_of_a_new_bus_writes_all_numbers_at_once_and_then_the_last():
    with machine_of(any_bridge("00:1e.0", 0, 0, registers={"x1b_1": 0x40})) as machine:
        writes = [event.args for event in machine.boot_events if event.op == "w"]
        # nothing forwarded until pass 1; errors cleared; primary 0, secondary 1, subordinate 255 for now; then 1.
        # The latency timer stays.
        assert [write[1:] for write in writes if write[1] in (0x06, 0x18, 0x1A)] == [
            (0x18, 4, 0x40000000), (0x06, 2, 0xFFFF), (0x18, 4, 0x40FF0100), (0x1A, 1, 1),
        ]  # fmt: skip
        assert machine.bus("01").bridge_ctl == 3


def test_pci_scan_bridge_of_a_known_bus_remembers_bridge_control():
    with machine_of(any_bridge("00:1e.0", 1, 1)) as machine:
        bus = machine.bus("01")
        assert (bus.bridge_ctl, bus.primary, bus.name, bus.dev.name) == (3, 0, "PCI Bus 0000:01", "0000:01")


@pytest.mark.parametrize("numbers", [0x00000000, 0x00000100, 0x00010000], ids=["none", "no last", "no first"])
def test_pci_scan_bridge_without_both_bus_numbers_is_not_hard_wired(numbers):
    paper = Paper()
    bridge = paper.dev(paper.bus(5), registers={0x18: numbers.to_bytes(4, "little")}, hdr_type=1)
    paper.kernel.pci_scan_bridge(bridge.bus, bridge, 5, 0)
    assert "warning" not in [level for level, _ in paper.said]


def test_pci_scan_bridge_whose_primary_number_is_always_0_warns_and_goes_on():
    paper = Paper()
    bridge = paper.dev(paper.bus(5), registers={0x18: b"\x00\x06\x07\x00"}, hdr_type=1)
    bridge.subordinate = paper.bus(6)
    paper.kernel.pci_scan_bridge(bridge.bus, bridge, 5, 1)
    assert [level for level, _ in paper.said if level != "debug"] == ["warning"]


@pytest.mark.parametrize(("subordinate", "hidden"), [(1, 1), (2, 0)])
def test_pci_scan_bridge_says_that_a_bus_is_hidden(subordinate, hidden):
    # 00:01.0 passes bus 1 on, or buses 1 and 2; the bridge on bus 1 leads to bus 2
    inner = any_bridge("01:00.0", 2, 2, registers={"x18_1": 1})
    with machine_of(any_bridge("00:01.0", 1, subordinate), inner) as machine:
        # the messages of bus 2 itself that are not for developers alone
        said = [event.args for event in machine.boot_events if event.op == "printk" and event.args[0] == "info"]
        assert len([text for _, text in said if text.startswith("0000:02: ")]) == hidden


def test_pci_scan_bridge_lets_no_read_of_nobody_count_as_an_error():
    # Bridge Control 0x0023: master abort mode 0x20, SERR and parity; each pass switches the first off and on again
    made = any_bridge("00:01.0", 1, 1)
    made.config = made.config[:0x3E] + b"\x23" + made.config[0x3F:]
    with machine_of(made) as machine:
        written = [event.args[3] for event in machine.boot_events if event.op == "w" and event.args[1] == 0x3E]
        assert written == [0x03, 0x23, 0x03, 0x23]


def test_pci_create_root_bus_is_put_on_the_list_under_the_semaphore():
    paper = Paper()
    bus = paper.kernel.pci_create_root_bus(3, paper.ops, paper.kernel.pci_sysdata(0))
    assert (bus.number, bus.busn_res.start, bus.busn_res.end) == (3, 3, 0xFF)
    assert paper.kernel.pci_root_buses == [bus]
    assert paper.take() == [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]


def test_pci_add_new_bus_inherits_and_is_put_on_the_list_under_the_semaphore():
    paper = Paper()
    parent = paper.bus(2)
    parent.busn_res.start, parent.bus_flags = 2, 1
    bridge = paper.dev(parent)
    child = paper.kernel.pci_add_new_bus(parent, bridge, 5)
    assert (child.parent, child.self, bridge.subordinate, parent.children) == (parent, bridge, child, [child])
    assert (child.ops, child.sysdata, child.bus_flags) == (parent.ops, parent.sysdata, 1)
    assert (child.number, child.primary, child.busn_res.start, child.busn_res.end) == (5, 2, 5, 0xFF)
    assert paper.take()[-2:] == [("lock", "pci_bus_sem", ""), ("unlock", "pci_bus_sem", "")]


@pytest.mark.parametrize(("last", "kept"), [(0xFB, 3), (0xFC, 3), (0xFD, 2), (0xFE, 1), (0xFF, 0)])
def test_pci_scan_bridge_cardbus_keeps_no_number_after_bus_255(last, kept):
    paper = Paper()
    socket = paper.dev(paper.bus(), hdr_type=2)
    paper.answers[f"{last:02x}:00.0", 0x00] = deque([ALL_ONES])  # no card
    assert paper.kernel.pci_scan_bridge(socket.bus, socket, last - 1, 1) == last + kept
    assert socket.subordinate.number == last


@pytest.mark.parametrize(("port_type", "only"), [(4, 1), (6, 1), (5, 0), (7, 0), (0, 0)])
def test_only_one_child_is_behind_a_port_that_leads_down(port_type, only):
    paper = Paper()
    assert paper.kernel.only_one_child(paper.bus(1, paper.dev(paper.bus(), **pcie(2, port_type)))) == only


def test_only_one_child_of_a_conventional_bus_is_0():
    paper = Paper()
    assert paper.kernel.only_one_child(paper.bus()) == 0
    assert paper.kernel.only_one_child(paper.bus(1, paper.dev(paper.bus()))) == 0


@pytest.mark.parametrize(("sltcap", "hotplug"), [(0x40, 1), (0x3F, 0)])
def test_pci_setup_device_notes_whether_the_slot_below_is_hot_plug_capable(sltcap, hotplug):
    with machine_of(port("00:1c.0", 1, 1, sltcap=sltcap)) as machine:
        assert machine.function("00:1c.0").is_hotplug_bridge == hotplug


def test_pci_hp_add_bridge_gives_a_new_bridge_the_next_bus():
    with machine_of(any_port("00:1c.0", 1, 2, sltcap=0), any_bridge("01:00.0", 2, 2)) as machine:
        bus, kernel = machine.bus("01"), machine.kernel
        machine.call("pci_stop_and_remove_bus_device", machine.function("01:00.0"))
        kernel.pci_scan_slot(bus, 0)
        (bridge,) = bus.devices
        assert kernel.pci_hp_add_bridge(bridge) == 0
        assert bridge.subordinate.number == 2


def test_pci_create_root_bus_known_already_gives_NULL():
    with machine_of(function("00:01.0")) as machine:
        bus = machine.bus("00")
        assert machine.kernel.pci_create_root_bus(0, bus.ops, bus.sysdata) is None


def test_pci_bus_update_busn_res_end_below_the_start_gives_EINVAL():
    with machine_of(function("05:01.0")) as machine:
        assert machine.kernel.pci_bus_update_busn_res_end(machine.bus("05"), 4) == -22
        assert machine.kernel.pci_bus_update_busn_res_end(machine.bus("05"), 7) == 0
        assert machine.bus("05").busn_res.end == 7


def port(*args, **options):
    return any_port(*args, registers={"x08_4": 0x06040000}, **options)


def test_pci_find_capability_in_a_booted_machine_at_the_builders_offsets():
    with machine_of(function("00:01.0", pm(), exp(9), (AF, 0x13, bytes(4)))) as machine:
        dev = machine.function("00:01.0")
        assert (dev.pm_cap, dev.pcie_cap, machine.kernel.pci_find_capability(dev, 0x13)) == (PM, EXP, AF)
