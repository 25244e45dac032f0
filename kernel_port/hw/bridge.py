# SPDX-License-Identifier: GPL-2.0-only
"""A bridge: what it forwards, and the resets it passes on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from ..pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_BUS_RESET,
    PCI_CAP_ID_EXP,
    PCI_EXP_DEVCAP2,
    PCI_EXP_DEVCAP2_ARI,
    PCI_EXP_DEVCTL2,
    PCI_EXP_DEVCTL2_ARI,
    PCI_EXP_LNKCTL,
    PCI_EXP_LNKCTL_LD,
    PCI_SECONDARY_BUS,
    PCI_SUBORDINATE_BUS,
)
from .board import Board
from .description import FunctionDescription
from .function import D3HOT, Function, Hook
from .image import ConfigImage
from .link import Link
from .masks import Reset
from .regs import Register
from .slot import INTERRUPT_REGISTERS, Slot


class Bridge(Function):
    """A function with a secondary bus. Root and downstream ports have a link there, some of them a slot."""

    def __init__(self, description: FunctionDescription, image: ConfigImage, board: Board) -> None:
        super().__init__(description, image, board)
        #: The functions on the secondary side, whatever number their bus has now.
        self.below: list[Function] = []
        self.slot = Slot(self) if self.layout.has_slot else None
        self.link = Link(self, self.slot) if self.layout.has_link and board.policy.links_drop else None
        self._held: Reset | None = None

    def power_on(self) -> None:
        """Find out what is below, without resetting it. The machine is complete by now."""
        self._held = self._holding()
        if self.link is not None:
            self.link.find_partner(bool(self.below), self._held)
        if self.slot is not None:
            self.slot.power_on()

    @cached_property
    def hooks(self) -> dict[str, Hook]:
        hooks: dict[str, Hook] = {
            "PCI_SECONDARY_BUS": self._renumber,
            "PCI_SUBORDINATE_BUS": self._renumber,
            "PCI_CB_CARD_BUS": self._renumber,
            "PCI_CB_SUBORDINATE_BUS": self._renumber,
            "PCI_BRIDGE_CONTROL": self._bridge_control,
            "PCI_CB_BRIDGE_CONTROL": self._bridge_control,
        }
        if self.link is not None or (self.slot is not None and self.board.policy.status_follows):
            hooks["PCI_EXP_LNKCTL"] = self._link_control
        if self.slot is not None:
            hooks |= dict.fromkeys(INTERRUPT_REGISTERS, self.slot.interrupt_control)
            if self.board.policy.messages_limited:
                hooks["PCI_MSI_FLAGS"] = self._limit_messages
            hooks["PCI_EXP_SLTCTL"] = self.slot.command
            hooks["PCI_EXP_SLTSTA"] = self.slot.status_written
        if self.layout.has_link:
            hooks["PCI_EXP_DEVCTL2"] = self._renumber
        return super().hooks | hooks

    @property
    def secondary(self) -> int:
        """The number of the secondary bus now."""
        return self.get(PCI_SECONDARY_BUS, 1)

    def forwards(self, bus: int) -> int | None:
        """Return where this bridge forwards a configuration cycle for *bus*.

        :return: the number of the secondary bus, None if the bridge does not forward it"""
        secondary = self.get(PCI_SECONDARY_BUS, 1)
        last = secondary if self.board.policy.secondary_suffices else 0
        if not 0 < secondary <= bus <= max(last, self.get(PCI_SUBORDINATE_BUS, 1)):
            return None
        if self.silent or (self.power_state == D3HOT and self.board.policy.sleeping_bridges_block) or not self.open:
            return None
        if not self.board.policy.reset_holds and secondary != bus and self._in_reset:
            return None
        return secondary

    @property
    def open(self) -> bool:
        """Whether requests get across the bridge, as far as reset and link decide that."""
        return self._held is None and (self.link is None or self.link.active)

    @property
    def obstacle(self) -> str:
        """What stops requests here, whatever bus they are for; "" for nothing. See Fabric.obstacle()."""
        if self.silent:
            return "not ready"
        if self._held is not None:
            return "slot power" if self.slot is not None and self.slot.power_off else "reset"
        if self.link is not None and not self.link.active:
            return "link"
        return "asleep" if self.power_state == D3HOT and self.board.policy.sleeping_bridges_block else ""

    def reached(self) -> dict[int, Function]:
        """Return the functions on the secondary side that a cycle reaches now, by devfn."""
        if self.layout.has_link and self.board.policy.devices_need_ari and not self._forwards_ari:
            return {function.devfn: function for function in self.below if not function.description.address.device}
        return {function.devfn: function for function in self.below}

    @property
    def _forwards_ari(self) -> bool:
        """Whether ARI forwarding is on. A port that does not support it forwards all functions found below."""
        if self.layout.exp_version < 2 or not self.layout.exp(PCI_EXP_DEVCAP2) & PCI_EXP_DEVCAP2_ARI:
            return True
        return bool(self.get(self.layout.capabilities[PCI_CAP_ID_EXP] + PCI_EXP_DEVCTL2, 2) & PCI_EXP_DEVCTL2_ARI)

    @property
    def _takes_presence(self) -> bool:
        """What holds the secondary side lets nothing be detected there in-band (PCIe 7.8.11)."""
        dark = self._held is Reset.POWER and self.board.policy.power_lights_presence
        return self._held is not None and (self._in_reset or dark)

    @property
    def hides_presence(self) -> bool:
        """A card that comes or goes is not noticed now."""
        return self.link is not None and self.description.presence_follows_link and self._takes_presence

    def _renumber(self, _register: Register, _old: int, _new: int, _written: int) -> None:
        self.board.reroute()

    def _bridge_control(self, _register: Register, old: int, new: int, _written: int) -> None:
        if not (old ^ new) & PCI_BRIDGE_CTL_BUS_RESET:
            return
        self.board.reroute()
        if self.board.policy.reset_holds:
            self.update()
        elif new & PCI_BRIDGE_CTL_BUS_RESET:
            self._reset_below()
        if self.slot is not None and self.board.policy.status_follows:
            self.slot.hide_card(bool(new & PCI_BRIDGE_CTL_BUS_RESET))

    def _reset_below(self) -> None:
        """Reset everything below, in no time."""
        for function in self._everything_below():
            function.reset(Reset.HOT)
            function.ready()

    def _link_control(self, _register: Register, old: int, new: int, _written: int) -> None:
        if not (old ^ new) & PCI_EXP_LNKCTL_LD:
            return
        if self.link is not None:
            self.update()
        elif self.slot is not None:
            self.slot.show_link(self.slot.present and not new & PCI_EXP_LNKCTL_LD)

    def _limit_messages(self, register: Register, old: int, new: int, written: int) -> None:
        """Enable no more messages than there are, and look for the interrupt of the slot, if there is one."""
        super()._limit_messages(register, old, new, written)
        if self.slot is not None:
            self.slot.check_interrupt()

    def _holding(self) -> Reset | None:
        """Return the strongest reason why the secondary side is held in reset now, None if it is not."""
        if self.slot is not None and self.slot.power_off:
            return Reset.POWER if self.board.policy.power_resets_all else Reset.HOT
        if (self._in_reset and self.board.policy.reset_holds) or self._link_disabled:
            return Reset.HOT
        return None

    @property
    def _in_reset(self) -> bool:
        """Secondary Bus Reset is set."""
        return bool(self.get(PCI_BRIDGE_CONTROL, 2) & PCI_BRIDGE_CTL_BUS_RESET)

    @property
    def _link_disabled(self) -> bool:
        if self.link is None:
            return False
        return bool(self.get(self.layout.capabilities[PCI_CAP_ID_EXP] + PCI_EXP_LNKCTL, 2) & PCI_EXP_LNKCTL_LD)

    def update(self) -> None:
        """Act on the edges of whatever holds the secondary side in reset; a level may have changed."""
        before, self._held = self._held, self._holding()
        if self._held is before:
            return
        self.board.reroute()
        if self._held is None:
            self._release()
            return
        if self.link is not None:
            self.link.down(takes_presence=self._takes_presence)
        for function in self._everything_below():
            function.reset(self._held)

    def reset(self, kind: Reset) -> None:
        super().reset(kind)
        self.board.reroute()
        if kind in (Reset.POWER, Reset.HOT):
            self._held = None
            if self.link is not None:
                self.link.reset()
        else:
            self.update()
            if self.board.policy.function_reset_spreads:
                self._reset_below()
        if self.slot is not None:
            self.slot.reset()

    def let_go(self) -> None:
        """Lose what is below, for good."""
        self.below = []
        self.board.reroute()

    def card_changed(self, present: bool) -> None:
        """Handle that the card was pulled out of the slot, or put in."""
        if self.link is None:
            return
        self.link.moved(present, self.hides_presence)
        self.board.reroute()
        if not present:
            self.link.down()
            for function in self._everything_below():
                function.reset(Reset.POWER)
        elif self._held is None:
            self._release()

    def _release(self) -> None:
        """End a reset: links train, below too and all at once, and functions start to get ready."""
        self.complete()
        for function in self._everything_below():
            if isinstance(function, Bridge):
                function.complete()

    def complete(self) -> None:
        """Bring the secondary side of this bridge back."""
        if self.link is not None:
            self.link.train()
        else:
            self.wake()

    def wake(self) -> None:
        """Let the functions below get ready: the secondary side can be reached again."""
        self.board.reroute()
        for function in self.below:
            function.ready()

    def _answer(self) -> None:
        super()._answer()
        self.board.reroute()

    def _everything_below(self) -> Iterator[Function]:
        """Yield nearest first. Not recursive: a machine may be 255 bridges deep."""
        pending = list(self.below)
        for function in pending:
            yield function
            if isinstance(function, Bridge):
                pending += function.below
