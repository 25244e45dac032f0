# SPDX-License-Identifier: GPL-2.0-only
"""Threads of the operating system that carry kernel threads. They are kept for the next one: starting them is slow."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import ClassVar


def taken_lock() -> threading.Lock:
    """A lock that somebody else will release."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Carrier:
    """One thread of the operating system, which runs one body after the other."""

    _idle: ClassVar[list[Carrier]] = []

    def __init__(self) -> None:
        self._begin = taken_lock()
        self._body: Callable[[], None] = lambda: None
        threading.Thread(target=self._live, name="carrier", daemon=True).start()

    @classmethod
    def run(cls, body: Callable[[], None]) -> None:
        """Have *body* run by a thread of its own; it must not raise."""
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


# Of all threads only the one that forks is there in the new process.
os.register_at_fork(after_in_child=Carrier._idle.clear)
