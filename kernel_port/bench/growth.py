# SPDX-License-Identifier: GPL-2.0-only
"""How the port's cost grows with the machine: boot, the reset of everything, and the probe of every way to reset.

Each size is measured in its own process, python -m kernel_port.bench.growth N, to separate their peaks of memory. Time
is processor time, so that other load does not look like growth; on an idle computer it equals wall-clock time. The
exponent of time or memory is the slope of a least squares line through the logarithms.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from ..hw.image import ConfigImage
from ..images.generate import MOST, generate
from ..machine import Machine, boot
from ..why.ladder import survey
from .processes import command, environment

#: Functions of the machines to measure; the last is a full segment.
SIZES = (100, 1_000, 10_000, MOST)
#: Limits: the exponents; seconds for the boot and for the reset of a full segment; MB for all of it.
EXPONENT, BOOT, RESET, MEGABYTES = 1.1, 25, 60, 2048
#: Selects the machine of each size.
SEED = 1


class Growth(NamedTuple):
    """The cost of one size: processor time, s; peak memory of its process and disk space of its image, MB."""

    functions: int
    boot: float
    reset: float
    why: float
    memory: float
    image: float


def measure(functions: int) -> Growth:
    """Measure one size, in this process."""
    description = generate(functions, SEED)
    registers = ConfigImage()
    machine, booting = timed(lambda: boot(description, trace_boot=False, images={0: registers}))
    with machine:
        _, resetting = timed(lambda: reset_everything(machine))
        machine.events.clear()
        _, probing = timed(lambda: survey(machine))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with TemporaryFile() as file:
            registers.save(file)
            image = os.fstat(file.fileno()).st_blocks * 512 / 2**20
    return Growth(functions, booting, resetting, probing, memory, image)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of *work*, and how many seconds of processor time it took."""
    start = time.process_time()
    return work(), time.process_time() - start


def reset_everything(machine: Machine) -> None:
    """Reset each bus below a root bus, through its slot where that can be reset. This resets everything further down as
    well.

    :raises RuntimeError: the kernel refuses one, or a function is missing afterwards"""
    functions = len(machine.functions)
    for root in machine.kernel.pci_root_buses:
        for bus in list(root.children):
            slot = next(iter(bus.slots), None)
            whole = slot is not None and machine.kernel.pci_slot_reset(slot, 1) == 0
            rc = machine.call("pci_reset_slot", slot) if whole else machine.call("pci_reset_bus", bus)
            if rc:
                raise RuntimeError(f"reset of bus {bus.number:02x}: {rc}")
    if len(machine.functions) != functions:
        raise RuntimeError(f"{functions - len(machine.functions)} functions are gone")


def in_processes(sizes: tuple[int, ...], tell: Callable[[str], None]) -> list[Growth]:
    """Measure each size in its own process; call *tell* before each."""
    found = []
    for size in sizes:
        tell(f"{size} functions")
        words = command(__name__, str(size))
        # In its own group it gets no Ctrl-C; we do, and end it.
        done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True, process_group=0, env=environment())
        found.append(Growth(**json.loads(done.stdout)))
    return found


def exponent(sizes: list[float], costs: list[float]) -> float:
    """Return the slope of the least squares line through (log size, log cost)."""
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    middle, height = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle) * (b - height) for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)


def exponents(found: list[Growth]) -> dict[str, float]:
    """Return the exponent of each cost."""
    sizes = [float(growth.functions) for growth in found]
    return {cost: exponent(sizes, [getattr(growth, cost) for growth in found]) for cost in Growth._fields[1:]}


def as_json(found: list[Growth]) -> dict[str, Any]:
    """Return the sizes, the exponents, and whether each is within its limit."""
    slopes, last = exponents(found), found[-1]
    limits = {f"{cost} exponent": (slope, EXPONENT) for cost, slope in slopes.items()}
    if last.functions == MOST:
        limits |= {
            "full segment: boot, s": (last.boot, BOOT),
            "full segment: reset, s": (last.reset, RESET),
            "full segment: memory, MB": (last.memory, MEGABYTES),
        }
    return {
        "sizes": [growth._asdict() for growth in found],
        "limits": [
            {"name": name, "value": value, "limit": limit, "ok": value <= limit}
            for name, (value, limit) in limits.items()
        ],
    }


def show(table: dict[str, Any]) -> None:
    """Print the sizes, then the limits."""
    print(f"{'functions':>9}  {'boot':>9}  {'reset':>9}  {'why':>9}  {'memory':>10}  {'image':>9}")
    for row in table["sizes"]:
        print(
            f"{row['functions']:>9}  {row['boot']:>7.2f} s  {row['reset']:>7.2f} s  {row['why']:>7.2f} s  "
            f"{row['memory']:>7.0f} MB  {row['image']:>6.1f} MB"
        )
    print()
    for row in table["limits"]:
        print(f"{row['name']:<26}{row['value']:>9.2f}   <= {row['limit']:<6g}{'ok' if row['ok'] else 'missed'}")


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))._asdict()))
