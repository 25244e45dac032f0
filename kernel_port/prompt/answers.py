# SPDX-License-Identifier: GPL-2.0-only
"""What a session answers with: text at a prompt; a table, or a page in a frame, in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..hw.fields import lowest
from ..review.watch.page import Recording, Subject, watch_page
from ..terminal import Paint
from ..trace.decode import decode, parts
from ..trace.outcome import Outcome
from ..trace.render import render

#: Pixels: a page that one watches fits a screen.
FRAME_HEIGHT = 720
DRAWING_HEIGHT = 320


class Value(int):
    """What a register holds: a number that shows its name and its fields."""

    config: bytes
    offset: int
    size: int

    def __new__(cls, value: int, config: bytes, offset: int, size: int) -> Value:
        """:param config: registers of the function, with its capability lists
        :param offset: where it is
        :param size: its bytes"""
        made = super().__new__(cls, value)
        made.config, made.offset, made.size = config, offset, size
        return made

    def __repr__(self) -> str:
        return decode(self.config, self.offset, self.size, self)

    def _repr_html_(self) -> str:
        rows = [
            (part.title, f"{field.mask:#x}", field.short, field.call(field.of(part.value)))
            for part in parts(self.config, self.offset, self.size, self)
            for field in sorted(part.fields, key=lambda field: lowest(field.mask))
        ]
        return f"<code>{escape(repr(self))}</code>{table(('register', 'bits', 'field', 'value'), rows)}"


class Lines:
    """A text of several lines, at a prompt as it is."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


class Picture(Lines):
    """A machine as a tree, and as a drawing."""

    def __init__(self, lines: list[str], name: str, page: str) -> None:
        """:param page: the page that has the drawing"""
        super().__init__(lines)
        self._name, self._page = name, page

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}{frame(self._page, self._name, DRAWING_HEIGHT)}"


class Verdict(Lines):
    """How something can be reset, and why not in another way."""

    def __init__(self, lines: list[str], rows: list[tuple[str, str, str]]) -> None:
        super().__init__(lines)
        #: Method, what it says, why.
        self.rows = rows

    def _repr_html_(self) -> str:
        return f"{super()._repr_html_()}{table(('method', 'result', 'why'), self.rows)}"


@dataclass(repr=False)
class Reset:
    """A reset that was carried out: what it returned, what became of the registers, and each event."""

    outcome: Outcome
    recording: Recording
    #: The registers of each function before, by address.
    before: dict[str, bytes]

    @property
    def rc(self) -> int | None:
        """What the call returned; None if it never did."""
        return self.outcome.rc

    @property
    def trace(self) -> Lines:
        """Every event, as `kernel-port reset` prints it."""
        return Lines(list(render(self.outcome.events, self.before, self.outcome.start, False, Paint())))

    def __repr__(self) -> str:
        return "\n".join(self.outcome.summary(Paint()))

    def _repr_html_(self) -> str:
        title = f"{self.outcome.call}({self.outcome.target}) on {self.outcome.machine}"
        made = f"kernel_port.Session.reset({self.outcome.target!r})"
        page = watch_page(Subject(title, "", "", made, self.outcome.warnings), [self.recording])
        return frame(page, title, FRAME_HEIGHT)


def frame(page: str, title: str, height: int) -> str:
    """Return a page in a frame of so many pixels."""
    return f'<iframe srcdoc="{escape(page)}" style="width: 100%; height: {height}px" title="{escape(title)}"></iframe>'


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in HTML; "" without rows."""
    if not rows:
        return ""
    lines = ["<table>", "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    lines += ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return "".join([*lines, "</table>"])
