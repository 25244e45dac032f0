# SPDX-License-Identifier: GPL-2.0-only
"""Time: what happens when, in nanoseconds since power on. Virtual unless asked otherwise."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from time import monotonic_ns
from typing import Protocol

NSEC_PER_USEC = 1_000
NSEC_PER_MSEC = 1_000_000

#: In real time, Ctrl-C and the end of the machine are noticed after this at the latest.
SLICE_MS = 50
#: A sleeper wakes late, more so on a virtual machine, and its caches are cold: spin at the end.
SPIN_MS = 1

Callback = Callable[[], None]


class Clock:
    """Virtual time. Only advance() moves it; configuration cycles take none."""

    def __init__(self) -> None:
        self._now = 0
        self._due: list[tuple[int, int]] = []
        self._callbacks: dict[int, Callback] = {}
        self._handles = count()
        self._stopped = False

    @property
    def now(self) -> int:
        """The time, ns since power on."""
        return self._now

    def call_at(self, when: int, callback: Callback) -> int:
        """Call *callback* when the time is *when* (ns); at the next advance if that is past.

        :return: a handle for cancel()"""
        handle = next(self._handles)
        self._callbacks[handle] = callback
        heapq.heappush(self._due, (when, handle))
        return handle

    def call_after(self, delay_ms: float, callback: Callback) -> None:
        """Call *callback* in *delay_ms*: at once for 0, never if negative."""
        if delay_ms == 0:
            callback()
        elif delay_ms > 0:
            self.call_at(self.now + round(delay_ms * NSEC_PER_MSEC), callback)

    def cancel(self, handle: int) -> None:
        """Forget a callback. It may have run or been cancelled already."""
        self._callbacks.pop(handle, None)

    def next_deadline(self) -> int | None:
        """Return the time of the next callback, ns, or None if nothing is due."""
        while self._due and self._due[0][1] not in self._callbacks:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def advance(self, to: int, *, busy: bool = False) -> None:
        """Let time pass until *to* (ns): run what falls due on the way, earliest first, ties in order of call_at().

        :param busy: spin, as a kernel that may not sleep
        :raises InterruptedError: another thread called stop()"""
        while (deadline := self.next_deadline()) is not None and deadline <= to:
            _, handle = heapq.heappop(self._due)
            self._wait(deadline, busy)
            self._callbacks.pop(handle)()
        self._wait(to, busy)

    def stop(self) -> None:
        """Stop the time, and end every wait for it in other threads."""
        self._stopped = True

    def _wait(self, until: int, busy: bool) -> None:
        self._now = max(self._now, until)


class Delays(Protocol):
    """What the shim does in real time, never early (c_shims/delay.h)."""

    def msleep(self, msecs: int) -> None:
        """Sleep."""

    def mdelay(self, msecs: int) -> None:
        """Spin."""

    def udelay(self, usecs: int) -> None:
        """Spin."""


class RealClock(Clock):
    """Wall-clock time: advance() really takes that long, in slices.

    :param delays: how to wait"""

    def __init__(self, delays: Delays) -> None:
        super().__init__()
        self._delays = delays
        self._started = monotonic_ns()

    @property
    def now(self) -> int:
        """The time, ns since the clock was made."""
        return monotonic_ns() - self._started

    def _wait(self, until: int, busy: bool) -> None:
        delay, spin = (self._delays.mdelay, 0) if busy else (self._delays.msleep, SPIN_MS)
        while (left := until - self.now) > 0:
            msecs = min(left // NSEC_PER_MSEC - spin, SLICE_MS)
            if msecs > 0:
                delay(msecs)
            else:
                self._delays.udelay(left // NSEC_PER_USEC)
            if self._stopped:
                raise InterruptedError
