# SPDX-License-Identifier: GPL-2.0-only
"""Virtual time, and real time."""

from time import monotonic_ns

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


def test_real_clock_sleeps_until_each_deadline_and_the_end():
    asked = []
    began = monotonic_ns()
    clock = RealClock(asked.append)
    started = monotonic_ns()
    clock.call_at(10_000_000_000, lambda: None)
    clock.advance(20_000_000_000)
    # On the clock of time.monotonic_ns(), 10 s and 20 s after this one was made, which was between these two.
    middle, end = asked
    assert began <= middle - 10_000_000_000 <= started
    assert began <= end - 20_000_000_000 <= started
    assert 0 <= clock.now <= monotonic_ns() - began


def test_real_clock_runs_what_is_overdue():
    ran = []
    clock = RealClock(lambda when: None)
    clock.call_at(0, lambda: ran.append("overdue"))
    clock.advance(clock.now)
    assert ran == ["overdue"]
