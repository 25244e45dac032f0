# SPDX-License-Identifier: GPL-2.0-only
"""The answer for one machine of a fleet, as one line of JSON: boot, probe, and try what the probes allow.

A line depends only on the file, its name and the series, not on where or when it is made.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from ..choice import KernelChoice
from ..hw.errors import MachineError
from ..images import load
from ..images.load import is_name
from ..machine import Machine, boot
from ..mends import blame
from ..why.guard import Guard
from ..why.ladder import Ladder, ResetGroup, survey
from ..why.silence import identity
from ..why.verdict import OUTCOMES, Verdicts, named, verdicts

#: One machine at a time: other threads of a worker process wait rather than run two kernels in turns.
_ONE = threading.Lock()

Record = dict[str, Any]


class Job(NamedTuple):
    """One machine to answer for."""

    #: As the user wrote it.
    file: str
    #: The same, absolute.
    path: str
    #: Bytes, and ns of the last change; None for what is not a file or cannot be examined.
    size: int | None
    mtime_ns: int | None
    kernel: KernelChoice
    #: KernelChoice.yours, when the job was made.
    yours: tuple[str, ...]

    @classmethod
    def of(cls, file: str, kernel: int | KernelChoice) -> Job:
        """Examine a file without reading it."""
        kernel = KernelChoice.of(kernel)
        if is_name(file):
            return cls(file, file, None, None, kernel, kernel.yours)
        path = Path(file)
        try:
            status = path.stat()
        except (OSError, ValueError):  # loading it reports what is wrong
            return cls(file, str(path.absolute()), None, None, kernel, kernel.yours)
        return cls(file, str(path.absolute()), status.st_size, status.st_mtime_ns, kernel, kernel.yours)

    def record(self) -> Record:
        """Return the start of every answer."""
        kernel = {"patches": self.kernel.patches, "with": list(self.kernel.extra), "yours": list(self.yours)}
        return {"file": self.file, "size": self.size, "mtime_ns": self.mtime_ns, **kernel}


def answer(job: Job) -> str:
    """Return the line for a machine; for one that cannot be read or booted, a line that says why."""
    with _ONE:
        try:
            return line(job.record() | {"error": None} | read(job))
        except (MachineError, OSError) as error:
            return failure(job, str(error))
        except Exception as error:  # whatever happens with one file, the others still need answers
            return failure(job, blame(error) or f"{type(error).__name__}: {error}")


def failure(job: Job, reason: str) -> str:
    """Return the line for a machine without an answer."""
    return line(job.record() | {"error": reason.replace(job.path, job.file)})


def line(record: Record) -> str:
    """Return a record as a line of the report."""
    return json.dumps(record, separators=(",", ":")) + "\n"


def read(job: Job) -> Record:
    """Load, boot and probe a machine."""
    description = load(job.path)
    with boot(description, job.kernel, trace_boot=False) as machine:
        found = verdicts(machine, survey(machine, explain=False))
        guards = Guards()
        stand_ins = {str(each.address) for each in machine.description.functions if each.stand_in}
        devices = zip(machine.functions, found.survey.ladders, strict=True)
        functions = [
            function(machine, dev, ladder, found, guards) for dev, ladder in devices if ladder.bdf not in stand_ins
        ]
        outcomes = Counter(each["outcome"] for each in functions)
        return {
            "machine": description.name,
            "warnings": len(description.warnings),
            "unseen": len(description.functions) - len(functions),
            "stand_ins": sorted(stand_ins),
            "untried": found.untried,
            **{outcome: outcomes[outcome] for outcome in OUTCOMES},
            "functions": functions,
            "groups": [group(each, found, guards) for each in (*found.survey.slots, *found.survey.buses)],
            "guards": guards.all,
        }


class Guards:
    """The tests that refused something on a machine, each once, numbered."""

    def __init__(self) -> None:
        self.all: list[Record] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, rung: str, guard: Guard | None) -> int | None:
        """Return the number of a guard; None for none."""
        if guard is None:
            return None
        key = rung, guard.site, guard.because, guard.rc
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append({
                "rung": rung, "rc": guard.rc, "file": guard.site.file, "line": guard.site.line,
                "function": guard.site.function, "c": guard.site.c_source, "text": guard.text,
                "because": guard.because, "explanation": guard.explanation,
            })  # fmt: skip
        return self._numbers[key]


def function(machine: Machine, dev: Any, ladder: Ladder, found: Verdicts, guards: Guards) -> Record:
    """Report one function: how it can be reset, with how many others, what refuses each other method, and what is not
    known.

    The other methods are those that reset it alone; if it cannot be reset at all, also its slot and its bus."""
    outcome = found.outcome(ladder)
    taken = ladder.taken.function if ladder.taken else None
    refused = [(method.function, method.guard) for method in ladder.rungs]
    if outcome == "none":
        refused += [(f"pci_reset_{group.kind}", group.guard) for group in found.survey.refused_around(dev)]
    smallest = found.group(ladder) if outcome == "together" else None
    failed = next(found.failed(ladder), None) if outcome == "fails" else None
    return {
        "bdf": ladder.bdf,
        **identity(machine, dev),
        "driver": dev.driver.name if dev.driver else None,
        "outcome": outcome,
        "how": named(smallest) if smallest else taken if outcome == "alone" else None,
        "fault": found.fault(ladder.bdf) or (failed.fault if failed else None),
        "along": len(smallest.takes) - 1 if smallest else 0,
        "refused": [guards.number(method, guard) for method, guard in refused if guard],
        "unknown": list(dict.fromkeys(each.kind for each in ladder.unknown)),
    }


def group(group: ResetGroup, found: Verdicts, guards: Guards) -> Record:
    """Report one slot or bus."""
    return {
        "kind": group.kind,
        "name": group.name,
        "bridge": group.bridge or None,
        "rc": group.rc,
        "refused": guards.number(f"pci_reset_{group.kind}", group.guard),
        "unknown": bool(group.unknown),
        "takes": list(group.takes),
        "fault": found.fault(named(group)) or None,
    }
