# SPDX-License-Identifier: GPL-2.0-only
"""The resets of a machine, for people: one function, slot or bus in full, and what to do."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from ..hw.address import Address
from ..images.names import installed
from ..machine import Machine
from ..series import PATCHES
from ..terminal import Paint, clean, width
from .guard import Guard, errno_name
from .ladder import Ladder, ResetGroup, Rung, Survey
from .rehearsal import Rehearsal
from .silence import reads_all_ones, silence
from .unknown import Unknown, remedies

#: The VFIO request that resets one function, and the one that resets a slot or bus.
VFIO_ALONE, VFIO_TOGETHER = "VFIO_DEVICE_RESET", "VFIO_DEVICE_PCI_HOT_RESET"
ALL_OWNED = (
    "Every function that is reset must be bound to vfio-pci (or to no driver) and owned by the user who asks; each "
    "loses its current work."
)
#: The patch that adds pci_reset_slot() and pci_reset_bus().
TOGETHER_SINCE = 7

#: Printed with a removal that does not happen if the slot has presence pins.
PRESENCE = (
    "it is removed because presence goes with the link, as taken here; a slot that has pins for it "
    "(presence_follows_link = false in a machine description) keeps its card, and no dump says which a slot has"
)


def kernel_name(patches: int) -> str:
    """Return the name of this kernel."""
    if patches == 0:
        return "Linux 3.11, before the series"
    return f"Linux 3.11 with patch{'es 1 to' * (patches > 1)} {patches} of {len(PATCHES)}"


def failure(rc: int) -> str:
    """Return "-ENOTTY (25, Inappropriate ioctl for device)"."""
    return f"{errno_name(rc)} ({-rc}, {os.strerror(-rc)})"


def place(guard: Guard) -> str:
    """Say where a guard is: file and line, and its C function."""
    site = guard.site
    c = f"{site.function}() in {site.origin.file}, {site.origin.since}" if site.origin else "none"
    return f"{site.file}:{site.line}; C: {c}"


def condition(guard: Guard) -> str:
    """Return the source of a guard, and the operand that decided it."""
    return f"{guard.text}{f'  (because {guard.because})' if guard.because else ''}"


def facts(guard: Guard, itself: str = "") -> str:
    """Return the values that decided it: those of the deciding operand, without long lists and the function's own
    address."""
    values = {
        name: value
        for name, value in guard.values.items()
        if value != itself and (value == "[]" or not value.startswith("["))
    }
    settled = {name: value for name, value in values.items() if name in guard.because}
    return ", ".join(f"{name} = {value}" for name, value in (settled or values).items())


def compact(addresses: Iterable[str]) -> str:
    """Join addresses in the order given, functions of one device together: 00:14.0-3, 06:00.0,2."""
    shown = []
    for device, group in groupby(addresses, key=lambda address: address[:-1]):
        functions = [int(address[-1]) for address in group]
        whole = len(functions) > 2 and functions == list(range(functions[0], functions[-1] + 1))
        shown.append(device + (f"{functions[0]}-{functions[-1]}" if whole else ",".join(map(str, functions))))
    return ", ".join(shown)


def title(dev: Any) -> str:
    """Name a function, by pci.ids where that is installed, else by its numbers."""
    ids = installed()
    kind = ids.class_name(dev.class_ >> 8) or f"class {dev.class_ >> 8:04x}"
    vendor = ids.vendor(dev.vendor) or f"vendor {dev.vendor:04x}"
    product = ids.device(dev.vendor, dev.device) or f"device {dev.device:04x}"
    return f"{kind}: {vendor} {product} [{dev.vendor:04x}:{dev.device:04x}]"


def title_in(machine: Machine, dev: Any) -> str:
    """Name a function of a machine; of one that is not in its source, or does not answer, say that."""
    function = machine.fabric.function(Address.parse(dev.dev.name)).description
    if function.stand_in:
        return f"not in the file: {function.stand_in}"
    return "reads all ones" if reads_all_ones(function) else title(dev)


def warnings(machine: Machine) -> list[str]:
    """Return what the answer about *machine* cannot know."""
    known = {dev.dev.name for dev in machine.functions}
    unknown = [str(f.address) for f in machine.description.functions if str(f.address) not in known]
    not_found = (
        f"{', '.join(unknown)}: described, but the kernel does not find them: no bridge that is awake leads there, "
        "they read all ones, or function 0 is not there or not multifunction"
    )
    return [*machine.description.warnings, *([not_found] if unknown else [])]


def because(unknown: Iterable[Unknown], itself: str = "") -> str:
    """Say what is not known, without the address of the function that it is about."""
    return ", ".join(dict.fromkeys(each.own_text if each.bdf == itself else each.text for each in unknown))


class Report:
    """Writes the survey of a machine."""

    def __init__(self, machine: Machine, survey: Survey, write: Callable[[str], object] = print) -> None:
        self.machine, self.survey, self.write = machine, survey, write
        self.paint = Paint()
        self.width = max(60, width() - 1)
        self.kernel_name = kernel_name(machine.kernel.point)
        #: Whether addresses need their domain.
        self.domain = any(not dev.dev.name.startswith("0000:") for dev in machine.functions)

    def line(self, text: str, style: str = "") -> None:
        """Write one line unchanged."""
        self.write(self.paint(style, clean(text)) if style else clean(text))

    def lines(self, text: str, indent: str = "", then: str | None = None, style: str = "") -> None:
        """Write *text*, wrapped; *then* is the indent of all lines but the first."""
        for line in textwrap.wrap(
            clean(text), self.width, initial_indent=indent, subsequent_indent=indent if then is None else then,
            break_long_words=False, break_on_hyphens=False, drop_whitespace=True,
        ):  # fmt: skip
            self.line(line, style)

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.write("")
        self.line(text, "bold")

    def short(self, bdf: str) -> str:
        """Shorten an address: with its domain only where there is more than one."""
        return bdf if self.domain else bdf[5:]

    def many(self, addresses: Iterable[str]) -> str:
        """Join several addresses in little space."""
        return compact(map(self.short, addresses))

    # -- one target ----------------------------------------------------------------------------------------------

    def function(self, ladder: Ladder, done: Rehearsal | None = None) -> None:
        """Write everything about one function, and the outcome of its reset on a copy."""
        dev = self.machine.function(ladder.bdf)
        self.line(f"{ladder.bdf}  {title_in(self.machine, dev)}", "bold")
        for said in silence(self.machine, dev):
            self.lines(said)
        self.lines(f"Reset methods for this function alone, in the order {self.kernel_name} tries them:")
        for number, rung in enumerate(ladder.rungs, 1):
            self.rung(number, rung, ladder)
        self.heading("With other functions")
        for group in (*self.survey.together(ladder.bdf), *self.survey.refused_around(dev)):
            self.group(group)
        self.rehearsal(done)
        self.heading("What you can do")
        for advice in self.advice(ladder, done):
            self.lines(advice, "  ", "    ")

    def rung(self, number: int, rung: Rung, ladder: Ladder) -> None:
        """Write one method: its verdict, and what refused it."""
        taken = rung is ladder.taken
        head = f"{'>' if taken else ' '} {number} {rung.function:<28}"
        if rung.rc is None:
            self.lines(f"{head} unknown: {because(rung.unknown)}", "", " " * 8, "yellow")
        elif rung.guard is None:
            remark = ": the kernel takes this one" if taken else ": would work too"
            self.line(f"{head} yes{remark}", "green")
        else:
            said = rung.guard.explanation or errno_name(rung.guard.rc)
            self.lines(f"{head} no: {said}", "", " " * 8)
            self.refusal(rung.guard, " " * 8, ladder.bdf)

    def refusal(self, guard: Guard, indent: str, itself: str = "") -> None:
        """Write the guard, where it is, and the values it tested."""
        self.lines(condition(guard), indent, indent + "  ", "cyan")
        self.lines(f"in {place(guard)}", indent, indent + "  ", "dim")
        if values := facts(guard, itself):
            self.lines(f"with {values}", indent, indent + "  ")
        if guard.reads:
            self.lines(f"read: {'; '.join(read.text for read in guard.reads)}", indent, indent + "  ")

    def group(self, group: ResetGroup) -> None:
        """Write one slot or bus: whether it can be reset, and what that resets."""
        on = f" on bus {self.short_bus(group.bus)}" if group.kind == "slot" else ""
        below = f" below {self.short(group.bridge)}" if group.bridge else ""
        head = f"{group.kind} {self.group_name(group)}{on}{below}: pci_reset_{group.kind}()"
        if group.unknown:
            self.lines(f"{head} is unknown: {because(group.unknown)}", "  ", "      ", "yellow")
        elif group.rc is None:
            self.lines(f"{head} is not in this kernel; patch {TOGETHER_SINCE} adds it", "  ", "      ")
        elif group.guard:
            self.lines(f"{head} says no: {group.guard.explanation or errno_name(group.guard.rc)}", "  ", "      ")
            self.refusal(group.guard, "      ")
        else:
            along = ", ".join(map(self.short, group.takes)) or "nothing, it is empty"
            self.lines(f"{head} says yes; resets, in lock order: {along}", "  ", "      ", "green")

    def together(self, group: ResetGroup, done: Rehearsal | None = None) -> None:
        """Write everything about one slot or bus, and the outcome of its reset on a copy."""
        self.line(f"{group.kind} {group.name}, {self.kernel_name}", "bold")
        self.group(group)
        for ladder in self.survey.ladders:
            if ladder.bdf in group.takes:
                way = f"alone by {ladder.taken.function}" if ladder.rc == 0 and ladder.taken else "not alone"
                device = title_in(self.machine, self.machine.function(ladder.bdf))
                self.lines(f"{self.short(ladder.bdf)}: {way}; {device}", "    ", "      ")
        self.rehearsal(done)
        if group.takes:
            self.heading("What you can do")
            self.lines(
                f"Through VFIO: {VFIO_TOGETHER} on any function of it. {ALL_OWNED}",
                "  ",
            )

    def group_name(self, group: ResetGroup) -> str:
        """Return the name of a slot or bus, without the domain where there is only one."""
        return group.name if group.kind == "slot" else self.short_bus(group.name)

    def short_bus(self, name: str) -> str:
        """Shorten a bus: with its domain only where there is more than one."""
        return name if self.domain else name[5:]

    def advice(self, ladder: Ladder, done: Rehearsal | None) -> Iterator[str]:
        """Say what a person can do with this function."""
        if self.survey.outcome(ladder) == "unknown":
            yield from self.advice_unknown(ladder)
            return
        if ladder.rc == 0 and ladder.taken:
            yield from self.advice_alone(ladder.bdf, ladder.taken.function, done)
            return
        assert ladder.rc is not None
        yield (
            f"It cannot be reset alone: pci_reset_function() returns {failure(ladder.rc)}, so there is no "
            f"/sys/bus/pci/devices/{ladder.bdf}/reset, and {VFIO_ALONE} fails."
        )
        if groups := self.survey.together(ladder.bdf):
            group = groups[0]
            others = [self.short(other) for other in group.takes if other != ladder.bdf]
            yield (
                f"It can be reset with {', '.join(others) or 'nothing else'}, by pci_reset_{group.kind}() of "
                f"{group.kind} {group.name}. Through VFIO: {VFIO_TOGETHER}. {ALL_OWNED}"
            )
            return
        yield (
            "Nothing in this kernel resets it. What is left: a device-specific reset, which a real kernel may "
            "have; suspending the computer; turning it off. A virtual machine gets the device in the state its last "
            "user left it in."
        )
        if self.machine.kernel.point < TOGETHER_SINCE:
            yield f"Patch {TOGETHER_SINCE} adds resets of slots and buses: see --patches {len(PATCHES)}."

    def advice_unknown(self, ladder: Ladder) -> Iterator[str]:
        """Say what is not known of a function, and what to send."""
        dev = self.machine.function(ladder.bdf)
        around = [each for group in self.survey.refused_around(dev) for each in group.unknown]
        unknown = dict.fromkeys((*ladder.unknown, *around))
        if ladder.rc == 0:
            yield "It can be reset alone in any case; by what is unknown."
        for remedy in remedies(unknown):
            yield f"unknown: {remedy}."

    def advice_alone(self, bdf: str, way: str, done: Rehearsal | None) -> Iterator[str]:
        """Say what to do with a function that has a reset of its own, even one that fails despite the probe."""
        if done and done.rc:
            newer = f" Compare --patches {len(PATCHES)}." if self.machine.kernel.point < len(PATCHES) else ""
            yield f"The probe says that it can be reset, but the reset fails: {failure(done.rc)}, see above.{newer}"
            return
        drivers = {str(function.address): function.driver for function in self.machine.description.functions}
        unbind = f" Unbind its driver ({drivers[bdf]}) first: it would lose its device." if drivers.get(bdf) else ""
        yield (
            f"It can be reset alone, by {way}(). As root: echo 1 > /sys/bus/pci/devices/{bdf}/reset; through VFIO: "
            f"{VFIO_ALONE}.{unbind}"
        )
        if way == "pci_pm_reset":
            if self.machine.function(bdf).subordinate:
                yield "It is a bridge: the reset saves and restores its own registers, not those below it."
            yield "This method trusts the device: some claim to lose their state in D3hot, and do not."
            for group in self.survey.together(bdf)[:1]:
                yield f"pci_reset_{group.kind}() of {group.kind} {group.name} does not rely on that."

    def rehearsal(self, done: Rehearsal | None) -> None:
        """Write the outcome of the reset on a copy of the machine."""
        if done is None:
            return
        self.heading("Trial run on a copy of the machine")
        if done.rc is None:
            end = "crashes the kernel" if done.oops else "never returns"
            self.lines(f"{done.call}() of {done.target} {end}: see kernel-port reset", "  ", "    ", "red")
        else:
            result, style = (failure(done.rc), "red") if done.rc else ("0", "green")
            self.lines(f"{done.call}() of {done.target} returns {result} after {done.ms:g} ms", "  ", "    ", style)
        if done.guard:
            self.lines(done.guard.explanation, "    ")
            self.refusal(done.guard, "    ")
        for addresses, said in (
            (done.reset, "reset by the hardware"),
            (done.unsaved, "reset without being locked or saved, so their configuration is lost"),
            (done.ignored, "ignored the reset"),
            (done.removed, "removed by the hot-plug driver, which took the reset for a card removal"),
        ):
            if addresses:
                self.lines(f"{said}: {', '.join(map(self.short, addresses))}", "  ", "    ")
        if done.removed:
            self.lines(PRESENCE, "  ", "    ")

    def caveats(self) -> None:
        """Write what the answer leaves out, and what the machine's description does not say."""
        self.heading("Caveats")
        for warning in warnings(self.machine):
            self.lines(warning, "  ", "    ")
