# SPDX-License-Identifier: GPL-2.0-only
"""Show what a patch of the series changes in the Python: the difference between two points of the flat source.

Example: kernel-port diff 5
"""

from __future__ import annotations

import argparse

from ..review.port import mails
from ..series import PATCHES
from ..terminal import Paint

STYLES = {"+": "green", "-": "red", "@": "cyan"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of diff."""
    numbers = range(1, len(PATCHES) + 1)
    parser.add_argument("patch", metavar="N", type=int, choices=numbers, help="number of the patch, 1-8")


def run(args: argparse.Namespace) -> int:
    """Print the patch's subject and difference."""
    paint = Paint()
    patch = PATCHES[args.patch - 1]
    print(paint("bold", f"{patch.number}/{len(PATCHES)} {patch.subject}"))
    for line in mails.difference(args.patch).splitlines():
        is_head = line.startswith(("+++", "---", "diff ", "index "))
        style = "bold" if is_head else STYLES.get(line[:1], "")
        print(paint(style, line) if style else line)
    return 0
