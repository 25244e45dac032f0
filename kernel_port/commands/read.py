# SPDX-License-Identifier: GPL-2.0-only
"""Read the series side by side: the C on the left, the Python on the right, statement by statement.

WHAT is the number of a patch, a mend (its name, a version, ./mine.py), a symbol, or "all", the default. You provide the
C: --c SOURCE takes a kernel tree, PATH@REV of a git repository, a linux-source tarball, or the series as a mailbox, as
kernel-port check does; or two kernels, A..B (linux@v3.11..v3.12), so that the C shows what is gone. Without it the left
side has file, function and prototype. The text goes to the terminal; -o FOLDER writes pages there, one for each patch,
mend and file that they use, with index.html; -o FILE writes one page, of "all" with --one.

--unexplained lists, of all functions of base/ and patch/, each statement of the kernel's C that has no counterpart in
the Python and no reason, and each statement of the Python without one in C; then functions that stand elsewhere in
their file, or whose export or linkage differs. A reason is a kind of departure, told by the function called
(kernel_port/review/port/kinds.py), or a `PORT:` in a comment or docstring of the function or its module. Of the C that
explains the statements that it names (by name(), a name with _, or in backquotes a variable, a member, or part of the
statement), with all in them and the test of their result; of the Python the statement beside it, or those below it up
to an empty line or comment. The last lines count what is explained, and by what. Exit status 1 if anything is listed.

Examples: kernel-port read 7 --c linux@v3.12
          kernel-port read --c linux@v3.11..v3.12 -o pages
          kernel-port read --c /usr/src/linux-source-6.1.tar.xz --one -o series.html
          kernel-port read --unexplained --c linux@v3.11
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ..choice import ALL, KernelChoice
from ..files import refuse_links_out, refuse_outputs, write_text
from ..hw.errors import MachineError
from ..mends import Mend, is_path, shipped, versions
from ..review.read.book import INDEX, one_page, pages
from ..review.read.c_side import KernelSide, open_side
from ..review.read.reading import reading
from ..review.read.text import lines
from ..review.read.unexplained import unexplained
from ..review.upstream.given import ends
from ..terminal import clean
from . import _c, _kernel

HOW_TO = """\
To have the C on the left, name a source with --c: a kernel tree, or a git repository at a revision (--c linux@v3.12);
the mails of the series, as b4 am fetches them from lore.kernel.org (--c v2.mbox);
or what Debian packages: apt-get install linux-source-6.1, then --c /usr/src/linux-source-6.1.tar.xz."""

#: Where something is without its like.
SIDES = {"c": "only in C,", "python": "only in Python,", "place": "elsewhere,"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of read."""
    parser.add_argument(
        "what", metavar="WHAT", nargs="?", default="all", help="number of a patch, mend, symbol, or all"
    )
    _kernel.mends(parser)
    _c.option(parser, "where the C is")
    parser.add_argument("--unexplained", action="store_true", help="list what has no counterpart and no reason")
    parser.add_argument(
        "-o", "--output", metavar="PATH", type=Path, help="folder for the pages (HTML), or file for one"
    )
    parser.add_argument("--one", action="store_true", help="all in one page")


def run(args: argparse.Namespace) -> int:
    """Write the text or the page, or the list."""
    if args.unexplained:
        return list_unexplained(args)
    is_folder = named_folder(args)
    sources = [source for source, _ in ends(args.c, args.rev)]
    if args.output is not None:
        refuse_outputs([args.output / INDEX if args.output.is_dir() else args.output], *sources)
    side = open_side(args.c, args.rev) if args.c else None
    mends = on_top(args)
    if args.output is None:
        for line in lines(reading(args.what, side, beneath=False, mends=mends), HOW_TO):
            print(line)
        return 0
    others = [word for what in args.extra for word in ("--with", what)]
    source = [*(("--c", args.c) if args.c else ()), *(("--rev", args.rev) if args.rev else ())]
    given = ["kernel-port", "read", args.what, *others, *source, *(["--one"] if args.one else []), "-o"]
    command = shlex.join([*given, str(args.output)])
    found = reading(args.what, side, mends=mends)
    if not is_folder:
        write_text(args.output, one_page(found, HOW_TO, command))
        return 0
    files = {args.output / name: text for name, text in pages(found, HOW_TO, command).items()}
    try:
        args.output.mkdir(exist_ok=True)
    except OSError as error:
        raise MachineError(f"{args.output}: {error.strerror}; choose another folder") from error
    refuse_outputs(files, *sources)
    refuse_links_out(files)
    for path, text in files.items():
        write_text(path, text)
    return 0


def named_folder(args: argparse.Namespace) -> bool:
    """Return whether -o names a folder, for a page each, or a file, for one.

    :raises MachineError: it is not what is to be written"""
    if args.output is None:
        if args.one:
            raise MachineError("--one is about pages: name the file with -o")
        return False
    is_folder: bool = args.output.is_dir()
    if args.what == "all" and not args.one and not args.output.suffix and not args.output.exists():
        return True  # made when the pages are
    if args.one and is_folder:
        raise MachineError(f"{args.output}: a folder, and --one writes one page: name a file with -o")
    if args.what == "all" and not args.one and not is_folder:
        raise MachineError("a page for each patch: name a folder with -o, or all in one page with --one")
    return is_folder


def list_unexplained(args: argparse.Namespace) -> int:
    """Write what has no counterpart and no reason, then how much has one.

    :raises MachineError: there is no kernel, or a page is asked for"""
    if args.what != "all" or args.output is not None:
        raise MachineError(
            "--unexplained is about every function, and lists them on the terminal: leave out WHAT and -o"
        )
    side = open_side(args.c, args.rev) if args.c else None
    if not isinstance(side, KernelSide):
        raise MachineError("--unexplained compares whole functions: name a kernel tree with --c, such as linux@v3.11")
    found = unexplained(side)
    for each in found.findings:
        print(f"{clean(each.where)}: {SIDES[each.side]} {each.name}: {clean(each.what)}")
    print(f"{len(found.findings)} unexplained; {found.functions} functions, {found.statements} statements of C")
    print(f"{found.told:>6}  explained where they are, in comments and docstrings")
    for reason, count in found.kinds.most_common():
        print(f"{count:>6}  {reason}")
    return 1 if found.findings else 0


def on_top(args: argparse.Namespace) -> tuple[Mend, ...]:
    """Return what is on top of the series: --with, and WHAT itself if it is a mend, with all that it requires.

    :raises MachineError: one does not load"""
    asked = is_path(args.what) or args.what in shipped() or args.what in versions()
    return KernelChoice.of(_kernel.chosen(args, ALL), [args.what] if asked else [], needs=True).mends
