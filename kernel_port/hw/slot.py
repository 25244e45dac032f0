# SPDX-License-Identifier: GPL-2.0-only
"""The hot-plug controller of a port: commands, events, and the interrupt they raise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pci_regs import (
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_MSI,
    PCI_CAP_ID_MSIX,
    PCI_COMMAND,
    PCI_COMMAND_INTX_DISABLE,
    PCI_COMMAND_MASTER,
    PCI_EXP_FLAGS,
    PCI_EXP_FLAGS_IRQ,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_CLS,
    PCI_EXP_LNKSTA_DLLLA,
    PCI_EXP_LNKSTA_NLW,
    PCI_EXP_SLTCAP,
    PCI_EXP_SLTCAP_EIP,
    PCI_EXP_SLTCAP_NCCS,
    PCI_EXP_SLTCAP_PCP,
    PCI_EXP_SLTCTL,
    PCI_EXP_SLTCTL_ABPE,
    PCI_EXP_SLTCTL_CCIE,
    PCI_EXP_SLTCTL_DLLSCE,
    PCI_EXP_SLTCTL_HPIE,
    PCI_EXP_SLTCTL_MRLSCE,
    PCI_EXP_SLTCTL_PCC,
    PCI_EXP_SLTCTL_PDCE,
    PCI_EXP_SLTCTL_PFDE,
    PCI_EXP_SLTCTL_PIC,
    PCI_EXP_SLTSTA,
    PCI_EXP_SLTSTA_ABP,
    PCI_EXP_SLTSTA_CC,
    PCI_EXP_SLTSTA_DLLSC,
    PCI_EXP_SLTSTA_EIS,
    PCI_EXP_SLTSTA_MRLSC,
    PCI_EXP_SLTSTA_MRLSS,
    PCI_EXP_SLTSTA_PDC,
    PCI_EXP_SLTSTA_PDS,
    PCI_EXP_SLTSTA_PFD,
    PCI_INTERRUPT_PIN,
    PCI_MSI_FLAGS,
    PCI_MSI_FLAGS_64BIT,
    PCI_MSI_FLAGS_ENABLE,
    PCI_MSI_FLAGS_MASKBIT,
    PCI_MSI_FLAGS_QSIZE,
    PCI_MSI_MASK_32,
    PCI_MSI_MASK_64,
    PCI_MSIX_FLAGS,
    PCI_MSIX_FLAGS_ENABLE,
    PCI_MSIX_FLAGS_MASKALL,
)
from .function import D0
from .regs import Register

if TYPE_CHECKING:
    from .bridge import Bridge

#: Enables in Slot Control that have the same bit as their event in Slot Status (PCIe 6.7.3.4).
ENABLES = PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PFDE | PCI_EXP_SLTCTL_MRLSCE | PCI_EXP_SLTCTL_PDCE | PCI_EXP_SLTCTL_CCIE
EVENTS = PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PFD | PCI_EXP_SLTSTA_MRLSC | PCI_EXP_SLTSTA_PDC | PCI_EXP_SLTSTA_CC
STATES = PCI_EXP_SLTSTA_MRLSS | PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_EIS


#: Registers besides Slot Control that control whether and how the port interrupts.
INTERRUPT_REGISTERS = ("PCI_COMMAND", "PCI_MSI_FLAGS", "PCI_MSI_MASK_32", "PCI_MSI_MASK_64", "PCI_MSIX_FLAGS")


#: Capability ID of MSI and MSI-X, offset of its control register, and the enable bit there.
MESSAGES = (
    (PCI_CAP_ID_MSI, PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE),
    (PCI_CAP_ID_MSIX, PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE),
)


class Slot:
    """Slot Control and Slot Status of a port (PCIe 6.7.3)."""

    def __init__(self, port: Bridge) -> None:
        self._port = port
        self._exp = port.layout.capabilities[PCI_CAP_ID_EXP]
        self._capability = port.layout.exp(PCI_EXP_SLTCAP)
        self._commands = 0
        #: The interrupt request: a rising edge sends a message, its level drives INTx.
        self._asking, self._pulling = False, False
        self._on_clear = port.description.slot_events_on_clear
        #: Whether a reset hides the card. The counter counts resets, so that the end of an earlier one has no effect.
        self._hidden = False
        self._hidings = 0
        #: There was a card, which was let go.
        self._empty = False

    def _both(self) -> tuple[int, int]:
        """Slot Control and Slot Status, which is the upper half of the same dword."""
        dword = self._port.get(self._exp + PCI_EXP_SLTCTL, 4)
        return dword & 0xFFFF, dword >> 16

    @property
    def status(self) -> int:
        """Slot Status."""
        return self._port.get(self._exp + PCI_EXP_SLTSTA, 2)

    def is_control(self, where: int, size: int) -> bool:
        """Return whether *size* bytes at *where* have some of Slot Control."""
        return where < self._exp + PCI_EXP_SLTCTL + 2 and self._exp + PCI_EXP_SLTCTL < where + size

    @property
    def present(self) -> bool:
        """Presence Detect State."""
        return bool(self.status & PCI_EXP_SLTSTA_PDS)

    @property
    def power_off(self) -> bool:
        """Whether the slot has a power controller that is off."""
        return bool(self._capability & PCI_EXP_SLTCAP_PCP and self._both()[0] & PCI_EXP_SLTCTL_PCC)

    @property
    def asserted(self) -> bool:
        """Whether an enabled event is pending and hot-plug interrupts are enabled."""
        control, status = self._both()
        link = control & PCI_EXP_SLTCTL_DLLSCE and status & PCI_EXP_SLTSTA_DLLSC
        return bool(control & PCI_EXP_SLTCTL_HPIE and (control & status & ENABLES or link))

    def power_on(self) -> None:
        """Schedule the described events."""
        self._asking, self._pulling = self.asserted and not self._masked, self.pulls
        for after_ms, bits in self._port.description.slot_events:
            self._port.board.clock.call_after(after_ms, lambda bits=bits: self.event(bits))  # type: ignore[misc]

    def command(self, register: Register, old: int, new: int, written: int) -> None:
        """Handle a write to Slot Control: it is a command, whether it changes anything or not (PCIe 6.7.3.2)."""
        self._commands += 1
        number = self._commands

        def completed() -> None:
            # A new command replaces the one in progress.
            if self._commands == number:
                self.event(PCI_EXP_SLTSTA_CC)

        if written & register.w1t and self._capability & PCI_EXP_SLTCAP_EIP:
            self._set_status(self.status ^ PCI_EXP_SLTSTA_EIS)
        if self._port.board.policy.dark_slots_let_go and self.present and _dark(new) and not _dark(old):
            self._let_go()
        self._port.update()
        self.control_written()
        if not self._capability & PCI_EXP_SLTCAP_NCCS:
            self._port.board.clock.call_after(self._port.description.command_ms, completed)

    def _let_go(self) -> None:
        """Release the card for good, and show none; the link shows what the port could do, one lane if it says none."""
        self._empty = True
        self._port.let_go()
        capability, where = self._port.layout.exp(PCI_EXP_LNKCAP), self._exp + PCI_EXP_LNKSTA
        speed, width = capability & PCI_EXP_LNKSTA_CLS or 1, capability & PCI_EXP_LNKSTA_NLW or 0x10
        status = self._port.get(where, 2) & ~(PCI_EXP_LNKSTA_DLLLA | PCI_EXP_LNKSTA_CLS | PCI_EXP_LNKSTA_NLW)
        self._port.put(where, 2, status | width | speed)
        self._set_status(self.status & ~PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC)

    def status_written(self, register: Register, old: int, new: int, written: int) -> None:
        """Handle a write to Slot Status; events may follow it at once."""
        if written & ~old & EVENTS and self._port.board.policy.unseen_events_stay:
            self._set_status(new | old & EVENTS)
        self.check_interrupt()
        bits, self._on_clear = self._on_clear, 0
        if bits:
            self.event(bits)

    def link_changed(self, active: bool, link_event: bool, presence: bool) -> None:
        """Handle that the link came up or went down, perhaps with in-band presence."""
        status = self.status
        if link_event:
            status |= PCI_EXP_SLTSTA_DLLSC
        if presence:
            status = status & ~PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC | (PCI_EXP_SLTSTA_PDS if active else 0)
            self._port.board.happened(f"presence {'on' if active else 'off'}", self._port.name)
        self._set_status(status)

    def lose_presence(self) -> None:
        """Stop showing a card, without an event."""
        self._port.put(self._exp + PCI_EXP_SLTSTA, 2, self.status & ~PCI_EXP_SLTSTA_PDS)

    def hide_card(self, hidden: bool) -> None:
        """Clear link and presence status when a reset below begins, at once; set them again some time after it ends."""
        self._hidings += 1
        number = self._hidings

        def shown() -> None:
            if self._hidings == number and self._hidden:
                self._show_card(True)

        if not hidden:
            self._port.board.clock.call_after(self._port.description.link_training_ms, shown)
        elif self.present:
            self._show_card(False)

    def _show_card(self, present: bool) -> None:
        self._hidden = not present
        self.show_link(present)
        self.link_changed(present, False, True)

    def show_link(self, active: bool) -> None:
        """Set or clear Data Link Layer Link Active, without an event."""
        where = self._exp + PCI_EXP_LNKSTA
        status = self._port.get(where, 2) & ~PCI_EXP_LNKSTA_DLLLA
        self._port.put(where, 2, status | (PCI_EXP_LNKSTA_DLLLA if active else 0))

    def reset(self) -> None:
        """Drop the command in progress: the port was reset."""
        self._commands += 1
        if self._empty and self._capability & PCI_EXP_SLTCAP_PCP:
            self._port.put(self._exp + PCI_EXP_SLTCTL, 2, self._both()[0] | PCI_EXP_SLTCTL_PIC | PCI_EXP_SLTCTL_PCC)
        self.check_interrupt()

    def event(self, bits: int) -> None:
        """Raise events and toggle states, as bits of Slot Status; the card comes and goes with its state."""
        status, link = self.status, self._port.link
        moved = bool(bits & PCI_EXP_SLTSTA_PDS)
        there = self.present if link is None else link.partner
        if moved:
            self._port.board.happened("card pulled" if there else "card put in", self._port.name)
        if moved and self._port.hides_presence:
            bits &= ~(PCI_EXP_SLTSTA_PDS | PCI_EXP_SLTSTA_PDC)
        self._set_status(status & ~(bits & STATES) | bits & ~status)
        if moved:
            self._port.card_changed(not there)

    def _set_status(self, status: int) -> None:
        self._port.put(self._exp + PCI_EXP_SLTSTA, 2, status)
        self.check_interrupt()

    # -- the interrupt (PCIe 6.7.3.4) --------------------------------------------------------------------------------

    def interrupt_control(self, _register: Register, _old: int, _new: int, _written: int) -> None:
        """Update the interrupt after a write to a register that controls it."""
        self.check_interrupt()

    def control_written(self) -> None:
        """Do what check_interrupt() does, after a write to Slot Control: the end of asking may send a message."""
        asked = self._asking
        self.check_interrupt()
        if asked and not self._asking and self._port.board.policy.end_of_asking_notifies:
            self._send()

    def check_interrupt(self) -> None:
        """Send a message or assert INTx when the port begins to request an interrupt."""
        asked, self._asking = self._asking, self.asserted and not self._masked
        pulled, self._pulling = self._pulling, self.pulls
        if self._asking and not asked:
            self._send()
        if self._pulling and not pulled and self._port.board.interrupt is not None:
            self._port.board.interrupt(self._port.name)

    @property
    def pulls(self) -> bool:
        """Whether the port asserts INTx: while it requests an interrupt, if MSI and MSI-X are off (PCI 6.2.2, 6.8).

        A port described with neither INTx nor messages interrupts as if it had INTx."""
        port = self._port
        if not self.asserted or self._message_enables or port.get(PCI_COMMAND, 2) & PCI_COMMAND_INTX_DISABLE:
            return False
        return bool(port.get(PCI_INTERRUPT_PIN, 1)) or not self._message_capabilities

    @property
    def _message_capabilities(self) -> list[tuple[int, int, int]]:
        """MSI and MSI-X, as far as the port has them: capability ID, its control register, and the enable bit."""
        found = self._port.layout.capabilities
        return [
            (identity, found[identity] + where, enable) for identity, where, enable in MESSAGES if identity in found
        ]

    @property
    def _message_enables(self) -> set[int]:
        """Capability IDs of MSI and MSI-X, as far as they are on."""
        return {identity for identity, where, enable in self._message_capabilities if self._port.get(where, 2) & enable}

    @property
    def _masked(self) -> bool:
        """Whether the port's message is masked: all messages of MSI-X, or this one of MSI (PCI 6.8.3.4)."""
        enabled, port = self._message_enables, self._port
        if PCI_CAP_ID_MSIX in enabled:
            position = port.layout.capabilities[PCI_CAP_ID_MSIX]
            return bool(port.get(position + PCI_MSIX_FLAGS, 2) & PCI_MSIX_FLAGS_MASKALL)
        if PCI_CAP_ID_MSI in enabled:
            position = port.layout.capabilities[PCI_CAP_ID_MSI]
            flags = port.get(position + PCI_MSI_FLAGS, 2)
            if flags & PCI_MSI_FLAGS_MASKBIT:
                mask = PCI_MSI_MASK_64 if flags & PCI_MSI_FLAGS_64BIT else PCI_MSI_MASK_32
                number = (port.get(self._exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_IRQ) >> 9
                number %= 1 << ((flags & PCI_MSI_FLAGS_QSIZE) >> 4)  # how many it may send
                return bool(port.get(position + mask, 4) >> number & 1)
        return False

    def _send(self) -> None:
        """Send a message, which is a memory write. It is lost if the port or a bridge above is not a bus master, or if
        it does not get through (PCIe 7.5.1.1)."""
        if not self._message_enables or self._port.power_state != D0:
            return
        above: Bridge | None = self._port
        while above is not None:
            if not above.get(PCI_COMMAND, 2) & PCI_COMMAND_MASTER or (above is not self._port and not above.open):
                return
            above = above.above
        if self._port.board.message is not None:
            self._port.board.message(self._port.name)


def _dark(control: int) -> bool:
    """Return whether Slot Control has power and power indicator off."""
    return not ~control & (PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PIC)
