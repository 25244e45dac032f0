# SPDX-License-Identifier: GPL-2.0-only
"""Words for what a rehearsal saw: the fault of a reset in a clause, and why each function came back as it did."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from itertools import groupby

from .guard import errno_name
from .rehearsal import Aftermath, Rehearsal

#: Rehearsal.fault -> the same in a few words.
FAULTS = {
    "ignored": "returns 0 and does nothing",
    "silent": "returns 0, and never answers again",
    "unconfigured": "returns 0, and comes back unconfigured",
    "removed": "returns 0, and the hot-plug driver throws the card out",
    "unsaved": "returns 0, and resets functions that nobody locked or saved, too",
    "error": "fails",
    "hang": "never returns",
    "crash": "crashes the kernel",
}
#: Why a function still does not answer: {0} is the function or bridge that it is about.
UNREACHABLE = {
    "not ready": "{0} never gets ready after the reset",
    "link": "the link below {0} stays down",
    "asleep": "bridge {0} is asleep (D3hot) and forwards nothing",
    "bus numbers": "{0} has lost its bus numbers, so nothing leads there any more",
    "slot power": "the slot of {0} has been switched off",
    "reset": "{0} still holds it in reset",
}
#: Why a function that answers has lost its registers.
UNRESTORED = {
    "not ready": "it was not ready when the kernel wrote them back, which was too early: it waits 100 ms and does not "
    "look. Linux waits for the device since v4.6 after an FLR, since v4.17 after a reset by power state, since v6.3 "
    "after one of the slot or bus",
    "link": "the link below {0} was not up yet when the kernel wrote them back, which was too early: it does not wait "
    "for links; Linux does, since 2024 for those further down, too",
    "asleep": "bridge {0} was asleep (D3hot) when the kernel wrote them back, and forwarded nothing",
    "bus numbers": "{0} had lost its bus numbers when the kernel wrote them back, so the writes led nowhere",
    "slot power": "the slot of {0} was switched off when the kernel wrote them back",
    "reset": "{0} still held it in reset when the kernel wrote them back, which was too early",
    "unsaved": "nobody had saved them, so nobody wrote them back",
    "reset again": "it was reset once more after the kernel had written them back",
    "writes": "the kernel wrote them back, and it did not keep them",
}
#: Registers named in a sentence.
NAMED = 3

#: Printed with a removal that does not happen if the slot has presence pins.
PRESENCE = (
    "It is removed because presence goes with the link, as taken here; a slot that has pins for it "
    "(presence_follows_link = false in a machine description) keeps its card, and no dump says which a slot has"
)


def failure(rc: int) -> str:
    """Return "-ENOTTY (25, Inappropriate ioctl for device)"."""
    return f"{errno_name(rc)} ({-rc}, {os.strerror(-rc)})"


def compact(addresses: Iterable[str]) -> str:
    """Join addresses in the order given, functions of one device together: 00:14.0-3, 06:00.0,2."""
    shown = []
    for device, group in groupby(addresses, key=lambda address: address[:-1]):
        functions = [int(address[-1]) for address in group]
        whole = len(functions) > 2 and functions == list(range(functions[0], functions[-1] + 1))
        shown.append(device + (f"{functions[0]}-{functions[-1]}" if whole else ",".join(map(str, functions))))
    return ", ".join(shown)


def fault(done: Rehearsal, short: Callable[[str], str] = str) -> str:
    """Say in a clause why a reset that was tried is no good: "returns 0 and does nothing"; "" if it is.

    :param short: shortens an address"""

    def named(addresses: Iterable[str]) -> str:
        return compact(map(short, sorted(addresses)))

    def verb(plural: str, subjects: Collection[str]) -> str:
        return plural if len(subjects) > 1 else f"{plural}s"

    match done.fault:
        case "crash":
            return "crashes the kernel"
        case "hang":
            return "never returns"
        case "error":
            return f"fails with {failure(done.rc or 0)}"
        case "ignored":
            return f"returns 0 and does nothing: {named(done.ignored)} {verb('ignore', done.ignored)} it"
        case "removed":
            found = "; it finds it again" if done.added == done.removed else " for good"
            return f"returns 0, but the hot-plug driver throws {named(done.removed)} out{found}"
        case "silent":
            silent = [after.bdf for after in done.aftermath if not after.answers]
            return f"returns 0, but {named(silent)} never {verb('answer', silent)} again"
        case "unsaved":
            return f"returns 0, but resets {named(done.unsaved)}, too, which nobody locked or saved"
        case "unconfigured":
            back = [after.bdf for after in done.aftermath]
            return f"returns 0, but {named(back)} {verb('come', back)} back unconfigured"
    return ""


def aftermath(after: Aftermath, short: Callable[[str], str] = str) -> str:
    """Say how a function came back from a reset, and why."""
    bdf, where = short(after.bdf), short(after.where)
    if not after.answers:
        return f"{bdf} reads as all ones (ff): {UNREACHABLE[after.cause].format(where)}"
    more = len(after.registers) - NAMED
    registers = ", ".join(name.removeprefix("PCI_") for name in after.registers[:NAMED])
    registers += f" and {more} more" if more > 0 else ""
    return (
        f"{bdf} has lost {registers} (they read as after power on, mostly 0): {UNRESTORED[after.cause].format(where)}"
    )
