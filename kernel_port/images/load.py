# SPDX-License-Identifier: GPL-2.0-only
"""Load a machine from any source. Content decides what a file is, not its name."""

from __future__ import annotations

import os
import re
import stat
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import BinaryIO

from ..archives import again, is_packed, is_tar, unpacked
from ..hw.address import Address
from ..hw.description import MachineDescription
from ..hw.errors import MachineError, did_you_mean
from ..limits import DESCRIPTION, DUMP, MACHINE
from ..qemu import PREFIX, describe
from ..terminal import clean
from . import archive, config_file, dump, ecam, machine_toml, sysfs
from .doubts import guess_sizes, refuse_nonsense, warnings

_HEAD = 65536
_TOML = re.compile(rb"^[ \t]*\[\[[ \t]*function[ \t]*\]\]", re.MULTILINE)
#: The first line of a machine description that says something.
_KEY = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*(?:[\w-]+[ \t]*=|\[\[?[\w. -]+\]\]?[ \t]*\r?$)", re.MULTILINE)
_KINDS = (
    "lspci -xxxx text, a dump of a config file, a sysfs directory or archive, a raw ECAM image or a TOML machine "
    "description"
)
_DUMP = re.compile(
    rb"^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\s|^[0-9a-f]{2}:(?: [0-9a-f]{2})+",
    re.MULTILINE | re.IGNORECASE,
)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ZSTD = b"\x28\xb5\x2f\xfd"
#: In text, at most one byte in so many is 0.
_FEW = 64


def load(source: str | Path, at: str = "", file: BinaryIO | None = None) -> MachineDescription:
    """Load a machine.

    :param source: path of a text with an lspci -x/-xxx/-xxxx dump or with a hexdump of a config file, of a config file
        itself, a sysfs directory or an archive of one, a raw ECAM image or a TOML machine description; text and
        archives may be packed. Or, as str: ``host`` (this computer, read only), ``example:NAME`` (built in), ``-``
        (standard input), ``qemu:-device ...`` (devices of a QEMU that runs no guest)
    :param at: the address of bytes that have none with them, as 01:00.0
    :param file: the file at the path *source*, if it is open already
    :return: functions in address order; doubts about them are in `warnings`
    :raises MachineError: the source cannot be read or is bad; the message has file, line or offset, and the remedy"""
    machine = _read_file(file, Path(source), _address(at)) if file else _read(source, _address(at))
    machine.name = machine.name.encode("utf-8", "replace").decode()  # file names may be in any encoding
    machine.functions.sort(key=lambda function: function.address)
    refuse_nonsense(machine.functions, str(source))
    guess_sizes(machine.functions)
    machine.warnings += warnings(machine.functions, machine.recorded)
    return machine


def is_name(source: str) -> bool:
    """Return whether *source* is a name that load() knows rather than a path."""
    return source in ("host", "-") or source.startswith(("example:", PREFIX))


def is_raw_ecam(file: BinaryIO, source: str, at: str = "") -> bool:
    """Return whether load() would read *source*, open as *file*, as a raw ECAM image."""
    head, size = file.read(_HEAD), os.fstat(file.fileno()).st_size
    file.seek(0)
    is_config = (at or config_file.address_in(Path(source)) is not None) and _is_config(head, size)
    return not is_config and _is_ecam(head, size)


def example_names() -> list[str]:
    """Return the names of the built-in examples."""
    return sorted(entry.name.removesuffix(".toml") for entry in _examples().iterdir() if entry.name.endswith(".toml"))


def _examples() -> Traversable:
    return resources.files(__package__) / "examples"


def _address(at: str) -> Address | None:
    try:
        return Address.parse(at) if at else None
    except ValueError as error:
        raise MachineError(f"--at: {error}") from None


