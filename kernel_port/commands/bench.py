# SPDX-License-Identifier: GPL-2.0-only
"""Measure how fast the port is here, and how exact its delays are.

All rows are measured in turn, again and again, so that other load affects them equally. The table has the medians, and
their ratio to a plain os.pread of a file and to mmap with struct in the same run. If the least is much less than the
median, the computer was busy. A delay's figure is how late it ends; one that ever ends early is not ok. The last row
is how far outside of 100 to 101 ms (a jiffy more) a secondary bus reset in real time lasts for another process that
maps the same image.

Example: kernel-port bench --dump machine.txt
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import platform
import statistics
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

from .._shims import ffi, lib
from ..bench import growth
from ..bench.bus_reset_witness import Witness
from ..bench.processes import command, environment
from ..explore import Stage
from ..hw.address import Address
from ..hw.description import MachineDescription
from ..hw.image import FUNCTION_SIZE, ConfigImage
from ..images import load
from ..images.save import save
from ..machine import Machine, boot
from ..pci_regs import PCI_BRIDGE_CONTROL, PCI_COMMAND, PCI_SECONDARY_BUS, PCI_SUBORDINATE_BUS
from ..scenarios import load as load_scenario
from ..terminal import Paint, Progress, clean
from . import _machine

#: Seconds of measuring.
FULL, QUICK = 40.0, 2.0
#: Calls averaged into one sample of a short row: few, so that most batches run without being preempted; and samples
#: taken at a time.
BATCH, BATCHES = 100, 5
#: Functions of the machine to boot if none is given.
FUNCTIONS = 53
#: The shortest scenario.
SMALLEST = "not-a-bridge"
#: How long a secondary bus reset is held at least, and at most: msleep() sleeps a jiffy more, ns.
HELD, HELD_AT_MOST = 100_000_000, 101_000_000
PREAD, MMAP, BARE = "os.pread", "mmap and struct", "bare cffi call"

#: Takes one or more samples, in the unit of its row.
Sampler = Callable[[], list[float]]


@dataclass(slots=True)
class Figure:
    """One figure: how to sample it, and the largest median it should have."""

    name: str
    unit: str
    sample: Sampler
    target: float | None = None
    #: The target is this many times the median of the row of this name.
    target_of: str = ""
    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of the samples."""
        return statistics.median(self.samples)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of bench."""
    parser.add_argument(
        "--dump", metavar="FILE", help=f"a machine to boot, default: one of {FUNCTIONS} functions; {_machine.LIMITS}"
    )
    parser.add_argument(
        "--growth", action="store_true", help="boot, reset and probe machines of 100 to 65536 functions; takes minutes"
    )
    parser.add_argument(
        "--quick", action="store_true", help=f"measure for {QUICK:g} s rather than {FULL:g}, and no delay of a second"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="one object: python, machine, seconds, rows (name, unit, median, least, p99, samples, early, target, ok, "
        "times_pread, times_mmap; target and ok are null where there is none, early where the row is no delay)",
    )


def run(args: argparse.Namespace) -> int:
    """Measure everything and print it."""
    if args.growth:
        with Progress("measuring") as bar:
            found = growth.as_json(growth.in_processes(growth.SIZES[:3] if args.quick else growth.SIZES, bar.at))
        if args.json:
            print(json.dumps(found, indent=1))
        else:
            growth.show(found)
        return 0
    seconds = QUICK if args.quick else FULL
    description = load(args.dump) if args.dump else machine_of(FUNCTIONS)
    with ExitStack() as closes:
        rows = [
            *references(closes), *accesses(closes), *work(closes, description), *processes(closes, description),
            *delays(closes, 100 if args.quick else 1000), held(closes),
        ]  # fmt: skip
        measure(rows, seconds)
    table = as_json(rows)
    if args.json:
        here = {"python": platform.python_version(), "machine": f"{platform.machine()}, {os.cpu_count()} processors"}
        print(json.dumps({**here, "seconds": seconds, "rows": table}, indent=1))
    else:
        show(table)
    return 0


# -- what is measured ----------------------------------------------------------------------------------------------


def references(closes: ExitStack) -> Iterator[Figure]:
    """Yield the alternatives, a system call and pure Python, and the least that a call into C costs."""
    file = closes.enter_context(TemporaryFile())  # noqa: SIM115
    file.truncate(FUNCTION_SIZE)
    mapped = closes.enter_context(mmap.mmap(file.fileno(), FUNCTION_SIZE))
    image = closes.enter_context(ConfigImage())
    yield Figure(PREAD, "us", batch(os.pread, file.fileno(), 2, PCI_COMMAND))
    yield Figure(MMAP, "us", batch(struct.Struct("<H").unpack_from, mapped, PCI_COMMAND))
    yield Figure(BARE, "us", batch(lib.config_image_close, ffi.NULL))
    yield Figure("raw shim read", "us", batch(image.reader(1, 0), PCI_COMMAND, 2), 3, BARE)


def accesses(closes: ExitStack) -> Iterator[Figure]:
    """Yield configuration cycles, from the kernel's inline function through routing and masks to the image and back."""
    machine = closes.enter_context(boot("example:vga"))
    kernel, card = machine.kernel, machine.function("01:00.0")
    read = batch(kernel.pci_read_config_word, card, PCI_COMMAND)
    write = batch(kernel.pci_write_config_word, card, PCI_COMMAND, kernel.pci_read_config_word(card, PCI_COMMAND))
    yield Figure("pci_read_config_word, traced", "us", partial(traced, machine, True, read), 2)
    yield Figure("pci_read_config_word, trace off", "us", partial(traced, machine, False, read), 2)
    yield Figure("pci_write_config_word, traced", "us", partial(traced, machine, True, write), 5)
    yield Figure("pci_write_config_word, trace off", "us", partial(traced, machine, False, write))


