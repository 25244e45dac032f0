# SPDX-License-Identifier: GPL-2.0-only
"""What resets a function, and what a reset leaves."""

import pytest
from hw_machine import AF, ENDPOINT, EXP, PM, Bench, exp, function, pm

from kernel_port.hw.address import Address
from kernel_port.hw.masks import Reset

FLR = 0x10008000  # Device Capabilities: FLR, role-based error reporting
NOBODY = 0xFFFFFFFF
BDF = "00:05.0"


def card(*caps, **knobs):
    return Bench(function(BDF, *(caps or (pm(), exp(ENDPOINT, devcap=FLR))), **knobs))


def af(capabilities=0x03):
    return AF, 0x13, bytes([6, capabilities, 0, 0])


def test_flr_resets_registers_but_not_what_belongs_to_the_link():
    bench = card()
    for where, size, value in ((0x3C, 1, 0x0B), (EXP + 8, 2, 0x285F), (EXP + 0x10, 2, 0x0041), (EXP + 0x30, 2, 0x0002)):
        bench.write(BDF, where, size, value)
    bench.write(BDF, EXP + 8, 2, 0xA85F)
    assert bench.happened == [("function level reset", "0000:00:05.0")]
    assert bench.read(BDF, 0x04, 2) == 0
    assert bench.read(BDF, 0x10, 4) == 0
    assert bench.read(BDF, 0x3C, 1) == 0
    # Device Control is back at 0x2810 but for Max Payload Size, bits 7:5: 0x285f had 0x40 there. FLR itself reads 0.
    assert bench.read(BDF, EXP + 8, 2) == 0x2850
    assert bench.read(BDF, EXP + 0x10, 2) == 0x0041
    assert bench.read(BDF, EXP + 0x30, 2) == 0x0002


def test_flr_by_a_byte_write_to_the_high_half():
    bench = card()
    bench.write(BDF, EXP + 9, 1, 0x80)
    assert bench.happened == [("function level reset", "0000:00:05.0")]


def test_flr_by_a_write_that_is_misaligned_does_not_happen():
    bench = card()
    bench.write(BDF, EXP + 7, 4, 0x00800000)
    assert bench.happened == []


@pytest.mark.parametrize("knobs", [{"flr_works": False}, {}])
def test_flr_not_advertised_or_broken_does_nothing(knobs):
    bench = card(pm(), exp(ENDPOINT, devcap=FLR if knobs else 0x8000), **knobs)
    bench.write(BDF, EXP + 8, 2, 0x8000)
    said = [("function level reset ignored", "0000:00:05.0")] if knobs else []
    assert (bench.happened, bench.read(BDF, 0x04, 2)) == (said, 6)
    assert bench.read(BDF, EXP + 8, 2) == 0


def test_flr_of_an_82599_virtual_function_is_not_advertised():
    bench = Bench(function(BDF, pm(), exp(ENDPOINT, devcap=0x8000), registers={"x00_4": 0x10ED8086}))
    bench.write(BDF, EXP + 8, 2, 0x8000)
    assert bench.happened == [("function level reset", "0000:00:05.0")]


@pytest.mark.parametrize(("capabilities", "resets"), [(0x03, True), (0x01, False)])
def test_af_flr_resets_where_advertised(capabilities, resets):
    bench = card(pm(), af(capabilities))
    bench.write(BDF, AF + 4, 1, 1)
    assert bool(bench.happened) is resets
    assert bench.read(BDF, 0x04, 2) == (0 if resets else 6)
    assert bench.read(BDF, AF + 4, 1) == 0


def test_d3hot_to_d0_resets():
    bench = card()
    bench.write(BDF, PM + 4, 2, 3)
    assert (bench.read(BDF, PM + 4, 2), bench.read(BDF, 0x04, 2)) == (3, 6)
    bench.write(BDF, PM + 4, 2, 0)
    assert bench.happened == [("soft reset", "0000:00:05.0")]
    assert bench.read(BDF, 0x04, 2) == 0


@pytest.mark.parametrize(
    ("control", "knobs", "happened"),
    [
        (0x0008, {}, []),  # No_Soft_Reset
        (0x0000, {"soft_reset_works": False}, [("soft reset ignored", "0000:00:05.0")]),  # claims it and does nothing
    ],
)
def test_d3hot_to_d0_without_a_reset_keeps_everything(control, knobs, happened):
    bench = card(pm(control), **knobs)
    bench.write(BDF, PM + 4, 2, 3)
    bench.write(BDF, PM + 4, 2, 0)
    assert bench.happened == happened
    assert (bench.read(BDF, 0x04, 2), bench.read(BDF, PM + 4, 2)) == (6, control)


