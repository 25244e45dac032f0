# SPDX-License-Identifier: GPL-2.0-only
"""Compare a real series with the port: cover letter, subjects, files with their counts, functions, prototypes, exports.

The series comes in two forms, as posted (v2, a letter and eight patches) and as merged (v3.12, patch 3 within patch 5).
Known differences between the two (series.py) are noted, but do not count. Nor does a count that is unknown for the
posted form, which is reported as unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, zip_longest

from ...hw.errors import MachineError
from ...series import COVER_LETTER, PATCHES, SHORTENED, Counts, Patch
from ...terminal import clean
from ..port.ported import Ported, ported
from .letter import Letter, read_letter
from .mbox import Mail
from .touched import Touched, touched

#: Its name in the merged series, and the file in which it is static there.
MERGED_NAMES = {"pci_hp_reset_slot": ("pci_reset_hotplug_slot", "drivers/pci/pci.c")}
#: Later commits on the subject, which are not in the posted series.
COMPANIONS = {
    "tune secondary bus reset timing": "a later commit: 2 ms and 1 s instead of 100 ms each",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing compared."""

    what: str
    theirs: str
    #: None if there is nothing known to compare with.
    ours: str | None

    @property
    def agrees(self) -> bool:
        """Whether both are the same, as far as known."""
        return self.ours in (None, self.theirs)


@dataclass(frozen=True, slots=True)
class Compared:
    """A patch of theirs beside one of ours."""

    number: int
    subject: str
    points: tuple[Point, ...]
    #: Known differences of the compared form from the other.
    note: str

    @property
    def agrees(self) -> bool:
        """Whether all points agree."""
        return all(point.agrees for point in self.points)


