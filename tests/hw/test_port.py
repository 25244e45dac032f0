# SPDX-License-Identifier: GPL-2.0-only
"""Bridges, links and slots: resets as levels with two edges, and what a port tells of them."""

import pytest
from hw_machine import (
    DOWNSTREAM,
    ENDPOINT,
    EXP,
    MSI,
    PM,
    ROOT_PORT,
    UPSTREAM,
    Bench,
    bridge,
    exp,
    function,
    pm,
    port,
    words,
)  # fmt: skip

from kernel_port.hw.address import Address

NOBODY = 0xFFFFFFFF
PORT, CARD = "00:1c.0", "01:00.0"
ID = 0x12348086
SLTCTL, SLTSTA, LNKSTA = EXP + 0x18, EXP + 0x1A, EXP + 0x12
# Slot Capabilities: hot-plug capable 0x40, surprise 0x20; power controller 0x02; no command completed 0x40000.
HOTPLUG, POWER_CONTROLLER, NO_CC, INTERLOCK = 0x60, 0x02, 0x40000, 0x20000
# Slot Status: button 1, fault 2, latch 4, presence changed 8, command completed 0x10, latch open 0x20, present 0x40,
# interlock engaged 0x80, link changed 0x100. Slot Control enables: the same, and interrupt 0x20, link 0x1000.
HPIE, PDCE, CCIE, DLLSCE = 0x20, 0x08, 0x10, 0x1000


def slot(sltcap=HOTPLUG, sltctl=0, card=None, **knobs):
    return Bench(port(PORT, 1, 1, sltcap, sltctl, **knobs), function(CARD, pm(), exp(ENDPOINT), **(card or {})))


def test_secondary_bus_reset_is_a_level_with_two_edges():
    bench = slot(link_training_ms=20, card={"ready_ms": 100})
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.happened == [
        ("link down", "0000:00:1c.0"),
        ("presence off", "0000:00:1c.0"),
        ("hot reset", "0000:01:00.0"),
    ]
    # Present 0x40 fell; presence changed 0x08 and link changed 0x100 are told. Link active 0x2000 fell, and so did the
    # width of one lane (0x10); the speed is as it was, which PCIe 7.8.8 leaves undefined.
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0108, 0x0001)
    bench.wait(1000)
    assert bench.read(CARD, 0, 4) == NOBODY
    bench.write(PORT, SLTSTA, 2, 0x108)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(19)
    # It trains: 0x0800.
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0000, 0x0801)
    bench.wait(1)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0148, 0x2011)
    bench.wait(99)
    assert bench.read(CARD, 0, 4) == NOBODY
    bench.wait(1)
    assert bench.read(CARD, 0, 4) == ID
    # Command lost its 0x0006; the capability bit 0x10 of the status stays.
    assert bench.read(CARD, 0x04, 4) == 0x00100000


@pytest.mark.parametrize("quirks", ["", "qemu"])
def test_bridge_control_written_again_is_no_second_reset(quirks):
    bench = Bench(port(PORT, 1, 1), function(CARD, pm(), exp(ENDPOINT)), quirks=quirks)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 1, 0x41)
    assert [what for what, _ in bench.happened].count("hot reset") == 1


@pytest.mark.parametrize(
    ("where", "value"), [(SLTCTL, 0x400), (EXP + 0x10, 0x10), (0x3E, 0x43)], ids=["power off", "link disabled", "reset"]
)
def test_card_that_answered_a_moment_ago_does_not_while_it_is_held(where, value):
    bench = slot(HOTPLUG | POWER_CONTROLLER)
    assert bench.read(CARD, 0, 4) == ID  # the way there is known now
    bench.write(PORT, where, 2, value)
    assert bench.read(CARD, 0, 4) == NOBODY


def test_second_reset_makes_the_link_train_anew():
    bench = slot(link_training_ms=20)
    for ms in (15, 15):
        bench.write(PORT, 0x3E, 2, 0x43)
        bench.write(PORT, 0x3E, 2, 0x03)
        bench.wait(ms)
    assert bench.read(CARD, 0, 4) == NOBODY  # 30 ms after the first release, 15 after the second
    bench.wait(5)
    assert bench.read(CARD, 0, 4) == ID


@pytest.mark.parametrize(("link_training_ms", "status"), [(-1, 0x0108), (0, 0x0148)])
def test_link_that_stays_down(link_training_ms, status):
    bench = slot(link_training_ms=link_training_ms)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(100_000)
    assert bench.read(PORT, SLTSTA, 2) == status
    assert bench.read(CARD, 0, 4) == (NOBODY if link_training_ms else ID)


def test_presence_pins_do_not_follow_the_link():
    bench = slot(presence_follows_link=False)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.read(PORT, SLTSTA, 2) == 0x0140
    bench.write(PORT, 0x3E, 2, 0x03)
    assert bench.read(PORT, SLTSTA, 2) == 0x0140


def test_slot_status_changes_late():
    bench = slot(slot_status_ms=5)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.wait(4)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0040, 0x2011)
    bench.wait(1)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0108, 0x0001)


