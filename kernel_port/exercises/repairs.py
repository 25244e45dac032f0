# SPDX-License-Identifier: GPL-2.0-only
"""The exercises that mend what the series leaves open."""

from __future__ import annotations

from dataclasses import replace

from ..kernel.system import Event
from ..machine import Machine
from ..scenarios import Run, Scenario
from ..scenarios._script import after, reset_bus
from .exercise import RepairExercise

#: Locks that the walks of patch 7 take and release.
WALKED = ("cfg", "device")


def unlocks_in_reverse(run: Run) -> str:
    """Look whether what was locked last is unlocked first."""
    taken: list[Event] = []
    for event in run.events:
        if event.op not in ("lock", "unlock") or event.args[0] not in WALKED or event.context != "main":
            continue
        if event.op == "lock":
            taken.append(event)
        elif taken and taken[-1].args[:2] == event.args[:2]:
            taken.pop()
        elif taken:
            last, now = (each.args[1].removeprefix("0000:") for each in (taken[-1], event))
            if last == now:
                return f"The two locks of {now} are released in the order in which they were taken."
            return f"{now} is unlocked while {last}, which was locked after it, is still locked."
    return ""


def remove_second(machine: Machine) -> None:
    """Remove the second function, as its file in sysfs does."""
    machine.kernel.pci_stop_and_remove_bus_device(machine.function("01:00.1"))


def walk_of_a_bus(scenario: Scenario) -> Scenario:
    """Return the scenario with a reset of the bus, and without a slot, which would take that for a removal."""
    threads = {"user": remove_second, "reset": after(10, lambda machine: reset_bus(machine, "01"))}
    machine = "\n".join(line for line in scenario.machine.splitlines() if not line.startswith("slot ="))
    return replace(scenario, name="walk, by pci_reset_bus()", machine=machine, threads=threads)


