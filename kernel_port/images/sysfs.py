# SPDX-License-Identifier: GPL-2.0-only
"""Read a directory such as /sys/bus/pci/devices, of this computer or copied from another: one folder per function.

Of each folder this reads `config` (64 bytes unless read as root, 256 or 4096), `resource` (start, end and flags of each
BAR) and the name that the links `driver` and `iommu_group` point to. It writes nothing, and follows no link out of the
tree, except that a folder may be a link to its place in the kernel's layout: bus/pci/devices/* point into devices/.
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
from ..pci_regs import PCI_STD_HEADER_SIZEOF
from .lspci import ROW

HOST = Path("/sys/bus/pci/devices")

_NAME = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]", re.IGNORECASE)
#: A root bus, in whose folder the kernel keeps the functions on it.
_ROOT = re.compile(r"pci[0-9a-f]{4,8}:[0-9a-f]{2}", re.IGNORECASE)
_LENGTHS = (64, 128, 256, 4096)
_RESOURCE_LIMIT = 65536


def read(tree: Path, name: str) -> list[FunctionDescription]:
    """Read the functions of a sysfs tree: a directory of devices, or one that has bus/pci/devices or devices in it.

    :raises MachineError: there is no function, or a file of one cannot be read; the message has the file"""
    top = _devices_directory(tree)
    folders = _folders(top, name)
    inside = [top.resolve(), *_kernel_tree(top)]
    for folder in folders.values():
        target = folder.resolve()
        if folder.is_symlink() and not any(target.is_relative_to(root) for root in inside):
            raise MachineError(f"{folder}: links out of the tree, to {target}; copy the tree with: cp -rL")
    return [_function(folder, address) for address, folder in folders.items()]


def is_tree(directory: Path) -> bool:
    """Return whether read() would find functions in *directory*."""
    return any(map(_is_ours, os.scandir(_devices_directory(directory))))


def _devices_directory(tree: Path) -> Path:
    for candidate in (tree, tree / "devices", tree / "bus/pci/devices", tree / "sys/bus/pci/devices"):
        if candidate.is_dir() and within(tree, candidate) and any(map(_is_ours, os.scandir(candidate))):
            return candidate
    return tree


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
    level = [top]
    while level:
        below = []
        for directory in level:
            for entry in os.scandir(directory):
                if _NAME.fullmatch(entry.name):
                    found.setdefault(Address.parse(entry.name), Path(entry.path))
                if _is_ours(entry) and entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
        level = below
    if not found:
        raise MachineError(f"{name}: no folder such as 0000:00:00.0 in it; give a directory such as {HOST}")
    return found


def _read_file(path: Path, limit: int) -> bytes:
    """Read at most *limit* bytes of a regular file, not of a link."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(fd, "rb") as file:
            return file.read(limit)
    except OSError as error:
        raise MachineError(f"{path}: {error.strerror}; read it as root, or copy the tree as root") from error


def _function(folder: Path, address: Address) -> FunctionDescription:
    path = folder / "config"
    config = _read_file(path, 4097)
    if len(config) < PCI_STD_HEADER_SIZEOF or len(config) > 4096 or len(config) % ROW:
        raise MachineError(f"{path}: {len(config)} bytes, not {', '.join(map(str, _LENGTHS))}; copy it again, as root")
    # The size is the whole one even for a reader that gets only 64 bytes.
    size = 4096 if path.stat().st_size > 256 else 256
    function = FunctionDescription(address, config, size=size, driver=_link_name(folder / "driver"))
    if re.fullmatch(r"[0-9]{1,9}", group := _link_name(folder / "iommu_group")):
        function.iommu_group = int(group)
    if (folder / "resource").exists() and not os.path.lexists(folder / "physfn"):
        _take_resources(function, folder / "resource")
    return function


def _link_name(path: Path) -> str:
    """Return the last part of a link's target, "" if there is none or it is not printable.

    A copied tree may have a folder instead of the link, or nothing; a forged one, a name with escape sequences."""
    try:
        name = Path(os.readlink(path)).name  # noqa: PTH115
    except OSError:
        return ""
    return name if name.isprintable() else ""


def _take_resources(function: FunctionDescription, path: Path) -> None:
    """Take the sizes of BARs 0 to 5 and the ROM: each has a line of start, end and flags, in that order."""
    text = _read_file(path, _RESOURCE_LIMIT).decode("ascii", "replace")
    for number, line in enumerate(text.splitlines()[: ROM + 1]):
        try:
            start, end, _flags = (int(field, 16) for field in line.split())
            if end - start >= LARGEST_BAR:
                raise ValueError("no BAR is as large")
        except ValueError as error:
            raise MachineError(f"{path}:{number + 1}: not start, end, flags: {line[:60]!r}; copy it again") from error
        size = rounded_up(end - start + 1) if end >= start > 0 else 0
        if number < bar_count(function.config) and size:
            function.bars[number] = size
        elif number == ROM and rom_register(function.config):
            function.rom = size
