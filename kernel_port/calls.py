# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel functions can be called on a function, slot or bus, and with which arguments."""

from __future__ import annotations

import difflib
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .hw.errors import MachineError
from .kernel.sched import Halt
from .kernel.system import Event
from .link import Kernel
from .machine import Machine
from .mends import blame
from .series import PATCHES
from .terminal import Progress, clean

#: The function that resets each kind of target.
RESETS = {"function": "pci_reset_function", "slot": "pci_reset_slot", "bus": "pci_reset_bus"}
#: How to get a struct from a target, by kind; the name is that in the first parameter's annotation.
TAKEN: dict[str, dict[str, Callable[[Any], Any]]] = {
    "function": {"pci_dev": lambda dev: dev},
    "slot": {
        "pci_slot": lambda slot: slot,
        "hotplug_slot": lambda slot: slot.hotplug,
        "slot": lambda slot: slot.hotplug and slot.hotplug.private,
        "controller": lambda slot: slot.hotplug and slot.hotplug.private.ctrl,
    },
    "bus": {"pci_bus": lambda bus: bus},
}
#: Where the modules of the C are: what a user may call.
PORTED = ("base", "patch", "later", "yours")
#: Further parameters with an obvious value: do it, rather than probe.
OBVIOUS = {"probe": 0}
#: How to turn a result of the port into the C's, by annotation: a status and a value become the status, a text its
#: length.
RETURNED: dict[str, Callable[[Any], int | None]] = {
    "None": lambda nothing: nothing,
    "int": int,
    "bool": int,
    "tuple[int, int]": lambda pair: int(pair[0]),
    "int | str": lambda result: len(result) if isinstance(result, str) else int(result),
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call that can be made."""

    name: str
    arguments: tuple[Any, ...]


def find_call(kernel: Kernel, name: str, kind: str, target: Any) -> Call:
    """Find the call of *name* on *target*, whose *kind* is function, slot or bus.

    :raises MachineError: this point of the series has no such function, or it takes something else"""
    parameters = parameters_of(kernel, name)
    if parameters is None:
        raise MachineError(missing(kernel, name, kind))
    if not parameters or parameters[0].annotation not in TAKEN[kind]:
        raise MachineError(f"{name} is not called on a {kind}; try {', '.join(nearest(kernel, name, kind))}")
    first, *others = parameters
    if unknown := [other.name for other in others if other.name not in OBVIOUS]:
        raise MachineError(f"{name} needs more than a {kind}: {', '.join(unknown)}")
    if returns(kernel, name) not in RETURNED:
        raise MachineError(f"{name} returns no number; try {', '.join(nearest(kernel, name, kind))}")
    argument = TAKEN[kind][first.annotation](target)
    if argument is None:
        raise MachineError(f"{name} needs a slot with a hotplug driver, and this one has none")
    return Call(name, (argument, *(OBVIOUS[other.name] for other in others)))


def perform(machine: Machine, call: Call, note: Callable[[Event], None]) -> tuple[int | None, Halt | None]:
    """Make the call. Return its result, and the deadlock or oops if it ended in one.

    :param note: is called with each event as it happens
    :raises MachineError: kernel code followed an invalid pointer"""
    start = machine.clock.now
    with Progress(call.name) as progress:

        def listen(event: Event) -> None:
            note(event)
            progress.at(f"{(event.time - start) / 1e6:.0f} ms")

        machine.system.listen = listen
        try:
            result = machine.call(call.name, *call.arguments)
            return RETURNED[returns(machine.kernel, call.name)](result), None
        except Halt as halt:
            return None, halt
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise MachineError(oops(machine.kernel, call, error)) from error
        finally:
            machine.system.listen = None


def oops(kernel: Kernel, call: Call, error: Exception) -> str:
    """Return what to say of an error in kernel code: many functions rely on checks in their callers.

    :raises Exception: *error* itself, if other code raised it"""
    if what := blame(error):
        return what
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    if frame.f_globals is not vars(kernel):
        raise error
    function = frame.f_code.co_name
    return (
        f"{call.name} is not for this target: the kernel fails in {function}() ({kernel.symbols[function]}, line "
        f"{line}), a case that its callers rule out; call one of those"
    )


def returns(kernel: Kernel, name: str) -> str:
    """Return what a function returns, according to its annotation."""
    annotation: str = vars(kernel)[name].__annotations__["return"]
    return annotation


def parameters_of(kernel: Kernel, name: str) -> list[inspect.Parameter] | None:
    """Return the parameters of a function of base, patches or what is on top; None if there is none of that name."""
    function = getattr(kernel, name, None)
    if not inspect.isfunction(function) or kernel.symbols.get(name, "").partition(".")[0] not in PORTED:
        return None
    return list(inspect.signature(function).parameters.values())


def missing(kernel: Kernel, name: str, kind: str) -> str:
    """Say why there is no function *name*, and what to do."""
    for patch in PATCHES[kernel.point :]:
        if name in patch.adds:
            later = " or more" if patch.number < len(PATCHES) else ""
            return (
                f"{name} does not exist in {kernel.__name__}, patch {patch.number} adds it: "
                f"use --patches {patch.number}{later}"
            )
    return f"{kernel.__name__} has no function {clean(name)}; try {', '.join(nearest(kernel, name, kind))}"


def nearest(kernel: Kernel, name: str, kind: str) -> list[str]:
    """Return the functions for a kind of target whose names are most like *name*."""
    fitting = []
    for other in kernel.symbols:
        parameters = parameters_of(kernel, other)
        if not parameters or parameters[0].annotation not in TAKEN[kind] or returns(kernel, other) not in RETURNED:
            continue
        if all(p.name in OBVIOUS for p in parameters[1:]):
            fitting.append(other)
    return difflib.get_close_matches(name, fitting, n=4, cutoff=0)
