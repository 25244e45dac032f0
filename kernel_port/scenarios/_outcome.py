# SPDX-License-Identifier: GPL-2.0-only
"""The outcome of a scenario, as facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..kernel.lockdep import Inversion, Lock, held_at_end, inversions, lock_name
from ..kernel.sched import Halt, reports
from ..kernel.system import Event
from ..machine import Machine
from ..pci_regs import PCI_VENDOR_ID
from ..trace.snapshot import Loss, Recorder, RegisterChange

NOBODY = 0xFFFF

#: Hardware events that make a presence event real.
MOVED = frozenset({"card pulled", "card put in"})
PRESENCE = frozenset({"INT_PRESENCE_ON", "INT_PRESENCE_OFF"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, as facts. Functions are named by their addresses."""

    #: What each thread returned.
    results: dict[str, int | None]
    #: Threads that never returned.
    unfinished: list[str]
    #: The report of a deadlock, or "".
    deadlock: str
    #: The report of an oops, or "".
    oops: str
    #: Locks taken in conflicting orders.
    inversions: list[Inversion]
    #: Locks still held at the end: "device lock of 0000:01:00.0, by main".
    locked: list[str]
    #: What each context locked, in order, each lock once.
    taken: dict[str, list[Lock]]
    #: Functions the kernel removed and did not find again; functions it removed and re-added, as new structs.
    removed: list[str]
    recreated: list[str]
    #: Functions that threads of the script removed themselves.
    removed_by_script: list[str]
    #: Functions that the kernel tried to add although it had them, or that it has twice.
    added_twice: list[str]
    #: Functions that the kernel has but that do not answer.
    silent: list[str]
    #: Presence events queued although no card had moved: (ms, port, event).
    spurious: list[tuple[float, str, str]]
    #: Whether a card really came or went.
    card_moved: bool
    #: Function -> kinds of reset it went through, in order.
    resets: dict[str, list[str]]
    #: What resets did to the functions' registers.
    losses: list[Loss]
    #: Kernel messages: (ms, level, text).
    messages: list[tuple[float, str, str]]
    #: Virtual time until the last thread returned, or until the deadlock or oops, ns.
    time_ns: int

    @property
    def lost(self) -> dict[str, list[RegisterChange]]:
        """Function -> registers that a reset changed, that pci_save_state() saves, and that did not get their old value
        back."""
        found = {loss.bdf: [each for each in loss.changed if each.is_saved] for loss in self.losses if loss.resets}
        return {bdf: differences for bdf, differences in found.items() if differences}

    @property
    def false_removals(self) -> list[str]:
        """Functions that were removed after false presence events, and not by the script."""
        return [bdf for bdf in self.removed if bdf not in self.removed_by_script] if self.spurious else []

    @property
    def restored(self) -> list[str]:
        """Functions that were reset and got their registers back."""
        return sorted(set(self.resets) - set(self.lost))


class Before:
    """The state before the script began."""

    def __init__(self, machine: Machine) -> None:
        self.functions: dict[str, Any] = {dev.dev.name: dev for dev in machine.functions}


def observe(
    machine: Machine, before: Before, recorder: Recorder, results: dict[str, int | None], halt: Halt | None, ended: int
) -> Outcome:
    """Look at a machine whose script has ended, at *ended* (ns)."""
    events, start = machine.events, recorder.start
    deadlock, oops = reports(halt)
    now = machine.functions
    after = {dev.dev.name: dev for dev in now}
    gone = [bdf for bdf, dev in before.functions.items() if after.get(bdf) is not dev]
    said = [event for event in events if event.op == "printk" and event.args[0] != "debug"]
    return Outcome(
        results=results,
        unfinished=[thread.name for thread in machine.system.sched.threads if not thread.idle] if halt else [],
        deadlock=deadlock,
        oops=oops,
        inversions=inversions([*machine.boot_events, *events]),
        locked=[f"{lock_name(lock)}, by {context}" for context, lock in held_at_end(events)],
        taken=_taken(events),
        removed=[bdf for bdf in gone if bdf not in after],
        recreated=[bdf for bdf in gone if bdf in after],
        removed_by_script=[e.args[0] for e in events if e.op == "remove_device" and e.context in results],
        added_twice=[event.args[0] for event in events if event.op == "already_there"]
        + sorted({dev.dev.name for dev in now if after[dev.dev.name] is not dev}),
        silent=[dev.dev.name for dev in now if not _answers(machine, dev)],
        spurious=list(_spurious(events, start)),
        card_moved=any(event.op == "hw" and event.args[0] in MOVED for event in events),
        resets={bdf: [what for _, what in resets] for bdf, resets in sorted(recorder.resets.items())},
        losses=recorder.losses(),
        messages=[(_ms(event, start), *event.args[:2]) for event in said],
        time_ns=ended - start,
    )


def _ms(event: Event, start: int) -> float:
    return (event.time - start) / 1e6


def _answers(machine: Machine, dev: Any) -> bool:
    where = dev.bus.sysdata.domain, dev.bus.number, dev.devfn
    return machine.fabric.read(*where, PCI_VENDOR_ID, 2) != NOBODY


def _spurious(events: list[Event], start: int) -> list[tuple[float, str, str]]:
    """Return the presence events queued while no card had moved since power on."""
    found, moved = [], set()
    for event in events:
        if event.op == "hw" and event.args[0] in MOVED:
            moved.add(event.args[1])
        elif event.op == "queue_work" and event.args[-1] in PRESENCE and event.args[1] not in moved:
            found.append((_ms(event, start), event.args[1], event.args[-1]))
    return found


def _taken(events: list[Event]) -> dict[str, list[Lock]]:
    taken: dict[str, list[Lock]] = {}
    for event in events:
        if event.op == "lock" and event.args not in taken.setdefault(event.context, []):
            taken[event.context].append((event.args[0], event.args[1]))
    return taken
