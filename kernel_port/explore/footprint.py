# SPDX-License-Identifier: GPL-2.0-only
"""What each step of a thread reads and writes, so that two steps can be told to be independent.

A step lasts from one turn to the next. Its footprint is made of places: a field of a struct, the contents of a list
that hangs on one, a register, what answers at an address, a wait queue, the state of a thread. While a Tracker watches,
the fields of the kernel's structs are properties that note each use, and lists, deques, dicts and sets in them are of
subclasses that do. So no place is missed that kernel code can reach, and none needs to be declared.

A place has a name that is the same in each schedule with the same order of dependent steps, and in each process: a
struct's is the thread that made it, and how many that had made before. A step that writes what was there before, or has
put it back at its end, has only read.
"""

from __future__ import annotations

import dis
from collections import defaultdict, deque
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from sys import getrefcount
from types import FunctionType, MemberDescriptorType
from typing import Any

from ..choice import KernelChoice
from ..kernel.workqueue import worker
from ..link import link
from ..machine import Machine
from .places import ALL, INSIDE, Footprint, Place, place, state_of
from .silicon import Silicon
from .watched_clock import WatchedClock, watch


class Tracker:
    """Collects the footprint of the running step of a machine."""

    def __init__(self) -> None:
        #: id() of a struct or container -> its name.
        self.names: dict[int, Place] = {}
        self.reads: set[Place] = set()
        #: Place -> how to tell at the end of the step whether it has changed.
        self.writes: dict[Place, Callable[[], bool]] = {}
        #: Fields with a container that is also known elsewhere, so that not all its uses are seen -> who uses it.
        self.shared: dict[Place, str] = {}
        #: Why footprints may miss something; "" if they do not.
        self.blind = ""
        self.machine: Machine | None = None
        self.silicon: Silicon | None = None
        self.clock: WatchedClock | None = None
        #: The structs that this run made: their id()s must not be used again.
        self._made: list[Any] = []
        self._kept: list[Any] = []
        #: Plain variables that functions of the kernel set -> value at the beginning of the step.
        self._globals: dict[str, Any] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._at_start: tuple[dict[int, Place], dict[str, int]] = {}, {}

    # -- names -------------------------------------------------------------------------------------------------------

    def name(self, thing: Any) -> Place:
        """Name a struct that is being made."""
        machine = self.machine
        maker = machine.system.sched.current.name if machine is not None else ""
        self._counts[maker] += 1
        found = self.names[id(thing)] = place(maker, self._counts[maker])
        self._made.append(thing)
        return found

    def name_of(self, thing: Any) -> Place:
        """Return the name of a struct; one that was made unseen shares that of its class."""
        return self.names.get(id(thing)) or place("some", type(thing).__name__)

    def begin(self) -> None:
        """Forget the machine that was watched: another one boots."""
        self.names.clear()
        self._counts.clear()
        self._made = []
        self.machine = self.silicon = self.clock = None

    def keep(self, machine: Machine) -> None:
        """Note that the machine is ready: what it is made of keeps its names in each run."""
        self.machine = machine
        for struct in self._made:
            for kind in type(struct).__mro__:
                for name in getattr(kind, "__slots__", ()):
                    getattr(struct, name, None)  # from now on it has lists that note their uses
        self._globals = {name: vars(machine.kernel)[name] for name in set_by_functions(vars(machine.kernel))}
        self._at_start = dict(self.names), dict(self._counts)
        self._kept, self._made = self._made, []

    def rewind(self) -> None:
        """Forget what the last run made."""
        self.blind = ""
        self.shared.clear()
        self._made.clear()
        if self.machine is not None:
            self._globals = {name: vars(self.machine.kernel)[name] for name in self._globals}
        self.names = dict(self._at_start[0])
        self._counts = defaultdict(int, self._at_start[1])
        self.reads.clear()
        self.writes.clear()
        if self.silicon is not None and self.clock is not None:
            self.silicon.forget()
            self.clock.looks = 0

    def touch(self, at: Place) -> None:
        """Note that the running thread uses a container whose uses are not all seen. Only one thread may."""
        if self.machine is None:
            return  # it boots
        user = self.machine.system.sched.current.name
        if self.shared.get(at) not in (None, user):
            self.blind = "threads share a list of Python that no field of a struct holds alone"
        self.shared[at] = user

    # -- notes -------------------------------------------------------------------------------------------------------

    def write(self, at: Place) -> None:
        """Note a write that counts whatever it wrote."""
        self.writes[at] = lambda: True

    def step(self) -> Footprint:
        """Return the footprint of the step that ends here, and begin another one."""
        self.reads.add(ALL)
        if self.machine is not None:
            self._variables()
        if self.clock is not None:
            self.clock.step()
        changes = _changes(self.writes)
        writes = frozenset(changes if self.silicon is None else (*changes, *self.silicon.written()))
        reads = frozenset(self.reads.union(self.writes) - writes)
        self.reads.clear()
        self.writes.clear()
        return Footprint(reads, writes)

    def _variables(self) -> None:
        """Note the kernel's plain variables that a function sets: any step may read them."""
        assert self.machine is not None
        symtab = vars(self.machine.kernel)
        for name, old in self._globals.items():
            self.reads.add(place("variable", name))
            if not same(symtab[name], old):
                self.write(place("variable", name))
                self._globals[name] = symtab[name]