def test_hot_reset_reaches_everything_below_and_brings_it_back_unnumbered():
    bench = Bench(
        port(PORT, 1, 3),
        bridge("01:00.0", 2, 3, pm(), exp(UPSTREAM)),
        port("02:00.0", 3, 3, port_type=DOWNSTREAM, sltctl=PDCE | HPIE),
        function("03:00.0", pm(), exp(ENDPOINT)),
    )
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    assert [where for what, where in bench.happened if what == "hot reset"] == [
        "0000:01:00.0", "0000:02:00.0", "0000:03:00.0",
    ]  # fmt: skip
    assert bench.read("01:00.0", 0x18, 4) == 0
    assert bench.read("02:00.0", 0, 4) == NOBODY
    bench.write("01:00.0", 0x18, 4, 0x030201)
    bench.write("02:00.0", 0x18, 4, 0x030302)
    assert bench.read("03:00.0", 0, 4) == ID
    # The port in between was itself in reset: its enables are gone, and what it finds afterwards is a change of link
    # (0x100, PCIe 7.8.11) and card (0x08).
    assert (bench.read("02:00.0", SLTCTL, 2), bench.read("02:00.0", SLTSTA, 2)) == (0, 0x0148)
    assert bench.read("02:00.0", LNKSTA, 2) == 0x2011
    assert set(bench.interrupts) == set()


def test_bridge_that_held_its_bus_in_reset_does_not_any_more_after_its_own():
    bench = Bench(port(PORT, 1, 2), bridge("01:00.0", 2, 2, pm()), function("02:05.0"))
    bench.write("01:00.0", 0x3E, 2, 0x40)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.write("01:00.0", 0x18, 4, 0x020201)
    assert (bench.read("01:00.0", 0x3E, 2), bench.read("02:05.0", 0, 4)) == (0, ID)


def test_bridge_is_silent_until_it_is_ready_and_so_is_what_is_below():
    bench = Bench(port(PORT, 1, 2), bridge("01:00.0", 2, 2, pm(), ready_ms=50), function("02:05.0"))
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(49)
    bench.write("01:00.0", 0x18, 4, 0x020201)
    assert (bench.read("01:00.0", 0, 4), bench.read("02:05.0", 0, 4)) == (NOBODY, NOBODY)
    bench.wait(1)
    bench.write("01:00.0", 0x18, 4, 0x020201)
    assert (bench.read("01:00.0", 0x18, 4), bench.read("02:05.0", 0, 4)) == (0x020201, ID)


def test_conventional_bridge_in_reset_hides_what_is_below_and_no_more():
    bench = Bench(bridge("00:1e.0", 1, 1, pm()), function("01:05.0"), function("00:05.0"))
    bench.write("00:1e.0", 0x3E, 1, 0x40)
    assert (bench.read("01:05.0", 0, 4), bench.read("00:05.0", 0, 4)) == (NOBODY, ID)
    assert bench.read("00:05.0", 0x04, 2) == 6
    bench.write("00:1e.0", 0x3E, 1, 0)
    assert bench.read("01:05.0", 0x04, 2) == 0


def test_secondary_bus_reset_of_an_empty_slot_tells_nothing():
    empty = exp(4, sltcap=HOTPLUG, sltsta=0, slot=True, lnksta=0x0011)
    bench = Bench(bridge(PORT, 1, 1, pm(), empty))
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    assert (bench.happened, bench.read(PORT, SLTSTA, 2)) == ([], 0)


def test_sleeping_bridge_that_wakes_with_a_soft_reset_ends_a_bus_reset():
    bench = slot()
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, PM + 4, 2, 3)
    bench.write(PORT, PM + 4, 2, 0)
    assert bench.read(PORT, 0x3E, 2) == 0
    bench.write(PORT, 0x18, 4, 0x010100)
    assert bench.read(CARD, 0, 4) == ID


def test_link_of_an_empty_slot_trains_with_all_lanes_that_the_port_has():
    empty = exp(4, sltcap=HOTPLUG, sltsta=0, slot=True, lnksta=0x0001, lnkcap=0x00100041)
    bench = Bench(bridge(PORT, 1, 1, pm(), empty, link_training_ms=20, slot_events=[(10, 0x48)]))
    assert bench.read(PORT, LNKSTA, 2) == 0x0001
    bench.wait(10)
    assert bench.read(PORT, LNKSTA, 2) == 0x0801
    bench.wait(20)
    assert bench.read(PORT, LNKSTA, 2) == 0x2041


def high(forwarding=0x20, quirks="", port_type=ROOT_PORT, version=2):
    """A card whose second function has number 8, below a port that forwards ARI or does not."""
    position, identity, body = exp(port_type, slot=True, sltcap=HOTPLUG, sltsta=0x40)
    image = bytearray(body)
    image[0x00] = image[0x00] & 0xF0 | version
    image[0x24 - 2 : 0x28 - 2] = (0x20).to_bytes(4, "little")
    image[0x28 - 2] = forwarding
    above = bridge(PORT, 1, 1, pm(), (position, identity, bytes(image)))
    return Bench(above, function(CARD, pm(), exp(ENDPOINT)), function("01:01.0", pm(), exp(ENDPOINT)), quirks=quirks)


def test_function_above_7_is_there_while_the_port_forwards_ari():
    # PCIe 7.3.1: a port with a link ends requests for devices other than 0, unless ARI Forwarding is enabled.
    bench = high()
    assert (bench.read(CARD, 0, 4), bench.read("01:01.0", 0, 4)) == (ID, ID)
    bench.write(PORT, EXP + 0x28, 2, 0)
    assert (bench.read(CARD, 0, 4), bench.read("01:01.0", 0, 4)) == (ID, NOBODY)
    bench.write(PORT, EXP + 0x28, 2, 0x20)
    assert bench.read("01:01.0", 0, 4) == ID


