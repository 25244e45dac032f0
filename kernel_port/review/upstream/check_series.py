# SPDX-License-Identifier: GPL-2.0-only
"""A real series held against the port: subjects, files with their counts, functions, prototypes, exports.

The series comes in two forms, as posted (v2, eight patches) and as merged (v3.12, patch 3 within patch 5). Where the
merged form is known to differ from the posted one (series.py), that is said but does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

from ...hw.errors import MachineError
from ...series import COVER_LETTER, PATCHES, Patch
from ...terminal import clean
from ..port.ported import Ported, ported
from .mbox import Mail
from .touched import Touched, touched

#: What the merged series calls it, and in which file it is static there.
MERGED_NAMES = {"pci_hp_reset_slot": ("pci_reset_hotplug_slot", "drivers/pci/pci.c")}
#: Later commits that belong to the subject, and are no part of the posted series.
COMPANIONS = {
    "tune secondary bus reset timing": "a later commit: 2 ms and 1 s in place of 100 ms each",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing compared."""

    what: str
    theirs: str
    ours: str

    @property
    def agrees(self) -> bool:
        """Whether both have the same."""
        return self.theirs == self.ours


@dataclass(frozen=True, slots=True)
class Compared:
    """A patch of theirs beside one of ours."""

    number: int
    subject: str
    points: tuple[Point, ...]
    #: Where the form that was compared is known to differ from the other.
    note: str

    @property
    def agrees(self) -> bool:
        """Whether all points do."""
        return all(point.agrees for point in self.points)


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A series beside ours."""

    #: "posted" or "merged".
    form: str
    patches: tuple[Compared, ...]
    #: About the series as a whole.
    totals: tuple[Point, ...]
    #: Numbers of our patches that theirs lacks.
    missing: tuple[int, ...]
    #: Subjects that belong to none of our patches, with what is known of them.
    others: tuple[tuple[str, str], ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs. What is missing or another's does not count."""
        return all(patch.agrees for patch in self.patches) and all(point.agrees for point in self.totals)


def check(mails: list[Mail], name: str) -> SeriesReport:
    """Compare the patches in *mails* with the series.

    :raises MachineError: none of them is of the series"""
    patches = [(mail, touched(mail)) for mail in mails if mail.changes]
    pairs = [(mail, touch, counterpart(mail, touch)) for mail, touch in patches]
    ours = [(mail, touch, patch) for mail, touch, patch in pairs if patch is not None]
    if not ours:
        raise MachineError(f"{name}: none of its {len(patches)} patches is of the series; kernel-port list names them")
    form = form_of(mails, [(mail, patch) for mail, _, patch in ours])
    compared = tuple(compare_patch(mail, touch, patch, form) for mail, touch, patch in ours)
    there = {patch.number for _, _, patch in ours}
    expected = [patch.number for patch in PATCHES if form == "posted" or not patch.merged_with]
    return SeriesReport(
        form,
        compared,
        tuple(totals([mail for mail, _, _ in ours])) if form == "posted" and len(there) == len(PATCHES) else (),
        tuple(number for number in expected if number not in there),
        tuple((mail.subject, COMPANIONS.get(plain(mail.subject), "")) for mail, _, patch in pairs if patch is None),
    )


def plain(subject: str) -> str:
    """A subject without prefix and what may be spelled one way or another."""
    words = re.sub(r"^pci:\s*", "", subject.lower())
    return " ".join(re.sub(r"[^a-z0-9_]+", " ", words).split())


def counterpart(mail: Mail, touch: Touched) -> Patch | None:
    """The patch of ours that *mail* is: by its subject, else by the functions it adds or, adding none, modifies."""
    for patch in PATCHES:
        if plain(mail.subject) in {plain(patch.subject), plain(patch.merged_title)} - {""}:
            return patch
    for patch in PATCHES:
        if patch.adds and any(name in touch.added for name in (*patch.adds, *renamed(patch.adds))):
            return patch
    gained = set(chain.from_iterable(touch.members.values()))
    return PATCHES[1] if "reset_slot" in gained and not touch.added else None


def renamed(names: tuple[str, ...]) -> Iterator[str]:
    """The merged series' names for those of *names* that it renames."""
    return (MERGED_NAMES[name][0] for name in names if name in MERGED_NAMES)


