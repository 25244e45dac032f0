# SPDX-License-Identifier: GPL-2.0-only
"""A checkpoint of a machine: record everything that can change, and restore it as often as needed.

Running a thousand orders of events on a machine should take one boot. Objects stay the same, only their contents are
restored, so all pointers to a struct stay valid.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import partial
from operator import attrgetter, eq, is_
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import Any

from .hw.address import Address
from .hw.description import FunctionDescription, MachineDescription
from .hw.image import ConfigImage
from .hw.layout import Layout
from .hw.masks import Masks
from .hw.policy import Policy
from .kernel.system import Event
from .link import Kernel
from .machine import Machine

#: What never changes once it is made, or is a cache that is always valid.
CONSTANT = (
    str, bytes, int, float, type, Event, Address, FunctionDescription, MachineDescription, ConfigImage, Layout, Masks,
    Policy, Kernel, FunctionType, BuiltinMethodType, Enum, type(None),
)  # fmt: skip


#: Containers that may be equal to another one: only identity tells whether they are the same.
CONTAINERS = (list, dict, set, deque, bytearray)
#: Tells whether two sequences hold the same things.
Same = Callable[[Any, Any], bool]


def identical(values: Any, noted: Any) -> bool:
    """Return whether two sequences of one length hold the very same objects."""
    return all(map(is_, values, noted))


def how_to_compare(values: Iterable[Any]) -> Same:
    """Return the fastest way to tell whether a sequence still holds the same things: == in C, if equal is the same."""
    return identical if any(isinstance(value, CONTAINERS) for value in values) else eq


class Checkpoint:
    """The contents of *machine*. Only the main thread may exist: where a thread is in its code cannot be recorded.

    :param apart: what is no part of the machine, although it can be reached from it
    :raises ValueError: other threads exist"""

    def __init__(self, machine: Machine, apart: Iterable[Any] = ()) -> None:
        if len(machine.system.sched.threads) > 1:
            raise ValueError(f"threads are running: {', '.join(t.name for t in machine.system.sched.threads[1:])}")
        self._machine = machine
        self._apart = list(apart)
        self._lists: list[tuple[Any, Any, Same]] = []
        self._dicts: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._objects: list[tuple[Any, tuple[str, ...], Any, tuple[Any, ...], Same]] = []
        self._cells: list[tuple[CellType, Any]] = []
        self._variables = {
            name: value
            for name, value in vars(machine.kernel).items()
            if name in machine.kernel.symbols and not isinstance(value, (FunctionType, type))
        }
        functions = [machine.fabric.function(function.address) for function in machine.description.functions]
        self._registers = [(function, function.dump()) for function in functions]
        self._note([machine, *self._variables.values()])

    def restore(self) -> None:
        """Restore everything; end all threads but main."""
        self._machine.system.sched.shutdown()
        vars(self._machine.kernel).update(self._variables)
        for values, noted, same in self._lists:
            if len(values) != len(noted) or not same(values, noted):
                values.clear()
                values.extend(noted)
        for mapping, noted_items in self._dicts:
            mapping.clear()
            mapping.update(noted_items)
        for instance, names, getter, noted_values, same in self._objects:
            if not same(getter(instance), noted_values):
                for name, value in zip(names, noted_values, strict=True):
                    setattr(instance, name, value)
        for cell, content in self._cells:
            cell.cell_contents = content
        for function, config in self._registers:
            function.load(config)

    def _note(self, roots: Iterable[Any]) -> None:
        """Record *roots* and everything that can be reached from them."""
        symtab = vars(self._machine.kernel)  # its variables are recorded by name
        pending, seen = list(roots), {id(each): each for each in (symtab, *self._apart)}
        while pending:
            thing = pending.pop()
            if id(thing) not in seen:
                seen[id(thing)] = thing
                pending += self._contents(thing)

    def _contents(self, thing: Any) -> Iterator[Any]:
        """Record one object, and yield its contents."""
        match thing:
            case FunctionType():
                for cell in thing.__closure__ or ():
                    self._cells.append((cell, cell.cell_contents))
                    yield cell.cell_contents
            case _ if isinstance(thing, CONSTANT) and not isinstance(thing, tuple):
                return
            case list() | deque():
                noted = deque(thing) if isinstance(thing, deque) else list.copy(thing)  # subclasses may walk otherwise
                self._lists.append((thing, noted, how_to_compare(noted)))
                yield from noted
            case dict():
                self._dicts.append((thing, dict(thing)))
                yield from thing.values()
            case tuple() | set() | frozenset():
                yield from thing
            case MethodType():
                yield thing.__self__
            case partial():
                yield from thing.args
            case _:
                yield from self._attributes(thing)

    def _attributes(self, thing: Any) -> Iterator[Any]:
        names = (*(slot for kind in type(thing).__mro__ for slot in getattr(kind, "__slots__", ())),
                 *getattr(thing, "__dict__", ()))  # fmt: skip
        if names:
            getter = (lambda one, name=names[0]: (getattr(one, name),)) if len(names) == 1 else attrgetter(*names)
            values = getter(thing)
            self._objects.append((thing, names, getter, values, how_to_compare(values)))
            yield from values
