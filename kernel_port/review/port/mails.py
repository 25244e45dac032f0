# SPDX-License-Identifier: GPL-2.0-only
"""The series in Python as mails for git am: differences of the flat source, with our commit messages."""

from __future__ import annotations

import difflib
import hashlib
import re
from textwrap import fill

from ...choice import KernelChoice
from ...series import PATCHES, Counts, Patch
from . import base_md
from .definitions import module
from .flat import source

#: The file the mails change: what kernel-port export writes.
FILE = "linux.py"
#: Mails need a sender and a date; these are made up, and constant.
SENDER = "kernel_port <kernel_port@localhost>"
DATE = "Mon, 23 Nov 2026 00:00:00 +0000"
WIDTH = 75


def difference(number: int) -> str:
    """Return what patch *number* changes in the flat source, in git's format."""
    return between(KernelChoice(number - 1), KernelChoice(number))


def between(one: KernelChoice, other: KernelChoice) -> str:
    """Return the difference between the flat sources of two kernels, in git's format."""
    old, new = source(one), source(other)
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{FILE}", f"b/{FILE}")
    head = f"diff --git a/{FILE} b/{FILE}\nindex {blob(old)}..{blob(new)} 100644\n"
    return head + "".join(lines)


def blob(text: str) -> str:
    """Return git's short name of a file with this content."""
    data = text.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()[:10]


def file_name(patch: Patch) -> str:
    """Return the file name of git format-patch for the mail."""
    return f"{patch.number:04}-{re.sub(r'[^A-Za-z0-9._]+', '-', patch.subject).strip('-.')}.patch"


def mail(patch: Patch) -> str:
    """Return a patch as git format-patch writes it, with our commit message."""
    changes = difference(patch.number)
    return (
        f"From {'0' * 40} Mon Sep 17 00:00:00 2001\n"
        f"From: {SENDER}\nDate: {DATE}\n"
        f"Subject: [PATCH {patch.number}/{len(PATCHES)}] {patch.subject}\n\n"
        f"{message(patch)}\n---\n{statistics(changes)}\n{changes}-- \nkernel_port\n\n"
    )


def message(patch: Patch) -> str:
    """Return the commit message: why, what changed in Linux, what to look at, and what became of it."""
    _, _, words = module(f"patch.{patch.module}").doc.partition("\n\n")
    parts = [fill(" ".join(part.split()), WIDTH) for part in re.split(r"\n(?=[A-Z][a-z ]+:)", words)]
    return "\n\n".join([*parts, fill(fate(patch), WIDTH), upstream(patch)])


def fate(patch: Patch) -> str:
    """Return what the patch was merged as, and what changed on the way."""
    became = f'commit {patch.merged_as} ("{patch.merged_title}")' if patch.merged_as else f'"{patch.merged_title}"'
    merged = f"Merged: {became} in v3.12." if patch.merged_title else "Merged: not as a commit of its own."
    return f"{merged} {patch.note[:1].upper()}{patch.note[1:]}{'.' * bool(patch.note)}".rstrip()


def upstream(patch: Patch) -> str:
    """Return the patch's C files, with lines added and removed: as posted, as far as known, and as merged."""
    rows = [("Upstream:", "posted", "merged")]
    for path in patch.posted:
        posted, merged = patch.posted[path], patch.merged.get(path)
        rows.append((f"  {path}", signed(posted) if posted else "not known", signed(merged) if merged else "none"))
    width = max(len(path) for path, _, _ in rows)
    return "\n".join(f"{path:<{width}}  {posted:<9}  {merged}" for path, posted, merged in rows)


def signed(counts: Counts) -> str:
    """Format lines added and removed."""
    return f"+{counts[0]} -{counts[1]}"


def statistics(changes: str) -> str:
    """Return what git writes between message and difference."""
    lines = changes.splitlines()[4:]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    counts = [f"{added} insertion{'s' * (added != 1)}(+)"] if added else []
    counts += [f"{removed} deletion{'s' * (removed != 1)}(-)"] if removed else []
    bar = "+" * min(added, 40) + "-" * min(removed, 20)
    return f" {FILE} | {added + removed} {bar}\n 1 file changed, {', '.join(counts)}\n"


def files() -> dict[str, str]:
    """Return the files that kernel-port export writes to patches/: mails, the series file for quilt, and BASE.md."""
    mails = {file_name(patch): mail(patch) for patch in PATCHES}
    return {**mails, "series": "".join(f"{name}\n" for name in mails), "BASE.md": base_md.text()}
