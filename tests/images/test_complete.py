# SPDX-License-Identifier: GPL-2.0-only
"""What the recorded kernel had found: nothing that a file lists is dropped, and what it leaves out has a stand-in."""

import pytest

from kernel_port.hw.address import Address
from kernel_port.hw.config_space import header_type
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.images import load
from kernel_port.images.complete import complete
from kernel_port.machine import boot

ONES = b"\xff" * 256
ENDPOINT, ROOT_PORT, UPSTREAM, DOWNSTREAM, INTEGRATED = 0, 4, 5, 6, 9


def registers(*patches):
    config = bytearray(256)
    for offset, text in ((0, "86803412"), *patches):
        data = bytes.fromhex(text)
        config[offset : offset + len(data)] = data
    return bytes(config)


def express(kind, *patches):
    """PCI Express at 0x40, of a type."""
    return registers((6, "1000"), (0x34, "40"), (0x40, f"1000{kind << 4 | 2:02x}00"), *patches)


def bridge(kind, primary, secondary, subordinate):
    numbers = bytes((primary, secondary, subordinate)).hex()
    return express(kind, (8, "00000406"), (0x0E, "01"), (0x18, numbers))


def machine(**functions):
    """A recorded machine of functions by address, with _ for each colon and dot: f00_01_0."""
    described = [
        FunctionDescription(Address.parse(f"{name[1:3]}:{name[4:6]}.{name[7]}"), config)
        for name, config in functions.items()
    ]
    return MachineDescription("recorded", described, recorded=True)


def stand_ins(description):
    """Address -> what each stands for."""
    found = complete(description).functions
    return {str(each.address)[5:]: each.stand_in for each in found if each.stand_in}


def known(description):
    """What the kernel knows, in order."""
    with boot(description, trace_boot=False) as booted:
        return [dev.dev.name[5:] for dev in booted.functions]


def listed(description):
    return sorted(str(function.address)[5:] for function in description.functions)


# -- what the list has -----------------------------------------------------------------------------------------------

FUNCTION_0_SAYS_NOTHING = machine(f00_03_0=registers(), f00_03_1=registers())
BELOW_A_SLEEPING_BRIDGE = machine(
    f00_01_0=registers((6, "1000"), (8, "00000406"), (0x0E, "01"), (0x18, "000101"), (0x34, "40"), (0x40, "01000300"),
                       (0x44, "0300")),  # D3hot
    f01_00_0=registers(),
)  # fmt: skip
VIRTUAL = machine(
    f00_01_0=bridge(ROOT_PORT, 0, 1, 1),
    f01_00_0=express(ENDPOINT),
    f01_10_0=express(ENDPOINT, (0, "ffffffff")),
    f01_10_2=express(ENDPOINT, (0, "ffffffff")),
)
ALL_GONE = machine(
    f00_01_0=bridge(ROOT_PORT, 0, 1, 4), f01_00_0=ONES, f02_01_0=ONES, f02_02_0=ONES, f03_00_0=ONES, f04_00_0=ONES
)


FROM_THE_TOP = machine(f00_03_0=ONES, f02_00_0=ONES)


@pytest.mark.parametrize(
    "description", [FUNCTION_0_SAYS_NOTHING, BELOW_A_SLEEPING_BRIDGE, VIRTUAL, ALL_GONE, FROM_THE_TOP]
)
def test_kernel_knows_every_function_that_is_listed(description):
    assert known(description) == listed(description)
    assert not stand_ins(description)


def test_kernel_of_a_description_knows_only_what_its_scan_finds():
    FUNCTION_0_SAYS_NOTHING.recorded = False
    try:
        assert known(FUNCTION_0_SAYS_NOTHING) == ["00:03.0"]
    finally:
        FUNCTION_0_SAYS_NOTHING.recorded = True


def test_function_that_reads_all_ones_still_does():
    with boot(machine(f00_01_0=bridge(ROOT_PORT, 0, 1, 1), f01_00_0=ONES), trace_boot=False) as booted:
        dev = booted.function("01:00.0")
        assert booted.kernel.pci_read_config_dword(dev, 0) == 0xFFFFFFFF
        assert booted.kernel.pci_write_config_dword(dev, 0x10, 0) == 0
        assert booted.fabric.config(Address.parse("01:00.0")) == ONES


