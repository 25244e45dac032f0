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
#: What the page shows of a cell that has a run.
MARKS = {HOLDS: "✓", FAILS: "✗"}


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
    """Return the matrix as a page: each cell leads to what became of its run, and the command lines that show it."""
    heads = "".join(f'<th scope="col"><span>{text(column.label)}</span></th>' for column in columns())
    lines, runs = [], []
    for row in rows:
        name = row[0].scenario
        question = f"<p>{text(load(name).question)}</p>"
        cells = []
        for number, each in enumerate(row):
            if each.verdict == NOT_THERE:
                cells.append("<td></td>")
                continue
            said = text(f"{name}, {each.column.label}: {each.verdict}")
            cells.append(
                f'<td class="{each.verdict}"><a href="#{text(name)}-{number}" title="{said}" aria-label="{said}">'
                f"{MARKS[each.verdict]}</a></td>"
            )
            why = "".join(f"<p>{text(reason)}</p>" for reason in each.broken)
            shown = "".join(f"<p><code>{text(command)}</code></p>" for command in each.commands)
            runs.append(f'<div class="run" id="{text(name)}-{number}"><p><b>{said}</b></p>{question}{why}{shown}</div>')
        lines.append(f'<tr><th scope="row">{text(name)}</th>{"".join(cells)}</tr>')
    legend = f"{MARKS[HOLDS]} {HOLDS}, {MARKS[FAILS]} {FAILS}, blank: {NOT_THERE}. A mark leads to its run, below."
    body = (
        f'<header class="title"><h1>Which mend mends what</h1>\n<p class="legend">{legend}</p></header>\n'
        '<main><div class="matrix" tabindex="0" role="region" aria-label="The matrix"><table>\n'
        f'<thead><tr><th scope="col">scenario</th>{heads}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody>\n'
        f"</table></div>\n{chr(10).join(runs)}</main>"
    )
    return page("Which mend mends what", body, ["page.css", "matrix.css"])