@pytest.mark.parametrize(
    ("quirks", "port_type", "version", "found"),
    [("", DOWNSTREAM, 2, NOBODY), ("", ROOT_PORT, 1, ID), ("", UPSTREAM, 2, ID), ("qemu", ROOT_PORT, 2, ID)],
)
def test_device_1_without_ari_is_not_below_a_link(quirks, port_type, version, found):
    assert high(0, quirks, port_type, version).read("01:01.0", 0, 4) == found


# -- commands


@pytest.mark.parametrize(
    ("sltcap", "command_ms", "seen"),
    [
        (HOTPLUG, 0, (0x50, 0x50)),
        (HOTPLUG, 10, (0x40, 0x50)),
        (HOTPLUG, -1, (0x40, 0x40)),
        (HOTPLUG | NO_CC, 0, (0x40, 0x40)),
    ],
)
def test_command_completes_when_it_is_said_to(sltcap, command_ms, seen):
    bench = slot(sltcap, command_ms=command_ms)
    bench.write(PORT, SLTCTL, 2, 0)
    at_once = bench.read(PORT, SLTSTA, 2)
    bench.wait(10)
    assert (at_once, bench.read(PORT, SLTSTA, 2)) == seen


def test_command_takes_the_place_of_the_one_under_way():
    bench = slot(command_ms=10)
    bench.write(PORT, SLTCTL, 2, 0)
    bench.wait(6)
    bench.write(PORT, SLTCTL + 1, 1, 0)
    bench.wait(9)
    assert bench.read(PORT, SLTSTA, 2) == 0x40
    bench.wait(1)
    assert bench.read(PORT, SLTSTA, 2) == 0x50


def test_write_to_slot_status_is_no_command():
    bench = slot()
    bench.write(PORT, SLTSTA, 2, 0x1F)
    assert bench.read(PORT, SLTSTA, 2) == 0x40
    # A dword across both is a command, which completes after it has cleared the status.
    bench.write(PORT, SLTCTL, 4, 0x001F0000)
    assert bench.read(PORT, SLTSTA, 2) == 0x50


@pytest.mark.parametrize(("sltcap", "status"), [(HOTPLUG | INTERLOCK, 0xC0), (HOTPLUG, 0x40)])
def test_interlock_is_toggled_by_a_bit_that_reads_zero(sltcap, status):
    bench = slot(sltcap | NO_CC)
    bench.write(PORT, SLTCTL, 2, 0x0800)
    assert (bench.read(PORT, SLTCTL, 2), bench.read(PORT, SLTSTA, 2)) == (0, status)
    bench.write(PORT, SLTCTL, 2, 0x0800)
    assert bench.read(PORT, SLTSTA, 2) == 0x40


def test_power_controller_off_and_on_is_a_power_on_reset():
    bench = slot(HOTPLUG | POWER_CONTROLLER, link_training_ms=20)
    bench.write(PORT, SLTCTL, 2, 0x0400)
    assert (bench.read(CARD, 0, 4), bench.read(PORT, LNKSTA, 2)) == (NOBODY, 0x0001)
    assert ("power on reset", "0000:01:00.0") in bench.happened
    # Command completed 0x10, link changed 0x100, presence changed 0x08: in-band detection needs power (PCIe 7.8.11).
    assert bench.read(PORT, SLTSTA, 2) == 0x0118
    bench.write(PORT, SLTCTL, 2, 0)
    assert bench.read(CARD, 0, 4) == NOBODY
    bench.wait(20)
    assert (bench.read(CARD, 0x04, 2), bench.read(PORT, SLTSTA, 2)) == (0, 0x0158)


def test_power_controller_off_leaves_what_pins_tell():
    bench = slot(HOTPLUG | POWER_CONTROLLER | NO_CC, presence_follows_link=False)
    bench.write(PORT, SLTCTL, 2, 0x0400)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0140, 0x0001)


def test_power_controller_off_while_the_link_is_disabled_takes_presence_alone():
    bench = slot(HOTPLUG | POWER_CONTROLLER | NO_CC)
    bench.write(PORT, EXP + 0x10, 2, 0x10)
    bench.write(PORT, SLTSTA, 2, 0x0100)
    bench.write(PORT, SLTCTL, 2, 0x0400)
    assert bench.read(PORT, SLTSTA, 2) == 0x0008


@pytest.mark.parametrize(("pins", "status"), [(False, 0x0148), (True, 0x0140)], ids=["in-band", "pins"])
def test_inner_port_out_of_reset_tells_link_and_card_when_it_finds_them(pins, status):
    inner = port("01:00.0", 2, 2, port_type=DOWNSTREAM, link_training_ms=20, presence_follows_link=not pins)
    bench = Bench(bridge("00:1c.0", 1, 2, exp(ROOT_PORT)), inner, function("02:00.0", pm(), exp(ENDPOINT)))
    bench.write("00:1c.0", 0x3E, 2, 0x43)
    bench.write("00:1c.0", 0x3E, 2, 0x03)
    assert (bench.read("01:00.0", SLTSTA, 2), bench.read("01:00.0", LNKSTA, 2)) == (0x0040 * pins, 0x0801)
    bench.wait(20)
    assert (bench.read("01:00.0", SLTSTA, 2), bench.read("01:00.0", LNKSTA, 2)) == (status, 0x2011)


