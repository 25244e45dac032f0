# SPDX-License-Identifier: GPL-2.0-only
"""The reset itself, on a copy of the machine, to see whether a probe that says yes keeps its promise.

A probe can say yes and the reset then fail, do nothing at all, reset more than the kernel locked and saved, leave a
device behind that answers no more or has lost its configuration, or be taken for a card removal by the hot-plug driver.

The copy is the machine itself, restored afterwards: many resets take one boot. Devices of QEMU cannot be restored, so
each reset there takes a boot, as on a very large machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..calls import RESETS
from ..checkpoint import Checkpoint
from ..hw.address import Address
from ..kernel.sched import NSEC_PER_MSEC, Halt, Oops
from ..kernel.system import Event
from ..machine import Machine, boot
from ..trace.snapshot import RegisterChange, differences
from ..users import argument_for_bus, reset_bus
from .follow import follow
from .guard import Guard, guard

#: Virtual time that passes after a reset, so that late devices and the hot-plug driver can act, ms.
HORIZON = 5000
#: A larger machine is booted anew for each trial: a checkpoint of it takes as long, and as much memory again.
LARGEST = 4096


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A function that did not come back as it was before the reset."""

    bdf: str
    answers: bool
    """Whether it answers at the end; if not, it reads as all ones."""
    registers: tuple[str, ...]
    """Registers that pci_save_state() saves and that did not get their values back: most are zero."""
    cause: str
    """What kept the registers from being restored, or the function from answering: as Fabric.obstacle(); "unsaved",
    nobody tried to restore them; "reset again", after they had been restored; "writes", it did not keep them."""
    where: str
    """The function that the cause is about: itself or a bridge above."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The outcome of the reset."""

    call: str
    target: str
    """As TARGET on the command line: "01:00.0", "slot:1", "bus:0000:01"."""
    rc: int | None
    """What it returned; None: it never returned."""
    guard: Guard | None
    ms: float
    """How long it took in virtual time, ms."""
    reset: tuple[str, ...]
    """Functions that the hardware reset, in order."""
    unsaved: tuple[str, ...]
    """Those of them that the kernel had neither locked nor saved."""
    ignored: tuple[str, ...]
    """Functions that ignored the reset."""
    removed: tuple[str, ...]
    """Functions that the hot-plug driver removed, because it took the reset for a card removal."""
    added: tuple[str, ...]
    """Those of them that it found again."""
    aftermath: tuple[Aftermath, ...]
    """Functions that did not come back as they were; those removed are left out."""
    oops: bool = False
    """Whether the kernel crashed."""

    @property
    def fault(self) -> str:
        """Why the reset is no good, although its probe says yes: "crash", "hang", "error", "ignored" (it returns 0 and
        does nothing), "removed", "silent" (a function never answers again), "unconfigured", "unsaved"; "" if it is."""
        if self.rc is None:
            return "crash" if self.oops else "hang"
        found = {
            "error": self.rc < 0,
            "ignored": self.ignored and not self.reset,
            "removed": self.removed,
            "silent": not all(each.answers for each in self.aftermath),
            "unsaved": self.unsaved,
            "unconfigured": self.aftermath,
        }
        return next((fault for fault, holds in found.items() if holds), "")


