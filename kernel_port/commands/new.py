# SPDX-License-Identifier: GPL-2.0-only
"""Write the skeleton of a patch of your own: each function to be modified, whole, as it is now, with what it imports.

FILE must not exist yet. The functions are those of the chosen kernel, by default of +8. What is on top of it and has
modified one of them is named in REQUIRES. Change the functions, then try the file: kernel-port run SCENARIO --with FILE

Example: kernel-port new p09_mine.py --modifies pci_reset_bus
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..files import refuse_outputs, write_text
from ..hw.errors import MachineError
from ..review.port.skeleton import skeleton
from . import _kernel


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of new."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the module to write, p09_mine.py")
    parser.add_argument(
        "--modifies", metavar="F", action="append", default=[], required=True, help="a function to change; repeatable"
    )
    _kernel.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the module.

    :raises MachineError: the file exists, its name is not a module's, or there is no such function"""
    if args.file.suffix != ".py" or not args.file.stem.isidentifier():
        raise MachineError(f"{args.file}: is not the name of a Python module, such as p09_mine.py")
    if args.file.exists():
        raise MachineError(f"{args.file}: exists; choose another name, or move it away")
    refuse_outputs([args.file])
    chosen = _kernel.chosen(args)
    write_text(args.file, skeleton(chosen, args.file.stem, args.modifies))
    print(f"{args.file}: change it, then try it: kernel-port run SCENARIO --with {given(args.file)}")
    return 0


def given(path: Path) -> str:
    """Return a path as --with takes it: with a folder, so that it is no name."""
    return str(path) if path.parent != Path() else f"./{path}"
