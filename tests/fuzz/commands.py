# SPDX-License-Identifier: GPL-2.0-only
"""The target that runs commands: exit status 0, 1 or 2, at most one line of complaint, and no traceback."""

import contextlib
import io
from functools import cache

import engine
from engine import folder, mutated, mutated_lines, written
from inputs import descriptions, dumps, images

from kernel_port import scenarios
from kernel_port.calls import TAKEN, parameters_of
from kernel_port.cli import main
from kernel_port.link import link

#: What a command is about.
ABOUT = ("00:00.0", "01:00.0", "00:1c.0", "slot:1", "bus:00", "bus:01", "slot:x", "bus:x", "ffff:ff:1f.7",
         "", "\x1b[2J")  # fmt: skip
#: Options of reset, and what may come after them; FILE is a file that can be written.
OPTIONS = {
    "--patches": ("0", "4", "8", "9", "-1", "x"), "--seed": ("0", "-1", "1e3", "9" * 30), "--call": None,
    "--trace": "FILE", "-o": "FILE", "--live": "FILE", "--perfetto": "FILE", "--ftrace": "FILE", "--qemu": "FILE",
    "--setpci": "FILE", "--json": (), "-v": (), "--in-place": (), "--nothing": (),
}  # fmt: skip
NAMES = ("out.txt", "out.toml", "out.ecam", "a.ecam", "a.txt", "b.txt", "out", "none/out.txt", ".", "\udcff", "a\nb")
EXAMPLES = ("vga", "twoslots", "twoslots", "af-flr", "no-such")
#: What most machines have.
THERE = {
    "function": ("00:00.0", "00:1c.0", "01:00.0", "00:02.0"), "slot": ("slot:1", "slot:2"), "bus": ("bus:00", "bus:01"),
}  # fmt: skip


@cache
def functions(kind):
    """What --call can name for a function, slot or bus, and some that it cannot."""
    named = {name: parameters_of(link(8), name) for name in link(8).symbols}
    return [name for name, parameters in named.items() if parameters and parameters[0].annotation in TAKEN[kind]]


def machine(rng):
    """A machine, mostly whole, as an argument."""
    kind = rng.randrange(9)
    if kind > 2:
        return f"example:{rng.choice(EXAMPLES)}"
    name, seeds = (("dump.txt", dumps()), ("machine.toml", descriptions()), ("machine.ecam", images()))[kind]
    data = rng.choice(seeds)
    return str(written(name, mutated_lines(rng, data, seeds) if rng.randrange(2) else data))


def options(rng, kind):
    """Options of reset, as they come."""
    argv = []
    for name in sorted({rng.choice(("--call", "--json", "-v")), *rng.sample(list(OPTIONS), rng.randrange(3))}):
        values = OPTIONS[name]
        if name == "--call":
            known = rng.choice(functions(kind))
            values = (known, known, known, known, mutated(rng, known.encode(), most=1).decode("utf-8", "replace"))
        elif values == "FILE":
            values = [str(folder() / each) for each in NAMES]
        argv += [name, *([rng.choice(values)] if values else [])]
    return argv


def reset(rng):
    """Reset, with options of its own."""
    kind = rng.choice(("function", "slot", "bus"))
    target = rng.choice(THERE[kind] if rng.randrange(8) else ABOUT)
    run(["reset", machine(rng), target, *options(rng, kind)])


def command(rng):
    """Any other command on a machine, a census, or a scenario."""
    where = machine(rng)
    report = str(folder() / "census.jsonl")
    name = mutated(rng, rng.choice(scenarios.names()).encode(), most=1).decode("utf-8", "replace")
    run(rng.choice((
        ["tree", where], ["tree", where, "--json"], ["why", where, rng.choice(ABOUT)], ["why", where, "--json"],
        ["convert", where, "-o", str(folder() / rng.choice(NAMES))],
        ["census", where, rng.choice(("--jsonl", "--resume")), report, "--jobs", "1"],
        ["watch", where, rng.choice(ABOUT), "-o", str(folder() / "out.html")],
        ["run", name, "-q"], ["run", name, "--schedule", rng.choice(("0.1", "1.1.1", "x", "-1"))],
        ["show", rng.choice(("pci_reset_bus", name))], ["diff", rng.choice(("1", "9", name))],
    )))  # fmt: skip


def run(argv):
    """Run a command line. A reader that has gone is no matter here."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(argv)
        except SystemExit as stop:  # of argparse
            status = stop.code
    assert status in (0, 1, 2), status
    complaint = err.getvalue()
    if status == 2:
        engine.refusals[f"command line: {argv[0]}"] += 1
        assert complaint.count("\n") == 1, complaint
        assert complaint[:-1].isprintable(), complaint


#: Name -> the target, and its share of all cases in thousandths.
TARGETS = {"reset": (reset, 4), "command": (command, 1)}
