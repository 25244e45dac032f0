# SPDX-License-Identifier: GPL-2.0-only
"""The options that choose a kernel: how many patches of the series, and what is put on top."""

from __future__ import annotations

import argparse

from ..choice import ALL, KernelChoice

#: What --json has of a choice.
JSON = "patches, with (names of what is on top)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments for the kernel."""
    numbers = range(ALL + 1)
    parser.add_argument("--patches", metavar="N", type=int, choices=numbers, default=ALL, help="0-8, default 8")
    mends(parser)


def mends(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments for what is on top of the series."""
    parser.add_argument(
        "--with", metavar="NAME", dest="extra", action="append", default=[],
        help="put a mend on top (kernel-port list has them), all of a version (v3.12), or a file of yours (./mine.py)",
    )  # fmt: skip
    parser.add_argument("--with-needs", action="store_true", help="take along what those require")


def chosen(args: argparse.Namespace, patches: int | None = None) -> KernelChoice:
    """Return the chosen kernel.

    :param patches: instead of --patches
    :raises MachineError: there is no such mend, a file does not load, or what is on top does not fit together"""
    return KernelChoice.of(args.patches if patches is None else patches, args.extra, needs=args.with_needs)
