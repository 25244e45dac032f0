# SPDX-License-Identifier: GPL-2.0-only
"""Enabling and disabling devices. Oracle: pci.c, bus.c, setup-res.c and setup-bus.c of v3.11, worked out by hand, and
the recordings (v311-each-conv2: pci_enable_bridges() of a bridge without a driver)."""

import pytest
from hw_machine import bridge, function, pm, port
from paper import Paper

from kernel_port.hw.description import MachineDescription
from kernel_port.machine import boot

MEM, IO, PREFETCH, ROM_ENABLE = 0x200, 0x100, 0x2000, 1
PM, CTRL = 0x40, 0x44
BRIDGE = {"x08_4": 0x06040000}


def machine_of(*functions, **options):
    return boot(MachineDescription("test", list(functions)), **options)


def device(pmcsr=None, command=0, **fields):
    """A function on paper, with a PM capability if *pmcsr* is given."""
    paper = Paper()
    registers = {0x04: command.to_bytes(2, "little")}
    if pmcsr is not None:
        registers[CTRL] = pmcsr.to_bytes(2, "little")
        fields |= {"pm_cap": PM, "d3_delay": 10}
    return paper, paper.dev(paper.bus(), registers=registers, current_state=5, **fields)


def told(paper):
    """What was read, written and slept since the last time, without the name of the function."""
    return [act[0::2] if act[0] == "r" else (act[0], *act[2:]) if act[0] == "w" else act for act in shortened(paper)]


def shortened(paper):
    return [
        (act[0], act[1], act[2]) if act[0] == "r" else act for act in paper.take() if act[0] in ("r", "w", "msleep")
    ]


def test_pci_enable_device_asks_for_the_power_state_first():
    paper, dev = device(pmcsr=0x0000)
    assert paper.kernel.pci_enable_device(dev) == 0
    assert told(paper) == [("r", CTRL), ("r", 0x04)]
    assert (dev.current_state, dev.enable_cnt) == (0, 1)


def test_pci_enable_device_wakes_a_sleeper_and_gives_it_10_ms():
    paper, dev = device(pmcsr=0x0103)  # D3hot, PME enabled: the whole word becomes 0
    assert paper.kernel.pci_enable_device(dev) == 0
    acts = told(paper)
    # BARs are written as well, for No_Soft_Reset is clear; this one has none
    assert acts == [("r", CTRL), ("r", CTRL), ("w", CTRL, 2, 0), ("msleep", 10), ("r", CTRL), ("r", 0x04)]
    assert dev.current_state == 0


def test_pci_enable_device_without_power_management_is_in_d0():
    paper, dev = device()
    assert paper.kernel.pci_enable_device(dev) == 0
    assert told(paper) == [("r", 0x04)]
    assert dev.current_state == 0


def test_pci_enable_device_a_second_time_only_asks_for_the_power_state():
    paper, dev = device(pmcsr=0x0000)
    paper.kernel.pci_enable_device(dev)
    paper.take()
    paper.config["00:00.0"][CTRL] = 0x03
    assert paper.kernel.pci_enable_device(dev) == 0
    assert told(paper) == [("r", CTRL)]
    assert (dev.current_state, dev.enable_cnt) == (3, 2)


# Memory decode is bit 1 of Command, I/O bit 0. A ROM counts if it is enabled, a bridge's windows are resources 7 to 10.
@pytest.mark.parametrize(
    ("enable", "resources", "command", "written"),
    [
        ("pci_enable_device", {0: MEM}, 0x0000, [0x0002]),
        ("pci_enable_device", {0: MEM, 2: IO}, 0x0104, [0x0107]),
        ("pci_enable_device", {0: MEM, 2: IO}, 0x0007, []),
        ("pci_enable_device_mem", {0: MEM, 2: IO}, 0x0000, [0x0002]),
        ("pci_enable_device_io", {0: MEM, 2: IO}, 0x0000, [0x0001]),
        ("pci_enable_device", {6: MEM}, 0x0000, []),
        ("pci_enable_device", {6: MEM | ROM_ENABLE}, 0x0000, [0x0002]),
        ("pci_enable_device", {7: IO, 8: MEM, 9: MEM | PREFETCH}, 0x0000, [0x0003]),
        ("pci_enable_device", {}, 0x0000, []),
    ],
)
def test_pci_enable_resources_sets_the_decode_bits_that_are_missing(enable, resources, command, written):
    paper, dev = device(command=command)
    for number, flags in resources.items():
        dev.resource[number].flags = flags
    assert getattr(paper.kernel, enable)(dev) == 0
    assert paper.writes() == [(0x04, 2, value) for value in written]
    assert [numbers[1] for _, numbers in paper.told()] == [] if not written else len(paper.said) == 1


