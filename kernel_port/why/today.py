# SPDX-License-Identifier: GPL-2.0-only
"""Today's Linux beside 3.11's, for one function: which reset methods it would list, and what it refuses by ID.

Nothing of it runs here. The list is what this kernel's probes found, under the names that the file reset_method uses,
less what a row of quirks_today forbids, plus what one adds. Three more differences come from the code of Linux 6.1 and
7.1: a slot is no way for a function of a multi-function device; methods are probed while a function is added, so the
first function on a bus is listed with the method "bus" before the kernel knows its neighbours, and refused later; and
the reset of Intel's USB controllers by their own register, which 3.11 has, has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from errno import ENOTTY
from typing import Any, Final

from ..machine import Machine
from .ladder import Ladder
from .quirks_today import NO_BUS, NO_FLR, NO_PM, RETRAIN, SOURCE, SPECIFIC, Quirk, quirks

#: The names of the methods, in the order that today's kernel tries them.
METHODS: Final = ("device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus")

#: A reset method's function here -> its name.
NAMES: Final = {
    "pci_dev_specific_reset": "device_specific",
    "pcie_flr": "flr",
    "pci_af_flr": "af_flr",
    "pci_pm_reset": "pm",
    "pci_dev_reset_slot_function": "bus",
    "pci_parent_bus_reset": "bus",
}

#: What each effect of a quirk takes away.
FORBIDS: Final = {NO_FLR: ("flr", "af_flr"), NO_BUS: ("bus",), NO_PM: ("pm",), SPECIFIC: (), RETRAIN: ()}

#: Methods that no register tells of.
UNSEEN: Final = {
    "acpi": "its firmware has a method _RST, which no register tells of",
    "cxl_bus": "it is below a CXL port",
}


@dataclass(frozen=True, slots=True)
class Today:
    """What today's kernel would say of a function, and what a recorded one did."""

    ids: str
    """Vendor and device: "1022:149c"."""
    here: tuple[str, ...]
    """Names of the methods that work in the kernel here."""
    listed: tuple[str, ...]
    """Names that today's reset_method would list, but for those of UNSEEN."""
    unknown: tuple[str, ...]
    """Those that depend on what the source does not state."""
    refused: bool
    """"bus" is listed and refused: the function was the first on its bus, and is not alone there."""
    alone_in_slot: bool
    """Here the slot resets it, today not, because it belongs to a multi-function device."""
    quirks: tuple[Quirk, ...]
    """The rows for it that apply."""
    together: tuple[tuple[str, Quirk], ...]
    """Functions for which a reset of its slot or bus is refused (NO_BUS), or the port above (RETRAIN); their rows."""
    recorded: tuple[str, ...] | None
    """What reset_method listed under the kernel that the machine ran; None: the source does not tell."""


def today(machine: Machine, ladder: Ladder) -> Today:
    """Compare for one function of a booted machine."""
    dev = machine.function(ladder.bdf)
    works = {rung.function for rung in ladder.rungs if rung.rc == 0}
    here = {NAMES[function] for function in works if function in NAMES}
    maybe = {NAMES[rung.function] for rung in ladder.rungs if rung.rc is None and rung.function in NAMES}
    applies = tuple(quirk for quirk in rows(dev) if applicable(quirk, dev, here))
    forbidden = {name for quirk in applies for name in FORBIDS[quirk.effect]}
    alone_in_slot = bool(
        "pci_dev_reset_slot_function" in works and dev.multifunction and "pci_parent_bus_reset" not in works
    )
    refused = first_of_several(dev) and "bus" not in forbidden
    listed = here - {"device_specific"}
    if alone_in_slot:
        listed -= {"bus"}
    if refused:
        listed |= {"bus"}
    if any(quirk.effect == SPECIFIC for quirk in applies):
        listed |= {"device_specific"}
    listed -= forbidden
    return Today(
        f"{dev.vendor:04x}:{dev.device:04x}",
        in_order(here),
        in_order(listed),
        in_order(maybe - listed - forbidden),
        refused,
        alone_in_slot,
        applies,
        tuple(
            (each.dev.name, quirk)
            for each in around(dev)
            for quirk in rows(each)
            if quirk.effect == NO_BUS or (quirk.effect == RETRAIN and each is dev.bus.self)
        ),
        recorded(machine, ladder.bdf),
    )


def rows(dev: Any) -> tuple[Quirk, ...]:
    """Return the rows for a struct pci_dev."""
    return quirks(dev.vendor, dev.device, dev.class_, dev.revision)


def applicable(quirk: Quirk, dev: Any, here: set[str]) -> bool:
    """Return whether a row that matches has an effect: on a root bus, a reset that may do nothing is better than
    none."""
    if quirk.needs_flr:
        return "flr" in here
    return quirk.effect != NO_PM or dev.bus.self is not None


def first_of_several(dev: Any) -> bool:
    """Return whether a bus reset looked possible when the kernel added *dev*: nothing was on its bus yet."""
    bus = dev.bus
    return bool(bus.self and not dev.subordinate and len(bus.devices) > 1 and bus.devices[0] is dev)


def around(dev: Any) -> Iterator[Any]:
    """Yield the bridge above the bus of *dev*, and every function on the bus and below; of a bridge, none."""
    if dev.bus.self and not dev.subordinate:
        yield dev.bus.self
        yield from below(dev.bus)