@pytest.mark.parametrize(
    ("capability", "state", "reached"), [(0x0003, 1, 0), (0x0003, 2, 0), (0x0203, 1, 1), (0x0403, 2, 2), (0x0003, 3, 3)]
)
def test_power_state_not_supported_is_not_entered(capability, state, reached):
    bench = card(pm(capability=capability))
    bench.write(BDF, PM + 4, 2, 0x0100 | state)
    assert bench.read(BDF, PM + 4, 2) == 0x0100 | reached


def test_power_state_that_does_not_change():
    bench = card(power_state_changes=False)
    bench.write(BDF, PM + 4, 2, 3)
    assert bench.read(BDF, PM + 4, 2) == 0


@pytest.mark.parametrize(("pending_ms", "drained"), [(50, True), (-1, False)])
def test_pending_transactions_drain_or_not(pending_ms, drained):
    bench = card(exp(ENDPOINT, devcap=FLR), af(), pending_ms=pending_ms)
    bench.wait(49)
    assert (bench.read(BDF, EXP + 0xA, 2), bench.read(BDF, AF + 5, 1)) == (0x20, 1)
    bench.wait(1)
    assert (bench.read(BDF, EXP + 0xA, 2), bench.read(BDF, AF + 5, 1)) == ((0, 0) if drained else (0x20, 1))


def test_pending_transactions_are_gone_after_a_reset_and_their_timer_with_them():
    bench = card(pending_ms=50)
    bench.write(BDF, EXP + 8, 2, 0x8000)
    assert bench.read(BDF, EXP + 0xA, 2) == 0
    bench.fabric.function(Address.parse(BDF)).put(EXP + 0xA, 2, 0x20)
    bench.wait(100)
    assert bench.read(BDF, EXP + 0xA, 2) == 0x20


@pytest.mark.parametrize(
    ("ready_ms", "answers"), [(0, (True, True, True)), (100, (False, False, True)), (-1, (False, False, False))]
)
def test_function_answers_when_it_is_ready(ready_ms, answers):
    bench = card(ready_ms=ready_ms)
    bench.write(BDF, EXP + 8, 2, 0x8000)
    seen = []
    for ms in (0, 99, 1):
        bench.wait(ms)
        seen.append(bench.read(BDF, 0, 4) != NOBODY)
    assert tuple(seen) == answers


def test_function_answers_when_it_is_ready_after_a_soft_reset():
    bench = card(ready_ms=100)
    bench.write(BDF, PM + 4, 2, 3)
    bench.write(BDF, PM + 4, 2, 0)
    bench.wait(99)
    assert bench.read(BDF, 0, 4) == NOBODY
    bench.wait(1)
    assert bench.read(BDF, 0, 4) != NOBODY


def test_second_reset_makes_the_function_wait_anew():
    bench = card(ready_ms=100)
    at = bench.fabric.function(Address.parse(BDF))
    bench.write(BDF, EXP + 8, 2, 0x8000)
    bench.wait(60)
    at.reset(Reset.FLR)
    at.ready()
    bench.wait(60)  # the first reset's timer has run out, the second's has not
    assert bench.read(BDF, 0, 4) == NOBODY
    bench.wait(40)
    assert bench.read(BDF, 0, 4) != NOBODY


def test_bar_that_needs_three_writes_after_a_reset():
    bench = card(writes_needed={0x10: 3})
    bench.write(BDF, 0x10, 4, 0xE0010000)
    assert bench.read(BDF, 0x10, 4) == 0xE0010000
    bench.write(BDF, EXP + 8, 2, 0x8000)
    seen = []
    for _ in range(3):
        bench.write(BDF, 0x10, 4, 0xE0010000)
        seen.append(bench.read(BDF, 0x10, 4))
    assert seen == [0, 0, 0xE0010000]


def test_aer_survives_all_but_the_loss_of_power():
    bench = Bench(function(BDF, exp(ENDPOINT), size=4096, registers={"x100_4": 0x00010001, "x108_4": 0x00100000}))
    at = bench.fabric.function(Address.parse(BDF))
    bench.write(BDF, 0x114, 4, 0x1000)
    for kind in (Reset.SOFT, Reset.FLR, Reset.HOT):
        at.reset(kind)
        assert (at.get(0x108, 4), at.get(0x114, 4)) == (0x00100000, 0x1000)
    at.reset(Reset.POWER)
    # PCIe 7.10: masks come up as 0 and, for correctable errors, advisory non-fatal 0x2000; severity 0x00062030.
    assert (at.get(0x108, 4), at.get(0x10C, 4), at.get(0x114, 4)) == (0, 0x00062030, 0x2000)


def test_qemu_does_not_reset_on_waking_but_on_flr():
    bench = Bench(function(BDF, pm(), exp(ENDPOINT, devcap=FLR)), quirks="qemu")
    bench.write(BDF, PM + 4, 2, 3)
    bench.write(BDF, PM + 4, 2, 0)
    assert (bench.happened, bench.read(BDF, 0x04, 2)) == ([], 6)
    bench.write(BDF, EXP + 8, 2, 0x8000)
    assert bench.read(BDF, 0x04, 2) == 0