def test_inner_port_that_is_reset_forgets_what_it_was_about_to_show():
    inner = port("01:00.0", 2, 2, port_type=DOWNSTREAM, slot_status_ms=50, link_training_ms=-1)
    bench = Bench(bridge("00:1c.0", 1, 2, exp(ROOT_PORT)), inner, function("02:00.0", pm(), exp(ENDPOINT)))
    bench.write("01:00.0", 0x3E, 2, 0x43)
    for control in (0x43, 0x03):
        bench.write("00:1c.0", 0x3E, 2, control)
    bench.wait(100)
    assert bench.read("01:00.0", SLTSTA, 2) == 0


def test_power_control_without_a_controller_is_just_a_bit():
    bench = slot()
    bench.write(PORT, SLTCTL, 2, 0x0400)
    assert bench.read(CARD, 0, 4) == ID


# -- events and interrupts


def test_interrupt_asserted_at_power_on_does_not_start_then():
    described = port(PORT, 1, 1, HOTPLUG, HPIE | PDCE)
    config = bytearray(described.config)
    config[SLTSTA] |= PDCE  # presence changed before the machine was described, and is still to be told
    described.config = bytes(config)
    bench = Bench(described, function(CARD, pm(), exp(ENDPOINT)))
    assert bench.fabric.asserted("0000:00:1c.0")
    bench.write(PORT, SLTCTL, 2, HPIE | PDCE)  # a command, which completes
    assert bench.read(PORT, SLTSTA, 2) == 0x58  # present 0x40, command completed 0x10, presence changed 0x08
    assert bench.interrupts == []
    bench.write(PORT, SLTSTA, 2, PDCE)
    bench.write(PORT, 0x3E, 2, 0x43)  # the card goes: now it starts
    assert bench.interrupts == ["0000:00:1c.0"]


def test_interrupt_starts_when_an_enabled_event_does_and_ends_with_it():
    bench = slot(HOTPLUG | NO_CC, sltctl=HPIE | PDCE)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == ["0000:00:1c.0"]
    assert bench.fabric.asserted("0000:00:1c.0")
    bench.write(PORT, 0x3E, 2, 0x03)
    assert bench.interrupts == ["0000:00:1c.0"]  # a level that was up already has no second edge
    bench.write(PORT, SLTSTA, 2, 0x08)
    assert not bench.fabric.asserted("0000:00:1c.0")
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == ["0000:00:1c.0"] * 2


@pytest.mark.parametrize("sltctl", [0, HPIE, PDCE, HPIE | CCIE, HPIE | 0x07])
def test_interrupt_not_enabled_does_not_come(sltctl):
    bench = slot(HOTPLUG, sltctl=sltctl)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == []
    assert not bench.fabric.asserted("0000:00:1c.0")


def test_interrupt_of_an_event_that_is_enabled_after_it_happened():
    bench = slot(HOTPLUG | NO_CC)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, SLTCTL, 2, HPIE | DLLSCE)
    assert bench.interrupts == ["0000:00:1c.0"]


def test_interrupt_of_a_command_completed_comes_with_time():
    bench = slot(command_ms=7)
    bench.write(PORT, SLTCTL, 2, HPIE | CCIE)
    assert bench.interrupts == []
    bench.wait(7)
    assert bench.interrupts == ["0000:00:1c.0"]


def test_interrupt_of_a_port_that_cannot_be_reached_is_not_heard():
    bench = Bench(
        bridge("00:1c.0", 1, 3, pm(), exp(4)),
        bridge("01:00.0", 2, 3, pm(), exp(UPSTREAM)),
        port("02:00.0", 3, 3, port_type=DOWNSTREAM, sltctl=PDCE | HPIE),
        function("03:00.0", pm(), exp(ENDPOINT)),
    )
    bench.write("02:00.0", 0x3E, 2, 0x40)
    assert bench.fabric.asserted("0000:02:00.0")
    bench.write("01:00.0", 0x18, 4, 0)
    assert not bench.fabric.asserted("0000:02:00.0")
    assert not bench.fabric.asserted("0000:09:00.0")
    assert not bench.fabric.asserted("0000:01:00.0")


def test_events_of_button_fault_and_latch_come_by_themselves():
    bench = slot(HOTPLUG, sltctl=HPIE | 0x07, slot_events=[(5, 0x01), (10, 0x24), (15, 0x26)])
    bench.wait(5)
    assert (bench.read(PORT, SLTSTA, 2), bench.interrupts) == (0x41, ["0000:00:1c.0"])
    bench.write(PORT, SLTSTA, 2, 0x01)
    bench.wait(5)
    assert bench.read(PORT, SLTSTA, 2) == 0x64  # the latch is open, and its change is told
    bench.write(PORT, SLTSTA, 2, 0x04)
    bench.wait(5)
    assert bench.read(PORT, SLTSTA, 2) == 0x46  # closed again, told again, and a power fault
    assert len(bench.interrupts) == 3
    assert bench.happened == []


def test_event_right_behind_the_first_write_to_slot_status():
    bench = slot(slot_events_on_clear=0x08)
    for status in (0x48, 0x40):
        bench.write(PORT, SLTSTA, 2, 0x1F)
        assert bench.read(PORT, SLTSTA, 2) == status


