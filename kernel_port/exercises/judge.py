# SPDX-License-Identifier: GPL-2.0-only
"""Judges a student's file: the first thing that differs, or that all is well. Runs the file; see child.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from ..choice import ALL, KernelChoice
from ..explore import Runner, Stage, explore, explore_reduced
from ..files import opened
from ..hw.errors import MachineError
from ..images.machine_toml import parse
from ..limits import DESCRIPTION
from ..link import link
from ..mends import yours
from ..recordings.golden import GoldenTrace
from ..recordings.real_replay import judge_calls
from ..scenarios import Run, Scenario, load, names
from . import traces
from .exercise import Exercise, MachineExercise, PatchExercise, RepairExercise
from .remarks import Remark, of_error, of_trace
from .templates import given
from .traces import actor_of
from .trials import Stand
from .words import listed

#: How many orders of a scenario's threads are run: what ships has fewer that matter.
ORDERS = 2000
SOLVED, WRONG, UNUSABLE = 0, 1, 2
#: Is told what is being looked at.
At = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a check."""

    status: int
    """SOLVED, WRONG or UNUSABLE: the exit status."""
    remark: Remark


class _Wrong(Exception):
    """Carries the first remark out."""

    def __init__(self, remark: Remark) -> None:
        super().__init__(remark.text)
        self.remark = remark


def judge(exercise: Exercise, path: Path, at: At = lambda what: None) -> Verdict:
    """Run what judges *exercise* on a student's file.

    :param at: is told what is being looked at"""
    try:
        at("loading it")
        if isinstance(exercise, PatchExercise):
            said = judge_patch(exercise, path, at)
        elif isinstance(exercise, RepairExercise):
            said = judge_repair(exercise, path, at)
        else:
            assert isinstance(exercise, MachineExercise)
            said = judge_machine(exercise, path, at)
    except _Wrong as wrong:
        return Verdict(WRONG, wrong.remark)
    except MachineError as error:
        return Verdict(UNUSABLE, Remark(f"The file cannot be used: {error}."))
    except OSError as error:
        return Verdict(UNUSABLE, Remark(f"{path}: {error.strerror}."))
    return Verdict(SOLVED, Remark(f"Solved. It agrees with {said}."))


# -- patches -----------------------------------------------------------------------------------------------------------


def judge_patch(exercise: PatchExercise, path: Path, at: At) -> str:
    """Judge a patch; return what it agrees with.

    :raises MachineError: the file cannot be used"""
    stands_in = ((exercise.patch, str(path)),)
    declare_all(exercise, path)
    for level in range(exercise.patch, ALL + 1):
        link(KernelChoice(level, instead=stands_in))
    judging = chosen(exercise)
    for level, trace in judging:
        at(f"golden trace {trace.name}")
        if found := traces.difference(trace, KernelChoice(level, instead=stands_in)):
            raise _Wrong(of_trace(exercise, found, *traces.in_c(found, level), path))
    said = [f"{len(judging)} golden traces"]
    if exercise.recording:
        at(f"recording {exercise.recording}")
        judge_recording(exercise, path)
        said.append("a recording of a real kernel")
    for name in exercise.scenarios:
        judge_scenario(load(name), KernelChoice(ALL, instead=stands_in), path, at)
    return listed([*said, f"the scenario{'s' * (len(exercise.scenarios) > 1)} {', '.join(exercise.scenarios)}"])


def declare_all(exercise: PatchExercise, path: Path) -> None:
    """Refuse a file that does not have what the patch has.

    :raises MachineError: it does not load, or something is missing"""
    mend = yours(path)
    there = {*mend.adds, *mend.modifies}
    if missing := [name for name in exercise.functions if name not in there]:
        raise MachineError(f"{path}: ADDS and MODIFIES do not name {', '.join(missing)}; put it back")


def chosen(exercise: PatchExercise) -> list[tuple[int, GoldenTrace]]:
    """Return the traces that judge a patch, each with the point of the series to run it at; simple ones first."""
    found: dict[str, tuple[int, GoldenTrace]] = {}
    for pattern in exercise.traces:
        fitting = [trace for trace in traces.traces() if fnmatchcase(trace.name, pattern)]
        for trace in sorted(fitting, key=lambda trace: (len(trace.ops), trace.name)):
            level = traces.level_for(exercise.patch, trace.level)
            if level is not None:
                found.setdefault(trace.name, (level, trace))
    return list(found.values())


def judge_recording(exercise: PatchExercise, path: Path) -> None:
    """Make the calls of a recording; the first difference is the remark."""
    recording = traces.recording(exercise.recording)
    choice = replace(recording.choice, instead=((exercise.patch, str(path)),))
    differences = judge_calls(replace(recording, choice=choice)).differences
    if differences:
        text = f"On the machine of a recorded kernel your code does otherwise than that kernel did: {differences[0]}."
        raise _Wrong(Remark(text, path.name, f"recording {exercise.recording}"))


