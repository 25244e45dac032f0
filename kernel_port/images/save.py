# SPDX-License-Identifier: GPL-2.0-only
"""Write a machine to a file: lspci text, raw ECAM or a TOML machine description."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..files import write_whole
from ..hw.description import MachineDescription
from ..hw.errors import MachineError
from . import ecam, lspci, machine_toml

_ENDINGS = {
    ".txt": "lspci", ".lspci": "lspci", ".ecam": "ecam", ".img": "ecam", ".bin": "ecam", ".toml": "toml",
}  # fmt: skip

#: Names of the formats a machine can be written in.
FORMATS = ("lspci", "ecam", "toml")


def save(machine: MachineDescription, path: str | Path, format: str | None = None) -> None:
    """Write *machine* to *path*, whole or not at all: an old file stays until the new one is complete.

    :param format: one of FORMATS, or None to go by the ending: .txt .lspci, .ecam .img .bin, .toml
    :raises MachineError: the format is not known or cannot hold this machine, or the file cannot be written"""
    path = Path(path)
    write = _writer(path, format)
    write_whole(path, lambda file: write(machine, file, str(path)))


def refuse_format(machine: MachineDescription, path: str | Path, format: str | None = None) -> None:
    """Raise early what save() would raise about the format.

    :raises MachineError: the format is not known or cannot hold this machine"""
    if _writer(Path(path), format) is _ecam:
        ecam.refuse_partial(machine.functions, str(path))


def _writer(path: Path, format: str | None) -> Callable[[MachineDescription, BinaryIO, str], None]:
    return {"lspci": _lspci, "ecam": _ecam, "toml": _toml}[format_of(path, format)]


def format_of(path: Path, format: str | None = None) -> str:
    """Return the one of FORMATS to write *path* in: *format*, else by the ending.

    :raises MachineError: neither is known"""
    name = format or _ENDINGS.get(path.suffix.lower())
    if name is None:
        raise MachineError(f"{path}: no format for the ending {path.suffix!r}; use one of {' '.join(_ENDINGS)}")
    if name not in FORMATS:
        raise MachineError(f"{path}: no format {name!r}; there are {', '.join(FORMATS)}")
    return name


def _lspci(machine: MachineDescription, file: BinaryIO, _name: str) -> None:
    file.writelines(line.encode() for line in lspci.write(machine.functions))


def _toml(machine: MachineDescription, file: BinaryIO, _name: str) -> None:
    file.writelines(line.encode() for line in machine_toml.write(machine))


def _ecam(machine: MachineDescription, file: BinaryIO, name: str) -> None:
    ecam.write(machine.functions, file, name)
