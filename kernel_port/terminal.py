# SPDX-License-Identifier: GPL-2.0-only
"""The user's terminal: colour where it is wanted, width, progress of long work, and harmless text."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TextIO, TypeVar, cast

T = TypeVar("T")

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36"}
#: Columns beyond which lines are not made longer: $COLUMNS may say anything.
WIDEST = 1000
#: What a shell returns for a command that it does not find.
NO_COMMAND = 127
#: Seconds before the first progress report, then between reports: on a terminal, elsewhere.
PATIENCE, INTERVAL_LIVE, INTERVAL_FILE = 1.0, 0.1, 5.0


class Paint:
    """Colours text for a stream if it is a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb."""

    def __init__(self, stream: TextIO | None = None) -> None:
        stream = stream or sys.stdout
        self.on = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def __call__(self, style: str, text: str) -> str:
        """Return *text* in a style of STYLES."""
        return f"\033[{STYLES[style]}m{text}\033[m" if self.on and text else text


def width() -> int:
    """Return the columns of the terminal; without one, enough to keep long lines whole."""
    return min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else 160


def clean(text: str) -> str:
    """Return *text* with all control characters and direction marks escaped."""
    return "".join(c if c.isprintable() or c == " " else _spelled(c) for c in text)


def _spelled(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape", "backslashreplace").decode()


#: What this module itself says to a terminal: colours, and a line that is written anew.
_OURS = re.compile(r"(\x1b\[[0-9;]*m|\r\x1b\[K)")
_TEXT = re.compile(r"[^\n\t]+")


def harmless(text: str) -> str:
    """Return lines with everything in them escaped that a terminal would obey, but for colours."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    parts = _OURS.split(text)
    return "".join(part if at % 2 else _TEXT.sub(lambda run: clean(run[0]), part) for at, part in enumerate(parts))


class Door:
    """A stream as it was, except that what is written to it is harmless."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text*, made harmless."""
        return self._stream.write(harmless(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def doors() -> Iterator[None]:
    """Let nothing reach standard output and error but through a Door."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (each if isinstance(each, Door) else cast(TextIO, Door(each)) for each in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def page(lines: Sequence[str], wanted: bool = True) -> None:
    """Print *lines*: on a terminal through the user's pager, as git does; PAGER=cat, PAGER= or *wanted* False: without.

    The pager gets LESS=FRX unless LESS is set: it ends at once where one screen is enough."""
    text = harmless("".join(f"{line}\n" for line in lines))
    pager = os.environ.get("PAGER", "less")
    if wanted and sys.stdout.isatty() and pager not in ("", "cat"):
        import signal  # imported here, because most output is piped
        import subprocess

        environment, data = {"LESS": "FRX", "LV": "-c", **os.environ}, text.encode("utf-8", "backslashreplace")
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the pager
        try:
            done = subprocess.run(pager, shell=True, input=data, env=environment, check=False)  # noqa: S602
        finally:
            signal.signal(signal.SIGINT, before)
        if done.returncode != NO_COMMAND:
            return
    sys.stdout.write(text)


class Progress:
    """Reports on standard error how far something is, if it takes more than a second."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.next = time.monotonic() + PATIENCE
        self.shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.shown and sys.stderr.isatty():
            self._write("\r\033[K")

    def at(self, how_far: str) -> None:
        """Report that it is at *how_far*."""
        now = time.monotonic()
        if now < self.next:
            return
        live = sys.stderr.isatty()
        self.next, self.shown = now + (INTERVAL_LIVE if live else INTERVAL_FILE), True
        line = clean(f"{self.what}: {how_far}")
        self._write(f"\r\033[K{line}" if live else f"{line}\n")

    def _write(self, text: str) -> None:
        """Write; an error is no reason to stop the work."""
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()


def progress(items: Collection[T], what: str) -> Iterator[T]:
    """Yield *items* one by one; report how many are done if it takes more than a second."""
    with Progress(what) as bar:
        for number, item in enumerate(items):
            bar.at(f"{number} of {len(items)}")
            yield item
