# SPDX-License-Identifier: GPL-2.0-only
"""The machine that a command is about: MACHINE, and whose its bytes are if they do not say so."""

from __future__ import annotations

import argparse
from typing import BinaryIO

from ..hw.description import MachineDescription
from ..images import load
from ..limits import DESCRIPTION, DUMP, MACHINE, size

#: How much of it is read.
LIMITS = f"at most: text {size(DUMP)}, a description {size(DESCRIPTION)}, packed {MACHINE}"
HELP = f"a path, host, example:NAME, qemu:WORDS or -; {LIMITS}"


def argument(parser: argparse.ArgumentParser) -> None:
    """Add MACHINE, and --at."""
    parser.add_argument("machine", metavar="MACHINE", help=HELP)
    option(parser)


def option(parser: argparse.ArgumentParser) -> None:
    """Add --at, for a command whose machine has another name than MACHINE."""
    parser.add_argument(
        "--at", metavar="01:00.0", default="", help="whose bytes without an address are: a config file's"
    )


def loaded(args: argparse.Namespace, source: str = "", file: BinaryIO | None = None) -> MachineDescription:
    """Load MACHINE, open as *file* if at all, or *source*.

    :raises MachineError: as load()"""
    return load(source or args.machine, args.at, file)
