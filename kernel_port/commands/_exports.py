# SPDX-License-Identifier: GPL-2.0-only
"""Runs as files of tools that people already use: Perfetto, ftrace's readers, QEMU's trace log, setpci."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from ..files import refuse_output, write_text
from ..hw.errors import MachineError
from ..trace.exports import Export, ftrace, qemu, setpci
from ..trace.perfetto import perfetto

#: Option -> what makes the text, and what the option is for.
FORMATS: dict[str, tuple[Callable[[Export], str], str]] = {
    "perfetto": (perfetto, "write the run as Chrome trace events (JSON), for ui.perfetto.dev"),
    "ftrace": (ftrace, "write the run as ftrace's text, as trace-cmd report prints it"),
    "qemu": (qemu, "write the config cycles as QEMU's pci_cfg_read and pci_cfg_write trace lines"),
    "setpci": (setpci, "write the config writes as a commented shell script, for study: never run by kernel-port"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments that ask for exports."""
    group = parser.add_argument_group("exports", "the run in the form of other tools")
    for name, (_, purpose) in FORMATS.items():
        group.add_argument(f"--{name}", metavar="FILE", type=Path, help=purpose)


def outputs(args: argparse.Namespace) -> list[Path | None]:
    """The files that are asked for."""
    return [getattr(args, name) for name in FORMATS]


def refuse(source: str, paths: Iterable[Path | None]) -> None:
    """Refuse, before anything is done, to write where one cannot, over the machine, or two things into one file.

    :raises MachineError: says what to do instead"""
    taken = set[Path]()
    for path in filter(None, paths):
        refuse_output(path, source)
        if path.resolve() in taken:
            raise MachineError(f"{path}: is named for two outputs; name two files")
        taken.add(path.resolve())


def write(args: argparse.Namespace, export: Export) -> None:
    """Write the files that are asked for, each whole or not at all."""
    for name, (form, _) in FORMATS.items():
        if path := getattr(args, name):
            write_text(path, form(export))