def work(closes: ExitStack, description: MachineDescription) -> Iterator[Figure]:
    """Yield what a user waits for."""
    vga = closes.enter_context(boot("example:vga"))
    reset = each(5, vga.call, "pci_reset_slot", vga.slot("1"))
    start = each(1, lambda: boot(description).close())
    stage = closes.enter_context(closing(Stage(load_scenario(SMALLEST), 8)))
    schedule = each(5, stage.run, lambda count: 0)
    yield Figure("reset example:vga slot:1, virtual time", "ms", partial(traced, vga, True, reset), 1)
    yield Figure(f"boot {description.name}, {len(description.functions)} functions", "ms", start)
    yield Figure(f"explore {SMALLEST}, a schedule", "ms", schedule, 1)


def processes(closes: ExitStack, description: MachineDescription) -> Iterator[Figure]:
    """Yield whole processes, from their second run on, when Python has the bytecode of the package."""
    folder = closes.enter_context(TemporaryDirectory())
    dump = Path(folder, "dump.txt")
    save(description, dump)
    variables = environment() | {"PYTHONPYCACHEPREFIX": folder, "PYTHONDONTWRITEBYTECODE": ""}
    for words, target in ((["--help"], 80), (["why", str(dump)], 300)):
        process = partial(
            subprocess.run, command("kernel_port", *words), capture_output=True, check=True, env=variables
        )
        yield Figure(f"kernel-port {words[0]}, whole process", "ms", each(1, process), target)


def delays(closes: ExitStack, longest: int) -> Iterator[Figure]:
    """Yield the kernel's delays in real time, each beside Python's own.

    :param longest: leave out longer delays, ms"""
    machine = closes.enter_context(boot("example:single", real_time=True))
    kernel = machine.kernel

    def wakes(msecs: int) -> int:  # at a tick, so up to a jiffy later than was asked for
        return machine.system.tick(kernel.jiffies() + kernel.msecs_to_jiffies(msecs) + 1, kernel.HZ) - machine.clock.now

    for delay, amount, nanoseconds, count, target in (
        (kernel.msleep, 1000, 1_000_000_000, 1, 100),
        (kernel.msleep, 100, 100_000_000, 1, 100),
        (kernel.msleep, 10, 10_000_000, 2, 100),
        (kernel.msleep, 1, 1_000_000, 5, 100),
        (kernel.udelay, 1000, 1_000_000, 5, 5),
        (kernel.udelay, 100, 100_000, 20, 5),
        (kernel.udelay, 10, 10_000, 20, 5),
    ):
        if nanoseconds > longest * 1e6:
            continue
        asked = partial(int, nanoseconds)
        lasts = partial(wakes, amount) if delay is kernel.msleep else asked
        yield Figure(f"{delay.__name__}({amount})", "us late", late(lasts, count, delay, amount), target)
        seconds = nanoseconds / 1e9
        if delay is not kernel.msleep or amount > 1:  # udelay(1000) covers 1 ms
            yield Figure(f"time.sleep({seconds:g})", "us late", late(asked, count, time.sleep, seconds))


def held(closes: ExitStack) -> Figure:
    """Measure how far outside of HELD and HELD_AT_MOST another process sees a secondary bus reset last."""
    path = Path(closes.enter_context(TemporaryDirectory()), "image.ecam")
    save(load("example:single"), path)
    images = {0: ConfigImage.in_place(path)}
    machine = closes.enter_context(boot("example:single", real_time=True, images=images))
    port = machine.function("00:01.0")
    witness = closes.enter_context(Witness(path, (port.devfn << 12) + PCI_BRIDGE_CONTROL))

    def sample() -> list[float]:
        witness.look()
        machine.kernel.pci_reset_bridge_secondary_bus(port)
        saw = witness.saw()
        return [max(HELD - saw, saw - HELD_AT_MOST, 0) / 1e3]

    return Figure("secondary bus reset, to another process", "us off", sample, 1000)