@dataclass(frozen=True, slots=True)
class SeriesReport:
    """A series beside ours."""

    #: "posted" or "merged".
    form: str
    #: The cover letter, () if there is none.
    letter: tuple[Point, ...]
    patches: tuple[Compared, ...]
    #: All patches together, beside the cover letter, theirs if there is one.
    totals: tuple[Point, ...]
    #: Numbers of our patches that theirs does not have.
    missing: tuple[int, ...]
    #: Subjects of patches that are not ours, with what is known of them.
    others: tuple[tuple[str, str], ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing differs. Missing and foreign patches do not count."""
        points = (*self.letter, *self.totals)
        return all(patch.agrees for patch in self.patches) and all(point.agrees for point in points)


def check(mails: list[Mail], name: str) -> SeriesReport:
    """Compare the cover letter and the patches in *mails* with the series.

    :raises MachineError: none of them is of the series"""
    patches = [(mail, touched(mail)) for mail in mails if mail.changes]
    pairs = [(mail, touch, counterpart(mail, touch)) for mail, touch in patches]
    ours = [(mail, touch, patch) for mail, touch, patch in pairs if patch is not None]
    cover = next((mail for mail in mails if mail.is_cover and is_of_the_series(mail)), None)
    if not ours and not cover:
        what = f"none of its {len(patches)} patches is" if patches else "its cover letter is not"
        raise MachineError(f"{name}: {what} of the series; kernel-port list names the patches")
    letter = read_letter(cover.text) if cover else None
    form = form_of(mails, [(mail, patch) for mail, _, patch in ours])
    compared = tuple(compare_patch(mail, touch, patch, form) for mail, touch, patch in ours)
    there = {patch.number for _, _, patch in ours}
    expected = [patch.number for patch in PATCHES if form == "posted" or not patch.merged_with]
    return SeriesReport(
        form,
        tuple(letter_points(cover, letter)) if cover and letter else (),
        compared,
        tuple(totals([mail for mail, _, _ in ours], letter)) if form == "posted" and len(there) == len(PATCHES) else (),
        tuple(number for number in expected if number not in there),
        tuple((mail.subject, COMPANIONS.get(plain(mail.subject), "")) for mail, _, patch in pairs if patch is None),
    )


def plain(subject: str) -> str:
    """Normalize a subject: no prefix, no differences of spelling."""
    words = re.sub(r"^pci:\s*", "", subject.lower())
    return " ".join(re.sub(r"[^a-z0-9_]+", " ", words).split())


def counterpart(mail: Mail, touch: Touched) -> Patch | None:
    """Return our patch for *mail*: by its subject, else by the functions that it adds or, if none, modifies."""
    for patch in PATCHES:
        if plain(mail.subject) in {plain(patch.subject), plain(patch.merged_title)} - {""}:
            return patch
    for patch in PATCHES:
        if patch.adds and any(name in touch.added for name in (*patch.adds, *renamed(patch.adds))):
            return patch
    gained = set(chain.from_iterable(touch.members.values()))
    return PATCHES[1] if "reset_slot" in gained and not touch.added else None


def is_of_the_series(cover: Mail) -> bool:
    """Return whether a cover letter is that of the series: by its title, else by a subject that it lists."""
    listed_there = {plain(subject) for subject in read_letter(cover.text).subjects}
    return plain(cover.subject) == plain(COVER_LETTER.title) or any(plain(p.subject) in listed_there for p in PATCHES)


def renamed(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the merged series' names for those of *names* that it renames."""
    return (MERGED_NAMES[name][0] for name in names if name in MERGED_NAMES)


def form_of(mails: list[Mail], ours: list[tuple[Mail, Patch]]) -> str:
    """Return whether a series is the posted or the merged one, by its length or the titles that differ."""
    if any(mail.of == len(PATCHES) for mail in mails):
        return "posted"
    posted = sum(plain(mail.subject) == plain(patch.subject) for mail, patch in ours)
    merged = sum(plain(mail.subject) == plain(patch.merged_title) for mail, patch in ours)
    is_merged = merged > posted or (merged == posted and any(mail.subject.startswith("PCI:") for mail, _ in ours))
    return "merged" if is_merged else "posted"


def compare_patch(mail: Mail, touch: Touched, patch: Patch, form: str) -> Compared:
    """Compare one of their patches with ours, in the given form."""
    together = [patch]
    if form == "merged":
        together = [other for other in PATCHES if other.merged_with == patch.number] + together
    expected = [expect(each, form) for other in together for each in definitions(other)]
    points = chain(
        [Point("subject", clean(mail.subject), patch.merged_title if form == "merged" else patch.subject)],
        counts(mail, patch, form),
        functions(touch, expected, {name for other in together for name in other.modifies}),
        prototypes(touch, expected),
        [Point("exports", listed(touch.exports), listed(each.c_name for each in expected if is_exported(each)))],
    )
    return Compared(patch.number, clean(mail.subject), tuple(points), patch.note)


@cache
def everything() -> tuple[Ported, ...]:
    """Return what is ported, read once."""
    return ported()


def definitions(patch: Patch) -> list[Ported]:
    """Return what one of our patches adds."""
    return [each for each in everything() if each.point == patch.number and each.name in patch.adds]


def expect(each: Ported, form: str) -> Ported:
    """Return one of our functions as the given form has it."""
    if form == "posted" or each.name not in MERGED_NAMES:
        return each
    name, c_file = MERGED_NAMES[each.name]
    prototype = f"static {each.prototype.replace(each.name, name)}"
    return replace(each, c_name=name, c_file=c_file, prototype=prototype, is_static=True)


def is_exported(each: Ported) -> bool:
    """Return whether one of our functions is exported."""
    return bool(each.definition.export) and not each.is_static


def counts(mail: Mail, patch: Patch, form: str) -> Iterator[Point]:
    """Compare files, with the lines added and removed in each."""
    theirs = {change.path: change.counts for change in mail.changes}
    ours: Mapping[str, Counts | None] = patch.merged if form == "merged" else patch.posted
    for path in sorted(theirs.keys() | ours.keys()):
        known: str | None = changed(ours.get(path))
        if path in ours and ours[path] is None:
            known = None if path in theirs else "touched"
        yield Point(clean(path), changed(theirs.get(path)), known)


def changed(lines: Counts | None) -> str:
    """Format lines added and removed."""
    return f"+{lines[0]} -{lines[1]}" if lines else "not touched"


def functions(touch: Touched, expected: list[Ported], modifies: set[str]) -> Iterator[Point]:
    """Compare what is added, modified and removed."""
    yield Point("adds", listed(touch.added), listed(each.c_name for each in expected))
    yield Point("modifies", listed(touch.modified), listed(modifies))
    yield Point("removes", listed(touch.removed), listed(()))
    if touch.members or "hotplug_slot_ops" in modifies:
        gained = chain.from_iterable(touch.members.values())
        yield Point("new members", listed(gained), listed(["reset_slot"] if "hotplug_slot_ops" in modifies else ()))


def prototypes(touch: Touched, expected: list[Ported]) -> Iterator[Point]:
    """Compare file and prototype of each function that both add."""
    for each in expected:
        if theirs := touch.added.get(each.c_name):
            yield Point(f"file of {each.c_name}", clean(theirs.file), each.c_file)
            yield Point(f"prototype of {each.c_name}", clean(theirs.prototype), each.prototype)


def listed(names: Iterable[str]) -> str:
    """Format names in one line."""
    return ", ".join(sorted(map(clean, names))) or "none"


def letter_points(cover: Mail, letter: Letter) -> Iterator[Point]:
    """Compare a cover letter with what is known of it: title, author, subjects in order, statistics."""
    yield Point("title", clean(cover.subject), COVER_LETTER.title)
    yield Point("author", clean(letter.author) or "not there", COVER_LETTER.author)
    yield Point("patches", str(letter.patches), str(len(PATCHES)))
    pairs = zip_longest(letter.subjects, (patch.subject for patch in PATCHES), fillvalue="not there")
    for number, (theirs, ours) in enumerate(pairs, 1):
        yield Point(f"{number}/{len(PATCHES)}", clean(theirs), ours)
    for path in sorted(letter.lines.keys() | COVER_LETTER.lines.keys()):
        signs = "+-" if path == SHORTENED else "+"
        theirs = drawn(letter.lines.get(path), letter.signs.get(path, ""))
        yield Point(clean(path), theirs, drawn(COVER_LETTER.lines.get(path), signs if letter.signs.get(path) else ""))
    known = (len(COVER_LETTER.lines), COVER_LETTER.insertions, COVER_LETTER.deletions)
    theirs_in_all = letter.total or ("not there",) * len(known)
    for what, stated, count in zip(("files", "insertions", "deletions"), theirs_in_all, known, strict=True):
        yield Point(what, str(stated), str(count))


def drawn(lines: int | None, signs: str) -> str:
    """Format the statistics of a file: how many lines, and the signs if there are any."""
    return "not there" if lines is None else f"{lines} {signs}".rstrip()


def totals(mails: list[Mail], letter: Letter | None) -> Iterator[Point]:
    """Compare all patches together with the cover letter, theirs if there is one.

    A letter counts what the series changes as a whole, without lines that one patch adds and a later one removes;
    this series has none."""
    lines, insertions, deletions = COVER_LETTER.lines, COVER_LETTER.insertions, COVER_LETTER.deletions
    if letter and letter.total:
        lines, (_, insertions, deletions) = letter.lines, letter.total
    sums: dict[str, Counts] = {}
    for change in chain.from_iterable(mail.changes for mail in mails):
        added, removed = sums.get(change.path, (0, 0))
        sums[change.path] = (added + change.counts[0], removed + change.counts[1])
    for path in sorted(sums.keys() | lines.keys()):
        yield Point(f"all of {clean(path)}", str(sum(sums.get(path, (0, 0)))), str(lines.get(path, 0)))
    yield Point("all insertions", str(sum(added for added, _ in sums.values())), str(insertions))
    yield Point("all deletions", str(sum(removed for _, removed in sums.values())), str(deletions))
