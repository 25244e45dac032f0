# SPDX-License-Identifier: GPL-2.0-only
"""The link below a root or downstream port: up, down or training."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from ..pci_regs import PCI_CAP_ID_EXP, PCI_EXP_LNKCAP, PCI_EXP_LNKCAP_DLLLARC, PCI_EXP_LNKSTA, PCI_EXP_LNKSTA_DLLLA
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
        #: The next link up raises no event: the port itself comes out of reset.
        self._quiet = False
        self._epoch = 0
        self._exp = port.layout.capabilities[PCI_CAP_ID_EXP]
        self._reports = bool(port.layout.exp(PCI_EXP_LNKCAP) & PCI_EXP_LNKCAP_DLLLARC)

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

    def down(self, takes_presence: bool = False, quietly: bool = False) -> None:
        """Take the link down, by reset, disable or loss of power.

        :param takes_presence: presence is detected in-band, and lost as well
        :param quietly: the port itself is in reset and raises no event"""
        self._epoch += 1
        was_active, self._state = self.active, LinkState.DOWN
        self._quiet = quietly
        if not was_active:
            return
        self._port.board.happened("link down", self._port.name)
        if takes_presence and self._slot is not None and self._port.description.presence_follows_link:
            self._presence_lost = self._slot.present
        self._report(False)

    def train(self) -> None:
        """Train the link: it comes up after link_training_ms, or never."""
        if not self.partner:
            return
        self._state = LinkState.TRAINING
        self._epoch += 1
        epoch = self._epoch

        def trained() -> None:
            if self._epoch == epoch:
                self._up()

        self._port.board.clock.call_after(self._port.description.link_training_ms, trained)

    def _up(self) -> None:
        self._state = LinkState.ACTIVE
        self._port.board.happened("link up", self._port.name)
        self._report(True)
        self._port.wake()

    def _report(self, active: bool) -> None:
        """Show the change in Link and Slot Status after slot_status_ms."""
        quiet, presence = self._quiet, self._presence_lost

        def show() -> None:
            if self._reports:
                where = self._exp + PCI_EXP_LNKSTA
                status = self._port.get(where, 2) & ~PCI_EXP_LNKSTA_DLLLA
                self._port.put(where, 2, status | (PCI_EXP_LNKSTA_DLLLA if active else 0))
            if self._slot is not None and not quiet:
                self._slot.link_changed(active, self._reports, presence)

        if active:
            self._presence_lost = False
        self._port.board.clock.call_after(self._port.description.slot_status_ms, show)
