# SPDX-License-Identifier: GPL-2.0-only
"""kernel/module.c: references that keep a module loaded."""

from __future__ import annotations

from dataclasses import dataclass

from .system import system


@dataclass(eq=False, slots=True)
class module:
    """struct module.

    C: include/linux/module.h, struct, service"""

    name: str
    refcount: int = 0
    #: True while it is being unloaded: references are refused.
    going: bool = False


def try_module_get(mod: module | None) -> int:
    """Take a reference on *mod*; code that is not in a module (NULL) needs none.

    C: kernel/module.c, exported, service
    :return: 1 if taken, 0 if the module is going away"""
    if mod is None:
        return 1
    if mod.going:
        system.emit("get_module_failed", mod.name)
        return 0
    system.emit("get_module", mod.name)
    mod.refcount += 1
    return 1


def module_put(mod: module | None) -> None:
    """Drop a reference on *mod*.

    C: kernel/module.c, exported, service"""
    if mod is None:
        return
    system.emit("put_module", mod.name)
    mod.refcount -= 1