def _read(source: str | Path, at: Address | None) -> MachineDescription:
    if source == "-":
        machine = _read_stream(sys.stdin.buffer, "standard input", at, None)
        machine.name = machine.name or "-"
        return machine
    if isinstance(source, str) and source.startswith("example:"):
        return _example(source)
    if isinstance(source, str) and source.startswith(PREFIX):
        return describe(source)
    path = sysfs.HOST if source == "host" else Path(source)
    try:
        if path.is_dir():
            name = source if isinstance(source, str) and source == "host" else clean(path.name)
            functions = sysfs.read(path, str(path))
            return MachineDescription(name, functions, recorded=True, roots=sysfs.roots(path, str(path)))
        # O_NONBLOCK: opening a pipe or a terminal must not wait for its other end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return _read_file(file, path, at)
    except (OSError, ValueError) as error:
        if isinstance(error, MachineError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise MachineError(f"{path}: {reason}; MACHINE is {_KINDS}, host, example:NAME or qemu:WORDS") from error


def _example(source: str) -> MachineDescription:
    name = source.partition(":")[2]
    if name not in example_names():
        raise MachineError(f"{source}: no such built-in example; {did_you_mean(name, example_names())}")
    text = (_examples() / f"{name}.toml").read_bytes()
    return machine_toml.parse(text, source)


def _read_file(file: BinaryIO, path: Path, at: Address | None) -> MachineDescription:
    name = str(path)
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise MachineError(f"{name}: not a regular file or directory; give {_KINDS}, or - for standard input")
    head, near, size = file.read(_HEAD), config_file.address_in(path), status.st_size
    file.seek(0)
    address = at or near
    if address and _is_config(head, size):
        return MachineDescription(clean(path.stem), [config_file.read(file.read(), address)], recorded=True)
    if _is_ecam(head, size):
        return MachineDescription(clean(path.stem), ecam.read(file, name))
    if head.startswith(archive.ZIP_MAGIC):
        return MachineDescription(clean(path.stem), archive.read_zip(file, name), recorded=True)
    if size > (limit := DESCRIPTION if _is_toml(head) else DUMP):
        raise MachineError(f"{name}: {size} bytes, more than the {limit} that are read; give {_KINDS}")
    machine = _read_stream(file, name, at, near)
    machine.name = machine.name or clean(path.stem)
    return machine


def _read_stream(
    file: BinaryIO, name: str, at: Address | None, near: Address | None, packed: bool = False
) -> MachineDescription:
    """Read what needs no seeking: text, a machine description, a tar archive, or one of these packed."""
    head = file.read(_HEAD)
    if not head:
        raise MachineError(f"{name}: empty; give {_KINDS}")
    file = again(head, file)
    if is_packed(head):
        if packed:
            raise MachineError(f"{name}: packed twice; unpack it once")
        return _read_stream(unpacked(file, head, name, MACHINE), name, at, near, packed=True)
    if is_tar(head):
        return MachineDescription("", archive.read_tar(file, name), recorded=True)
    if _is_toml(head):
        return machine_toml.parse(file.read(DESCRIPTION), name)
    wide = head.startswith(_UTF_16) and head.count(0) > len(head) // 4
    if not wide:
        _refuse_binary(head, name)
    found = dump.read(file, name, "utf-16" if wide else "", at, near)
    return MachineDescription("", found.functions, warnings=found.warnings, recorded=True)


def _is_config(head: bytes, size: int) -> bool:
    """Return whether a file may be the config file of a function, by its length and content."""
    return size in config_file.LENGTHS and (b"\0" in head or head.count(0xFF) == len(head))


def _is_ecam(head: bytes, size: int) -> bool:
    """Return whether a file may be a raw ECAM image, by its length and content."""
    if is_packed(head) or is_tar(head) or head.startswith((archive.ZIP_MAGIC, *_UTF_16, _ZSTD)):
        return False
    return bool(size) and size % ecam.PAGE == 0 and (b"\0" in head or head.count(0xFF) == len(head))


def _is_toml(head: bytes) -> bool:
    """Return whether a file is a machine description, or is meant to be one."""
    return bool(_TOML.search(head) or (len(head) < _HEAD and _KEY.match(head) and not _DUMP.search(head)))


def _refuse_binary(head: bytes, name: str) -> None:
    if head.startswith(_ZSTD):
        raise MachineError(f"{name}: packed with zstd; unpack it with: unzstd {name}")
    if _is_config(head, len(head)):
        raise MachineError(f"{name}: one function's config file, it seems; say whose with --at 01:00.0")
    if head.count(0) * _FEW > len(head):
        raise MachineError(f"{name}: offset {head.index(0):#x}: binary data; give {_KINDS}")
