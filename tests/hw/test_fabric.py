# SPDX-License-Identifier: GPL-2.0-only
"""Who a configuration cycle reaches, as bridges forward it at that moment."""

from itertools import permutations
from random import Random

import pytest
from hw_machine import DOWNSTREAM, ENDPOINT, EXP, MS, PM, UPSTREAM, Bench, bridge, exp, function, pm, port

from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription
from kernel_port.hw.errors import MachineError
from kernel_port.hw.image import ConfigImage

ID = 0x12348086
NOBODY = 0xFFFFFFFF


def switch(**knobs):
    """A root port, a switch with two downstream ports, and an endpoint behind the second."""
    return Bench(
        port("00:1c.0", 1, 4, slot=False, **knobs),
        bridge("01:00.0", 2, 4, pm(), exp(UPSTREAM)),
        port("02:00.0", 3, 3, port_type=DOWNSTREAM, slot=False),
        port("02:01.0", 4, 4, port_type=DOWNSTREAM, slot=False),
        function("04:00.0", pm(), exp(ENDPOINT)),
    )


def test_read_reaches_every_bus_of_a_switch():
    bench = switch()
    assert bench.read("04:00.0", 0, 4) == ID
    assert bench.read("02:01.0", 0, 4) == 0x55558086
    assert bench.read("03:00.0", 0, 4) == NOBODY
    assert bench.fabric.roots() == [(0, 0)]


def test_put_replaces_registers_without_setting_anything_off_and_finds_the_ways_anew():
    bench = switch()
    assert bench.read("04:00.0", 0, 4) == ID
    upstream = Address.parse("01:00.0")
    other = bytearray(bench.fabric.config(upstream))
    other[0x18:0x1B] = bytes(3)  # bus numbers lost
    other[0x3E] = 0x40  # Secondary Bus Reset, which resets nobody here
    bench.fabric.put(upstream, bytes(other))
    assert bench.fabric.config(upstream) == bytes(other)
    assert bench.read("04:00.0", 0, 4) == NOBODY
    assert bench.happened == []


@pytest.mark.parametrize("above", ["00:1c.0", "01:00.0", "02:01.0"])
def test_read_behind_a_bridge_that_lost_its_bus_numbers_is_all_ones(above):
    bench = switch()
    bench.write(above, 0x18, 4, 0)
    assert bench.read("04:00.0", 0, 4) == NOBODY
    assert bench.read("04:00.0", 0x0E, 1) == 0xFF
    bench.write(above, 0x18, 4, {"00:1c.0": 0x040100, "01:00.0": 0x040201, "02:01.0": 0x040402}[above])
    assert bench.read("04:00.0", 0, 4) == ID


def test_read_follows_new_bus_numbers():
    bench = switch()
    bench.write("02:01.0", 0x18, 4, 0x030302)  # a second bridge claims bus 3: the first one has it
    assert bench.read("03:00.0", 0, 4) == NOBODY
    bench.write("02:00.0", 0x18, 4, 0)
    assert bench.read("03:00.0", 0, 4) == ID
    assert bench.read("04:00.0", 0, 4) == NOBODY
    assert bench.fabric.config(Address.parse("04:00.0"))[:4] == ID.to_bytes(4, "little")


def test_read_outside_the_subordinate_range_is_all_ones():
    bench = switch()
    bench.write("00:1c.0", 0x1A, 1, 3)
    assert bench.read("04:00.0", 0, 4) == NOBODY
    assert bench.read("02:00.0", 0, 4) == 0x55558086


def test_write_to_nobody_is_dropped():
    bench = switch()
    bench.write("00:1c.0", 0x3E, 2, 0x40)
    bench.write("04:00.0", 0x3C, 1, 0x55)
    bench.write("00:1c.0", 0x3E, 2, 0)
    assert bench.held("04:00.0", 0x3C, 1) == 0
    bench.write("07:00.0", 0x04, 2, 0xFFFF)


