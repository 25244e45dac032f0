# SPDX-License-Identifier: GPL-2.0-only
"""Acts of golden traces in the words of the field: what somebody does, and what is then done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..pci_regs import PCI_HEADER_TYPE, PCI_HEADER_TYPE_BRIDGE
from ..recordings.golden import GoldenTrace
from ..trace import decode
from ..trace.decode import Part

Op = list[Any]

#: Registers as people call them.
TITLES = {
    "PCI_COMMAND": "Command", "PCI_STATUS": "Status", "PCI_BRIDGE_CONTROL": "Bridge Control",
    "PCI_VENDOR_ID": "the vendor ID", "PCI_PM_CTRL": "the power state register",
    "PCI_EXP_SLTCTL": "Slot Control", "PCI_EXP_SLTSTA": "Slot Status", "PCI_EXP_DEVCTL": "Device Control",
    "PCI_EXP_DEVSTA": "Device Status", "PCI_EXP_DEVCAP": "Device Capabilities", "PCI_EXP_LNKCTL": "Link Control",
    "PCI_EXP_LNKSTA": "Link Status",
}  # fmt: skip
#: Registers in which writing 1 clears an event.
EVENTS = {"PCI_EXP_SLTSTA", "PCI_EXP_DEVSTA"}
LOCKS = {
    "cfg": "config access lock", "device": "device lock", "ctrl": "lock for slot commands", "slot": "work lock",
}  # fmt: skip
#: Function that somebody calls -> what that means; {of} is the device of its first act.
CALLS = {
    "pci_reset_bridge_secondary_bus": "resets the bus below {of}",
    "pcie_write_cmd": "sends a command to the slot of {of}",
    "int_poll_timeout": "polls the slot of {of}",
    "del_timer_sync": "stops the poll timer of {of}",
    "pci_save_state": "saves the config space of {of}",
    "pci_restore_state": "restores the config space of {of}",
    "pci_set_power_state": "sets the power state of {of}",
    "pci_dev_lock": "locks {of}",
    "pci_dev_unlock": "unlocks {of}",
    "pci_dev_save_and_disable": "saves and disables {of}",
    "pci_dev_restore": "restores {of}",
    "pci_dev_specific_reset": "looks for a reset that only {of} has",
    "pcie_flr": "tries the function level reset of {of}",
    "pci_af_flr": "tries the AF function level reset of {of}",
    "pci_pm_reset": "tries the power management reset of {of}",
    "pci_parent_bus_reset": "tries the parent bus",
    "pci_dev_reset_slot_function": "tries the slot",
    "pci_hp_reset_slot": "asks the driver of the slot",
    "__pci_dev_reset": "looks for a way to reset {of}",
    "pci_dev_reset": "resets {of}, or asks whether that can be",
}
#: An address in the acts that do not begin with one.
PLACES = {"lock": 2, "unlock": 2, "queue_work": 2}


def short(address: str) -> str:
    """Return an address without the domain they share."""
    return address.removeprefix("0000:")


class Speaker:
    """Tells the acts on the machine of a trace, those before known."""

    def __init__(self, trace: GoldenTrace, done: Sequence[Op]) -> None:
        self.configs = {str(function.address): function.config for function in trace.functions}
        self.done = list(done)

    # -- what an act is about ------------------------------------------------------------------------------------

    def of(self, op: Op) -> str:
        """Return what an act is about: "the port 00:1c.0", "01:00.0"."""
        place = PLACES.get(op[0], 1)
        address = str(op[place]) if len(op) > place else ""
        if ":" not in address:
            return "the device"
        config = self.configs.get(address, b"")
        bridge = len(config) > PCI_HEADER_TYPE and config[PCI_HEADER_TYPE] & 0x7F == PCI_HEADER_TYPE_BRIDGE
        return f"{'the port ' * bridge}{short(address)}"

    def parts(self, op: Op, value: int) -> tuple[Part, ...]:
        """Return the registers that an access touches."""
        return decode.parts(self.configs.get(op[1], bytes(256)), op[2], op[3], value)

    def register(self, op: Op) -> str:
        """Return the register that an access is to, as people call it."""
        return " and ".join(TITLES.get(part.name, part.name) for part in self.parts(op, 0))

    def before(self, op: Op) -> int:
        """Return the value that a register had before a write, as far as the trace shows."""
        for other in reversed(self.done):
            if other[0] in ("r", "w") and other[1:4] == op[1:4]:
                return int(other[4])
        config = self.configs.get(op[1], b"")
        return int.from_bytes(config[op[2] : op[2] + op[3]], "little")

    def key(self, op: Op | None) -> str:
        """Return an act in short, for tables: "w PCI_EXP_SLTCTL PDCE-", "lock cfg", "msleep 100"; "end" for none."""
        if op is None:
            return "end"
        if op[0] in ("r", "w"):
            names = "+".join(part.name for part in self.parts(op, 0))
            return f"r {names}" if op[0] == "r" else f"w {names} {' '.join(self.changes(op))}".rstrip()
        return " ".join(str(word) for word in op[:2]) if op[0] != "wait" else "wait"

    def changes(self, op: Op) -> list[str]:
        """Return what a write changes, field by field: "PDCE-"; of a register of events what it clears."""
        now = self.parts(op, op[4])
        if now[0].name in EVENTS:
            return [field.show(now[0].value) for field in now[0].fields if field.says_something(now[0].value)]
        was = self.parts(op, self.before(op))
        return [change for old, new in zip(was, now, strict=True) for change in new.changed(old.value)]

    # -- in words ------------------------------------------------------------------------------------------------

    def does(self, op: Op, callee: str = "") -> str:
        """Say what somebody does: "clears PDCE in Slot Control of the port 00:1c.0".

        :param callee: the function that is called for it"""
        if callee in CALLS:
            return CALLS[callee].format(of=self.of(op))
        return VERBS[op[0]](self, op)

    def written(self, op: Op) -> str:
        """Say what a write does."""
        where, changes = f"{self.register(op)} of {self.of(op)}", self.changes(op)
        if self.parts(op, 0)[0].name in EVENTS:
            return f"clears {listed([each.rstrip('+') for each in changes]) or 'nothing'} in {where}"
        if not changes:
            return f"writes {where} unchanged"
        verbs = {"+": "sets", "-": "clears"}
        told = [
            f"{verbs[each[-1]]} {each[:-1]}" if each[-1] in verbs else f"changes {each}" for each in merged(changes)
        ]
        return f"{listed(told)} in {where}"

    def done_to(self, op: Op) -> str:
        """Say what has been done: "PDCE is cleared in Slot Control of the port 00:1c.0"."""
        return PASSIVES[op[0]](self, op)

    def was_written(self, op: Op) -> str:
        """Say what a write has done."""
        where, changes = f"{self.register(op)} of {self.of(op)}", self.changes(op)
        if self.parts(op, 0)[0].name in EVENTS:
            return f"{listed([each.rstrip('+') for each in changes]) or 'nothing'} is cleared in {where}"
        if not changes:
            return f"{where} {plural(self.register(op))} written"
        ends = {"+": "set", "-": "cleared"}
        told = [(each[:-1], ends[each[-1]]) if each[-1] in ends else (each, "written") for each in merged(changes)]
        return f"{listed([f'{name} {plural(name)} {end}' for name, end in told])} in {where}"

    def after(self) -> str:
        """Say what was done last that a reader will remember: "After PDCE is cleared ...", "At the start"."""
        for op in reversed(self.done):
            if op[0] in PASSIVES and not self._routine(op):
                return f"After {self.done_to(op)}"
            if op[0] == "step":
                break
        return "At the start"

    def _routine(self, op: Op) -> bool:
        """Return whether an act only serves another one: the lock of a command, or clearing its completion."""
        return (op[0] in ("lock", "unlock") and op[1] == "ctrl") or self.key(op) == "w PCI_EXP_SLTSTA CC+"


def plural(names: str) -> str:
    """Return the verb for one name or several."""
    return "are" if " and " in names else "is"


def merged(changes: Sequence[str]) -> list[str]:
    """Put fields together that change alike: ["IO-", "MEMORY-"] is ["IO and MEMORY-"]."""
    groups: dict[str, list[str]] = {}
    for each in changes:
        sign = each[-1] if each[-1] in "+-" else each
        groups.setdefault(sign, []).append(each[:-1] if sign in "+-" else each)
    return [f"{listed(names)}{sign}" if sign in "+-" else names[0] for sign, names in groups.items()]


def listed(words: Sequence[str]) -> str:
    """Return words as a list: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


