# SPDX-License-Identifier: GPL-2.0-only
"""What the scheduler tells of: turns, and what threads do to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from .sched import Thread


class Watcher(Protocol):
    """Is told of turns, and of what threads do to each other; kernel_port.explore has one."""

    def turn(self, ready: list[Thread]) -> None:
        """Note that the running thread's step is over, and that these can run next, in order of their numbers."""

    def passes(self, to: int, busy: bool) -> None:
        """Note that time is about to pass until *to*, ns: all threads sleep, or, if *busy*, the running one spins."""

    def waits(self, thread: Thread, on: Any) -> None:
        """Note that *thread*, the running one, is going to sleep until *on* is woken."""

    def wakes(self, on: Any, woken: list[Thread]) -> None:
        """Note that *on* is woken, and which threads become runnable, if they wait at all."""

    def starts(self, thread: Thread) -> None:
        """Note that *thread* is new."""

    def settles(self) -> None:
        """Note that main looks whether all others are idle, and when the next callback is due."""

    def fails(self) -> None:
        """Note that the running thread is about to stop the kernel."""

    def ends(self, thread: Thread) -> None:
        """Note that *thread*, the running one, is over."""
