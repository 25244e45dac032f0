# SPDX-License-Identifier: GPL-2.0-only
"""Read a directory such as /sys/bus/pci/devices, of this computer or copied from another: one folder per function.

Of each folder this reads the FILES: `config` (64 bytes unless read as root, 256 or 4096), `resource` (start, end and
flags of each BAR), `reset_method`, the driver: the target's name of the link `driver`, else what `uevent` says, and
what the link `iommu_group` points to. It writes nothing, and follows no link out of the tree, except that a folder may
be a link to its place in the kernel's layout: bus/pci/devices/* point into devices/.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..files import within
from ..hw.address import Address
from ..hw.config_space import LARGEST_BAR, ROM, bar_count, rom_register, rounded_up
from ..hw.description import FunctionDescription
from ..hw.errors import MachineError
from ..limits import SYSFS, Budget
from ..pci_regs import PCI_STD_HEADER_SIZEOF
from . import config_file
from .rows import ROW

HOST = Path("/sys/bus/pci/devices")
#: What is read of a function, and at most how many bytes of each: the last three are links.
FILES = {"config": 4097, "resource": 65536, "uevent": 65536, "reset_method": 256, "driver": 0,
         "iommu_group": 0, "physfn": 0}  # fmt: skip

#: Since this version of Linux a function that can be reset has the file reset_method.
LISTS_METHODS = (5, 15)

_NAME = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]", re.IGNORECASE)
#: A root bus, in whose folder the kernel keeps the functions on it.
_ROOT = re.compile(r"pci[0-9a-f]{4,8}:[0-9a-f]{2}", re.IGNORECASE)
_DRIVER = re.compile(rb"^DRIVER=([\w.+-]+)$", re.MULTILINE)
#: Where functions are in a copy of sysfs.
_PLACES = ("", "devices", "bus/pci/devices", "sys/devices", "sys/bus/pci/devices")


def read(tree: Path, name: str) -> list[FunctionDescription]:
    """Read the functions of a sysfs tree: a directory of devices, or one that has devices or bus/pci/devices in it.

    :raises MachineError: there is no function, or a file of one cannot be read; the message has the file"""
    functions = [_described(folder, address) for address, folder in _all_folders(tree, name).items()]
    if tree == HOST and _release() >= LISTS_METHODS:
        for function in functions:
            function.reset_method = function.reset_method or ""  # no file: no method
    return functions


def _all_folders(tree: Path, name: str) -> dict[Address, Path]:
    """Return the folder of each function, none of which leads out of the tree."""
    found: dict[Address, Path] = {}
    for top in _tops(tree):
        inside = [top.resolve(), *_kernel_tree(top)]
        for address, folder in _folders(top, name).items():
            # A copy may have the links of bus/pci/devices without what they lead to.
            if address not in found or not (found[address] / "config").exists():
                _refuse_link_out(folder, inside)
                found[address] = folder
    if not found:
        raise MachineError(f"{name}: no folder such as 0000:00:00.0 in it; give a directory such as {HOST}")
    return found


def _release() -> tuple[int, int]:
    """Return the version of the running kernel, (0, 0) if it is not Linux."""
    numbers = re.match(r"(\d+)\.(\d+)", os.uname().release) if os.uname().sysname == "Linux" else None
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def roots(tree: Path, name: str) -> frozenset[tuple[int, int]]:
    """Return the root buses of a tree that has the kernel's own layout, (domain, number): pci0000:00/0000:00:1c.0/...

    A list of folders or links without that layout shows none."""
    found = set()
    for folder in _all_folders(tree, name).values():
        for part in folder.resolve().parts:
            if _ROOT.fullmatch(part):
                domain, _, bus = part.removeprefix("pci").partition(":")
                found.add((int(domain, 16), int(bus, 16)))
    return frozenset(found)


def is_tree(directory: Path) -> bool:
    """Return whether read() would find functions in *directory*."""
    return bool(_tops(directory))


def _tops(tree: Path) -> list[Path]:
    """Return the directories of a tree that have functions or root buses in them."""
    places = [tree / place for place in _PLACES]
    return [
        place for place in places if place.is_dir() and within(tree, place) and any(map(_is_ours, os.scandir(place)))
    ]


def _refuse_link_out(folder: Path, inside: list[Path]) -> None:
    if folder.is_symlink():
        try:
            target = folder.resolve()
        except (OSError, RuntimeError):
            target = folder
        if target.is_symlink():
            raise MachineError(f"{folder}: a circular link; copy the tree again with: cp -rL")
        if not any(target.is_relative_to(root) for root in inside):
            raise MachineError(f"{folder}: links out of the tree, to {target}; copy the tree with: cp -rL")


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Return whether a folder is a function's or a root bus's."""
    return bool(_NAME.fullmatch(entry.name) or _ROOT.fullmatch(entry.name))


