# SPDX-License-Identifier: GPL-2.0-only
"""Virtual time, and real time."""

from types import SimpleNamespace

import pytest

from kernel_port.hw.clock import Clock, RealClock


def test_advance_runs_callbacks_by_deadline_then_by_order_of_asking():
    clock, ran = Clock(), []
    for name, when in (("late", 30), ("first", 10), ("second", 10), ("beyond", 41)):
        clock.call_at(when, lambda name=name: ran.append((name, clock.now)))
    clock.advance(40)
    assert ran == [("first", 10), ("second", 10), ("late", 30)]
    assert (clock.now, clock.next_deadline()) == (40, 41)


def test_advance_runs_callbacks_that_callbacks_ask_for():
    clock, ran = Clock(), []

    def tick():
        ran.append(clock.now)
        clock.call_at(clock.now + 10, tick)

    clock.call_at(10, tick)
    clock.advance(35)
    assert ran == [10, 20, 30]


def test_cancel_forgets_a_callback_and_forgives_a_second_time():
    clock, ran = Clock(), []
    handle = clock.call_at(10, lambda: ran.append("cancelled"))
    clock.call_at(20, lambda: ran.append("kept"))
    clock.cancel(handle)
    clock.cancel(handle)
    assert clock.next_deadline() == 20
    clock.advance(100)
    assert ran == ["kept"]
    assert clock.next_deadline() is None


def test_advance_within_a_callback_does_not_turn_time_back():
    clock, ran = Clock(), []
    clock.call_at(10, lambda: clock.advance(50))
    clock.call_at(30, lambda: ran.append(clock.now))
    clock.advance(20)
    assert ran == [30]
    assert clock.now == 50


def test_call_after_nothing_is_now_and_after_less_is_never():
    clock, ran = Clock(), []
    clock.call_after(0, lambda: ran.append("now"))
    clock.call_after(-1, lambda: ran.append("never"))
    clock.call_after(1.5, lambda: ran.append(clock.now))
    clock.advance(10_000_000_000)
    assert ran == ["now", 1_500_000]


def delays(monkeypatch, asked, late=0):
    """Delays on a clock that only they move: a call into the shim takes 300 ns, waking up *late* ns more."""
    wall = [5_000_000_000]
    monkeypatch.setattr("kernel_port.hw.clock.monotonic_ns", lambda: wall[0])

    def delay(name, unit, late):
        def wait(count):
            asked.append((name, count))
            wall[0] += count * unit + 300 + late

        return wait

    return SimpleNamespace(
        msleep=delay("msleep", 1_000_000, late), mdelay=delay("mdelay", 1_000_000, 0), udelay=delay("udelay", 1_000, 0)
    )


def test_real_clock_sleeps_in_slices_and_spins_in_the_end(monkeypatch):
    asked = []
    clock = RealClock(delays(monkeypatch, asked, late=70_000))
    clock.advance(120_000_000)
    # Of the 120 ms 69.9297 and then 19.8594 are left, of which one is for spinning, and 1.7891 when it wakes again.
    assert asked == [("msleep", 50), ("msleep", 50), ("msleep", 18), ("udelay", 1789)]
    assert 120_000_000 <= clock.now < 120_001_000


def test_real_clock_busy_never_sleeps(monkeypatch):
    asked = []
    clock = RealClock(delays(monkeypatch, asked))
    clock.advance(61_500_000, busy=True)
    assert asked == [("mdelay", 50), ("mdelay", 11), ("udelay", 499), ("udelay", 0)]
    assert 61_500_000 <= clock.now < 61_501_000


def test_real_clock_reaches_each_deadline_on_the_way(monkeypatch):
    asked, ran = [], []
    clock = RealClock(delays(monkeypatch, asked))
    clock.call_at(10_000_000, lambda: ran.append((len(asked), clock.now)))
    clock.advance(20_000_000)
    ((calls, at),) = ran
    assert asked[:calls] == [("msleep", 9), ("udelay", 999), ("udelay", 0), ("udelay", 0)]
    assert 10_000_000 <= at < 10_001_000
    assert 20_000_000 <= clock.now < 20_001_000


def test_real_clock_runs_what_is_overdue(monkeypatch):
    asked, ran = [], []
    clock = RealClock(delays(monkeypatch, asked))
    clock.call_at(-1, lambda: ran.append("overdue"))
    clock.advance(clock.now)
    assert (asked, ran) == ([], ["overdue"])


def test_real_clock_that_is_stopped_ends_the_wait_and_runs_nothing(monkeypatch):
    asked, ran = [], []
    shim = delays(monkeypatch, asked)
    clock = RealClock(SimpleNamespace(msleep=lambda msecs: (shim.msleep(msecs), clock.stop()), udelay=shim.udelay))
    clock.call_at(600_000_000_000, lambda: ran.append("due"))
    with pytest.raises(InterruptedError):
        clock.advance(600_000_000_000)
    assert (asked, ran) == ([("msleep", 50)], [])
