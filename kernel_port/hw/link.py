# SPDX-License-Identifier: GPL-2.0-only
"""The link below a root or downstream port: up, down or training."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from ..pci_regs import (
    PCI_CAP_ID_EXP,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_DLLLARC,
    PCI_EXP_LNKCAP_MLW,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_LNKSTA_LT,
    PCI_EXP_LNKSTA_NLW,
)
from .masks import Reset
from .slot import Slot

if TYPE_CHECKING:
    from .bridge import Bridge


class LinkState(Enum):
    """The part of the link's state machine that software can see."""

    DOWN = "down"
    TRAINING = "training"
    ACTIVE = "active"


class Link:
    """PCIe 4.2.5, seen from the port: Data Link Layer Link Active, and the slot status bits that follow it."""

    def __init__(self, port: Bridge, slot: Slot | None) -> None:
        self._port = port
        self._slot = slot
        self._state = LinkState.DOWN
        #: A device at the other end can train with the port.
        self.partner = False
        #: Presence went down with the link and will come back with it.
        self._presence_lost = False
        #: The next time the link comes up, it causes no event.
        self._quiet = False
        self._epoch = 0
        #: Counts resets of the port, which cancel the changes it was going to show.
        self._resets = 0
        self._exp = port.layout.capabilities[PCI_CAP_ID_EXP]
        capability = port.layout.exp(PCI_EXP_LNKCAP)
        self._reports = bool(capability & PCI_EXP_LNKCAP_DLLLARC)
        #: Lanes it trains with: as described, else all that the port has; the same bits in both registers.
        self._width = port.get(self._exp + PCI_EXP_LNKSTA, 2) & PCI_EXP_LNKSTA_NLW or capability & PCI_EXP_LNKCAP_MLW

    @property
    def active(self) -> bool:
        """Configuration cycles pass."""
        return self._state is LinkState.ACTIVE

    @property
    def state(self) -> LinkState:
        """Whether the link is down, training or active."""
        return self._state

    def find_partner(self, populated: bool, held: Reset | None) -> None:
        """Bring the link up at power on if a device is there, whatever Link Status says."""
        status = self._port.get(self._exp + PCI_EXP_LNKSTA, 2)
        self.partner = populated or bool(status & PCI_EXP_LNKSTA_DLLLA)
        if self.partner and held is None:
            self._state = LinkState.ACTIVE

    def down(self, takes_presence: bool = False) -> None:
        """Take the link down: by reset, disable or loss of power.

        :param takes_presence: presence is lost as well, if it is detected in-band"""
        was_active = self._drop()
        loses = takes_presence and self._shows_presence
        self._presence_lost |= loses
        if was_active or loses:
            self._report(False, was_active)

    def reset(self) -> None:
        """Reset the port itself: link and in-band presence are lost, without an event.

        What it finds after the reset is a change again (PCIe 7.8.8, 7.8.11)."""
        if not self._port.board.policy.inner_ports_tell:
            if self._drop():
                self._quiet = True
                self._report(False, True)
            self._quiet = True
            return
        self._drop()
        self._resets += 1
        self._show(LinkState.DOWN)
        if self._slot is not None and self._shows_presence:
            self._presence_lost = True
            self._slot.lose_presence()

    def _drop(self) -> bool:
        """Drop the link. Return whether there was one."""
        self._epoch += 1
        was_active, self._state = self.active, LinkState.DOWN
        self._quiet = False
        if was_active:
            self._port.board.happened("link down", self._port.name)
        return was_active

    @property
    def _shows_presence(self) -> bool:
        """Whether the slot shows a card that it detected in-band."""
        return self._slot is not None and self._slot.present and self._port.description.presence_follows_link

    def moved(self, present: bool, unnoticed: bool) -> None:
        """Note that the card was pulled or put in; *unnoticed*, the slot finds it with the link."""
        self.partner = present
        self._presence_lost = present and unnoticed

    def train(self) -> None:
        """Train the link: it comes up after link_training_ms, or never."""
        if not self.partner:
            return
        self._state = LinkState.TRAINING
        self._later(partial(self._show, LinkState.TRAINING))
        self._epoch += 1
        epoch = self._epoch

        def trained() -> None:
            if self._epoch == epoch:
                self._up()

        self._port.board.clock.call_after(self._port.description.link_training_ms, trained)

    def _up(self) -> None:
        self._state = LinkState.ACTIVE
        self._port.board.happened("link up", self._port.name)
        self._report(True, True)
        self._port.wake()

    def _report(self, active: bool, changed: bool) -> None:
        """Show the change in link and slot status, after the delay of the port."""
        quiet, presence, state = self._quiet, self._presence_lost, self._state

        def show() -> None:
            self._show(state)
            if self._slot is not None and not quiet:
                self._slot.link_changed(active, self._reports and changed, presence)

        if active:
            self._presence_lost = False
        self._later(show)

    def _later(self, show: Callable[[], None]) -> None:
        """Call *show* after the delay of the port, unless it is reset first."""
        resets = self._resets

        def check() -> None:
            if self._resets == resets:
                show()

        self._port.board.clock.call_after(self._port.description.slot_status_ms, check)

    def _show(self, state: LinkState) -> None:
        """Return Link Status (PCIe 7.8.8): training, the width of the link, and Link Active if the port reports it."""
        where = self._exp + PCI_EXP_LNKSTA
        status = self._port.get(where, 2) & ~PCI_EXP_LNKSTA_DLLLA
        if self._reports and state is LinkState.ACTIVE:
            status |= PCI_EXP_LNKSTA_DLLLA
        if self._port.board.policy.link_status_follows:
            status &= ~(PCI_EXP_LNKSTA_LT | PCI_EXP_LNKSTA_NLW)
            status |= {LinkState.TRAINING: PCI_EXP_LNKSTA_LT, LinkState.ACTIVE: self._width}.get(state, 0)
        self._port.put(where, 2, status)