def test_read_behind_a_bridge_in_d3hot_is_all_ones():
    bench = switch()
    bench.write("01:00.0", PM + 4, 2, 3)
    assert bench.read("04:00.0", 0, 4) == NOBODY
    assert bench.read("01:00.0", PM + 4, 2) == 3


@pytest.mark.parametrize(
    ("where", "size", "value"), [(0xFE, 4, NOBODY), (0x100, 2, 0xFFFF), (0x05, 2, 0xFFFF), (-4, 4, NOBODY)]
)
def test_read_of_what_no_register_can_answer_is_all_ones(where, size, value):
    bench = Bench(function("00:05.0"))
    assert bench.read("00:05.0", where, size) == value
    before = bench.fabric.config(Address.parse("00:05.0"))
    bench.write("00:05.0", where, size, 0)
    assert bench.fabric.config(Address.parse("00:05.0")) == before


def test_read_behind_link_disable_is_all_ones_until_the_link_is_back():
    bench = switch(link_training_ms=20)
    bench.write("00:1c.0", EXP + 0x10, 2, 0x10)
    assert bench.read("01:00.0", 0, 4) == NOBODY
    bench.write("00:1c.0", EXP + 0x10, 2, 0)
    bench.wait(19)
    assert bench.read("01:00.0", 0, 4) == NOBODY
    bench.wait(1)
    assert bench.read("01:00.0", 0, 4) == 0x55558086


def test_function_without_its_bridge_sits_on_a_root_bus():
    bench = Bench(function("00:05.0"), function("05:00.0"), function("0001:00:00.0"))
    assert bench.fabric.roots() == [(0, 0), (0, 5), (1, 0)]
    assert bench.read("05:00.0", 0, 4) == bench.read("0001:00:00.0", 0, 4) == ID


def test_fabric_domains_are_apart():
    bench = Bench(port("00:1c.0", 1, 1), port("0001:00:1c.0", 1, 1), function("0001:01:00.0", pm(), exp(ENDPOINT)))
    assert bench.read("01:00.0", 0, 4) == NOBODY
    assert bench.read("0001:01:00.0", 0, 4) == ID
    bench.write("00:1c.0", 0x3E, 2, 0x40)
    assert bench.read("0001:01:00.0", 0, 4) == ID


@pytest.mark.parametrize(
    ("functions", "named"),
    [
        ([bridge("00:01.0", 0, 0), bridge("01:00.0", 1, 1)], "0000:01:00.0"),  # its own secondary side
        ([bridge("01:00.0", 2, 3), bridge("02:00.0", 3, 3), bridge("03:00.0", 1, 3)], "0000:03:00.0"),
        ([bridge("00:01.0", 1, 1), bridge("01:00.0", 0, 0), bridge("01:01.0", 1, 9)], None),
        ([function("00:05.0"), function("00:05.0")], "0000:00:05.0"),
        ([FunctionDescription(Address.parse("00:05.0"), bytes(16))], "16 of 256"),
        ([FunctionDescription(Address.parse("00:05.0"), bytes(64), 512)], "64 of 512"),
    ],
)  # fmt: skip
def test_fabric_of_an_impossible_machine_is_refused_by_name(functions, named):
    if named is None:
        assert Bench(*functions).fabric.roots() == [(0, 0)]
    else:
        with pytest.raises(MachineError, match=named):
            Bench(*functions)


def test_fabric_unknown_quirks_are_refused():
    with pytest.raises(MachineError, match="'bochs'"):
        Bench(function("00:05.0"), quirks="bochs")


def test_config_of_nobody_is_refused():
    with pytest.raises(MachineError, match=r"0000:07:00\.0"):
        switch().fabric.config(Address.parse("07:00.0"))


