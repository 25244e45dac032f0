# SPDX-License-Identifier: GPL-2.0-only
"""Time: what happens when, in nanoseconds since power on. Virtual unless asked otherwise."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from time import monotonic_ns

NSEC_PER_MSEC = 1_000_000

Callback = Callable[[], None]


class Clock:
    """Virtual time. Only advance() moves it; configuration cycles take none."""

    def __init__(self) -> None:
        self._now = 0
        self._due: list[tuple[int, int]] = []
        self._callbacks: dict[int, Callback] = {}
        self._handles = count()

    @property
    def now(self) -> int:
        """The time, ns since power on."""
        return self._now

    def call_at(self, when: int, callback: Callback) -> int:
        """Have *callback* called when the time is *when* (ns); at the next advance if that is past.

        :return: a handle for cancel()"""
        handle = next(self._handles)
        self._callbacks[handle] = callback
        heapq.heappush(self._due, (when, handle))
        return handle

    def call_after(self, delay_ms: float, callback: Callback) -> None:
        """Have *callback* called in *delay_ms*: at once for 0, never if negative."""
        if delay_ms == 0:
            callback()
        elif delay_ms > 0:
            self.call_at(self.now + round(delay_ms * NSEC_PER_MSEC), callback)

    def cancel(self, handle: int) -> None:
        """Forget a callback; one that ran or was cancelled before is no error."""
        self._callbacks.pop(handle, None)

    def next_deadline(self) -> int | None:
        """The time of the next callback, ns, or None if nothing is due."""
        while self._due and self._due[0][1] not in self._callbacks:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def advance(self, to: int) -> None:
        """Let time pass until *to* (ns): run what falls due on the way, earliest first, ties in order of call_at()."""
        while (deadline := self.next_deadline()) is not None and deadline <= to:
            _, handle = heapq.heappop(self._due)
            self._wait(deadline)
            self._callbacks.pop(handle)()
        self._wait(to)

    def _wait(self, until: int) -> None:
        self._now = max(self._now, until)


class RealClock(Clock):
    """Time as on the wall: advance() really takes that long.

    :param sleep_until: returns once time.monotonic_ns() is at least its argument, at once if it is so already"""

    def __init__(self, sleep_until: Callable[[int], None]) -> None:
        super().__init__()
        self._sleep_until = sleep_until
        self._started = monotonic_ns()

    @property
    def now(self) -> int:
        """The time, ns since the clock was made."""
        return monotonic_ns() - self._started

    def _wait(self, until: int) -> None:
        self._sleep_until(self._started + until)
