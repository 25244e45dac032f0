# SPDX-License-Identifier: GPL-2.0-only
"""What a struct shows of itself at Python's prompt: one line with its kind, its name, and the fields that are set.

The structs of a kernel lead to each other, so all that one leads to would be the whole machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from types import FunctionType
from typing import Any

#: Columns beyond which a line is cut.
WIDTH = 120

#: Struct -> its name, where it has one: an address, a bus, a slot.
NAMES: dict[str, Callable[[Any], str]] = {
    "pci_dev": lambda dev: str(dev.dev.name),
    "pci_bus": lambda bus: f"{bus.sysdata.domain:04x}:{bus.number:02x}",
    "pci_slot": lambda slot: str(slot.kobj_name),
    "pcie_device": lambda service: str(service.device.name),
    "hotplug_slot": lambda slot: name(slot.pci_slot),
    "slot": lambda slot: name(slot.hotplug_slot),
    "controller": lambda ctrl: name(ctrl.pcie),
    "mutex": str,
    "rw_semaphore": str,
    "wait_queue_head": str,
}
#: Struct -> the rest of its line, where a choice of its fields says more than all of them.
RESTS: dict[str, Callable[[Any], str]] = {
    "pci_dev": lambda dev: f"{dev.vendor:04x}:{dev.device:04x}" + (f" slot {name(dev.slot)}" if dev.slot else ""),
    "pci_bus": lambda bus: f"behind {name(bus.self)}" if bus.self else "root",
    "pci_slot": lambda slot: f"on bus {name(slot.bus)}",
    "resource": lambda range_: f"{range_.start:#x}-{range_.end:#x} flags {range_.flags:#x}",
    "mutex": lambda lock: f"held by {lock.owner.name}" if lock.owner else "",
}


def short(struct: Any) -> str:
    """Return a struct as <kind name field=value ...>."""
    kind = type(struct).__name__
    try:
        words = [kind, name(struct), RESTS[kind](struct) if kind in RESTS else " ".join(set_fields(struct))]
    except AttributeError:  # the kernel is not done with it yet
        words = [kind, "not initialized"]
    line = f"<{' '.join(filter(None, words))}>"
    line = "".join(character if character.isprintable() else repr(character)[1:-1] for character in line)
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 4]}...>"


def name(struct: Any) -> str:
    """Return the name of a struct, "" if it has none."""
    make = NAMES.get(type(struct).__name__)
    return make(struct) if make else str(getattr(struct, "name", ""))


def set_fields(struct: Any) -> Iterator[str]:
    """Yield name=value of each field that is neither 0 nor NULL nor empty."""
    for field in fields(struct):
        value = getattr(struct, field.name)
        if not value or field.name == "name":
            continue
        if hasattr(value, "__len__") and not isinstance(value, (str, bytes)):
            yield f"{field.name}={len(value)} items"
        elif isinstance(value, FunctionType):
            yield f"{field.name}={value.__name__}()"
        elif hasattr(value, "__dataclass_fields__"):
            yield f"{field.name}={' '.join(filter(None, [type(value).__name__, name(value)]))}"
        else:
            yield f"{field.name}={value!r}"
