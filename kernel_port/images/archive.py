# SPDX-License-Identifier: GPL-2.0-only
"""A sysfs tree in a tar or zip archive: read in place, nothing is extracted, within a budget.

Of each folder 0000:01:00.0, wherever it is, this reads what sysfs.py reads of one on disk. Where the kernel lets tar
read less of a file than it says to have, tar fills it with zeros: zeros up to the end are not taken for stated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from ..archives import NOT_WHOLE, damage, tar_members
from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..limits import MACHINE, Budget
from ..pci_regs import PCI_STD_HEADER_SIZEOF
from ..terminal import clean
from . import sysfs

ZIP_MAGIC = b"PK\x03\x04"
#: The end record of a zip: its signature, length, and most bytes of a comment after it.
_ZIP_END, _ZIP_END_SIZE, _ZIP_COMMENT = b"PK\x05\x06", 22, 1 << 16
#: Bytes of what a zip says of a member, at least.
_ZIP_ENTRY = 46

_FILE = re.compile(r"(?s:.*/)?([0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])/([a-z]{1,16})", re.IGNORECASE)


class Member(NamedTuple):
    """A member of an archive that may be of a function."""

    name: str
    size: int
    #: What a link leads to, "" for a file.
    target: str
    #: Returns its first bytes, at most as many as it is told.
    read: Callable[[int], bytes]


def read_tar(file: BinaryIO, name: str) -> list[FunctionDescription]:
    """Read the functions of a sysfs tree in a tar archive.

    :raises MachineError: there is none, or the archive is damaged or has no end"""
    return _functions(_tar_members(file, name), name)


def read_zip(file: BinaryIO, name: str) -> list[FunctionDescription]:
    """Read the functions of a sysfs tree in a zip archive, which must be a file that can be read anywhere.

    :raises MachineError: as read_tar()"""
    with damage(name, NOT_WHOLE):
        return _functions(_zip_members(file, name), name)


def _tar_members(file: BinaryIO, name: str) -> Iterator[Member]:
    for member, read in tar_members(file, name, MACHINE):
        known = member.issym() or member.isfile() or member.isdir()
        yield Member(member.name if known else "", member.size, member.linkname if member.issym() else "", read)


def _zip_members(file: BinaryIO, name: str) -> Iterator[Member]:
    import zipfile

    length = file.seek(0, 2)
    file.seek(max(0, length - _ZIP_END_SIZE - _ZIP_COMMENT))
    tail = file.read()
    end = len(tail) - _ZIP_END_SIZE
    end = end if tail[end : end + 4] == _ZIP_END and tail[-2:] == b"\0\0" else tail.rfind(_ZIP_END)
    directory = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if directory > MACHINE.files * 2 * _ZIP_ENTRY:
        raise MachineError(f"{name}: {directory} bytes of names in it; pack /sys/bus/pci/devices alone")
    budget = Budget(name, MACHINE)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            budget.take()
            is_link = info.external_attr >> 28 == 0o12
            target = ""
            if is_link and _FILE.fullmatch(info.filename):
                with archive.open(info) as link:
                    target = link.read(4096).decode("utf-8", "replace")
            yield Member(info.filename, info.file_size, target, partial(_read_zipped, archive, info, budget))


def _read_zipped(archive: Any, info: Any, budget: Budget, limit: int) -> bytes:
    """Return at most *limit* bytes of a member."""
    with archive.open(info) as file:
        data = bytes(file.read(limit))
    budget.read(len(data))
    return data


def _functions(members: Iterator[Member], name: str) -> list[FunctionDescription]:
    """Collect the files of each function, and describe those that have a config file."""
    count, first = 0, ""
    folders: dict[str, dict[str, bytes]] = defaultdict(dict)
    sizes: dict[str, int] = {}
    for member in members:
        count += 1
        first = first or member.name
        if (file := _FILE.fullmatch(member.name)) and file[2] in sysfs.FILES:
            folder = folders[member.name[: file.end(1)]]
            if member.target or member.name.endswith("/") or file[2] == "physfn":
                folder[file[2]] = member.target.encode("utf-8", "replace")
            else:
                folder[file[2]] = member.read(sysfs.FILES[file[2]])
                if file[2] == "config":
                    sizes[member.name[: file.end(1)]] = member.size
    found: dict[Address, FunctionDescription] = {}
    for path, files in folders.items():
        address = Address.parse(path.rpartition("/")[2])
        if path in sizes and address not in found:
            found[address] = sysfs.function(address, _honest(files), f"{name}: {clean(path)}", sizes[path])
    if not found:
        shown = f", the first of them {clean(first)[:200]!r}," if first else ""
        raise MachineError(
            f"{name}: an archive of {count} members{shown} and no 0000:00:00.0/config among them; unpack it and name "
            "the file that has the machine, or pack /sys/bus/pci/devices and /sys/devices as root"
        )
    return list(found.values())


def _honest(files: dict[str, bytes]) -> dict[str, bytes]:
    """Cut the zeros that tar adds where only the header may be read."""
    config = files["config"]
    if not any(config[PCI_STD_HEADER_SIZEOF:]):
        config = config[:PCI_STD_HEADER_SIZEOF]
    return files | {"config": config}
