# SPDX-License-Identifier: GPL-2.0-only
"""Runs in the file formats of other tools: Perfetto, ftrace's readers, QEMU's trace log, setpci."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..files import write_text
from ..trace.exports import Export, ftrace, qemu, setpci
from ..trace.perfetto import perfetto

#: Option -> the function that makes the text, and what the option is for.
FORMATS: dict[str, tuple[Callable[[Export], str], str]] = {
    "perfetto": (perfetto, "write the run as Chrome trace events (JSON), for ui.perfetto.dev"),
    "ftrace": (ftrace, "write the run as ftrace's text, as trace-cmd report prints it"),
    "qemu": (qemu, "write the config cycles as QEMU's pci_cfg_read and pci_cfg_write trace lines"),
    "setpci": (setpci, "write the config writes as a commented shell script, for study: never run by kernel-port"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments for exports."""
    group = parser.add_argument_group("exports", "the run in the form of other tools")
    for name, (_, purpose) in FORMATS.items():
        group.add_argument(f"--{name}", metavar="FILE", type=Path, help=purpose)


def outputs(args: argparse.Namespace) -> list[Path | None]:
    """Return the requested files."""
    return [getattr(args, name) for name in FORMATS]


def write(args: argparse.Namespace, export: Export) -> None:
    """Write the requested files, each whole or not at all."""
    for name, (form, _) in FORMATS.items():
        if path := getattr(args, name):
            write_text(path, form(export))
