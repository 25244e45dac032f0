# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources: a directory, a revision of a git repository, or a tarball."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ...archives import is_tar, tar_members, unpacked
from ...files import opened, walk, within
from ...hw.errors import MachineError
from ...limits import C_FILE, LISTING, SOURCES, TARBALL, Budget
from ...terminal import Progress
from .git import git

#: The files read from a kernel: the C files of PCI and VFIO, their headers, and the Makefile for the version.
SCOPE = re.compile(r"(?:drivers/(?:pci|vfio)/.*|include/(?:uapi/)?linux/(?:pci|vfio)[^/]*)\.[ch]|Makefile")
PARTS = ("drivers/pci", "drivers/vfio", "include")
#: Files beside these that base/ has functions of. Read, too, but not looked for in later kernels.
BESIDE = (
    *("drivers/base/bus.c", "drivers/base/core.c", "drivers/base/dd.c", "lib/klist.c", "lib/kobject.c"),
    *("include/linux/kernel.h", "include/linux/list.h", "lib/vsprintf.c"),
    *("arch/x86/pci/common.c", "arch/x86/kernel/apic/io_apic.c", "drivers/usb/host/pci-quirks.c"),
)


def is_read(path: str) -> bool:
    """Return whether *path* is one of the files that are read."""
    return path in BESIDE or SCOPE.fullmatch(path) is not None


class Tree(Protocol):
    """C files by their path in the kernel, "drivers/pci/pci.c"."""

    #: The user's name for it.
    name: str

    def paths(self) -> list[str]:
        """Return the files that are read."""

    def text(self, path: str) -> str | None:
        """Return a file's text, None if there is no such file."""


class Texts(Tree):
    """A tree in memory."""

    def __init__(self, name: str, texts: dict[str, str]) -> None:
        self.name = name
        self.texts = texts

    def paths(self) -> list[str]:
        return sorted(self.texts)

    def text(self, path: str) -> str | None:
        return self.texts.get(path)


class Directory(Tree):
    """A source directory. Links that leave it are ignored."""

    def __init__(self, root: Path) -> None:
        self.name = str(root)
        self.root = root

    def paths(self) -> list[str]:
        budget = Budget(self.name, SOURCES)
        files = [file for part in PARTS for file in walk(self.root / part, budget)]
        files += [self.root / path for path in ("Makefile", *BESIDE)]
        found = {file.relative_to(self.root).as_posix(): file for file in files}
        return sorted(path for path, file in found.items() if is_read(path) and self._is_ours(file))

    def text(self, path: str) -> str | None:
        file = self.root / path
        return decode(file.read_bytes()) if self._is_ours(file) and file.stat().st_size <= C_FILE else None

    def _is_ours(self, file: Path) -> bool:
        return file.is_file() and within(self.root, file)


def decode(data: bytes) -> str:
    """Decode a C file. Most are UTF-8."""
    return data.decode("utf-8", "replace")


def git_tree(repository: Path, revision: str) -> Texts:
    """Read the tree of a revision of a git repository, bare or not.

    :raises MachineError: there is no git, no repository or no such revision"""
    if revision.startswith("-") or "\0" in revision:
        raise MachineError(f"{revision}: no revision; name a commit, tag or branch")
    commit = git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    folders = (f"{part}/" for part in PARTS)
    listing = git(repository, "ls-tree", "-r", "-z", commit, "--", "Makefile", *BESIDE, *folders, longest=LISTING)
    entries = (entry.partition("\t") for entry in decode(listing).split("\0"))
    objects = {path: about.split()[2] for about, _, path in entries if is_read(path)}
    budget = Budget(f"{repository}@{revision}", SOURCES)
    sizes = git(repository, "cat-file", "--batch-check=%(objectsize)", given=_lines(objects.values())).split(b"\n")
    for path, size in zip(list(objects), sizes, strict=False):
        if not size.isdigit():
            raise MachineError(f"{repository}: {path} is missing at {revision}; fetch it, or name a full clone")
        if int(size) > C_FILE:
            del objects[path]
        else:
            budget.take(int(size))
    answer = git(repository, "cat-file", "--batch=%(objectsize)", given=_lines(objects.values()))
    texts, at = {}, 0
    for path in objects:
        start = answer.index(b"\n", at) + 1
        at = start + int(answer[at : start - 1])
        texts[path] = decode(answer[start:at])
        at += 1
    return Texts(f"{repository}@{revision}", texts)


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def tarball(path: Path) -> Texts:
    """Read the tree in a linux-source tarball.

    :raises MachineError: it is not a tarball, damaged, or larger than a kernel's"""
    texts: dict[str, str] = {}
    name, budget = str(path), Budget(str(path), SOURCES)
    if path.suffix == ".zst":
        raise MachineError(f"{path}: Python cannot read zstd; unpack it with: zstd -d {path}")
    with opened(path) as file, Progress(f"reading {path.name}") as bar:
        stream = unpacked(file, file.peek(6), name, TARBALL)
        for member, content in tar_members(stream, name, TARBALL):
            bar.at(member.name)
            inside = member.name.removeprefix("./").partition("/")[2]
            if member.isfile() and is_read(inside) and member.size <= C_FILE:
                budget.take(member.size)
                texts[inside] = decode(content())
    return Texts(name, texts)


def is_tarball(path: Path) -> bool:
    """Return whether *path* begins with the header of a tarball."""
    with opened(path) as file, suppress(MachineError):
        return is_tar(unpacked(file, file.peek(6), str(path), TARBALL).read(tarfile.BLOCKSIZE))
    return False


def open_tree(path: Path, revision: str = "") -> Tree:
    """Open the kernel sources at *path*.

    :raises MachineError: there are none; the message says what to give"""
    tree = sources(path, revision)
    if not any(name.startswith("drivers/pci/") for name in tree.paths()):
        raise MachineError(f"{tree.name}: no drivers/pci with C files; name the top of a kernel tree")
    return tree


def sources(path: Path, revision: str) -> Tree:
    """Open kernel sources as open_tree() does, without checking them."""
    if revision:
        return git_tree(path, revision)
    if not path.is_dir():
        return tarball(path)
    if not (path / "drivers").is_dir() and ((path / ".git").exists() or (path / "objects").is_dir()):
        raise MachineError(f"{path}: a git repository without its files; name a revision: {path}@v3.12")
    return Directory(path)


def version(tree: Tree) -> tuple[int, int] | None:
    """Return the kernel's version from its Makefile, (3, 11); None if it has none."""
    makefile = tree.text("Makefile") or ""
    pattern = r"^{}\s*=\s*(\d{{1,4}})\s*$"
    major, minor = (re.search(pattern.format(name), makefile, re.MULTILINE) for name in ("VERSION", "PATCHLEVEL"))
    return (int(major[1]), int(minor[1])) if major and minor else None
