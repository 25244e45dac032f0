# SPDX-License-Identifier: GPL-2.0-only
"""The verdict on one function, slot or bus, for people: the answer, reasons, what to do; on request the evidence."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from ..choice import KernelChoice
from ..hw.known import unstated
from ..images import names
from ..machine import Machine
from ..pci_regs import PCI_VENDOR_ID
from ..series import PATCHES
from ..terminal import Paint, clean, width
from . import today, vfio
from .guard import Guard, errno_name
from .hotplug import HotplugSlot, Way
from .ladder import Ladder, ResetGroup, Rung
from .rehearsal import Rehearsal
from .silence import reads_all_ones, silence
from .unknown import Unknown, remedies
from .verdict import PASS_THROUGH, Verdicts, named
from .words import PRESENCE, aftermath, compact, failure, fault

#: The VFIO request that resets one function, and the one that resets a slot or bus.
VFIO_ALONE, VFIO_TOGETHER = "VFIO_DEVICE_RESET", "VFIO_DEVICE_PCI_HOT_RESET"
#: The patch that adds pci_reset_slot() and pci_reset_bus().
TOGETHER_SINCE = 7
#: Reasons given.
MOST = 10
#: Columns that text is folded at.
COLUMNS = 80
STYLES = {"alone": "green", "together": "yellow", "fails": "red", "none": "red", "unknown": "blue"}


def kernel_name(choice: KernelChoice) -> str:
    """Return the name of this kernel."""
    patches, above = choice.patches, f" and {', '.join(choice.names)}" if choice.extra else ""
    if patches == 0:
        return f"Linux 3.11, before the series{above and f', with{above[4:]}'}"
    return f"Linux 3.11 with patch{'es 1 to' * (patches > 1)} {patches} of {len(PATCHES)}{above}"


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
    """Writes the verdicts on a machine."""

    def __init__(
        self, machine: Machine, verdicts: Verdicts, write: Callable[[str], object] = print, verbose: bool = False
    ) -> None:
        self.machine, self.verdicts, self.survey, self.write = machine, verdicts, verdicts.survey, write
        #: Show the tests that refused, with their values and reads.
        self.verbose = verbose
        self.paint = Paint()
        self.width = min(COLUMNS, max(40, width()))
        self.kernel_name = kernel_name(machine.kernel.choice)
        self.described = {str(function.address): function for function in machine.description.functions}
        #: Whether addresses need their domain.
        self.domain = any(not dev.dev.name.startswith("0000:") for dev in machine.functions)

    # -- text ----------------------------------------------------------------------------------------------------

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

    def items(self, texts: Iterable[str]) -> None:
        """Write the items of a list."""
        for text in texts:
            self.lines(text, "  - ", "    ")

    def heading(self, text: str) -> None:
        """Begin a section."""
        self.write("")
        self.line(text, "bold")

    def short(self, bdf: str) -> str:
        """Shorten an address: with its domain only where there is more than one."""
        return bdf if self.domain else bdf.removeprefix("0000:")

    def many(self, addresses: Iterable[str]) -> str:
        """Join several addresses in little space."""
        return compact(map(self.short, addresses))

    def group_name(self, group: ResetGroup) -> str:
        """Return "slot 1", or "bus 01", without the domain where there is only one."""
        return f"{group.kind} {group.name if group.kind == 'slot' else self.short(group.name)}"

    def driver(self, bdf: str) -> str:
        """Return the driver that the machine was described with, "" for none."""
        return self.described[bdf].driver if bdf in self.described else ""

    def stands_in(self, bdf: str) -> bool:
        """Return whether a function stands for one that is not in the file: it is shown, but in no sum."""
        return bdf in self.described and bool(self.described[bdf].stand_in)

    def title(self, bdf: str) -> str:
        """Name a function, and its driver."""
        dev, driver = self.machine.function(bdf), self.driver(bdf)
        described = self.described.get(bdf)
        if described and described.stand_in:
            return f"not in the file: {described.stand_in}"
        if described and reads_all_ones(described):
            return "reads all ones"
        said = described.title if described else ""
        if said and described and unstated(described) >> 8 * PCI_VENDOR_ID & 0xFFFFFFFF:
            title = re.sub(r" \((?:rev|prog-if) .*", "", said)  # its IDs are made up
        else:
            title = names.title(dev.vendor, dev.device, dev.class_, said)
        return title + (f", driver {driver}" if driver else "")

    def fault(self, target: str) -> str:
        """Say in a clause why a reset that was tried is no good; "" if it is, or was not tried."""
        done = self.verdicts.trials.get(target)
        return fault(done, self.short) if done else ""

    # -- the verdict ---------------------------------------------------------------------------------------------

    def verdict(self, ladder: Ladder) -> str:
        """Return the answer for a function in a sentence that a person can act on."""
        outcome = self.verdicts.outcome(ladder)
        if outcome == "unknown":
            return f"Unknown: {'; '.join(remedies(self.unknown(ladder)))}."
        own = self.alone_not(ladder)
        if outcome == "alone" and ladder.taken:
            return f"Yes, alone: by {ladder.taken.function}{self.untried(ladder.bdf)}."
        if outcome == "together" and (group := self.verdicts.group(ladder)):
            with_it = f"With {self.group_name(group)}, yes{self.untried(named(group))}{self.company(ladder, group)}"
            return f"No, not alone: {own}. {with_it}."
        if outcome == "fails":
            return f"No: {own if ladder.rc == 0 else self.group_not(self.survey.together(ladder.bdf)[0])}."
        return f"No, nothing resets it: {own}."

    def unknown(self, ladder: Ladder) -> tuple[Unknown, ...]:
        """Return what is not known and decides about a function, its slot and its bus."""
        around = self.survey.refused_around(self.machine.function(ladder.bdf))
        return tuple(dict.fromkeys((*ladder.unknown, *(each for group in around for each in group.unknown))))

    def undecided(self, ladder: Ladder) -> dict[str, list[str]]:
        """Return what is not known of a function, in words, and the methods that depend on it."""
        methods: dict[str, list[str]] = {}
        for rung in ladder.rungs:
            if rung.rc is None:
                methods.setdefault(because(rung.unknown, ladder.bdf), []).append(rung.function)
        return methods

    def untried(self, target: str) -> str:
        """Say it if a reset was not tried."""
        return "" if target in self.verdicts.trials else " (its probe says so, it was not tried)"

    def alone_not(self, ladder: Ladder) -> str:
        """Say why pci_reset_function() is no good."""
        return f"pci_reset_function() {self.fault(ladder.bdf) or f'returns {errno_name(ladder.rc or 0)}'}"

    def group_not(self, group: ResetGroup) -> str:
        """Say why the reset of a slot or bus is no good; "" if it is."""
        said = self.fault(named(group))
        return f"pci_reset_{group.kind}() of {self.group_name(group)} {said}" if said else ""

    def company(self, ladder: Ladder, group: ResetGroup) -> str:
        """Say what else is reset."""
        others = [bdf for bdf in group.takes if bdf != ladder.bdf]
        return f": it resets {self.many(others)}, too" if others else ": nothing else is there"

    # -- one function --------------------------------------------------------------------------------------------

    def function(self, ladder: Ladder, hotplug: HotplugSlot | None = None) -> None:
        """Write everything about one function.

        :param hotplug: the slot that it is in or below, each way of resetting it tried"""
        self.line(ladder.bdf, "bold")
        self.lines(self.title(ladder.bdf))
        self.lines(self.verdict(ladder), "", "", STYLES.get(self.verdicts.outcome(ladder), ""))
        self.heading(f"Why ({self.kernel_name})")
        self.items(islice(self.reasons(ladder), MOST))
        if self.verbose:
            self.evidence(ladder)
        self.heading("What you can do")
        self.items(self.advice(ladder))
        dev = self.machine.function(ladder.bdf)
        self.heading("VFIO, as Linux 3.12 has it")
        self.items(vfio.lines(vfio.hot_reset(self.machine, self.survey, dev), ladder.bdf, self.short))
        self.heading("Today's Linux")
        self.items(today.lines(today.today(self.machine, ladder), ladder.bdf, self.short))
        self.hotplug(hotplug)

    def reasons(self, ladder: Ladder) -> Iterator[str]:
        """Yield why the verdict is what it is, the most important first."""
        outcome, dev = self.verdicts.outcome(ladder), self.machine.function(ladder.bdf)
        yield from silence(self.machine, dev)
        if outcome == "unknown" and ladder.rc == 0 and ladder.taken is None:
            yield "It can be reset alone in any case; by what is unknown."
        for what, methods in self.undecided(ladder).items():
            yield f"{', '.join(methods)}: unknown ({what})."
        if ladder.taken is not None:
            others = [rung.function for rung in ladder.rungs if rung.rc == 0 and rung is not ladder.taken]
            more = " do not" if len(others) > 1 else " does not"
            also = f"; {' and '.join(others)}{more}, either" if others else ""
            yield f"{ladder.taken.function} is the first method that does not refuse{also}."
            yield from self.trial(ladder.bdf)
        else:
            for rung in ladder.rungs[1:]:  # hardly any device has a method of its own, the first
                if rung.guard is not None:
                    yield f"{rung.function} refuses: {rung.guard.explanation or errno_name(rung.rc or 0)}."
        if outcome == "alone":
            return
        together, good = self.survey.together(ladder.bdf), self.verdicts.group(ladder)
        if together and together[0] is not good:
            yield from list(self.trial(named(together[0])))[: 1 if good else None]
        if good:
            yield from self.trial(named(good))
        for group in self.survey.refused_around(dev):
            if group.guard is not None:
                said = group.guard.explanation or errno_name(group.guard.rc)
                yield f"pci_reset_{group.kind}() of {self.group_name(group)} refuses: {said}."

    def trial(self, target: str) -> Iterator[str]:
        """Yield what a reset did on the copy."""
        done = self.verdicts.trials.get(target)
        if done is None:
            return
        call = f"Tried on a copy, {done.call}() of {self.target(target)}"
        if not done.fault:
            what = f"; it resets {self.many(done.reset)}, whose registers are restored" if done.reset else ""
            yield f"{call} returns 0 after {done.ms:g} ms{what}."
            return
        yield f"{call} {fault(done, self.short)}{f' (it took {done.ms:g} ms)' if done.rc == 0 else ''}."
        if done.guard and done.guard.explanation:
            yield f"{done.guard.site.function}() refuses: {done.guard.explanation}."
        shown = done.aftermath if len(done.aftermath) < 3 else done.aftermath[:2]
        for after in shown:
            yield f"{aftermath(after, self.short)}."
        if rest := done.aftermath[len(shown) :]:
            yield f"In the same way or in consequence: {self.many(after.bdf for after in rest)}."
        if done.removed:
            yield f"{PRESENCE}."

    def target(self, target: str) -> str:
        """Return a target as people read it."""
        kind, _, name = target.partition(":")
        return (
            f"{kind} {self.short(name) if kind == 'bus' else name}" if kind in ("slot", "bus") else self.short(target)
        )

    def evidence(self, ladder: Ladder) -> None:
        """Write every method, with the test that refused it, its values and reads; then slots and buses."""
        self.heading(f"Each method, in the order {self.kernel_name} tries them")
        for number, rung in enumerate(ladder.rungs, 1):
            self.rung(number, rung, ladder)
        self.heading("With other functions")
        dev = self.machine.function(ladder.bdf)
        for group in (*self.survey.together(ladder.bdf), *self.survey.refused_around(dev)):
            self.group(group)

    def rung(self, number: int, rung: Rung, ladder: Ladder) -> None:
        """Write one method: its verdict, and what refused it."""
        taken = rung is ladder.taken
        head = f"{'>' if taken else ' '} {number} {rung.function:<28}"
        if rung.rc is None:
            self.lines(f"{head} unknown: {because(rung.unknown)}", "", " " * 8, STYLES["unknown"])
        elif rung.guard is None:
            wrong = self.fault(ladder.bdf) if taken else ""
            remark = "the kernel takes this one" if taken else "its probe does not refuse, either"
            remark += f", and it {wrong}" if wrong else ""
            self.lines(f"{head} yes: {remark}", "", " " * 8, "red" if wrong else "green")
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

    # -- one slot or bus -----------------------------------------------------------------------------------------

    def group(self, group: ResetGroup) -> None:
        """Write one slot or bus: whether it can be reset, and what that resets."""
        below = f" below {self.short(group.bridge)}" if group.bridge else ""
        head = f"{self.group_name(group)}{below}: pci_reset_{group.kind}()"
        if group.unknown:
            self.lines(f"{head} is unknown: {because(group.unknown)}", "  ", "      ", STYLES["unknown"])
        elif group.rc is None:
            self.lines(f"{head} is not in this kernel; patch {TOGETHER_SINCE} adds it", "  ", "      ")
        elif group.guard:
            self.lines(f"{head} says no: {group.guard.explanation or errno_name(group.guard.rc)}", "  ", "      ")
            if self.verbose:
                self.refusal(group.guard, "      ")
        elif said := self.fault(named(group)):
            self.lines(f"{head} {said}{self.instead(group)}", "  ", "      ", "red")
        else:
            along = ", ".join(map(self.short, group.takes)) or "nothing, it is empty"
            self.lines(f"{head} resets, in lock order: {along}", "  ", "      ", "green" if group.takes else "")

    def instead(self, group: ResetGroup) -> str:
        """Say which slot VFIO takes instead of a bus."""
        slots = (slot for slot in self.survey.slots if slot.bus == group.name and slot.takes)
        slot = next(slots, None) if group.kind == "bus" else None
        return f"; VFIO takes {self.group_name(slot)}" if slot and not self.fault(named(slot)) else ""

    def together(self, group: ResetGroup, hotplug: HotplugSlot | None = None) -> None:
        """Write everything about one slot or bus."""
        self.line(f"{self.group_name(group)}, {self.kernel_name}", "bold")
        self.group(group)
        self.items(self.trial(named(group)))
        for ladder in self.survey.ladders:
            if ladder.bdf in group.takes:
                self.lines(f"{self.short(ladder.bdf)}  {self.title(ladder.bdf)}", "  ", "      ")
                self.lines(self.verdict(ladder), "      ")
        if group.takes:
            self.heading("What you can do")
            self.items(self.group_advice(group))
        self.hotplug(hotplug)

    def group_advice(self, group: ResetGroup) -> Iterator[str]:
        """Say what a person can do with a slot or bus."""
        if group.unknown:
            yield from (f"unknown: {remedy}." for remedy in remedies(group.unknown))
            return
        if self.fault(named(group)):
            yield f"Do not: {self.group_not(group)}{self.instead(group)}."
            return
        mine = [
            bdf for bdf in group.takes if vfio.taken(self.machine, self.survey, self.machine.function(bdf)) is group
        ]
        if mine:
            yield f"Through VFIO: {VFIO_TOGETHER} on {self.many(mine)}."
            hot = vfio.hot_reset(self.machine, self.survey, self.machine.function(mine[0]))
            yield from vfio.in_one_hand(hot, self.short)
        else:
            yield "VFIO does not reset it: vfio-pci takes no bridge, and only a function's own slot or bus, slot first."

    # -- what to do ----------------------------------------------------------------------------------------------

    def advice(self, ladder: Ladder) -> Iterator[str]:
        """Say what a person can do with a function."""
        outcome, dev = self.verdicts.outcome(ladder), self.machine.function(ladder.bdf)
        if outcome == "unknown":
            yield f"On the computer itself, as root: kernel-port why host {self.short(ladder.bdf)}."
            return
        if outcome == "alone" and ladder.taken:
            yield from self.advice_alone(dev, ladder.taken.function)
            return
        if ladder.rc == 0:
            newer = f"; compare --patches {len(PATCHES)}" if self.machine.kernel.point < len(PATCHES) else ""
            yield (
                f"Do not rely on echo 1 > /sys/bus/pci/devices/{ladder.bdf}/reset or {VFIO_ALONE}: what they call "
                f"{self.fault(ladder.bdf)}{newer}."
            )
        else:
            yield (
                f"pci_reset_function() returns {failure(ladder.rc or 0)}, so there is no "
                f"/sys/bus/pci/devices/{ladder.bdf}/reset, and {VFIO_ALONE} fails."
            )
        if self.machine.kernel.point < TOGETHER_SINCE:
            yield f"Patch {TOGETHER_SINCE} adds resets of slots and buses: see --patches {len(PATCHES)}."
        elif outcome in ("together", "fails"):
            yield from self.through_vfio(dev)
        if outcome in ("fails", "none"):
            yield (
                "What is left: a device-specific reset, which a newer kernel may have; suspending the computer; "
                "turning it off. A virtual machine gets the device in the state its last user left it in."
            )

    def advice_alone(self, dev: Any, way: str) -> Iterator[str]:
        """Say what to do with a function that has a good reset of its own."""
        bdf, driver = dev.dev.name, self.driver(dev.dev.name)
        if driver in PASS_THROUGH:
            yield f"It is bound to {driver}, for its user: {VFIO_ALONE} resets it."
        else:
            first = f", after unbinding its driver ({driver}), which would lose its device" if driver else ""
            yield f"As root: echo 1 > /sys/bus/pci/devices/{bdf}/reset{first}."
            if not is_bridge(dev):
                yield f"Through VFIO, once it is bound to vfio-pci: {VFIO_ALONE}."
        if is_bridge(dev):
            yield "It is a bridge: the reset saves and restores its own registers, not those below it."
        if way == "pci_pm_reset":
            yield "This method trusts the device: some claim to lose their state in D3hot, and do not."
            for group in self.survey.together(bdf)[:1]:
                if not self.fault(named(group)):
                    yield f"pci_reset_{group.kind}() of {self.group_name(group)} does not rely on that."

    def through_vfio(self, dev: Any) -> Iterator[str]:
        """Say whether VFIO's hot reset is a way for a function."""
        group = vfio.taken(self.machine, self.survey, dev)
        if group and (said := self.group_not(group)):
            yield f"Not through VFIO, either: {VFIO_TOGETHER} takes {self.group_name(group)}, and {said}."
        elif group:
            yield f"Through VFIO: {VFIO_TOGETHER} takes {self.group_name(group)}, see below."

    def caveats(self) -> None:
        """Write what the answer leaves out, and what the machine's description does not say."""
        if doubts := warnings(self.machine):
            self.heading("Caveats")
            self.items(doubts)

    # -- hot-plug ------------------------------------------------------------------------------------------------

    def hotplug(self, slot: HotplugSlot | None) -> None:
        """Write whether pciehp throws the card of a slot out, for each way to reset it."""
        if slot is None:
            return
        self.heading(f"Will pciehp throw the card out of slot {slot.name} (port {self.short(slot.port)})?")
        for way in slot.ways:
            self.lines(f"{way.name}: {self.thrown(way)}", "  ", "      ", "red" if way.in_band.removed else "")
        if not slot.ways:
            self.lines("Not tried: each trial would take a boot of this machine. kernel-port convert makes a file of "
                       "it, whose trials take none.", "  ")  # fmt: skip
        if any(way.differs for way in slot.ways):
            self.lines(
                "Whether presence goes with the link or has pins of its own (PRSNT#) is in no register, so no dump "
                "says it: both were run, and both are shown where they differ.",
                "  ",
            )

    def thrown(self, way: Way) -> str:
        """Say what pciehp does to the card, with both kinds of presence where they differ."""
        if not way.differs:
            return self.effect(way.in_band)
        return f"{self.effect(way.in_band)} if presence goes with the link; {self.effect(way.pins)} if it has pins"

    def effect(self, done: Rehearsal) -> str:
        """Say what pciehp did to the card in one trial."""
        if not done.removed:
            return "no"
        gone = "and finds it again" if done.added == done.removed else "for good"
        return f"yes, {self.many(sorted(done.removed))} {gone}"


def is_bridge(dev: Any) -> bool:
    """Return whether vfio-pci takes a function to be a bridge, by its header type."""
    return bool(dev.hdr_type)
