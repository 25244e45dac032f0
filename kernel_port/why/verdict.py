# SPDX-License-Identifier: GPL-2.0-only
"""The verdict on each function, slot and bus: what the probes say, unless trying it has shown otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..kernel.structs import pci_dev, pci_slot
from ..machine import Machine
from .ladder import Ladder, ResetGroup, Survey
from .rehearsal import Rehearsal, Stage, target_text

#: Drivers that hand a function to a user or a virtual machine, and classes (storage, network, display) that people hand
#: over or cannot do without.
PASS_THROUGH = frozenset({"vfio-pci", "pci-stub", "xen-pciback", "pciback", "uio_pci_generic", "igb_uio"})
ASKED = frozenset({0x01, 0x02, 0x03})

#: A trial takes time in proportion to the functions of the machine: so many trials times functions are made.
WORK = 65_000

#: Outcome -> what a sum of functions says.
OUTCOMES = {
    "alone": "can be reset alone",
    "together": "only with their slot or bus",
    "fails": "only by a reset that returns 0 and fails",
    "none": "not at all",
    "unknown": "unknown, as what decides is not in the file",
}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The survey of a machine, and the resets that were tried."""

    survey: Survey
    #: Target as on the command line -> what its reset did.
    trials: dict[str, Rehearsal] = field(default_factory=dict)
    #: How many resets that the probes allow were not tried, for lack of time.
    untried: int = 0

    def outcome(self, ladder: Ladder) -> str:
        """Say how a function can be reset: as Survey.outcome(), or "fails", if it returns 0 and is no good.

        A reset of which it is unknown whether the kernel makes it is not tried."""
        said = self.survey.outcome(ladder)
        if said not in ("alone", "together") or (said == "alone" and not self.fault(ladder.bdf)):
            return said
        if self.group(ladder):
            return "together"
        return "unknown" if self.survey.is_undecided(ladder.bdf) else "fails"

    def fault(self, target: str) -> str:
        """Return Rehearsal.fault of a target; "" if its reset was not tried."""
        done = self.trials.get(target)
        return done.fault if done else ""

    def group(self, ladder: Ladder) -> ResetGroup | None:
        """Return the smallest slot or bus that resets a function and is good."""
        return next((each for each in self.survey.together(ladder.bdf) if not self.fault(named(each))), None)

    def failed(self, ladder: Ladder) -> Iterator[Rehearsal]:
        """Yield the trials that were no good: of the function itself, then of its slot and its buses."""
        for target in (ladder.bdf, *map(named, self.survey.together(ladder.bdf))):
            if self.fault(target):
                yield self.trials[target]


def named(group: ResetGroup) -> str:
    """Return a slot or bus as TARGET on the command line."""
    return f"{group.kind}:{group.name}"


def asked_about(dev: Any, driver: str) -> bool:
    """Return whether people ask how to reset such a function."""
    return driver in PASS_THROUGH or dev.class_ >> 16 in ASKED


def verdicts(
    machine: Machine, found: Survey, wanted: Iterable[Any] = (), progress: Callable[[list[str]], Iterable[str]] = iter
) -> Verdicts:
    """Try every reset that the probes allow, on a copy; those that people ask about first, as far as WORK allows.

    :param wanted: structs (a function, slot or bus): try what resets these, however long it takes"""
    drivers = {str(function.address): function.driver for function in machine.description.functions}
    asked = {dev.dev.name for dev in machine.functions if asked_about(dev, drivers.get(dev.dev.name, ""))}
    targets = {ladder.bdf: [ladder.bdf] for ladder in found.ladders if found.outcome(ladder) == "alone"}
    targets |= {
        named(group): list(group.takes) for group in (*found.slots, *found.buses) if group.rc == 0 and group.takes
    }
    concern = list(wanted)
    if concern:
        order = [*targets_of(concern, targets)]
    else:
        order = sorted(targets, key=lambda target: asked.isdisjoint(targets[target]))
    affordable = order if concern else order[: WORK // max(1, len(machine.functions))]
    stage = Stage(machine) if affordable else None
    if stage is None or not (stage.is_cheap or concern):
        return Verdicts(found, {}, len(order))
    trials = {target: stage.rehearse(*machine.target(target)) for target in progress(affordable)}
    tried = {target: done for target, done in trials.items() if done is not None}
    return Verdicts(found, tried, len(order) - len(affordable))


def targets_of(wanted: Iterable[Any], targets: dict[str, list[str]]) -> Iterator[str]:
    """Yield the targets whose reset resets some structs, or functions in them."""
    concerned: set[str] = set()
    for each in wanted:
        if isinstance(each, pci_dev):
            concerned.add(each.dev.name)
        else:
            concerned.update(targets.get(target_text("slot" if isinstance(each, pci_slot) else "bus", each), ()))
    yield from (target for target, resets in targets.items() if not concerned.isdisjoint(resets))
