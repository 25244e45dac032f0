# SPDX-License-Identifier: GPL-2.0-only
"""The answer for one machine of a fleet, as one line of JSON: it boots, and the kernel's own probes run.

A line depends on the file, its name and the series alone, not on where or when it is made.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from ..hw.errors import MachineError
from ..images import load
from ..images.load import is_name
from ..machine import boot
from ..why.guard import Guard
from ..why.ladder import Ladder, ResetGroup, Survey, survey

#: One machine at a time: other threads of a worker process wait rather than run two kernels in turns.
_ONE = threading.Lock()

Record = dict[str, Any]


class Job(NamedTuple):
    """One machine to answer for."""

    #: As the user named it.
    file: str
    #: The same from whatever directory.
    path: str
    #: Bytes, and ns of the last change; None for what is no file or cannot be looked at.
    size: int | None
    mtime_ns: int | None
    patches: int

    @classmethod
    def of(cls, file: str, patches: int) -> Job:
        """Look at a file without reading it."""
        if is_name(file):
            return cls(file, file, None, None, patches)
        path = Path(file)
        try:
            status = path.stat()
        except (OSError, ValueError):  # loading it says what is wrong
            return cls(file, str(path.absolute()), None, None, patches)
        return cls(file, str(path.absolute()), status.st_size, status.st_mtime_ns, patches)

    def record(self) -> Record:
        """What every answer begins with."""
        return {"file": self.file, "size": self.size, "mtime_ns": self.mtime_ns, "patches": self.patches}


def answer(job: Job) -> str:
    """The line for a machine; for one that cannot be read or booted, a line that says why."""
    with _ONE:
        try:
            return line(job.record() | {"error": None} | read(job))
        except (MachineError, OSError) as error:
            return failure(job, str(error))
        except Exception as error:  # whatever a file brings about, the others are still to be answered for
            return failure(job, f"{type(error).__name__}: {error}")


def failure(job: Job, reason: str) -> str:
    """The line for a machine that there is no answer for."""
    return line(job.record() | {"error": reason.replace(job.path, job.file)})


def line(record: Record) -> str:
    """A record as it is written."""
    return json.dumps(record, separators=(",", ":")) + "\n"


def read(job: Job) -> Record:
    """Load, boot and probe a machine."""
    description = load(job.path)
    with boot(description, job.patches, trace_boot=False) as machine:
        found = survey(machine, explain=False)
        guards = Guards()
        devices = zip(machine.functions, found.ladders, strict=True)
        functions = [function(dev, ladder, found, guards) for dev, ladder in devices]
        outcomes = Counter(each["outcome"] for each in functions)
        return {
            "machine": description.name,
            "warnings": len(description.warnings),
            "unseen": len(description.functions) - len(functions),
            **{outcome: outcomes[outcome] for outcome in ("alone", "together", "none")},
            "functions": functions,
            "groups": [group(each, guards) for each in (*found.slots, *found.buses)],
            "guards": guards.all,
        }


class Guards:
    """The tests that refused something on a machine, each once; they are referred to by number."""

    def __init__(self) -> None:
        self.all: list[Record] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, rung: str, guard: Guard | None) -> int | None:
        """The number of a guard; None for none."""
        if guard is None:
            return None
        key = rung, guard.site, guard.because, guard.rc
        if key not in self._numbers:
            self._numbers[key] = len(self.all)
            self.all.append({
                "rung": rung, "rc": guard.rc, "room": guard.site.file, "line": guard.site.line,
                "function": guard.site.function, "c": guard.site.c_source, "text": guard.text,
                "because": guard.because, "explanation": guard.explanation,
            })  # fmt: skip
        return self._numbers[key]


def function(dev: Any, ladder: Ladder, found: Survey, guards: Guards) -> Record:
    """One function: how it can be reset, with how many others, and what refuses each way.

    The other ways are those to reset it alone; for one that cannot be reset at all, also its slot and its bus."""
    outcome = found.outcome(ladder)
    taken = ladder.taken.function if ladder.taken else None
    refused = [(rung.function, rung.guard) for rung in ladder.rungs]
    if outcome == "none":
        refused += [(f"pci_reset_{group.kind}", group.guard) for group in found.refused_around(dev)]
    smallest = found.together(ladder.bdf)[0] if outcome == "together" else None
    return {
        "bdf": ladder.bdf,
        "vendor": dev.vendor,
        "device": dev.device,
        "class": dev.class_,
        "driver": dev.driver.name if dev.driver else None,
        "outcome": outcome,
        "how": f"{smallest.kind}:{smallest.name}" if smallest else taken if outcome == "alone" else None,
        "along": len(smallest.takes) - 1 if smallest else 0,
        "refused": [guards.number(way, guard) for way, guard in refused if guard],
    }


def group(group: ResetGroup, guards: Guards) -> Record:
    """One slot or bus."""
    return {
        "kind": group.kind,
        "name": group.name,
        "bridge": group.bridge or None,
        "rc": group.rc,
        "refused": guards.number(f"pci_reset_{group.kind}", group.guard),
        "takes": list(group.takes),
    }