EXERCISES = (
    RepairExercise(
        number=9,
        title="Mask presence in a bus reset, too",
        level=2,
        functions=("pci_bus_reset",),
        mends="bus-unmasked",
        keeps=("calm", "nested", "two-slots", "vfio-bus", "two-functions"),
        file="mask_bus_reset.py",
        task="""\
Patch 7 leaves a hole: pci_reset_bus() of a hot-plug slot's bus goes straight to the bridge, so pciehp takes the
reset for a removal (kernel-port run bus-unmasked). Mend pci_bus_reset().

Find out: who knows how to reset this bus without a mess, and which function asks him (kernel-port show
pci_hp_reset_slot)? Where does a bus have its slots, and how many may there be? What if there is none, or if the
slot's driver cannot reset it? What is locked meanwhile?
""",
        hints=(
            (
                "A port leads to one slot, which is the bus below it. Its pci_slot is in bus.slots, the hotplug part "
                "in slot.hotplug."
            ),
            (
                "Not every bus has a slot, and not every slot a driver that can reset it: pci_hp_reset_slot() takes "
                "NULL, and answers -ENOTTY."
            ),
            (
                "Lock everything, ask the driver of the slot if there is one; if the answer is -ENOTTY, reset the "
                "bridge as before; unlock."
            ),
        ),
        remarks={
            "no false removal": (
                "Presence is still not masked: pciehp takes the reset of the bus for a removal, and removes the "
                "card. Who can reset this bus without that?"
            ),
            "every lock released": (
                "Your code returns with something still locked: nobody will ever reset, bind or remove it again."
            ),
            "no deadlock": "Your code waits for a lock that it holds itself.",
        },
    ),
    RepairExercise(
        number=10,
        title="Unlock siblings in reverse",
        level=2,
        functions=("pci_bus_unlock", "pci_slot_unlock"),
        mends="unlocked-twice",
        check=unlocks_in_reverse,
        keeps=("two-functions", "nested", "two-slots", "at-once", "lock-order"),
        file="unlock_in_reverse.py",
        task="""\
pci_slot_lock() and pci_bus_lock() take the locks of siblings in the order of the list, and patch 7 releases them in
the same order. That is no deadlock, but it is not what a reader expects: what is taken last is released first. Mend
pci_bus_unlock() and pci_slot_unlock().

Find out: in which order are a bridge, what is below it, and its sibling locked (kernel-port run unlocked-twice)?
What is the exact reverse? Which functions need a change?
""",
        hints=(
            "The order in which they are locked: a device, all that is below it, the next device.",
            (
                "In the reverse of that the last sibling comes first, and of each device what is below it comes "
                "before the device."
            ),
            "Python's reversed() goes through a list from its end. What is done for each device stays as it is.",
        ),
        remarks={
            "every lock released": (
                "Some lock is never released. Does your walk still reach every device that was locked, and what is "
                "below it?"
            ),
            "no deadlock": "Your code waits for a lock that nobody releases.",
        },
    ),
    RepairExercise(
        number=11,
        title="Walk a slot while somebody removes a function",
        level=3,
        functions=("pci_slot_reset", "pci_bus_reset"),
        mends="walk",
        variant=walk_of_a_bus,
        keeps=("two-functions", "nested", "two-slots", "at-once", "lock-order", "vfio"),
        file="hold_the_list.py",
        task="""\
pci_slot_lock() walks the list of the bus and sleeps at each lock. Meanwhile somebody may take a function off the
list; then pci_slot_unlock() never sees it, and its locks are held for ever (kernel-port run walk). Mend
pci_slot_reset() and pci_bus_reset().

Find out: which lock keeps the list as it is (kernel-port show pci_destroy_dev), and in which of its two ways is it
to be held here? From when until when? Why not in pci_slot_lock() and pci_bus_lock() themselves, which call each
other? And why not for a probe?
""",
        hints=(
            (
                "A function is taken off the list with pci_bus_sem held for writing. Who only walks holds it for "
                "reading: down_read(), up_read()."
            ),
            (
                "If it is held for the walk of pci_slot_lock() alone, the list changes between the two walks. It has "
                "to be held from before the first one until after the second."
            ),
            (
                "down_read() before pci_slot_lock() or pci_bus_lock(), up_read() behind the unlocking; and neither "
                "for a probe."
            ),
        ),
        remarks={
            "every lock released": (
                "The lock of a removed function is still held for ever: the list has changed between the walk that "
                "locks and the walk that unlocks. What has to be held from the first to the second?"
            ),
            "no deadlock": (
                "Now two threads wait for each other for ever: one holds pci_bus_sem and wants a lock, the other has "
                "the lock and wants pci_bus_sem, or the same one asks for it twice."
            ),
        },
    ),
    RepairExercise(
        number=12,
        title="Save inside the lock",
        level=3,
        functions=("pci_reset_function",),
        mends="two-resets",
        keeps=("calm", "mess", "asleep-bridge", "unknown-state", "two-functions"),
        file="save_inside_the_lock.py",
        task="""\
pci_reset_function() saves before it takes the locks, and restores after it has released them. When two users reset
one card, the second saves while the card is in reset, over what the first one had saved (kernel-port run
two-resets). Mend it.

Find out: what has to be locked from when until when? pci_dev_reset() takes the locks itself: what is beneath it
that does not? Does the probe need the lock? What if the reset fails?
""",
        hints=(
            "Saving, resetting and restoring belong together: nobody else may come between any two of them.",
            (
                "pci_dev_reset(dev, 0) locks what you have locked already, and would wait for itself. "
                "__pci_dev_reset() is the same without the locks."
            ),
            (
                "Probe first, without locks, as before. Then lock; save and disable; reset; restore; unlock; and "
                "return what the reset said."
            ),
        ),
        remarks={
            "config space restored": (
                "The second user still saves what the first one's reset has left, or is restored before its turn: "
                "what was saved is lost. From when until when must nobody else come in?"
            ),
            "every lock released": (
                "Your code returns with the card still locked: the second user waits for ever, and so does everybody "
                "after."
            ),
            "no deadlock": (
                "Your code waits for ever: it takes locks that it holds already, or never releases them. Which of "
                "the functions that it calls lock the device themselves?"
            ),
        },
    ),
)
