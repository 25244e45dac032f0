# SPDX-License-Identifier: GPL-2.0-only
"""Link services, base, patches 1..n and what is put on top into one kernel, as ld(1) would.

Why: at +1 the unpatched pci_reset_function() must reach the patched pci_parent_bus_reset(). A plain import binds the
caller to the old one. So every function is copied with the linked kernel's name space as its globals (text is
relocated), and every annotated variable of a module is copied too (each kernel has its own data); where that points to
a function, the copy points to the linked kernel's.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import is_dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from .choice import ALL, KernelChoice
from .kernel.short import short
from .kernel.structs import pci_bus, pci_dev, pci_slot
from .kernel.system import System
from .kernel.system import system as latest_system
from .mends import DECLARATIONS, LinkError, Mend, adding, beneath, names_in, place

if TYPE_CHECKING:
    from .face import PatchedKernel
else:
    PatchedKernel = ModuleType

SERVICES = (
    "pci_regs", "kernel.export", "kernel.delay", "kernel.mutex", "kernel.wait", "kernel.timer", "kernel.workqueue",
    "kernel.module", "kernel.structs", "kernel.printk", "kernel.bug", "kernel.interrupt",
)  # fmt: skip
BASE: tuple[str, ...] = (
    "base.access",
    "base.quirks",
    "base.setup_res",
    "base.ats",
    "base.iov",
    "base.pcibios",
    "base.pci",
    "base.search",
    "base.probe",
    "base.core",
    "base.dd",
    "base.pci_driver",
    "base.pci_sysfs",
    "base.bus",
    "base.setup_bus",
    "base.remove",
    "base.pcieport_if",
    "base.portdrv",
    "base.portdrv_core",
    "base.portdrv_pci",
    "base.portdrv_bus",
    "base.pcie_pme",
    "base.aerdrv_core",
    "base.pci_hotplug",
    "base.slot",
    "base.pci_hotplug_core",
    "base.hotplug_pci",
    "base.pciehp",
    "base.pciehp_hpc",
    "base.pciehp_pci",
    "base.pciehp_ctrl",
    "base.pciehp_core",
    "base.pciehp_acpi",
    "base.msi",
    "base.io_apic",
    "base.vfio",
    "base.vfio_pci_config",
    "base.vfio_pci",
)


#: Instructions that look a global name up.
LOADS = ("LOAD_GLOBAL", "LOAD_NAME")


class Kernel(PatchedKernel):
    """A linked kernel: its symbols are its attributes.

    Type checkers know those of the fully patched one; at an earlier point some of them are not there."""

    #: How many patches of the series are in it, and what is on top of them.
    choice: KernelChoice
    #: How many patches of the series are in it.
    point: int
    #: What EXPORT_SYMBOL and EXPORT_SYMBOL_GPL mark.
    exports: list[str]
    #: Symbol -> the module that supplied it: "base.pci".
    symbols: dict[str, str]

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            raise AttributeError(f"{self.__name__} has no symbol {name}")


class Contents(NamedTuple):
    """What a module contributes, by kind. All but functions and variables are shared between kernels."""

    module: ModuleType
    functions: dict[str, FunctionType]
    structs: dict[str, type]
    #: The annotated variables: its data; each kernel has a copy.
    variables: dict[str, Any]
    #: Constants, and imports that are not from a module of ours.
    constants: dict[str, Any]
    #: Functions and structs that it has for the first time, and those it has instead of an earlier one, variables too.
    adds: frozenset[str]
    modifies: frozenset[str]


@cache
def contents(module: ModuleType) -> Contents:
    """Sort what is in *module*."""
    # Most names are registers: as little as possible is done for each.
    names = {name: obj for name, obj in vars(module).items() if name[:2] != "__" or not is_dunder(name)}
    code = {name: obj for name, obj in names.items() if isinstance(obj, (FunctionType, type))}
    own = {name: obj for name, obj in code.items() if obj.__module__ == module.__name__}
    structs = {name: obj for name, obj in own.items() if isinstance(obj, type)}
    for struct in filter(is_dataclass, structs.values()):
        struct.__repr__ = short  # type: ignore[method-assign]
    variables = {name: names[name] for name in module.__annotations__ if name in names}
    # An import from a module of ours names a version; the linker supplies the newest.
    versions = {name for name, obj in code.items() if obj.__module__.startswith(f"{__package__}.")}
    others = {*DECLARATIONS, "system", *variables, *versions}
    return Contents(
        module=module,
        functions={name: obj for name, obj in own.items() if isinstance(obj, FunctionType)},
        structs=structs,
        variables=variables,
        constants={name: obj for name, obj in names.items() if name not in others},
        adds=frozenset(getattr(module, "ADDS", own if not hasattr(module, "MODIFIES") else ())),
        modifies=frozenset(getattr(module, "MODIFIES", ())),
    )


def is_dunder(name: str) -> bool:
    """Whether *name* is one that Python gives a module."""
    return name.startswith("__") and name.endswith("__")


def check(module: Contents, known: dict[str, str], symtab: dict[str, Any]) -> None:
    """Refuse a module that does not apply to what is linked so far.

    A patch declares ADDS and MODIFIES, variables that it adds aside; services and base only add.

    :param known: symbol -> module of what is linked so far
    :raises LinkError: names file, line and symbol"""

    def refuse(symbol: str, reason: str) -> LinkError:
        return LinkError(f"{place(module.module, symbol)}: {reason}")

    symbols = module.functions.keys() | module.structs.keys()
    declared = module.adds | module.modifies
    for symbol in sorted(symbols - declared):
        to = "MODIFIES" if symbol in known else "ADDS"
        raise refuse(symbol, f"defines {symbol}, which is neither in ADDS nor in MODIFIES: name it in {to}")
    for symbol in sorted(declared - symbols - module.variables.keys()):
        to = "ADDS" if symbol in module.adds else "MODIFIES"
        raise refuse(to, f"{to} names {symbol}, which is not defined here")
    for symbol in sorted(module.adds & module.modifies):
        to = "MODIFIES" if symbol in known else "ADDS"
        raise refuse("ADDS", f"both ADDS and MODIFIES name {symbol}: name it in {to} alone")
    for symbol in sorted((module.adds | module.variables.keys()) & known.keys() - module.modifies):
        raise refuse(symbol, f"adds {symbol}, which is in {known[symbol]} already; to change it, name it in MODIFIES")
    for symbol in sorted(module.modifies - known.keys()):
        near = get_close_matches(symbol, known, n=1)
        hint = adding(symbol) or (f"the nearest is {near[0]}" if near else "")
        raise refuse(symbol, f"modifies {symbol}, which does not exist{hint and f'; {hint}'}")
    for symbol, value in module.constants.items():
        if symtab.get(symbol, value) != value and symbol not in known:
            raise refuse(symbol, f"{symbol} is {value!r}, elsewhere it is {symtab[symbol]!r}")


def check_order(mend: Mend, module: Contents, known: dict[str, str], required: frozenset[str]) -> None:
    """Refuse a mend that would undo another one: a function that both modify, and no word of which comes first.

    :param known: symbol -> module of what is linked so far
    :param required: the modules of the mends that it requires, and of those that these require
    :raises LinkError: names file, line and symbol"""
    for symbol in sorted(module.modifies):
        other = known[symbol]
        if other.startswith(("later.", "yours.")) and other not in required:
            theirs = import_module(f".{other}", __package__)
            raise LinkError(
                f"{place(module.module, symbol)}: modifies {symbol}, as {place(theirs, symbol)} does; one is to be "
                f"written on top of the other, with its name in REQUIRES (here {mend.name})"
            )


def check_parameters(module: Contents, linked: dict[str, FunctionType]) -> None:
    """Refuse a function that takes other parameters than the one before, while a function that stays calls it.

    :param linked: symbol -> function of what is linked so far
    :raises LinkError: names file, line and symbol"""
    for symbol, new in module.functions.items():
        old = linked.get(symbol)
        if old is None or parameters(new) == parameters(old):
            continue
        for name, function in linked.items():
            if name not in module.functions and symbol in {used for used, _ in global_names(function.__code__)}:
                raise LinkError(
                    f"{place(module.module, symbol)}: {symbol} takes other parameters than before ({old.__module__}), "
                    f"and {name} calls it; modify that, too"
                )


def parameters(function: FunctionType) -> tuple[int, int, int, int]:
    """Return what two functions have in common that can be called alike."""
    code = function.__code__
    variable = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    return code.co_argcount, len(function.__defaults__ or ()), code.co_kwonlyargcount, variable


def check_names(module: Contents, symtab: dict[str, Any]) -> None:
    """Refuse a function that uses a name that the linked kernel does not have.

    :raises LinkError: names file, line and symbol"""
    for function in module.functions.values():
        for name, line in global_names(function.__code__):
            if name not in symtab and not hasattr(builtins, name):
                near = get_close_matches(name, symtab, n=1)
                hint = adding(name) or (f"the nearest is {near[0]}" if near else "")
                at, _, _ = place(module.module, function.__name__).rpartition(":")
                raise LinkError(
                    f"{at}:{line}: {function.__name__} uses {name}, which does not exist{hint and f'; {hint}'}"
                )


def global_names(code: CodeType) -> Iterator[tuple[str, int]]:
    """Yield every name that *code*, or code nested in it, looks up outside itself, and in which line."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in LOADS:
            positions = instruction.positions
            yield instruction.argval, (positions and positions.lineno) or code.co_firstlineno
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from global_names(constant)


