# SPDX-License-Identifier: GPL-2.0-only
"""Try things on a machine: read and write registers by name, let time pass, reset, look, undo.

At the prompt, which is Python's (IPython's where it is installed):
  01:00.0 COMMAND                  read a register, named as setpci names it: COMMAND, CAP_EXP+8.w, 3e.w
  00:1c.0 BRIDGE_CONTROL=40:40     write one: value, and mask of the bits to change
  reset slot:1, wait 100, why 01:00.0, tree, trace, undo, help
Everything else is Python: session has all of this as methods, kernel the C's functions. MACHINE stays unchanged.

Example: kernel-port shell example:vga
"""

from __future__ import annotations

import argparse

from ..prompt import Session
from ..prompt.console import interact
from ..terminal import clean
from ..trace.outcome import count
from . import _kernel, _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of shell."""
    _machine.argument(parser)
    _kernel.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Boot, and read lines until there are no more."""
    description = _machine.loaded(args)
    with Session(description, _kernel.chosen(args)) as session:
        functions = count(len(description.functions), "function")
        interact(session, f"{clean(description.name)}, {session.kernel.__name__}: {functions}.")
    return 0