class Stage:
    """A machine on which resets are tried one after the other, each from the state that the machine has now."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        small = len(machine.description.functions) <= LARGEST
        restorable = small and not machine.description.qemu and len(machine.system.sched.threads) == 1
        self._checkpoint = Checkpoint(machine) if restorable else None
        self._before: dict[str, bytes] = {}

    @property
    def is_cheap(self) -> bool:
        """Whether a trial takes no boot."""
        return self._checkpoint is not None

    @contextmanager
    def copy(self) -> Iterator[Machine]:
        """Provide a copy of the machine for one trial."""
        if self._checkpoint is None:
            with boot(self.machine.description, self.machine.kernel.choice, trace_boot=False) as fresh:
                yield fresh
            return
        try:
            yield self.machine
        finally:
            self._checkpoint.restore()

    def rehearse(self, kind: str, target: Any) -> Rehearsal | None:
        """Reset *target*; None if the kernel has no such function, or its probe says no.

        :param kind: "function", "slot" or "bus" """
        name, text = RESETS[kind], target_text(kind, target)
        if not hasattr(self.machine.kernel, name):
            return None
        with self.copy() as copy:
            if refuses(copy, kind, copy.target(text)[1]):
                return None
            target = copy.target(text)[1]
            call = partial(reset_bus, copy) if kind == "bus" else getattr(copy.kernel, name)
            done = self.perform(copy, name, text, partial(call, target))
        return self._explained(done, kind, text) if done.rc is not None and done.rc < 0 else done

    def _explained(self, done: Rehearsal, kind: str, text: str) -> Rehearsal:
        """Repeat a reset that failed, and follow it to the test that refused: that is slow."""
        with self.copy() as copy:
            target = copy.target(text)[1]
            argument = argument_for_bus(copy, target) if kind == "bus" else target
            followed = follow(copy.system, getattr(copy.kernel, done.call), argument)
            found = guard(followed, lambda bdf: copy.fabric.config(Address.parse(bdf)))
        values = {name: getattr(done, name) for name in Rehearsal.__slots__}
        return Rehearsal(**values | {"guard": found})

    def perform(self, copy: Machine, name: str, text: str, act: Callable[[], int]) -> Rehearsal:
        """Run *act* on a copy, let HORIZON pass, and look at what became of all functions.

        :param name: what to call it
        :param text: its target"""
        if not self._before:
            self._before = registers(copy)
        watch = Watch(copy, self._before)
        copy.events.clear()
        rc, oops = None, False
        copy.system.listen = watch.note
        try:
            rc = act()
            watch.ended = copy.clock.now
            copy.system.sched.settle()
            wait_and_see(copy)
        except Halt as halt:
            rc, oops = None, isinstance(halt, Oops)
            watch.ended = copy.clock.now
        finally:
            copy.system.listen = None
        return watch.rehearsal(name, text, rc, oops)


def wait_and_see(machine: Machine) -> None:
    """Let HORIZON pass."""
    machine.system.sched.sleep(HORIZON * NSEC_PER_MSEC)
    machine.system.sched.settle()


def registers(machine: Machine) -> dict[str, bytes]:
    """Return the registers of every function."""
    addresses = [function.address for function in machine.description.functions]
    return {str(address): machine.fabric.config(address) for address in addresses}


def rehearse(machine: Machine, kind: str, target: Any) -> Rehearsal | None:
    """Reset *target* on a copy of *machine*; None if the kernel has no such function, or its probe says no."""
    return Stage(machine).rehearse(kind, target)


def refuses(machine: Machine, kind: str, target: Any) -> bool:
    """Return whether the probe of a reset says no."""
    kernel = machine.kernel
    if kind == "function":
        return bool(kernel.pci_probe_reset_function(target))
    return bool(getattr(kernel, f"pci_{kind}_reset")(target, 1))


class Watch:
    """Watches a reset: what the hardware resets, and which writes to it do not arrive."""

    def __init__(self, machine: Machine, before: dict[str, bytes] | None = None) -> None:
        self.machine = machine
        #: The registers of each function before, its struct in the kernel, and the time; when the call returned.
        self._before = before or registers(machine)
        self._known = {dev.dev.name: dev for dev in machine.functions}
        self.start = self.ended = machine.clock.now
        #: Functions reset, ignoring it, locked and removed, each in the order of the first time.
        self.resets: dict[str, None] = {}
        self.ignored: dict[str, None] = {}
        self.locked: dict[str, None] = {}
        self.removed: dict[str, None] = {}
        #: Of each function reset, whether and how its first write after the last reset was stopped.
        self._stopped: dict[str, tuple[str, str]] = {}
        #: Functions that got a write through since they were reset, and those reset again after that.
        self._written: set[str] = set()
        self._again: set[str] = set()

    def note(self, event: Event) -> None:
        """Note one event, before the machine does what it says."""
        op, args = event.op, event.args
        if op == "w":
            if args[0] in self.resets and args[0] not in self._written:
                self._attempt(args[0])
        elif op == "hw":
            self._happened(*args)
        elif op == "lock":
            if args[0] == "device":
                self.locked[args[1]] = None
        elif op == "remove_device":
            self.removed[args[0]] = None

    def _attempt(self, bdf: str) -> None:
        obstacle = self.machine.fabric.obstacle(Address.parse(bdf))
        if not obstacle[0]:
            self._written.add(bdf)
        else:
            self._stopped.setdefault(bdf, obstacle)

    def _happened(self, what: str, bdf: str) -> None:
        if what.endswith("reset"):
            if bdf in self._written:
                self._again.add(bdf)
                self._written.discard(bdf)
            self._stopped.pop(bdf, None)
            self.resets[bdf] = None
        elif what.endswith("reset ignored"):
            self.ignored[bdf] = None

    def rehearsal(self, name: str, text: str, rc: int | None, oops: bool = False) -> Rehearsal:
        """Return what happened, and what the machine is like now.

        :param name: the function called
        :param text: its target
        :param rc: what it returned; None if it never returned"""
        now = {dev.dev.name: dev for dev in self.machine.functions}
        removed = tuple(bdf for bdf in self.removed if now.get(bdf) is not self._known.get(bdf))
        return Rehearsal(
            name, text, rc, None, (self.ended - self.start) / NSEC_PER_MSEC,
            tuple(self.resets), tuple(bdf for bdf in self.resets if bdf not in self.locked), tuple(self.ignored),
            removed, tuple(bdf for bdf in removed if bdf in now),
            tuple(self._aftermath(now.keys() - removed)), oops,
        )  # fmt: skip

    def _aftermath(self, there: set[str]) -> Iterator[Aftermath]:
        """Yield the functions reset that are not as before, of those the kernel has had all the time."""
        fabric = self.machine.fabric
        for bdf in sorted(self.resets):
            if bdf not in there:
                continue
            address = Address.parse(bdf)
            cause, where = fabric.obstacle(address)
            lost = [each for each in differences(self._before[bdf], fabric.config(address)) if self._is_lost(bdf, each)]
            if not cause and not lost:
                continue
            answers = not cause
            if answers:
                cause, where = self._stopped.get(bdf, (self._otherwise(bdf), bdf))
            yield Aftermath(bdf, answers, tuple(each.where.name for each in lost), cause, where)

    def _is_lost(self, bdf: str, change: RegisterChange) -> bool:
        """Return whether a register that differs should have been restored; pciehp goes on commanding its slot."""
        commanded = change.where.name == "PCI_EXP_SLTCTL" and bdf in self._written
        return change.is_saved and not commanded

    def _otherwise(self, bdf: str) -> str:
        """Return why a function has lost registers although no write to it was stopped."""
        if bdf in self._written:
            return "writes"
        return "reset again" if bdf in self._again else "unsaved"


def target_text(kind: str, target: Any) -> str:
    """Return a target as TARGET on the command line."""
    if kind == "function":
        return str(target.dev.name)
    if kind == "slot":
        return f"slot:{target.kobj_name}"
    return f"bus:{target.sysdata.domain:04x}:{target.number:02x}"