# -- scenarios ---------------------------------------------------------------------------------------------------------


def judge_repair(exercise: RepairExercise, path: Path, at: At) -> str:
    """Judge a repair; return what it agrees with.

    :raises MachineError: the file cannot be used"""
    choice = KernelChoice.of(ALL, [path.absolute()])
    link(choice)
    mend = yours(path)
    if not mend.modifies:
        names = listed(exercise.functions)
        raise MachineError(
            f"{path}: MODIFIES names nothing, so nothing changes; it is to name what you mend of {names}"
        )
    for scenario in exercise.mended:
        judge_scenario(scenario, choice, path, at, exercise)
    for name in exercise.keeps:
        judge_scenario(load(name), choice, path, at)
    return f"the scenario {exercise.mends} in every order of its threads, and {listed(exercise.keeps)} hold as before"


def judge_scenario(
    scenario: Scenario, choice: KernelChoice, path: Path, at: At, repair: RepairExercise | None = None
) -> None:
    """Run a scenario in every order of its threads.

    :param repair: what it has to mend there; None: it must break nothing that the real kernel keeps"""
    at(f"scenario {scenario.name}")
    allowed: set[str] = set()
    if repair is None:
        allowed = {invariant for run in runs(scenario, KernelChoice(ALL)) for invariant in invariants(run.broken)}
    ships = choice.extra and scenario.name in names()
    see = f"kernel-port run {scenario.name} --with {given(path)}" if ships else ""
    try:
        for run in runs(scenario, choice, preemptive=repair is not None):
            broken = [reason for reason in run.broken if invariants([reason])[0] not in allowed]
            if broken or (repair and repair.check and repair.check(run)):
                raise _Wrong(of_run(run, broken, repair, path, see))
    except (_Wrong, MachineError):
        raise
    except (Exception, SystemExit) as error:
        raise _Wrong(of_error(error, actor_of(error).own, path, f"scenario {scenario.name}")) from None


def runs(scenario: Scenario, choice: KernelChoice, preemptive: bool = False) -> Iterator[Run]:
    """Yield the runs of a scenario, one for each order of its threads that matters; ORDERS of them at most.

    Where it cannot be told which matter, all are run.

    :param preemptive: threads also take turns at locks, wake-ups and interrupts"""
    seen: list[Run] = []
    is_blind = False
    with closing(Runner(scenario, choice, preemptive, seen.append)) as runner:
        for found in explore_reduced(lambda batch: [runner.run(order) for order in batch], ORDERS):
            yield from seen
            seen.clear()
            is_blind = bool(found.blind)
    if is_blind:
        yield from all_runs(scenario, choice, preemptive)


def all_runs(scenario: Scenario, choice: KernelChoice, preemptive: bool) -> Iterator[Run]:
    """Yield the runs of a scenario in every order of its threads, ORDERS at most."""
    with closing(Stage(scenario, choice, preemptive)) as stage:
        found: list[Run] = []

        def trial(choose: Callable[[int], int]) -> list[str]:
            found[:] = [stage.run(choose)]
            return found[0].broken

        for _ in explore(trial, ORDERS):
            yield found[0]


def invariants(broken: Iterable[str]) -> list[str]:
    """Return the names of the broken invariants."""
    return [reason.partition(":")[0] for reason in broken]


def of_run(run: Run, broken: list[str], repair: RepairExercise | None, path: Path, see: str) -> Remark:
    """Say what is wrong with a run."""
    shown_by = f"scenario {run.scenario.name}: {run.answer}"
    if broken:
        name, _, reason = broken[0].partition(": ")
        mended = repair.remarks.get(name, "") if repair else ""
        usual = (
            f"What held before does not hold any more: {name} ({reason})."
            if repair is None
            else f"Not mended: {name} ({reason})."
        )
        return Remark(mended or usual, path.name, shown_by, see)
    assert repair is not None
    assert repair.check is not None
    return Remark(repair.check(run), path.name, shown_by, see)


# -- machines ----------------------------------------------------------------------------------------------------------


def judge_machine(exercise: MachineExercise, path: Path, at: At) -> str:
    """Judge a machine; return what it agrees with.

    :raises MachineError: the file is not a machine description"""
    with opened(path, DESCRIPTION) as file:
        data = file.read()
    parse(data, path.name)
    stand = Stand(lambda: parse(data, path.name))
    for check in exercise.checks:
        at(f"the machine: {check.__name__.replace('_', ' ')}")
        try:
            said = check(stand)
        except MachineError as error:
            said = f"The port cannot do it on this machine: {error}."
        if said:
            raise _Wrong(Remark(said, path.name))
    return f"what was asked for: {len(exercise.checks)} of {len(exercise.checks)} questions to the port"