@pytest.mark.parametrize("seed", range(20))
def test_bus_numbers_of_any_kind_never_hang(seed):
    """Bridges claim whatever a random generator says, loops and all: each cycle still ends, and ways heal."""
    random = Random(seed)
    bench = switch()
    bridges = ["00:1c.0", "01:00.0", "02:00.0", "02:01.0"]
    for _ in range(200):
        bench.write(random.choice(bridges), 0x18, 4, random.getrandbits(24))
        assert bench.read(f"{random.randrange(256):02x}:00.0", 0, 4) in (ID, 0x55558086, NOBODY)
    for address, numbers in zip(bridges, (0x040100, 0x040201, 0x030302, 0x040402), strict=True):
        bench.write(address, 0x18, 4, numbers)
    assert bench.read("04:00.0", 0, 4) == ID


def test_chain_of_255_bridges_is_reset_and_comes_back():
    bench = Bench(*(bridge(f"{bus:02x}:00.0", bus + 1, 255) for bus in range(255)), function("ff:00.0"))
    assert bench.read("ff:00.0", 0, 4) == ID
    bench.write("00:00.0", 0x3E, 2, 0x40)
    bench.write("00:00.0", 0x3E, 2, 0)
    assert bench.read("ff:00.0", 0, 4) == NOBODY
    for bus in range(255):
        bench.write(f"{bus:02x}:00.0", 0x18, 4, 0xFF0000 | bus + 1 << 8 | bus)
    assert bench.read("ff:00.0", 0, 4) == ID


@pytest.mark.slow
def test_full_segment_of_65536_functions_answers_everywhere():
    places = [(device, number) for device in range(32) for number in range(8)]
    functions = [function("00:00.0")]
    functions += [bridge(f"00:{d:02x}.{f}", d << 3 | f, d << 3 | f) for d, f in places[1:]]
    functions += [function(f"{bus:02x}:{d:02x}.{f}") for bus in range(1, 256) for d, f in places]
    bench = Bench(*functions)
    assert all(bench.fabric.read(0, bus, devfn, 0, 2) == 0x8086 for bus in range(256) for devfn in range(256))


def test_images_given_hold_the_registers():
    image = ConfigImage(2 << 20)
    bench = Bench(port("00:1c.0", 1, 1), function("01:00.0", pm(), exp(ENDPOINT)), images={0: image})
    bench.write("01:00.0", 0x3C, 1, 0x5A)
    assert image.read(1, 0, 0x3C, 1) == 0x5A


@pytest.mark.parametrize("order", list(permutations((0, 1, 2, 256))))
def test_read_same_bus_number_of_several_domains_reaches_each_ones_own(order):
    bench = Bench(*(function(f"{n:04x}:00:05.0", registers={"x2c_4": 0x1000 + n}) for n in (0, 1, 2, 256)))
    for n in (*order, *order):
        assert bench.read(f"{n:04x}:00:05.0", 0x2C, 4) == 0x1000 + n


def test_read_reaches_the_last_bytes_of_a_function():
    bench = Bench(function("00:05.0", registers={"xfc_4": 0x11223344}))
    assert [bench.read("00:05.0", 0xFC, 4), bench.read("00:05.0", 0xFF, 1)] == [0x11223344, 0x11]


def waking(ready_ms, not_ready="crs", quirks=""):
    """A card that has just been reset through the port above."""
    card = function("01:00.0", pm(), exp(ENDPOINT), ready_ms=ready_ms, not_ready=not_ready)
    bench = Bench(port("00:1c.0", 1, 1), card, quirks=quirks)
    for control in (0x43, 0x03):
        bench.write("00:1c.0", 0x3E, 2, control)
    return bench


@pytest.mark.parametrize("quirks", ["", "qemu"])
def test_request_that_is_to_be_retried_stalls_until_the_function_is_ready(quirks):
    # PCIe 2.3.1, 2.3.2: without CRS Software Visibility the root complex issues the request again.
    bench = waking(80, quirks=quirks)
    bench.wait(30)
    assert (bench.read("01:00.0", 0, 4), bench.clock.now) == (ID, 80 * MS)
    assert ("request retried", "0000:01:00.0") in bench.happened


def test_write_that_is_to_be_retried_arrives():
    bench = waking(80)
    bench.write("01:00.0", 0x04, 2, 0x0002)
    assert (bench.clock.now, bench.read("01:00.0", 0x04, 2)) == (80 * MS, 0x0002)


