# SPDX-License-Identifier: GPL-2.0-only
"""Load a machine from any source. Content decides what a file is, not its name."""

from __future__ import annotations

import io
import os
import re
import stat
import sys
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO

from ..files import opened
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.errors import MachineError
from ..qemu import PREFIX, describe
from . import ecam, lspci, machine_toml, sysfs
from .doubts import guess_sizes, refuse_nonsense, warnings

#: Longest file read, in bytes, by what it is.
_LIMITS = {ecam.read: ecam.WHOLE, lspci.parse: lspci.TEXT_LIMIT, machine_toml.parse: machine_toml.TEXT_LIMIT}

_HEAD = 65536
_TOML = re.compile(rb"^[ \t]*\[\[[ \t]*function[ \t]*\]\]", re.MULTILINE)
_DUMP = re.compile(
    rb"^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\s|^[0-9a-f]{2}:(?: [0-9a-f]{2})+",
    re.MULTILINE | re.IGNORECASE,
)
_KEY = re.compile(rb"^[ \t]*(?:[\w-]+[ \t]*=|\[\[?[\w. -]+\]\]?[ \t]*\r?$)", re.MULTILINE)
#: First bytes of a file that may hold a machine in another encoding -> what to do.
_DISGUISES = {
    b"\xef\xbb\xbf": "text with a byte order mark; save it as UTF-8 without one",
    b"\x1f\x8b": "compressed; unpack it with gunzip",
    b"BZh": "compressed; unpack it with bunzip2",
    b"\xfd7zXZ": "compressed; unpack it with unxz",
    b"\x28\xb5\x2f\xfd": "compressed; unpack it with unzstd",
}
_KINDS = "lspci -xxxx text, a sysfs directory, a raw ECAM image or a TOML machine description"


def load(source: str | Path) -> MachineDescription:
    """Load a machine.

    :param source: path of an lspci -x/-xxx/-xxxx dump, a sysfs directory, a raw ECAM image or a TOML machine
        description; or, as str: ``host`` (this computer, read only), ``example:NAME`` (built in), ``-`` (lspci text
        on standard input), ``qemu:-device ...`` (devices of a QEMU that runs no guest)
    :return: functions in address order; doubts about them are in `warnings`
    :raises MachineError: the source cannot be read or is bad; the message has file, line or offset, and the remedy"""
    machine = _read(source)
    machine.name = machine.name.encode("utf-8", "replace").decode()  # file names may be in any encoding
    machine.functions.sort(key=lambda function: function.address)
    refuse_nonsense(machine.functions, str(source))
    guess_sizes(machine.functions)
    machine.warnings += warnings(machine.functions, machine.recorded)
    return machine


def is_name(source: str) -> bool:
    """Return whether *source* is a name that load() knows rather than a path."""
    return source in ("host", "-") or source.startswith(("example:", PREFIX))


def is_raw_ecam(source: str) -> bool:
    """Return whether load() would read *source*, which must be readable, as a raw ECAM image."""
    if is_name(source) or Path(source).is_dir():
        return False
    with opened(Path(source)) as file:
        return _reader(file.read(_HEAD), os.fstat(file.fileno()).st_size, source) is ecam.read


def example_names() -> list[str]:
    """Return the names of the built-in examples."""
    return sorted(entry.name.removesuffix(".toml") for entry in _examples().iterdir() if entry.name.endswith(".toml"))


def _examples() -> Traversable:
    return resources.files(__package__) / "examples"


def _read(source: str | Path) -> MachineDescription:
    if source == "-":
        return MachineDescription("-", _lspci(sys.stdin.buffer, "standard input"), recorded=True)
    if isinstance(source, str) and source.startswith("example:"):
        return _example(source)
    if isinstance(source, str) and source.startswith(PREFIX):
        return describe(source)
    path = sysfs.HOST if source == "host" else Path(source)
    try:
        if path.is_dir():
            name = source if isinstance(source, str) and source == "host" else path.name
            functions = sysfs.read(path, str(path))
            return MachineDescription(name, functions, recorded=True, roots=sysfs.roots(path, str(path)))
        # O_NONBLOCK: opening a pipe or a terminal must not wait for its other end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return _read_file(file, path)
    except (OSError, ValueError) as error:
        if isinstance(error, MachineError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise MachineError(f"{path}: {reason}; MACHINE is {_KINDS}, host, example:NAME or qemu:WORDS") from error


def _example(source: str) -> MachineDescription:
    name = source.partition(":")[2]
    if name not in example_names():
        raise MachineError(f"{source}: no such built-in example; there are: {', '.join(example_names())}")
    text = (_examples() / f"{name}.toml").read_bytes()
    return machine_toml.parse(text, source)


def _read_file(file: BinaryIO, path: Path) -> MachineDescription:
    name = str(path)
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise MachineError(f"{name}: not a regular file or directory; give {_KINDS}, or - for standard input")
    head = file.read(_HEAD)
    file.seek(0)
    reader = _reader(head, status.st_size, name)
    if status.st_size > (limit := _LIMITS[reader]):
        raise MachineError(f"{name}: {status.st_size} bytes, more than the {limit} that are read; give {_KINDS}")
    if reader is machine_toml.parse:
        machine = machine_toml.parse(file.read(limit), name)
        machine.name = machine.name or path.stem
        return machine
    if reader is ecam.read:
        return MachineDescription(path.stem, ecam.read(file, name))
    return MachineDescription(path.stem, _lspci(file, name), recorded=True)


def _reader(head: bytes, size: int, name: str) -> Callable[..., object]:
    """Return the reader for a file."""
    if not head:
        raise MachineError(f"{name}: empty; give {_KINDS}")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and head.count(0) > len(head) // 4:
        raise MachineError(f"{name}: text in UTF-16; save it as UTF-8 (PowerShell: | Out-File -Encoding ascii)")
    if size % ecam.PAGE == 0 and (b"\0" in head or head.count(0xFF) == len(head)):
        return ecam.read
    for beginning, remedy in _DISGUISES.items():
        if head.startswith(beginning):
            raise MachineError(f"{name}: {remedy}")
    if b"\0" in head:
        hint = "one function's config file: give the directory its folder is in; " if size in (64, 128, 256) else ""
        raise MachineError(f"{name}: offset {head.index(0):#x}: binary data; {hint}give {_KINDS}")
    if _TOML.search(head):
        return machine_toml.parse
    if _DUMP.search(head):
        return lspci.parse
    if _KEY.search(head):
        return machine_toml.parse
    raise MachineError(f"{name}: neither {_KINDS}; record one with: lspci -xxxx > FILE (as root)")


def _lspci(file: BinaryIO, name: str) -> list[FunctionDescription]:
    # Device names may be in any encoding; they do not matter.
    text = io.TextIOWrapper(file, encoding="latin-1")
    try:
        return lspci.parse(text, name)
    finally:
        text.detach()
