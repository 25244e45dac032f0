# SPDX-License-Identifier: GPL-2.0-only
"""What an exercise is: its text, its hints, and what judges it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

from ..scenarios import Run, Scenario, load
from ..series import PATCHES, Patch
from .trials import Check

SOLUTIONS = Path(__file__).parent / "solutions"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A typical mistake, of which the general remark would not teach enough."""

    expected: str
    """What the C does there, as words.key() has it; * and ? are wildcards."""
    got: str
    """What the student's file does instead."""
    remark: str
    inside: str = "*"
    """The student's function that does it, or that does not."""
    first: bool = False
    """It has to be the first act of all."""

    def fits(self, expected: str, got: str, inside: str, first: bool) -> bool:
        """Return whether it is this mistake."""
        if self.first and not first:
            return False
        pairs = ((expected, self.expected), (got, self.got), (inside, self.inside))
        return all(fnmatchcase(said, pattern) for said, pattern in pairs)


@dataclass(frozen=True, kw_only=True)
class Exercise(ABC):
    """One exercise."""

    number: int
    title: str
    level: int
    """1 to 3: how much it asks for."""
    task: str
    """What is to be found out, for the head of the file."""
    hints: tuple[str, str, str]

    @property
    @abstractmethod
    def kind(self) -> str:
        """What is to be written: "patch 4", "repair", "machine"."""

    @property
    def suffix(self) -> str:
        """How the name of the student's file ends."""
        return ".py"

    @property
    @abstractmethod
    def judges(self) -> str:
        """What judges it, in a few words."""

    @property
    @abstractmethod
    def solution(self) -> Path:
        """The file with our solution."""


@dataclass(frozen=True, kw_only=True)
class PatchExercise(Exercise):
    """Write a patch of the series."""

    patch: int
    given: tuple[str, ...] = ()
    """Functions that the student gets as they were before the patch."""
    traces: tuple[str, ...]
    """The golden traces that judge it, simple ones first; * and ? are wildcards."""
    scenarios: tuple[str, ...] = ()
    """Scenarios that must end with it as they do with the real patch, in every order of their threads."""
    recording: str = ""
    """A recording of a real kernel, which must be met access by access."""
    reading: dict[str, str] = field(default_factory=dict)
    """A function of the patch -> what to read again, where the C that went otherwise is in the function itself."""
    mistakes: tuple[Mistake, ...] = ()

    @property
    def kind(self) -> str:
        """The patch."""
        return f"patch {self.patch}"

    @property
    def of_series(self) -> Patch:
        """The patch that it is about."""
        return PATCHES[self.patch - 1]

    @property
    def functions(self) -> tuple[str, ...]:
        """What the student writes."""
        return self.of_series.adds + self.of_series.modifies

    @property
    def judges(self) -> str:
        """What judges it, in a few words."""
        said = ["golden traces"]
        said += [f"scenario{'s' * (len(self.scenarios) > 1)} {', '.join(self.scenarios)}"] if self.scenarios else []
        return "; ".join([*said, *([f"recording {self.recording}"] if self.recording else [])])

    @property
    def solution(self) -> Path:
        """The patch of the series."""
        return Path(import_module(f"..patch.{self.of_series.module}", __package__).__file__ or "")


@dataclass(frozen=True, kw_only=True)
class RepairExercise(Exercise):
    """Mend a hole that the series has."""

    functions: tuple[str, ...]
    """The functions that the student gets as they are."""
    mends: str
    """The scenario that fails without the repair."""
    variant: Callable[[Scenario], Scenario] | None = None
    """Makes another scenario of it, which fails, too."""
    keeps: tuple[str, ...]
    """Scenarios that hold without it, and must go on doing so."""
    remarks: dict[str, str]
    """Invariant that the mended scenario breaks -> what to say."""
    check: Callable[[Run], str] | None = None
    """Looks at a run of the mended scenario; returns what is wrong, or ""."""
    file: str

    @property
    def mended(self) -> list[Scenario]:
        """The scenarios that are to hold with the repair."""
        scenario = load(self.mends)
        return [scenario, *([self.variant(scenario)] if self.variant else [])]

    @property
    def kind(self) -> str:
        """A repair."""
        return "repair"

    @property
    def judges(self) -> str:
        """What judges it, in a few words."""
        return f"scenario {self.mends}, every order of its threads; must go on: {', '.join(self.keeps)}"

    @property
    def solution(self) -> Path:
        """A module of our own."""
        return SOLUTIONS / self.file


@dataclass(frozen=True, kw_only=True)
class MachineExercise(Exercise):
    """Describe a machine on which something happens."""

    start: str
    """The machine that the student gets, TOML."""
    checks: tuple[Check, ...]
    file: str

    @property
    def kind(self) -> str:
        """A machine."""
        return "machine"

    @property
    def suffix(self) -> str:
        """A machine description is TOML."""
        return ".toml"

    @property
    def judges(self) -> str:
        """What judges it, in a few words."""
        return "the port, run on the machine"

    @property
    def solution(self) -> Path:
        """A machine of our own."""
        return SOLUTIONS / self.file
