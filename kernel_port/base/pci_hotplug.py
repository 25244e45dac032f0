# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/pci_hotplug.h before the series: the interface between hotplug drivers and the hotplug core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..kernel.module import module
from ..kernel.structs import *

if TYPE_CHECKING:  # pci_hotplug_core.py imports this header
    from .pci_hotplug_core import __pci_hp_register


@dataclass(eq=False, slots=True)
class hotplug_slot_ops:
    """struct hotplug_slot_ops: what a hotplug driver can do with its slot; NULL if it cannot.

    The getters return (status, value).

    C: include/linux/pci_hotplug.h, struct, base"""

    owner: module = NULL
    mod_name: str = ""
    enable_slot: Callable[[hotplug_slot], int] = NULL
    disable_slot: Callable[[hotplug_slot], int] = NULL
    set_attention_status: Callable[[hotplug_slot, int], int] = NULL
    hardware_test: Callable[[hotplug_slot, int], int] = NULL
    get_power_status: Callable[[hotplug_slot], tuple[int, int]] = NULL
    get_attention_status: Callable[[hotplug_slot], tuple[int, int]] = NULL
    get_latch_status: Callable[[hotplug_slot], tuple[int, int]] = NULL
    get_adapter_status: Callable[[hotplug_slot], tuple[int, int]] = NULL


@dataclass(eq=False, slots=True)
class hotplug_slot_info:
    """struct hotplug_slot_info: values for slots without the getter.

    C: include/linux/pci_hotplug.h, struct, base"""

    power_status: int = 0
    attention_status: int = 0
    latch_status: int = 0
    adapter_status: int = 0


@dataclass(eq=False, slots=True)
class hotplug_slot:
    """struct hotplug_slot: a physical slot as its hotplug driver registers it.

    C: include/linux/pci_hotplug.h, struct, base"""

    ops: Any = NULL  # struct hotplug_slot_ops *; patch 2 adds a field
    info: hotplug_slot_info = NULL
    release: Callable[[hotplug_slot], None] = NULL
    private: Any = NULL
    pci_slot: pci_slot = NULL


def hotplug_slot_name(slot: hotplug_slot) -> str:
    """Return the name under which *slot* is registered.

    C: include/linux/pci_hotplug.h, static inline, base"""
    return pci_slot_name(slot.pci_slot)


def pci_hp_register(slot: hotplug_slot, pbus: pci_bus, devnr: int, name: str, owner: module, mod_name: str) -> int:
    """Register *slot* for the driver *mod_name* in the module *owner*; NULL: built into the kernel.

    C: include/linux/pci_hotplug.h, macro, base
    :return: as __pci_hp_register()"""
    # PORT: the macro uses THIS_MODULE and KBUILD_MODNAME of the calling file; Python has no such constants per file
    return __pci_hp_register(slot, pbus, devnr, name, owner, mod_name)