def form_of(mails: list[Mail], ours: list[tuple[Mail, Patch]]) -> str:
    """Whether a series is the posted or the merged one, by its length or the titles that differ between the two."""
    if any(mail.of == len(PATCHES) for mail in mails):
        return "posted"
    posted = sum(plain(mail.subject) == plain(patch.subject) for mail, patch in ours)
    merged = sum(plain(mail.subject) == plain(patch.merged_title) for mail, patch in ours)
    is_merged = merged > posted or (merged == posted and any(mail.subject.startswith("PCI:") for mail, _ in ours))
    return "merged" if is_merged else "posted"


def compare_patch(mail: Mail, touch: Touched, patch: Patch, form: str) -> Compared:
    """One patch of theirs beside ours, in the form given."""
    together = [patch]
    if form == "merged":
        together = [other for other in PATCHES if other.merged_with == patch.number] + together
    expected = [expect(each, form) for other in together for each in definitions(other)]
    points = chain(
        [Point("subject", clean(mail.subject), patch.merged_title if form == "merged" else patch.subject)],
        counts(mail, patch),
        functions(touch, expected, {name for other in together for name in other.modifies}),
        prototypes(touch, expected),
        [Point("exports", listed(touch.exports), listed(each.c_name for each in expected if is_exported(each)))],
    )
    return Compared(patch.number, clean(mail.subject), tuple(points), patch.note)


@cache
def everything() -> tuple[Ported, ...]:
    """What is ported, read once."""
    return ported()


def definitions(patch: Patch) -> list[Ported]:
    """What a patch of ours adds."""
    return [each for each in everything() if each.point == patch.number and each.name in patch.adds]


def expect(each: Ported, form: str) -> Ported:
    """One of our functions as the given form has it."""
    if form == "posted" or each.name not in MERGED_NAMES:
        return each
    name, c_file = MERGED_NAMES[each.name]
    prototype = f"static {each.prototype.replace(each.name, name)}"
    return replace(each, c_name=name, c_file=c_file, prototype=prototype, is_static=True)


def is_exported(each: Ported) -> bool:
    """Whether a function of ours is exported."""
    return bool(each.definition.export) and not each.is_static


def counts(mail: Mail, patch: Patch) -> Iterator[Point]:
    """Files with the lines added and removed in each."""
    theirs = {change.path: change.counts for change in mail.changes}
    for path in sorted(theirs.keys() | patch.files.keys()):
        sides = (files.get(path) for files in (theirs, patch.files))
        told = (f"+{lines[0]} -{lines[1]}" if lines else "not touched" for lines in sides)
        yield Point(clean(path), *told)


def functions(touch: Touched, expected: list[Ported], modifies: set[str]) -> Iterator[Point]:
    """What is added, modified and removed."""
    yield Point("adds", listed(touch.added), listed(each.c_name for each in expected))
    yield Point("modifies", listed(touch.modified), listed(modifies))
    yield Point("removes", listed(touch.removed), listed(()))
    if touch.members or "hotplug_slot_ops" in modifies:
        gained = chain.from_iterable(touch.members.values())
        yield Point("new members", listed(gained), listed(["reset_slot"] if "hotplug_slot_ops" in modifies else ()))


def prototypes(touch: Touched, expected: list[Ported]) -> Iterator[Point]:
    """File and prototype of each function that both add."""
    for each in expected:
        if theirs := touch.added.get(each.c_name):
            yield Point(f"file of {each.c_name}", clean(theirs.file), each.c_file)
            yield Point(f"prototype of {each.c_name}", clean(theirs.prototype), each.prototype)


def listed(names: Iterable[str]) -> str:
    """Names in one line."""
    return ", ".join(sorted(map(clean, names))) or "none"


def totals(mails: list[Mail]) -> Iterator[Point]:
    """All eight together beside the cover letter's count, which takes added and removed lines together."""
    sums: dict[str, int] = {}
    for change in chain.from_iterable(mail.changes for mail in mails):
        sums[change.path] = sums.get(change.path, 0) + sum(change.counts)
    for path in sorted(sums.keys() | COVER_LETTER.keys()):
        yield Point(f"all of {clean(path)}", str(sums.get(path, 0)), str(COVER_LETTER.get(path, 0)))
