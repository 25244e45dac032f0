# SPDX-License-Identifier: GPL-2.0-only
"""Which mend mends what: scenarios by kernels; each cell is a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .choice import ALL, KernelChoice
from .mends import shipped
from .review.pages.html import page, text
from .scenarios import load, play
from .terminal import Paint

HOLDS, FAILS, NOT_THERE = "holds", "fails", "does not apply"
#: What the terminal shows of a cell.
SIGNS = {HOLDS: ".", FAILS: "X", NOT_THERE: " "}


@dataclass(frozen=True, slots=True)
class Column:
    """A kernel of the matrix."""

    label: str
    """"base", "+1", ..., "+8", the name of a mend, "all"."""
    kernel: KernelChoice
    options: tuple[str, ...]
    """The options of the command line that choose it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A scenario with a kernel."""

    scenario: str
    column: Column
    verdict: str
    broken: tuple[str, ...] = ()
    """The invariants that do not hold, and why."""

    @property
    def commands(self) -> list[str]:
        """The command lines that show the run."""
        words = " ".join((self.scenario, *self.column.options))
        return [f"kernel-port run {words}", f"kernel-port watch {words} -o {self.scenario}.html"]


def columns() -> list[Column]:
    """Return the kernels: base, +1 ... +8, +8 with each mend and its needs, and with all of them."""
    series = [KernelChoice(patches) for patches in range(ALL + 1)]
    found = [Column(kernel.point, kernel, ("--patches", str(kernel.patches))) for kernel in series]
    for name in shipped():
        options = ("--with", name, "--with-needs")
        found.append(Column(name, KernelChoice.of(ALL, [name], needs=True), options))
    every = tuple(word for name in shipped() for word in ("--with", name))
    return [*found, Column("all", KernelChoice.of(ALL, shipped()), every)]


def cell(scenario: str, column: Column) -> Cell:
    """Play a scenario with a kernel."""
    loaded = load(scenario)
    if column.kernel.patches < loaded.since:
        return Cell(scenario, column, NOT_THERE)
    broken = tuple(play(loaded, column.kernel).broken)
    return Cell(scenario, column, FAILS if broken else HOLDS, broken)


def table(rows: Iterable[list[Cell]], paint: Paint) -> Iterator[str]:
    """Yield the matrix for people, line by line: what the columns are, then a row for each scenario."""
    heads = columns()
    for number, column in enumerate(heads):
        yield f"{number:>3}  {column.label}"
    yield f"     . {HOLDS}, X {FAILS}, blank: {NOT_THERE}"
    yield ""
    yield " " * 24 + "".join(f"{number:>3}" for number in range(len(heads)))
    for row in rows:
        signs = (paint("red" if each.verdict == FAILS else "dim", f"{SIGNS[each.verdict]:>3}") for each in row)
        yield f"{row[0].scenario:<24}{''.join(signs)}".rstrip()


def html(rows: Iterable[list[Cell]]) -> str:
    """Return the matrix as a page: each cell leads to the command lines that show its run."""
    heads = "".join(f"<th>{text(column.label)}</th>" for column in columns())
    lines, runs = [], []
    for row in rows:
        name = row[0].scenario
        links = (
            f'<td><a href="#{text(name)}-{number}">{text(each.verdict)}</a></td>'
            if each.verdict != NOT_THERE
            else f"<td>{NOT_THERE}</td>"
            for number, each in enumerate(row)
        )
        lines.append(f"<tr><th>{text(name)}</th>{''.join(links)}</tr>")
        runs.append(f"<h2>{text(name)}</h2>\n<p>{text(load(name).question)}</p>")
        for number, each in enumerate(row):
            if each.verdict != NOT_THERE:
                why = "".join(f"<br>{text(reason)}" for reason in each.broken)
                shown = "<br>".join(f"<code>{text(command)}</code>" for command in each.commands)
                runs.append(
                    f'<p id="{text(name)}-{number}"><b>{text(each.column.label)}: {text(each.verdict)}</b>{why}<br>'
                    f"{shown}</p>"
                )
    body = (
        "<h1>Which mend mends what</h1>\n<table>\n"
        f"<tr><th>scenario</th>{heads}</tr>\n{chr(10).join(lines)}\n</table>\n{chr(10).join(runs)}"
    )
    return page("Which mend mends what", body, ["page.css"])
