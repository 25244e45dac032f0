# SPDX-License-Identifier: GPL-2.0-only
"""Report which functions of a fleet can be reset and how, what refuses the others, and which functions reset together.

PATH is a file (or sysfs tree, or example:NAME), a folder, a pattern such as 'dumps/**/*.txt', or - for a list of those
on standard input. Machines are reported in the order of the paths; in a folder or pattern, by name. All cores work. A
machine that cannot be read is one line of the report. With the output piped and none of --jsonl, --resume, --csv and
--html, the lines go to standard output instead of the summary. --resume continues an interrupted run, and repeats what
has changed, a machine or the kernel; until it is complete, its lines are in FILE.part, and an earlier report in FILE
stays unchanged.

Each line of JSON is a machine: {file, size, mtime_ns, patches, with, yours, error}; yours (list of text) changes with
what is in your own files in with. If error is null, also:
  machine, warnings (how many), unseen (functions the kernel does not find), untried (resets that the probes allow, and
    that were not tried for lack of time), alone, together, fails (only by a reset that returns 0 and is no good), none,
    unknown (how many functions), stand_ins (bdfs of bridges and functions 0 that are not in the file; they are not
    counted)
  functions: list of {bdf, vendor, device, class, driver, outcome, how, fault, along, refused, unknown}; how is the C
    function that resets it alone, or the smallest "slot:NAME" or "bus:NAME" that does; fault is what is wrong with a
    reset of it that was tried on a copy (null; see why --help); along counts the other functions that this resets;
    refused has the guards (numbers) of the other methods that reset it alone, and if there is no way, of its slot and
    bus; unknown (list of text) is what decides and is not in the file
  groups, the slots and buses: list of {kind, name, bridge, rc (null: unknown), refused (a guard's number or null),
    unknown (true, false), takes (bdfs), fault}
  guards: list of {rung, rc, file, line, function, c, text, because, explanation}; rung is the reset method

Examples: kernel-port census dumps/ --html fleet.html
          find / -name 'lspci*.txt' | kernel-port census - --resume fleet.jsonl
"""

from __future__ import annotations

import argparse
import io
import json
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
from ..census.report import is_report
from ..census.table import Table
from ..census.totals import Chart, Totals
from ..files import refuse_outputs, write_text, write_whole
from ..hw.errors import MachineError
from ..limits import ANSWER, FLEET, size
from ..pool import cores, jobs
from ..terminal import Paint, Progress, clean, width
from ..why.report import kernel_name
from . import _kernel, _machine

PATHS = f"file, folder, pattern, or - for a list of them; at most: {FLEET}; of each machine {_machine.LIMITS}"
RESUME = f"the same; skip machines that FILE already has; at most: {size(ANSWER)} a line"

#: This many machines take less time than starting other processes.
FEW = 8
#: Columns of a bar.
BAR = 30
#: How many bad files the summary names.
NAMED = 10


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of census."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help=PATHS)
    _kernel.arguments(parser)
    parser.add_argument("--jsonl", metavar="FILE", type=Path, help="write the lines of JSON here")
    parser.add_argument("--resume", metavar="FILE", type=Path, help=RESUME)
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write a table of all functions")
    parser.add_argument("--html", metavar="FILE", type=Path, help="write the summary and its charts as a page")
    parser.add_argument("--jobs", metavar="N", type=jobs, help="how many processes; default: one per core")
    parser.add_argument("--dask", metavar="ADDRESS", help="work on a Dask cluster that sees the same files")


def run(args: argparse.Namespace) -> int:
    """Answer for all machines."""
    if args.jsonl and args.resume:
        raise MachineError("--jsonl starts a report and --resume continues one: give one of the two")
    kernel = _kernel.chosen(args)
    report = args.jsonl or args.resume
    outputs = [path for path in (report, args.csv, args.html) if path]
    files = [file for file in machines(args.paths, sys.stdin) if not is_report(file)]
    refuse_outputs([*outputs, *([part(report)] if report else [])])
    fleet = set(map(identity, files))
    for output in outputs:
        if identity(str(output)) in fleet:
            raise MachineError(f"{output}: is of the fleet itself; name another file")
    if not files:
        raise MachineError(f"{' '.join(args.paths)}: no machine there; give files, folders or patterns")
    totals = Totals(kernel)
    piped = not outputs and not sys.stdout.isatty()
    try:
        with ExitStack() as closes:
            closes.enter_context(termination_is_interrupt())
            ledger = closes.enter_context(Ledger(report, resume=args.resume is not None))
            table, finish_table = table_to(args.csv, closes)
            engine = engine_of(args, len(files), closes)
            jobs = (Job.of(file, kernel) for file in files)
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
        go_on = f"continue with --resume {report}" if report else "with --jsonl it could continue"
        print(f"kernel-port: interrupted after {totals.machines} of {len(files)} machines; {go_on}", file=sys.stderr)
        return 130
    if args.html:
        write_text(args.html, "".join(page(totals)))
    if not piped:
        show(totals)
    return 0


@contextmanager
def termination_is_interrupt() -> Iterator[None]:
    """Handle SIGTERM, with which services and batch systems end a run, like Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def engine_of(args: argparse.Namespace, machines: int, closes: ExitStack) -> Engine:
    """Choose who does the work, and release it at the end, at once after an error."""
    jobs = args.jobs or (cores() if machines > FEW else 1)
    engine: Engine = Dask(args.dask) if args.dask else Processes(jobs) if jobs > 1 else Here()
    closes.push(lambda kind, _error, _at: engine.close(at_once=kind is not None))
    return engine


def table_to(path: Path | None, closes: ExitStack) -> tuple[Table | None, Callable[[], None]]:
    """Return the table, and a function that puts it at *path* once it is complete."""
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
        """Count one more, *new* if it was work."""
        self._done += 1
        self._new += new
        rate = self._new / max(time.monotonic() - self._start, 1e-3)
        full = 20 * self._done // self._total
        left = (self._total - self._done) / rate if rate else 0
        how_far = f"[{'#' * full}{'.' * (20 - full)}] {self._done} of {self._total}"
        self.at(f"{how_far}, {rate:.1f} a second, {duration(left)} left")


def duration(seconds: float) -> str:
    """Return a time in seconds as text."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


# -- the summary -----------------------------------------------------------------------------------------------------


def show(totals: Totals) -> None:
    """Print the totals and their charts."""
    paint = Paint()
    print(paint("bold", clean(totals.headline())))
    print(f"{kernel_name(totals.kernel)}.")
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
    columns = max(20, width() - wide - BAR - 15)
    labels = [textwrap.wrap(clean(bar.label), columns, subsequent_indent="  ") for bar in chart.bars]
    column = max((len(line) for label in labels for line in label), default=0)
    for (first, *rest), bar in zip(labels, chart.bars, strict=True):
        share = bar.number / chart.whole
        print(f"  {first:<{column}}  {bar.number:>{wide}}  {share:>6.1%}  {'#' * round(BAR * share)}".rstrip())
        for line in rest:
            print(f"  {line}")