class Image(NamedTuple):
    """Modules put together, as an object file is: made once, and loaded into each kernel."""

    constants: dict[str, Any]
    functions: dict[str, FunctionType]
    variables: dict[str, Any]
    #: Symbol -> the module that supplied it.
    symbols: dict[str, str]
    #: Every version of a function -> its symbol: data may point to any of them.
    versions: dict[FunctionType, str]


@cache
def combine(names: tuple[str, ...], mends: tuple[Mend, ...] = ()) -> Image:
    """Check that modules fit together in this order, and keep the last version of every symbol.

    :param names: of the modules beneath
    :param mends: what is on top of them
    :raises LinkError: they do not fit together"""
    image = Image({}, {}, {}, {}, {})
    for name in names:
        module = contents(import_module(f".{name}", __package__))
        check(module, image.symbols, image.constants)
        if name.startswith("yours."):  # in the place of a patch
            check_parameters(module, image.functions)
        add(image, name, module)
        if name.startswith("yours."):
            check_names(module, names_of(image))
    for mend in mends:
        for declaration in DECLARATIONS:
            names_in(mend, declaration)
        module = contents(mend.code)
        check(module, image.symbols, image.constants)
        check_parameters(module, image.functions)
        check_order(mend, module, image.symbols, frozenset(each.module for each in beneath(mend, mends)))
        add(image, mend.module, module)
        check_names(module, names_of(image))
    return image


