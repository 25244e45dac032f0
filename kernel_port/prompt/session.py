# SPDX-License-Identifier: GPL-2.0-only
"""A machine to try things on.

    s = Session("example:vga")
    s.get("01:00.0 COMMAND")        # PCI_COMMAND=0x0007 IO+ MEMORY+ MASTER+
    s.put("00:1c.0 BRIDGE_CONTROL=40:40")
    s.wait(100)
    s.reset("slot:1")
    s.undo()

Registers are named as setpci(8) names them (setpci.py), and each access goes through the kernel. What was done can be
undone: the machine boots again, and does everything but the last, which gives the same, as time is virtual.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from ..calls import RESETS, find_call, perform
from ..choice import ALL, KernelChoice
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from ..images import load
from ..kernel.sched import NSEC_PER_MSEC
from ..machine import Machine, boot
from ..review.watch.machine_page import machine_page
from ..review.watch.observer import Observer
from ..review.watch.page import Recording
from ..trace.outcome import Outcome, end, result
from ..trace.snapshot import Recorder
from ..why import targets
from ..why.drawing import Drawing
from ..why.guard import errno_name
from ..why.ladder import survey
from ..why.overview import Overview
from ..why.report import Report, warnings
from ..why.topology import tree
from ..why.verdict import verdicts
from .answers import Picture, Reset, Value, Verdict
from .setpci import find, value

#: Bytes -> the kernel's functions that read and write so many.
READS = {1: "pci_read_config_byte", 2: "pci_read_config_word", 4: "pci_read_config_dword"}
WRITES = {1: "pci_write_config_byte", 2: "pci_write_config_word", 4: "pci_write_config_dword"}


def drawing(machine: Machine) -> Picture:
    """Draw a machine: as a tree at a prompt, and as a picture besides in a notebook."""
    lines: list[str] = []
    judged = verdicts(machine, survey(machine))
    Drawing(Report(machine, judged, lines.append)).whole(tree(machine, judged), warnings(machine))
    return Picture(lines, machine.description.name, machine_page(machine))


class Session:
    """A booted machine, and what was done to it. Close it, or use it in a with statement."""

    def __init__(
        self, machine: str | Path | MachineDescription, patches: int | KernelChoice = ALL, extra: tuple[str, ...] = ()
    ) -> None:
        """:param machine: a path, "host", "example:NAME", or a description
        :param patches: how many patches of the series, 0 to 8
        :param extra: mends that ship, or files of yours
        :raises MachineError: there is no such machine, kernel or mend"""
        self._description = machine if isinstance(machine, MachineDescription) else load(machine)
        self._kernel = KernelChoice.of(patches, extra) if extra else KernelChoice.of(patches)
        #: What was done, to be done again by undo().
        self._done: list[Callable[[], object]] = []
        self.machine = boot(self._description, self._kernel)

    def close(self) -> None:
        """Switch the machine off."""
        self.machine.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<session on {self.machine!r}>"

    def _repr_html_(self) -> str:
        return self.tree()._repr_html_()

    # -- looking -------------------------------------------------------------------------------------------------

    @property
    def kernel(self) -> Any:
        """The kernel: every C function and variable is an attribute."""
        return self.machine.kernel

    @property
    def now(self) -> float:
        """Virtual time since power on, ms."""
        return self.machine.clock.now / NSEC_PER_MSEC

    def get(self, register: str) -> Value:
        """Read a register: "01:00.0 COMMAND", "00:1c.0 CAP_EXP+18.w".

        :raises MachineError: there is no such function, or it has no such register"""
        dev, name, _ = self._named(register)
        return self._read(dev, name)

    def tree(self) -> Picture:
        """Draw the machine: links, slots, drivers, and the resets of each function."""
        return drawing(self.machine)

    def why(self, target: str, verbose: bool = False) -> Verdict:
        """Say how a function (01:00.0), slot (slot:1) or bus (bus:01) can be reset, and why not in another way.

        :raises MachineError: there is no such thing"""
        lines: list[str] = []
        kind, found = targets.find(self.machine, target)
        surveyed = survey(self.machine)
        judged = verdicts(self.machine, surveyed, found)
        report, slot = (
            Overview(self.machine, judged, lines.append, verbose),
            targets.hotplug_of(self.machine, kind, found),
        )
        rows: list[tuple[str, str, str]] = []
        for each in found:
            if kind == "function":
                ladder = next(ladder for ladder in surveyed.ladders if ladder.bdf == each.dev.name)
                report.function(ladder, slot)
                rows += (
                    (
                        rung.function,
                        "unknown" if rung.rc is None else errno_name(rung.rc) if rung.rc else "0",
                        rung.guard.explanation if rung.guard else "",
                    )
                    for rung in ladder.rungs
                )
            else:
                report.together(targets.group_of(surveyed, kind, each), slot)
        return Verdict(lines, rows)

    # -- doing ---------------------------------------------------------------------------------------------------

    def put(self, assignment: str) -> Value:
        """Write a register: "01:00.0 COMMAND=6", "01:00.0 COMMAND=4:4" (value:mask). Return what is in it then.

        :raises MachineError: there is no such function, it has no such register, or the value is none"""
        dev, name, new = self._named(assignment)
        if new is None:
            raise MachineError(f"{assignment!r}: what to write? Add =VALUE or =VALUE:MASK")
        place = find(self._config(dev), name)
        bits, mask = value(new, place.size)
        whole = mask == (1 << 8 * place.size) - 1
        if not whole:
            bits = (self._read(dev, name) & ~mask) | (bits & mask)
        self._do(lambda: self.machine.call(WRITES[place.size], self.machine.function(dev), place.offset, bits))
        return self._read(dev, name)

    def wait(self, ms: float) -> None:
        """Let virtual time pass.

        :raises MachineError: *ms* is negative, or no number"""
        if not 0 <= ms < math.inf:
            raise MachineError(f"{ms!r} is not a number of ms")

        def sleep() -> None:
            self.machine.system.sched.sleep(round(ms * NSEC_PER_MSEC))
            self.machine.system.sched.settle()

        self._do(sleep)

    def reset(self, target: str) -> Reset:
        """Reset a function (01:00.0), slot (slot:1) or bus (bus:01), as a driver in the kernel would.

        :raises MachineError: there is no such thing"""
        done: Reset | None = None

        def carry_out() -> None:
            nonlocal done
            done = self._reset(target)

        self._do(carry_out)
        assert done is not None
        return done

    def call(self, name: str, *args: Any) -> Any:
        """Call a function of the kernel. undo() does not know it: look its arguments up anew."""
        return self.machine.call(name, *args)

    def undo(self) -> None:
        """Take back the last write, wait or reset.

        :raises MachineError: nothing was done
        :raises Unusable: the machine was closed, or is another thread's"""
        self.machine.system.sched.check()
        if not self._done:
            raise MachineError("there is nothing to undo")
        self._done.pop()
        self.machine.close()
        self.machine = boot(self._description, self._kernel)
        for act in self._done:
            act()

    # -- how -----------------------------------------------------------------------------------------------------

    def _do(self, act: Callable[[], object]) -> None:
        act()
        self._done.append(act)

    def _named(self, text: str) -> tuple[str, str, str | None]:
        """Split "01:00.0 COMMAND=6" into the address, the register and the value, if there is one."""
        address, _, rest = text.strip().partition(" ")
        name, given, new = rest.replace(" ", "").partition("=")
        if not name:
            raise MachineError(f"{text!r} is not a function and a register, such as 01:00.0 COMMAND")
        return str(self.machine.function(address).dev.name), name, new if given else None

    def _config(self, address: str) -> bytes:
        return next(
            self.machine.fabric.config(each.address)
            for each in self.machine.description.functions
            if str(each.address) == address
        )

    def _read(self, address: str, name: str) -> Value:
        config = self._config(address)
        place = find(config, name)
        found = self.machine.call(READS[place.size], self.machine.function(address), place.offset)
        return Value(found, config, place.offset, place.size)

    def _reset(self, target: str) -> Reset:
        machine = self.machine
        kind, struct = machine.target(target)
        call = find_call(machine.kernel, RESETS[kind], kind, struct)
        recorder, seen, first = Recorder(machine), Observer(machine), len(machine.events)

        def note(event: Any) -> None:
            recorder.note(event)
            seen.note(event)

        rc, halt = perform(machine, call, note)
        seen.finish()
        events, kernel = machine.events[first:], machine.kernel.__name__
        outcome = Outcome(
            machine.description.name, kernel, call.name, target, rc, halt, events, recorder.losses(), recorder.start,
            machine.clock.now, machine.description.warnings,
        )  # fmt: skip
        returned = end(halt) if halt else f"returned {result(rc)}"
        choice, failed = self._kernel, outcome.failed
        recording = Recording(choice.patches, kernel, choice.explained, returned, failed, str(halt or ""), events, seen)
        return Reset(outcome, recording, recorder.before)
