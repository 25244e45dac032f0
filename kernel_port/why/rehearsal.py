# SPDX-License-Identifier: GPL-2.0-only
"""The reset itself, on a copy of the machine, to see whether a probe that says yes keeps its promise.

A probe can say yes and the reset then fail (a sleeping function, before patch 8), reset more than the kernel locked
and saved (functions 8 and up of a card in a slot), or do nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..calls import RESETS
from ..hw.address import Address
from ..kernel.sched import NSEC_PER_MSEC, Halt, Oops
from ..kernel.system import Event
from ..machine import Machine, boot
from .follow import follow
from .guard import Guard, guard


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
    oops: bool = False
    """Whether the kernel crashed."""


def rehearse(machine: Machine, kind: str, target: Any) -> Rehearsal | None:
    """Reset *target* on a copy of *machine*; None if the kernel has no such function, or its probe says no."""
    name = RESETS[kind]
    if not hasattr(machine.kernel, name):
        return None
    with boot(machine.description, machine.kernel.choice, trace_boot=False) as copy:
        text = target_text(kind, target)
        _, twin = copy.target(text)
        if kind == "function":
            refused = copy.kernel.pci_probe_reset_function(twin)
        else:
            refused = getattr(copy.kernel, f"pci_{kind}_reset")(twin, 1)
        if refused:
            return None
        copy.events.clear()
        start = copy.clock.now
        try:
            done = follow(copy.system, getattr(copy.kernel, name), twin)
            took = copy.clock.now - start
            copy.system.sched.settle()
        except Halt as halt:
            took = copy.clock.now - start
            return Rehearsal(
                name, text, None, None, took / NSEC_PER_MSEC, *effects(copy.events), isinstance(halt, Oops)
            )
        found = guard(done, lambda bdf: copy.fabric.config(Address.parse(bdf)))
        return Rehearsal(name, text, done.result, found, took / NSEC_PER_MSEC, *effects(copy.events))


def effects(events: list[Event]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the functions that were reset, reset without a lock, that ignored the reset, and that were removed."""
    happened = [event.args for event in events if event.op == "hw"]
    reset = tuple(dict.fromkeys(where for what, where in happened if what.endswith("reset")))
    locked = {event.args[1] for event in events if event.op == "lock" and event.args[0] == "device"}
    ignored = tuple(where for what, where in happened if what == "soft reset ignored")
    removed = tuple(event.args[0] for event in events if event.op == "remove_device")
    return reset, tuple(where for where in reset if where not in locked), ignored, removed


def target_text(kind: str, target: Any) -> str:
    """Return a target as TARGET on the command line."""
    if kind == "function":
        return str(target.dev.name)
    if kind == "slot":
        return f"slot:{target.kobj_name}"
    return f"bus:{target.sysdata.domain:04x}:{target.number:02x}"
