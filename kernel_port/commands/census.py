# SPDX-License-Identifier: GPL-2.0-only
"""Say of a fleet of machines which functions can be reset and how, which cannot and what refuses, and who comes along.

PATH is a file (or sysfs tree, or example:NAME), a folder, a pattern such as 'dumps/**/*.txt', or - for a list of those
on standard input. The order is that of the paths; in a folder or pattern, that of names. All cores work on it. A
machine that cannot be read is one line of the report. With the output piped and none of --jsonl, --resume, --csv and
--html, the lines go to standard output instead of the summary. A run that was interrupted goes on with --resume; its
lines are in FILE.part until all are there, and an earlier report stays what it was until then.

Each line of JSON is a machine: {file, size, mtime_ns, patches, error} and, if error is null:
  machine, warnings (how many), unseen (functions the kernel does not find), alone, together, none (how many functions)
  functions: list of {bdf, vendor, device, class, driver, outcome, how, along, refused}; how is the C function that
    resets it alone, or the smallest "slot:NAME" or "bus:NAME" that does; along says how many others that takes,
    refused what refuses the other ways to reset it alone, and if there is no way, its slot and bus: numbers of guards
  groups, the slots and buses: list of {kind, name, bridge, rc, refused (a guard's number or null), takes (bdfs)}
  guards: list of {rung, rc, room, line, function, c, text, because, explanation}

Examples: kernel-port census dumps/ --html fleet.html
          find / -name 'lspci*.txt' | kernel-port census - --resume fleet.jsonl
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..census.answer import Job
from ..census.engine import Dask, Engine, Here, Processes, in_order
from ..census.ledger import Ledger, part
from ..census.page import page
from ..census.paths import identity, machines
from ..census.table import Table
from ..census.totals import Chart, Totals
from ..files import refuse_output, write_text, write_whole
from ..hw.errors import MachineError
from ..terminal import Paint, Progress, clean, width
from ..why.report import NOT_PORTED, kernel_name

#: So many machines are done before other processes have started.
FEW = 8
#: Columns of a bar.
BAR = 30
#: Bad files that are named in the summary.
NAMED = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of census."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="file, folder, pattern, or - for a list of them")
    parser.add_argument("--patches", metavar="N", type=int, choices=range(9), default=8, help="0 to 8; default: 8")
    parser.add_argument("--jsonl", metavar="FILE", type=Path, help="write the lines of JSON here")
    parser.add_argument("--resume", metavar="FILE", type=Path, help="the same; what FILE has already is not done again")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write a table of all functions")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the summary and its charts as a page")
    parser.add_argument("--jobs", metavar="N", type=int, help="how many processes; default: one to a core")
    parser.add_argument("--dask", metavar="ADDRESS", help="work on a Dask cluster that sees the same files")


def run(args: argparse.Namespace) -> int:
    """Answer for all machines."""
    if args.jsonl and args.resume:
        raise MachineError("--jsonl begins a report and --resume goes on with one: give one of the two")
    report = args.jsonl or args.resume
    outputs = [path for path in (report, args.csv, args.html) if path]
    for output in outputs:
        for path in args.paths:
            refuse_output(output, path)
    own = {identity(str(output)) for output in (*outputs, *([part(report)] if report else ()))}
    files = [file for file in machines(args.paths, sys.stdin) if identity(file) not in own]
    if not files:
        raise MachineError(f"{' '.join(args.paths)}: no machine in it; give files, folders or patterns")
    totals = Totals(args.patches)
    piped = not outputs and not sys.stdout.isatty()
    try:
        with ExitStack() as closes:
            closes.enter_context(termination_is_interrupt())
            ledger = closes.enter_context(Ledger(report, resume=args.resume is not None))
            table, finish_table = table_to(args.csv, closes)
            engine = engine_of(args, len(files), closes)
            jobs = (Job.of(file, args.patches) for file in files)
            gauge = Gauge(len(files))
            closes.push(gauge)
            for line, new in in_order(engine, jobs, ledger):
                record = json.loads(line)
                totals.add(record)
                if new:
                    ledger.add(record, line)
                if table:
                    table.add(record)
                if piped:
                    sys.stdout.write(line)
                gauge.done(new)
            ledger.finish(files)
            finish_table()
    except KeyboardInterrupt:
        go_on = f"go on with --resume {report}" if report else "with --jsonl it could go on"
        print(f"kernel-port: interrupted after {totals.machines} of {len(files)} machines; {go_on}", file=sys.stderr)
        return 130
    if args.html:
        write_text(args.html, "".join(page(totals)))
    if not piped:
        show(totals)
    return 0


@contextmanager
def termination_is_interrupt() -> Iterator[None]:
    """SIGTERM, by which services and batch systems end a run, does what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def engine_of(args: argparse.Namespace, machines: int, closes: ExitStack) -> Engine:
    """Who does the work; let go at the end, at once if that comes too soon."""
    jobs = args.jobs or (len(os.sched_getaffinity(0)) if machines > FEW else 1)
    engine: Engine = Dask(args.dask) if args.dask else Processes(jobs) if jobs > 1 else Here()
    closes.push(lambda kind, _error, _at: engine.close(at_once=kind is not None))
    return engine


