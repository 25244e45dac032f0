# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: a machine, a script of threads, and the question that running it answers.

Each module here is one scenario. Its docstring begins with the question; its SCENARIO says what to run. The threads are
plain functions that take the booted machine and return 0 or -errno. They run as kernel threads: each yields only
where C may sleep, and a seed or `choose` picks the next one. When all have returned, the horizon passes, so that
pending work and the hardware can settle.

    run = play(load("mess"), patches=4)
    run.outcome.spurious, run.outcome.recreated, run.answer, run.broken
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from random import Random
from typing import Any

from ..choice import KernelChoice
from ..hw.address import Address
from ..hw.config_space import header_type
from ..hw.description import MachineDescription
from ..hw.errors import MachineError, did_you_mean
from ..images import load as load_machine
from ..images.machine_toml import parse
from ..kernel.sched import NSEC_PER_MSEC, Halt
from ..kernel.system import Event
from ..machine import Machine, boot
from ..mends import place, users_module
from ..pci_regs import PCI_HEADER_TYPE_BRIDGE, PCI_SECONDARY_BUS
from ..trace.snapshot import Recorder
from ._groups import in_order
from ._invariants import INVARIANTS, broken
from ._mending import Mending, mending
from ._outcome import Before, Outcome, observe
from ._script import CARD, PORT, aim

__all__ = ["INVARIANTS", "Outcome", "Run", "Scenario", "Thread", "broken", "is_scenario", "load", "names", "perform",
           "play", "ready"]  # fmt: skip

