# SPDX-License-Identifier: GPL-2.0-only
"""Find what is ported in another kernel: in place, moved, renamed or gone."""

from __future__ import annotations

from dataclasses import dataclass

from ..port.ported import Ported, ported
from ..port.renames import RENAMES
from .csource import CFunction, CSource, CStruct
from .tree import SCOPE, Tree, version

#: The first kernel with the series in it.
MERGED = (3, 12)
#: What can have become of something, from nothing to all.
STATES = ("in place", "changed", "moved", "renamed", "gone", "not yet")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What became of one function, macro or struct in another kernel."""

    name: str
    #: Its C file in 2013.
    c_file: str
    #: One of STATES. "changed": in place with another prototype, for the series' functions alone. "not yet": of the
    #: series, and the kernel is older.
    state: str
    #: Where it is now, under which name; "" and 0 if nowhere.
    now: str
    file: str
    line: int
    #: Since which version, as far as known, and why; if it changed, its prototype now.
    since: str
    why: str


def check(tree: Tree) -> list[Whereabouts]:
    """Find everything ported whose C file is in scope, each once, in the order of C files and modules."""
    source = CSource(tree)
    age = version(tree)
    in_reach = (each for each in ported() if SCOPE.fullmatch(each.c_file))
    newest = {(each.c_file, each.c_name, each.kind): each for each in in_reach}
    return [look(source, each, age) for each in sorted(newest.values(), key=lambda each: each.c_file)]


def look(source: CSource, each: Ported, age: tuple[int, int] | None) -> Whereabouts:
    """Find *each* in a kernel of this *age*."""
    name, file = each.c_name, each.c_file
    if found := find(source, each):
        state, why = "in place" if found.file == file else "moved", ""
        if each.point and isinstance(found, CFunction) and state == "in place" and found.prototype != each.prototype:
            state, why = "changed", found.prototype
        return Whereabouts(name, file, state, name, found.file, found.line, "", why)
    if each.point and age is not None and age < MERGED:
        added = f"added by {each.definition.layer.replace('+', 'patch ')}"
        return Whereabouts(name, file, "not yet", "", "", 0, "v3.12", added)
    later = RENAMES.get(name)
    if later is None:
        return Whereabouts(name, file, "gone", "", "", 0, "", "")
    for new in later.names:
        if heir := source.find_struct(new, file) if each.kind == "struct" else source.find(new, file):
            return Whereabouts(name, file, "renamed", new, heir.file, heir.line, later.since, later.why)
    return Whereabouts(name, file, "gone", "", "", 0, later.since, later.why)


def find(source: CSource, each: Ported) -> CFunction | CStruct | None:
    """Find where *each* is defined under its own name.

    A name of another hotplug driver's own does not count."""
    if each.kind == "struct":
        struct = source.find_struct(each.c_name, each.c_file)
        return struct if struct and (struct.file == each.c_file or not is_driver(struct.file)) else None
    found = source.find(each.c_name, each.c_file)
    if found and found.is_static and found.file != each.c_file and (is_driver(found.file) or found.file.endswith(".c")):
        return None
    return found


def is_driver(path: str) -> bool:
    """Return whether a file is one hotplug driver's: what it defines, unless exported, is that driver's alone."""
    return path.startswith("drivers/pci/hotplug/")
