# SPDX-License-Identifier: GPL-2.0-only
"""Show what a patch or a mend changes in the Python: the difference between two flat sources.

WHAT is the number of a patch, 1-8, or what is put on top: a mend by name, a version (v3.12), a file of yours
(./mine.py). It is compared with the kernel without it: all patches, what WHAT requires, and what --with names.

Examples: kernel-port diff 5
          kernel-port diff tune-bus-reset-timing
"""

from __future__ import annotations

import argparse

from ..choice import KernelChoice
from ..hw.errors import MachineError
from ..mends import find
from ..review.port import mails
from ..series import PATCHES
from ..terminal import Paint, clean
from . import _kernel

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of diff."""
    parser.add_argument("what", metavar="WHAT", help="number of a patch, 1-8; or a mend, a version, a file of yours")
    _kernel.arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Print the title and the difference."""
    paint = Paint()
    title, text = of_patch(args) if args.what.isdigit() else of_mend(args)
    print(paint("bold", clean(title)))
    for line in text.splitlines():
        is_head = line.startswith(("+++", "---", "diff ", "index "))
        style = "bold" if is_head else STYLES.get(line[:1], "")
        print(paint(style, line) if style else line)
    return 0


def of_patch(args: argparse.Namespace) -> tuple[str, str]:
    """Return the title and the difference of a patch of the series.

    :raises MachineError: there is none of that number"""
    number = int(args.what)
    if not 1 <= number <= len(PATCHES):
        raise MachineError(f"there is no patch {number}: the series has 1 to {len(PATCHES)}")
    if args.extra:
        raise MachineError("--with is for a mend: a patch is compared with the point before it")
    return f"{number}/{len(PATCHES)} {PATCHES[number - 1].subject}", mails.difference(number)


def of_mend(args: argparse.Namespace) -> tuple[str, str]:
    """Return the title and the difference of what is put on top.

    :raises MachineError: there is no such mend, or it does not fit"""
    chosen = _kernel.chosen(args)
    after = KernelChoice.of(chosen, [args.what], needs=True)
    new = find(args.what)
    given = [str(mend.path) if mend.is_users else mend.name for mend in after.mends if mend not in new]
    before = KernelChoice.of(chosen.patches, given)
    title = f"{new[0].name}: {new[0].title}" if len(new) == 1 else f"{args.what}: {len(new)} mends"
    return title, mails.between(before, after)
