# SPDX-License-Identifier: GPL-2.0-only
"""What a TARGET names, where it may be several functions: a device, a class, a driver or a name."""

from __future__ import annotations

import re
from typing import Any

from ..hw.address import Address
from ..hw.errors import MachineError
from ..images import names
from ..machine import Machine
from .hotplug import HotplugSlot, hotplug_slot, pciehp_slot
from .ladder import ResetGroup, Survey
from .rehearsal import Stage, target_text
from .verdict import named

_DEVICE = re.compile(r"([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}", re.IGNORECASE)


def find(machine: Machine, text: str) -> tuple[str, list[Any]]:
    """Return what *text* names: 01:00.0, slot:1, bus:01; 01:00 for all functions of a device; or functions by a word in
    their class, driver or name.

    :return: "function", "slot" or "bus", and the structs, at least one
    :raises MachineError: there is no such thing"""
    if _DEVICE.fullmatch(text):
        first = Address.parse(f"{text}.0")
        found = [dev for dev in machine.functions if Address.parse(dev.dev.name)[:3] == first[:3]]
        return "function", found or [machine.function(str(first))]
    if ":" in text or not any(letter.isalpha() for letter in text):
        kind, target = machine.target(text)
        return kind, [target]
    found = [dev for dev in machine.functions if _fits(machine, dev, text.casefold())]
    if not found:
        raise MachineError(
            f"no class, driver or name of a function has {text!r} in it; TARGET is 01:00.0, 01:00, slot:1, bus:01 or "
            "such a word"
        )
    return "function", found


def _fits(machine: Machine, dev: Any, word: str) -> bool:
    """Return whether a word names a function."""
    described = next((f for f in machine.description.functions if str(f.address) == dev.dev.name), None)
    said, driver = (described.title, described.driver) if described else ("", "")
    kind = dev.class_ >> 16
    titled = names.title(dev.vendor, dev.device, dev.class_, said)
    texts = driver, titled, names.class_name(kind << 8 | 0xFF), names.CLASSES.get(kind, "")
    return any(word in text.casefold() for text in texts)


def hotplug_of(machine: Machine, kind: str, found: list[Any]) -> HotplugSlot | None:
    """Try each way to reset the card in the hot-plug slot of the only target."""
    if len(found) != 1:
        return None
    (target,) = found
    if kind == "slot":
        slot = target if target.hotplug else None
    else:
        slot = pciehp_slot(target if kind == "function" else next(iter(target.devices), None))
    return hotplug_slot(Stage(machine), slot) if slot else None


def group_of(found: Survey, kind: str, target: Any) -> ResetGroup:
    """Return the slot or bus of a survey that a struct stands for."""
    wanted = target_text(kind, target)
    return next(group for group in (*found.slots, *found.buses) if named(group) == wanted)
