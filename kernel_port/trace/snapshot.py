# SPDX-License-Identifier: GPL-2.0-only
"""What a call does to configuration space: registers before, right after each reset, and at the end."""

from __future__ import annotations

from dataclasses import dataclass

from ..hw.address import Address
from ..hw.locations import Location, register_map
from ..kernel.system import Event
from ..machine import Machine
from .decode import Part
from .shadow import RESETS

#: Bytes compared at once: most of configuration space does not change.
STRIDE = 64
#: Registers that pci_save_state() saves, besides the header. Nothing restores their neighbours (capabilities, status).
SAVED = frozenset({
    "PCI_EXP_DEVCTL", "PCI_EXP_LNKCTL", "PCI_EXP_SLTCTL", "PCI_EXP_RTCTL", "PCI_EXP_DEVCTL2", "PCI_EXP_LNKCTL2",
    "PCI_X_CMD",
})  # fmt: skip
#: Registers of the header that record events rather than configuration.
HAPPENED = frozenset({"PCI_STATUS", "PCI_SEC_STATUS"})
HEADER_END = 0x40


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """A register whose value changed."""

    where: Location
    old: int
    new: int

    @property
    def text(self) -> str:
        """What changed: "MEMORY- MASTER-"."""
        return " ".join(Part(*self.where, (1 << 8 * self.where.size) - 1, self.new).changed(self.old))

    @property
    def is_saved(self) -> bool:
        """Whether pci_save_state() saves the register, and pci_restore_state() should bring it back."""
        name, offset, _size = self.where
        return name in SAVED or (offset < HEADER_END and name not in HAPPENED)


@dataclass(frozen=True, slots=True)
class Loss:
    """What happened to one function."""

    bdf: str
    resets: tuple[tuple[int, str], ...]
    """Time (ns since the call) and kind of each of its resets."""
    lost: tuple[RegisterChange, ...]
    """The registers that the last reset changed from before the call."""
    changed: tuple[RegisterChange, ...]
    """The registers that differ at the end: lost ones that were not restored, and others that were written."""

    @property
    def restored(self) -> tuple[RegisterChange, ...]:
        """The lost registers that have their old value at the end."""
        still = {difference.where for difference in self.changed}
        return tuple(difference for difference in self.lost if difference.where not in still)

    @property
    def otherwise_changed(self) -> tuple[RegisterChange, ...]:
        """The registers that differ at the end, but not because a reset lost them."""
        lost = {difference.where for difference in self.lost}
        return tuple(difference for difference in self.changed if difference.where not in lost)


class Recorder:
    """Takes the snapshots of a machine. Pass each event to `note` as it happens (System.listen)."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.start = machine.clock.now
        self.before = {str(address): machine.fabric.config(address) for address in self._addresses()}
        self.resets: dict[str, list[tuple[int, str]]] = {}
        self.after_reset: dict[str, bytes] = {}
        self._in_reset: list[str] = []

    def _addresses(self) -> list[Address]:
        return [function.address for function in self.machine.description.functions]

    def note(self, event: Event) -> None:
        """Record a function's registers at the first event after its reset, before anything else touches them."""
        self._look()
        if event.op == "hw" and event.args[0] in RESETS:
            what, bdf = event.args
            self.resets.setdefault(bdf, []).append((event.time - self.start, what))
            self._in_reset.append(bdf)

    def _look(self) -> None:
        for bdf in self._in_reset:
            self.after_reset[bdf] = self.machine.fabric.config(Address.parse(bdf))
        self._in_reset.clear()

    def losses(self) -> list[Loss]:
        """Return each function that was reset or has changed, in order of address."""
        self._look()
        found = []
        for bdf, before in self.before.items():
            after = self.machine.fabric.config(Address.parse(bdf))
            changed, resets = differences(before, after), tuple(self.resets.get(bdf, ()))
            if changed or resets:
                found.append(Loss(bdf, resets, differences(before, self.after_reset.get(bdf, before)), changed))
        return found


def differences(old: bytes, new: bytes) -> tuple[RegisterChange, ...]:
    """Return the registers that differ, ascending; unknown bytes in runs within a dword."""
    registers, found, where = register_map(old), [], 0
    while where < len(old):
        if old[where : where + STRIDE] == new[where : where + STRIDE]:
            where += STRIDE
            continue
        if old[where] == new[where]:
            where += 1
            continue
        register = registers.get(where)
        if register is None:
            end = where + 1
            while end % 4 and end < len(old) and end not in registers and old[end] != new[end]:
                end += 1
            register = Location(f"{where:#04x}", where, end - where)
        end = register.start + register.size
        was, now = (int.from_bytes(image[register.start : end], "little") for image in (old, new))
        found.append(RegisterChange(register, was, now))
        where = end
    return tuple(found)