def names_of(image: Image) -> dict[str, Any]:
    """Return the names that functions of *image* find outside themselves."""
    return image.constants | image.functions | image.variables | {"system": None}


def add(image: Image, name: str, module: Contents) -> None:
    """Put a module into *image*."""
    constants = {symbol: value for symbol, value in module.constants.items() if symbol not in image.symbols}
    image.constants.update(constants | module.structs)
    image.functions.update(module.functions)
    image.variables.update(module.variables)
    image.symbols.update(dict.fromkeys((*module.functions, *module.structs, *module.variables), name))
    image.versions.update({function: symbol for symbol, function in module.functions.items()})


def relocate(function: FunctionType, symtab: dict[str, Any]) -> FunctionType:
    """Copy *function* so that its global names are looked up in *symtab*."""
    new = FunctionType(function.__code__, symtab, function.__name__, function.__defaults__)
    new.__module__, new.__annotations__ = function.__module__, function.__annotations__
    new.__kwdefaults__ = function.__kwdefaults__
    new.__dict__.update(function.__dict__)
    return new


def link(choice: int | KernelChoice = ALL, system: System | None = None) -> Kernel:
    """Return base, patches and what is on top as one kernel, running on *system* (default: the one booted last).

    :param choice: how many patches, or a KernelChoice
    :raises LinkError: the modules do not fit together
    :raises ValueError: the series has no such point"""
    choice = KernelChoice.of(choice)
    point = choice.patches
    image = combine((*SERVICES, *BASE, *choice.modules), choice.mends)
    kernel = Kernel(choice.name)
    symtab = vars(kernel)
    symtab.update(image.constants)
    symtab.update({symbol: relocate(function, symtab) for symbol, function in image.functions.items()})
    pointers = {id(function): symtab[symbol] for function, symbol in image.versions.items()}
    symtab.update(deepcopy(image.variables, pointers))  # in one call: modules go on sharing what they share
    symtab["system"] = system or latest_system
    if system is not None:
        system.symtab = system.sched.symtab = symtab
    kernel.choice, kernel.point, kernel.symbols = choice, point, dict(image.symbols)
    kernel.exports = [symbol for symbol in image.symbols if getattr(symtab[symbol], "exported", None)]
    return kernel


def foreign(args: tuple[Any, ...], roots: list[pci_bus]) -> bool:
    """Return whether one of *args* is a function, bus or slot of a machine other than the one with these root buses."""
    for thing in args:
        bus = thing if isinstance(thing, pci_bus) else thing.bus if isinstance(thing, (pci_dev, pci_slot)) else None
        while bus is not None and bus.parent is not None:
            bus = bus.parent
        if bus is not None and not any(bus is root for root in roots):
            return True
    return False