def test_pci_reenable_device_is_for_those_that_are_enabled():
    paper, dev = device(command=0x0000)
    dev.resource[0].flags = MEM
    assert paper.kernel.pci_reenable_device(dev) == 0
    assert paper.take() == []
    dev.enable_cnt = 1
    assert paper.kernel.pci_reenable_device(dev) == 0
    assert paper.writes() == [(0x04, 2, 0x0002)]
    assert dev.enable_cnt == 1


@pytest.mark.parametrize(("command", "writes"), [(0x0007, [(0x04, 2, 0x0003)]), (0x0003, [])])
def test_pci_disable_device_the_last_time_ends_bus_mastering(command, writes):
    paper, dev = device(command=command)
    dev.enable_cnt, dev.is_busmaster = 2, 1
    paper.kernel.pci_disable_device(dev)
    assert (paper.take(), dev.enable_cnt, dev.is_busmaster) == ([], 1, 1)
    paper.kernel.pci_disable_device(dev)
    assert (paper.writes(), dev.enable_cnt, dev.is_busmaster) == (writes, 0, 0)
    assert paper.said == []


def test_pci_disable_device_of_one_that_nobody_enabled_warns():
    paper, dev = device(command=0x0007)
    paper.kernel.pci_disable_device(dev)
    assert [level for level, _ in paper.said] == ["warning"]
    assert (paper.writes(), dev.enable_cnt) == ([], -1)


def test_pci_disable_enabled_device_leaves_it_enabled():
    paper, dev = device(command=0x0007)
    paper.kernel.pci_disable_enabled_device(dev)
    assert paper.take() == []
    dev.enable_cnt = 1
    paper.kernel.pci_disable_enabled_device(dev)
    assert (paper.writes(), dev.enable_cnt) == ([(0x04, 2, 0x0003)], 1)


# Latency timers: below 16 becomes 64, 255 is the most. PCI Express has none.
@pytest.mark.parametrize(
    ("latency", "pcie", "writes"), [(0, 0, [64]), (15, 0, [64]), (16, 0, []), (255, 0, []), (0, 1, [])]
)
def test_pci_set_master_of_conventional_devices_looks_at_the_latency_timer(latency, pcie, writes):
    paper, dev = device(command=0x0003, pcie_cap=0x50 * pcie)
    paper.config["00:00.0"][0x0D] = latency
    paper.kernel.pci_set_master(dev)
    assert paper.writes() == [(0x04, 2, 0x0007), *((0x0D, 1, value) for value in writes)]
    assert dev.is_busmaster == 1


def test_pci_set_master_and_pci_clear_master_write_if_something_changes():
    paper, dev = device(command=0x0107, pcie_cap=0x50)
    paper.kernel.pci_set_master(dev)
    assert paper.writes() == []
    paper.kernel.pci_clear_master(dev)
    assert (paper.writes(), dev.is_busmaster) == ([(0x04, 2, 0x0103)], 0)
    paper.kernel.pci_clear_master(dev)
    assert paper.writes() == []


# PCI_D0 0, PCI_D3hot 3, PCI_D3cold 4, PCI_UNKNOWN 5
@pytest.mark.parametrize(
    ("pmcsr", "was", "asked", "reads", "now"),
    [(0x0002, 5, 0, [CTRL], 2), (0x0000, 4, 0, [], 4), (0x0000, 0, 4, [], 4), (None, 5, 3, [], 3)],
)
def test_pci_update_current_state_asks_the_device_unless_it_is_in_d3cold(pmcsr, was, asked, reads, now):
    paper, dev = device(pmcsr=pmcsr)
    dev.current_state = was
    paper.kernel.pci_update_current_state(dev, asked)
    assert (paper.reads(), dev.current_state) == (reads, now)


def test_pci_power_up_asks_again_even_if_the_device_is_taken_to_be_awake():
    paper, dev = device(pmcsr=0x0003)
    dev.current_state = 0
    paper.kernel.pci_power_up(dev)
    assert (told(paper), dev.current_state) == ([("r", CTRL)], 3)
    paper.kernel.pci_power_up(dev)
    assert dev.current_state == 0