def _changes(writes: dict[Place, Callable[[], bool]]) -> list[Place]:
    """Return the places that are not as they were before."""
    return [at for at, changed in writes.items() if changed()]


def set_by_functions(symtab: dict[str, Any]) -> list[str]:
    """Return the variables that functions of a kernel set, as its name space has them."""
    codes = {value.__code__ for value in symtab.values() if isinstance(value, FunctionType)}
    stored = {each.argval for code in codes for each in dis.get_instructions(code) if each.opname == "STORE_GLOBAL"}
    return sorted(stored & symtab.keys())


def _field(tracker: Tracker, member: MemberDescriptorType) -> property:
    """Return a property that stands for a slot and notes its uses."""
    get, put, number = member.__get__, member.__set__, place(member.__objclass__.__name__, member.__name__)
    reads = tracker.reads

    def read(self: Any) -> Any:
        value = get(self)
        at = (tracker.names.get(id(self)) or tracker.name_of(self)) ^ number
        reads.add(at)
        if type(value) in _UNSEEN:
            if type(value) in TRACKED and tracker.machine is not None and getrefcount(value) <= _ALONE:
                value = TRACKED[type(value)](value)
                value.tracker, value.place, value.nested = tracker, at ^ INSIDE, False
                put(self, value)
            else:
                tracker.touch(at)
        return value

    def read_thread(self: Any) -> Any:
        thread = read(self)
        if thread is not None:
            reads.add(state_of(thread))
        return thread

    def write(self: Any, value: Any) -> None:
        name = tracker.names.get(id(self))
        if name is None:
            try:
                get(self)
                name = tracker.name_of(self)
            except AttributeError:
                name = tracker.name(self)
        at = name ^ number
        if isinstance(value, CONTAINERS) and type(value) not in WATCHED:
            _UNSEEN.add(type(value))
        if at not in tracker.writes:
            try:
                old = get(self)
            except AttributeError:
                pass  # it is being made: nobody else can know it
            else:
                tracker.writes[at] = lambda: not same(get(self), old)
        put(self, value)

    return property(read_thread if (member.__objclass__, member.__name__) == (worker, "thread") else read, write)


#: What has contents of its own.
CONTAINERS = (list, deque, dict, set, bytearray)
#: Kinds of them, subclasses too, whose uses are not noted.
_UNSEEN: set[type] = set(CONTAINERS)


def _measure() -> int:
    """Find out how many references that are; 0 if one more cannot be told, as where local names do not count."""
    counts: list[int] = []

    @dataclass(slots=True)
    class Probe:
        field: list[int] = dataclass_field(default_factory=list)

    get, probe = vars(Probe)["field"].__get__, Probe()

    def read(self: Any) -> None:
        value = get(self)
        counts.append(getrefcount(value))

    read(probe)
    known = probe.field
    read(probe)
    return counts[0] if counts[0] < counts[1] and known is probe.field else 0


#: How many references a list has where the property looks, if nothing but the field refers to it; 0: not to be told.
_ALONE = _measure()


def same(one: Any, other: Any) -> bool:
    """Return whether two values cannot be told apart by the kernel."""
    return one is other or (type(one) is type(other) and isinstance(one, (int, str, float, tuple)) and one == other)


# -- containers --------------------------------------------------------------------------------------------------------


def _reading(kind: type, name: str) -> Callable[..., Any]:
    method = getattr(kind, name)

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.tracker.reads.add(self.place)
        return method(self, *args, **kwargs)

    return read


