# SPDX-License-Identifier: GPL-2.0-only
"""include/linux/export.h: what modules may use. The linker collects the marks in kernel.exports."""

from __future__ import annotations

from typing import Any


def EXPORT_SYMBOL(function: Any) -> None:
    """Mark *function* as open to modules.

    C: include/linux/export.h, macro, service"""
    function.exported = "EXPORT_SYMBOL"


def EXPORT_SYMBOL_GPL(function: Any) -> None:
    """Mark *function* as open to modules under the GPL.

    C: include/linux/export.h, macro, service"""
    function.exported = "EXPORT_SYMBOL_GPL"