def table_to(path: Path | None, closes: ExitStack) -> tuple[Table | None, Callable[[], None]]:
    """The table, and what puts it at *path* once it is whole."""
    if path is None:
        return None, lambda: None
    rows = closes.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    text = io.TextIOWrapper(rows, encoding="utf-8", errors="surrogateescape", newline="")

    def finish() -> None:
        text.detach()
        rows.seek(0)
        write_whole(path, lambda whole: shutil.copyfileobj(rows, whole))

    return Table(text), finish


class Gauge(Progress):
    """Progress, with the rate and the time left."""

    def __init__(self, total: int) -> None:
        super().__init__("census")
        self._total, self._done, self._new = total, 0, 0
        self._start = time.monotonic()

    def done(self, new: bool) -> None:
        """One more, *new* if it was work."""
        self._done += 1
        self._new += new
        rate = self._new / max(time.monotonic() - self._start, 1e-3)
        full = 20 * self._done // self._total
        left = (self._total - self._done) / rate if rate else 0
        how_far = f"[{'#' * full}{'.' * (20 - full)}] {self._done} of {self._total}"
        self.at(f"{how_far}, {rate:.1f} a second, {duration(left)} left")


def duration(seconds: float) -> str:
    """A time in seconds for people."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


# -- the summary -----------------------------------------------------------------------------------------------------


def show(totals: Totals) -> None:
    """Print the sums and their charts."""
    paint = Paint()
    print(paint("bold", clean(totals.headline())))
    print(f"{kernel_name(totals.patches)}; {NOT_PORTED}.")
    for chart in totals.charts():
        print(f"\n{paint('bold', chart.title)}")
        show_chart(chart)
    bad = [(file, error) for file, error, _ in totals.listed if error is not None]
    if bad:
        print(f"\n{paint('bold', 'Machines that could not be read')}")
    for file, error in bad[:NAMED]:
        print(clean(f"  {error}" if file in error else f"  {file}: {error}"))
    if totals.bad > NAMED:
        print(f"  and {totals.bad - NAMED} more")


def show_chart(chart: Chart) -> None:
    """Print the bars, each beside the first line of its label."""
    wide = len(str(chart.whole))
    room = max(20, width() - wide - BAR - 15)
    labels = [textwrap.wrap(clean(bar.label), room, subsequent_indent="  ") for bar in chart.bars]
    column = max((len(line) for label in labels for line in label), default=0)
    for (first, *rest), bar in zip(labels, chart.bars, strict=True):
        share = bar.number / chart.whole
        print(f"  {first:<{column}}  {bar.number:>{wide}}  {share:>6.1%}  {'#' * round(BAR * share)}".rstrip())
        for line in rest:
            print(f"  {line}")