def test_card_pulled_and_put_back():
    bench = slot(HOTPLUG, link_training_ms=20, slot_events=[(10, 0x48), (50, 0x48)])
    assert bench.read(CARD, 0, 4) == ID
    bench.wait(10)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(CARD, 0, 4)) == (0x0108, NOBODY)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(30)
    assert bench.read(CARD, 0, 4) == NOBODY  # no reset brings a link up that nobody is at
    bench.wait(10)
    assert bench.read(PORT, SLTSTA, 2) == 0x0148
    bench.wait(20)
    assert bench.read(CARD, 0x04, 2) == 0
    cards = [what for what, where in bench.happened if what.startswith("card") and where == "0000:00:1c.0"]
    assert cards == ["card pulled", "card put in"]


def test_card_put_in_during_a_bus_reset_waits_for_its_end():
    bench = slot(HOTPLUG, presence_follows_link=False, slot_events=[(10, 0x48), (50, 0x48)])
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.wait(50)
    assert bench.read(PORT, LNKSTA, 2) == 0x0001
    bench.write(PORT, 0x3E, 2, 0x03)
    assert (bench.read(PORT, LNKSTA, 2), bench.read(CARD, 0, 4)) == (0x2011, ID)


@pytest.mark.parametrize(
    ("control", "on", "off"), [(SLTCTL, 0x0400, 0), (0x3E, 0x43, 0x03)], ids=["power off", "bus reset"]
)
def test_card_pulled_unseen_is_seen_when_it_comes_back(control, on, off):
    # PCIe 7.8.11: what is detected in-band is detected only with power, and not while the bus is in reset.
    bench = slot(HOTPLUG | POWER_CONTROLLER | NO_CC, link_training_ms=5, slot_events=[(10, 0x48), (50, 0x48)])
    bench.write(PORT, control, 2, on)
    bench.write(PORT, SLTSTA, 2, 0x0108)
    bench.wait(10)
    assert bench.read(PORT, SLTSTA, 2) == 0
    bench.write(PORT, control, 2, off)
    bench.wait(30)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(CARD, 0, 4)) == (0, NOBODY)
    bench.wait(10)
    bench.write(PORT, SLTSTA, 2, 0x0008)
    bench.wait(5)
    # The link is new (0x100), presence was told when the card came.
    assert (bench.read(PORT, SLTSTA, 2), bench.read(CARD, 0, 4)) == (0x0140, ID)
    cards = [what for what, _ in bench.happened if what.startswith("card")]
    assert cards == ["card pulled", "card put in"]


def test_card_put_in_unseen_is_found_with_the_link():
    bench = slot(HOTPLUG | POWER_CONTROLLER | NO_CC, slot_events=[(10, 0x48), (20, 0x48)])
    bench.write(PORT, SLTCTL, 2, 0x0400)
    bench.write(PORT, SLTSTA, 2, 0x0108)
    bench.wait(20)
    assert bench.read(PORT, SLTSTA, 2) == 0
    bench.write(PORT, SLTCTL, 2, 0)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(CARD, 0, 4)) == (0x0148, ID)


def test_interrupt_of_a_port_that_asked_for_one_when_it_was_reset():
    bench = Bench(
        bridge("00:1c.0", 1, 2, pm(), exp(ROOT_PORT)),
        port("01:00.0", 2, 2, port_type=DOWNSTREAM, sltctl=HPIE | PDCE),
        function("02:00.0", pm(), exp(ENDPOINT)),
    )
    bench.write("01:00.0", 0x3E, 2, 0x40)
    assert bench.interrupts == ["0000:01:00.0"]
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.write("01:00.0", SLTCTL, 2, HPIE | CCIE)  # a command, which completes
    assert bench.interrupts == ["0000:01:00.0"] * 2


def test_link_event_interrupts_where_enabled_and_no_sooner():
    bench = slot(HOTPLUG | NO_CC, sltctl=HPIE | DLLSCE)
    assert not bench.fabric.asserted("0000:00:1c.0")
    bench.write(PORT, EXP + 0x10, 2, 0x10)
    assert (bench.read(PORT, SLTSTA, 2), bench.interrupts) == (0x0140, ["0000:00:1c.0"])


def test_command_under_way_is_forgotten_when_the_port_is_reset():
    bench = Bench(
        bridge("00:1c.0", 1, 2, pm(), exp(ROOT_PORT)),
        port("01:00.0", 2, 2, port_type=DOWNSTREAM, command_ms=10),
        function("02:00.0", pm(), exp(ENDPOINT)),
    )
    bench.write("01:00.0", SLTCTL, 2, HPIE | CCIE)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(10)
    assert (bench.read("01:00.0", SLTSTA, 2) & CCIE, bench.interrupts) == (0, [])


# -- messages (PCI 6.8, PCIe 6.7.3.4)

#: Message Control of MSI: enable 1, 64 bit 0x80, a bit to mask each 0x100. Of MSI-X: enable 0x8000, mask all 0x4000.
MSI_CONTROL, MSI_MASK, MSIX_CONTROL = MSI + 2, MSI + 0x10, MSI + 2


MESSAGES = MSI, 0x05, words(0x0081, 0, 0, 0, 0, 0)