def test_bridges_that_read_all_ones_lead_on_to_what_does():
    with boot(ALL_GONE, trace_boot=False) as booted:
        above = {dev.dev.name[5:]: dev.bus.self.dev.name[5:] for dev in booted.functions if dev.bus.self}
    # bus 03 is below one of the two on bus 02, and bus 04 below the other
    assert above == {"01:00.0": "00:01.0", "02:01.0": "01:00.0", "02:02.0": "01:00.0", "03:00.0": "02:01.0",
                     "04:00.0": "02:02.0"}  # fmt: skip


# -- what it leaves out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (machine(f01_00_0=express(ENDPOINT)), {"00:1f.0": "the port above 01:00.0"}),
        (machine(f05_01_0=registers()), {"00:1f.0": "the bridge above bus 05"}),
        (machine(f00_01_1=registers()), {"00:01.0": "function 0 beside 00:01.1"}),
        (machine(f00_01_1=registers(), f00_01_3=ONES), {"00:01.0": "function 0 beside 00:01.1"}),
        (machine(f00_01_3=ONES), {"00:01.0": "function 0 beside 00:01.3"}),
        # between the root port and what is on bus 3, and the downstream port above it
        (machine(f00_01_0=bridge(ROOT_PORT, 0, 1, 3), f02_00_0=bridge(DOWNSTREAM, 2, 3, 3), f03_00_0=express(ENDPOINT)),
         {"01:00.0": "the port above 02:00.0"}),
        (machine(f00_01_0=bridge(ROOT_PORT, 0, 1, 3), f01_00_0=bridge(UPSTREAM, 1, 2, 3), f03_00_0=express(ENDPOINT)),
         {"02:00.0": "the port above 03:00.0"}),
    ],
)  # fmt: skip
def test_what_a_list_leaves_out_has_a_stand_in(description, expected):
    assert stand_ins(description) == expected
    assert known(description) == sorted([*listed(description), *expected])


@pytest.mark.parametrize(
    "description",
    [
        machine(fff_00_0=registers((8, "00000006")), fff_02_1=registers(), fff_02_0=registers()),  # a host bridge
        machine(f5d_05_0=express(INTEGRATED)),
        machine(f80_02_0=bridge(ROOT_PORT, 0x80, 0x81, 0x81), f81_00_0=express(ENDPOINT)),
        # nothing says so, but bus 00 is whole, and no bridge of it leads past 3f
        machine(f00_00_0=registers((8, "00000006")), f3f_08_0=registers((8, "00008008")), f3f_09_0=registers()),
    ],
)
def test_a_root_bus_that_shows_to_be_one_has_no_bridge(description):
    assert not stand_ins(description)
    assert known(description) == listed(description)


def test_a_tree_that_has_the_kernels_layout_shows_its_root_buses(tmp_path):
    for place in ("pci0000:00/0000:00:00.0", "pci0000:3f/0000:3f:08.0"):
        (tmp_path / "devices" / place).mkdir(parents=True)
        (tmp_path / "devices" / place / "config").write_bytes(registers())
    found = load(tmp_path)
    assert found.roots == {(0, 0), (0, 0x3F)}
    assert not stand_ins(found)
    found.roots = frozenset()  # as in a plain list
    assert stand_ins(found) == {"00:1f.0": "the bridge above bus 3f"}


def test_bus_numbers_that_are_not_stated_lead_to_what_is_below():
    description = machine(f00_01_0=bridge(ROOT_PORT, 0, 0, 0), f01_00_0=express(ENDPOINT))
    stated = bytearray(b"\xff" * 256)
    stated[0x10:0x20] = bytes(16)  # a row is missing
    description.functions[0].stated = bytes(stated)
    assert not stand_ins(description)
    assert known(description) == ["00:01.0", "01:00.0"]


def test_a_stand_in_is_what_is_proven_and_nothing_else():
    (bridge_above,) = (each for each in complete(machine(f01_00_0=express(ENDPOINT))).functions if each.stand_in)
    assert header_type(bridge_above.config) == 1
    proven = {at: mask for at, mask in enumerate(bridge_above.stated) if mask}
    # class, header type without the multifunction bit, primary and secondary bus
    assert proven == {0x0A: 0xFF, 0x0B: 0xFF, 0x0E: 0x7F, 0x18: 0xFF, 0x19: 0xFF}


def test_complete_twice_is_complete_once():
    once = complete(machine(f01_00_0=express(ENDPOINT), f01_00_1=ONES, f02_00_1=registers()))
    assert complete(once) == once
