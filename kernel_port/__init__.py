# SPDX-License-Identifier: GPL-2.0-only
"""A reference port of the 2013 series "pci: bus and slot reset interface" (Alex Williamson, v2).

boot() gives a machine with a kernel at any point of the series, Session one to try things on at a prompt.
kernel_port.pci_reset_slot and every other C name is the fully patched kernel's, running on the machine booted last.

Nothing is linked before it is asked for; what type checkers see is in __init__.pyi.
"""

from __future__ import annotations

import sys
from functools import cache, wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .link import Kernel

__version__ = "0.2.0"


def _on_latest(function: Any) -> Any:
    """Wrap a function of the kernel: it runs on the machine booted last, and refuses arguments of another one."""

    @wraps(function)
    def call(*args: Any) -> Any:
        from .hw.errors import MachineError  # not above, for the reason below
        from .kernel.system import System
        from .link import foreign

        name = function.__name__
        if (latest := getattr(System, "latest", None)) and foreign(args, latest.symtab["pci_root_buses"]):
            raise MachineError(f"{name}: an argument is not of the machine booted last; use machine.call()")
        return function(*args)

    return call


@cache
def _patched() -> Kernel:
    from .link import link  # not above: most commands never need it, and the rest of the package is in here too

    return link()


def __getattr__(name: str) -> Any:
    if name == "boot":
        from .machine import boot

        if "IPython" in sys.modules:  # a notebook asks objects what they look like
            from . import prompt  # noqa: F401
        return boot
    if name == "Session":
        from .prompt import Session

        return Session
    try:
        found = getattr(_patched(), name)
        return _on_latest(found) if isinstance(found, FunctionType) else found
    except AttributeError:
        raise AttributeError(f"module {__name__} has no attribute {name}, nor has the kernel") from None


def __dir__() -> list[str]:
    """boot(), Session and the kernel's symbols, for completion; the names of registers are in pci_regs."""
    return sorted({"Session", "boot", *_patched().symbols, *(name for name in globals() if name.startswith("__"))})