#: A thread of a script: returns 0 or -errno, or None if it has no result.
Thread = Callable[[Machine], int | None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What to run. The module gives the scenario its name and docstring."""

    #: An example ("example:vga") or a machine description in TOML.
    machine: str
    #: The script: thread name -> body; the first is the main thread.
    threads: dict[str, Thread]
    #: Turns the outcome of a run into the answer to the question.
    answer: Callable[[Outcome, int], str]
    #: The card that it is about, on its own machine.
    target: str = "01:00.0"
    #: What it needs around a card to be played on another machine, as aim() takes it; "" if it is about its own only.
    needs: str = ""
    #: Behaviour of functions that differs from the machine's: address, CARD or PORT -> field of FunctionDescription ->
    #: value.
    knobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Runs before the script and leaves no trace: sets up drivers with code of their own, say.
    prepare: Callable[[Machine], None] | None = None
    #: Whether pciehp polls its slots by timer instead of taking interrupts.
    poll_mode: bool = False
    #: Virtual time that passes after the last thread has returned, ms.
    horizon_ms: int = 5000
    #: The first point of the series that has what the script is about.
    since: int = 0
    #: Numbers of the findings from running the C that it is about.
    findings: tuple[int, ...] = ()
    #: Later Linux commits it explains: id or year, and what the commit did.
    commits: tuple[str, ...] = ()
    #: What mends the flaw it shows: mends in later/, by name, and patches of the series, "p05".
    mended_by: tuple[str, ...] = ()
    #: What is said where no module here mends the flaw: NOT_MERGED, or "not ported: ..."; "" where there is no flaw.
    unmended: str = ""
    #: Mends in later/, by name, that open the hole it shows: it fails with them, not at +8 alone.
    opened_by: tuple[str, ...] = ()
    #: Recordings of real kernels (tests/real) that end as its run at their point of the series does.
    recordings: tuple[str, ...] = ()
    name: str = ""
    about: str = ""

    @property
    def mendings(self) -> list[Mending]:
        """What mends the flaw it shows."""
        return [mending(name) for name in self.mended_by]

    @property
    def mended(self) -> list[str]:
        """What mends the flaw, a line each: module, commit and version; or why nothing here does. [] if there is no
        flaw."""
        return [*map(str, self.mendings), *([f"nothing: {self.unmended}"] if self.unmended else [])]

    @property
    def question(self) -> str:
        """The question it answers: the first paragraph of its docstring."""
        return " ".join(self.about.partition("\n\n")[0].split())

    def recorded(self, kernel: KernelChoice) -> list[str]:
        """Return the recordings of that kernel. Names begin with v311 (no patch), p1, ... p8; none has mends."""
        start = f"p{kernel.patches}-" if kernel.patches else "v311-"
        return [] if kernel.extra or kernel.instead else [name for name in self.recordings if name.startswith(start)]

    def description(self) -> MachineDescription:
        """Return a new description of the machine."""
        named = self.machine.startswith("example:")
        machine = load_machine(self.machine) if named else parse(self.machine.encode(), self.name)
        machine.functions.sort(key=lambda function: function.address)
        self.turn_knobs(machine, self.target)
        return machine

    def turn_knobs(self, machine: MachineDescription, target: str) -> None:
        """Give the functions of a machine the behaviour that the scenario is about."""
        functions = {str(function.address): function for function in machine.functions}
        card = str(Address.parse(target))
        bridges = (f for f in machine.functions if header_type(f.config) == PCI_HEADER_TYPE_BRIDGE)
        above = {(f.address.domain, f.config[PCI_SECONDARY_BUS]): str(f.address) for f in bridges}
        roles = {CARD: card, PORT: above.get(Address.parse(target)[:2], "")}
        for address, behaviour in self.knobs.items():
            function = functions.get(roles.get(address) or str(Address.parse(address)))
            for knob, value in behaviour.items() if function else ():
                setattr(function, knob, value)


@dataclass(frozen=True, slots=True)
class Run:
    """A scenario that has been played."""

    scenario: Scenario
    patches: int
    #: The machine, switched off: its kernel's structs can still be looked at.
    machine: Machine
    events: list[Event]
    #: Virtual time when the script began, ns; and the registers of each function then.
    start: int
    before: dict[str, bytes]
    outcome: Outcome

    @property
    def answer(self) -> str:
        """The answer of this run to the scenario's question."""
        if self.patches < self.scenario.since:
            return f"This point of the series has no such call: patch {self.scenario.since} adds it."
        if self.outcome.deadlock.startswith("livelock"):
            return f"{self.outcome.deadlock.partition(chr(10))[0].capitalize()}."
        if self.outcome.deadlock:
            unfinished = self.outcome.unfinished
            each_other = "each other" if len(unfinished) > 1 else "itself"
            return f"Deadlock: {' and '.join(unfinished)} wait{'s' * (len(unfinished) == 1)} for {each_other} forever."
        if self.outcome.oops:
            return f"{self.outcome.oops.partition(chr(10))[0].capitalize()}."
        return " ".join(self.scenario.answer(self.outcome, self.patches).split())

    @property
    def recordings(self) -> list[str]:
        """The recordings of real kernels that end as it does; none are of a kernel with something on top."""
        return self.scenario.recorded(self.machine.kernel.choice)

    @property
    def broken(self) -> list[str]:
        """The invariants that do not hold, and why."""
        return broken(self.outcome)


def names() -> list[str]:
    """Return the names of all scenarios, by group, a sequel behind its story."""
    modules = (path.stem for path in Path(__file__).parent.glob("*.py"))
    return in_order(module.replace("_", "-") for module in modules if not module.startswith("_"))


def is_scenario(what: str) -> bool:
    """Return whether *what* names a scenario, or a file with one."""
    return what in names() or what.endswith(".py")


def load(name: str) -> Scenario:
    """Return the scenario of that name, or of a file of the user's own.

    :param name: "mess", or a path that ends in .py
    :raises MachineError: there is none, or the file does not load
    :raises OSError: the file cannot be read"""
    if name.endswith(".py"):
        return yours(Path(name))
    if name not in names():
        raise MachineError(f"there is no scenario {name!r}; {did_you_mean(name, names())}")
    module = import_module(f".{name.replace('-', '_')}", __package__)
    scenario: Scenario = module.SCENARIO
    return replace(scenario, name=name, about=cleandoc(module.__doc__ or ""))


def yours(path: Path) -> Scenario:
    """Return the scenario of a user's file, which is named after the file."""
    module = import_module(f"..{users_module(path)}", __package__)
    scenario = vars(module).get("SCENARIO")
    if not isinstance(scenario, Scenario):
        raise MachineError(
            f"{place(module, 'SCENARIO')}: SCENARIO is to be a Scenario(machine=..., threads=..., answer=...)"
        )
    if wrong := misfit(scenario):
        raise MachineError(f"{place(module, 'SCENARIO')}: {wrong}")
    return replace(scenario, name=path.stem.replace("_", "-"), about=cleandoc(module.__doc__ or ""))


def misfit(scenario: Scenario) -> str:
    """Return what a user's scenario has that cannot be played; "" if nothing."""
    threads: Any = scenario.threads
    if not isinstance(threads, dict) or not threads or not all(map(callable, threads.values())):
        return "threads is to be a dict of functions of the machine, by the names of the threads"
    if not callable(scenario.answer):
        return "answer is to be a function of the outcome and the number of patches"
    if not isinstance(scenario.machine, str):
        return "machine is to be an example or the text of a machine description"
    try:
        scenario.description()
    except MachineError as error:
        return str(error)
    return ""


def play(
    scenario: Scenario,
    patches: int | KernelChoice = 8,
    seed: int | None = None,
    choose: Callable[[int], int] | None = None,
) -> Run:
    """Boot the scenario's machine and run its script.

    :param patches: how many patches of the series the kernel has, or a KernelChoice
    :param seed: picks the next thread where several can run; None: the oldest runs
    :param choose: picks it instead of the seed: takes the number of runnable threads, returns one (see Scheduler)"""
    if seed is not None:
        choose = Random(seed).randrange
    with ready(scenario, patches) as machine:
        return perform(scenario, machine, choose)


def ready(
    scenario: Scenario, patches: int | KernelChoice = 8, source: MachineDescription | str = "", target: str = ""
) -> Machine:
    """Boot the scenario's machine and prepare it for the script.

    :param source: a machine to take instead, as boot() does
    :param target: the function of *source* that it is to be about; "": what the script names must be there
    :raises MachineError: the machine lacks what the scenario needs"""
    if target and not scenario.needs:
        raise MachineError(f"{scenario.name} is about its own machine; it cannot be played on another card")
    if source:
        description = load_machine(source) if isinstance(source, str) else source
        if target:
            scenario.turn_knobs(description, target)
    else:
        description = scenario.description()
    machine = boot(description, patches, poll_mode=scenario.poll_mode)
    try:
        if scenario.needs:
            aim(machine, target or scenario.target, scenario.needs)
        if scenario.prepare is not None:
            scenario.prepare(machine)
            machine.events.clear()
    except BaseException:
        machine.close()
        raise
    return machine


def perform(scenario: Scenario, machine: Machine, choose: Callable[[int], int] | None = None) -> Run:
    """Run the scenario's script on its machine, which is ready for it. An existing listener keeps listening."""
    machine.system.sched.choose = choose or machine.system.sched.choose
    before, recorder = Before(machine), Recorder(machine)
    notes = [recorder.note, *filter(None, [machine.system.listen])]

    def listen(event: Event) -> None:
        for note in notes:
            note(event)

    machine.system.listen = listen
    script = _Script(machine, scenario)
    halt = script.perform()
    machine.system.listen = None
    outcome = observe(machine, before, recorder, script.results, halt, script.ended)
    events = list(machine.events)  # switching the machine off ends threads, which adds events
    return Run(scenario, machine.kernel.point, machine, events, recorder.start, recorder.before, outcome)


class _Script:
    """The threads of a running scenario."""

    def __init__(self, machine: Machine, scenario: Scenario) -> None:
        self.machine = machine
        self.scenario = scenario
        #: Results of the threads that have returned, and when the last one returned, ns.
        self.results: dict[str, int | None] = {}
        self.ended = machine.clock.now

    def perform(self) -> Halt | None:
        """Run all threads, then let the machine settle.

        :return: the deadlock or oops that ended it"""
        sched = self.machine.system.sched
        main, *others = self.scenario.threads
        sched.threads[0].name = sched.context = main
        for name in others:
            sched.spawn(name, lambda name=name: self._body(name))  # type: ignore[misc]
        try:
            sched.schedule()
            self._body(main)
            sched.settle()
            sched.sleep(self.scenario.horizon_ms * NSEC_PER_MSEC)
            sched.settle()
        except Halt as halt:
            self.ended = self.machine.clock.now
            return halt
        return None

    def _body(self, name: str) -> None:
        self.results[name] = self.scenario.threads[name](self.machine)
        self.ended = self.machine.clock.now
