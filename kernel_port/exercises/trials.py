# SPDX-License-Identifier: GPL-2.0-only
"""A student's machine on the stand: calls of the port's kernels on it, and what is to be seen of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..hw.description import MachineDescription
from ..kernel.sched import NSEC_PER_MSEC, Halt
from ..kernel.system import Event
from ..machine import boot
from ..pci_regs import PCI_CLASS_DEVICE
from ..scenarios import Outcome
from ..scenarios._outcome import Before, observe
from ..trace.decode import parts
from ..trace.snapshot import Recorder

#: What passes after a call before it is looked at, ms: pciehp has seen everything by then.
SETTLING = 5000
#: A question to a machine: what is wrong with it, "" for nothing.
Check = Callable[["Stand"], str]


@dataclass(frozen=True, slots=True)
class Trial:
    """A call on a student's machine."""

    result: int | None
    """What it returned; None: nothing, it ended in a deadlock or an oops."""
    outcome: Outcome
    events: tuple[Event, ...]
    configs: dict[str, bytes]

    def wrote(self, address: str, register: str, mask: int) -> bool:
        """Return whether the kernel set bits of a register of a function."""
        for event in self.events:
            if event.op == "w" and event.args[0] == address:
                _, where, size, value = event.args
                for part in parts(self.configs.get(address, bytes(256)), where, size, value):
                    if part.name == register and part.value & mask:
                        return True
        return False


class Stand:
    """A student's machine, booted anew for each call."""

    def __init__(self, description: Callable[[], MachineDescription]) -> None:
        self.description = description
        self._known: dict[tuple[str, str, tuple[int, ...], int], Trial] = {}

    @property
    def addresses(self) -> list[str]:
        """The functions of the machine."""
        return sorted(str(function.address) for function in self.description().functions)

    def class_of(self, address: str) -> int:
        """Return the base class of a function."""
        functions = {str(function.address): function for function in self.description().functions}
        return functions[address].config[PCI_CLASS_DEVICE + 1]

    def without(self, address: str) -> Stand:
        """Return the machine without one of its functions."""

        def rest() -> MachineDescription:
            machine = self.description()
            machine.functions = [each for each in machine.functions if str(each.address) != address]
            return machine

        return Stand(rest)

    def slot_of(self, address: str) -> str:
        """Return the name of the slot that a function is in; "" if the kernel knows none."""
        with boot(self.description(), trace_boot=False) as machine:
            slot = machine.function(address).slot
            return slot.kobj_name if slot else ""

    def call(self, name: str, target: str, *args: int, patches: int = 8) -> Trial:
        """Call a kernel function on a function, slot or bus of the machine.

        :raises MachineError: the kernel, with so many patches, does not find it"""
        key = name, target, args, patches
        if key not in self._known:
            self._known[key] = self._call(*key)
        return self._known[key]

    def _call(self, name: str, target: str, args: tuple[int, ...], patches: int) -> Trial:
        with boot(self.description(), patches, trace_boot=False) as machine:
            _, thing = machine.target(target)
            before, recorder = Before(machine), Recorder(machine)
            machine.system.listen = recorder.note
            result, halt = None, None
            try:
                result = machine.call(name, thing, *args)
                machine.system.sched.sleep(SETTLING * NSEC_PER_MSEC)
                machine.system.sched.settle()
            except Halt as end:
                halt = end
            machine.system.listen = None
            outcome = observe(machine, before, recorder, {"main": result}, halt, machine.clock.now)
            return Trial(result, outcome, tuple(machine.events), dict(recorder.before))
