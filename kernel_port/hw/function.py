# SPDX-License-Identifier: GPL-2.0-only
"""One PCI function: its registers in the image, and what a write to them does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from ..pci_regs import (
    PCI_AF_STATUS,
    PCI_AF_STATUS_TP,
    PCI_CAP_ID_AF,
    PCI_CAP_ID_EXP,
    PCI_CAP_ID_PM,
    PCI_EXP_DEVSTA,
    PCI_EXP_DEVSTA_TRPND,
    PCI_EXT_CAP_ID_SRIOV,
    PCI_MSI_FLAGS_ENABLE,
    PCI_MSI_FLAGS_QMASK,
    PCI_MSI_FLAGS_QSIZE,
    PCI_PM_CAP_D1,
    PCI_PM_CAP_D2,
    PCI_PM_CTRL,
    PCI_PM_CTRL_NO_SOFT_RESET,
    PCI_PM_CTRL_STATE_MASK,
    PCI_PM_PMC,
    PCI_SRIOV_CTRL,
    PCI_SRIOV_CTRL_VFE,
)
from . import known
from .address import bdf
from .board import Board
from .description import FunctionDescription
from .image import ConfigImage
from .layout import Layout
from .masks import Masks, Reset, masks_of
from .regs import Register

if TYPE_CHECKING:
    from .bridge import Bridge

D0, D1, D2, D3HOT = range(4)

#: Called with a register's row, its value before the write and after it, and what was written to it.
Hook = Callable[[Register, int, int, int], None]


class Function:
    """A function that is not a bridge."""

    def __init__(self, description: FunctionDescription, image: ConfigImage, board: Board) -> None:
        self.description = description
        self.board = board
        self.size = description.size
        self.bus = description.address.bus
        self.devfn = description.address.devfn
        self.name = bdf(*description.address[:2], self.devfn)
        self._image = image
        #: The bridge whose secondary side it is on, None on a root bus.
        self.above: Bridge | None = None
        #: The virtual functions of a physical one that the description has, and the way back (SR-IOV 2.1).
        self.virtual: list[Function] = []
        self.physical: Function | None = None
        #: Reads a register (where, size), whether cycles reach the function or not.
        self.get = image.reader(self.bus, self.devfn)
        #: Set a register (where, size, value), read-only bits too, as hardware does.
        self.put = image.writer(self.bus, self.devfn)
        #: Reads a register for a cycle that reached it.
        unstated = known.unstated(description)
        self.read = self._guess if unstated else self.get
        self._unstated = unstated.to_bytes(self.size, "little") if unstated else b""
        #: Answers no request: it is still initializing after a reset.
        self.silent = False
        #: Counts resets, so that a timer of an earlier one is known to be stale.
        self.epoch = 0
        self._lost_writes: dict[int, int] = {}
        image.load(description.address, description.config)
        if description.pending_ms:
            self._set_pending(True)
            board.clock.call_after(description.pending_ms, self._unless_reset(lambda: self._set_pending(False)))

    def _guess(self, where: int, size: int) -> int:
        """Read a register, and note it if it has bits that nobody stated."""
        if any(self._unstated[where : where + size]):
            self.board.guesses.setdefault(self.name, {})[where, size] = None
        return self.get(where, size)

    @cached_property
    def layout(self) -> Layout:
        """The registers it has, found on demand: most functions are never written to."""
        return Layout(self.description)

    @cached_property
    def _masks(self) -> Masks:
        policy = self.board.policy
        storage = (*self.description.storage.items(), *policy.storage(self.layout))
        return masks_of(policy.registers(self.layout), self.size, storage, frozenset(self.hooks))

    @cached_property
    def _masked_put(self) -> Callable[[int, int, int], object]:
        return self._image.masked_writer(self.bus, self.devfn, self._masks.image)

    @cached_property
    def hooks(self) -> dict[str, Hook]:
        """What to call after a write to a register, by name."""
        return {
            "PCI_PM_CTRL": self._power_state,
            "PCI_EXP_DEVCTL": self._function_level_reset,
            "PCI_AF_CTRL": self._function_level_reset,
            "PCI_SRIOV_CTRL": self._virtual_enable,
            **({"PCI_MSI_FLAGS": self._limit_messages} if self.board.policy.messages_limited else {}),
        }

    def load(self, config: bytes) -> None:
        """Set all registers, without side effects."""
        self._image.load(self.description.address, config)

    def dump(self) -> bytes:
        """Return all registers as they are."""
        return self._image.dump(self.description.address, self.size)

    def write(self, where: int, size: int, value: int) -> None:
        """Handle a configuration write."""
        if self._lost_writes and self._lost_writes.get(where):
            self._lost_writes[where] -= 1
            return
        acting = self._masks.acting(where, size)
        if not acting:
            self._masked_put(where, size, value)
            return
        before = [self.get(register.start, register.size) for register in acting]
        self._masked_put(where, size, value)
        for register, old in zip(acting, before, strict=True):
            shift = 8 * (where - register.start)
            written = value << shift if shift >= 0 else value >> -shift
            self.hooks[register.name](register, old, self.get(register.start, register.size), written)

    def acts(self, where: int, size: int) -> bool:
        """Return whether a write there does more than store."""
        return bool(self._masks.acting(where, size))

    def reset(self, kind: Reset) -> None:
        """Reset the function. It stays silent until ready() is called and ready_ms have passed."""
        self.epoch += 1
        self.board.happened(kind.value, self.name)
        self._image.merge(self.description.address, *self._masks.lost(kind))
        self._lost_writes = {where: count - 1 for where, count in self.description.writes_needed.items()}
        if self.description.ready_ms or (self.physical is not None and not self.physical.has_virtual):
            self.silent = True
        if kind in (Reset.FLR, Reset.SOFT):  # all other resets reach each virtual function directly
            for function in self.virtual:
                function.reset(kind)

    def ready(self) -> None:
        """End a reset: answer again after ready_ms."""
        self.board.clock.call_after(self.description.ready_ms, self._unless_reset(self._answer))

    def _answer(self) -> None:
        if self.silent and (self.physical is None or self.physical.has_virtual):
            self.silent = False
            self.board.happened("ready", self.name)

    @property
    def has_virtual(self) -> bool:
        """Whether VF Enable is set, so that the virtual functions exist (SR-IOV 3.3.3.1)."""
        position = self.layout.extended.get(PCI_EXT_CAP_ID_SRIOV)
        return position is not None and bool(self.get(position + PCI_SRIOV_CTRL, 2) & PCI_SRIOV_CTRL_VFE)

    def _virtual_enable(self, _register: Register, old: int, new: int, _written: int) -> None:
        """Remove the virtual functions when VF Enable is cleared; create them anew when it is set."""
        for function in self.virtual if (old ^ new) & PCI_SRIOV_CTRL_VFE else ():
            if new & PCI_SRIOV_CTRL_VFE:
                function.ready()
            else:
                function.reset(Reset.FLR)

    def _unless_reset(self, act: Callable[[], None]) -> Callable[[], None]:
        """Wrap *act* so that it does nothing after another reset."""
        epoch = self.epoch

        def check() -> None:
            if self.epoch == epoch:
                act()

        return check

    @property
    def power_state(self) -> int:
        """D0 to D3HOT."""
        position = self.layout.capabilities.get(PCI_CAP_ID_PM)
        return D0 if position is None else self.get(position + PCI_PM_CTRL, 2) & PCI_PM_CTRL_STATE_MASK

    def _power_state(self, _register: Register, old: int, new: int, _written: int) -> None:
        before, after = old & PCI_PM_CTRL_STATE_MASK, new & PCI_PM_CTRL_STATE_MASK
        if before == after:
            return
        position = self.layout.capabilities[PCI_CAP_ID_PM]
        needs = {D1: PCI_PM_CAP_D1, D2: PCI_PM_CAP_D2}.get(after, 0)
        missing = needs & ~self.get(position + PCI_PM_PMC, 2) if self.board.policy.power_states_checked else 0
        if not self.description.power_state_changes or missing:
            self.put(position + PCI_PM_CTRL, 2, new & ~PCI_PM_CTRL_STATE_MASK | before)
            return
        self.board.reroute()
        if (before, after) == (D3HOT, D0) and not new & PCI_PM_CTRL_NO_SOFT_RESET and self.board.policy.soft_reset:
            if self.description.soft_reset_works:
                self.reset(Reset.SOFT)
                self.ready()
            else:
                self.board.happened("soft reset ignored", self.name)

    def _function_level_reset(self, register: Register, _old: int, _new: int, written: int) -> None:
        if not written & register.w1t:
            return
        if self.description.flr_works:
            self.reset(Reset.FLR)
            self.ready()
        else:
            self.board.happened("function level reset ignored", self.name)

    def _limit_messages(self, register: Register, _old: int, new: int, _written: int) -> None:
        """Enable no more messages than there are."""
        capable = (new & PCI_MSI_FLAGS_QMASK) << 3
        if new & PCI_MSI_FLAGS_ENABLE and new & PCI_MSI_FLAGS_QSIZE > capable:
            self.put(register.start, 2, new & ~PCI_MSI_FLAGS_QSIZE | capable)

    def _set_pending(self, pending: bool) -> None:
        """Set or clear Transactions Pending, in each capability that has it."""
        for capability, register, bit in (
            (PCI_CAP_ID_EXP, PCI_EXP_DEVSTA, PCI_EXP_DEVSTA_TRPND),
            (PCI_CAP_ID_AF, PCI_AF_STATUS, PCI_AF_STATUS_TP),
        ):
            position = self.layout.capabilities.get(capability)
            if position is not None:
                where = position + register
                self.put(where, 1, self.get(where, 1) & ~bit | (bit if pending else 0))
