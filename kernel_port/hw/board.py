# SPDX-License-Identifier: GPL-2.0-only
"""What all functions of a machine share: time, policy, and who observes what happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .clock import Clock
from .policy import Policy

if TYPE_CHECKING:
    from .function import Function


class Board:
    """What functions know of the machine around them. Fabric is one."""

    def __init__(self, clock: Clock, policy: Policy) -> None:
        self.clock = clock
        self.policy = policy
        #: Called with (what, address) when hardware does something other than an access.
        self.observe: Callable[[str, str], None] | None = None
        #: Called with the address of a port that begins to pull its interrupt line.
        self.interrupt: Callable[[str], None] | None = None
        #: Called with the address of a port that sends an interrupt message.
        self.message: Callable[[str], None] | None = None
        #: Advances time to then, ns, while the requester waits for a completion.
        self.stall: Callable[[int], object] = clock.advance
        #: Address -> (offset, size) of the reads of it that got bits which nobody stated, in order.
        self.guesses: dict[str, dict[tuple[int, int], None]] = {}
        #: (domain << 8 | bus) -> functions by devfn that respond there now; a cache.
        self.reach: dict[int, dict[int, Function]] = {}

    def happened(self, what: str, where: str) -> None:
        """Report to the observer, if there is one."""
        if self.observe is not None:
            self.observe(what, where)

    def reroute(self) -> None:
        """Forget all routes: something on the way to a bus changed."""
        self.reach.clear()
