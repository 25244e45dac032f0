# SPDX-License-Identifier: GPL-2.0-only
"""Patches as mails: a mailbox, single .patch files, the output of git format-patch."""

from __future__ import annotations

import email
import email.errors
import email.header
import email.message
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...archives import unpacked
from ...files import opened, within
from ...hw.errors import MachineError
from ...limits import MAILS, ONE_MAIL, SUBJECT, Budget

#: Where a mail begins in a mailbox: at the start or after an empty line, before a header. A line of text that begins
#: with "From" has no header below it.
MAIL = re.compile(r"(?:\A|(?<=\n\n))From [^\n]*\n(?=[\w-]+:)")
TAGS = re.compile(r"\s*+\[([^\]\n]*)\]\s*+")
NUMBER = re.compile(r"(?:^|\s)(\d{1,4})/(\d{1,4})$")
#: A mail on an archive's page: its subject, an empty line, its author and date.
PAGE = re.compile(r"\A(\[[^\]\n]*\][^\n]*)\n\n(?=From:)")
HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")


@dataclass(frozen=True, slots=True)
class Hunk:
    """One place that a patch changes in a file."""

    #: First line numbers, before and after.
    old: int
    new: int
    #: git's name of the place, such as the first line of a function; may be of one that ends above.
    section: str
    #: Lines as in the difference, each with its sign.
    lines: tuple[str, ...]

    def side(self, sign: str) -> list[tuple[str, bool]]:
        """Return the lines before ("-") or after ("+"), each with whether it is only there."""
        return [(line[1:], line[0] == sign) for line in self.lines if line[0] in f" {sign}"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a patch does to one file."""

    path: str
    hunks: tuple[Hunk, ...]

    @property
    def counts(self) -> tuple[int, int]:
        """Lines added and removed."""
        signs = [line[0] for hunk in self.hunks for line in hunk.lines]
        return signs.count("+"), signs.count("-")


@dataclass(frozen=True, slots=True)
class Mail:
    """A patch, or the cover letter of a series."""

    subject: str
    #: Number and length of the series; 0 if unknown. A cover letter is number 0 of some.
    number: int
    of: int
    #: Version of the series, 1 by default.
    version: int
    #: Its commit, from the line before the headers; "" if none.
    commit: str
    changes: tuple[FileChange, ...] = field(repr=False)
    #: Its text.
    text: str = field(default="", repr=False)

    @property
    def is_cover(self) -> bool:
        """Whether it introduces a series and changes nothing."""
        return not self.changes


def load(path: Path) -> str:
    """Read a mailbox, or all .patch files in a directory, without links that leave it.

    :raises MachineError: there is nothing to read, or too much"""
    files = sorted(each for each in path.glob("*.patch") if within(path, each)) if path.is_dir() else [path]
    if not files:
        raise MachineError(f"{path}: no .patch files in it; name a mailbox, or a folder that git format-patch wrote")
    budget, texts = Budget(str(path), MAILS), []
    for file in files:
        data = contents(file)
        budget.take(len(data))
        texts.append(from_page(decode(data)))
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(text if MAIL.match(text) else f"From patch\n{text}" for text in texts)


def from_page(text: str) -> str:
    """Move the subject on an archive's page into the headers; return other text unchanged."""
    # The empty line stays, as part of the subject, so that lines keep their numbers.
    return PAGE.sub(r"Subject: \1\n \n", text)


def contents(path: Path) -> bytes:
    """Read a file, decompressed if it is compressed as mail archives are.

    :raises MachineError: it is damaged, or too long"""
    with opened(path) as file:
        return unpacked(file, file.peek(6), str(path), MAILS).read()


def decode(data: bytes) -> str:
    """Decode bytes of mail to text that encodes to the same bytes."""
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def mails(text: str, name: str) -> list[Mail]:
    """Return the patches and cover letters in a mailbox, in order, without replies and other mail.

    If a patch is there in several versions, the newest counts.

    :raises MachineError: there is no patch, or one is damaged; the message has the line"""
    budget, found = Budget(name, MAILS), []
    for start, piece in split(text):
        budget.take()
        if len(piece) > ONE_MAIL:
            raise MachineError(f"{name}:{start}: a mail of over {ONE_MAIL >> 20} MiB; name a mailbox of the series")
        if (mail := read(piece, name, start)) is not None:
            found.append(mail)
    newest = max((mail.version for mail in found), default=0)
    found = [mail for mail in found if mail.version == newest or not mail.of]
    if not found:
        raise MachineError(f"{name}: no patch in it; name a mailbox or .patch files with differences that git wrote")
    if all(mail.of for mail in found):
        found.sort(key=lambda mail: mail.number)
    return found


def split(text: str) -> Iterator[tuple[int, str]]:
    """Yield the mails of a mailbox, each with the number of its first line."""
    starts = [0, *(match.start() for match in MAIL.finditer(text, 1))]
    line, at = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line, at = line + text.count("\n", at, start), start
        yield line, text[start:end]


def read(piece: str, name: str, line: int) -> Mail | None:
    """Read one mail; None if it is a reply, or neither patch nor cover letter.

    :raises MachineError: it, or its difference, is damaged"""
    envelope, _, rest = piece.partition("\n") if piece.startswith("From ") else ("", "", piece)
    try:
        message = email.message_from_bytes(rest.encode("utf-8", "surrogateescape"))
    except RecursionError as error:
        raise MachineError(f"{name}:{line}: mails nested too deeply; name a mailbox of the series") from error
    subject, tags = untagged(header(message))
    number, of, version = place(tags)
    body = content(message)
    # If the differences are not encoded, line numbers are the file's.
    above = rest.find(body) if body else -1
    first = line + bool(envelope) + (rest.count("\n", 0, above) if above >= 0 else 0)
    changes = tuple(differences(body, name, first))
    if subject.lower().startswith(("re:", "fwd:")) or not (changes or (of and not number)):
        return None
    commit = re.match(r"From ([0-9a-f]{40}) ", envelope)
    return Mail(subject, number, of, version, commit[1] if commit and commit[1].strip("0") else "", changes, body)


def header(message: email.message.Message) -> str:
    """Return the subject in one line, decoded."""
    subject = str(message.get("Subject", ""))[:SUBJECT]
    # If its encoding is wrong, take it as is.
    with suppress(email.errors.HeaderParseError, LookupError, ValueError):
        subject = str(email.header.make_header(email.header.decode_header(subject)))
    return " ".join(subject.split())


def untagged(subject: str) -> tuple[str, str]:
    """Split a subject into the subject proper and the tags in brackets before it."""
    tags, at = [], 0
    while tag := TAGS.match(subject, at):
        tags.append(tag[1])
        at = tag.end()
    return subject[at:], " ".join(tags)


def place(tags: str) -> tuple[int, int, int]:
    """Parse number, length and version of the series from "PATCH v2 3/8"."""
    number = NUMBER.search(tags)
    version = re.search(r"\bv(\d{1,3})\b", tags, re.IGNORECASE)
    return int(number[1]) if number else 0, int(number[2]) if number else 0, int(version[1]) if version else 1


def content(message: email.message.Message) -> str:
    """Return the text of a mail, with its transfer encoding decoded."""
    texts, parts = [], [message]
    while parts:
        part = parts.pop()
        inner: Any = part.get_payload()
        if part.is_multipart():
            parts += reversed(inner)
        elif part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            texts.append(decode(payload) if isinstance(payload, bytes) else "")
    return "\n".join(texts)


def differences(body: str, name: str, first: int) -> Iterator[FileChange]:
    """Yield the differences in the text of a mail that begins at line *first*.

    :raises MachineError: a hunk has fewer lines than it says"""
    lines = body.split("\n")
    at, path, old_path = 0, "", ""
    hunks: list[Hunk] = []
    while at < len(lines):
        line = lines[at]
        if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            if hunks:
                yield FileChange(path, tuple(hunks))
            old_path, path, hunks = named(line), named(lines[at + 1]), []
            path = path or old_path
            at += 2
        elif path and (head := HUNK.match(line)):
            hunk = read_hunk(head, lines, at + 1, f"{name}:{first + at}")
            hunks.append(hunk)
            at += 1 + len(hunk.lines)
        else:
            at += 1
    if hunks:
        yield FileChange(path, tuple(hunks))


def named(line: str) -> str:
    """Return the file of a --- or +++ line, "" for none."""
    path = line[4:].partition("\t")[0].strip()
    return "" if path == "/dev/null" else path.partition("/")[2] if path.startswith(("a/", "b/")) else path


def read_hunk(head: re.Match[str], lines: list[str], at: int, where: str) -> Hunk:
    """Read the hunk whose lines begin at *at*.

    :raises MachineError: it has fewer lines than it says"""
    left = {"-": int(head[2] or 1), "+": int(head[4] or 1)}
    taken: list[str] = []
    while left["-"] > 0 or left["+"] > 0:
        line = lines[at] if at < len(lines) else None
        if line is None or (line and line[0] not in " +-\\"):
            raise MachineError(f"{where}: the hunk is cut off or wrapped; save the mail as it came, not pasted")
        line = line or " "  # mail programs strip the space of an empty context line
        for sign in left:
            left[sign] -= line[0] in f" {sign}"
        taken.append(line)
        at += 1
    if min(left.values()) < 0:
        raise MachineError(f"{where}: the hunk does not have the lines it says; save the mail as it came, not pasted")
    return Hunk(int(head[1]), int(head[3]), head[5].strip(), tuple(taken))