def _kernel_tree(top: Path) -> list[Path]:
    """Return where bus/pci/devices/* point in the kernel's layout, which a copied tree may keep: ../../../devices."""
    if top.parts[-3:] != HOST.parts[-3:]:
        return []
    devices = top.parents[2] / "devices"
    return [devices.resolve()] if within(top.parents[2], devices) else []


def _folders(top: Path, name: str) -> dict[Address, Path]:
    """Return the folder of each function by its address: those in *top*, and those below a bridge's own folder."""
    found: dict[Address, Path] = {}
    level, budget = [top], Budget(name, SYSFS)
    while level:
        below = []
        for directory in level:
            for entry in os.scandir(directory):
                budget.take()
                if _NAME.fullmatch(entry.name):
                    found.setdefault(Address.parse(entry.name), Path(entry.path))
                if _is_ours(entry) and entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
        level = below
    return found


def _read_file(path: Path, limit: int) -> bytes:
    """Read at most *limit* bytes of a regular file, not of a link."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; read it as root, or copy the tree as root") from error


def _described(folder: Path, address: Address) -> FunctionDescription:
    files = _files(folder)
    # The size is the whole one even for a reader that gets only 64 bytes.
    return function(address, files, str(folder), (folder / "config").stat().st_size)


def _files(folder: Path) -> dict[str, bytes]:
    """Read the FILES of a function that are there."""
    files = {"config": _read_file(folder / "config", FILES["config"])}
    if (folder / "resource").exists():
        files["resource"] = _read_file(folder / "resource", FILES["resource"])
    if os.path.lexists(folder / "physfn"):
        files["physfn"] = b""
    if (folder / "reset_method").is_file():
        files["reset_method"] = _read_file(folder / "reset_method", FILES["reset_method"])
    if group := _link(folder / "iommu_group"):
        files["iommu_group"] = group
    driver = _link(folder / "driver")
    if driver:
        files["driver"] = driver
    elif (folder / "uevent").is_file() and not (folder / "uevent").is_symlink():
        files["uevent"] = _read_file(folder / "uevent", FILES["uevent"])
    return files


def _link(path: Path) -> bytes:
    """Return what a link leads to; a copied tree may have a folder instead, or nothing."""
    try:
        return os.fsencode(os.readlink(path))  # noqa: PTH115
    except OSError:
        return b""


def function(address: Address, files: dict[str, bytes], place: str, size: int) -> FunctionDescription:
    """Describe a function.

    :param files: what is in its FILES, links by what they lead to
    :param place: its folder, for messages
    :param size: of `config`, as its directory has it: it may have more bytes than were read
    :raises MachineError: a file cannot be what it is in sysfs"""
    config = files["config"]
    if len(config) < PCI_STD_HEADER_SIZEOF or len(config) > 4096 or len(config) % ROW:
        lengths = ", ".join(map(str, config_file.LENGTHS))
        raise MachineError(f"{place}/config: {len(config)} bytes, not {lengths}; copy it again, as root")
    described = config_file.read(config, address)
    described.size = 4096 if size > 256 else 256
    described.stated = b"\xff" * len(config) if len(config) < described.size else None
    described.driver = _driver(files)
    if re.fullmatch(r"[0-9]{1,9}", group := _last(files.get("iommu_group", b""))):
        described.iommu_group = int(group)
    if "reset_method" in files:
        listed = files["reset_method"].decode("ascii", "replace").strip()
        described.reset_method = listed if re.fullmatch(r"[a-z_ ]*", listed) else None
    if "resource" in files and "physfn" not in files:
        _take_resources(described, files["resource"].partition(b"\0")[0], f"{place}/resource")
    return described


def _driver(files: dict[str, bytes]) -> str:
    """Return the last part of what the link leads to, else what `uevent` says; "" for a name that is not printable."""
    if link := files.get("driver"):
        name = _last(link)
        return name if name.isprintable() and name not in ("", "..") else ""
    said = _DRIVER.search(files.get("uevent", b""))
    return said[1].decode("ascii", "replace") if said else ""


def _last(link: bytes) -> str:
    """Return the last part of what a link leads to."""
    return os.fsdecode(link).rpartition("/")[2]


def _take_resources(function: FunctionDescription, data: bytes, place: str) -> None:
    """Take the sizes of BARs 0 to 5 and the ROM: each has a line of start, end and flags, in that order."""
    for number, line in enumerate(data.decode("ascii", "replace").splitlines()[: ROM + 1]):
        try:
            start, end, _flags = (int(field, 16) for field in line.split())
            if end - start >= LARGEST_BAR:
                raise ValueError("no BAR is as large")
        except ValueError as error:
            raise MachineError(f"{place}:{number + 1}: not start, end, flags: {line[:60]!r}; copy it again") from error
        size = rounded_up(end - start + 1) if end >= start > 0 else 0
        if number < bar_count(function.config) and size:
            function.bars[number] = size
        elif number == ROM and rom_register(function.config):
            function.rom = size