def talking(capability=MESSAGES, command=0x0407, pin=0, quirks="", message=0, **knobs):
    """A slot with a card, whose port sends messages of its hot-plug events."""
    body = exp(ROOT_PORT, sltcap=HOTPLUG | NO_CC, sltctl=HPIE | PDCE, sltsta=0x40, slot=True, message=message)
    registers = {"x04_2": command, "x3d_1": pin}
    described = bridge(PORT, 1, 1, pm(0x0008), body, capability, registers=registers, **knobs)
    return Bench(described, function(CARD, pm(), exp(ENDPOINT)), quirks=quirks)


def test_message_is_sent_on_the_edge_and_not_again_while_the_event_stays():
    bench = talking()
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    assert bench.interrupts == ["0000:00:1c.0"]
    assert (bench.fabric.asserted("0000:00:1c.0"), bench.fabric.pulls("0000:00:1c.0")) == (True, False)
    bench.write(PORT, SLTSTA, 2, PDCE)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == ["0000:00:1c.0"] * 2


@pytest.mark.parametrize(
    ("where", "value"),
    [(MSI_CONTROL, 0x0080), (0x04, 0x0403), (PM + 4, 0x0003)],
    ids=["not enabled", "no bus master", "asleep"],
)
def test_message_that_is_not_sent_at_the_edge_is_lost(where, value):
    # No INTx either: it is disabled in Command. PCIe 7.5.1.1: without Bus Master Enable there are no messages.
    bench = talking()
    enabled = bench.read(PORT, where, 2)
    bench.write(PORT, where, 2, value)
    bench.fabric.function(Address.parse(PORT)).slot.event(PDCE)
    bench.write(PORT, where, 2, enabled)
    assert (bench.interrupts, bench.fabric.asserted("0000:00:1c.0")) == ([], True)


@pytest.mark.parametrize(
    ("capability", "where", "mask", "free"),
    [
        ((MSI, 0x05, words(0x0181, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), MSI_MASK, 1, 0),
        ((MSI, 0x11, words(0x8000, 0, 0, 0, 0)), MSIX_CONTROL, 0xC000, 0x8000),
    ],
    ids=["MSI", "MSI-X"],
)
def test_message_that_was_masked_is_sent_when_it_is_not_any_more(capability, where, mask, free):
    # PCIe 6.7.3.4: "unmasked" is one of the conditions whose AND is to become true.
    bench = talking(capability)
    bench.write(PORT, where, 2, mask)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == []
    bench.write(PORT, where, 2, free)
    assert bench.interrupts == ["0000:00:1c.0"]


@pytest.mark.parametrize(
    ("control", "mask", "heard"),
    [
        (0x0181, 0x20, 1),  # 1 message: number 5 is sent as the first
        (0x0181, 0x01, 0),
        (0x01A1, 0x02, 0),  # 4 messages: as 5 & 3
        (0x01B1, 0x20, 0),  # 8: as 5
    ],
)
def test_message_number_is_within_those_it_may_send(control, mask, heard):
    # PCI 6.8.1.3: a function changes only the low bits of the data, as many as Multiple Message Enable says.
    bench = talking((MSI, 0x05, words(control, 0, 0, 0, 0, 0, 0, mask, 0, 0, 0)), message=5)
    bench.fabric.function(Address.parse(PORT)).slot.event(PDCE)
    assert len(bench.interrupts) == heard


def test_message_of_an_inner_port_needs_bus_masters_above():
    inner = bridge(
        "02:00.0", 3, 3, exp(DOWNSTREAM, sltcap=HOTPLUG, sltctl=HPIE | PDCE, sltsta=0x40, slot=True),
        MESSAGES,
    )  # fmt: skip
    bench = Bench(bridge("00:1c.0", 1, 3, exp(4)), bridge("01:00.0", 2, 3, exp(UPSTREAM)), inner, function("03:00.0"))
    slot = bench.fabric.function(Address.parse("02:00.0")).slot
    for command, heard in ((0x0003, []), (0x0007, ["0000:02:00.0"])):
        bench.write("01:00.0", 0x04, 2, command)
        slot.event(PDCE)
        bench.write("02:00.0", SLTSTA, 2, PDCE)
        assert bench.interrupts == heard


def test_message_enable_that_a_reset_took_away_loses_the_command_completed_of_restoring():
    # tests/real/p8-sw: CC stays set, and the next command waits its second.
    inner = bridge(
        "02:00.0", 3, 3, exp(DOWNSTREAM, sltcap=HOTPLUG, sltctl=HPIE | CCIE, sltsta=0x40, slot=True),
        MESSAGES, registers={"x04_2": 0x0407},
    )  # fmt: skip
    bench = Bench(bridge("00:1c.0", 1, 3, exp(4)), bridge("01:00.0", 2, 3, exp(UPSTREAM)), inner, function("03:00.0"))
    for control in (0x43, 0x03):
        bench.write("00:1c.0", 0x3E, 2, control)
    bench.write("01:00.0", 0x18, 4, 0x030201)
    bench.write("01:00.0", 0x04, 2, 7)
    bench.write("02:00.0", SLTCTL, 2, HPIE | CCIE)
    bench.write("02:00.0", 0x04, 2, 0x0407)
    bench.write("02:00.0", MSI_CONTROL, 2, 0x0081)
    assert (bench.read("02:00.0", SLTSTA, 2) & CCIE, bench.interrupts) == (CCIE, [])


@pytest.mark.parametrize(
    ("command", "pin", "pulls"), [(0x0007, 1, True), (0x0407, 1, False), (0x0007, 0, False)],
    ids=["line", "disabled", "no pin"],
)  # fmt: skip
def test_line_is_pulled_where_no_messages_are_enabled(command, pin, pulls):
    bench = talking((MSI, 0x05, words(0x0080, 0, 0, 0, 0, 0)), command, pin)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert (bench.interrupts == ["0000:00:1c.0"], bench.fabric.pulls("0000:00:1c.0")) == (pulls, pulls)


def test_line_is_a_level_that_command_lets_through():
    bench = talking((MSI, 0x05, words(0x0080, 0, 0, 0, 0, 0)), 0x0407, pin=1)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert bench.interrupts == []
    bench.write(PORT, 0x04, 2, 0x0007)
    assert bench.interrupts == ["0000:00:1c.0"]
    bench.write(PORT, MSI_CONTROL, 2, 0x0081)
    assert not bench.fabric.pulls("0000:00:1c.0")


@pytest.mark.parametrize(("quirks", "sent"), [("", 0), ("qemu", 1), ("qemu-links", 1)])
def test_message_at_the_end_of_asking_is_an_emulators(quirks, sent):
    # QEMU's hotplug_event_notify() tells any change of its "notified" that a Slot Control write makes; clearing an
    # event in Slot Status tells none. tests/real/p8-mess-sw-bus01 has it.
    bench = talking(quirks=quirks)
    slot = bench.fabric.function(Address.parse(PORT)).slot
    slot.event(PDCE)
    bench.write(PORT, SLTSTA, 2, PDCE)
    assert len(bench.interrupts) == 1
    slot.event(PDCE)
    bench.write(PORT, SLTCTL, 2, PDCE)
    assert len(bench.interrupts) == 2 + sent


# -- QEMU


def test_qemu_resets_on_the_rising_edge_and_holds_nothing():
    bench = Bench(
        port(PORT, 1, 2), bridge("01:00.0", 2, 2, pm()), function("02:05.0"), quirks="qemu",
    )  # fmt: skip
    bench.write(PORT, 0x3E, 2, 0x43)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0040, 0x2011)
    assert bench.read("01:00.0", 0x18, 4) == 0
    bench.write("01:00.0", 0x18, 4, 0x020201)
    assert bench.read("02:05.0", 0, 4) == NOBODY  # no bus behind the one in reset is looked for
    bench.write(PORT, 0x3E, 2, 0x03)
    assert bench.read("02:05.0", 0x04, 2) == 0