#: Act -> what somebody does.
VERBS: dict[str, Callable[[Speaker, Op], str]] = {
    "r": lambda speaker, op: f"reads {speaker.register(op)} of {speaker.of(op)}",
    "w": Speaker.written,
    "msleep": lambda speaker, op: f"sleeps for {op[1]} ms",
    "mdelay": lambda speaker, op: f"waits for {op[1]} ms without sleeping",
    "udelay": lambda speaker, op: f"waits for {op[1]} us without sleeping",
    "lock": lambda speaker, op: f"takes the {LOCKS[op[1]]} of {speaker.of(op)}",
    "unlock": lambda speaker, op: f"releases the {LOCKS[op[1]]} of {speaker.of(op)}",
    "get_module": lambda speaker, op: f"takes a reference to the module {op[1]}",
    "get_module_failed": lambda speaker, op: f"asks for a reference to the module {op[1]}, and gets none",
    "put_module": lambda speaker, op: f"drops the reference to the module {op[1]}",
    "wait": lambda speaker, op: "waits for the command to complete",
    "irq": lambda speaker, op: f"is interrupted by {speaker.of(op)}",
    "queue_work": lambda speaker, op: f"queues work for {speaker.of(op)}",
    "queue_delayed_work": lambda speaker, op: "queues work for later",
    "cancel_delayed_work": lambda speaker, op: "cancels queued work",
    "add_timer": lambda speaker, op: f"arms the poll timer of {speaker.of(op)}",
    "del_timer": lambda speaker, op: f"stops the poll timer of {speaker.of(op)}",
    "remove_device": lambda speaker, op: f"removes {speaker.of(op)}",
    "scan_slot": lambda speaker, op: "looks for a new card",
    "step": lambda speaker, op: "is called again",
}
#: Act -> what has been done, for those that a reader remembers.
PASSIVES: dict[str, Callable[[Speaker, Op], str]] = {
    "w": Speaker.was_written,
    "msleep": lambda speaker, op: f"the sleep of {op[1]} ms",
    "lock": lambda speaker, op: f"the {LOCKS[op[1]]} of {speaker.of(op)} is taken",
    "unlock": lambda speaker, op: f"the {LOCKS[op[1]]} of {speaker.of(op)} is released",
    "get_module": lambda speaker, op: f"the reference to the module {op[1]} is taken",
    "get_module_failed": lambda speaker, op: f"the reference to the module {op[1]} is refused",
    "put_module": lambda speaker, op: f"the reference to the module {op[1]} is dropped",
    "add_timer": lambda speaker, op: f"the poll timer of {speaker.of(op)} is armed",
    "del_timer": lambda speaker, op: f"the poll timer of {speaker.of(op)} is stopped",
}