def _writing(kind: Any, name: str) -> Callable[..., Any]:
    method, listed = getattr(kind, name), kind.items if kind is dict else kind.__iter__

    def write(self: Any, *args: Any, **kwargs: Any) -> Any:
        tracker, at = self.tracker, self.place
        if self.nested:
            tracker.write(at)  # which several share
        elif at not in tracker.writes:
            old = list(listed(self))

            def changed() -> bool:
                new = list(listed(self))
                return len(new) != len(old) or not all(map(same, new, old))

            tracker.writes[at] = changed
        return method(self, *(_nested(self, value) for value in args), **kwargs)

    return write


def _nested(outer: Any, value: Any) -> Any:
    """Return a container that goes into another one: all in one are the same place."""
    if type(value) not in TRACKED:
        return value
    inner = TRACKED[type(value)](value)
    inner.tracker, inner.place, inner.nested = outer.tracker, outer.place if outer.nested else ~outer.place, True
    return inner


def _walking(kind: type, name: str) -> Callable[..., Any]:
    method = getattr(kind, name)

    def walk(self: Any) -> Iterator[Any]:
        reads, at = self.tracker.reads, self.place
        reads.add(at)
        for value in method(self):
            yield value
            reads.add(at)

    return walk


def _tracked(kind: type, reading: str, writing: str, walking: str) -> type:
    members: dict[str, Any] = {"__slots__": ("tracker", "place", "nested")}
    for make, names in ((_reading, reading), (_writing, writing), (_walking, walking)):
        members |= {name: make(kind, name) for name in names.split()}
    return type(f"tracked_{kind.__name__}", (kind,), members)


_SEQUENCE = "__len__ __getitem__ __contains__ __eq__ index count copy"
#: A kind of container -> the subclass that notes its uses.
TRACKED: dict[type, Any] = {
    list: _tracked(
        list,
        f"{_SEQUENCE} __add__ __mul__",
        "append extend insert remove pop clear sort reverse __setitem__ __delitem__ __iadd__",
        "__iter__ __reversed__",
    ),
    deque: _tracked(
        deque,
        _SEQUENCE,
        "append appendleft extend extendleft insert remove pop popleft clear reverse rotate "
        "__setitem__ __delitem__ __iadd__",
        "__iter__ __reversed__",
    ),
    dict: _tracked(
        dict,
        "__len__ __getitem__ __contains__ __eq__ get copy __or__",
        "__setitem__ __delitem__ setdefault update pop popitem clear __ior__",
        "__iter__",
    ),
    set: _tracked(
        set,
        "__len__ __contains__ __eq__ copy __or__ __and__ __sub__ isdisjoint issubset issuperset",
        "add discard remove pop clear update __ior__ __isub__ difference_update",
        "__iter__",
    ),
}


# Views of a dict that go through its own methods.
for _name, _view in (("keys", KeysView), ("values", ValuesView), ("items", ItemsView)):
    setattr(TRACKED[dict], _name, lambda self, view=_view: view(self))
#: The kinds that note their uses.
WATCHED = frozenset(TRACKED.values())


@contextmanager
def tracking(choice: int | KernelChoice, tracker: Tracker) -> Iterator[None]:
    """Have the fields of the kernel's structs note their uses."""
    found: dict[tuple[type, str], MemberDescriptorType] = {}
    for struct in vars(link(choice)).values():
        for kind in struct.__mro__ if isinstance(struct, type) else ():
            if kind.__module__.startswith(__package__.partition(".")[0]):
                members = {name: each for name, each in vars(kind).items() if isinstance(each, MemberDescriptorType)}
                found |= {(kind, name): each for name, each in members.items()}
    for (kind, name), member in found.items():
        setattr(kind, name, _field(tracker, member))
    try:
        yield
    finally:
        for (kind, name), member in found.items():
            setattr(kind, name, member)


def attach(tracker: Tracker, machine: Machine) -> None:
    """Have a machine that is ready note what is no field of a struct: kernel variables, cycles, hands, alarms."""
    symtab, system = vars(machine.kernel), machine.system
    for name, value in symtab.items():
        if name in machine.kernel.symbols and type(value) in TRACKED:
            symtab[name] = _named(tracker, value, "variable", name)
    for name in ("irq_actions", "irq_data"):
        setattr(system, name, _named(tracker, getattr(system, name), "system", name))
    tracker.keep(machine)
    tracker.silicon = Silicon(tracker, machine)
    tracker.clock = watch(machine.clock, tracker)


def _named(tracker: Tracker, container: Any, *words: str) -> Any:
    found = TRACKED[type(container)](container)
    found.tracker, found.place, found.nested = tracker, place(*words), False
    for key, value in list(container.items()) if isinstance(container, dict) else ():
        dict.__setitem__(found, key, _nested(found, value))
    return found
