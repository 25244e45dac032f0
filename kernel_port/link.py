# SPDX-License-Identifier: GPL-2.0-only
"""Link services, base and patches 1..n into one kernel, as ld(1) would.

Why: at +1 the unpatched pci_reset_function() must reach the patched pci_parent_bus_reset(). A plain import binds the
caller to the old one. So every function is copied with the linked kernel's name space as its globals (text is
relocated), and every annotated variable of a module is copied too (each kernel has its own data); where that points to
a function, the copy points to the linked kernel's.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from .kernel.structs import pci_bus, pci_dev, pci_slot
from .kernel.system import System
from .kernel.system import system as latest_system
from .series import PATCHES

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


class LinkError(ImportError):
    """A module defines what it does not declare, adds what exists, or modifies what does not exist."""


class Kernel(PatchedKernel):
    """A linked kernel: its symbols are its attributes.

    Type checkers know those of the fully patched one; at an earlier point some of them are not there."""

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

    functions: dict[str, FunctionType]
    structs: dict[str, type]
    #: The annotated variables: its data; each kernel has a copy.
    variables: dict[str, Any]
    #: Constants, and imports that are not from a module of ours.
    constants: dict[str, Any]
    #: Functions and structs that it has for the first time, and those it has instead of an earlier one.
    adds: frozenset[str]
    modifies: frozenset[str]


@cache
def contents(module: ModuleType) -> Contents:
    """Sort what is in *module*."""
    names = {name: obj for name, obj in vars(module).items() if not is_dunder(name)}
    own = {name: obj for name, obj in names.items() if is_code(obj) and obj.__module__ == module.__name__}
    variables = {name: names[name] for name in module.__annotations__ if name in names}
    return Contents(
        functions={name: obj for name, obj in own.items() if isinstance(obj, FunctionType)},
        structs={name: obj for name, obj in own.items() if isinstance(obj, type)},
        variables=variables,
        constants={
            name: obj
            for name, obj in names.items()
            if name not in ("ADDS", "MODIFIES", "system")
            and name not in variables
            # An import from a module of ours names a version; the linker supplies the newest.
            and not (is_code(obj) and obj.__module__.startswith(f"{__package__}."))
        },
        adds=frozenset(getattr(module, "ADDS", own)),
        modifies=frozenset(getattr(module, "MODIFIES", ())),
    )


def is_dunder(name: str) -> bool:
    """Whether *name* is one that Python gives a module."""
    return name.startswith("__") and name.endswith("__")


def is_code(obj: Any) -> bool:
    """Whether *obj* has a `def` or `class` statement."""
    return isinstance(obj, (FunctionType, type))


def check(name: str, module: Contents, known: dict[str, str], symtab: dict[str, Any]) -> None:
    """Refuse a module that does not apply to what is linked so far.

    A patch declares ADDS and MODIFIES, its variables aside; services and base only add.

    :param known: symbol -> module of what is linked so far
    :raises LinkError: names the module and the symbols"""
    symbols = module.functions.keys() | module.structs.keys()
    if symbols != module.adds | module.modifies:
        raise LinkError(f"{name}: defines {sorted(symbols)} but declares {sorted(module.adds | module.modifies)}")
    if again := (module.adds | module.variables.keys()) & known.keys():
        raise LinkError(f"{name}: adds what exists: {', '.join(f'{s} ({known[s]})' for s in sorted(again))}")
    if missing := module.modifies - known.keys():
        raise LinkError(f"{name}: modifies what does not exist: {', '.join(sorted(missing))}")
    for symbol, value in module.constants.items():
        if symtab.get(symbol, value) != value and symbol not in known:
            raise LinkError(f"{name}: {symbol} is {value!r}, elsewhere it is {symtab[symbol]!r}")


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
def combine(names: tuple[str, ...]) -> Image:
    """Check that the modules of these *names* fit together in this order, and keep the last version of every symbol.

    :raises LinkError: they do not fit together"""
    image = Image({}, {}, {}, {}, {})
    for name in names:
        module = contents(import_module(f".{name}", __package__))
        check(name, module, image.symbols, image.constants)
        constants = {symbol: value for symbol, value in module.constants.items() if symbol not in image.symbols}
        image.constants.update(constants | module.structs)
        image.functions.update(module.functions)
        image.variables.update(module.variables)
        image.symbols.update(dict.fromkeys((*module.functions, *module.structs, *module.variables), name))
        image.versions.update({function: symbol for symbol, function in module.functions.items()})
    return image


def relocate(function: FunctionType, symtab: dict[str, Any]) -> FunctionType:
    """Copy *function* so that its global names are looked up in *symtab*."""
    new = FunctionType(function.__code__, symtab, function.__name__, function.__defaults__)
    new.__module__, new.__annotations__ = function.__module__, function.__annotations__
    new.__kwdefaults__ = function.__kwdefaults__
    new.__dict__.update(function.__dict__)
    return new


def link(point: int | None = None, system: System | None = None) -> Kernel:
    """Return base plus the first *point* patches (default: all), running on *system* (default: the one booted last).

    :raises LinkError: the modules do not fit together
    :raises ValueError: the series has no such point"""
    point = len(PATCHES) if point is None else point
    if not 0 <= point <= len(PATCHES):
        raise ValueError(f"there is no point {point} of the series: it runs from 0 (base) to {len(PATCHES)}")
    image = combine((*SERVICES, *BASE, *(f"patch.{patch.module}" for patch in PATCHES[:point])))
    kernel = Kernel(f"linux-3.11+{point}")
    symtab = vars(kernel)
    symtab.update(image.constants)
    symtab.update({symbol: relocate(function, symtab) for symbol, function in image.functions.items()})
    pointers = {id(function): symtab[symbol] for function, symbol in image.versions.items()}
    symtab.update(deepcopy(image.variables, pointers))  # in one call: modules go on sharing what they share
    symtab["system"] = system or latest_system
    if system is not None:
        system.symtab = system.sched.symtab = symtab
    kernel.point, kernel.symbols = point, dict(image.symbols)
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
