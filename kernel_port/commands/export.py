# SPDX-License-Identifier: GPL-2.0-only
"""Write a kernel as one flat Python file, or the whole series as mails for git am.

N is a point of the series: 0 is Linux 3.11, 8 has all patches; --with puts more on top. The file can be imported, and
runs with the package installed. "patches" writes 0001-*.patch to 0008-*.patch and a quilt series file into the folder
named with -o: each mail is the diff between two points, so git am replays the series on the exported point 0 (as
linux.py).

Examples: kernel-port export 0 -o linux.py
          kernel-port export 8 --with v3.12 -o linux312.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..files import refuse_links_out, write_text
from ..hw.errors import MachineError
from ..review.port import flat, mails
from ..series import PATCHES
from . import _kernel

POINTS = tuple(str(point) for point in range(len(PATCHES) + 1))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of export."""
    parser.add_argument("what", metavar="N", choices=(*POINTS, "patches"), help="point of the series, 0-8, or patches")
    _kernel.mends(parser)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write; a folder for patches")


def run(args: argparse.Namespace) -> int:
    """Write what was requested."""
    if args.what == "patches":
        if args.extra:
            raise MachineError("export patches writes the series as it is: --with is for a point of it")
        if args.output is None or not args.output.is_dir():
            raise MachineError("export patches writes several files: name an existing folder with -o")
        files = {args.output / name: text for name, text in mails.files().items()}
        refuse_links_out(files)
        for path, text in files.items():
            write_text(path, text)
        return 0
    text = flat.source(_kernel.chosen(args, int(args.what)))
    if args.output is None:
        sys.stdout.write(text)
    else:
        write_text(args.output, text)
    return 0