def below(bus: Any) -> Iterator[Any]:
    """Yield every function on *bus* and below."""
    for dev in bus.devices:
        yield dev
        if dev.subordinate:
            yield from below(dev.subordinate)


def recorded(machine: Machine, bdf: str) -> tuple[str, ...] | None:
    """Return what reset_method listed. A kernel that has the file leaves it out for a function without any method."""
    lists = {str(function.address): function.reset_method for function in machine.description.functions}
    if all(listed is None for listed in lists.values()):
        return None
    return tuple((lists.get(bdf) or "").split())


def in_order(names: set[str]) -> tuple[str, ...]:
    """Sort the names of methods as the kernel tries them."""
    return tuple(name for name in METHODS if name in names)


def lines(now: Today, bdf: str, short: Callable[[str], str]) -> Iterator[str]:
    """Say it, a sentence or two a line.

    :param short: shortens an address"""
    yield f"Not run here: from the registers, and from a table of device IDs ({SOURCE})."
    names = " ".join(now.listed) or ("none" if now.unknown else "none, so there is no such file")
    yield (
        f"Since Linux 5.15, cat /sys/bus/pci/devices/{bdf}/reset_method lists the methods, and writing names to it "
        f"chooses some. For this function{', as far as known' * bool(now.unknown)}: {names}."
    )
    if now.unknown:
        yield f"Unknown, because what decides is not stated: {' '.join(now.unknown)}."
    for quirk in now.quirks:
        yield row(quirk, now.ids)
    if now.refused:
        yield (
            f'It lists "bus" and refuses it (-ENOTTY, {ENOTTY}): it looks while it adds the first function of a bus, '
            "and the others come later. Writing default to reset_method makes it look again."
        )
    if now.alone_in_slot:
        yield "Its slot is no way to reset it: it belongs to a multi-function device."
    for other, quirk in now.together:
        said = "A reset of its whole slot or bus, which VFIO has, is refused because of"
        if quirk.effect == RETRAIN:
            said = "The link above is trained again if a reset leaves it down, by"
        yield f"{said} {short(other)}, since {since(quirk)}: {quirk.why}."
    if now.recorded is None:
        return
    yield (
        f"The kernel that this machine ran lists: {' '.join(now.recorded) or 'nothing'}; the kernel here has: "
        f"{' '.join(now.here) or 'none'}."
    )
    yield from (f"{name}: {said}." for name, said in differences(now).items())


def row(quirk: Quirk, ids: str) -> str:
    """Say what one row does."""
    if quirk.effect == SPECIFIC:
        return f"device_specific for {ids}, since {since(quirk)}: {quirk.why}."
    return f"{quirk.effect} for {ids} since {since(quirk)}: {quirk.why}."


def since(quirk: Quirk) -> str:
    """Name the version and commit of a row."""
    return f"v{quirk.since}, {quirk.commit}" if quirk.commit else f"v{quirk.since} or earlier, commit not verified"


def differences(now: Today) -> dict[str, str]:
    """Explain each method that only one of the two kernels has: the recorded one, and the one here."""
    there = now.recorded or ()
    return {
        name: only_there(now, name) if name in there else only_here(now, name)
        for name in dict.fromkeys([*METHODS, *there])
        if (name in there) != (name in now.here) and name not in now.unknown
    } | {name: late(quirk) for quirk in now.quirks for name in FORBIDS[quirk.effect] if name in there}


def only_there(now: Today, name: str) -> str:
    """Explain a method that the recorded kernel has, and the one here has not."""
    if name in UNSEEN:
        return UNSEEN[name]
    if name == "bus" and now.refused:
        return "listed because it was the first function on its bus, and refused"
    for quirk in now.quirks:
        if quirk.effect == SPECIFIC and name == "device_specific":
            return f"since {since(quirk)}"
    return "not explained"


def only_here(now: Today, name: str) -> str:
    """Explain a method that the kernel here has, and the recorded one has not."""
    for quirk in now.quirks:
        if name in FORBIDS[quirk.effect]:
            return f"forbidden since {since(quirk)}"
    if name == "device_specific":
        return "the reset of Intel's USB controllers, gone by v4.4"
    if name == "bus" and now.alone_in_slot:
        return "its slot is no way to reset one function of a multi-function device"
    if not now.recorded:
        return "not explained; writing an empty line to reset_method forbids all methods"
    return "not explained; somebody may have chosen methods by reset_method"


def late(quirk: Quirk) -> str:
    """Explain a method that is listed though a row forbids it."""
    return f"listed though forbidden since {since(quirk)}: an older kernel, or a table changed later"


def as_json(now: Today) -> dict[str, Any]:
    """Return it as data."""
    return {
        "source": SOURCE,
        "listed": list(now.listed),
        "unknown": list(now.unknown),
        "bus_refused": now.refused,
        "quirks": [quirk_json(now.ids, quirk) for quirk in now.quirks],
        "together": [{"bdf": bdf} | quirk_json("", quirk) for bdf, quirk in now.together],
        "recorded": None if now.recorded is None else list(now.recorded),
        "differences": None if now.recorded is None else differences(now),
    }


def quirk_json(ids: str, quirk: Quirk) -> dict[str, Any]:
    """Return one row as data."""
    return {
        "effect": quirk.effect,
        "ids": ids or f"{quirk.vendor:04x}:{quirk.device:04x}",
        "since": quirk.since,
        "commit": quirk.commit or None,
        "why": quirk.why,
    }
