# SPDX-License-Identifier: GPL-2.0-only
"""A reference port of the 2013 series "pci: bus and slot reset interface" (Alex Williamson, v2).

boot() gives a machine with a kernel at any point of the series; kernel_port.pci_reset_slot and every other C name is
the fully patched kernel's, running on the machine booted last.

Nothing is linked before it is asked for; what type checkers see is in __init__.pyi.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .link import Kernel

__version__ = "0.2.0"


@cache
def _patched() -> Kernel:
    from .link import link  # not above: most commands never need it, and the rest of the package is in here too

    return link()


def __getattr__(name: str) -> Any:
    if name == "boot":
        from .machine import boot

        return boot
    try:
        return getattr(_patched(), name)
    except AttributeError:
        raise AttributeError(f"module {__name__} has no attribute {name}, nor has the kernel") from None


def __dir__() -> list[str]:
    """boot() and the kernel's symbols, for completion; the names of registers are in pci_regs."""
    return sorted({"boot", *_patched().symbols, *(name for name in globals() if name.startswith("__"))})