# -- how it is measured --------------------------------------------------------------------------------------------


def measure(rows: list[Figure], seconds: float) -> None:
    """Sample all rows in turn, for that many seconds."""
    for row in rows:
        row.sample()  # exclude caches, imports and page faults
    end = time.monotonic() + seconds
    with Progress("measuring") as bar:
        while (left := end - time.monotonic()) > 0:
            bar.at(f"{left:.0f} s left")
            for row in rows:
                row.samples += row.sample()


def batch(call: Callable[..., Any], *args: Any) -> Sampler:
    """Return a sampler of a short call: means of a few calls, us."""

    def sample() -> list[float]:
        samples = []
        for _ in range(BATCHES):
            start = time.perf_counter_ns()
            for _ in repeat(None, BATCH):
                call(*args)
            samples.append((time.perf_counter_ns() - start) / BATCH / 1e3)
        return samples

    return sample


def each(count: int, call: Callable[..., Any], *args: Any) -> Sampler:
    """Return a sampler of a long call, ms."""

    def sample() -> list[float]:
        samples = []
        for _ in range(count):
            start = time.perf_counter_ns()
            call(*args)
            samples.append((time.perf_counter_ns() - start) / 1e6)
        return samples

    return sample


def late(lasts: Callable[[], int], count: int, delay: Callable[..., Any], *args: Any) -> Sampler:
    """Return a sampler of how late a delay ends, us; negative: early.

    :param lasts: returns how long the delay is to last from now, ns"""

    def sample() -> list[float]:
        samples = []
        for _ in range(count):
            end = time.monotonic_ns() + lasts()
            delay(*args)
            samples.append((time.monotonic_ns() - end) / 1e3)
        return samples

    return sample


def traced(machine: Machine, tracing: bool, sample: Sampler) -> list[float]:
    """Take a sample with the trace of *machine* on or off, and empty."""
    machine.system.tracing = tracing
    machine.events.clear()
    return sample()


def machine_of(count: int) -> MachineDescription:
    """Make a machine of *count* functions, an odd number: a host bridge, and ports with a card each."""
    host_bridge, (port, card) = load("example:vga").functions[0], load("example:single").functions
    functions = [host_bridge]
    for bus in range(1, count // 2 + 1):
        config = bytearray(port.config)
        config[PCI_SECONDARY_BUS] = config[PCI_SUBORDINATE_BUS] = bus
        functions.append(replace(port, address=Address(0, 0, bus, 0), config=bytes(config)))
        functions.append(replace(card, address=Address(0, bus, 0, 0)))
    return MachineDescription("a built-in machine", functions)


# -- the report ----------------------------------------------------------------------------------------------------


def as_json(rows: list[Figure]) -> list[dict[str, Any]]:
    """Return the table as data."""
    medians = {row.name: row.median for row in rows}
    return [described(row, medians) for row in rows]


def described(row: Figure, medians: dict[str, float]) -> dict[str, Any]:
    """Return a row as data."""
    median = medians[row.name]
    is_delay = row.unit.startswith("us ")
    early = sum(sample < 0 for sample in row.samples) if is_delay else None
    target = None if row.target is None else row.target * medians.get(row.target_of, 1)
    in_us = median * {"ms": 1e3}.get(row.unit, 1)
    return {
        "name": row.name,
        "unit": row.unit,
        "median": median,
        "least": min(row.samples),
        "p99": sorted(row.samples)[len(row.samples) * 99 // 100],
        "samples": len(row.samples),
        "early": early,
        "target": target,
        "ok": None if target is None else median <= target and not early,
        "times_pread": None if is_delay else in_us / medians[PREAD],
        "times_mmap": None if is_delay else in_us / medians[MMAP],
    }


def show(table: list[dict[str, Any]]) -> None:
    """Print the table."""
    paint = Paint()
    print(f"{'':<44}{'least':>9}{'median':>10} {'':<8}{'p99':>9}{'target':>10}  {'':<6}{'x pread':>10}{'x mmap':>10}")
    for row in table:
        target = "" if row["target"] is None else f"<= {row['target']:.4g}"
        verdict = {None: "", True: "ok", False: "early" if row["early"] else "missed"}[row["ok"]]
        style = "green" if row["ok"] else "red"
        ratios = "".join("" if row[key] is None else f"{row[key]:>10.3g}" for key in ("times_pread", "times_mmap"))
        print(
            f"{clean(row['name']):<44}{row['least']:>9.3f}{row['median']:>10.3f} {row['unit']:<8}{row['p99']:>9.4g}"
            f"{target:>10}  {paint(style, verdict)}{'':<{6 - len(verdict)}}{ratios}".rstrip()
        )