def hiding(**knobs):
    """A slot with a card in the QEMU whose resets take link and presence status away."""
    return Bench(port(PORT, 1, 1, HOTPLUG | NO_CC, **knobs), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu-links")


def test_qemu_links_reset_takes_the_cards_status_away_while_requests_get_through():
    bench = hiding(link_training_ms=20)
    bench.write(PORT, 0x3E, 2, 0x43)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0008, 0x0011)
    assert bench.read(CARD, 0, 4) == ID


def test_qemu_links_status_comes_back_so_long_after_the_end_of_the_reset():
    bench = hiding(link_training_ms=20)
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, SLTSTA, 2, 0x08)
    bench.wait(100)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(19)
    assert bench.read(PORT, SLTSTA, 2) == 0x0000
    bench.wait(1)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(PORT, LNKSTA, 2)) == (0x0048, 0x2011)


def test_qemu_links_reset_before_the_status_is_back_shows_nothing_of_the_first():
    bench = hiding(link_training_ms=20)
    for control in (0x43, 0x03, 0x43):
        bench.write(PORT, 0x3E, 2, control)
    bench.wait(20)
    assert bench.read(PORT, SLTSTA, 2) == 0x0008
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(20)
    assert bench.read(PORT, SLTSTA, 2) == 0x0048


def test_qemu_links_empty_slot_has_nothing_to_take_away():
    bench = Bench(port(PORT, 1, 1, HOTPLUG | NO_CC), quirks="qemu-links")
    before = bench.read(PORT, SLTSTA, 2) & ~0x40
    bench.fabric.function(Address.parse(PORT)).put(SLTSTA, 2, before)
    for control in (0x43, 0x03):
        bench.write(PORT, 0x3E, 2, control)
    assert bench.read(PORT, SLTSTA, 2) == before


