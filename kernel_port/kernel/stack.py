# SPDX-License-Identifier: GPL-2.0-only
"""The stack of the running kernel code. c_shims/stack.c is faster; this is used where it does not build."""

from __future__ import annotations

import sys
from typing import Any

#: A machine 255 bridges deep has three frames to each, and every one of them reads registers.
DEPTH = 32


def walk(symtab: dict[str, Any]) -> tuple[Any, ...]:
    """Return the frames from the innermost with the globals *symtab* outwards, up to the first that has others.

    :return: code, index of its last instruction, code, index, ...; the outermost of a deep stack are cut off"""
    frame = sys._getframe().f_back
    while frame is not None and frame.f_globals is not symtab:
        frame = frame.f_back
    found: list[Any] = []
    while frame is not None and frame.f_globals is symtab and len(found) < 2 * DEPTH:
        found += frame.f_code, frame.f_lasti
        frame = frame.f_back
    return tuple(found)


try:
    from .._stack import kernel_stack as kernel_stack
except ImportError:
    kernel_stack = walk
