# SPDX-License-Identifier: GPL-2.0-only
"""OS threads that run kernel threads. They are reused, because starting one is slow."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import ClassVar


def taken_lock() -> threading.Lock:
    """Return a lock that is taken; another thread will release it."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Carrier:
    """One OS thread, which runs one body after the other."""

    _idle: ClassVar[list[Carrier]] = []

    def __init__(self) -> None:
        self._begin = taken_lock()
        self._body: Callable[[], None] = lambda: None
        threading.Thread(target=self._live, name="carrier", daemon=True).start()

    @classmethod
    def run(cls, body: Callable[[], None]) -> None:
        """Run *body* on an OS thread of its own; it must not raise."""
        try:
            carrier = cls._idle.pop()
        except IndexError:
            carrier = cls()
        carrier._body = body
        carrier._begin.release()

    def _live(self) -> None:
        while True:
            self._begin.acquire()
            self._body()
            self._idle.append(self)


# Only the thread that forks exists in the child.
os.register_at_fork(after_in_child=Carrier._idle.clear)
