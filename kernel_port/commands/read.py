# SPDX-License-Identifier: GPL-2.0-only
"""Read the series side by side: the C on the left, the Python on the right, statement by statement.

WHAT is the number of a patch, a mend (its name, a version, ./mine.py), a symbol, or "all", the default. You provide the
C: --c SOURCE takes a kernel tree, PATH@REV of a git repository, a linux-source tarball, or the series as a mailbox, as
kernel-port check does. Without it the left side has file, function and prototype. -o writes a page, one file; otherwise
the text goes to the terminal.

Examples: kernel-port read 7 --c linux@v3.12
          kernel-port read all --c /usr/src/linux-source-6.1.tar.xz -o series.html
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ..choice import ALL, KernelChoice
from ..files import refuse_output, write_text
from ..mends import Mend, is_path, shipped, versions
from ..review.read.c_side import open_side
from ..review.read.page import read_page
from ..review.read.reading import reading
from ..review.read.text import lines
from . import _kernel

HOW_TO = """\
To have the C on the left, name a source with --c: a kernel tree, or a git repository at a revision (--c linux@v3.12);
the mails of the series, as b4 am fetches them from lore.kernel.org (--c v2.mbox);
or what Debian packages: apt-get install linux-source-6.1, then --c /usr/src/linux-source-6.1.tar.xz."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of read."""
    parser.add_argument(
        "what", metavar="WHAT", nargs="?", default="all", help="number of a patch, mend, symbol, or all"
    )
    _kernel.mends(parser)
    parser.add_argument("--c", metavar="SOURCE", default="", help="where the C is: a kernel, or the series as mails")
    parser.add_argument("--rev", metavar="REV", default="", help="revision, if SOURCE is a git repository")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a page (HTML) there")


def run(args: argparse.Namespace) -> int:
    """Write the text or the page."""
    if args.output is not None:
        refuse_output(args.output, args.c)
    side = open_side(args.c, args.rev) if args.c else None
    mends = on_top(args)
    if args.output is None:
        for line in lines(reading(args.what, side, beneath=False, mends=mends), HOW_TO):
            print(line)
        return 0
    others = [word for what in args.extra for word in ("--with", what)]
    given = ["kernel-port", "read", args.what, *others, *(("--c", args.c) if args.c else ()), "-o", str(args.output)]
    write_text(args.output, read_page(reading(args.what, side, mends=mends), HOW_TO, shlex.join(given)))
    return 0


def on_top(args: argparse.Namespace) -> tuple[Mend, ...]:
    """Return what is on top of the series: --with, and WHAT itself if it is a mend, with all that it requires.

    :raises MachineError: one does not load"""
    asked = is_path(args.what) or args.what in shipped() or args.what in versions()
    return KernelChoice.of(_kernel.chosen(args, ALL), [args.what] if asked else [], needs=True).mends
