# SPDX-License-Identifier: GPL-2.0-only
"""The C that a command compares with or shows: a kernel, or the series as mails."""

from __future__ import annotations

import argparse

from ..limits import MAILS, SOURCES, TARBALL

#: How much of it is read.
LIMITS = f"at most: a folder or revision {SOURCES}; a tarball {TARBALL}; mails {MAILS}"


def option(parser: argparse.ArgumentParser, about: str) -> None:
    """Add --c, which is for what *about* says, and --rev."""
    parser.add_argument(
        "--c", metavar="SOURCE", default="", help=f"{about}: a kernel, or the series as mails; {LIMITS}"
    )
    revision(parser)


def revision(parser: argparse.ArgumentParser) -> None:
    """Add --rev."""
    parser.add_argument("--rev", metavar="REV", default="", help="revision, if SOURCE is a git repository")
