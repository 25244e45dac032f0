# SPDX-License-Identifier: GPL-2.0-only
"""The shim's delays, against Python's own monotonic clock. None may be early; how late is the machine's affair."""

import subprocess
import sys
import threading
import time

import pytest

from kernel_port._shims import lib

USEC, MSEC = 10**3, 10**6


def elapsed(call, *arguments):
    """How long the call took, ns."""
    started = time.monotonic_ns()
    call(*arguments)
    return time.monotonic_ns() - started


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.parametrize(("delay", "unit"), [("udelay", USEC), ("mdelay", MSEC), ("msleep", MSEC)])
def test_delay_is_never_early(delay, unit, count):
    for _ in range(3):
        assert elapsed(getattr(lib, delay), count) >= count * unit


def test_signals_neither_shorten_a_sleep_nor_turn_it_into_spinning():
    # The alarm rings every 2 ms and each time ends clock_nanosleep() with EINTR. Sleeping again costs no processor
    # time; spinning from the first alarm on would cost 58 ms of it. In a process of its own, for the sake of this one.
    program = """
import signal, time
from kernel_port._shims import lib
rung = []
signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
started, spent = time.monotonic_ns(), time.process_time_ns()
lib.msleep(60)
elapsed, spent = time.monotonic_ns() - started, time.process_time_ns() - spent
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(rung) > 0, elapsed >= 60_000_000, spent < 30_000_000)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "True True True\n"


def test_another_thread_runs_during_a_sleep():
    # The other thread is let go when this one is about to sleep, and looks at the clock. Did the sleeper keep the
    # interpreter's lock, it could do so only after the sleep.
    go, seen = threading.Event(), []

    def other():
        go.wait()
        seen.append(time.monotonic_ns())

    thread = threading.Thread(target=other)
    thread.start()
    previous = sys.getswitchinterval()
    sys.setswitchinterval(10)  # no switch but where somebody gives way
    try:
        go.set()
        lib.msleep(200)
        woken = time.monotonic_ns()
    finally:
        sys.setswitchinterval(previous)
    thread.join()
    assert seen[0] < woken