def test_request_is_given_up_after_a_second():
    bench = waking(-1)
    assert (bench.read("01:00.0", 0, 4), bench.clock.now) == (NOBODY, 1000 * MS)


def test_silent_function_stalls_nobody():
    bench = waking(80, "silent")
    bench.write("01:00.0", 0x04, 2, 0x0002)
    assert (bench.read("01:00.0", 0, 4), bench.clock.now) == (NOBODY, 0)
    bench.wait(80)
    assert bench.read("01:00.0", 0x04, 2) == 0


def test_request_that_stalls_meets_nobody_when_the_link_goes():
    card = function("01:00.0", pm(), exp(ENDPOINT), ready_ms=80, not_ready="crs")
    bench = Bench(port("00:1c.0", 1, 1, link_training_ms=50), card)
    for control in (0x43, 0x03):
        bench.write("00:1c.0", 0x3E, 2, control)
    bench.wait(60)
    bench.clock.call_after(20, lambda: bench.write("00:1c.0", 0x3E, 2, 0x43))
    bench.clock.call_after(30, lambda: bench.write("00:1c.0", 0x3E, 2, 0x03))
    assert (bench.read("01:00.0", 0, 4), bench.clock.now) == (NOBODY, 80 * MS)
    # Released at 90 ms, link up at 140, ready at 220.
    bench.wait(70)
    assert (bench.read("01:00.0", 0, 4), bench.clock.now) == (ID, 220 * MS)


SRIOV_CTRL = 0x108


def virtual(**knobs):
    """A physical function with two virtual ones, at routing IDs +4 and +6 (SR-IOV 2.1.2: offset 4, stride 2)."""
    registers = {"x100_4": 0x00010010, "x108_2": 0x0001, "x110_2": 2, "x114_2": 4, "x116_2": 2}
    physical = function("01:00.0", pm(), exp(ENDPOINT, devcap=0x10008000), size=4096, registers=registers)
    others = [
        function(f"01:00.{number}", pm(), exp(ENDPOINT, devcap=0x10008000), **knobs if number == 6 else {})
        for number in (4, 5, 6)
    ]
    return Bench(port("00:1c.0", 1, 1), physical, *others)


def there(bench):
    return [number for number in range(8) if bench.read(f"01:00.{number}", 0, 4) == ID]


def test_virtual_functions_cease_with_their_enable_and_are_new_with_it():
    bench = virtual(ready_ms=50)
    assert there(bench) == [0, 4, 5, 6]
    bench.write("01:00.0", SRIOV_CTRL, 2, 0)
    assert there(bench) == [0, 5]
    bench.write("01:00.0", SRIOV_CTRL, 2, 0x0009)
    assert (there(bench), bench.read("01:00.4", 0x04, 2)) == ([0, 4, 5], 0)
    bench.wait(50)
    assert there(bench) == [0, 4, 5, 6]


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        ([("01:00.0", EXP + 8, 0x8000)], [0, 5]),  # SR-IOV 2.2.2: FLR of the physical function clears VF Enable
        ([("01:00.0", PM + 4, 3), ("01:00.0", PM + 4, 0)], [0, 5]),
        ([("00:1c.0", 0x3E, 0x43), ("00:1c.0", 0x3E, 0x03)], [0, 5]),
        ([("01:00.4", EXP + 8, 0x8000)], [0, 4, 5, 6]),  # 2.2.3: that of a virtual function is its own
    ],
    ids=["FLR", "soft reset", "bus reset", "FLR of one"],
)
def test_virtual_functions_go_with_the_reset_of_their_physical_function(steps, left):
    bench = virtual()
    for address, where, value in steps:
        bench.write(address, where, 2, value)
    assert there(bench) == left
    reset = [where for what, where in bench.happened if what.endswith("reset")]
    assert len(reset) == len(set(reset))
    bench.wait(1000)
    assert there(bench) == left