def test_qemu_slot_status_write_that_clears_the_unseen_clears_nothing():
    bench = slot(HOTPLUG)
    emulated = Bench(port(PORT, 1, 1), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu")
    for hardware, status in ((bench, 0x40), (emulated, 0x50)):
        hardware.write(PORT, SLTCTL, 2, 0)
        hardware.write(PORT, SLTSTA, 2, 0x18)
        assert hardware.read(PORT, SLTSTA, 2) == status
        hardware.write(PORT, SLTSTA, 2, 0x10)
        assert hardware.read(PORT, SLTSTA, 2) == 0x40


@pytest.mark.parametrize("unseen", [0x01, 0x02, 0x04, 0x10])
def test_qemu_slot_status_keeps_an_event_while_any_that_is_not_there_is_cleared_beside_it(unseen):
    bench = Bench(port(PORT, 1, 1, HOTPLUG | NO_CC), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu")
    bench.fabric.function(Address.parse(PORT)).put(SLTSTA, 2, 0x48)
    bench.write(PORT, SLTSTA, 2, 0x08 | unseen)
    assert bench.read(PORT, SLTSTA, 2) == 0x48


def test_qemu_function_is_silent_for_a_while_after_a_bus_reset():
    bench = Bench(port(PORT, 1, 1), function(CARD, pm(), exp(ENDPOINT), ready_ms=50), quirks="qemu")
    bench.write(PORT, 0x3E, 2, 0x43)
    bench.write(PORT, 0x3E, 2, 0x03)
    bench.wait(49)
    assert bench.read(CARD, 0, 4) == NOBODY
    bench.wait(1)
    assert bench.read(CARD, 0, 4) == ID


def test_qemu_slot_status_as_the_upper_half_of_a_dword_is_the_same():
    bench = Bench(port(PORT, 1, 1, HOTPLUG | NO_CC), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu")
    bench.fabric.function(Address.parse(PORT)).put(SLTSTA, 2, 0x48)
    bench.write(PORT, SLTCTL, 4, 0x18 << 16)
    assert bench.read(PORT, SLTSTA, 2) == 0x48
    bench.write(PORT, SLTCTL, 4, 0x08 << 16)
    assert bench.read(PORT, SLTSTA, 2) == 0x40


def test_qemu_link_state_enable_and_latch_enable_are_not_writable():
    bench = Bench(port(PORT, 1, 1), quirks="qemu")
    bench.write(PORT, SLTCTL, 2, 0x17FF)
    # Without power controller: 0x01 button, 0x08 presence, 0x10 command, 0x20 interrupt, 0xc0 and 0x300 lamps.
    assert bench.read(PORT, SLTCTL, 2) == 0x03F9


def test_function_level_reset_of_a_bridge_loses_the_way_to_what_is_below():
    inner = bridge("01:00.0", 2, 2, exp(UPSTREAM, devcap=0x10008000), ready_ms=100)
    bench = Bench(port(PORT, 1, 2), inner, function("02:05.0"))
    assert bench.read("02:05.0", 0, 4) == ID  # the way there is known now
    bench.write("01:00.0", EXP + 0x08, 2, 0x8000)
    assert bench.read("02:05.0", 0, 4) == NOBODY
    bench.wait(1000)
    assert bench.read("01:00.0", 0x18, 4) == 0
    assert bench.read("02:05.0", 0, 4) == NOBODY


def test_qemu_function_level_reset_of_a_bridge_resets_what_is_below():
    flr = exp(UPSTREAM, devcap=0x10008000)
    bench = Bench(bridge("00:01.0", 1, 1, flr), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu")
    bench.write("00:01.0", EXP + 8, 2, 0x8000)
    bench.write("00:01.0", 0x18, 4, 0x010100)
    assert bench.read(CARD, 0x04, 2) == 0


def test_qemu_links_link_disable_takes_link_active_with_it_and_gives_it_back():
    # tests/real/p8-mess-bus: LNKCTL 0x0000, written 0x0010; then LNKSTA 0x0204 that was 0x2204, SLTSTA still 0x0040.
    bench = hiding()
    before = bench.read(PORT, LNKSTA, 2)
    bench.write(PORT, EXP + 0x10, 2, 0x10)
    assert (bench.read(PORT, EXP + 0x10, 2), bench.read(PORT, LNKSTA, 2)) == (0x10, before & ~0x2000)
    assert (bench.read(PORT, SLTSTA, 2), bench.read(CARD, 0, 4)) == (0x0040, ID)
    bench.write(PORT, EXP + 0x10, 2, 0)
    assert bench.read(PORT, LNKSTA, 2) == before


def test_qemu_as_it_is_has_no_link_disable():
    # QEMU 7.2, asked through -qtest: 0xffff written to Link Control of a root port or downstream port reads 0.
    bench = Bench(port(PORT, 1, 1), function(CARD, pm(), exp(ENDPOINT)), quirks="qemu")
    bench.write(PORT, EXP + 0x10, 2, 0xFFFF)
    assert (bench.read(PORT, EXP + 0x10, 2), bench.read(PORT, LNKSTA, 2)) == (0, 0x2011)


# -- what keeps cycles from a function -------------------------------------------------------------------------------


def obstacle(bench, address=CARD):
    return bench.fabric.obstacle(Address.parse(address))


def test_obstacle_of_a_function_follows_a_reset_from_the_port_to_the_function():
    bench = slot(link_training_ms=20, card={"ready_ms": 100})
    assert obstacle(bench) == ("", "")
    bench.write(PORT, 0x3E, 2, 0x40)  # Secondary Bus Reset
    assert obstacle(bench) == ("reset", "0000:00:1c.0")
    bench.write(PORT, 0x3E, 2, 0)
    assert obstacle(bench) == ("link", "0000:00:1c.0")
    bench.wait(20)
    assert obstacle(bench) == ("not ready", "0000:01:00.0")
    bench.wait(100)
    assert obstacle(bench) == ("", "")


def test_obstacle_of_a_function_whose_bridge_lost_its_numbers_names_the_bridge():
    bench = slot()
    bench.write(PORT, 0x19, 1, 0)
    assert obstacle(bench) == ("bus numbers", "0000:00:1c.0")


def test_obstacle_of_a_function_in_a_slot_that_is_off():
    bench = slot(HOTPLUG | POWER_CONTROLLER | NO_CC)
    bench.write(PORT, SLTCTL, 2, 0x400)  # Power Controller Control: off
    assert obstacle(bench) == ("slot power", "0000:00:1c.0")