# -- bridges -----------------------------------------------------------------------------------------------------


def cycles(events, address):
    return [(event.op, *event.args[1:3]) for event in events if event.op in ("r", "w") and event.args[0] == address]


def test_pci_enable_bridges_enables_parents_first_and_no_endpoints():
    outer, inner = (
        bridge("00:01.0", 1, 2, pm(), registers=BRIDGE),
        bridge("01:00.0", 2, 2, registers={**BRIDGE, "x18_1": 1}),
    )
    for each in (outer, inner):
        each.config = each.config[:4] + b"\x02\x00" + each.config[6:]
    with machine_of(outer, inner, function("02:00.0", pm())) as machine:
        devices = [machine.function(name) for name in ("00:01.0", "01:00.0", "02:00.0")]
        assert [dev.enable_cnt for dev in devices] == [1, 1, 0]
        assert [dev.is_busmaster for dev in devices] == [1, 1, 0]
        assert [dev.current_state for dev in devices] == [0, 0, 5]
        commands = [event.args for event in machine.boot_events if event.op == "w" and event.args[1] == 0x04]
        masters = [args[0] for args in commands if args[3] & 0x0004 and args[0] != "0000:02:00.0"]
        assert masters == ["0000:00:01.0", "0000:01:00.0"]
        # v311-each-conv2: r16 PMCSR, r16 COMMAND, r16 COMMAND, w16 COMMAND; here the I/O window is not decoded yet, and
        # what is not PCI Express has a latency timer
        late = [cycle for cycle in cycles(machine.boot_events, "0000:00:01.0") if cycle[1] in (0x04, CTRL, 0x0D)]
        enabling = [("r", CTRL, 2), ("r", 4, 2), ("w", 4, 2), ("r", 4, 2), ("w", 4, 2), ("r", 0x0D, 1), ("w", 0x0D, 1)]
        # the last read is the file `reset` being made: pci_pm_reset() asks for No_Soft_Reset
        assert late[-8:] == [*enabling, ("r", CTRL, 2)]


def test_pci_reset_function_of_a_bridge_without_driver_is_a_pm_reset():
    inner = bridge("01:00.0", 2, 2, pm(), registers={"x08_4": 0x06040100, "x18_1": 1})  # subtractive: not portdrv's
    with machine_of(bridge("00:01.0", 1, 2, registers=BRIDGE), inner, function("02:00.0"), patches=0) as machine:
        assert machine.function("01:00.0").driver is None
        assert machine.call("pci_reset_function", machine.function("01:00.0")) == 0


@pytest.mark.parametrize(("point", "rc"), [(7, -22), (8, 0)])
@pytest.mark.parametrize("unbound", [True, False])
def test_pci_reset_function_of_what_no_driver_has_enabled_is_EINVAL_before_patch_8(point, rc, unbound):
    card = function("01:00.0", pm(), driver="e1000e" if unbound else "")
    beside = function("01:00.1", registers={})
    with machine_of(bridge("00:01.0", 1, 1, registers=BRIDGE), card, beside, patches=point) as machine:
        dev = machine.function("01:00.0")
        if unbound:
            assert machine.call("pci_reset_function", dev) == 0
            machine.call("device_release_driver", dev)
        assert dev.current_state == 5
        assert machine.call("pci_reset_function", dev) == rc


def test_pciehp_configure_device_enables_the_port_once_more_and_bridges_below():
    slot = port("00:1c.0", 1, 2, sltcap=0x60 | 2, registers={**BRIDGE, "x18_1": 0})
    card = bridge("01:00.0", 2, 2, pm(), registers={**BRIDGE, "x18_1": 1})
    with machine_of(slot, card, function("02:00.0")) as machine:
        port_dev = machine.function("00:1c.0")
        machine.call("pci_stop_and_remove_bus_device", machine.function("01:00.0"))
        machine.events.clear()
        ctrl = machine.bus("01").slots[0].hotplug.private
        assert machine.call("pciehp_configure_device", ctrl) == 0
        assert port_dev.enable_cnt == 2  # pci_enable_bridges() and its driver
        assert machine.function("01:00.0").enable_cnt == 1
        # p8-mess-nopcp-bus, 165 and 166: pci_enable_resources() and pci_set_master() of the port
        assert [cycle for cycle in cycles(machine.events, "0000:00:1c.0") if cycle[1] == 4] == [
            ("r", 4, 2),
            ("r", 4, 2),
        ]
